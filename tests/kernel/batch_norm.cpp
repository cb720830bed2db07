// The passes of the batch norm on every instruction set against the readable layer in double: odd sizes, every activation,
// residuals, gradients in place and added, sums from a producer, values computed again.
#include <hasse/kernel/cpu/batch_norm.hpp>
#include <hasse/kernel/reference.hpp>

#include <cmath>
#include <cstring>
#include <vector>

#include "../support/catch.hpp"
#include "../support/distance.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;
using detail::batch_norm_kernel;
using detail::channel_sums;

constexpr activation every_activation[] = {activation::none,    activation::relu,         activation::relu6, activation::hard_swish,
                                           activation::sigmoid, activation::hard_sigmoid, activation::swish};

std::vector<simd_level> levels() {
  std::vector<simd_level> found;
  for (simd_level each : simd_levels)
    if (has_simd_level(each) && each <= best_simd_level()) found.push_back(each);
  return found;
}

layer norm_of(feature_shape shape, activation act, bool residual) {
  layer item = make_layer(shape, [](auto b) { b.batch_norm(0); });
  item.act = act, item.other = residual ? 0 : no_value;
  return item;
}

/// A kernel with operands of its own; saved and scratch memory start as NaN.
struct bound_norm {
  layer_fixture<float> fixture;
  batch_norm_kernel kernel;
  buffer<std::byte> saved, scratch;
  training_operands<float> at;

  struct sizes {
    batch_norm_kernel& kernel;
    std::size_t saved_bytes(const layer&, int) const { return kernel.saved_bytes(); }
  };

  bound_norm(const layer_use& use, int threads, simd_level level)
      : fixture(use), kernel(use.item, use.batch, threads, level), scratch(kernel.scratch_bytes(), std::byte{0xff}) {
    sizes all{kernel};
    at = fixture.training(all);
    std::fill(fixture.saved.begin(), fixture.saved.end(), std::byte{0xff});
  }
  void forward() { kernel.forward(at, scratch.data()); }
  void backward() { kernel.backward(at, scratch.data()); }
};

bool same_bits(const buffer<float>& one, const buffer<float>& other) {
  return one.size() == other.size() && std::memcmp(one.data(), other.data(), one.size() * sizeof(float)) == 0;
}

void compare(const layer_use& use, const bound_norm& found) {
  reference<double> plain;
  layer_fixture<double> expected(use);
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  truth.forward(), truth.backward();
  const auto check = [&](const char* what, const buffer<float>& one, const buffer<double>& other) {
    INFO(what);
    CHECK(distance(one, other) < 2e-5);
  };
  check("dst", found.fixture.dst, expected.dst);
  if (use.wants_d_src) check("d_src", found.fixture.d_src, expected.d_src);
  check("d_other", found.fixture.d_other, expected.d_other);
  check("d_scale", found.fixture.d_weights, expected.d_weights);
  check("d_shift", found.fixture.d_bias, expected.d_bias);
  check("running mean", found.fixture.running_mean, expected.running_mean);
  check("running variance", found.fixture.running_variance, expected.running_variance);
}

/// On one thread against the reference, on two bit for bit.
void check(const layer_use& use) {
  for (const simd_level level : levels()) {
    INFO(use.text() << ", " << name_of(level));
    bound_norm one(use, 1, level), two(use, 2, level);
    for (bound_norm* each : {&one, &two}) each->forward(), each->backward();
    compare(use, one);
    CHECK((same_bits(one.fixture.dst, two.fixture.dst) && same_bits(one.fixture.d_src, two.fixture.d_src)));
    CHECK((same_bits(one.fixture.d_weights, two.fixture.d_weights) && same_bits(one.fixture.d_bias, two.fixture.d_bias)));
  }
}

}  // namespace

TEST_CASE("batch norm passes agree with the readable layer on every instruction set") {
  layer_use use;
  for (const feature_shape shape :
       {feature_shape{5, 7, 3}, feature_shape{3, 3, 16}, feature_shape{9, 8, 24}, feature_shape{5, 3, 37},
        feature_shape{1, 3, 1500}, feature_shape{33, 35, 5}, feature_shape{4, 5, 130}})
    for (const activation act : every_activation)
      for (int variant = 0; variant < 6; ++variant) {
        const int batch = use.seed % 2 ? 1 : 7;
        use = {.item = norm_of(shape, act, variant > 1), .batch = batch, .residual = variant > 1, .seed = use.seed + 1};
        use.accumulate = variant == 1 || variant == 3, use.in_place = variant == 4, use.wants_d_src = variant != 5;
        check(use);
      }
}

TEST_CASE("tensors beyond the cache take other paths to the same result") {
  layer_use use{.item = norm_of({64, 66, 67}, activation::relu, false), .batch = 8};
  check(use);
  use.item = norm_of({63, 65, 48}, activation::relu6, true), use.batch = 12, use.residual = true;
  check(use);
}

TEST_CASE("a batch norm that reads its source twice gives the sum of both gradients") {
  for (const activation act : {activation::none, activation::relu, activation::swish}) {
    layer_use use{.item = norm_of({5, 7, 12}, act, true), .batch = 3, .residual = true};
    for (const simd_level level : levels()) {
      bound_norm apart(use, 1, level), joined(use, 1, level);
      apart.fixture.other = apart.fixture.src, joined.fixture.other = joined.fixture.src;
      joined.at.d_other = joined.at.d_src, joined.at.accumulate_d_other = true;
      for (bound_norm* each : {&apart, &joined}) each->forward(), each->backward();
      for (std::size_t i = 0; i < apart.fixture.d_src.size(); ++i) apart.fixture.d_src[i] += apart.fixture.d_other[i];
      CHECK(distance(joined.fixture.d_src, apart.fixture.d_src) < 1e-6);
    }
  }
}

TEST_CASE("sums from a producer give what the pass over the source gives") {
  const std::size_t channels = 29, rows = 6 * 9 * 7, ends[] = {0, 1, 100, 250, rows};
  const int parts = 4;  // of unequal length
  for (const simd_level level : levels())
    for (const double mean : {0.0, 300.0})
      for (const bool by_kernel : {true, false}) {
        const activation act = mean > 0 ? activation::none : activation::relu6;
        const layer_use use{.item = norm_of({9, 7, 29}, act, true), .batch = 6, .residual = true};
        bound_norm whole(use, 1, level), given(use, 1, level);
        for (bound_norm* each : {&whole, &given})
          for (float& x : each->fixture.src) x += static_cast<float>(mean);
        whole.forward(), whole.backward();

        buffer<std::byte> memory(channel_sums::bytes(parts, 29), std::byte{0xff});
        buffer<std::byte> scratch(given.kernel.part_bytes(), std::byte{0xff});
        const channel_sums sums(parts, 29, memory.data());
        for (int part = 0; part < parts; ++part) {
          const std::size_t first = ends[part], last = ends[part + 1];
          if (by_kernel) {
            given.kernel.sum_rows(given.fixture.src.data(), static_cast<std::ptrdiff_t>(first), static_cast<std::ptrdiff_t>(last),
                                  sums, part, scratch.data());
            continue;
          }
          sums.rows(part) = static_cast<std::int64_t>(last - first);
          for (std::size_t c = 0; c < channels; ++c) {
            const float shift = given.fixture.src[first * channels + c];
            sums.shift(part)[c] = shift, sums.sum(part)[c] = sums.square(part)[c] = 0;
            for (std::size_t row = first; row < last; ++row) {
              const float difference = given.fixture.src[row * channels + c] - shift;
              sums.sum(part)[c] += difference, sums.square(part)[c] += difference * difference;
            }
          }
        }
        given.kernel.forward_with_sums(given.at, sums, given.scratch.data()), given.backward();
        INFO(name_of(level) << ", mean " << mean << (by_kernel ? ", by the kernel" : ", by hand"));
        CHECK(distance(given.fixture.dst, whole.fixture.dst) < (mean > 0 ? 1e-4 : 1e-6));
        CHECK(distance(given.fixture.running_variance, whole.fixture.running_variance) < 1e-6);
        CHECK(distance(given.fixture.d_src, whole.fixture.d_src) < (mean > 0 ? 1e-3 : 1e-5));
      }
}

TEST_CASE("the variance keeps its accuracy when the mean is large") {
  const layer_use use{.item = norm_of({16, 16, 4}, activation::none, false), .batch = 8};
  for (const simd_level level : levels()) {
    bound_norm found(use, 1, level);
    reference<double> exact;
    layer_fixture<double> expected(use);
    for (std::size_t i = 0; i < found.fixture.src.size(); ++i) expected.src[i] = static_cast<double>(found.fixture.src[i] += 300);
    found.forward();
    exact.make_training(use.item, use.batch, expected.training(exact)).forward();
    for (std::size_t c = 0; c < 4; ++c)
      CHECK(found.fixture.running_variance[c] == Approx(expected.running_variance[c]).epsilon(1e-5));
  }
}

TEST_CASE("a value computed again has the bits of the first time, and the statistics stay") {
  for (const activation act : every_activation)
    for (const bool residual : {false, true}) {
      const layer_use use{.item = norm_of({5, 7, 20}, act, residual), .batch = 3, .residual = residual};
      bound_norm found(use, 1, best_simd_level());
      found.forward();
      const buffer<float> first = found.fixture.dst, mean = found.fixture.running_mean;
      const buffer<std::byte> saved = found.fixture.saved;
      std::fill(found.fixture.dst.begin(), found.fixture.dst.end(), std::numeric_limits<float>::quiet_NaN());
      found.kernel.recompute(found.at, found.scratch.data());
      CHECK(same_bits(found.fixture.dst, first));
      CHECK((same_bits(found.fixture.running_mean, mean) && saved == found.fixture.saved));
    }
}

TEST_CASE("a loss that is no number stays one through a batch norm") {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (const activation act : every_activation)
      for (const simd_level level : levels()) {
        INFO(name_of(act) << " of " << value << ", " << name_of(level));
        const layer_use use{.item = norm_of({4, 4, 16}, act, false), .batch = 2};
        bound_norm found(use, 1, level);
        found.fixture.src[5] = value;
        found.forward();
        CHECK(std::isnan(found.fixture.dst[16 + 5]));
        CHECK_FALSE(std::isfinite(found.fixture.running_mean[5]));
        CHECK(std::isnan(found.fixture.running_variance[5]));
      }
}

TEST_CASE("an inference batch norm that stands alone is a scale and a shift") {
  for (const activation act : every_activation)
    for (const bool residual : {false, true}) {
      const layer_use use{.item = norm_of({5, 7, 20}, act, residual), .batch = 3, .residual = residual};
      reference<double> plain;
      layer_fixture<double> expected(use);
      plain.make_inference(use.item, use.batch, expected.inference()).run();
      for (const simd_level level : levels()) {
        bound_norm found(use, 2, level);
        found.kernel.scale_and_shift(found.fixture.inference(), found.scratch.data());
        CHECK(distance(found.fixture.dst, expected.dst) < 1e-6);
      }
    }
}

TEST_CASE("what is no batch norm is refused") {
  CHECK(batch_norm_kernel::refuses(norm_of({4, 4, 16}, activation::relu, false)).empty());
  CHECK_THAT(batch_norm_kernel::refuses(make_layer({4, 4, 16}, [](auto b) { b.add(0, 0); })), ContainsSubstring("no batch norm"));
}
