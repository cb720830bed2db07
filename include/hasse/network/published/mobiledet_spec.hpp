// The specs of MobileDets, found for a CPU, EdgeTPU, DSP and GPU, and of the detectors on them, apart from their types, which cost
// a compiler their shapes. Used by network/published/mobiledet.hpp and supernet/mobiledet_space.hpp.
#pragma once

#include <array>
#include <span>
#include <string>

#include <hasse/network/ssdlite.hpp>
#include <hasse/space/mobile.hpp>

namespace hasse {

namespace detail {
struct mobiledet_block {
  enum class kind : std::uint8_t { ibn, fused, tucker } type;
  int first, second;  ///< ibn, fused: expansion, kernel; tucker: ranks in percent of input and output
  int out, stride;
  bool residual;
};

constexpr mobiledet_block ibn(int expand, int out, int stride, bool residual, int kernel = 3) {
  return {mobiledet_block::kind::ibn, expand, kernel, out, stride, residual};
}
constexpr mobiledet_block fused_ibn(int expand, int out, int stride, bool residual, int kernel = 3) {
  return {mobiledet_block::kind::fused, expand, kernel, out, stride, residual};
}
constexpr mobiledet_block tucked(int in, int rank_out, int out, bool residual) {
  return {mobiledet_block::kind::tucker, in, rank_out, out, 1, residual};
}

// Blocks 1 to 7 in a row; a line is a block. The first layer of a block is never residual, even where shapes agree.
inline constexpr mobiledet_block mobiledet_cpu_blocks[] = {
    ibn(1, 8, 1, false),     ibn(4, 16, 2, false),    ibn(8, 32, 2, false), ibn(4, 32, 1, true),    ibn(4, 32, 1, true),
    ibn(4, 32, 1, true),     ibn(8, 72, 2, false, 5), ibn(8, 72, 1, true),  ibn(4, 72, 1, true, 5), ibn(4, 72, 1, true),
    ibn(8, 72, 1, false),    ibn(8, 72, 1, true),     ibn(8, 72, 1, true),  ibn(8, 72, 1, true),    ibn(8, 104, 2, false, 5),
    ibn(4, 104, 1, true, 5), ibn(4, 104, 1, true, 5), ibn(4, 104, 1, true), ibn(8, 144, 1, false)};
inline constexpr mobiledet_block mobiledet_edgetpu_blocks[] = {
    tucked(25, 75, 16, false), fused_ibn(8, 16, 2, false),    fused_ibn(4, 16, 1, true), fused_ibn(8, 16, 1, true),
    fused_ibn(4, 16, 1, true), fused_ibn(8, 40, 2, false, 5), fused_ibn(4, 40, 1, true), fused_ibn(4, 40, 1, true),
    fused_ibn(4, 40, 1, true), ibn(8, 72, 2, false),          ibn(8, 72, 1, true),       fused_ibn(4, 72, 1, true),
    fused_ibn(4, 72, 1, true), ibn(8, 96, 1, false, 5),       ibn(8, 96, 1, true, 5),    ibn(8, 96, 1, true),
    ibn(8, 96, 1, true),       ibn(8, 120, 2, false, 5),      ibn(8, 120, 1, true),      ibn(4, 120, 1, true, 5),
    ibn(8, 120, 1, true),      ibn(8, 384, 1, false, 5)};
inline constexpr mobiledet_block mobiledet_dsp_blocks[] = {
    ibn(1, 24, 1, false),      fused_ibn(4, 32, 2, false),  fused_ibn(4, 32, 1, true), ibn(4, 32, 1, true),
    tucked(25, 75, 32, true),  fused_ibn(8, 64, 2, false),  ibn(4, 64, 1, true),       fused_ibn(4, 64, 1, true),
    fused_ibn(4, 64, 1, true), fused_ibn(8, 120, 2, false), ibn(4, 120, 1, true),      ibn(8, 120, 1, true),
    ibn(8, 120, 1, true),      fused_ibn(8, 144, 1, false), ibn(8, 144, 1, true),      ibn(8, 144, 1, true),
    ibn(8, 144, 1, true),      ibn(4, 160, 2, false),       ibn(4, 160, 1, true),      fused_ibn(4, 160, 1, true),
    tucked(75, 75, 160, true), ibn(8, 240, 1, false)};
inline constexpr mobiledet_block mobiledet_gpu_blocks[] = {
    tucked(25, 25, 16, false),  fused_ibn(8, 32, 2, false),  tucked(25, 25, 32, true),   tucked(25, 25, 32, true),
    tucked(25, 25, 32, true),   fused_ibn(8, 64, 2, false),  fused_ibn(8, 64, 1, true),  fused_ibn(8, 64, 1, true),
    fused_ibn(4, 64, 1, true),  fused_ibn(8, 128, 2, false), fused_ibn(4, 128, 1, true), fused_ibn(4, 128, 1, true),
    fused_ibn(4, 128, 1, true), fused_ibn(8, 128, 1, false), fused_ibn(8, 128, 1, true), fused_ibn(8, 128, 1, true),
    fused_ibn(8, 128, 1, true), fused_ibn(4, 128, 2, false), fused_ibn(4, 128, 1, true), fused_ibn(4, 128, 1, true),
    fused_ibn(4, 128, 1, true), ibn(8, 384, 1, false)};
}  // namespace detail

/// What a backbone was searched for.
enum class mobiledet_target : std::uint8_t { pixel_cpu, edgetpu, dsp, gpu };

/// Spec of MobileDets, 1.3: ends with the map that the detector's heads call C5, without an activation. On the CPU every block has
/// squeeze-excite and hard-swish, elsewhere none and ReLU6. `pad` is SAME in the published networks.
struct mobiledet_spec {
  mobiledet_target target = mobiledet_target::pixel_cpu;
  padding pad = padding::same;
  friend constexpr bool operator==(const mobiledet_spec&, const mobiledet_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    return maps(list, from)[1];
  }
  /// C4, the end of block 5, and C5.
  template <class List>
  constexpr std::array<value_id, 2> maps(layer_builder<List> list, value_id from) const {
    constexpr batch_norm_rule norm{.epsilon_millionths = 10'000, .keep_percent = 99};
    const bool gated = target == mobiledet_target::pixel_cpu;
    const activation act = gated ? activation::hard_swish : activation::relu6;
    const squeeze_excite se{.percent = gated ? 25 : 0, .inner = act};
    value_id value = conv{.out = gated ? 16 : 32, .stride = 2, .act = act, .norm = norm, .pad = pad}.lower(list, from);
    value_id c4 = no_value;
    for (const detail::mobiledet_block& block : blocks()) {
      if (block.stride == 2) c4 = value;
      const residual_rule residual = block.residual ? residual_rule::when_shapes_agree : residual_rule::never;
      switch (block.type) {
        case detail::mobiledet_block::kind::ibn:
          value = mbconv{.out = block.out,
                         .stride = block.stride,
                         .kernel = block.second,
                         .expand = block.first,
                         .act = act,
                         .se = se,
                         .residual = residual,
                         .pad = pad,
                         .norm = norm}
                      .lower(list, value);
          break;
        case detail::mobiledet_block::kind::fused:
          value = fused_mbconv{.out = block.out,
                               .stride = block.stride,
                               .kernel = block.second,
                               .expand = block.first,
                               .act = act,
                               .se = se,
                               .residual = residual,
                               .pad = pad,
                               .norm = norm}
                      .lower(list, value);
          break;
        case detail::mobiledet_block::kind::tucker:
          value = tucker{.out = block.out,
                         .in_percent = block.first,
                         .out_percent = block.second,
                         .act = act,
                         .residual = residual,
                         .pad = pad,
                         .norm = norm}
                      .lower(list, value);
          break;
      }
    }
    return {c4, value};
  }
  std::string text() const {
    constexpr const char* names[] = {"cpu", "edgetpu", "dsp", "gpu"};
    return std::string("mobiledet_") + names[static_cast<int>(target)];
  }

 private:
  constexpr std::span<const detail::mobiledet_block> blocks() const {
    switch (target) {
      case mobiledet_target::pixel_cpu:
        return detail::mobiledet_cpu_blocks;
      case mobiledet_target::edgetpu:
        return detail::mobiledet_edgetpu_blocks;
      case mobiledet_target::dsp:
        return detail::mobiledet_dsp_blocks;
      default:
        return detail::mobiledet_gpu_blocks;
    }
  }
};

/// The detectors: six maps, a background column before `classes` (90 are the numbers of COCO's classes, with holes), 2034 anchors at
/// 320 x 320.
struct ssdlite_mobiledet_spec {
  mobiledet_target target = mobiledet_target::pixel_cpu;
  int classes = 90;
  friend constexpr bool operator==(const ssdlite_mobiledet_spec&, const ssdlite_mobiledet_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    return ssdlite_head{.columns = classes + 1}.lower(list, mobiledet_spec{.target = target}.maps(list, from));
  }
  std::string text() const { return "ssdlite_" + mobiledet_spec{.target = target}.text(); }
};

}  // namespace hasse
