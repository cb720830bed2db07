// The blocks of the library's own mobile networks as tables of others name them, and so what such a network costs on their device.
// Used by searches for a device that is not at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
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

  std::vector<foreign_block> read();

 private:
  /// The layer that comes `ahead` layers later, if there is one and it continues the chain.
  const layer* next(int ahead = 0) const;
  static bool is_convolution(const layer* item) { return item && item->kind == layer_kind::convolution; }
  static bool is_dense(const layer* item) { return is_convolution(item) && item->groups == 1; }
  static bool is_pointwise(const layer* item) { return item && hasse::is_pointwise(*item); }
  static bool is_depthwise(const layer* item) { return item && hasse::is_depthwise(*item); }

  [[noreturn]] void refuse(const std::string& problem) const;

  /// The next layer, which must read what the one before it made and nothing else.
  const layer& take();
  const layer& take(bool fits, const char* wanted);

  void push(foreign_kind kind, feature_shape out);

  void read_mbconv();

  /// Squeeze-excite: pool, two 1x1 layers, and the multiplication of what was pooled.
  void read_gate();

  void read_head();

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
HASSE_BODY std::vector<foreign_block> foreign_blocks(const layer_list& layers, foreign_dialect dialect);

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

#if HASSE_BODIES_INLINE
#include <hasse/latency/foreign_blocks.inl>
#endif
