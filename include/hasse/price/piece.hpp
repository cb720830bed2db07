// The price of a piece of a network, which may join two values and then is no network of its own.
// Used by the prices of a space's parts and of a supernet's candidates.
#pragma once

#include <algorithm>

#include <hasse/block/chain.hpp>
#include <hasse/price/price.hpp>
#include <hasse/space/layer_builder.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// What `piece` costs. One that joins two values costs what a network that ends with it costs more than the one before it, which makes both.
template <Price By>
double price_of_piece(const By& price, const layer_list& piece) {
  if (piece.second.c == 0) return price.of(piece);
  layer_list before{.input = piece.second, .items = {}};
  layer_builder<layer_list> build{before};
  value_id made = build.convolution(0, piece.input.c, 1);
  if (piece.input.h != piece.second.h || piece.input.w != piece.second.w) made = build.resize(made, piece.input.h, piece.input.w);
  layer_list whole = before;
  append_layers(whole, piece.items, piece.outputs, made, 0);
  return std::max(0.0, price.of(whole) - price.of(before));  // of latencies, perhaps less than nothing by noise
}

}  // namespace hasse
