// supernet/derive.hpp: the network that a search ends with, and those that it is compared with, where prices are a few percent off.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <hasse/price/macs.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/masked_derive.hpp>
#include <hasse/supernet/mobiledet_space.hpp>
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

namespace {
const masked_space masked(mobiledet_space(mobiledet_micro(mobiledet_target::dsp, mobiledet_operations::and_tucker, {64, 64, 3})));
const masked_costs masked_prices(masked, mac_price{});
}  // namespace

TEST_CASE("a code is as likely as the policy says, and each thing in it by its share", "[derive][masked]") {
  controller policy({masked.decisions().begin(), masked.decisions().end()}, {.rate = 0.2, .warm_up = 0, .start = 0});
  random_source random(2);
  for (int step = 0; step < 30; ++step) {
    const drawn_code drawn = policy.draw(random);
    policy.learn(std::vector{drawn}, std::vector{random.uniform()}, 0.5);
  }
  const std::vector<double> probabilities = policy.logits().probabilities();
  std::map<std::string, int> seen;
  for (int draw = 0; draw < 4000; ++draw) {
    const drawn_code drawn = policy.draw(random);
    if (draw < 20) CHECK(log_likelihood(masked, probabilities, drawn.options) == Approx(policy.log_probability(drawn)));
    ++seen[masked.word_of(2, 1, masked.choice_of(drawn.options, 2, 1))];
  }
  const std::vector<double> shares = shares_of_layer(masked, probabilities, 2, 1);
  const std::vector<layer_choice> all = masked.choices_of(2, 1);
  REQUIRE(shares.size() == all.size());
  double sum = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    sum += shares[i];
    CHECK(std::abs(seen[masked.word_of(2, 1, all[i])] / 4000.0 - shares[i]) < 0.035);  // four deviations at most
  }
  CHECK(sum == Approx(1));
  double widths = 0;
  for (const double each : shares_of_width(masked, probabilities, 3)) widths += each;
  CHECK(widths == Approx(1));
}

TEST_CASE("a code is derived that really costs the target, though prices are off, and others of its cost", "[derive][masked]") {
  random_source random(3);
  const auto real = [&](const std::vector<int>& code) { return masked_prices.of(code) * 8 / 7 * (1 + 0.02 * std::sin(static_cast<double>(code[3] + 5 * code[7] + 3 * code[11]))); };
  const double least = masked_prices.of(masked_prices.cheapest()), most = masked_prices.of(masked_prices.dearest());
  for (int round = 0; round < 20; ++round) {
    std::vector<double> probabilities;
    for (const decision& each : masked.decisions()) {
      double sum = 0;
      for (int i = 0; i < each.options; ++i) probabilities.push_back(0.02 + random.uniform()), sum += probabilities.back();
      for (int i = 0; i < each.options; ++i) probabilities[probabilities.size() - 1 - static_cast<std::size_t>(i)] /= sum;
    }
    const std::vector<int> likeliest = masked.any_code(random);
    const wanted_cost wanted{8.0 / 7 * (least + (0.1 + 0.3 * random.uniform()) * (most - least)), 0.03, real};
    const derived_choice found = derive_code(masked, masked_prices, probabilities, likeliest, wanted);
    CHECK(wanted.met(found.real));
    CHECK(found.real == real(found.choice));
    const wanted_cost as_it_is{real(likeliest), 0.03, real};
    CHECK(derive_code(masked, masked_prices, probabilities, likeliest, as_it_is).choice == likeliest);
    if (round > 2) continue;
    const auto others = random_codes(masked, masked_prices, found, wanted, 4, 7);
    CHECK(others == random_codes(masked, masked_prices, found, wanted, 4, 7));
    CHECK(std::set(others.begin(), others.end()).size() == 4);
    for (const std::vector<int>& each : others) CHECK((wanted.met(real(each)) && each != found.choice));
  }
  // Where one decision is nearly undecided and all others are sure, that one changes, though others would get as near.
  const std::vector<int> begin(masked.decisions().size(), 0);
  std::vector<int> changed = begin;
  masked.set(changed, 4, 1, masked.choices_of(4, 1)[1]);
  std::vector<double> sure;
  for (std::size_t at = 0; at < begin.size(); ++at)
    for (int i = 0, count = masked.decisions()[at].options; i < count; ++i)
      sure.push_back(changed[at] != 0 ? (i == 0 ? 0.51 : 0.49 / (count - 1)) : i == 0 ? 0.999 : 0.001 / (count - 1));
  const double from = masked_prices.of(begin), to = masked_prices.of(changed), aim = from + 0.8 * (to - from);
  REQUIRE(to > from);
  CHECK(likeliest_near(masked, masked_prices, sure, begin, aim, 0.3 * (to - from) / aim) == changed);
}

TEST_CASE("spaces of detectors go by name", "[masked]") {
  const feature_shape input{64, 64, 3};
  const auto same = [&](const char* name, const mobiledet_form& form) { return masked_space(mobiledet_space(mobiledet_form_named(name, input))).design().blocks == mobiledet_space(form).blocks; };
  CHECK(same("mobiledet-cpu", {.target = mobiledet_target::pixel_cpu, .operations = mobiledet_operations::inverted, .input = input}));
  CHECK(same("mobiledet-gpu:ibn+fused", {.target = mobiledet_target::gpu, .operations = mobiledet_operations::and_fused, .input = input}));
  CHECK(same("det-micro-edgetpu", mobiledet_micro(mobiledet_target::edgetpu, mobiledet_operations::and_tucker, input)));
  CHECK(mobiledet_form_named("det-micro-dsp:ibn", input, 500).width == 500);
  for (const char* name : {"", "mobiledet", "mobiledet-", "det-micro-tpu", "mobiledet-cpu:", "mobiledet-cpu:tucker", "xdet-micro-cpu", "det-micro-cpu:ibn+fused:ibn"})
    CHECK_THROWS_WITH(mobiledet_form_named(name, input), ContainsSubstring("there is no space of detectors"));
}
