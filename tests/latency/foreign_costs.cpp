// What a supernet costs by a table of others: cheapest, evenly drawn and dearest network against a few lines of their own,
// gradients.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <hasse/latency/foreign_blocks.hpp>
#include <hasse/latency/foreign_yaml.hpp>
#include <hasse/price/foreign.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_loss.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "catch.hpp"
#include "foreign_tables.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
gated_costs costs_by(const foreign_table& table, const gated_list& supernet) {
  return gated_costs_of(supernet, foreign_price{table});
}
const auto offer_all = [](auto offer) {
  for (const int expand : {3, 6})
    for (const int kernel : {3, 5, 7}) offer(mbconv{.kernel = kernel, .expand = expand});
};

struct flat_price : exact_price {
  double cost;
  explicit flat_price(double of_all) : cost(of_all) {}
  double of(const layer_list&) const { return cost; }
  price_unit unit() const { return in_milliseconds; }
};

/// Expectation of gates that prefer nothing.
double drawn_evenly(const gated_costs& costs) {
  std::vector<int> counts;
  for (const auto& block : costs.blocks) counts.push_back(static_cast<int>(block.size()));
  return costs.expected(gate_parameters(counts, 1, 0.0).probabilities());
}

/// The sums of one place of a network, from the rows of its keys alone.
struct sums {
  double least = 0, uniform = 0, most = 0;
  void fixed(double cost) { least += cost, uniform += cost, most += cost; }
  void block(const std::vector<double>& rows, bool skips) {
    double all = 0;
    for (const double row : rows) all += row;
    uniform += all / static_cast<double>(rows.size() + skips);
    least += skips ? 0 : *std::min_element(rows.begin(), rows.end());
    most += *std::max_element(rows.begin(), rows.end());
  }
};
}  // namespace

TEST_CASE("the public entries of the Pixel 1 table give the expectation that they can", "[foreign_costs]") {
  const foreign_table table = parse_foreign_table(pixel(), "pixel.yaml");
  const mbconv_space space = proxyless_imagenet();

  const gated_costs front = costs_by(table, gated_builder({224, 224, 3})
                                                .fixed("stem", conv{.out = 32, .stride = 2, .act = activation::relu6})
                                                .fixed("stem 2", mbconv{.out = 16, .expand = 1})
                                                .stage({24, 1, 2}, offer_all)
                                                .finish());
  const gated_costs back = costs_by(table, gated_builder({7, 7, 320})
                                               .fixed("last", conv{.out = 1280, .kernel = 1, .act = activation::relu6})
                                               .fixed("head", hasse::detail::classifying_head{.mix = {}, .classes = 1000})
                                               .finish());
  CHECK(front.fixed + back.fixed == Approx(7.4820 + 3.8821));
  CHECK(front.least() == Approx(front.fixed + 6.2406));
  CHECK(front.uniform() == Approx(front.fixed + (6.2406 + 7.5191 + 9.1438 + 16.766 + 18.941 + 22.105) / 6));
  CHECK(front.most() == Approx(front.fixed + 22.105));
  CHECK(drawn_evenly(front) == Approx(front.uniform()));

  const gated_costs skipped = costs_by(table, gated_builder({14, 14, 80})
                                                  .stage({80, 1, 1},
                                                         [](auto offer) {
                                                           offer(mbconv{.kernel = 3, .expand = 3});
                                                           offer(zero{});
                                                         })
                                                  .finish());
  CHECK(skipped.least() == 0);
  CHECK(skipped.uniform() == Approx(1.8414 / 2));
  CHECK(skipped.most() == 1.8414);

  // The whole supernet needs more rows than are public: the first that is missing is named.
  CHECK_THROWS_WITH(costs_by(table, gated_list_of(space)),
                    ContainsSubstring("stage 1 block 2, candidate k3e3: pixel.yaml: has no latency of "
                                      "expanded_conv-input:56x56x24-output:56x56x24-expand:3-kernel:3-stride:1-idskip:1;"));
}

TEST_CASE("the whole ImageNet supernet costs what its rows say", "[foreign_costs]") {
  // The public entries, and invented ones for the rest.
  const foreign_table some = parse_foreign_table(pixel(), "pixel.yaml");
  std::string text = pixel();
  const auto mean_of = [&](const std::string& key) {
    if (const auto known = some.rows.find(key); known != some.rows.end()) return known->second.mean;
    double mean = 1;
    for (const char letter : key) mean = std::fmod(31 * mean + letter, 97);
    return 0.5 + 0.1 * mean;
  };
  sums wanted;
  wanted.fixed(7.4820 + 3.8821);
  int side = 112, in = 16, rows = 4;
  const int widths[] = {24, 40, 80, 96, 192, 320}, strides[] = {2, 2, 2, 1, 2, 1};
  for (int stage = 0; stage < 6; ++stage)
    for (int at = 0; at < (stage < 5 ? 4 : 1); ++at) {
      const int stride = at == 0 ? strides[stage] : 1, after = side / stride, out = widths[stage];
      std::vector<double> choices;
      for (const int expand : {3, 6})
        for (const int kernel : {3, 5, 7}) {
          char key[200];
          std::snprintf(key, sizeof key, "expanded_conv-input:%dx%dx%d-output:%dx%dx%d-expand:%d-kernel:%d-stride:%d-idskip:%d",
                        side, side, in, after, after, out, expand, kernel, stride, at > 0);
          choices.push_back(mean_of(key));
          if (at < 2 && ++rows > 0 && !some.rows.contains(key)) text += row(key, choices.back());
        }
      wanted.block(choices, at > 0);
      side = after, in = out;
    }
  const foreign_table table = parse_foreign_table(text, "pixel.yaml");
  CHECK(table.rows.size() == static_cast<std::size_t>(rows));
  const gated_costs costs = costs_by(table, gated_list_of(proxyless_imagenet()));
  REQUIRE(costs.blocks.size() == 21);
  CHECK(costs.least() == Approx(wanted.least));
  CHECK(costs.uniform() == Approx(wanted.uniform));
  CHECK(costs.most() == Approx(wanted.most));
  CHECK(drawn_evenly(costs) == Approx(wanted.uniform));
  CHECK_NOTHROW(costs.require_reachable(wanted.uniform));
  for (const double target : {wanted.least - 0.01, wanted.most + 0.01, std::nan("")})
    CHECK_THROWS_WITH(costs.require_reachable(target), ContainsSubstring("choose a target in between"));
}

TEST_CASE("a supernet with middle channels for its expansions costs what its rows say", "[foreign_costs]") {
  for (const int resolution : {160, 180, 224}) {
    CAPTURE(resolution);
    const mbv3_space space(resolution);
    const foreign_table table = parse_foreign_table(space.text, "phone.yaml");
    const feature_shape image{resolution, resolution, 3};
    const gated_costs costs = costs_by(table, gated_list_of(proxyless_space("ofa-mobilenet-v3", {.input = image})));

    // From the text of the keys: rows of the stages by their shapes, in blocks of nine.
    sums wanted;
    int side = (resolution + 1) / 2, in = 24;
    const auto rows_of = [&](int stage, bool first) {
      const int out = space.widths[stage], after = first ? (side - 1) / space.strides[stage] + 1 : side;
      char begin[120];
      std::snprintf(begin, sizeof begin, "expanded_conv-input:%dx%dx%d-output:%dx%dx%d-expand:", side, side, first ? in : out,
                    after, after, out);
      std::vector<double> rows;
      for (auto it = space.rows.lower_bound(begin); it != space.rows.end() && it->first.starts_with(begin); ++it)
        rows.push_back(it->second);
      if (first) side = after, in = out;
      return rows;
    };
    wanted.fixed(0.9 + 1.7 + 0.69 + 0.015 + 0.76 + 0.67);
    for (int stage = 0; stage < 5; ++stage) {
      const auto first = rows_of(stage, true), later = rows_of(stage, false);
      REQUIRE((first.size() == 9 && later.size() == 9));
      wanted.block(first, false);
      for (int at = 0; at < 3; ++at) wanted.block(later, true);
    }
    CHECK(costs.least() == Approx(wanted.least));
    CHECK(costs.uniform() == Approx(wanted.uniform));
    CHECK(costs.most() == Approx(wanted.most));
    CHECK(drawn_evenly(costs) == Approx(wanted.uniform));
  }
}

TEST_CASE("a loss falls where its gradient through a table's latencies says", "[foreign_costs]") {
  const foreign_table table = parse_foreign_table(pixel(), "pixel.yaml");
  const gated_costs costs = costs_by(table, gated_builder({112, 112, 16}).stage({24, 1, 2}, offer_all).finish());
  const std::vector<double> flat = costs.flat();
  gate_parameters gates(std::array{6}, 3, 0.7);
  for (const latency_loss& form : {latency_loss(additive_latency{}), latency_loss(multiplicative_latency{})}) {
    const auto loss = [&] { return weigh(form, 2.0, costs.expected(gates.probabilities()), 12); };
    std::vector<double> gradient(flat.size());
    add_gate_gradient(gates, flat, loss().per_latency, gradient);
    for (std::size_t at = 0; at < flat.size(); ++at) {
      const double kept = gates.alpha()[at], step = 1e-4;
      gates.alpha()[at] = kept + step;
      const double above = loss().loss;
      gates.alpha()[at] = kept - step;
      const double below = loss().loss;
      gates.alpha()[at] = kept;
      CHECK(gradient[at] == Approx((above - below) / (2 * step)).epsilon(1e-4));
    }
  }
}

TEST_CASE("prices that are none are refused with their place", "[foreign_costs]") {
  const gated_list supernet = gated_builder({8, 8, 8}).stage({8, 1, 1}, offer_all).finish();
  for (const double bad : {-1.0, std::nan(""), HUGE_VAL})
    CHECK_THROWS_WITH(gated_costs_of(supernet, flat_price{bad}),
                      ContainsSubstring("stage 1 block 1, candidate k3e3 was priced at"));
}
