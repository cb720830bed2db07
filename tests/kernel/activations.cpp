// Activations of floats, one by one and as vectors of every instruction set, against the functions of <cmath> in double.
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/elementwise.hpp>

#include <cmath>
#include <limits>
#include <string_view>
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
    for (simd_level level : simd_levels) {
      if (!has_simd_level(level) || level > best_simd_level()) continue;
      found.assign(src.size(), 0);
      activate_with(level, act, src.data(), count, found.data());
      compare(name_of(level).data(), found);
    }
  }
}

TEST_CASE("a NaN of either sign stays one in every activation, and infinities do as IEEE says") {
  const float none = std::numeric_limits<float>::quiet_NaN(), most = std::numeric_limits<float>::infinity();
  struct row {
    activation act;
    float of_most, of_least;
  };
  // x times a gate that is 0 is a NaN for an infinite x.
  for (const row& each : {row{activation::none, most, -most}, row{activation::relu, most, 0}, row{activation::relu6, 6, 0},
                          row{activation::hard_sigmoid, 1, 0}, row{activation::sigmoid, 1, 0},
                          row{activation::hard_swish, most, none}, row{activation::swish, most, none}}) {
    const std::vector<float> src{none, -none, most, -most}, expected{none, none, each.of_most, each.of_least};
    const auto compare = [&](std::string_view what, const std::vector<float>& found) {
      for (std::size_t i = 0; i < src.size(); ++i) {
        INFO(name_of(each.act) << " of " << src[i] << ", " << what);
        if (std::isnan(expected[i]))
          CHECK(std::isnan(found[i]));
        else
          CHECK((found[i] == expected[i] || std::abs(found[i] - expected[i]) < 1e-6f));
      }
    };
    std::vector<float> found(src.size());
    detail::with_activation(each.act, [&](auto kind) {
      for (std::size_t i = 0; i < src.size(); ++i) found[i] = detail::activated<kind>(src[i]);
      CHECK(std::isnan(detail::passed_back<kind>(none, 1.0f)));
      if (kind != activation::none && kind != activation::relu && kind != activation::relu6 && kind != activation::hard_sigmoid)
        CHECK(std::isnan(detail::passed_back<kind>(1.0f, none)));
      else
        CHECK(detail::passed_back<kind>(1.0f, none) != 0);
    });
    compare("alone", found);
    for (simd_level level : simd_levels) {
      if (!has_simd_level(level) || level > best_simd_level()) continue;
      activate_with(level, each.act, src.data(), static_cast<int>(src.size()), found.data());
      compare(name_of(level), found);
    }
  }
}
