// supernet/derive.hpp: the network that a search ends with, and those that it is compared with, where prices are a few percent off.
#include <cmath>
#include <set>
#include <vector>

#include <hasse/price/macs.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
const gated_list list = gated_list_of(proxyless_cifar_tiny());
const gated_costs costs = gated_costs_of(list, mac_price{});

/// What a network really costs: a seventh more than its price, and up to 2 % of its own besides.
double real_cost(const std::vector<int>& choice) {
  double place = 0;
  for (const int each : choice) place = 5 * place + each;
  return costs.of(list.path_of(choice)) * 8 / 7 * (1 + 0.02 * std::sin(place));
}
wanted_cost wanted(double target, double tolerance = 0.03) { return {target, tolerance, real_cost}; }

std::vector<double> shares(random_source& random) {
  std::vector<double> all;
  for (const auto& block : costs.blocks) {
    double sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) all.push_back(0.02 + random.uniform()), sum += all.back();
    for (std::size_t i = 0; i < block.size(); ++i) all[all.size() - 1 - i] /= sum;
  }
  return all;
}
std::vector<int> likeliest_of(const std::vector<double>& probabilities) {
  return list.choice_of(*likeliest_within(costs, probabilities, 0, costs.most()));
}
}  // namespace

TEST_CASE("a network is derived that really costs the target, though prices are off", "[derive]") {
  random_source random(1);
  for (int round = 0; round < 200; ++round) {
    const std::vector<double> probabilities = shares(random);
    const std::vector<int> likeliest = likeliest_of(probabilities);
    const double target = 8.0 / 7 * (costs.least() + (0.3 + 0.5 * random.uniform()) * (costs.most() - costs.least()));
    const auto found = derive_choice(list, costs, probabilities, likeliest, wanted(target));
    CHECK(wanted(target).met(found.real));
    CHECK(found.real == real_cost(found.choice));
    // One that meets its target stays.
    const auto kept = derive_choice(list, costs, probabilities, likeliest, wanted(real_cost(likeliest)));
    CHECK(kept.choice == likeliest);
  }
}

TEST_CASE("a target that no network has gives the nearest that was tried", "[derive]") {
  random_source random(2);
  const std::vector<double> probabilities = shares(random);
  const std::vector<int> likeliest = likeliest_of(probabilities);
  const auto found = derive_choice(list, costs, probabilities, likeliest, wanted(0.5 * costs.least()));
  CHECK(found.choice == likeliest);
  CHECK_FALSE(wanted(0.5 * costs.least()).met(found.real));
  CHECK(random_choices(list, costs, found, wanted(0.5 * costs.least()), 1, 1).empty());
}

TEST_CASE("random networks really cost what they are compared with, and all differ", "[derive]") {
  random_source random(3);
  const std::vector<double> probabilities = shares(random);
  const double target = 8.0 / 7 * 0.5 * (costs.least() + costs.most());
  const auto found = derive_choice(list, costs, probabilities, likeliest_of(probabilities), wanted(target));
  const auto others = random_choices(list, costs, found, wanted(target), 20, 7);
  CHECK(others.size() == 20);
  std::set<std::vector<int>> different(others.begin(), others.end());
  different.insert(found.choice);
  CHECK(different.size() == 21);
  for (const std::vector<int>& choice : others) CHECK(wanted(target).met(real_cost(choice)));
  // The first of more are the same.
  const auto few = random_choices(list, costs, found, wanted(target), 5, 7);
  CHECK(few == std::vector(others.begin(), others.begin() + 5));
  CHECK(random_choices(list, costs, found, wanted(target), 5, 8) != few);
}
