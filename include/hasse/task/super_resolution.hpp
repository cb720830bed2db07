// Super-resolution (x2): L1 to the patch that was halved, PSNR. A network begins as bicubic interpolation and learns what to add.
// Used by hasse_super_resolution; without batch norm in the network nothing is calibrated. Models the concept Task.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/data/bicubic.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// Peak signal-to-noise ratio in dB of a mean squared error of values from 0 to 255; 100 and no more where there is no error.
HASSE_BODY double psnr_of(double mean_square);

/// The outermost pixels of an enlarged patch on each side, which count neither in training nor in PSNR: the 5x5 convolution that
/// makes them reads what lies outside of the patch.
inline constexpr int uncounted_border = 4;

/// Refuses networks that do not make images of twice the height and width, and patches that are not what such a network makes.
HASSE_BODY void check_super_resolution(const image_set& patches, const layer_list& layers);

/// Mean absolute difference (L1) of `count` enlarged patches from those that are wanted, the truth or what a wider network answers,
/// inside of the border. `gradient` (null: not wanted) receives d(loss)/d(answers), 0 where both are equal.
template <class Scalar>
double mean_absolute_error(const Scalar* answers, const Scalar* wanted, int count, feature_shape shape, Scalar* gradient) {
  const std::ptrdiff_t row = std::ptrdiff_t{shape.w} * shape.c, margin = std::ptrdiff_t{uncounted_border} * shape.c;
  const std::ptrdiff_t inner = std::ptrdiff_t{shape.h - 2 * uncounted_border} * (row - 2 * margin);
  const double share = 1.0 / static_cast<double>(inner * count);
  double loss = 0;
  if (gradient != nullptr) std::fill_n(gradient, count * shape.size(), Scalar{});
  for (int n = 0; n < count; ++n)
    for (int y = uncounted_border; y < shape.h - uncounted_border; ++y) {
      const std::ptrdiff_t line = n * shape.size() + y * row;
      for (std::ptrdiff_t i = line + margin; i < line + row - margin; ++i) {
        const double above = static_cast<double>(answers[i]) - static_cast<double>(wanted[i]);
        loss += std::abs(above);
        if (gradient != nullptr) gradient[i] = static_cast<Scalar>(above > 0 ? share : above < 0 ? -share : 0.0);
      }
    }
  return loss * share;
}

/// Batches of patches: the network reads what is made of them by halving, the patches themselves are the targets.
template <class Scalar>
class enlarging_feed {
 public:
  enlarging_feed(accelerator<Scalar>* device, const image_set& patches, const normalisation& scale, int batch, read_order order,
                 std::uint64_t seed = 1, augmentation varied = {})
      : patches_(nullptr, patches, scale, batch, order, seed, varied),
        shape_(patches.shape()),
        high_(static_cast<std::size_t>(batch * shape_.size())),
        low_(device) {}

  int batch() const { return patches_.batch(); }
  std::uint64_t batches_per_epoch() const { return patches_.batches_per_epoch(); }
  int next(Scalar* input) {
    const int count = patches_.next(high_.data());
    low_.write(input, high_.size() / 4, [&](Scalar* low) { resampler_.halve(high_.data(), shape_, batch(), low); });
    return count;
  }
  /// N x H x W x C in the processor's memory, H and W twice those of the input.
  const Scalar* targets() const { return high_.data(); }
  void seek(read_position to) { patches_.seek(to); }

 private:
  batch_feed<Scalar> patches_;
  feature_shape shape_;
  aligned_vector<Scalar> high_;
  staged<Scalar> low_;
  bicubic_resampler<Scalar> resampler_;
};

namespace detail {
/// Sums up how far answers are from the truth: over all channels of all pixels inside of the border.
class reconstruction {
 public:
  explicit reconstruction(const normalisation& scale);
  /// Both are normalised; answers are clipped to what a pixel can be, not rounded.
  template <class Scalar>
  void add(answers<Scalar> found, const Scalar* wanted) {
    add(found[0].data, wanted, found[0].count, found[0].shape);
  }
  template <class Scalar>
  void add(const Scalar* answers, const Scalar* wanted, int count, feature_shape shape) {
    shape_ = shape;
    constexpr int border = uncounted_border;
    const auto channels = static_cast<std::size_t>(shape_.c);
    for (int n = 0; n < count; ++n, answers += shape_.size(), wanted += shape_.size()) {
      absolute_ += mean_absolute_error(answers, wanted, 1, shape_, static_cast<Scalar*>(nullptr));
      ++images_;
      for (int y = border; y < shape_.h - border; ++y)
        for (int x = border; x < shape_.w - border; ++x)
          for (std::size_t c = 0; c < channels; ++c) {
            const std::ptrdiff_t at = (std::ptrdiff_t{y} * shape_.w + x) * shape_.c + static_cast<std::ptrdiff_t>(c);
            const auto level = [&](const Scalar* values) {
              const double value = factor_[c] * static_cast<double>(values[at]) + black_[c];
              return value < 0 ? 0.0 : value > 255 ? 255.0 : value;  // what is not a number stays so
            };
            const double error = level(answers) - level(wanted);
            squares_ += error * error, ++values_;
          }
    }
  }
  evaluation result() const { return {psnr_of(squares_ / static_cast<double>(values_)), absolute_ / static_cast<double>(images_)}; }

 private:
  feature_shape shape_{};
  std::vector<double> factor_, black_;
  double squares_ = 0, absolute_ = 0;
  std::int64_t values_ = 0, images_ = 0;
};

/// Whether a layer makes four pixels of one of the image by a 5x5 convolution: the part that can be, and stays, bicubic
/// interpolation.
HASSE_BODY bool interpolates(const layer_list& layers, int index);

}  // namespace detail

/// Models Task: the network reads images and answers with images of twice the height and width.
struct super_resolution {
  using samples = image_set;
  template <class Scalar>
  using feed = enlarging_feed<Scalar>;
  template <class Scalar>
  using lesson = aligned_vector<Scalar>;
  static constexpr metric measure{.name = "PSNR", .unit = "dB"};

  std::string text() const { return "super-resolution x2"; }
  void check(const image_set& patches, const layer_list& layers) const { check_super_resolution(patches, layers); }
  normalisation scale_of(const image_set& patches) const { return hasse::measure(patches); }
  /// Mirrored and not shifted.
  augmentation usual_augmentation(const image_set& patches) const { return {.pad = 0, .flip = patches.mirrored_alike}; }

  template <class Scalar>
  batch_loss loss(answers<Scalar> found, const Scalar* wanted, slopes<Scalar> gradient) const {
    return {mean_absolute_error(found[0].data, wanted, found[0].count, found[0].shape, gradient.empty() ? nullptr : gradient[0].data), 0};
  }
  template <class Scalar>
  void remember(answers<Scalar> found, const Scalar*, aligned_vector<Scalar>& wider) const {
    wider.assign(found[0].data, found[0].data + found[0].count * found[0].shape.size());
  }
  template <class Scalar>
  double loss(answers<Scalar> found, const aligned_vector<Scalar>& wider, slopes<Scalar> gradient) const {
    return loss(found, wider.data(), gradient).loss;
  }
  detail::reconstruction tally(const normalisation& scale) const { return detail::reconstruction(scale); }

  /// The network begins as bicubic interpolation: the convolution that makes four pixels of one of the image has the bicubic kernel,
  /// and what is added to that begins with 0; what is added elsewhere begins at a tenth, since a deep sum without batch norm would
  /// explode.
  template <class Scalar>
  void initialise(parameters<Scalar>& made, const layer_list& layers) const {
    const auto enlarges = [&](value_id value) { return value != 0 && detail::interpolates(layers, value - 1); };
    const auto soften = [&](value_id value, value_id beside) {
      if (value == 0 || enlarges(value) || layers.items[detail::at(value) - 1].kind != layer_kind::convolution) return;
      const auto factor = static_cast<Scalar>(enlarges(beside) ? 0.0 : 0.1);
      for (Scalar& weight : made.of(value - 1, parameter_role::weight)) weight *= factor;
    };
    for (const layer& item : layers)
      if (item.kind == layer_kind::add) soften(item.input, item.other), soften(item.other, item.input);
    for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
      if (!detail::interpolates(layers, i)) continue;
      const int colours = layers.input.c;
      const std::span<Scalar> weights = made.of(i, parameter_role::weight);
      for (int out = 0; out < 4 * colours; ++out)
        for (int in = 0; in < colours; ++in)
          for (std::size_t y = 0; y < 5; ++y)
            for (std::size_t x = 0; x < 5; ++x) {
              const int pixel = out / colours;  // the channels of depth_to_space: row, column, colour
              const double weight = bicubic::twice[detail::at(pixel / 2)][y] * bicubic::twice[detail::at(pixel % 2)][x];
              weights[detail::at(out * colours + in) * 25 + y * 5 + x] = static_cast<Scalar>(out % colours == in ? weight : 0.0);
            }
    }
  }
  /// What interpolates stays as it is.
  bool is_fixed(const layer_list& layers, const parameter_tensor& tensor) const { return detail::interpolates(layers, tensor.layer); }
};

/// The same of bicubic interpolation, which every network has to beat.
HASSE_BODY evaluation evaluate_bicubic(const image_set& patches, const normalisation& scale);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/super_resolution.inl>
#endif
