// Costs of supernets: expectations against the enumeration of all paths, their slopes, and the likeliest path within a range.
#include <cmath>
#include <optional>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/supernet/gated_costs.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct drawn {
  gated_costs costs;
  std::vector<double> probabilities;
};

drawn draw_costs(random_source& random, cost_gathering gathering) {
  drawn made{{.fixed = random.uniform(), .blocks = {}, .gathering = gathering}, {}};
  for (int block = 0; block < 4; ++block) {
    made.costs.blocks.emplace_back();
    double sum = 0;
    const std::size_t first = made.probabilities.size();
    for (int i = 0; i < 2 + block % 3; ++i) {
      made.costs.blocks.back().push_back(i == 1 ? 0 : std::floor(8 * random.uniform()) / 4);  // with ties
      made.probabilities.push_back(0.05 + random.uniform());
      sum += made.probabilities.back();
    }
    for (std::size_t i = first; i < made.probabilities.size(); ++i) made.probabilities[i] /= sum;
  }
  return made;
}

/// Calls visit(path, probability) for every path.
template <class Visit>
void for_each_path(const drawn& from, Visit visit) {
  std::vector<int> path(from.costs.blocks.size(), 0);
  while (true) {
    double probability = 1;
    std::size_t at = 0;
    for (std::size_t block = 0; block < path.size(); ++block) {
      probability *= from.probabilities[at + static_cast<std::size_t>(path[block])];
      at += from.costs.blocks[block].size();
    }
    visit(path, probability);
    std::size_t block = 0;
    while (block < path.size() && ++path[block] == static_cast<int>(from.costs.blocks[block].size())) path[block++] = 0;
    if (block == path.size()) return;
  }
}
constexpr cost_gathering both[] = {cost_gathering::sum, cost_gathering::largest};
}  // namespace

TEST_CASE("what a supernet costs on average is the mean over its paths", "[gated_costs]") {
  random_source random(1);
  for (const cost_gathering gathering : both)
    for (int round = 0; round < 50; ++round) {
      const drawn it = draw_costs(random, gathering);
      double mean = 0, least = 1e9, most = 0, all = 0, count = 0;
      std::vector<double> given(it.probabilities.size()), wanted(it.probabilities.size());
      for_each_path(it, [&](const std::vector<int>& path, double probability) {
        const double cost = it.costs.of(path);
        mean += probability * cost, all += cost, ++count;
        least = std::min(least, cost), most = std::max(most, cost);
        std::size_t at = 0;
        for (std::size_t block = 0; block < path.size(); ++block) {
          const std::size_t entry = at + static_cast<std::size_t>(path[block]);
          wanted[entry] += probability / it.probabilities[entry] * cost;
          at += it.costs.blocks[block].size();
        }
      });
      CHECK(it.costs.expected(it.probabilities, given) == Approx(mean));
      for (std::size_t i = 0; i < given.size(); ++i) CHECK(given[i] == Approx(wanted[i]));
      CHECK(it.costs.least() == Approx(least));
      CHECK(it.costs.most() == Approx(most));
      CHECK(it.costs.uniform() == Approx(all / count));
    }
}

TEST_CASE("the likeliest path within a range is that of the enumeration", "[gated_costs]") {
  random_source random(2);
  int found = 0;
  for (const cost_gathering gathering : both)
    for (int round = 0; round < 100; ++round) {
      const drawn it = draw_costs(random, gathering);
      const double least = it.costs.least() + random.uniform() * (it.costs.most() - it.costs.least()), most = least + 0.3;
      double best = 0;
      for_each_path(it, [&](const std::vector<int>& path, double probability) {
        if (const double cost = it.costs.of(path); cost >= least && cost <= most) best = std::max(best, probability);
      });
      const std::optional<std::vector<int>> path = likeliest_within(it.costs, it.probabilities, least, most);
      REQUIRE(path.has_value() == (best > 0));
      if (!path) continue;
      ++found;
      CHECK(it.costs.of(*path) >= least);
      CHECK(it.costs.of(*path) <= most);
      double probability = 1;
      std::size_t at = 0;
      for (std::size_t block = 0; block < path->size(); ++block) {
        probability *= it.probabilities[at + static_cast<std::size_t>((*path)[block])];
        at += it.costs.blocks[block].size();
      }
      CHECK(probability == Approx(best));
    }
  CHECK(found > 50);
}

TEST_CASE("a range without paths has none", "[gated_costs]") {
  const gated_costs costs{.fixed = 1, .blocks = {{1, 2}, {1, 2}}};
  const std::vector<double> even(4, 0.5);
  CHECK_FALSE(likeliest_within(costs, even, 5.5, 7).has_value());
  CHECK_FALSE(likeliest_within(costs, even, 0, 2.5).has_value());
  CHECK_FALSE(likeliest_within(costs, even, 0, 0).has_value());
  CHECK(likeliest_within(costs, even, 5, 5) == std::vector<int>{1, 1});
}
