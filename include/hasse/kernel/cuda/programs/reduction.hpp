// Sums over pixels, channel by channel, in two launches and always in the same order: blocks sum segments, `combine` adds those up.
// Used by kernel/cuda/programs/layers.hpp for batch norm, pools, gates and the gradients of parameters.
#pragma once

#include <algorithm>
#include <cstddef>

#include <hasse/kernel/cuda/programs/block_program.hpp>
#include <hasse/kernel/cuda/programs/pack.hpp>

namespace hasse::detail::gpu {

/// How sums over `pixels` pixels of `channels` channels are shared out, for each of `slabs` parts of a tensor (its images, or one
/// for all of it). The sums that blocks leave are partial[slab][segment][result][channel].
struct reduction_shape {
  int slabs = 1, segments = 1, pixels = 0, channels = 0;

  std::size_t partial_floats(int results) const {
    return static_cast<std::size_t>(slabs) * static_cast<std::size_t>(segments) * static_cast<std::size_t>(results) *
           static_cast<std::size_t>(channels);
  }
};

/// The first launch. `Source` says what is summed: a type `scalar`, a number `results`, and
/// `add(slab, pixel, channel, part, sums)`, which adds the values of one pack of channels to one sum each.
template <class Source>
struct channel_reduction {
  using scalar = typename Source::scalar;
  static constexpr int results = Source::results, lanes = lanes_of<scalar>, threads = 256, phases = 9;
  struct shared {
    word sums[results][lanes / 4][threads];
  };
  struct local {
    pack<scalar> sums[results];
  };

  Source source;
  reduction_shape shape;
  row_packs<scalar> row;
  int side_by_side, pixels_each;  // packs of a block, a power of two; pixels of a segment
  float* partial = nullptr;

  channel_reduction(const Source& what, int slabs, int pixels, int channels) : source(what), row(channels) {
    side_by_side = 1;
    while (side_by_side < std::min(row.per_row, 32)) side_by_side *= 2;
    const int at_once = threads / side_by_side, channel_blocks = ceil_divide(row.per_row, side_by_side);
    const int useful = ceil_divide(pixels, at_once * 8), most = ceil_divide(1024, channel_blocks * slabs);
    pixels_each = ceil_divide(pixels, std::min(useful, most));
    shape = {slabs, ceil_divide(pixels, pixels_each), pixels, channels};
  }

  grid_extent blocks() const { return {ceil_divide(row.per_row, side_by_side), shape.segments, shape.slabs}; }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    const int own_row = at.thread / side_by_side, rows = threads / side_by_side;
    const int channel = (at.x * side_by_side + at.thread % side_by_side) * lanes;
    const part which = row.at(channel);
    if constexpr (Phase == 0) {
      HASSE_UNROLL
      for (int i = 0; i < results; ++i) own.sums[i] = zeros<scalar>();
      const int first = at.y * pixels_each, end = first + pixels_each < shape.pixels ? first + pixels_each : shape.pixels;
      if (which.count > 0)
        for (int pixel = first + own_row; pixel < end; pixel += rows) source.add(at.z, pixel, channel, which, own.sums);
    } else {
      // A tree over the rows of the block. Which rows are left halves in every phase; row 0 holds the sum at the end.
      const int left = rows >> Phase;
      if (own_row < left) HASSE_UNROLL
      for (int i = 0; i < results; ++i) HASSE_UNROLL
      for (int quarter = 0; quarter < lanes / 4; ++quarter) {
        const pack<float> more = unpacked<float>(memory.sums[i][quarter][at.thread + left * side_by_side]);
        HASSE_UNROLL
        for (int lane = 0; lane < 4; ++lane) own.sums[i][quarter * 4 + lane] += more[lane];
      }
    }
    HASSE_UNROLL
    for (int i = 0; i < results; ++i) HASSE_UNROLL
    for (int quarter = 0; quarter < lanes / 4; ++quarter) {
      pack<float> four;
      HASSE_UNROLL
      for (int lane = 0; lane < 4; ++lane) four[lane] = own.sums[i][quarter * 4 + lane];
      if (Phase == 0 || own_row < (rows >> Phase)) memory.sums[i][quarter][at.thread] = packed(four);
      if (Phase == phases - 1 && own_row == 0) {
        float* to = partial +
                    ((static_cast<std::size_t>(at.z) * static_cast<std::size_t>(shape.segments) + static_cast<std::size_t>(at.y)) *
                         results +
                     static_cast<std::size_t>(i)) *
                        static_cast<std::size_t>(shape.channels) +
                    static_cast<std::size_t>(channel + quarter * 4);
        const int rest = which.count - quarter * 4;
        store(to, {rest < 4 ? rest : 4, which.whole}, four);
      }
    }
  }
};

/// The second launch: adds the segments up, in double, and hands each channel's sums to `finish(slab, channel, sums)`.
template <class Finish>
struct combine {
  static constexpr int results = Finish::results, across = 32, deep = 8, threads = across * deep, phases = 4;
  struct shared {
    double sums[results][threads];
  };
  struct local {
    double sums[results];
  };

  Finish finish;
  reduction_shape shape;
  const float* partial = nullptr;

  combine(const Finish& how, const reduction_shape& what) : finish(how), shape(what) {}

  grid_extent blocks() const { return {ceil_divide(shape.channels, across), 1, shape.slabs}; }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    const int row = at.thread / across, channel = at.x * across + at.thread % across;
    if constexpr (Phase == 0) {
      HASSE_UNROLL
      for (int i = 0; i < results; ++i) own.sums[i] = 0;
      if (channel < shape.channels)
        for (int segment = row; segment < shape.segments; segment += deep) HASSE_UNROLL
      for (int i = 0; i < results; ++i)
        own.sums[i] += static_cast<double>(partial[((static_cast<std::size_t>(at.z) * static_cast<std::size_t>(shape.segments) +
                                                     static_cast<std::size_t>(segment)) *
                                                        results +
                                                    static_cast<std::size_t>(i)) *
                                                       static_cast<std::size_t>(shape.channels) +
                                                   static_cast<std::size_t>(channel)]);
    } else if (row < (deep >> Phase)) {
      HASSE_UNROLL
      for (int i = 0; i < results; ++i) own.sums[i] += memory.sums[i][at.thread + (deep >> Phase) * across];
    }
    if (row < (deep >> Phase)) HASSE_UNROLL
    for (int i = 0; i < results; ++i) memory.sums[i][at.thread] = own.sums[i];
    if (Phase == phases - 1 && row == 0 && channel < shape.channels) finish(at.z, channel, own.sums);
  }
};

/// Leaves factor * sum, or adds it.
template <class Value>
struct stored_sum {
  static constexpr int results = 1;
  Value* to;
  int channels;
  double factor;
  bool accumulate;

  HASSE_DEVICE void operator()(int slab, int channel, const double (&sums)[1]) const {
    Value& here = to[static_cast<std::size_t>(slab) * static_cast<std::size_t>(channels) + static_cast<std::size_t>(channel)];
    const float value = static_cast<float>(sums[0] * factor);
    here = narrowed<Value>(accumulate ? widened(here) + value : value);
  }
};

/// The weight gradient of a depthwise layer: the sums of tap t and channel c arrive as column t * channels + c, the weights lie
/// channel by channel.
struct stored_taps {
  static constexpr int results = 1;
  float* to;
  int channels, taps;

  HASSE_DEVICE void operator()(int, int column, const double (&sums)[1]) const {
    to[static_cast<std::size_t>(column % channels) * static_cast<std::size_t>(taps) + static_cast<std::size_t>(column / channels)] =
        static_cast<float>(sums[0]);
  }
};

/// The values of a tensor: of an image for an average, of all pixels for the gradient of a bias.
template <class Scalar>
struct summed_values {
  using scalar = Scalar;
  static constexpr int results = 1;
  const Scalar* values;
  int pixels, channels;

  HASSE_DEVICE void add(int slab, int pixel, int channel, part which, pack<Scalar> (&sums)[1]) const {
    const image_tensor shape{1, pixels, channels};
    gpu::add(sums[0], load(values + shape.at(slab, 0, pixel, channel), which));
  }
};

/// The products of two tensors: what the gradient of a gate sums.
template <class Scalar>
struct summed_products {
  using scalar = Scalar;
  static constexpr int results = 1;
  const Scalar* one;
  const Scalar* other;
  int pixels, channels;

  HASSE_DEVICE void add(int slab, int pixel, int channel, part which, pack<Scalar> (&sums)[1]) const {
    const std::size_t where = image_tensor{1, pixels, channels}.at(slab, 0, pixel, channel);
    multiply_add(sums[0], load(one + where, which), load(other + where, which));
  }
};

}  // namespace hasse::detail::gpu
