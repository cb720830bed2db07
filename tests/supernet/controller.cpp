// The policy of a search through masks: its gradients against all codes of a toy, its warm-ups, its schedule, its state.
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <vector>

#include <hasse/supernet/controller.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
/// An operation of three, of which one has a child of two and the other one of three, which has a child itself; and filters.
std::vector<decision> toy() {
  return {{"op", 3},
          {"kernel", 2, decision_kind::operation, 0, 0},
          {"ranks", 3, decision_kind::operation, 0, 1},
          {"more", 2, decision_kind::operation, 2, 2},
          {"filters", 3, decision_kind::filters}};
}
/// Every code once, what does not count 0.
std::vector<drawn_code> all_codes(const std::vector<decision>& decisions) {
  std::vector<drawn_code> all;
  std::vector<int> options(decisions.size(), 0);
  const std::function<void(std::size_t)> walk = [&](std::size_t at) {
    if (at == decisions.size()) {
      drawn_code made{options, std::vector<bool>(decisions.size()), 0};
      for (std::size_t i = 0; i < at; ++i) made.learns[i] = counts_in(decisions, options, static_cast<int>(i));
      all.push_back(made);
      return;
    }
    const int count = counts_in(decisions, options, static_cast<int>(at)) ? decisions[at].options : 1;
    for (options[at] = 0; options[at] < count; ++options[at]) walk(at + 1);
    options[at] = 0;
  };
  walk(0);
  return all;
}
/// Any numbers that differ.
double planted(const drawn_code& code) {
  double sum = 0.2;
  for (std::size_t i = 0; i < code.options.size(); ++i) sum += std::sin(3.0 * code.options[i] + 2.0 * static_cast<double>(i)) / 4;
  return sum;
}
controller with_logits(const controller_rule& rule = {}) {
  controller made(toy(), rule);
  std::vector<double> state = made.state();
  for (std::size_t i = 0; i < made.logits().size(); ++i) state[i] = std::cos(2.3 * static_cast<double>(i));
  made.restore(state);
  return made;
}
}  // namespace

TEST_CASE("codes of a policy are those in which only what counts differs, and their probabilities are one", "[controller]") {
  const std::vector<drawn_code> all = all_codes(toy());
  CHECK(all.size() == (2 + (1 + 1 + 2) + 1) * 3);
  const controller policy = with_logits();
  double sum = 0;
  for (const drawn_code& each : all) sum += std::exp(policy.log_probability(each));
  CHECK(sum == Approx(1).epsilon(1e-12));
  random_source random(3);
  for (int i = 0; i < 200; ++i) {
    const drawn_code drawn = policy.draw(random);
    CHECK(std::find(all.begin(), all.end(), drawn) != all.end());
  }
  const std::vector<int> best = policy.likeliest();
  for (std::size_t i = 0; i < best.size(); ++i)
    if (!counts_in(policy.decisions(), best, static_cast<int>(i))) CHECK(best[i] == 0);
}

TEST_CASE("REINFORCE moves logits by the gradient of the expected reward, and what does not count by nothing", "[controller]") {
  const controller policy = with_logits();
  const std::vector<drawn_code> all = all_codes(toy());
  const std::size_t size = policy.logits().size();
  std::vector<double> exact(size, 0.0), mean(size, 0.0), squares(size, 0.0), one(size);
  for (const drawn_code& each : all) {
    std::fill(one.begin(), one.end(), 0.0);
    policy.add_gradient(each, planted(each), one);
    for (std::size_t i = 0; i < size; ++i) exact[i] += std::exp(policy.log_probability(each)) * one[i];
    for (int at = 0; at < policy.logits().blocks(); ++at)
      if (!each.learns[static_cast<std::size_t>(at)])
        for (const double slope : policy.logits().of(at, one)) CHECK(slope == 0);
  }
  // The sum over all codes is the derivative of the expected loss.
  const auto expected = [&](const std::vector<double>& state) {
    controller moved(toy());
    moved.restore(state);
    double sum = 0;
    for (const drawn_code& each : all) sum -= std::exp(moved.log_probability(each)) * planted(each);
    return sum;
  };
  std::vector<double> state = policy.state();
  for (std::size_t i = 0; i < size; ++i) {
    const double kept = state[i];
    state[i] = kept + 1e-5;
    const double above = expected(state);
    state[i] = kept - 1e-5;
    CHECK(exact[i] == Approx((above - expected(state)) / 2e-5).margin(1e-9));
    state[i] = kept;
  }
  const int draws = 40'000;
  random_source random(11);
  for (int n = 0; n < draws; ++n) {
    const drawn_code drawn = policy.draw(random);
    std::fill(one.begin(), one.end(), 0.0);
    policy.add_gradient(drawn, planted(drawn) - 0.3, one);  // any constant baseline
    for (std::size_t i = 0; i < size; ++i) mean[i] += one[i] / draws, squares[i] += one[i] * one[i] / draws;
  }
  for (std::size_t i = 0; i < size; ++i) {
    INFO(i);
    CHECK(std::abs(mean[i] - exact[i]) < 3 * std::sqrt((squares[i] - mean[i] * mean[i]) / draws) + 1e-15);
  }
}

TEST_CASE("the weight of the entropy pulls by its gradient", "[controller]") {
  const controller policy = with_logits({.entropy_weight = 0.7});
  for (const drawn_code& each : all_codes(toy())) {
    std::vector<double> slopes(policy.logits().size(), 0.0), state = policy.state();
    policy.add_gradient(each, 0, slopes);
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      const auto moved = [&](double by) {
        std::vector<double> other = state;
        other[i] += by;
        controller made(toy());
        made.restore(other);
        return made.entropy(each);
      };
      CHECK(slopes[i] == Approx(-0.7 * (moved(1e-5) - moved(-1e-5)) / 2e-5).margin(1e-9));
    }
  }
}

TEST_CASE("a warm-up averages every operation and takes the most filters at first, and replaces nothing from a quarter on", "[controller]") {
  const controller policy = with_logits();
  random_source random(5);
  const controller_rule rule;
  for (int i = 0; i < 50; ++i) {
    const drawn_code first = policy.draw(random, rule.chances_at(0));
    CHECK(first.options == std::vector<int>{all_options, all_options, all_options, all_options, 2});
    CHECK(first.learns == std::vector<bool>(5, false));
    CHECK(policy.log_probability(first) == 0);
    std::vector<double> slopes(policy.logits().size(), 0.0);
    policy.add_gradient(first, 1, slopes);
    CHECK(std::all_of(slopes.begin(), slopes.end(), [](double each) { return each == 0; }));
    const drawn_code later = policy.draw(random, rule.chances_at(0.25));
    CHECK(std::count(later.options.begin(), later.options.end(), all_options) == 0);
    CHECK(later.constant == 0);
  }
  const int draws = 20'000;
  int averaged = 0, largest = 0;
  for (int i = 0; i < draws; ++i) {
    const drawn_code drawn = policy.draw(random, rule.chances_at(0.0625));  // three quarters
    averaged += !drawn.learns[0], largest += !drawn.learns[4];
    CHECK((drawn.learns[0] || (drawn.options[1] == all_options && drawn.options[3] == all_options)));
  }
  const double margin = 3 * std::sqrt(0.75 * 0.25 / draws);
  CHECK(averaged / double(draws) == Approx(0.75).margin(margin));
  CHECK(largest / double(draws) == Approx(0.75).margin(margin));
}

TEST_CASE("logits are zero until a quarter of the steps, then the rate grows tenfold", "[controller]") {
  controller policy(toy(), {.rate = 0.1});
  random_source random(1);
  const auto update = [&](double progress) {
    std::vector<drawn_code> drawn;
    std::vector<double> rewards;
    for (int m = 0; m < 4; ++m) drawn.push_back(policy.draw(random)), rewards.push_back(planted(drawn.back()));
    policy.learn(drawn, rewards, progress);
  };
  const int steps = 200;
  for (int step = 0; step < steps / 4; ++step) {
    update(step / double(steps));
    for (const double each : policy.logits().alpha()) REQUIRE(each == 0);
  }
  update(0.25);
  CHECK(std::any_of(policy.logits().alpha().begin(), policy.logits().alpha().end(), [](double each) { return each != 0; }));
  const controller_rule rule{.rate = 2};
  CHECK(rule.rate_at(0.2499) == 0);
  CHECK(rule.rate_at(0.25) == 2);
  CHECK(rule.rate_at(0.625) == Approx(2 * std::sqrt(10.0)));
  CHECK(rule.rate_at(1) == Approx(20));
  double mean = 0;
  for (int i = 0; i < 10'000; ++i) mean += rule.rate_at(0.25 + 0.75 * (i + 0.5) / 10'000) / 2 / 10'000;
  CHECK(controller_rule::rate_for(562) == Approx(120 / (mean * 562)).epsilon(1e-6));
}

TEST_CASE("the baseline is unbiased from the first update on", "[controller]") {
  running_mean mean{.decay = 0.95};
  CHECK(mean.next(0.7) == Approx(0.7).epsilon(1e-14));
  for (int i = 0; i < 30; ++i) CHECK(mean.next(0.7) == Approx(0.7).epsilon(1e-14));
  running_mean two{.decay = 0.5};
  two.next(1);
  CHECK(two.next(4) == Approx((0.5 * 1 + 4) / 1.5));
  // One code alone is compared with itself, so that a first update moves nothing.
  controller policy(toy(), {.rate = 0.1, .warm_up = 0, .start = 0});
  random_source random(2);
  const std::vector<drawn_code> one{policy.draw(random)};
  CHECK(policy.learn(one, std::vector<double>{0.4}, 0.5) == Approx(0.4).epsilon(1e-14));
  for (const double each : policy.logits().alpha()) CHECK(std::abs(each) < 1e-6);
}

TEST_CASE("a policy goes on from its state bit by bit, and learns the best code", "[controller]") {
  const int updates = 400;
  const auto run = [&](controller& policy, int from, int to) {
    for (int step = from; step < to; ++step) {
      random_source random(derive(7, static_cast<std::uint64_t>(step)));
      std::vector<drawn_code> drawn;
      std::vector<double> rewards;
      const double progress = step / double(updates);
      for (int m = 0; m < 4; ++m) {
        drawn.push_back(policy.draw(random, policy.rule().chances_at(progress)));
        rewards.push_back(planted(drawn.back()));
      }
      policy.learn(drawn, rewards, progress);
    }
  };
  const controller_rule rule{.rate = controller_rule::rate_for(0.75 * updates)};
  controller whole(toy(), rule), first(toy(), rule), second(toy(), rule);
  run(whole, 0, updates);
  run(first, 0, 233);
  second.restore(first.state());
  run(second, 233, updates);
  CHECK(second.state() == whole.state());
  const std::vector<drawn_code> all = all_codes(toy());
  const auto best = std::max_element(all.begin(), all.end(), [](const auto& left, const auto& right) { return planted(left) < planted(right); });
  CHECK(planted({whole.likeliest(), {}, 0}) > planted(*best) - 0.002);  // two filters are nearly alike
  std::vector<double> other = whole.state();
  other.pop_back();
  CHECK_THROWS_WITH(second.restore(other), ContainsSubstring("no policy with 5 decisions"));
  other.push_back(-1);
  CHECK_THROWS_WITH(second.restore(other), ContainsSubstring("no policy with 5 decisions"));
}

TEST_CASE("rewards have the published forms", "[controller]") {
  const cost_reward absolute = absolute_reward{}, soft = mnasnet_reward{}, hard = mnasnet_reward{.exponent = -0.07, .hard = true};
  CHECK(reward_of(absolute, 0.6, 80, 80) == 0.6);
  CHECK(reward_of(absolute, 0.6, 72, 80) == Approx(0.59));
  CHECK(reward_of(absolute, 0.6, 88, 80) == Approx(0.59));
  CHECK(reward_of(soft, 0.6, 40, 80) == Approx(0.6 * std::pow(0.5, -0.07)));
  CHECK(reward_of(hard, 0.6, 40, 80) == 0.6);
  CHECK(reward_of(hard, 0.6, 160, 80) == Approx(0.6 * std::pow(2, -0.07)));
}

TEST_CASE("policies say what they cannot be", "[controller]") {
  CHECK_THROWS_WITH(controller({}), ContainsSubstring("without decisions"));
  CHECK_THROWS_WITH(controller({{"a", 1}}), ContainsSubstring("\"a\" has 1 options"));
  CHECK_THROWS_WITH(controller({{"a", 2, decision_kind::operation, 0, 0}}), ContainsSubstring("list parents first"));
  CHECK_THROWS_WITH(controller({{"a", 2}, {"b", 2, decision_kind::operation, 0, 2}}), ContainsSubstring("option 2 of \"a\""));
  CHECK_THROWS_WITH(controller(toy(), {.warm_up = 0.5}), ContainsSubstring("no earlier than its warm-up ends"));
  CHECK_THROWS_WITH(controller(toy(), {.rate = 0}), ContainsSubstring("a rate and an epsilon above 0"));
  controller policy(toy());
  CHECK_THROWS_WITH(policy.learn({}, {}, 0.5), ContainsSubstring("at least one code"));
  random_source random(1);
  const std::vector<drawn_code> one{policy.draw(random)};
  CHECK_THROWS_WITH(policy.learn(one, std::vector<double>{std::nan("")}, 0.5), ContainsSubstring("no finite number"));
}
