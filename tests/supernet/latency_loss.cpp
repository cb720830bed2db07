// Both ways of weighing latency: the published numbers, derivatives against finite differences, refusals.
#include <limits>

#include <hasse/supernet/latency_loss.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("the two latency losses give the numbers of their formulas", "[latency_loss]") {
  CHECK(weigh(additive_latency{.lambda = 0.1}, 2, 14.8, 12).loss == Approx(2.023333).epsilon(0).margin(5e-7));
  CHECK(weigh(multiplicative_latency{.scale = 0.2, .power = 0.3}, 2, 14.8, 12).loss == Approx(0.409842).epsilon(0).margin(5e-7));
}

TEST_CASE("the derivatives of the latency losses are those of finite differences", "[latency_loss]") {
  const latency_loss forms[] = {additive_latency{.lambda = 0.7}, multiplicative_latency{.scale = 0.2, .power = 0.3},
                                multiplicative_latency{.scale = 1, .power = 0.6}, absolute_latency{.lambda = 0.7}};
  const double step = 1e-5;
  for (const latency_loss& form : forms)
    for (const double cross_entropy : {0.1, 2.3})
      for (const double expected : {1.5, 79.0, 113.988}) {
        const double target = 80;
        const weighed_loss at = weigh(form, cross_entropy, expected, target);
        const double by_latency =
            (weigh(form, cross_entropy, expected + step, target).loss - weigh(form, cross_entropy, expected - step, target).loss) /
            (2 * step);
        const double by_cross_entropy =
            (weigh(form, cross_entropy + step, expected, target).loss - weigh(form, cross_entropy - step, expected, target).loss) /
            (2 * step);
        CHECK(at.per_latency == Approx(by_latency).epsilon(1e-5));
        CHECK(at.per_cross_entropy == Approx(by_cross_entropy).epsilon(1e-5));
      }
}

TEST_CASE("latency losses refuse what has no logarithm and no meaning", "[latency_loss]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {1.0, 0.5, 0.0, -3.0, nan, infinite}) {
    CHECK_THROWS_WITH(weigh(multiplicative_latency{}, 2, bad, 12), ContainsSubstring("above 1 ms"));
    CHECK_THROWS_WITH(weigh(multiplicative_latency{}, 2, 12, bad), ContainsSubstring("above 1 ms"));
  }
  for (const double bad : {0.0, -3.0, nan, infinite})
    CHECK_THROWS_WITH(weigh(additive_latency{}, 2, 12, bad), ContainsSubstring("target has to be above 0"));
  for (const double bad : {-3.0, nan, infinite}) {
    CHECK_THROWS_WITH(weigh(additive_latency{}, 2, bad, 12), ContainsSubstring("not below 0"));
    CHECK_THROWS_WITH(weigh(additive_latency{.lambda = bad}, 2, 12, 12), ContainsSubstring("lambda of 0 or more"));
    CHECK_THROWS_WITH(weigh(multiplicative_latency{.scale = bad}, 2, 12, 12), ContainsSubstring("scale above 0"));
    CHECK_THROWS_WITH(weigh(multiplicative_latency{.power = bad}, 2, 12, 12), ContainsSubstring("power of 0 or more"));
  }
  CHECK(weigh(additive_latency{}, 2, 0.5, 0.5).loss == 2);  // below 1 is nothing special for a sum
}

TEST_CASE("the target decides how much latency counts in the sum and not in the product", "[latency_loss]") {
  const auto weight = [](const latency_loss& form, double target) {
    const weighed_loss at = weigh(form, 2, 50, target);
    return at.per_latency / at.per_cross_entropy;
  };
  CHECK(weight(additive_latency{}, 20) == Approx(4 * weight(additive_latency{}, 80)));
  CHECK(weight(multiplicative_latency{}, 20) == Approx(weight(multiplicative_latency{}, 80)));
}

TEST_CASE("the absolute loss is the distance from the target", "[latency_loss]") {
  CHECK(weigh(absolute_latency{.lambda = 0.5}, 2, 15, 12).loss == Approx(2.125));
  CHECK(weigh(absolute_latency{.lambda = 0.5}, 2, 9, 12).loss == Approx(2.125));
  CHECK(weigh(absolute_latency{.lambda = 0.5}, 2, 12, 12).loss == 2);
  CHECK(weigh(absolute_latency{.lambda = 0.5}, 2, 9, 12).per_latency ==
        -weigh(absolute_latency{.lambda = 0.5}, 2, 15, 12).per_latency);
  CHECK_THROWS_WITH(weigh(absolute_latency{.lambda = -1}, 2, 12, 12), ContainsSubstring("lambda of 0 or more"));
}

TEST_CASE("latency losses are named", "[latency_loss]") {
  for (const char* name : {"add#linear", "mul#log", "add#absolute"}) CHECK(name_of(latency_loss_named(name)) == name);
  CHECK_THROWS_WITH(latency_loss_named("add"), ContainsSubstring("\"add\" is not known"));
}
