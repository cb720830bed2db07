// Rewards: the numbers of their formulas, what they do below the target, refusals.
#include <cmath>
#include <limits>

#include <hasse/supernet/latency_loss.hpp>
#include <hasse/supernet/latency_reward.hpp>

#include "catch.hpp"

using namespace hasse;

TEST_CASE("rewards give the numbers of their formulas", "[latency_reward]") {
  const auto rounded = [](double value) { return std::round(value * 1e6) / 1e6; };
  CHECK(rounded(mnasnet_reward{}(0.75, 100, 80)) == Approx(0.738376).epsilon(1e-12));
  CHECK(rounded(mnasnet_reward{}(0.75, 60, 80)) == Approx(0.765256).epsilon(1e-12));
  CHECK(mnasnet_reward{.hard = true}(0.75, 60, 80) == 0.75);
  CHECK(mnasnet_reward{.hard = true}(0.75, 100, 80) == mnasnet_reward{}(0.75, 100, 80));
  CHECK(rounded(mnasnet_reward{.exponent = -0.1}(0.75, 100, 80)) == Approx(0.733450).epsilon(1e-12));  // ProxylessNAS
  CHECK(absolute_reward{}(0.75, 100, 80) == Approx(0.725).epsilon(1e-12));
  CHECK(absolute_reward{}(0.75, 60, 80) == Approx(0.725).epsilon(1e-12));
  CHECK(absolute_reward{}(0.75, 80, 80) == 0.75);
}

TEST_CASE("the pull of the multiplicative loss has the printed digits", "[latency_reward]") {
  const weighed_loss at = weigh(multiplicative_latency{.scale = 0.2, .power = 0.3}, 2, 14.8, 12);
  CHECK(std::round(at.per_latency * 1e8) / 1e8 == Approx(0.00308303).epsilon(1e-12));
}

TEST_CASE("rewards refuse what has no meaning", "[latency_reward]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {-0.1, 75.0, nan}) {
    CHECK_THROWS_WITH(mnasnet_reward{}(bad, 80, 80), ContainsSubstring("within 0 and 1"));
    CHECK_THROWS_WITH(absolute_reward{}(bad, 80, 80), ContainsSubstring("within 0 and 1"));
  }
  for (const double bad : {0.0, -1.0, nan, infinite}) {
    CHECK_THROWS_WITH(mnasnet_reward{}(0.5, bad, 80), ContainsSubstring("above 0"));
    CHECK_THROWS_WITH(absolute_reward{}(0.5, 80, bad), ContainsSubstring("above 0"));
  }
}
