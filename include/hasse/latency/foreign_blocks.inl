// The bodies of latency/foreign_blocks.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <hasse/latency/foreign_blocks.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<foreign_block> foreign_reader::read() {
  while (const layer* item = next()) {
    if (item->kind == layer_kind::global_average_pool)
      read_head();
    else if (is_depthwise(item) || (is_pointwise(item) && is_depthwise(next(1))))
      read_mbconv();
    else if (is_pointwise(item))
      push(foreign_kind::last_conv, take().out);
    else if (is_dense(item) && at_ == 0)
      push(foreign_kind::stem, take().out);
    else
      refuse("is no part of a network of inverted bottlenecks");
  }
  return std::move(blocks_);
}

HASSE_BODY const layer* foreign_reader::next(int ahead) const {
  const std::size_t place = at_ + static_cast<std::size_t>(ahead);
  if (place >= layers_.size()) return nullptr;
  return &layers_.items[place];
}

HASSE_BODY void foreign_reader::refuse(const std::string& problem) const {
  throw error(text_of(layers_.items[at_], static_cast<int>(at_)) + " of the folded network " + problem + "; the tables of " +
              std::string(name_of(dialect_)) + " price a stem, inverted bottlenecks, one 1x1 layer and the classifier");
}

HASSE_BODY const layer& foreign_reader::take() {
  if (!next())
    throw error("the network ends within a block; give whole blocks to the table of " + std::string(name_of(dialect_)));
  const layer& item = *next();
  if (item.input != value_ || item.other != no_value) refuse("reads another value than that of the layer before it");
  ++at_, value_ = static_cast<value_id>(at_);
  return item;
}

HASSE_BODY const layer& foreign_reader::take(bool fits, const char* wanted) {
  if (next() && !fits) refuse("stands where " + std::string(wanted) + " is needed");
  return take();
}

HASSE_BODY void foreign_reader::push(foreign_kind kind, feature_shape out) {
  blocks_.push_back({.kind = kind, .in = begin_, .out = out});
  begin_ = out;
}

HASSE_BODY void foreign_reader::read_mbconv() {
  const value_id from = value_;
  foreign_block block{.in = begin_};
  if (!is_depthwise(next())) take();
  const layer& spatial = take();
  block.middle = spatial.in.c, block.kernel = spatial.kernel, block.stride = spatial.stride;
  block.hs = spatial.act == activation::hard_swish;
  if (!block.hs && spatial.act != activation::relu && spatial.act != activation::relu6) {
    --at_;
    refuse("ends in " + std::string(name_of(spatial.act)) + ", where such blocks have relu, relu6 or hard_swish");
  }
  if (next() && next()->kind == layer_kind::global_average_pool) read_gate(), block.se = true;
  if (!next()) take();
  const layer& project = *next();
  if (!is_pointwise(&project) || project.act != activation::none || project.input != value_)
    refuse("stands where a 1x1 layer without activation ends the block");
  if (project.other != no_value && project.other != from) refuse("adds another value than the block's input");
  block.skip = project.other == from, block.out = project.out;
  ++at_, value_ = static_cast<value_id>(at_);
  blocks_.push_back(block);
  begin_ = block.out;
}

HASSE_BODY void foreign_reader::read_gate() {
  const value_id gated = value_;
  take();
  take(is_pointwise(next()), "the first layer of a squeeze-excite");
  take(is_pointwise(next()), "the second layer of a squeeze-excite");
  if (!next() || next()->kind != layer_kind::scale || next()->input != gated || next()->other != value_)
    throw error("a squeeze-excite does not gate what it pooled; the tables of " + std::string(name_of(dialect_)) +
                " know no other block with a pool in it");
  ++at_, value_ = static_cast<value_id>(at_);
}

HASSE_BODY void foreign_reader::read_head() {
  const auto is_full = [&](int ahead) {
    const layer* item = next(ahead);
    return is_pointwise(item) || (item && item->kind == layer_kind::linear);
  };
  const layer& pool = take();
  if (dialect_ == foreign_dialect::ofa_mbv3) {
    push(foreign_kind::pool, pool.out);
    if (is_full(0) && is_full(1)) push(foreign_kind::feature_mix, take().out);
  }
  push(foreign_kind::logits, take(is_full(0), "the classifier").out);
  if (next()) refuse("stands behind the classifier");
}

}  // namespace detail

HASSE_BODY std::vector<foreign_block> foreign_blocks(const layer_list& layers, foreign_dialect dialect) {
  if (layers.items.empty()) return {};
  check(layers);
  const layer_list folded = fold_for_inference(layers).layers;
  return detail::foreign_reader(folded, dialect).read();
}

}  // namespace hasse
