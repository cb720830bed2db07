// The segmentation networks that Partial Order Pruning released, DF-Seg: a DF backbone of stride 32, pyramid pooling, a decoder of two
// fusion nodes, scores at stride 8; at any input, width and number of classes. They are of the space that space/segmentation.hpp searches. (spec: partial-order-pruning.md 1.6, dense-tasks.md E.2.)
// Used by programs that segment pictures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <hasse/space/rounding.hpp>
#include <hasse/space/segmentation_layers.hpp>
#include <hasse/space/spaces.hpp>
#include <hasse/space/spec.hpp>

namespace hasse {

/// DF-lite, DF1, DF2. (Under their own names they would hide the types that are called so.)
enum class df_backbone : std::uint8_t { lite, one, two };

/// Widths of a backbone's basic blocks, stage by stage; the first block of each has stride 2.
struct df_stages {
  std::array<std::span<const int>, 3> widths;
};
namespace detail {
inline constexpr int df_lite_3[] = {64, 64}, df_lite_4[] = {128, 128}, df_lite_5[] = {256, 512};
inline constexpr int df1_3[] = {64, 64, 64}, df1_4[] = {128, 128, 128}, df1_5[] = {256, 256, 256, 512};
inline constexpr int df2_3[] = {64, 64, 128}, df2_4[] = {128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 256}, df2_5[] = {256, 256, 256, 256, 512, 512};
}  // namespace detail
constexpr df_stages stages_of(df_backbone backbone) {
  using namespace detail;
  if (backbone == df_backbone::lite) return {{df_lite_3, df_lite_4, df_lite_5}};
  if (backbone == df_backbone::one) return {{df1_3, df1_4, df1_5}};
  return {{df2_3, df2_4, df2_5}};
}

/// A whole DF-Seg network. Height and width of its input are multiples of 32.
struct df_seg_spec {
  df_backbone backbone = df_backbone::one;
  int classes = 19;
  std::array<int, 3> decoder{19, 32, 128};  ///< channels of the controllers of strides 8, 16 and 32, which do not fall
  int width = 1000;                         ///< of the backbone, in thousandths
  bool upsampled = true;                    ///< false: the form "-d8", whose scores stay at stride 8
  bool fades = true;                        ///< as fusion_node
  friend constexpr bool operator==(const df_seg_spec&, const df_seg_spec&) = default;

  constexpr int scaled(int channels) const { return make_divisible(std::int64_t{channels} * width, 1000, width == 1000 ? 1 : 8); }

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    value_id value = list.conv_bn(list.conv_bn(from, scaled(32), 3, 2, activation::relu, df_norm), scaled(64), 3, 2, activation::relu, df_norm);
    std::array<value_id, 3> exits{};
    const df_stages stages = stages_of(backbone);
    for (std::size_t stage = 0; stage < 3; ++stage) {
      int stride = 2;
      for (const int channels : stages.widths[stage]) value = basic{.out = scaled(channels), .stride = stride, .norm = df_norm}.lower(list, value), stride = 1;
      exits[stage] = value;
    }
    const auto controlled = [&](value_id of, std::size_t stage) { return list.conv_bn(of, decoder[stage], 1, 1, activation::relu, df_norm); };
    value = controlled(pyramid_pooling{}.lower(list, value), 2);
    value = fusion_node{fades}.lower(list, value, controlled(exits[1], 1));
    value = fusion_node{fades}.lower(list, value, controlled(exits[0], 0));
    value = pixel_scores{.classes = classes}.lower(list, value);
    return upsampled ? list.upsample(value, 8) : value;
  }
  std::string text() const {
    const char* const names[] = {"DFlite-Seg", "DF1-Seg", "DF2-Seg"};
    std::string text = names[static_cast<int>(backbone)];
    if (!upsampled) text += "-d8";
    if (width != 1000) text += " at " + std::to_string(width) + "/1000";
    return text + " with " + std::to_string(decoder[0]) + "," + std::to_string(decoder[1]) + "," + std::to_string(decoder[2]);
  }
};

/// As released, for the 19 classes of Cityscapes; 32.978, 41.718, 84.506 and 95.428 G MACs at 1024 x 2048.
inline constexpr df_seg_spec df_lite_seg{.backbone = df_backbone::lite, .decoder = {32, 32, 512}};
inline constexpr df_seg_spec df1_seg{};
inline constexpr df_seg_spec df2_seg1{.backbone = df_backbone::two, .decoder = {19, 19, 32}};
inline constexpr df_seg_spec df2_seg2{.backbone = df_backbone::two, .decoder = {19, 256, 512}};

}  // namespace hasse
