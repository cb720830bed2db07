// Activations of floats, one by one and as vectors of every instruction set, against the functions of <cmath> in double.
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/elementwise.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "../support/catch.hpp"

// The body of this test is compiled here, wherever those of the kernels are.
#undef HASSE_KERNEL_BODIES
#define HASSE_KERNEL_BODIES 1
#define HASSE_SIMD_BODY "../../../../../tests/kernel/activations.inl"
#include <hasse/kernel/cpu/simd/for_each_target.inl>

using namespace hasse;

namespace {
void activate_with(simd_level level, activation act, const float* src, int count,
                   float* dst){HASSE_SIMD_CALL(level, activate_vectors(act, src, count, dst))}

std::vector<float> many_values() {
  std::vector<float> values{0, -0.0f, 3, -3, 6, 1e-30f, -1e-30f, 1e4f, -1e4f, 1e37f, -1e37f};
  for (int i = -4000; i < 4003; ++i) values.push_back(static_cast<float>(i) * 0.0317f);
  return values;
}
}  // namespace

TEST_CASE("activations of floats, alone and in vectors") {
  const std::vector<float> src = many_values();
  const int count = static_cast<int>(src.size());
  for (activation act : {activation::none, activation::relu, activation::relu6, activation::hard_swish, activation::sigmoid,
                         activation::hard_sigmoid, activation::swish}) {
    std::vector<double> expected;
    for (float x : src)
      detail::with_activation(act, [&](auto kind) { expected.push_back(detail::activated<kind>(static_cast<double>(x))); });
    const auto compare = [&](const char* what, const std::vector<float>& found) {
      for (std::size_t i = 0; i < src.size(); ++i)
        if (std::abs(found[i] - expected[i]) > 3e-7 * std::abs(expected[i]) + 1e-36)
          FAIL(name_of(act) << " of " << src[i] << ", " << what << ": " << found[i] << " for " << expected[i]);
    };
    std::vector<float> found(src.size());
    for (std::size_t i = 0; i < src.size(); ++i)
      detail::with_activation(act, [&](auto kind) { found[i] = detail::activated<kind>(src[i]); });
    compare("alone", found);
    for (simd_level level : {simd_level::plain, simd_level::avx2, simd_level::avx512}) {
      if (!has_simd_level(level) || level > best_simd_level()) continue;
      found.assign(src.size(), 0);
      activate_with(level, act, src.data(), count, found.data());
      compare(name_of(level).data(), found);
    }
  }
}

TEST_CASE("a sigmoid of not-a-number is none") {
  const std::vector<float> src(16, std::numeric_limits<float>::quiet_NaN());
  for (activation act : {activation::sigmoid, activation::swish}) {
    std::vector<float> found(16, 0.0f);
    activate_with(best_simd_level(), act, src.data(), 16, found.data());
    for (float value : found) CHECK(std::isnan(value));
    detail::with_activation(act, [&](auto kind) { CHECK(std::isnan(detail::activated<kind>(src[0]))); });
  }
}
