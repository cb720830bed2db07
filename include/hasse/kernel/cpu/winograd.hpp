// Dense 3x3 convolution with stride 1 by Winograd's minimal filtering: 2.25, 4 or 5.06 times fewer multiplications than direct.
// Used by kernel/cpu.hpp; the vector code is kernel/cpu/simd/winograd.inl and winograd_gradients.inl.
//
// The output is cut into tiles of 2x2, 4x4 or 6x6 pixels. The input under a tile (2 more each way) is brought to as many points by
// additions; at each of the 16, 36 or 64 points the tiles are a matrix, tiles x channels, that is multiplied by the transformed
// filters; additions bring the products back to pixels. A block of tiles stays in the second cache between the three.
//
// The additions cost accuracy; see winograd_error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

/// The error to expect: the norm of the difference from exact results relative to theirs. Measured with random normal values and
/// 512 input channels; it grows with the square root of the channels (of the pixels, for the weights' gradient: 2e-6). Direct sums
/// have 1e-6. The worst single value is about 20 times as far off, relative to the root of the mean square.
constexpr double winograd_error(int tile) { return tile == 2 ? 1e-6 : tile == 4 ? 5e-6 : 1e-5; }

/// Vectors of output channels that are multiplied at once.
inline constexpr int winograd_panel = 2;
/// Input channels of the weights' gradient that are summed at once.
inline constexpr int winograd_rows = 32;

/// What the vector code needs to know of a convolution, and how its scratch memory is laid out.
struct winograd_plan {
  feature_shape in, out;
  int batch, pad_top, pad_left;
  activation act;
  int tile;  ///< output pixels per side of a tile
  int tiles_y, tiles_x;
  std::ptrdiff_t block;           ///< tiles whose input is transformed together
  std::ptrdiff_t row_stride;      ///< floats between two transformed tiles
  std::ptrdiff_t group_stride;    ///< floats between 16 channels and the next 16 of a transformed tile
  std::ptrdiff_t point_stride;    ///< floats between two points of one transformed tile
  std::ptrdiff_t product_stride;  ///< floats between two points of a tile's products

  int points() const { return (tile + 2) * (tile + 2); }
  std::ptrdiff_t tiles() const { return std::ptrdiff_t{batch} * tiles_y * tiles_x; }
};

/// An odd number of cache lines that holds `floats`: equal places of many rows then do not fight for one set of the first cache.
constexpr std::ptrdiff_t odd_lines(std::ptrdiff_t floats) { return ((floats + 15) / 16 | 1) * 16; }

}  // namespace hasse::detail

#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/winograd.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>
#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/winograd_gradients.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace hasse::detail {

HASSE_SIMD_FUNCTION(winograd_pack,
                    (simd_level level, const winograd_plan& plan, const float* weights, std::ptrdiff_t input_step,
                     std::ptrdiff_t output_step, bool rotated, int first, int last, float* packed),
                    winograd::pack(plan, weights, input_step, output_step, rotated, first, last, packed))
HASSE_SIMD_FUNCTION(winograd_transform,
                    (simd_level level, const winograd_plan& plan, const float* src, std::ptrdiff_t origin, std::ptrdiff_t first,
                     std::ptrdiff_t last, float* transformed),
                    winograd::transform(plan, src, origin, first, last, transformed))
HASSE_SIMD_FUNCTION(winograd_finish,
                    (simd_level level, const winograd_plan& plan, const float* transformed, const float* packed, const float* bias,
                     const float* other, float* dst, std::ptrdiff_t start, std::ptrdiff_t count, int first_panel, int last_panel,
                     float* products),
                    winograd::finish(plan, transformed, packed, bias, other, dst, start, count, first_panel, last_panel, products))
HASSE_SIMD_FUNCTION(winograd_transform_gradient,
                    (simd_level level, const winograd_plan& plan, const float* d_dst, std::ptrdiff_t origin, std::ptrdiff_t first,
                     std::ptrdiff_t last, float* transformed),
                    winograd::transform_gradient(plan, d_dst, origin, first, last, transformed))
HASSE_SIMD_FUNCTION(winograd_multiply_gradient,
                    (simd_level level, const winograd_plan& from_plan, const winograd_plan& gradient_plan, const float* from,
                     const float* gradient, int group, int panel, std::ptrdiff_t tiles, bool accumulate, float* sums),
                    winograd::multiply_gradient(from_plan, gradient_plan, from, gradient, group, panel, tiles, accumulate, sums))
HASSE_SIMD_FUNCTION(winograd_finish_gradient,
                    (simd_level level, const winograd_plan& plan, float* sums, int copies, std::ptrdiff_t copy_stride, int group,
                     int panel, float* d_weights),
                    winograd::finish_gradient(plan, sums, copies, copy_stride, group, panel, d_weights))
HASSE_SIMD_FUNCTION(winograd_bias_gradient,
                    (simd_level level, const winograd_plan& plan, const float* d_dst, std::ptrdiff_t first, std::ptrdiff_t last,
                     float* d_bias),
                    winograd::bias_gradient(plan, d_dst, first, last, d_bias))

/// Which pass over a layer a Winograd convolution computes.
enum class winograd_pass : std::uint8_t { forward, backward_data };

/// Planned for one layer, batch and number of threads; results are the same for any number of threads.
/// run() calls may not overlap when they share scratch memory.
class winograd_convolution {
 public:
  /// `tile` is 2, 4 or 6 output pixels per side, or 0: chosen by the shape. Backward data ignores the layer's activation.
  winograd_convolution(const layer& item, int batch, int threads, simd_level level, int tile = 0,
                       winograd_pass pass = winograd_pass::forward)
      : threads_(threads), level_(level), pass_(pass) {
    if (const std::string why = refuses(item); !why.empty())
      throw error("cpu: " + describe(item) + " has no Winograd kernel: " + why + "; use another kernel for it");
    if (tile != 0 && tile != 2 && tile != 4 && tile != 6)
      throw error("cpu: a Winograd tile of " + std::to_string(tile) +
                  " pixels was asked for; it must be 2, 4 or 6, or 0 for a choice");
    const bool forward = pass == winograd_pass::forward;
    plan_.in = forward ? item.in : item.out, plan_.out = forward ? item.out : item.in;
    plan_.batch = batch;
    plan_.pad_top = forward ? item.pad_top : 2 - item.pad_top, plan_.pad_left = forward ? item.pad_left : 2 - item.pad_left;
    plan_.act = forward ? item.act : activation::none;
    plan_.tile = tile ? tile : best_tile(plan_.in, plan_.out, batch);
    plan_.tiles_y = (plan_.out.h + plan_.tile - 1) / plan_.tile, plan_.tiles_x = (plan_.out.w + plan_.tile - 1) / plan_.tile;
    plan_blocks();
  }

  /// Why a layer cannot be had, as a sentence fragment; "" when it can.
  static std::string refuses(const layer& item) {
    if (item.kind != layer_kind::convolution) return "it is not a convolution";
    if (item.groups != 1) return "it has groups";
    if (item.kernel != 3 || item.stride != 1) return "it is not 3x3 with stride 1";
    const auto [least, most] = std::minmax({item.pad_top, item.pad_left, item.pad_bottom(), item.pad_right()});
    if (least < 0 || most > 2) return "its padding is not 0 to 2";
    return "";
  }

  /// Whether it is likely to beat a direct convolution: not with few input channels, nor when fetching the filters is all there is
  /// to do (a pixel or two, batch 1). Measure where it matters.
  static bool pays(const layer& item, int batch) {
    const double filters = 9.0 * item.in.c * item.out.c,
                 direct = product_cycles(1.0 * batch * item.out.h * item.out.w * filters, filters);
    return refuses(item).empty() && cycles(item.in, item.out, batch, best_tile(item.in, item.out, batch)) < direct;
  }

  int tile() const { return plan_.tile; }

  /// Memory for transformed filters. It must start at a multiple of 64 bytes.
  std::size_t packed_floats() const {
    return static_cast<std::size_t>(plan_.points()) * static_cast<std::size_t>(plan_.in.c) *
           static_cast<std::size_t>(vectors() * lanes_of(level_));
  }
  /// Transforms the filters of the layer, OIHW; for backward data it also turns them around.
  void pack(const float* weights, float* packed) const {
    const bool forward = pass_ == winograd_pass::forward;
    const std::ptrdiff_t input_step = forward ? 9 : std::ptrdiff_t{plan_.out.c} * 9;
    const std::ptrdiff_t output_step = forward ? std::ptrdiff_t{plan_.in.c} * 9 : 9;
    parallel_pieces(threads_, panels(), [=, this](std::ptrdiff_t first, std::ptrdiff_t last) {
      winograd_pack(level_, plan_, weights, input_step, output_step, !forward, static_cast<int>(first), static_cast<int>(last),
                    packed);
    });
  }

  /// Memory that run() works in; it must start at a multiple of 64 bytes.
  std::size_t scratch_bytes() const {
    const std::ptrdiff_t transformed = transformed_floats() * (shared_ ? 1 : threads_), products = product_floats() * threads_;
    return static_cast<std::size_t>(transformed + products) * sizeof(float);
  }

  /// dst = act(src * weights + bias + other). bias and other may be null; other may be dst: so backward data adds to a gradient.
  void run(const float* src, const float* packed, const float* bias, const float* other, float* dst, float* scratch) const {
    if (shared_) return run_shared(src, packed, bias, other, dst, scratch);
    parallel_pieces(threads_, threads_, [&](std::ptrdiff_t first_thread, std::ptrdiff_t last_thread) {
      for (std::ptrdiff_t thread = first_thread; thread < last_thread; ++thread) {
        float* const transformed = scratch + thread * (transformed_floats() + product_floats());
        const std::ptrdiff_t first = plan_.tiles() * thread / threads_, count = plan_.tiles() * (thread + 1) / threads_ - first;
        const std::ptrdiff_t blocks = (count + plan_.block - 1) / plan_.block;
        for (std::ptrdiff_t block = 0; block < blocks; ++block) {
          const std::ptrdiff_t start = first + count * block / blocks, end = first + count * (block + 1) / blocks;
          transform(src, start, start * input_vectors(), end * input_vectors(), transformed);
          finish(transformed, packed, bias, other, dst, start, end, 0, panels(), transformed + transformed_floats());
        }
      }
    });
  }

 private:
  std::ptrdiff_t vectors() const { return (plan_.out.c + lanes_of(level_) - 1) / lanes_of(level_); }
  std::ptrdiff_t input_vectors() const { return (plan_.in.c + lanes_of(level_) - 1) / lanes_of(level_); }
  int panels() const { return static_cast<int>((vectors() + winograd_panel - 1) / winograd_panel); }
  std::ptrdiff_t transformed_floats() const { return plan_.point_stride * plan_.points(); }
  std::ptrdiff_t product_floats() const { return plan_.product_stride * plan_.points(); }

  /// Cycles of one core by a rough model: multiplications at the roof or the fetching of the filters, whichever takes longer.
  static double product_cycles(double products, double filters) {
    return std::max(products / 16, 4 * filters / (filters < 2e6 ? 16 : 8));
  }
  /// The same with the transforms added. The largest tile must gain 15 %, for it is the least accurate.
  static double cycles(feature_shape in, feature_shape out, int batch, int tile) {
    const double points = (tile + 2) * (tile + 2), matrix = points * in.c * out.c;
    const double tiles = 1.0 * batch * ((out.h + tile - 1) / tile) * ((out.w + tile - 1) / tile);
    const double transform = tiles * points * 8 * ((in.c + 15) / 16 + (out.c + 15) / 16);
    return (product_cycles(tiles * matrix, matrix) + transform) * (tile == 6 ? 1.15 : 1);
  }
  static int best_tile(feature_shape in, feature_shape out, int batch) {
    int best = 2;
    for (int tile : {4, 6})
      if (cycles(in, out, batch, tile) < cycles(in, out, batch, best)) best = tile;
    return best;
  }

  /// A thread has blocks of tiles of its own when there are enough. Few tiles are transformed by all threads, which then share the
  /// output channels, so that each filter is read once: small images, and small batches of small images with filters that
  /// outgrow the caches.
  void plan_blocks() {
    const std::ptrdiff_t channels = (plan_.in.c + 15) / 16 * 16, tile_floats = plan_.points() * channels;
    const bool large_filters = tile_floats * plan_.out.c > 4 << 20;
    plan_.row_stride = odd_lines(channels), plan_.group_stride = 16;
    constexpr std::ptrdiff_t cache_floats = 65536;
    const std::ptrdiff_t fitting = large_filters ? 64 : std::clamp<std::ptrdiff_t>(cache_floats / tile_floats / 14 * 14, 14, 56);
    shared_ = threads_ > 1 && plan_.tiles() < (large_filters ? 64 : 12) * threads_;
    plan_.block = shared_ ? plan_.tiles() : std::min(plan_.tiles(), fitting);
    plan_.point_stride = odd_lines((plan_.block + 1) * plan_.row_stride);
    plan_.product_stride = odd_lines((plan_.block + 1) * winograd_panel * lanes_of(level_));
  }

  void run_shared(const float* src, const float* packed, const float* bias, const float* other, float* dst, float* scratch) const {
    parallel_pieces(threads_, plan_.tiles() * input_vectors(),
                    [&](std::ptrdiff_t first, std::ptrdiff_t last) { transform(src, 0, first, last, scratch); });
    parallel_pieces(threads_, threads_, [&](std::ptrdiff_t first_thread, std::ptrdiff_t last_thread) {
      for (std::ptrdiff_t thread = first_thread; thread < last_thread; ++thread)
        finish(scratch, packed, bias, other, dst, 0, plan_.tiles(), static_cast<int>(panels() * thread / threads_),
               static_cast<int>(panels() * (thread + 1) / threads_), scratch + transformed_floats() + thread * product_floats());
    });
  }

  void transform(const float* src, std::ptrdiff_t origin, std::ptrdiff_t first, std::ptrdiff_t last, float* transformed) const {
    winograd_transform(level_, plan_, src, origin, first, last, transformed);
  }
  void finish(const float* transformed, const float* packed, const float* bias, const float* other, float* dst,
              std::ptrdiff_t start, std::ptrdiff_t end, int first_panel, int last_panel, float* products) const {
    winograd_finish(level_, plan_, transformed, packed, bias, other, dst, start, end - start, first_panel, last_panel, products);
  }

  winograd_plan plan_{};
  int threads_;
  simd_level level_;
  winograd_pass pass_;
  bool shared_ = false;
};

/// The gradient of the weights of such a layer, in tiles of 4x4 pixels. Results are the same for equal numbers of threads.
class winograd_weights_gradient {
 public:
  winograd_weights_gradient(const layer& item, int batch, int threads, simd_level level) : threads_(threads), level_(level) {
    if (const std::string why = winograd_convolution::refuses(item); !why.empty())
      throw error("cpu: " + describe(item) + " has no Winograd kernel: " + why + "; use another kernel for it");
    source_.in = item.in, source_.out = item.out, source_.batch = batch, source_.tile = 4;
    source_.pad_top = item.pad_top, source_.pad_left = item.pad_left;
    source_.tiles_y = (item.out.h + 3) / 4, source_.tiles_x = (item.out.w + 3) / 4;
    panels_ = (item.out.c + panel_channels() - 1) / panel_channels(), groups_ = (item.in.c + winograd_rows - 1) / winograd_rows;
    apart_ = threads > 1 && items() < 4 * threads;
    const std::ptrdiff_t tiles = apart_ ? (source_.tiles() + threads - 1) / threads : source_.tiles();
    const std::ptrdiff_t most = most_tiles(item.in.c + item.out.c);
    blocks_ = (tiles + most - 1) / most;
    source_.block = (tiles + blocks_ - 1) / blocks_;
    source_.row_stride = 16;
    source_.group_stride = odd_lines(source_.block * 16);
    gradient_ = source_;
    source_.point_stride = odd_lines((item.in.c + 15) / 16 * source_.group_stride);
    gradient_.point_stride = odd_lines((item.out.c + 15) / 16 * source_.group_stride);
  }

  /// Memory that run() works in; it must start at a multiple of 64 bytes.
  std::size_t scratch_bytes() const {
    const std::ptrdiff_t floats =
        apart_ ? threads_ * thread_floats() : transformed_floats() + (blocks_ > 1 ? items() : threads_) * item_floats();
    return static_cast<std::size_t>(floats) * sizeof(float);
  }

  /// Writes the gradients of the weights, OIHW, and of the bias, unless d_bias is null.
  void run(const float* src, const float* d_dst, float* d_weights, float* d_bias, float* scratch) const {
    apart_ ? run_apart(src, d_dst, d_weights, scratch) : run_together(src, d_dst, d_weights, scratch);
    if (!d_bias) return;
    parallel_pieces(
        threads_, (source_.out.c + lanes_of(level_) - 1) / lanes_of(level_),
        [&](std::ptrdiff_t first, std::ptrdiff_t last) { winograd_bias_gradient(level_, source_, d_dst, first, last, d_bias); });
  }

 private:
  int panel_channels() const { return winograd_panel * lanes_of(level_); }
  std::ptrdiff_t items() const { return std::ptrdiff_t{panels_} * groups_; }
  std::ptrdiff_t item_floats() const { return 36 * winograd_rows * std::ptrdiff_t{panel_channels()}; }
  std::ptrdiff_t transformed_floats() const { return 36 * (source_.point_stride + gradient_.point_stride); }
  std::ptrdiff_t thread_floats() const { return transformed_floats() + items() * item_floats(); }

  /// Tiles in a block: half of the second cache holds them transformed, or, with many channels, enough to make it worth while to
  /// fetch the sums.
  static std::ptrdiff_t most_tiles(std::ptrdiff_t channels) {
    constexpr std::ptrdiff_t cache_floats = 131072;
    const std::ptrdiff_t fitting = cache_floats / (36 * channels);
    return fitting < 28 ? 64 : fitting;
  }

  /// All threads transform a block of tiles, then share the matrix of channels.
  void run_together(const float* src, const float* d_dst, float* d_weights, float* scratch) const {
    float* const sums = scratch + transformed_floats();
    for (std::ptrdiff_t block = 0; block < blocks_; ++block) {
      const std::ptrdiff_t start = source_.tiles() * block / blocks_, end = source_.tiles() * (block + 1) / blocks_;
      parallel_pieces(threads_, end - start, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        transform(src, d_dst, start, start + first, start + last, scratch);
      });
      parallel_pieces(threads_, threads_, [&](std::ptrdiff_t first_thread, std::ptrdiff_t last_thread) {
        for (std::ptrdiff_t thread = first_thread; thread < last_thread; ++thread)
          for (std::ptrdiff_t item = items() * thread / threads_; item < items() * (thread + 1) / threads_; ++item) {
            float* const to = sums + (blocks_ > 1 ? item : thread) * item_floats();
            multiply(scratch, item, end - start, block > 0, to);
            if (block + 1 == blocks_) finish(to, 1, item, d_weights);
          }
      });
    }
  }

  /// Few channels: each thread has tiles and sums of its own.
  void run_apart(const float* src, const float* d_dst, float* d_weights, float* scratch) const {
    parallel_pieces(threads_, threads_, [&](std::ptrdiff_t first_thread, std::ptrdiff_t last_thread) {
      for (std::ptrdiff_t thread = first_thread; thread < last_thread; ++thread) {
        float *const transformed = scratch + thread * thread_floats(), *const sums = transformed + transformed_floats();
        const std::ptrdiff_t first = source_.tiles() * thread / threads_, count = source_.tiles() * (thread + 1) / threads_ - first;
        for (std::ptrdiff_t block = 0; block < blocks_; ++block) {
          const std::ptrdiff_t start = first + count * block / blocks_, end = first + count * (block + 1) / blocks_;
          transform(src, d_dst, start, start, end, transformed);
          for (std::ptrdiff_t item = 0; item < items(); ++item)
            multiply(transformed, item, end - start, block > 0, sums + item * item_floats());
        }
      }
    });
    parallel_pieces(threads_, items(), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t item = first; item < last; ++item)
        finish(scratch + transformed_floats() + item * item_floats(), threads_, item, d_weights);
    });
  }

  void transform(const float* src, const float* d_dst, std::ptrdiff_t origin, std::ptrdiff_t first, std::ptrdiff_t last,
                 float* transformed) const {
    const std::ptrdiff_t vectors = (source_.in.c + lanes_of(level_) - 1) / lanes_of(level_);
    winograd_transform(level_, source_, src, origin, first * vectors, last * vectors, transformed);
    winograd_transform_gradient(level_, gradient_, d_dst, origin, first, last, transformed + 36 * source_.point_stride);
  }
  void multiply(const float* transformed, std::ptrdiff_t item, std::ptrdiff_t tiles, bool accumulate, float* sums) const {
    winograd_multiply_gradient(level_, source_, gradient_, transformed, transformed + 36 * source_.point_stride,
                               static_cast<int>(item % groups_), static_cast<int>(item / groups_), tiles, accumulate, sums);
  }
  void finish(float* sums, int copies, std::ptrdiff_t item, float* d_weights) const {
    winograd_finish_gradient(level_, source_, sums, copies, thread_floats(), static_cast<int>(item % groups_),
                             static_cast<int>(item / groups_), d_weights);
  }

  winograd_plan source_{}, gradient_{};  ///< two layouts of the same tiles
  int threads_;
  simd_level level_;
  int panels_ = 0, groups_ = 0;  ///< of output and input channels
  bool apart_ = false;
  std::ptrdiff_t blocks_ = 1;
};

}  // namespace hasse::detail
