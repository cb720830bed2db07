// The roofs of this machine under its present clock: multiply-adds in registers, and reads from each level of memory.
#include <omp.h>

#include <vector>

#include "bench.hpp"

namespace bench {

namespace {

typedef float vec __attribute__((vector_size(64)));

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
    return {{"gflops", rate([&] { run_multiply_adds(); }, 2.0 * 16 * chains * multiply_adds * threads_)},
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
      asm volatile("" : "+v"(factor), "+v"(addend));
      for (int i = 0; i < multiply_adds; ++i)
#pragma GCC unroll 12
        for (vec& sum : sums) {
          sum = sum * factor + addend;
          asm volatile("" : "+v"(sum));
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
      for (vec& sum : sums) asm volatile("" : "+v"(sum));
    }
  }

  int threads_;
  std::vector<vec> data_;
};

}  // namespace

std::unique_ptr<measurement> load_machine(const settings& how) { return std::make_unique<roofs>(how.threads); }

}  // namespace bench
