// The roofs of this machine under its present clock: multiply-adds in registers, and reads from each level of memory. Those of a
// device: a large product, and a copy.
#include <omp.h>

#include <vector>

#include "backend.hpp"
#include "bench.hpp"

namespace bench {

using namespace hasse;

namespace {

// The widest vector that this file is compiled for, in one register, and the letter of such a register.
#if defined(__AVX512F__)
typedef float vec __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float vec __attribute__((vector_size(32)));
#else
typedef float vec __attribute__((vector_size(16)));
#endif
#if defined(__x86_64__)
#define BENCH_VECTOR "+v"
#else
#define BENCH_VECTOR "+w"
#endif
constexpr int lanes = sizeof(vec) / sizeof(float);

class roofs : public measurement {
 public:
  explicit roofs(int threads) : threads_(threads), data_((std::size_t{256} << 20) / sizeof(vec)) {
    for (vec& value : data_) value = vec{} + 1.0f;
  }

  json visit(double) override {
    const auto rate = [&](auto&& run, double amount) {
      std::vector<std::int64_t> samples = timed(run, 60);
      return amount / static_cast<double>(*std::min_element(samples.begin(), samples.end()));
    };
    const auto reads = [&](std::size_t bytes, int passes) {
      const std::size_t count = bytes / sizeof(vec);  // per thread
      return rate([&] { run_reads(count, passes); }, static_cast<double>(bytes) * passes * threads_);
    };
    return {{"gflops", rate([&] { run_multiply_adds(); }, 2.0 * lanes * chains * multiply_adds * threads_)},
            {"gbs_l1", reads(16 << 10, 2000)},
            {"gbs_l2", reads(512 << 10, 60)},
            {"gbs_l3", reads(std::size_t{8} << 20, 4)},
            {"gbs_memory", reads((std::size_t{256} << 20) / static_cast<std::size_t>(threads_), 1)}};
  }

 private:
  static constexpr int chains = 12, multiply_adds = 200'000;

  void run_multiply_adds() const {
#pragma omp parallel num_threads(threads_)
    {
      vec sums[chains] = {};
      vec factor = vec{} + 0.5f, addend = vec{} + 1.0f;
      asm volatile("" : BENCH_VECTOR(factor), BENCH_VECTOR(addend));
      for (int i = 0; i < multiply_adds; ++i)
#pragma GCC unroll 12
        for (vec& sum : sums) {
          sum = sum * factor + addend;
          asm volatile("" : BENCH_VECTOR(sum));
        }
    }
  }

  void run_reads(std::size_t count, int passes) const {
#pragma omp parallel num_threads(threads_)
    {
      const vec* const from = data_.data() + static_cast<std::size_t>(omp_get_thread_num()) * count;
      vec sums[8] = {};
      for (int pass = 0; pass < passes; ++pass)
        for (std::size_t at = 0; at + 8 <= count; at += 8)
#pragma GCC unroll 8
          for (std::size_t i = 0; i < 8; ++i) sums[i] += from[at + i];
      for (vec& sum : sums) asm volatile("" : BENCH_VECTOR(sum));
    }
  }

  int threads_;
  std::vector<vec> data_;
};

/// A product of square matrices in the numbers of the settings by whatever the backend has chosen for it, and a copy that no cache
/// holds, every byte counted twice: 8192 x 8192 and 1 GiB at the usual batch. The product in float without rounding is what the
/// plain cores can do.
template <class Scalar>
class device_roofs : public measurement {
 public:
  explicit device_roofs(const settings& how)
      : side_(32 * how.batch),
        backend_(backend_of<Scalar>(how)),
        device_(backend_.memory()),
        from_(device_, tensor_bytes()),
        to_(device_, tensor_bytes()),
        weights_(device_, static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_)) {
    const std::vector<float> row = drawn_values<float>(side_);
    const std::vector<Scalar> narrow = drawn_values<Scalar>(side_);
    for (int i = 0; i < side_; ++i) {
      copy_in<float>(device_, weights_.data() + std::int64_t{i} * side_, row);
      copy_in<Scalar>(device_, reinterpret_cast<Scalar*>(from_.data()) + std::int64_t{i} * side_, narrow);
    }
    layer_list list{.input = {side_ / 8, 8, side_}, .items = {}};
    layer_builder<layer_list>{list}.convolution(0, side_, 1, 1);
    product_.push_back(backend_.make_inference(list.items.front(), 1,
                                               {.src = reinterpret_cast<Scalar*>(from_.data()),
                                                .dst = reinterpret_cast<Scalar*>(to_.data()),
                                                .weights = weights_.data()}));
  }

  json visit(double milliseconds) override {
    const auto rate = [&](auto&& run, double amount) {
      const std::vector<std::int64_t> samples = timed(run, milliseconds, device_);
      return amount / static_cast<double>(*std::min_element(samples.begin(), samples.end()));
    };
    const double side = side_;
    const double gflops = rate([&] { product_.front().run(); }, 2 * side * side * side);
    return {{"gflops", gflops},
            {"gbs_memory",
             rate([&] { copy_within(device_, to_.data(), from_.data(), from_.size()); }, 2 * static_cast<double>(from_.size()))}};
  }

 private:
  std::size_t tensor_bytes() const { return 16 * static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_); }

  int side_;
  any_backend<Scalar> backend_;
  device_memory* device_;
  backend_array<std::byte> from_, to_;
  backend_array<float> weights_;
  std::vector<typename any_backend<Scalar>::inference_step> product_;
};

}  // namespace

std::unique_ptr<measurement> load_machine(const settings& how) {
  if (!how.device.is_gpu) return std::make_unique<roofs>(how.threads);
  return with_scalar(
      how, [&](auto zero) -> std::unique_ptr<measurement> { return std::make_unique<device_roofs<decltype(zero)>>(how); });
}

}  // namespace bench
