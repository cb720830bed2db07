// The masked spaces that ship: those of MobileDets for a CPU, EdgeTPU, DSP and GPU at any width, a small form of them, and the three
// that TuNAS was shown with, for classification. Used by searches through masks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/network/published/mobiledet_spec.hpp>
#include <hasse/space/rounding.hpp>
#include <hasse/supernet/masked_space.hpp>

namespace hasse {

/// What a layer of a MobileDet chooses from; each has those before it.
enum class mobiledet_operations : std::uint8_t { inverted, and_fused, and_tucker };

/// MobileDets, 1.2. On the CPU every inverted bottleneck and fused layer has squeeze-excite, every layer hard-swish; elsewhere there is
/// none, and ReLU6; the DSP has no windows of 5 x 5.
struct mobiledet_form {
  mobiledet_target target = mobiledet_target::pixel_cpu;
  mobiledet_operations operations = mobiledet_operations::and_tucker;
  feature_shape input{320, 320, 3};
  int width = 1000;  ///< of all blocks, in thousandths
  std::vector<int> multipliers{500, 625, 750, 1000, 1250, 1500, 2000};  ///< from which each block chooses its width, in thousandths
  std::vector<int> filters{};                                           ///< of the stem and the seven blocks; empty: as published
  std::vector<int> layers{1, 4, 4, 4, 4, 4, 1};                         ///< of the seven blocks, at most
  std::vector<int> tucker_kernels{3};  ///< the only one in published networks; whether others were allowed is not known
  batch_norm_rule norm{.epsilon_millionths = 1000};
  padding pad = padding::same;
};

namespace detail {
/// Widths in thousandths of a width, each once.
HASSE_BODY std::vector<int> scaled_filters(int base, int width, const std::vector<int>& multipliers);
HASSE_BODY masked_layer with_stride(masked_layer layer, int stride);
inline masked_layer dense_layer(std::vector<int> kernels, int stride, activation act) {
  return {.options = {{masked_operation::dense, std::move(kernels)}}, .stride = stride, .act = act};
}
/// A first layer, and others that may be skipped.
HASSE_BODY masked_block masked_block_of(std::string name, std::vector<int> filters, const masked_layer& layer, int layers, int stride);
}  // namespace detail

/// What stands behind the last block of a network that tells classes apart: the average over all pixels and a linear layer.
inline auto classifying(int classes) {
  return [classes](layer_builder<layer_list> list, std::span<const value_id> ends) {
    const value_id last = ends.back();
    const feature_shape shape = list.shape_of(last);
    list.linear(shape.h * shape.w > 1 ? list.global_average_pool(last) : last, classes);
  };
}
/// The blocks alone: the last value is the output.
inline auto backbone_alone() {
  return [](layer_builder<layer_list>, std::span<const value_id>) {};
}

/// The space of a MobileDet: stem and seven blocks, with strides 2 in the stem and in blocks 2, 3, 4 and 6. C4 is the end of block 5, the
/// sixth of the ends that `head` is given, and C5 the last.
template <class Head>
masked_design mobiledet_space(const mobiledet_form& form, Head head) {
  const bool gated = form.target == mobiledet_target::pixel_cpu;
  const std::vector<int> published = form.target == mobiledet_target::gpu ? std::vector<int>{32, 16, 32, 64, 128, 128, 128, 192}
                                                                          : std::vector<int>{32, 16, 32, 48, 96, 96, 160, 192};
  const std::vector<int>& filters = form.filters.empty() ? published : form.filters;
  if (filters.size() != 8 || form.layers.size() != 7 || form.multipliers.empty())
    throw error("a MobileDet was given " + std::to_string(filters.size()) + " widths and " + std::to_string(form.layers.size()) +
                " numbers of layers; give 8 widths, of the stem and seven blocks, 7 numbers of layers, and at least one multiplier");
  const activation act = gated ? activation::hard_swish : activation::relu6;
  const std::vector<int> kernels = form.target == mobiledet_target::dsp ? std::vector<int>{3} : std::vector<int>{3, 5};
  std::vector<int> tucker_kernels = form.tucker_kernels;
  if (form.target == mobiledet_target::dsp) std::erase_if(tucker_kernels, [](int kernel) { return kernel > 3; });

  masked_layer layer{.options = {{masked_operation::inverted, kernels, {4, 8}}}, .residual = true, .act = act};
  layer.se = {.percent = gated ? 25 : 0, .rule = rounding::divisible, .inner = act};
  if (form.operations != mobiledet_operations::inverted) layer.options.push_back({masked_operation::fused, kernels, {4, 8}});
  const masked_option tucked{masked_operation::tucker, tucker_kernels, {25, 75}, {25, 75}};
  const bool tucks = form.operations == mobiledet_operations::and_tucker;
  if (tucks) layer.options.push_back(tucked);
  layer.options.push_back({masked_operation::skip});
  masked_layer first = layer;  // as published: no expansion, or Tucker
  first.options = {{masked_operation::inverted, kernels, {1}}};
  if (tucks) first.options.push_back(tucked);

  masked_design made{.input = form.input, .blocks = {}, .head = std::move(head), .norm = form.norm, .pad = form.pad};
  const auto widths = [&](std::size_t at) { return detail::scaled_filters(filters[at], form.width, form.multipliers); };
  made.blocks.push_back({.name = "stem", .filters = widths(0), .layers = {detail::dense_layer({3}, 2, act)}});
  for (std::size_t at = 1; at < 8; ++at) {
    const int stride = at == 2 || at == 3 || at == 4 || at == 6 ? 2 : 1;
    made.blocks.push_back(detail::masked_block_of("block " + std::to_string(at), widths(at), at == 1 ? first : layer, form.layers[at - 1], stride));
  }
  return made;
}
inline masked_design mobiledet_space(const mobiledet_form& form) { return mobiledet_space(form, backbone_alone()); }

/// A quarter as wide and half as deep: what learns from some hundred pictures on two threads.
HASSE_BODY mobiledet_form mobiledet_micro(mobiledet_target target, mobiledet_operations operations, feature_shape input = {240, 320, 3});

/// The spaces of MobileDets by name: "mobiledet-cpu", "mobiledet-edgetpu", "mobiledet-dsp" and "mobiledet-gpu", and the same in the small form,
/// "det-micro-cpu" and so on. Behind a colon stands what layers choose from, "ibn", "ibn+fused" or "ibn+fused+tucker"; without, all of it, and
/// on the CPU inverted bottlenecks alone. `width` in thousandths. Throws `error` for other names.
HASSE_BODY mobiledet_form mobiledet_form_named(std::string_view name, feature_shape input, int width = 1000);

/// The three spaces of TuNAS.
enum class tunas_kind : std::uint8_t { proxyless, proxyless_enlarged, mobilenet_v3_like };

/// At a width in thousandths.
HASSE_BODY masked_design tunas_space(tunas_kind kind, feature_shape input = {224, 224, 3}, int classes = 1000, int width = 1000);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/mobiledet_space.inl>
#endif
