// Supernets of inverted bottlenecks whose widths are known at run time only: a plain description, lowered like a gated_space.
// Used by supernet/proxyless_space.hpp (the spaces that ship) and by programs with spaces of their own.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/supernet/gated.hpp>

namespace hasse {

/// A stage whose layers choose: blocks of one width, the first with the stride, all with one activation and one squeeze-excite.
struct gated_stage {
  int out = 0, blocks = 1, stride = 1;
  activation act = activation::relu6;
  squeeze_excite se{};
  friend bool operator==(const gated_stage&, const gated_stage&) = default;
};

/// Stem, a block without expansion, stages whose layers choose kernel and expansion or are left out, a 1x1 layer, a classifier.
struct mbconv_space {
  feature_shape input{224, 224, 3};
  int stem = 32, stem_stride = 2;                                     ///< convolution 3x3
  int first = 16;                                                     ///< width of the block of expansion 1 behind the stem
  activation act = activation::relu6, first_act = activation::relu6;  ///< of stem, 1x1 layer and mix; of the block behind the stem
  std::vector<gated_stage> stages{};
  std::vector<int> kernels{3, 5, 7}, expansions{3, 6};
  bool skips = true;  ///< zero is offered where a block has a shortcut
  int last = 1280;    ///< width of the 1x1 layer before the average
  int mix = 0;        ///< width of a 1x1 layer behind it; 0: none
  int classes = 1000;
  batch_norm_rule norm{.epsilon_millionths = 1000};
  friend bool operator==(const mbconv_space&, const mbconv_space&) = default;
};

namespace detail {
inline conv mix_of(const mbconv_space& space) { return {.out = space.mix, .kernel = 1, .act = space.act, .norm = space.norm}; }

/// Average over all pixels, the layer that mixes them, and a fully connected layer whose outputs are counted at run time.
struct classifying_head {
  conv mix;  // without outputs: none
  int classes;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const value_id mean = list.global_average_pool(from);
    return list.linear(mix.out > 0 ? mix.lower(list, mean) : mean, classes);
  }
  std::string text() const { return "global_average_pool + linear"; }
};

inline conv stem_of(const mbconv_space& space) {
  return {.out = space.stem, .stride = space.stem_stride, .act = space.act, .norm = space.norm};
}
inline mbconv first_of(const mbconv_space& space) {
  return {.out = space.first, .expand = 1, .act = space.first_act, .norm = space.norm};
}
inline conv last_of(const mbconv_space& space) { return {.out = space.last, .kernel = 1, .act = space.act, .norm = space.norm}; }
/// Calls visit(mbconv) in the order in which they are offered.
template <class Visit>
void for_each_mbconv(const mbconv_space& space, const gated_stage& stage, Visit visit) {
  for (const int kernel : space.kernels)
    for (const int expand : space.expansions)
      visit(mbconv{.kernel = kernel, .expand = expand, .act = stage.act, .se = stage.se, .norm = space.norm});
}

HASSE_BODY void check(const mbconv_space& space);
}  // namespace detail

/// The supernet that the description stands for. Throws `error` when there is none.
HASSE_BODY gated_list gated_list_of(const mbconv_space& space);

/// The C++ type of the network of a choice, for a header that holds it: "hasse::fixed_network<hasse::input<3, 32, 32>, ...>".
HASSE_BODY std::string network_type_text(const mbconv_space& space, std::span<const int> choice);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/mbconv_space.inl>
#endif
