// Kernels that compute every pack of a tensor on its own: activations, sums, gates, pools, resizing, moved channels.
// Used by kernel/cuda/programs/layers.hpp. All of them are one program, `for_each_pack`, around a body of a few lines.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <hasse/kernel/cuda/programs/block_program.hpp>
#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::gpu {

/// One pack of a tensor of N, H, W, C: where it is.
struct pack_place {
  int image, y, x, channel;
  part which;
};

/// Calls `body(pack_place)` for every pack of a tensor; one thread, one pack. `Body` has a type `scalar`.
template <class Body>
struct for_each_pack {
  using scalar = typename Body::scalar;
  static constexpr int threads = 256, phases = 1;
  using shared = nothing;
  using local = nothing;

  Body body;
  row_packs<scalar> row;
  divisor packs, columns, rows;
  int count;

  /// `images` feature maps of this shape.
  for_each_pack(const Body& what, int images, feature_shape shape)
      : body(what),
        row(shape.c),
        packs(row.per_row),
        columns(shape.w),
        rows(shape.h),
        count(images * shape.h * shape.w * row.per_row) {}
  /// Any `size` values, for bodies that look at no channel.
  for_each_pack(const Body& what, int size) : for_each_pack(what, 1, {1, 1, size}) { row.aligned = true; }

  grid_extent blocks() const { return {ceil_divide(count, threads), 1, 1}; }

  template <int>
  HASSE_DEVICE void phase(const place& at, local&, shared&) const {
    const int index = at.x * threads + at.thread;
    if (index >= count) return;
    const int pixel = packs.quotient(index), line = columns.quotient(pixel), image = rows.quotient(line);
    const int channel = (index - pixel * static_cast<int>(packs.by)) * lanes_of<scalar>;
    body(pack_place{image, line - image * static_cast<int>(rows.by), pixel - line * static_cast<int>(columns.by), channel,
                    row.at(channel)});
  }
};

/// dst = act(src), or act(src + other). dst may be either.
template <class Scalar>
struct activated_sum {
  using scalar = Scalar;
  const Scalar* src;
  const Scalar* other;
  Scalar* dst;
  activation act;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    pack<Scalar> values = load(src + at.channel, at.which);
    if (other) add(values, load(other + at.channel, at.which));
    activate<Scalar>(act, values);
    store(dst + at.channel, at.which, values);
  }
};

/// The gradient of activated_sum for both operands. `before` is what the activation was applied to in two parts, or its result
/// where that says the same.
template <class Scalar>
struct activated_sum_gradient {
  using scalar = Scalar;
  const Scalar* d_dst;
  const Scalar* before;
  const Scalar* more;
  Scalar* d_src;
  Scalar* d_other;
  bool accumulate_d_src, accumulate_d_other;
  activation act;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    pack<Scalar> gradients = load(d_dst + at.channel, at.which);
    if (act != activation::none) {
      pack<Scalar> values = load(before + at.channel, at.which);
      if (more) add(values, load(more + at.channel, at.which));
      pass_back<Scalar>(act, gradients, values);
    }
    if (d_src) store(d_src + at.channel, at.which, gradients, accumulate_d_src);
    if (d_other) store(d_other + at.channel, at.which, gradients, accumulate_d_other);
  }
};

/// dst = act(src * gate), the gate one value per image and channel; also the gradient of the source. dst may be src.
template <class Scalar>
struct gated {
  using scalar = Scalar;
  const Scalar* src;
  const Scalar* gate;
  Scalar* dst;
  image_tensor shape;
  bool accumulate;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const std::size_t where = shape.at(at.image, at.y, at.x, at.channel);
    pack<Scalar> values = load(src + where, at.which);
    const pack<Scalar> factor = load(gate + image_tensor{1, 1, shape.channels}.at(at.image, 0, 0, at.channel), at.which);
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) values[lane] *= factor[lane];
    store(dst + where, at.which, values, accumulate);
  }
};

/// The gradient of a global average: every pixel receives its share.
template <class Scalar>
struct shared_out {
  using scalar = Scalar;
  const Scalar* d_dst;
  Scalar* d_src;
  image_tensor shape;
  float share;
  bool accumulate;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    pack<Scalar> values = load(d_dst + image_tensor{1, 1, shape.channels}.at(at.image, 0, 0, at.channel), at.which);
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) values[lane] *= share;
    store(d_src + shape.at(at.image, at.y, at.x, at.channel), at.which, values, accumulate);
  }
};

/// A pooling layer, a resize or an upsampling in plain numbers.
struct window_shape {
  layer_kind kind;
  image_tensor in, out;
  int kernel, stride, pad_top, pad_left;

  explicit window_shape(const layer& item)
      : kind(item.kind),
        in{item.in.h, item.in.w, item.in.c},
        out{item.out.h, item.out.w, item.out.c},
        kernel(item.kernel),
        stride(item.stride),
        pad_top(item.pad_top),
        pad_left(item.pad_left) {}
  /// The outputs along one axis whose window holds input `at`.
  HASSE_DEVICE index_range outputs_over(int at, int pad, int size) const {
    const int behind = at + pad - kernel, last = (at + pad) / stride + 1;
    return {behind < 0 ? 0 : behind / stride + 1, last < size ? last : size};
  }
  /// The inputs whose average an output is, and the outputs that an input is in, along one axis.
  HASSE_DEVICE index_range averaged_rows(int y) const { return averaged_inputs(kind, in.h, out.h, kernel, stride, pad_top, y); }
  HASSE_DEVICE index_range averaged_columns(int x) const { return averaged_inputs(kind, in.w, out.w, kernel, stride, pad_left, x); }
  HASSE_DEVICE index_range averages_of_row(int y) const {
    // The windows of an adaptive pool over an axis are to its inputs what the inputs are to the windows.
    return kind == layer_kind::adaptive_average_pool ? averaged_inputs(kind, out.h, in.h, 1, 1, 0, y) : outputs_over(y, pad_top, out.h);
  }
  HASSE_DEVICE index_range averages_of_column(int x) const {
    return kind == layer_kind::adaptive_average_pool ? averaged_inputs(kind, out.w, in.w, 1, 1, 0, x) : outputs_over(x, pad_left, out.w);
  }
};

/// Forward: the maximum of each window, and in training which tap it was (the first of equals).
template <class Scalar>
struct max_pooled {
  using scalar = Scalar;
  window_shape shape;
  const Scalar* src;
  Scalar* dst;
  std::uint8_t* choice;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const index_range rows = taps_of_output(shape.in.h, shape.kernel, shape.stride, shape.pad_top, at.y);
    const index_range columns = taps_of_output(shape.in.w, shape.kernel, shape.stride, shape.pad_left, at.x);
    const int top = at.y * shape.stride - shape.pad_top, left = at.x * shape.stride - shape.pad_left;
    pack<Scalar> best = load(src + shape.in.at(at.image, top + rows.first, left + columns.first, at.channel), at.which);
    int taps[lanes_of<Scalar>];
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) taps[lane] = rows.first * shape.kernel + columns.first;
    for (int ky = rows.first; ky < rows.last; ++ky)
      for (int kx = columns.first; kx < columns.last; ++kx) {
        const pack<Scalar> values = load(src + shape.in.at(at.image, top + ky, left + kx, at.channel), at.which);
        HASSE_UNROLL
        for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
          if (values[lane] > best[lane] || values[lane] != values[lane])  // a NaN wins
            best[lane] = values[lane], taps[lane] = ky * shape.kernel + kx;
      }
    const std::size_t where = shape.out.at(at.image, at.y, at.x, at.channel);
    store(dst + where, at.which, best);
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
      if (choice && lane < at.which.count) choice[where + static_cast<std::size_t>(lane)] = static_cast<std::uint8_t>(taps[lane]);
  }
};

/// Every input pixel gathers from the windows that chose it.
template <class Scalar>
struct max_pooled_gradient {
  using scalar = Scalar;
  window_shape shape;
  const Scalar* d_dst;
  const std::uint8_t* choice;
  Scalar* d_src;
  bool accumulate;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const index_range rows = shape.outputs_over(at.y, shape.pad_top, shape.out.h);
    const index_range columns = shape.outputs_over(at.x, shape.pad_left, shape.out.w);
    pack<Scalar> sums = zeros<Scalar>();
    for (int y = rows.first; y < rows.last; ++y)
      for (int x = columns.first; x < columns.last; ++x) {
        const int tap = (at.y + shape.pad_top - y * shape.stride) * shape.kernel + at.x + shape.pad_left - x * shape.stride;
        const std::size_t where = shape.out.at(at.image, y, x, at.channel);
        const pack<Scalar> gradients = load(d_dst + where, at.which);
        HASSE_UNROLL
        for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
          if (lane < at.which.count && choice[where + static_cast<std::size_t>(lane)] == tap) sums[lane] += gradients[lane];
      }
    store(d_src + shape.in.at(at.image, at.y, at.x, at.channel), at.which, sums, accumulate);
  }
};

template <class Scalar>
struct average_pooled {
  using scalar = Scalar;
  window_shape shape;
  const Scalar* src;
  Scalar* dst;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const index_range rows = shape.averaged_rows(at.y), columns = shape.averaged_columns(at.x);
    pack<Scalar> sums = zeros<Scalar>();
    for (int y = rows.first; y < rows.last; ++y)
      for (int x = columns.first; x < columns.last; ++x) add(sums, load(src + shape.in.at(at.image, y, x, at.channel), at.which));
    const float share = 1.0f / static_cast<float>(rows.size() * columns.size());
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) sums[lane] *= share;
    store(dst + shape.out.at(at.image, at.y, at.x, at.channel), at.which, sums);
  }
};

template <class Scalar>
struct average_pooled_gradient {
  using scalar = Scalar;
  window_shape shape;
  const Scalar* d_dst;
  Scalar* d_src;
  bool accumulate;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const index_range rows = shape.averages_of_row(at.y), columns = shape.averages_of_column(at.x);
    pack<Scalar> sums = zeros<Scalar>();
    for (int y = rows.first; y < rows.last; ++y)
      for (int x = columns.first; x < columns.last; ++x) {
        const int taps = shape.averaged_rows(y).size() * shape.averaged_columns(x).size();
        const pack<Scalar> gradients = load(d_dst + shape.out.at(at.image, y, x, at.channel), at.which);
        const float share = 1.0f / static_cast<float>(taps);
        HASSE_UNROLL
        for (int lane = 0; lane < lanes_of<Scalar>; ++lane) sums[lane] += share * gradients[lane];
      }
    store(d_src + shape.in.at(at.image, at.y, at.x, at.channel), at.which, sums, accumulate);
  }
};

template <class Scalar>
HASSE_DEVICE void add_share(pack<Scalar>& sums, float share, const pack<Scalar>& values) {
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; ++lane) sums[lane] += share * values[lane];
}

template <class Scalar>
struct resized {
  using scalar = Scalar;
  window_shape shape;
  const Scalar* src;
  Scalar* dst;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const auto row = bilinear<float>(shape.kind, shape.in.h, shape.out.h, at.y), column = bilinear<float>(shape.kind, shape.in.w, shape.out.w, at.x);
    const auto value = [&](int y, int x) { return load(src + shape.in.at(at.image, y, x, at.channel), at.which); };
    pack<Scalar> sums = zeros<Scalar>();
    add_share(sums, row.low_weight * column.low_weight, value(row.low, column.low));
    add_share(sums, row.low_weight * column.high_weight, value(row.low, column.high));
    add_share(sums, row.high_weight * column.low_weight, value(row.high, column.low));
    add_share(sums, row.high_weight * column.high_weight, value(row.high, column.high));
    store(dst + shape.out.at(at.image, at.y, at.x, at.channel), at.which, sums);
  }
};

template <class Scalar>
struct resized_gradient {
  using scalar = Scalar;
  window_shape shape;
  const Scalar* d_dst;
  Scalar* d_src;
  bool accumulate;

  /// Outputs along one axis that may have read input `at`, with room for rounding; those that did not have no share.
  HASSE_DEVICE static index_range readers(layer_kind kind, int at, int in, int out) {
    if (kind == layer_kind::corner_resize) {
      if (in == 1 || out == 1) return {0, out};
      const double ratio = static_cast<double>(out - 1) / (in - 1);
      const int first = static_cast<int>((at - 1) * ratio) - 1, last = static_cast<int>((at + 1) * ratio) + 2;
      return {first < 0 ? 0 : first, last > out ? out : last};
    }
    const double ratio = static_cast<double>(out) / in;
    const int first = static_cast<int>((at - 0.5) * ratio - 0.5) - 1, last = static_cast<int>((at + 1.5) * ratio - 0.5) + 2;
    return {at == 0 || first < 0 ? 0 : first, at == in - 1 || last > out ? out : last};
  }
  HASSE_DEVICE float share(int in, int out, int of, int at) const {
    const auto tap = bilinear<float>(shape.kind, in, out, of);
    return (tap.low == at ? tap.low_weight : 0) + (tap.high == at ? tap.high_weight : 0);
  }
  HASSE_DEVICE void operator()(const pack_place& at) const {
    const index_range rows = readers(shape.kind, at.y, shape.in.h, shape.out.h), columns = readers(shape.kind, at.x, shape.in.w, shape.out.w);
    pack<Scalar> sums = zeros<Scalar>();
    for (int y = rows.first; y < rows.last; ++y) {
      const float down = share(shape.in.h, shape.out.h, y, at.y);
      if (down == 0) continue;
      for (int x = columns.first; x < columns.last; ++x) {
        const float across = share(shape.in.w, shape.out.w, x, at.x);
        if (across != 0) add_share(sums, down * across, load(d_dst + shape.out.at(at.image, y, x, at.channel), at.which));
      }
    }
    store(d_src + shape.in.at(at.image, at.y, at.x, at.channel), at.which, sums, accumulate);
  }
};

/// A run of channels of one tensor, moved to a run of channels of another with as many pixels; zeros where there is no source.
template <class Scalar>
struct moved_channels {
  using scalar = Scalar;
  const Scalar* from;
  Scalar* to;
  int from_channels, from_first, to_channels, to_first;  // of all channels, and where the run begins
  bool accumulate;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    constexpr int lanes = lanes_of<Scalar>;
    const bool aligned = (from_channels | from_first | to_channels | to_first) % lanes == 0;
    const part which{at.which.count, at.which.whole && aligned};
    const std::size_t source = image_tensor{1, 1, from_channels}.at(at.x, 0, 0, from_first + at.channel);
    const std::size_t target = image_tensor{1, 1, to_channels}.at(at.x, 0, 0, to_first + at.channel);
    store(to + target, which, from ? load(from + source, which) : zeros<Scalar>(), accumulate);
  }
};

/// A square of output pixels from the channels of one input pixel, or back.
template <class Scalar>
struct moved_to_space {
  using scalar = Scalar;
  image_tensor in, out;
  int block;
  const Scalar* from;
  Scalar* to;
  bool back, accumulate;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const std::size_t deep =
        in.at(at.image, at.y / block, at.x / block, (at.y % block * block + at.x % block) * out.channels + at.channel);
    const std::size_t wide = out.at(at.image, at.y, at.x, at.channel);
    store(to + (back ? deep : wide), at.which, load(from + (back ? wide : deep), at.which), accumulate);
  }
};

}  // namespace hasse::detail::gpu
