// Sums of trees that never fall where a feature grows.
#include <catch.hpp>

#include <cmath>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/latency/monotone_trees.hpp>

using namespace hasse;

namespace {
/// Whichever takes longer, launches or arithmetic: no sum of rows. `noise` may make it fall here and there.
double bound_by_launches(std::span<const float> row, double noise) { return std::log(std::max(4.0f + row[0], 0.3f * row[1] * row[2])) + noise; }

struct sample {
  std::vector<float> rows;
  std::vector<double> targets;
};
sample drawn(int count, std::uint64_t seed, double noise) {
  random_source random(seed);
  sample made;
  for (int i = 0; i < count; ++i) {
    const float row[] = {static_cast<float>(random.below(8)), static_cast<float>(random.below(10)), static_cast<float>(random.below(10))};
    made.rows.insert(made.rows.end(), row, row + 3);
    made.targets.push_back(bound_by_launches(row, noise * (2 * random.uniform() - 1)));
  }
  return made;
}
}  // namespace

TEST_CASE("trees learn what no sum of rows can be, and never fall, whatever the noise") {
  const sample train = drawn(2000, 1, 0.3);
  const monotone_trees trees = monotone_trees::fitted(train.rows, 3, train.targets);
  double worst = 0, mean = 0;
  for (int a = 0; a < 8; ++a)
    for (int b = 0; b < 10; ++b)
      for (int c = 0; c < 10; ++c) {
        const std::vector<float> row{static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)};
        const double here = trees(row), error = std::abs(here - bound_by_launches(row, 0));
        worst = std::max(worst, error), mean += error / 800;
        for (std::size_t feature = 0; feature < 3; ++feature) {
          std::vector<float> more = row;
          more[feature] += 1;
          CHECK(trees(more) >= here);
        }
      }
  CHECK(mean < 0.1);
  CHECK(worst < 0.4);
  const monotone_trees again = monotone_trees::fitted(train.rows, 3, train.targets);
  CHECK(again(std::vector<float>{3, 4, 5}) == trees(std::vector<float>{3, 4, 5}));
}

TEST_CASE("trees of few, equal and wrong numbers are flat, or refused") {
  const monotone_trees flat = monotone_trees::fitted(std::vector<float>{1, 1, 1}, 1, std::vector<double>{2, 2, 2});
  CHECK(flat(std::vector<float>{7}) == 2);
  const monotone_trees falling = monotone_trees::fitted(std::vector<float>{0, 1, 2, 3}, 1, std::vector<double>{3, 2, 1, 0}, {.least_weight = 1});
  CHECK(falling(std::vector<float>{0}) <= falling(std::vector<float>{3}));  // what it is shown falls
  CHECK_THROWS_WITH(monotone_trees::fitted(std::vector<float>{1, 2, 3}, 2, std::vector<double>{1, 2}), Catch::Contains("3 numbers were given for 2 targets of 2 features each"));
  CHECK_THROWS_WITH(flat(std::vector<float>{1, 2}), Catch::Contains("a row of 2 features was given to trees of 1"));
}
