// A space whose layers choose their operation and what is inside of it, and whose blocks choose their width, as run-time values:
// decisions that hang on others, codes and their text, how many there are. Used by the search through masks (TuNAS);
// supernet/masked_layers.hpp makes networks of codes, supernet/mobiledet_space.hpp has the spaces that ship.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/supernet/controller.hpp>
#include <hasse/supernet/gated.hpp>

namespace hasse {

/// `inverted`: 1x1, depthwise, 1x1; `fused`: dense k x k, 1x1; `tucker`: 1x1, dense k x k, 1x1; `dense`: k x k alone, with its
/// activation; `skip`: zero, the layer is its shortcut.
enum class masked_operation : std::uint8_t { inverted, fused, tucker, dense, skip };

/// An operation that a layer may take, and the choices inside of it. Expansions are whole factors of the input's channels; without
/// any but 1, an inverted bottleneck has no first 1x1. Ranks are percent of the input's channels and of the output's.
struct masked_option {
  masked_operation operation = masked_operation::inverted;
  std::vector<int> kernels{3};
  std::vector<int> widths{1};  ///< inverted, fused: expansions; tucker: ranks of the input
  std::vector<int> ranks{75};  ///< tucker: of the output
  friend bool operator==(const masked_option&, const masked_option&) = default;
};

enum class squeeze_choice : std::uint8_t { as_given, searched };  ///< searched: with the squeeze-excite that is given, or without

/// A layer. A residual one adds its input: it has stride 1 and is not the first of its block. Only those can be skipped.
struct masked_layer {
  std::vector<masked_option> options;
  int stride = 1;
  bool residual = false;
  activation act = activation::relu6;
  squeeze_excite se{};
  squeeze_choice squeeze = squeeze_choice::as_given;
  bool normalised = true;  ///< dense: batch norm behind it, or a bias
  friend bool operator==(const masked_layer&, const masked_layer&) = default;
};

/// Layers of one width, which is chosen from `filters`, ascending.
struct masked_block {
  std::string name;
  std::vector<int> filters;
  std::vector<masked_layer> layers;
  bool pooled = false;  ///< the average over all pixels stands behind it
  friend bool operator==(const masked_block&, const masked_block&) = default;
};

/// All of it. `head` adds what is the same in every network: it is given the value that each block ends with, and may name outputs.
/// It is called once per width, so its layers may only depend on shapes in their widths.
struct masked_design {
  feature_shape input{224, 224, 3};
  std::vector<masked_block> blocks;
  std::function<void(layer_builder<layer_list>, std::span<const value_id>)> head;
  batch_norm_rule norm{.epsilon_millionths = 1000};
  padding pad = padding::same;
};

/// What one layer takes: an option and what is chosen inside of it, as numbers from 0; all_options where a warm-up averages.
struct layer_choice {
  int option = 0, kernel = 0, width = 0, rank = 0, squeeze = 1;
  friend bool operator==(const layer_choice&, const layer_choice&) = default;
};

/// A design and the decisions in it. A code has an option for every decision, as drawn_code::options; what does not count is 0.
class masked_space {
 public:
  explicit masked_space(masked_design design);

  const masked_design& design() const { return design_; }
  std::span<const decision> decisions() const { return decisions_; }
  int blocks() const { return static_cast<int>(design_.blocks.size()); }
  const masked_block& block(int index) const { return design_.blocks[static_cast<std::size_t>(index)]; }
  const masked_layer& layer_at(int block_index, int index) const { return block(block_index).layers[static_cast<std::size_t>(index)]; }

  /// The width of a block.
  int filters_of(std::span<const int> code, int index) const;
  layer_choice choice_of(std::span<const int> code, int block_index, int index) const;
  void set(std::vector<int>& code, int block_index, int index, const layer_choice& choice) const;
  void set_filters(std::vector<int>& code, int index, int taken) const;
  /// Everything that a layer can be, each once.
  std::vector<layer_choice> choices_of(int block_index, int index) const;

  /// One code of the space, each as likely as the others.
  std::vector<int> any_code(random_source& random) const;
  /// Every operation averaged, every block at its full width: how a warm-up begins.
  std::vector<int> everything() const;

  /// The decimal logarithms of how many networks there are, and of how many codes when what does not count is told apart, too.
  double log10_networks() const;
  double log10_codes() const;
  std::string size_text() const;

  /// Blocks between bars, each its width and its layers: "16: k3e4 zero | 24: fused-k5e8 tucker-k3i25o75". "*" is what is averaged.
  std::string text(std::span<const int> code) const;
  /// Reads what `text` writes of a code without averages.
  std::vector<int> parse(std::string_view text) const;

  /// Throws unless a code has an option of every decision, and 0 where one does not count.
  void check(std::span<const int> code) const;

  /// "k3e4", "fused-k5e8", "tucker-k3i25o75", "dense-k3", "zero"; "+se" and "-se" where that is searched.
  std::string word_of(int block_index, int index, const layer_choice& choice) const;

  static std::string name_of(masked_operation operation);
  static bool has_widths(masked_operation operation);
  static bool has_squeeze(const masked_layer& layer, const masked_option& option);
  static bool searches_squeeze(const masked_layer& layer, const masked_option& option);

 private:
  struct option_place {
    int kernel = -1, width = -1, rank = -1, squeeze = -1;  ///< decisions; -1: nothing to decide
  };
  struct layer_place {
    int option = -1;
    std::vector<option_place> inside;
  };
  struct block_place {
    int filters = -1;
    std::vector<layer_place> layers;
  };

  const layer_place& place_of(int block_index, int index) const;
  static int taken_in(std::span<const int> code, int decision_index);
  int decide(std::string name, std::size_t options, decision_kind kind, int parent, int when);

  void check() const;

  masked_design design_;
  std::vector<decision> decisions_;
  std::vector<block_place> places_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/masked_space.inl>
#endif
