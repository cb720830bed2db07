// What the readable backend's inference and training share: feature maps as matrices, walks over windows, and the layers' arithmetic.
// Used by the bodies of kernel/reference.hpp alone.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <type_traits>

#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/detail/elementwise.hpp>

namespace hasse {

namespace detail {

/// A batch of feature maps as a matrix: one column per pixel, one row per channel (NHWC is column major in this view).
template <class Scalar>
using pixel_matrix = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;
template <class Scalar>
using const_pixel_matrix = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;
template <class Scalar>
using channel_vector = Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>>;
template <class Scalar>
using const_channel_vector = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

/// A matrix whose rows and columns lie at regular distances: a kernel tap, or every stride-th pixel of an image row.
template <class Scalar>
using strided_matrix =
    Eigen::Map<std::conditional_t<std::is_const_v<Scalar>, const Eigen::Matrix<std::remove_const_t<Scalar>, -1, -1>,
                                  Eigen::Matrix<Scalar, -1, -1>>,
               0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// Calls `body(weight, input, output)` for every piece of the convolution output += weight * input, where weight is one tap
/// of one group (channels out x channels in), and input and output hold one image row (channels x pixels).
/// The forward pass and both gradients are the same walk; which operands are const says which is written.
template <class Weight, class Input, class Output, class Body>
void for_each_product(const layer& item, int batch, Weight* weights, Input* src, Output* dst, Body&& body) {
  using Eigen::Index;
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const Index in_c = item.in.c, out_c = item.out.c, group_in = in_c / item.groups, group_out = out_c / item.groups;
  const Index taps = Index{item.kernel} * item.kernel;
  for (Index image = 0; image < batch; ++image)
    for (int ky = 0; ky < item.kernel; ++ky)
      for (int kx = 0; kx < item.kernel; ++kx) {
        const index_range rows = outputs_of_tap(item.in.h, item.out.h, item.stride, item.pad_top, ky);
        const index_range columns = outputs_of_tap(item.in.w, item.out.w, item.stride, item.pad_left, kx);
        if (columns.size() == 0) continue;
        for (int y = rows.first; y < rows.last; ++y)
          for (Index group = 0; group < item.groups; ++group) {
            const Index in_pixel = (image * item.in.h + y * item.stride - item.pad_top + ky) * item.in.w +
                                   columns.first * item.stride - item.pad_left + kx;
            const Index out_pixel = (image * item.out.h + y) * item.out.w + columns.first;
            body(strided_matrix<Weight>(weights + group * group_out * group_in * taps + ky * item.kernel + kx, group_out, group_in,
                                        strides(taps, group_in * taps)),
                 strided_matrix<Input>(src + in_pixel * in_c + group * group_in, group_in, columns.size(),
                                       strides(in_c * item.stride, 1)),
                 strided_matrix<Output>(dst + out_pixel * out_c + group * group_out, group_out, columns.size(), strides(out_c, 1)));
          }
      }
}

/// Calls `body(input, output, share)` for every pixel of every pooling window: two runs of channels, and the window's 1 / count.
template <class Input, class Output, class Body>
void for_each_tap(const layer& item, int batch, Input* src, Output* dst, Body&& body) {
  for (std::ptrdiff_t image = 0; image < batch; ++image)
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x) {
        const index_range rows = averaged_inputs(item.kind, item.in.h, item.out.h, item.kernel, item.stride, item.pad_top, y);
        const index_range columns = averaged_inputs(item.kind, item.in.w, item.out.w, item.kernel, item.stride, item.pad_left, x);
        for (int in_y = rows.first; in_y < rows.last; ++in_y)
          for (int in_x = columns.first; in_x < columns.last; ++in_x) {
            body(src + ((image * item.in.h + in_y) * item.in.w + in_x) * item.in.c,
                 dst + ((image * item.out.h + y) * item.out.w + x) * item.out.c, 1.0 / (rows.size() * columns.size()));
          }
      }
}

/// Calls `body(input, output, weight)` for the four taps of every pixel of a bilinear resize or upsampling.
template <class Input, class Output, class Body>
void for_each_blend(const layer& item, int batch, Input* src, Output* dst, Body&& body) {
  for (std::ptrdiff_t image = 0; image < batch; ++image)
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x) {
        const auto row = bilinear<double>(item.kind, item.in.h, item.out.h, y), column = bilinear<double>(item.kind, item.in.w, item.out.w, x);
        const auto blend = [&](int in_y, int in_x, double weight) {
          body(src + ((image * item.in.h + in_y) * item.in.w + in_x) * item.in.c,
               dst + ((image * item.out.h + y) * item.out.w + x) * item.out.c, weight);
        };
        blend(row.low, column.low, row.low_weight * column.low_weight);
        blend(row.low, column.high, row.low_weight * column.high_weight);
        blend(row.high, column.low, row.high_weight * column.low_weight);
        blend(row.high, column.high, row.high_weight * column.high_weight);
      }
}

/// Calls `body(input, output)` with the places of every element of a depth to space.
template <class Body>
void for_each_moved(const layer& item, int batch, Body&& body) {
  const std::ptrdiff_t block = item.stride;
  for (std::ptrdiff_t image = 0; image < batch; ++image)
    for (std::ptrdiff_t y = 0; y < item.out.h; ++y)
      for (std::ptrdiff_t x = 0; x < item.out.w; ++x)
        for (std::ptrdiff_t c = 0; c < item.out.c; ++c) {
          const std::ptrdiff_t pixel = (image * item.in.h + y / block) * item.in.w + x / block;
          body(pixel * item.in.c + (y % block * block + x % block) * item.out.c + c,
               ((image * item.out.h + y) * item.out.w + x) * item.out.c + c);
        }
}

/// What the readable steps have in common: the layer, and views of its operands.
template <class Scalar>
struct reference_layer {
  layer item;
  Eigen::Index batch;

  Eigen::Index in_pixels() const { return batch * item.in.pixels(); }
  Eigen::Index out_pixels() const { return batch * item.out.pixels(); }
  Eigen::Index in_size() const { return batch * item.in.size(); }
  Eigen::Index out_size() const { return batch * item.out.size(); }
  int images() const { return static_cast<int>(batch); }
  const_pixel_matrix<Scalar> input(const Scalar* data) const { return {data, item.in.c, in_pixels()}; }
  pixel_matrix<Scalar> input(Scalar* data) const { return {data, item.in.c, in_pixels()}; }
  const_pixel_matrix<Scalar> output(const Scalar* data) const { return {data, item.out.c, out_pixels()}; }
  pixel_matrix<Scalar> output(Scalar* data) const { return {data, item.out.c, out_pixels()}; }
  /// Linear sees an image as one column.
  const_pixel_matrix<Scalar> flat_input(const Scalar* data) const { return {data, item.in.size(), batch}; }
  pixel_matrix<Scalar> flat_input(Scalar* data) const { return {data, item.in.size(), batch}; }
  /// O x I row major is I x O here.
  const_pixel_matrix<Scalar> linear_weights(const Scalar* data) const { return {data, item.in.size(), item.out.c}; }
  pixel_matrix<Scalar> linear_weights(Scalar* data) const { return {data, item.in.size(), item.out.c}; }
  const_channel_vector<Scalar> channels(const Scalar* data) const { return {data, item.out.c}; }
  channel_vector<Scalar> channels(Scalar* data) const { return {data, item.out.c}; }

  void activate(Scalar* values) const {
    with_activation(item.act, [&](auto act) {
      for (Eigen::Index i = 0; i < out_size(); ++i) values[i] = activated<act>(values[i]);
    });
  }

  /// dst = weights * src + bias + other; `other` may be dst.
  void multiply(const Scalar* src, const Scalar* weights, const Scalar* bias, const Scalar* other, Scalar* dst) const {
    auto result = output(dst);
    if (other)
      result = output(other);
    else
      result.setZero();
    if (bias) result.colwise() += channels(bias).matrix();
    if (item.kind == layer_kind::linear)
      result.noalias() += linear_weights(weights).transpose() * flat_input(src);
    else
      for_each_product(item, images(), weights, src, dst, [](const auto& w, const auto& x, auto&& y) { y.noalias() += w * x; });
  }

  void max_pool(const Scalar* src, Scalar* dst) const {
    output(dst).setConstant(-std::numeric_limits<Scalar>::infinity());
    for_each_tap(item, images(), src, dst, [this](const Scalar* x, Scalar* y, double) {
      channels(y) = (channels(x) > channels(y) || channels(x).isNaN()).select(channels(x), channels(y));
    });
  }

  void average_pool(const Scalar* src, Scalar* dst) const {
    output(dst).setZero();
    for_each_tap(item, images(), src, dst,
                 [this](const Scalar* x, Scalar* y, double share) { channels(y) += static_cast<Scalar>(share) * channels(x); });
  }

  void global_average_pool(const Scalar* src, Scalar* dst) const {
    for (Eigen::Index image = 0; image < batch; ++image)
      output(dst).col(image) = input(src).middleCols(image * item.in.pixels(), item.in.pixels()).rowwise().mean();
  }

  /// Calls `body(pixel's channels, image's gate)` with offsets into a feature map and a batch of gates.
  template <class Body>
  void for_each_gated_pixel(Body&& body) const {
    for (Eigen::Index pixel = 0; pixel < in_pixels(); ++pixel) body(pixel * item.in.c, pixel / item.in.pixels() * item.in.c);
  }
  void scale(const Scalar* src, const Scalar* gate, Scalar* dst) const {
    for_each_gated_pixel(
        [&](Eigen::Index at, Eigen::Index image) { channels(dst + at) = channels(src + at) * channels(gate + image); });
  }

  void resize(const Scalar* src, Scalar* dst) const {
    output(dst).setZero();
    for_each_blend(item, images(), src, dst,
                   [this](const Scalar* x, Scalar* y, double weight) { channels(y) += static_cast<Scalar>(weight) * channels(x); });
  }

  /// The channels of `src`, then those of `other`, or zeros where it is null.
  void concat(const Scalar* src, const Scalar* other, Scalar* dst) const {
    const Eigen::Index more = item.out.c - item.in.c;
    output(dst).topRows(item.in.c) = input(src);
    if (other)
      output(dst).bottomRows(more) = const_pixel_matrix<Scalar>(other, more, out_pixels());
    else
      output(dst).bottomRows(more).setZero();
  }

  void depth_to_space(const Scalar* src, Scalar* dst) const {
    for_each_moved(item, images(), [=](std::ptrdiff_t from, std::ptrdiff_t to) { dst[to] = src[from]; });
  }
};

}  // namespace detail

}  // namespace hasse
