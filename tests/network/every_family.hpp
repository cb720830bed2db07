// A space with a stage of every block family, at a size of choice, and a visit to each block of its catalogue.
// Used by the checks that run over whole catalogues.
#pragma once

#include <string>

#include <hasse/catalogue/catalogue.hpp>
#include <hasse/catalogue/shard.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/space/search_space.hpp>

namespace hasse::testing {

inline constexpr squeeze_excite hard_gate{.percent = 25, .rule = rounding::to_8, .gate = activation::hard_sigmoid};
inline constexpr squeeze_excite soft_gate{.percent = 50, .rule = rounding::down, .inner = activation::swish};

template <int H, int W>
using every_family = search_space<
    input<3, H, W>, stem<conv{.out = 8, .pad = padding::same}>, stage<basic{}, widths<8, 16>, depth<1, 2>>,
    stage<bottleneck{.stride = 2, .middle = 8}, widths<16, 20>, depth<1, 2>>,
    stage<mbconv{.kernel = 5, .expand = 2, .act = activation::hard_swish, .se = hard_gate}, widths<20, 24>, depth<1, 2>>,
    stage<mbconv{.stride = 2, .kernel = 7, .expand = 1, .act = activation::swish, .se = soft_gate, .pad = padding::same},
          widths<24>, depth<1, 2>>,
    stage<fused_mbconv{.expand = 2}, widths<24, 32>, depth<1, 2>>,
    stage<tucker{.act = activation::relu}, widths<32, 40>, depth<1, 2>>,
    stage<depthwise_separable{.act = activation::hard_sigmoid}, widths<40>, depth<1, 2>>, head<global_average_pool, linear<7>>>;

/// Calls `visit(layers, name, number)` for every block.
template <class Space, class Visit>
void for_each_block_of(Visit&& visit) {
  for (const entry& each : catalogue<Space>::entries()) visit(layers_of(each), each.text(), static_cast<std::uint64_t>(each.id));
}

}  // namespace hasse::testing
