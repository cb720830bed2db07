// 15: an order of your own. It believes that wider is better and slower, and says nothing of deeper.
#include <array>
#include <cstdio>

#include <hasse/hasse.hpp>
#include <hasse/laws/order.hpp>

using namespace hasse;
using space = search_space<input<3, 16, 16>, stem<conv{.out = 8, .stride = 2}>, stage<basic{.stride = 2}, widths<8, 16, 32>, depth<1, 3>>,
                           stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;

// begin: order
/// x precedes y where both are equally deep in every stage and no block of x is wider than that of y. An order is a signature: x
/// precedes y exactly if no byte of its signature is larger. The first bytes are free, one a stage; behind them the embedding order
/// counts blocks by width.
struct equally_deep {
  static constexpr std::string_view name = "equally deep";
  template <class Space>
  static constexpr order_signature<Space> signature(const architecture<Space>& choice) {
    order_signature<Space> made = embedding_order::signature(choice);  // as deep at most
    for (std::size_t stage = 0; stage < choice.depths.size(); ++stage)
      made.bytes[stage] = static_cast<std::uint8_t>(255 - choice.depths[stage]);  // and at least
    return made;
  }
};
static_assert(OrderPolicy<equally_deep, space>);
static_assert(broken_law<equally_deep>(std::array{parse<space>("[(8),(16)]"), parse<space>("[(16),(16)]"), parse<space>("[(8,16),(16)]"), parse<space>("[(16),(32)]"),
                                                  parse<space>("[(8,32),(32)]")}) == "");
// end: order

/// Stands for a training: more blocks and wider ones are better, up to a point.
struct imagined {
  outcome evaluate(const architecture<space>& x, std::size_t) {
    const double size = static_cast<double>(cost_of(x).parameters()) / 1e4;
    return {size / (1 + size)};
  }
};

int main() {
  // begin: search
  imagined trainer;
  const auto costs = part_prices<space>(mac_price{});
  const auto careful = search<space>(costs, trainer, nullptr, pruning{}, equally_deep{}), usual = search<space>(costs, trainer, nullptr, pruning{});
  // end: search
  std::printf("%zu trained by the own order and %zu by the strict one, which compares other depths, too: %s\n", careful.done.size(), usual.done.size(),
              careful.done.size() > usual.done.size() && *careful.pruned > 0 ? "fewer pairs, less pruned" : "not as expected");
}
