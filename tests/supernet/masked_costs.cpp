// Costs of codes: sums over layers against whole networks, regressions on measured codes, and what a policy makes of planted tables.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/price/trees.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
masked_space micro(std::vector<int> multipliers = {1000}, feature_shape input = {240, 320, 3}) {
  mobiledet_form form = mobiledet_micro(mobiledet_target::edgetpu, mobiledet_operations::and_tucker, input);
  form.multipliers = std::move(multipliers);
  return masked_space(mobiledet_space(form));
}
/// Multiply-accumulates, some times a factor.
struct planted_price : exact_price {
  std::function<double(const layer&)> factor;
  double of(const layer_list& layers) const {
    double sum = 0;
    for (const layer& item : layers) sum += static_cast<double>(macs_of(item)) * factor(item);
    return sum;
  }
  price_unit unit() const { return in_macs; }
};
bool is_dense(const layer& item) { return item.kernel > 1 && item.groups == 1; }

/// All choices of all layers behind the stem.
template <class Visit>
void for_each_layer(const masked_space& space, Visit&& visit) {
  for (int block = 1; block < space.blocks(); ++block)
    for (int index = 0; index < static_cast<int>(space.block(block).layers.size()); ++index) visit(block, index);
}
double planted_quality(const masked_space& space, int block, int index, const layer_choice& choice) {
  const masked_option& option = space.layer_at(block, index).options[static_cast<std::size_t>(choice.option)];
  if (option.operation == masked_operation::skip) return 0;
  const auto of = [](const std::vector<int>& all, int taken) { return static_cast<double>(all[static_cast<std::size_t>(taken)]); };
  const double quality = option.operation == masked_operation::tucker ? of(option.widths, choice.width) * of(option.ranks, choice.rank) / 20'000
                                                                      : of(option.widths, choice.width) / 8;
  return of(option.kernels, choice.kernel) == 5 ? 1.1 * quality : quality;
}
double planted_quality(const masked_space& space, std::span<const int> code) {
  double sum = 0;
  int layers = 0;
  for_each_layer(space, [&](int block, int index) { sum += planted_quality(space, block, index, space.choice_of(code, block, index)), ++layers; });
  return sum / layers;
}

/// A policy that saw the rewards of so many codes.
controller learned(const masked_space& space, int updates, std::uint64_t seed, const std::function<double(std::span<const int>)>& reward) {
  controller policy({space.decisions().begin(), space.decisions().end()}, {.rate = controller_rule::rate_for(updates), .warm_up = 0, .start = 0});
  for (int update = 0; update < updates; ++update) {
    random_source random(derive(seed, static_cast<std::uint64_t>(update)));
    std::vector<drawn_code> drawn;
    std::vector<double> rewards;
    for (int m = 0; m < 4; ++m) drawn.push_back(policy.draw(random)), rewards.push_back(reward(drawn.back().options));
    policy.learn(drawn, rewards, update / static_cast<double>(updates));
  }
  return policy;
}

/// No code has a larger reward: |x| is the largest of all s x with s from -1 to 1, and for each s the best layers are the best code.
double largest_reward(const masked_space& space, const masked_costs& costs, double target, double weight) {
  std::vector<int> code(space.decisions().size(), 0);
  const double base = costs.of(code);
  double fixed = base;
  int layers = 0;
  std::vector<std::vector<std::pair<double, double>>> all;  // quality and cost of each choice of each layer
  for_each_layer(space, [&](int block, int index) {
    all.emplace_back();
    for (const layer_choice& each : space.choices_of(block, index)) {
      std::vector<int> other = code;
      space.set(other, block, index, each);
      all.back().emplace_back(planted_quality(space, block, index, each), costs.of(other) - base);
    }
    ++layers;
  });
  double bound = 1e9;
  for (double sign = -1; sign <= 1; sign += 1.0 / 512) {
    double sum = -weight * sign * (fixed / target - 1);
    for (const auto& of : all) {
      double best = -1e9;
      for (const auto& [quality, cost] : of) best = std::max(best, quality / layers - weight * sign * cost / target);
      sum += best;
    }
    bound = std::min(bound, sum);
  }
  return bound;
}
}  // namespace

TEST_CASE("the cost of a code is that of its network", "[masked]") {
  random_source random(3);
  masked_design design = mobiledet_space(mobiledet_micro(mobiledet_target::pixel_cpu, mobiledet_operations::and_tucker, {50, 70, 3}), classifying(7));
  for (const padding pad : {padding::same, padding::symmetric}) {
    design.pad = pad;
    const masked_space space(design);
    const masked_costs macs(space, mac_price{}), memory(space, memory_price{});
    for (int i = 0; i < 50; ++i) {
      const std::vector<int> code = space.any_code(random);
      const layer_list network = network_of(space, code);
      CHECK(macs.of(code) == static_cast<double>(cost_of(network).macs));
      if (i < 5) CHECK(memory.of(code) == static_cast<double>(peak_bytes_of(network)));
    }
    CHECK(macs.of(macs.cheapest()) < macs.of(macs.dearest()));
    CHECK_NOTHROW(macs.require_reachable(1.01 * macs.of(macs.cheapest())));
    CHECK_THROWS_WITH(macs.require_reachable(0.99 * macs.of(macs.cheapest())), ContainsSubstring("choose a target in between"));
    CHECK_THROWS_WITH(macs.require_reachable(1.01 * macs.of(macs.dearest())), ContainsSubstring("choose a target in between"));
  }
  // TuNAS's own, with a pool in the middle of its head.
  const masked_space v3(tunas_space(tunas_kind::mobilenet_v3_like, {64, 64, 3}, 10));
  const masked_costs costs(v3, mac_price{});
  for (int i = 0; i < 20; ++i) {
    const std::vector<int> code = v3.any_code(random);
    CHECK(costs.of(code) == static_cast<double>(cost_of(network_of(v3, code)).macs));
  }
}

TEST_CASE("what is averaged costs the mean of its options", "[masked]") {
  const masked_space space = micro();
  const masked_costs costs(space, mac_price{});
  const auto at_decision = [&](const std::string& name) {
    for (std::size_t i = 0; i < space.decisions().size(); ++i)
      if (space.decisions()[i].name == name) return i;
    throw error("no decision " + name);
  };
  std::vector<int> code = space.parse("16: dense-k3 | 8: k3e1 | 16: k3e4 zero | 24: k3e4 zero | 48: k3e4 zero | 64: k3e4 zero | 96: k3e4 zero | 128: k3e4");
  const std::size_t kernel = at_decision("block 3 layer 1 kernel of inverted");
  const double three = costs.of(code);
  code[kernel] = 1;
  const double five = costs.of(code);
  CHECK(three < five);
  code[kernel] = all_options;
  CHECK(costs.of(code) == Approx((three + five) / 2).epsilon(1e-12));
  // All of a layer: a quarter each for zero and for the means of the three others.
  code[kernel] = 0;
  double mean = costs.of(code) / 4;
  for (const int option : {0, 1, 2}) {
    double sum = 0;
    int count = 0;
    for (const layer_choice& each : space.choices_of(3, 1)) {
      if (each.option != option) continue;
      std::vector<int> other = code;
      space.set(other, 3, 1, each);
      sum += costs.of(other), ++count;
    }
    mean += sum / count / 4;
  }
  space.set(code, 3, 1, {});
  code[at_decision("block 3 layer 2")] = all_options;
  for (std::size_t i = 0; i < code.size(); ++i)
    if (space.decisions()[i].parent == static_cast<int>(at_decision("block 3 layer 2"))) code[i] = all_options;
  CHECK(costs.of(code) == Approx(mean).epsilon(1e-12));
}

TEST_CASE("a regression finds an additive table again, and a noisy one nearly", "[masked]") {
  masked_design design = mobiledet_space(mobiledet_micro(mobiledet_target::edgetpu, mobiledet_operations::and_fused, {64, 64, 3}), classifying(3));
  design.blocks.erase(design.blocks.begin() + 4, design.blocks.begin() + 7);
  const masked_space space(design);
  const masked_costs costs(space, mac_price{});
  random_source random(12);
  std::vector<std::vector<int>> codes, unseen;
  std::vector<double> exact, noisy, wanted;
  for (int i = 0; i < 3500; ++i) {
    const std::vector<int> code = space.any_code(random);
    const double cost = costs.of(code) / 1e6;
    if (i < 3000)
      codes.push_back(code), exact.push_back(cost), noisy.push_back(cost * (1 + 0.02 * random.normal()));
    else
      unseen.push_back(code), wanted.push_back(cost);
  }
  const masked_regression model(space, codes, exact, 0);
  for (const std::vector<int>& each : unseen) {
    double sum = 0;
    for (const auto& [at, share] : model.indicators_of(each)) sum += share;
    REQUIRE(sum == 7);  // one per layer that has a choice: the stem's width is one
  }
  double most = 0;
  for (const double each : wanted) most = std::max(most, each);
  CHECK(model.quality(unseen, wanted).largest_error < 1e-6 * most);
  CHECK(model.quality(unseen, wanted).r_squared == Approx(1));
  // In place of sums it also says which networks are cheapest and dearest.
  const masked_costs told = costs.by([&](std::span<const int> code) { return 1e6 * model.of(code); });
  CHECK(told.of(unseen[0]) == 1e6 * model.of(unseen[0]));
  CHECK(costs.of(told.cheapest()) == costs.of(costs.cheapest()));
  CHECK(costs.of(told.dearest()) == costs.of(costs.dearest()));
  CHECK_THROWS_WITH(told.require_reachable(2 * told.of(told.dearest())), ContainsSubstring("choose a target in between"));
  const regression_quality near = masked_regression(space, codes, noisy).quality(unseen, wanted);
  CHECK(near.r_squared > 0.98);
  CHECK(near.mean_error < near.largest_error);
  // Shares of an average have sum 1, too, and its cost is the mean as it is in the sum over layers.
  double sum = 0;
  for (const auto& [at, share] : model.indicators_of(space.everything())) sum += share;
  CHECK(sum == Approx(7));
  CHECK(model.of(space.everything()) == Approx(costs.of(space.everything()) / 1e6).epsilon(1e-4));
  CHECK_THROWS_WITH(masked_regression(space, codes, wanted), ContainsSubstring("give one cost for each"));
}

TEST_CASE("a policy finds what is nearly the best code under planted tables", "[masked]") {
  const masked_space space = micro();
  const auto check = [&](const std::function<double(const layer&)>& factor, auto&& look) {
    planted_price price;
    price.factor = factor;
    const masked_costs costs(space, price);
    std::vector<int> wide(space.decisions().size(), 0);  // the dearest inverted k3
    for_each_layer(space, [&](int block, int index) { space.set(wide, block, index, {.width = block == 1 ? 0 : 1}); });
    const double target = 0.7 * costs.of(wide);
    const auto reward = [&](std::span<const int> code) { return planted_quality(space, code) - 0.1 * std::abs(costs.of(code) / target - 1); };
    const std::vector<int> found = learned(space, 3000, 1, reward).likeliest();
    INFO(space.text(found) << " at " << costs.of(found) / target << " of the target");
    CHECK(reward(found) >= 0.98 * largest_reward(space, costs, target, 0.1));
    look(found);
  };
  const auto word = [&](const std::vector<int>& code, int block, int index) { return space.word_of(block, index, space.choice_of(code, block, index)); };
  SECTION("dense windows four times as dear") {
    check([](const layer& item) { return is_dense(item) ? 4.0 : 1.0; }, [&](const std::vector<int>& code) {
      for_each_layer(space, [&](int block, int index) { CHECK((word(code, block, index)[0] == 'k' || word(code, block, index) == "zero")); });
    });
  }
  SECTION("dense windows an eighth as dear on large images") {
    check([](const layer& item) { return is_dense(item) && item.out.pixels() >= 1200 ? 1 / 8.0 : 1.0; }, [&](const std::vector<int>& code) {
      int dense = 0;
      for (const int block : {2, 3})
        for (const int index : {0, 1}) dense += word(code, block, index).starts_with("fused") || word(code, block, index).starts_with("tucker");
      CHECK(dense >= 3);
      for (int block = 4; block < 8; ++block) CHECK(word(code, block, 0)[0] == 'k');
    });
  }
  SECTION("windows of five times ten") {
    check([](const layer& item) { return item.kernel == 5 ? 10.0 : 1.0; }, [&](const std::vector<int>& code) {
      int five = 0;  // on 80 pixels even ten times a depthwise window costs less than it gives here
      for_each_layer(space, [&](int block, int index) { five += word(code, block, index).find("k5") != std::string::npos; });
      CHECK(five <= 2);
    });
  }
}

TEST_CASE("a policy meets a target alone, and finds a planted code", "[masked]") {
  const masked_space space = micro({500, 750, 1000, 1500});
  const masked_costs costs(space, mac_price{});
  for (const double share : {0.2, 0.5, 0.8}) {
    const double least = costs.of(costs.cheapest()), target = least + share * (costs.of(costs.dearest()) - least) / 4;
    const std::vector<int> found =
        learned(space, 1500, 1, [&](std::span<const int> code) { return absolute_reward{}(0.5, costs.of(code), target); }).likeliest();
    CHECK(std::abs(costs.of(found) / target - 1) < 0.02);
  }
  int found = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    random_source random(derive(99, seed));
    const std::vector<int> planted = space.any_code(random);
    const auto equal = [&](std::span<const int> code) {
      double same = 0;
      for (std::size_t i = 0; i < code.size(); ++i) same += code[i] == planted[i];
      return same / static_cast<double>(code.size());
    };
    found += learned(space, 1500, seed, equal).likeliest() == planted;
  }
  CHECK(found >= 18);
}

TEST_CASE("trees over whole networks price those of a device that waits for launches, and codes by them") {
  const masked_space space = micro();
  const auto time_of = [](const layer_list& layers) { return std::max(0.01 * static_cast<double>(layers.size()), static_cast<double>(cost_of(layers).macs) / 5e8); };
  random_source random(3);
  std::vector<layer_list> networks;
  std::vector<double> times;
  int bound = 0;
  for (int i = 0; i < 250; ++i) {
    networks.push_back(network_of(space, space.any_code(random)));
    times.push_back(time_of(networks.back()));
    bound += times.back() == 0.01 * static_cast<double>(networks.back().size());
  }
  CHECK((bound > 25 && bound < 225));  // of both sorts
  const trees_price price = trees_price::fitted(networks, times, "a card");
  CHECK((price.uncertainty() > 0 && price.uncertainty() < 0.04));
  CHECK(price.device() == "a card");
  const masked_costs costs(space, price);
  for (int i = 0; i < 20; ++i) {
    const std::vector<int> code = space.any_code(random);
    layer_list layers = network_of(space, code);
    const double cost = costs.of(code);
    CHECK(cost == price.of(layers));
    CHECK(std::abs(cost / time_of(layers) - 1) < 0.2);
    while (layers.size() > 1) {
      const double before = price.of(layers);
      layers.items.pop_back();
      CHECK(price.of(layers) <= before);
    }
  }
  times[7] = 0;
  CHECK_THROWS_WITH(trees_price::fitted(networks, times), ContainsSubstring("network 8 is said to take 0.0"));
  CHECK_THROWS_WITH(trees_price::fitted(std::span(networks).first(39), std::span(times).first(39)), ContainsSubstring("of 40 networks at least"));
}
