// Batch norm with residual and activation in one layer: two passes over memory forward (one when the producer hands over its sums),
// two backward. Used by kernel/cpu.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>

#include <hasse/core/error.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>

namespace hasse::detail {

/// How the gradient finds its way back through the activation.
enum class norm_form : std::uint8_t {
  straight,    ///< no activation
  bounded,     ///< limits (ReLU, ReLU6) on a value that is computed again from src
  kept_signs,  ///< limits, with a residual: one bit per element from forward, instead of reading the residual or dst twice
  curved       ///< any other: from the value before the activation
};

/// What a pass works on: the lines first .. last - 1, then `rest` elements of one more line. Tensors are of `Scalar`, arithmetic is
/// in float.
template <class Scalar>
struct norm_lines {
  const Scalar *src = nullptr, *other = nullptr, *d_dst = nullptr;
  Scalar *dst = nullptr, *d_src = nullptr, *d_other = nullptr;
  void* signs = nullptr;                             ///< kept_signs: `vectors` words per line
  const float *centre = nullptr, *factor = nullptr;  ///< this and all that follow: per channel, repeated over a line
  const float *offset = nullptr, *slope = nullptr, *slope_offset = nullptr;
  float *sum = nullptr, *product = nullptr;
  std::ptrdiff_t first = 0, last = 0, rest = 0, length = 0, vectors = 0;
  float low = 0, high = 0;  ///< of the activation, when it is limits
  float passed_by = 0;      ///< 1 when the residual is the source itself: both gradients in one
  activation act = activation::none;
  bool accumulate_d_src = false, accumulate_d_other = false;
  bool together = false;    ///< sums: several lines at a time
  bool past_cache = false;  ///< dst: the next reader will not find it in the cache anyway
};

/// One number per channel each; gradients may be null.
struct norm_parameters {
  const float *scale, *shift;
  float *running_mean, *running_variance, *d_scale, *d_shift;
};

/// What forward leaves for backward, per channel: mean, 1 / deviation, and the two numbers with which
/// dst = act(src * factor + offset + other).
struct norm_saved {
  float *mean, *inverse, *factor, *offset;
};

/// Per-channel sums of a tensor, part by part: how many rows (pixels) a part has, a value near the mean of these rows, and the sums
/// of the differences from it and of their squares. Each part may have a shift of its own, its first row for example: with one
/// within a few deviations of the mean, float sums of up to some ten thousand rows give the variance to about 1e-6. The number of
/// parts is that of the work, never of the threads, so that the bits are the same for any thread count.
class channel_sums {
 public:
  channel_sums(int parts, int channels, std::byte* memory) : parts_(parts), stride_(stride_of(channels)), memory_(memory) {}
  static std::size_t bytes(int parts, int channels) { return static_cast<std::size_t>(parts * (line + 3 * stride_of(channels))); }

  int parts() const { return parts_; }
  std::int64_t& rows(int part) const { return *reinterpret_cast<std::int64_t*>(begin(part)); }
  float* shift(int part) const { return reinterpret_cast<float*>(begin(part) + line); }
  float* sum(int part) const { return reinterpret_cast<float*>(begin(part) + line + stride_); }
  float* square(int part) const { return reinterpret_cast<float*>(begin(part) + line + 2 * stride_); }

 private:
  static constexpr std::ptrdiff_t line = 64;
  static std::ptrdiff_t stride_of(int channels) { return (channels * std::ptrdiff_t{sizeof(float)} + line - 1) / line * line; }
  std::byte* begin(int part) const { return memory_ + part * (line + 3 * stride_); }

  int parts_;
  std::ptrdiff_t stride_;
  std::byte* memory_;
};

}  // namespace hasse::detail

#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/batch_norm.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace hasse::detail {

HASSE_SIMD_FUNCTION(norm_statistics, (simd_level level, const norm_lines<float>& at), norm_statistics(at))
HASSE_SIMD_FUNCTION(norm_statistics, (simd_level level, const norm_lines<bfloat16>& at), norm_statistics(at))
HASSE_SIMD_FUNCTION(normalise, (simd_level level, norm_form form, const norm_lines<float>& at), normalise(form, at))
HASSE_SIMD_FUNCTION(normalise, (simd_level level, norm_form form, const norm_lines<bfloat16>& at), normalise(form, at))
HASSE_SIMD_FUNCTION(norm_backward, (simd_level level, norm_form form, bool sums, const norm_lines<float>& at),
                    norm_backward(form, sums, at))
HASSE_SIMD_FUNCTION(norm_backward, (simd_level level, norm_form form, bool sums, const norm_lines<bfloat16>& at),
                    norm_backward(form, sums, at))
HASSE_SIMD_FUNCTION(add_totals,
                    (simd_level level, const float* sums, const float* products, std::ptrdiff_t length, std::ptrdiff_t channels,
                     double* totals),
                    add_totals(sums, products, length, channels, totals))
HASSE_SIMD_FUNCTION(add_doubles, (simd_level level, std::ptrdiff_t count, const double* from, double* to),
                    add_doubles(count, from, to))
HASSE_SIMD_FUNCTION(join_sums, (simd_level level, const channel_sums& sums, std::ptrdiff_t channels, double* moments),
                    join_sums(sums, channels, moments))
HASSE_SIMD_FUNCTION(finish_forward,
                    (simd_level level, double rows, batch_norm_rule rule, std::ptrdiff_t channels, const double* moments,
                     const norm_parameters& at, const norm_saved& saved),
                    finish_forward(rows, rule, channels, moments, at, saved))
HASSE_SIMD_FUNCTION(finish_sums,
                    (simd_level level, double rows, std::ptrdiff_t channels, const double* totals, const norm_parameters& at,
                     const norm_saved& saved, float* slope, float* slope_offset),
                    finish_sums(rows, channels, totals, at, saved, slope, slope_offset))

/// dst = act(norm(src) * scale + shift + other) and its gradients; the formulas stand in kernel/reference.hpp. It is made for the
/// layer as it is used: `item.other` says whether there is a residual. The sums are the same for any number of threads.
class batch_norm_kernel {
 public:
  batch_norm_kernel(const layer& item, int batch, int threads, simd_level level = best_simd_level())
      : item_(item), threads_(threads), level_(level), channels_(item.in.c), rows_(batch * item.in.pixels()) {
    // Pixels to a line: whole vectors where that takes few, and as many of them as a short line has room for.
    const std::ptrdiff_t lanes = lanes_of(level), even = lanes / std::gcd(lanes, channels_);
    group_ = even * channels_ <= 2048 ? even : 1;
    while (group_ * channels_ <= short_line / 2) group_ *= 2;
    group_ = std::min(group_, rows_);
    length_ = group_ * channels_;
    lines_ = rows_ / group_;
    slabs_ = static_cast<int>(std::clamp<std::ptrdiff_t>(rows_ * channels_ / 32768, 1, std::min<std::ptrdiff_t>(lines_, 32)));
    if (rows_ * channels_ < 16384) threads_ = 1;  // not worth waking threads
    if (has_limits()) {
      const bool bounded = item.act != activation::none;
      low_ = bounded ? 0.0f : -std::numeric_limits<float>::infinity();
      high_ = item.act == activation::relu6 ? 6.0f : std::numeric_limits<float>::infinity();
    }
  }

  static std::string refuses(const layer& item) {
    return item.kind == layer_kind::batch_norm ? problem_of(item) : "is no batch norm";
  }

  std::size_t saved_bytes() const {
    const std::ptrdiff_t signs = form() == norm_form::kept_signs ? (lines_ + 1) * vectors() * sign_bytes() : 0;
    return static_cast<std::size_t>(4 * channels_ * std::ptrdiff_t{sizeof(float)} + signs);
  }
  std::size_t scratch_bytes() const {
    return channel_sums::bytes(slabs_, item_.in.c) + static_cast<std::size_t>(repeated * padded()) * sizeof(float) +
           static_cast<std::size_t>(slabs_) * part_bytes();
  }

  template <class Scalar>
  void forward(const training_operands<Scalar>& at, std::byte* scratch) const {
    const scratch_parts parts(*this, scratch);
    const channel_sums sums(slabs_, item_.in.c, scratch);
    for_each_slab(true, lines<Scalar>(),
                  [&](int slab, const norm_lines<Scalar>& piece) { sum_lines(at.src, piece, sums, slab, parts.of(slab)); });
    finish(at, sums, scratch);
    apply(false, at, scratch);
  }

  /// The same when the producer of src made the sums on the way: one pass less.
  template <class Scalar>
  void forward_with_sums(const training_operands<Scalar>& at, const channel_sums& sums, std::byte* scratch) const {
    finish(at, sums, scratch);
    apply(true, at, scratch);
  }

  /// For such a producer: the sums of the rows first .. last - 1 of src, which are still in its cache, make one part. Every thread
  /// brings `part_bytes()` of scratch memory.
  template <class Scalar>
  void sum_rows(const Scalar* src, std::ptrdiff_t first, std::ptrdiff_t last, const channel_sums& sums, int part,
                std::byte* scratch) const {
    norm_lines<Scalar> piece = lines<Scalar>();
    piece.together = true;
    piece.last = (last - first) / group_;
    piece.rest = (last - first) % group_ * channels_;
    sum_lines(src + first * channels_, piece, sums, part, scratch);
  }
  std::size_t part_bytes() const {
    const std::ptrdiff_t bytes = 3 * padded() * std::ptrdiff_t{sizeof(float)} + 2 * channels_ * std::ptrdiff_t{sizeof(double)};
    return static_cast<std::size_t>((bytes + 63) / 64 * 64);
  }

  /// dst once more, from what forward saved: the same bits.
  template <class Scalar>
  void recompute(const training_operands<Scalar>& at, std::byte* scratch) const {
    apply(false, at, scratch);
  }

  /// An inference batch norm that could not be folded into its producer: dst = act(weights * src + bias + other).
  template <class Scalar>
  void scale_and_shift(const inference_operands<Scalar>& at, std::byte* scratch) const {
    norm_lines<Scalar> work = lines<Scalar>();
    work.src = at.src, work.other = at.other, work.dst = at.dst;
    apply(false, work, has_limits() ? norm_form::bounded : norm_form::curved, at.weights, at.bias, scratch);
  }

  template <class Scalar>
  void backward(const training_operands<Scalar>& at, std::byte* scratch) const {
    const scratch_parts parts(*this, scratch);
    const norm_saved from = saved(at.saved);
    norm_lines<Scalar> work = lines<Scalar>();
    work.src = at.src, work.other = at.other, work.d_dst = at.d_dst, work.signs = signs(at.saved);
    work.centre = repeat(from.mean, parts.repeated[0]);
    work.factor = repeat(from.factor, parts.repeated[1]), work.offset = repeat(from.offset, parts.repeated[2]);
    for_each_slab(true, work, [&](int slab, const norm_lines<Scalar>& piece) {
      reduce(piece, parts.of(slab), [&](const norm_lines<Scalar>& chunk) { norm_backward(level_, form(), true, chunk); });
    });
    double* const totals = totals_in(parts.of(0));
    for (int slab = 1; slab < slabs_; ++slab) add_doubles(level_, 2 * channels_, totals_in(parts.of(slab)), totals);
    float *const slope = parts.repeated[3], *const slope_offset = parts.repeated[4];
    finish_sums(level_, static_cast<double>(rows_), channels_, totals, parameters_of(at), from, slope, slope_offset);
    if (!at.d_src && !at.d_other) return;
    work.slope = repeat(slope, slope), work.slope_offset = repeat(slope_offset, slope_offset);
    // A batch norm whose residual is its own source has one gradient for both: the sum, written once.
    const bool joined = at.d_src && at.d_src == at.d_other;
    work.passed_by = joined ? 1.0f : 0.0f;
    work.d_src = at.d_src, work.d_other = joined ? nullptr : at.d_other;
    work.accumulate_d_src = at.accumulate_d_src, work.accumulate_d_other = at.accumulate_d_other;
    for_each_slab(false, work, [&](int, const norm_lines<Scalar>& slab) { norm_backward(level_, form(), false, slab); });
  }

 private:
  static constexpr std::ptrdiff_t repeated = 5;
  static constexpr std::uintptr_t tensor_line = 64;  // bytes
  static constexpr std::ptrdiff_t short_line = 64;   // elements
  static constexpr std::ptrdiff_t cached = std::ptrdiff_t{2}
                                           << 20;  // elements that stay in the last cache from one pass to the next

  /// How one call uses the scratch memory, behind the sums of forward.
  struct scratch_parts {
    float* repeated[batch_norm_kernel::repeated];  ///< per-channel numbers, repeated over a line
    std::byte* slabs;                              ///< part_bytes() for each
    std::size_t stride;
    scratch_parts(const batch_norm_kernel& kernel, std::byte* scratch) : stride(kernel.part_bytes()) {
      slabs = scratch + channel_sums::bytes(kernel.slabs_, kernel.item_.in.c);
      for (float*& part : repeated)
        part = reinterpret_cast<float*>(slabs), slabs += kernel.padded() * std::ptrdiff_t{sizeof(float)};
    }
    std::byte* of(int slab) const { return slabs + static_cast<std::size_t>(slab) * stride; }
  };

  /// In the memory of a part: (sum, product) x channels, then (sum, product, centre) x line.
  static double* totals_in(std::byte* part) { return reinterpret_cast<double*>(part); }
  float* lines_in(std::byte* part) const { return reinterpret_cast<float*>(totals_in(part) + 2 * channels_); }

  bool has_limits() const { return passes_back_from_result(item_.act); }
  norm_form form() const {
    if (!has_limits()) return norm_form::curved;
    if (item_.act == activation::none) return norm_form::straight;
    return item_.other == no_value ? norm_form::bounded : norm_form::kept_signs;
  }
  std::ptrdiff_t vectors() const { return (length_ + lanes_of(level_) - 1) / lanes_of(level_); }
  std::ptrdiff_t sign_bytes() const { return lanes_of(level_) > 8 ? 2 : 1; }
  std::ptrdiff_t padded() const { return (length_ + 15) / 16 * 16; }
  norm_saved saved(std::byte* memory) const {
    float* const mean = reinterpret_cast<float*>(memory);
    return {mean, mean + channels_, mean + 2 * channels_, mean + 3 * channels_};
  }
  void* signs(std::byte* saved) const { return saved + 4 * channels_ * std::ptrdiff_t{sizeof(float)}; }

  template <class Scalar>
  static norm_parameters parameters_of(const training_operands<Scalar>& at) {
    return {at.weights, at.bias, at.running_mean, at.running_variance, at.d_weights, at.d_bias};
  }

  template <class Scalar>
  norm_lines<Scalar> lines() const {
    norm_lines<Scalar> work;
    work.length = length_, work.vectors = vectors(), work.low = low_, work.high = high_, work.act = item_.act;
    work.together = length_ <= short_line || rows_ * channels_ <= cached / 2;
    return work;
  }

  /// The line's tail is filled too, so that whole vectors can be read.
  const float* repeat(const float* values, float* line) const {
    if (values != line) std::copy_n(values, channels_, line);
    for (std::ptrdiff_t i = channels_; i < length_; ++i) line[i] = line[i - channels_];
    std::fill(line + length_, line + padded(), 0.0f);
    return line;
  }

  std::ptrdiff_t slab_line(int slab) const { return lines_ * (slab + 1) / slabs_; }

  /// Calls `body(slab, its lines)`. The number of slabs does not depend on the threads, so neither do sums over them. From a
  /// thread's last slab to its first for the first of two passes: whoever wrote the tensors left their ends in the cache, and the
  /// pass that follows finds their beginnings there.
  template <class Scalar, class Body>
  void for_each_slab(bool backwards, const norm_lines<Scalar>& all, Body&& body) const {
    parallel_pieces(threads_, slabs_, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i) {
        const int slab = static_cast<int>(backwards ? first + last - 1 - i : i);
        norm_lines<Scalar> one = all;
        one.first = slab_line(slab - 1), one.last = slab_line(slab);
        one.rest = slab == slabs_ - 1 ? (rows_ - lines_ * group_) * channels_ : 0;
        body(slab, one);
      }
    });
  }

  template <class Scalar>
  void finish(const training_operands<Scalar>& at, const channel_sums& sums, std::byte* scratch) const {
    double* const moments = totals_in(scratch_parts(*this, scratch).of(0));
    join_sums(level_, sums, channels_, moments);
    finish_forward(level_, static_cast<double>(rows_), item_.norm, channels_, moments, parameters_of(at), saved(at.saved));
  }

  template <class Scalar>
  void apply(bool backwards, const training_operands<Scalar>& at, std::byte* scratch) const {
    norm_lines<Scalar> work = lines<Scalar>();
    work.src = at.src, work.other = at.other, work.dst = at.dst, work.signs = signs(at.saved);
    apply(backwards, work, form(), saved(at.saved).factor, saved(at.saved).offset, scratch);
  }
  template <class Scalar>
  void apply(bool backwards, norm_lines<Scalar> work, norm_form form, const float* factor, const float* offset,
             std::byte* scratch) const {
    const scratch_parts parts(*this, scratch);
    work.factor = repeat(factor, parts.repeated[0]), work.offset = repeat(offset, parts.repeated[1]);
    const bool aligned = length_ % lanes_of(level_) == 0 && reinterpret_cast<std::uintptr_t>(work.dst) % tensor_line == 0;
    work.past_cache = aligned && rows_ * channels_ > cached;
    for_each_slab(backwards, work, [&](int, const norm_lines<Scalar>& slab) { normalise(level_, form, slab); });
  }

  /// Two sums per channel: `add` adds lines to float sums, which are emptied into double ones before they grow long.
  template <class Scalar, class Add>
  void reduce(norm_lines<Scalar> piece, std::byte* part, Add&& add) const {
    constexpr std::ptrdiff_t chunk = 512;
    double* const totals = totals_in(part);
    std::fill_n(totals, 2 * channels_, 0.0);
    piece.sum = lines_in(part), piece.product = piece.sum + padded();
    const std::ptrdiff_t last = piece.last, rest = piece.rest;
    do {
      piece.last = std::min(last, piece.first + chunk);
      piece.rest = piece.last == last ? rest : 0;
      std::fill_n(piece.sum, 2 * padded(), 0.0f);
      add(piece);
      add_totals(level_, piece.sum, piece.product, length_, channels_, totals);
      piece.first = piece.last;
    } while (piece.last < last);
  }

  /// About the mean of a few rows from everywhere.
  template <class Scalar>
  void sum_lines(const Scalar* src, norm_lines<Scalar> piece, const channel_sums& sums, int part, std::byte* scratch) const {
    const std::ptrdiff_t begin = piece.first * group_, rows = (piece.last - piece.first) * group_ + piece.rest / channels_;
    const std::ptrdiff_t few = std::min<std::ptrdiff_t>(rows, 4);
    float *const shift = sums.shift(part), *const centre = lines_in(scratch) + 2 * padded();
    std::fill_n(shift, channels_, 0.0f);
    for (std::ptrdiff_t i = 0; i < few; ++i) {
      const Scalar* const x = src + (begin + rows * i / few) * channels_;
      for (std::ptrdiff_t c = 0; c < channels_; ++c) shift[c] += x[c] / static_cast<float>(few);
    }
    piece.src = src, piece.centre = repeat(shift, centre);
    reduce(piece, scratch, [&](const norm_lines<Scalar>& chunk) { norm_statistics(level_, chunk); });
    sums.rows(part) = rows;
    const double* const totals = totals_in(scratch);
    for (std::ptrdiff_t c = 0; c < channels_; ++c) {
      sums.sum(part)[c] = static_cast<float>(totals[c]);
      sums.square(part)[c] = static_cast<float>(totals[channels_ + c]);
    }
  }

  layer item_;
  int threads_, slabs_ = 1;
  simd_level level_;
  std::ptrdiff_t channels_, rows_, group_ = 1, length_ = 0, lines_ = 0;
  float low_ = 0, high_ = 0;
};

}  // namespace hasse::detail
