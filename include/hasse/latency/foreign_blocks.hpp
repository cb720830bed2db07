// The blocks of the library's own mobile networks as tables of others name them, and so what such a network costs on their device.
// Used by searches for a device that is not at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <hasse/latency/foreign_table.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/spec.hpp>

namespace hasse {

namespace detail {
/// Recognises blocks in a folded list, from its input to its output: every layer reads the one before it, but for residuals and
/// gates.
class foreign_reader {
 public:
  foreign_reader(const layer_list& layers, foreign_dialect dialect) : layers_(layers), dialect_(dialect) {}

  std::vector<foreign_block> read() {
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

 private:
  /// The layer that comes `ahead` layers later, if there is one and it continues the chain.
  const layer* next(int ahead = 0) const {
    const std::size_t place = at_ + static_cast<std::size_t>(ahead);
    if (place >= layers_.size()) return nullptr;
    return &layers_.items[place];
  }
  static bool is_convolution(const layer* item) { return item && item->kind == layer_kind::convolution; }
  static bool is_dense(const layer* item) { return is_convolution(item) && item->groups == 1; }
  static bool is_pointwise(const layer* item) { return item && hasse::is_pointwise(*item); }
  static bool is_depthwise(const layer* item) { return item && hasse::is_depthwise(*item); }

  [[noreturn]] void refuse(const std::string& problem) const {
    throw error(text_of(layers_.items[at_], static_cast<int>(at_)) + " of the folded network " + problem + "; the tables of " +
                std::string(name_of(dialect_)) + " price a stem, inverted bottlenecks, one 1x1 layer and the classifier");
  }

  /// The next layer, which must read what the one before it made and nothing else.
  const layer& take() {
    if (!next())
      throw error("the network ends within a block; give whole blocks to the table of " + std::string(name_of(dialect_)));
    const layer& item = *next();
    if (item.input != value_ || item.other != no_value) refuse("reads another value than that of the layer before it");
    ++at_, value_ = static_cast<value_id>(at_);
    return item;
  }
  const layer& take(bool fits, const char* wanted) {
    if (next() && !fits) refuse("stands where " + std::string(wanted) + " is needed");
    return take();
  }

  void push(foreign_kind kind, feature_shape out) {
    blocks_.push_back({.kind = kind, .in = begin_, .out = out});
    begin_ = out;
  }

  void read_mbconv() {
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

  /// Squeeze-excite: pool, two 1x1 layers, and the multiplication of what was pooled.
  void read_gate() {
    const value_id gated = value_;
    take();
    take(is_pointwise(next()), "the first layer of a squeeze-excite");
    take(is_pointwise(next()), "the second layer of a squeeze-excite");
    if (!next() || next()->kind != layer_kind::scale || next()->input != gated || next()->other != value_)
      throw error("a squeeze-excite does not gate what it pooled; the tables of " + std::string(name_of(dialect_)) +
                  " know no other block with a pool in it");
    ++at_, value_ = static_cast<value_id>(at_);
  }

  void read_head() {
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

  const layer_list& layers_;
  foreign_dialect dialect_;
  std::size_t at_ = 0;
  value_id value_ = 0;                   ///< what the next layer reads
  feature_shape begin_ = layers_.input;  ///< of the next block
  std::vector<foreign_block> blocks_;
};
}  // namespace detail

/// The blocks of a network, or of a piece of one that begins and ends between blocks, as a table of `dialect` names them. A list
/// without layers, such as that of a skipped block, has none and costs nothing. What is no inverted bottleneck is refused.
inline std::vector<foreign_block> foreign_blocks(const layer_list& layers, foreign_dialect dialect) {
  if (layers.items.empty()) return {};
  check(layers);
  const layer_list folded = fold_for_inference(layers).layers;
  return detail::foreign_reader(folded, dialect).read();
}

/// The blocks of one spec on an input shape.
template <Spec Block>
std::vector<foreign_block> foreign_blocks(const Block& spec, feature_shape in, foreign_dialect dialect) {
  layer_list layers{.input = in, .items = {}};
  spec.lower(layer_builder<layer_list>{layers}, 0);
  return foreign_blocks(layers, dialect);
}

/// Mean milliseconds of a network, or of a spec on an input shape, as the sum over its blocks.
inline double milliseconds_of(const foreign_table& table, const layer_list& layers) {
  return table.milliseconds_of(foreign_blocks(layers, table.dialect));
}
template <Spec Block>
double milliseconds_of(const foreign_table& table, const Block& spec, feature_shape in) {
  return table.milliseconds_of(foreign_blocks(spec, in, table.dialect));
}

/// The same in ticks, to the nearest.
inline ticks latency_of(const foreign_table& table, const layer_list& layers) {
  return from_milliseconds(milliseconds_of(table, layers));
}

}  // namespace hasse
