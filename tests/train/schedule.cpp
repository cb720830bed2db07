// The three schedules at points whose rates are known, warm-up included.
#include <hasse/train/schedule.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("warm-up climbs in equal strides and reaches the base rate", "[train][schedule]") {
  for (const decay_rule rule : {decay_rule(cosine_decay{}), decay_rule(step_decay{}), decay_rule(linear_decay{})}) {
    CHECK(learning_rate_at(rule, 0.4, 0, 100, 4) == Approx(0.1));
    CHECK(learning_rate_at(rule, 0.4, 1, 100, 4) == Approx(0.2));
    CHECK(learning_rate_at(rule, 0.4, 3, 100, 4) == Approx(0.4));
    CHECK(learning_rate_at(rule, 0.4, 4, 100, 4) == Approx(0.4));
    CHECK(learning_rate_at(rule, 0.4, 0, 100, 0) == Approx(0.4));
  }
}

TEST_CASE("cosine decay follows half a cosine", "[train][schedule]") {
  CHECK(learning_rate_at(cosine_decay{}, 1, 25, 100, 0) == Approx(0.853553390593));
  CHECK(learning_rate_at(cosine_decay{}, 1, 60, 110, 10) == Approx(0.5));
  CHECK(learning_rate_at(cosine_decay{}, 1, 99, 100, 0) == Approx(2.467198171e-4));
}

TEST_CASE("step decay has plateaus of equal length", "[train][schedule]") {
  const decay_rule rule = step_decay{.plateaus = 4, .factor = 0.5};
  const double expected[] = {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125};
  for (int step = 0; step < 12; ++step) CHECK(learning_rate_at(rule, 1, step, 12, 0) == Approx(expected[step]));
}

TEST_CASE("linear decay is a line to zero after the last step", "[train][schedule]") {
  CHECK(learning_rate_at(linear_decay{}, 0.1, 50, 100, 0) == Approx(0.05));
  CHECK(learning_rate_at(linear_decay{}, 0.1, 99, 100, 0) == Approx(0.001));
}

TEST_CASE("schedules have names, and an unknown name is refused", "[train][schedule]") {
  for (const char* name : {"cosine", "step", "linear"}) CHECK(name_of(decay_rule_named(name)) == name);
  CHECK_THROWS_WITH(decay_rule_named("poly"), "the schedule \"poly\" is not known; name one of cosine, step, linear");
}
