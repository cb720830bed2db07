// Super-resolution (x2) with one network at many widths: L1 to the truth at the widest, L1 to what that answers at the others;
// PSNR. Used by programs; without batch norm in the network nothing is calibrated.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/bicubic.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/slimmable.hpp>
#include <hasse/train/batch_feed.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/loss.hpp>
#include <hasse/train/slimmable_model.hpp>
#include <hasse/train/slimmable_trainer.hpp>
#include <hasse/train/training_loop.hpp>
#include <hasse/train/width_rules.hpp>

namespace hasse {

/// Peak signal-to-noise ratio in dB of a mean squared error of values from 0 to 255; 100 and no more where there is no error.
inline double psnr_of(double mean_square) {
  return std::min(10 * std::log10(255.0 * 255.0 / std::max(mean_square, 1e-30)),
                  100.0);  // in this order, what is no number stays none
}

/// The outermost pixels of an enlarged patch on each side, which count neither in training nor in PSNR: the 5x5 convolution that
/// makes them reads what lies outside of the patch.
inline constexpr int uncounted_border = 4;

/// Refuses networks that do not make images of twice the height and width, and patches that are not what such a network makes.
inline void check_super_resolution(const image_set& patches, const layer_list& layers) {
  const auto text = [](feature_shape shape) {
    return std::to_string(shape.h) + 'x' + std::to_string(shape.w) + 'x' + std::to_string(shape.c);
  };
  if (layers.size() == 0) throw error("a network without layers cannot be trained; give it at least one");
  const feature_shape in = layers.input, out = layers.items.back().out;
  if (out != feature_shape{2 * in.h, 2 * in.w, in.c})
    throw error("a network that makes " + text(out) + " of " + text(in) +
                " is none for super-resolution; the height and the width of what it makes must be twice those of what it reads");
  if (patches.size() == 0) throw error("the image set '" + patches.name + "' is empty; at least one image is needed");
  if (std::min(out.h, out.w) <= 2 * uncounted_border)
    throw error("a network that makes " + text(out) + " makes nothing but border; let it make more than " +
                std::to_string(2 * uncounted_border) + " pixels a side");
  if (patches.shape() != out)
    throw error("the images of '" + patches.name + "' are " + text(patches.shape()) + " but the network makes " + text(out) +
                "; cut patches of that shape, or give the network half of theirs");
  for (const parameter_tensor& tensor : layout_of(layers).trainable)
    if (tensor.role == parameter_role::scale)
      throw error("the network has batch norm, whose statistics no width but the trained ones would have; take one with biases");
}

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

namespace detail {
/// Sums up how far answers are from the truth: over all channels of all pixels inside of the border.
class reconstruction {
 public:
  reconstruction(feature_shape shape, const normalisation& scale) : shape_(shape) {
    for (const float deviation : scale.deviation) factor_.push_back(255.0 * static_cast<double>(deviation));
    for (const float mean : scale.mean) black_.push_back(255.0 * static_cast<double>(mean));
  }
  /// Both are normalised; answers are clipped to what a pixel can be, not rounded.
  template <class Scalar>
  void add(const Scalar* answers, const Scalar* wanted, int count) {
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
  feature_shape shape_;
  std::vector<double> factor_, black_;
  double squares_ = 0, absolute_ = 0;
  std::int64_t values_ = 0, images_ = 0;
};

/// Judges `enlarge(halve, count)`, which makes `shape` of the half-sized images that halve(place) writes, by one epoch of a feed in
/// evaluation order. All of it lies in the processor's memory.
template <class Scalar, class Enlarge>
evaluation judge_enlargement(batch_feed<Scalar>& feed, feature_shape shape, const normalisation& scale, Scalar* high,
                             Enlarge&& enlarge) {
  std::vector<int> labels(static_cast<std::size_t>(feed.batch()));
  bicubic_resampler<Scalar> resampler;
  reconstruction found(shape, scale);
  for (std::uint64_t batch = 0; batch < feed.batches_per_epoch(); ++batch) {
    const int count = feed.next(high, labels.data());
    const auto halve = [&](Scalar* low) { resampler.halve(high, shape, feed.batch(), low); };
    found.add(enlarge(halve, count), static_cast<const Scalar*>(high), count);
  }
  return found.result();
}

/// Whether a layer makes four pixels of one of the image by a 5x5 convolution: the part that can be, and stays, bicubic
/// interpolation.
inline bool interpolates(const layer_list& layers, int index) {
  const layer& item = layers.items[at(index)];
  return item.kind == layer_kind::convolution && item.input == 0 && item.groups == 1 && item.kernel == 5 && item.stride == 1 &&
         item.out.c == 4 * item.in.c;
}

/// First weights: those of any slimmable network, but the network begins as bicubic interpolation. The convolution that makes four
/// pixels of one of the image has the bicubic kernel, and what is added to that begins with 0; what is added elsewhere begins at a
/// tenth, since a deep sum without batch norm would explode.
template <class Scalar>
parameters<Scalar> first_enlarging_weights(const layer_list& layers, std::uint64_t seed) {
  parameters<Scalar> made = first_slimmable_weights<Scalar>(layers, 0, seed);
  const auto enlarges = [&](value_id value) { return value != 0 && interpolates(layers, value - 1); };
  const auto soften = [&](value_id value, value_id beside) {
    if (value == 0 || enlarges(value) || layers.items[at(value) - 1].kind != layer_kind::convolution) return;
    const auto factor = static_cast<Scalar>(enlarges(beside) ? 0.0 : 0.1);
    for (Scalar& weight : made.of(value - 1, parameter_role::weight)) weight *= factor;
  };
  for (const layer& item : layers)
    if (item.kind == layer_kind::add) soften(item.input, item.other), soften(item.other, item.input);
  for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
    if (!interpolates(layers, i)) continue;
    const int colours = layers.input.c;
    const std::span<Scalar> weights = made.of(i, parameter_role::weight);
    for (int out = 0; out < 4 * colours; ++out)
      for (int in = 0; in < colours; ++in)
        for (std::size_t y = 0; y < 5; ++y)
          for (std::size_t x = 0; x < 5; ++x) {
            const int pixel = out / colours;  // the channels of depth_to_space: row, column, colour
            const double weight = bicubic::twice[at(pixel / 2)][y] * bicubic::twice[at(pixel % 2)][x];
            weights[at(out * colours + in) * 25 + y * 5 + x] = static_cast<Scalar>(out % colours == in ? weight : 0.0);
          }
  }
  return made;
}

/// The widths of one enlarging network in training, judged at the widest: `accuracy` is its PSNR in dB, `loss` its L1.
template <Backend Engine, WidthRule Rule>
class enlarging_widths : public network_in_training<slimmable_network<Engine>> {
  using base = network_in_training<slimmable_network<Engine>>;
  using base::network_;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;
  static constexpr read_order judging_order = read_order::evaluation;
  static std::string score_text(double accuracy) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f dB", accuracy);
    return text;
  }

  enlarging_widths(Engine& backend, const width_family& family, const Rule& rule, const normalisation& scale, const recipe& how,
                   std::uint64_t seed)
      : base(backend, family.layers(), how.batch, first_enlarging_weights<parameter>(family.layers(), seed)),
        family_(&family),
        rule_(&rule),
        scale_(scale),
        seed_(derive(seed, 3)),
        low_(network_.device()),
        answers_(network_.device()),
        slopes_(network_.device()),
        high_(static_cast<std::size_t>(how.batch * network_.output_shape().size())),
        taught_(high_.size()) {}

  /// For the large images, on the processor; the network reads what is made of them.
  scalar* input() { return high_.data(); }
  accelerator<scalar>* feeds_from() { return nullptr; }

  /// Returns the loss of the first pass; the loss of any pass that is not finite instead.
  batch_loss step(const int*, std::int64_t iteration) {
    random_source random(derive(seed_, static_cast<std::uint64_t>(iteration)));
    rule_->draw(*family_, random, passes_);
    low_.write(network_.input(), static_cast<std::size_t>(network_.batch() * network_.input_shape().size()),
               [&](scalar* low) { resampler_.halve(high_.data(), network_.output_shape(), network_.batch(), low); });
    network_.clear_gradients();
    batch_loss first;
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) {
      network_.select(passes_[pass].at);
      network_.forward();
      const bool taught = rule_->distils && pass > 0;
      const scalar* const answers = answers_.read(network_.output(), taught_.size());
      if (pass == 0 && rule_->distils) std::copy_n(answers, taught_.size(), taught_.data());
      double loss = 0;
      slopes_.write(network_.output_gradient(), taught_.size(), [&](scalar* slopes) {
        loss =
            mean_absolute_error(answers, taught ? taught_.data() : high_.data(), network_.batch(), network_.output_shape(), slopes);
      });
      if (pass == 0) first.loss = loss;
      if (!std::isfinite(loss)) return {loss, 0};
      network_.backward();
    }
    for (const parameter_tensor& tensor : this->weights_.layout.trainable)
      if (is_fixed(tensor)) clear_at(network_.device(), network_.gradients() + tensor.offset, tensor.size);
    return first;
  }
  /// What interpolates stays as it is.
  bool is_fixed(const parameter_tensor& tensor) const { return interpolates(family_->layers(), tensor.layer); }

  evaluation judge(batch_feed<scalar>& feed) {
    random_source random(seed_);
    rule_->draw(*family_, random, passes_);
    network_.select(passes_.front().at);
    feed.seek({0, 0});
    return judge_enlargement(feed, network_.output_shape(), scale_, high_.data(), [&](const auto& halve, int) {
      low_.write(network_.input(), static_cast<std::size_t>(network_.batch() * network_.input_shape().size()), halve);
      network_.forward();
      return answers_.read(network_.output(), taught_.size());
    });
  }

 private:
  const width_family* family_;
  const Rule* rule_;
  normalisation scale_;
  std::uint64_t seed_;
  bicubic_resampler<scalar> resampler_;
  staged<scalar> low_, answers_, slopes_;
  aligned_vector<scalar> high_, taught_;
  std::vector<width_pass> passes_;
};
}  // namespace detail

/// The training of one enlarging network at the widths of a rule, on patches twice the size of what it reads. With a rule of one
/// width it is plain L1 training. Patches are mirrored and not shifted unless the recipe says otherwise; `accuracy` in its records
/// is PSNR in dB. Backend, family and image sets must outlive it.
template <Backend Engine, WidthRule Rule>
class super_resolution_trainer : public training_loop<detail::enlarging_widths<Engine, Rule>> {
  using loop = training_loop<detail::enlarging_widths<Engine, Rule>>;

 public:
  super_resolution_trainer(Engine& backend, std::string name, const width_family& family, const Rule& rule,
                           const training_data& data, const recipe& how, std::uint64_t seed, checkpoint_policy saving = {})
      : super_resolution_trainer(backend, std::move(name), family, std::make_unique<Rule>(rule), data,
                                 checked(how, family, rule, data), seed, std::move(saving)) {}

  /// The network as it is now, in float: every width can be taken out.
  slimmable_model result() const { return {this->name(), *family_, parameters<float>(this->weights()), {}, {}}; }

 private:
  super_resolution_trainer(Engine& backend, std::string name, const width_family& family, std::unique_ptr<Rule> rule,
                           const training_data& data, const recipe& how, std::uint64_t seed, checkpoint_policy saving)
      : loop(detail::identity_of(backend, std::move(name), family, *rule, data.identity, how, seed, "super-resolution x2, "), data,
             how, std::move(saving),
             [&](const recipe& settled) {
               return detail::enlarging_widths<Engine, Rule>(backend, family, *rule, data.scale, settled, seed);
             }),
        family_(&family),
        rule_(std::move(rule)) {}

  static recipe checked(recipe how, const width_family& family, const Rule& rule, const training_data& data) {
    check(how);
    rule.check(family);
    check_super_resolution(*data.train, family.layers());
    check_super_resolution(*data.validation, family.layers());
    if (!how.augment) how.augment = augmentation{.pad = 0, .flip = data.train->mirrored_alike};
    return detail::checked(std::move(how), data);
  }

  const width_family* family_;
  std::unique_ptr<Rule> rule_;
};

/// How well a plain network enlarges the halved patches: PSNR in dB as `accuracy`, L1 of the normalised values as `loss`.
template <Backend Engine>
evaluation evaluate_super_resolution(Engine& backend, const model& network, const image_set& patches, const normalisation& scale,
                                     int batch = 16) {
  using scalar = typename Engine::scalar;
  check_super_resolution(patches, network.layers);
  inference_network<Engine> running(backend, network.layers, batch, parameters<parameter_of<scalar>>(network.weights));
  batch_feed<scalar> feed(nullptr, patches, scale, batch, read_order::evaluation);
  aligned_vector<scalar> high(static_cast<std::size_t>(batch * patches.shape().size()));
  staged<scalar> low(running.memory()), answers(running.memory());
  return detail::judge_enlargement(feed, patches.shape(), scale, high.data(), [&](const auto& halve, int) {
    low.write(running.input(), high.size() / 4, halve);
    running.run();
    return answers.read(running.output(), high.size());
  });
}

/// The same of bicubic interpolation, which every network has to beat.
inline evaluation evaluate_bicubic(const image_set& patches, const normalisation& scale) {
  const feature_shape shape = patches.shape();
  if (patches.size() == 0 || shape.h % 2 != 0 || shape.w % 2 != 0 || std::min(shape.h, shape.w) <= 2 * uncounted_border)
    throw error("the image set '" + patches.name + "' has " + std::to_string(patches.size()) + " images of " +
                std::to_string(shape.h) + " x " + std::to_string(shape.w) +
                " pixels; to be halved and enlarged, there must be some of an even height and width above " +
                std::to_string(2 * uncounted_border));
  batch_feed<double> feed(nullptr, patches, scale, 1, read_order::evaluation);
  std::vector<double> high(static_cast<std::size_t>(shape.size())), low(high.size() / 4), enlarged(high.size());
  bicubic_resampler<double> resampler;
  return detail::judge_enlargement(feed, shape, scale, high.data(), [&](const auto& halve, int count) {
    halve(low.data());
    resampler.twice(low.data(), {shape.h / 2, shape.w / 2, shape.c}, count, enlarged.data());
    return static_cast<const double*>(enlarged.data());
  });
}

}  // namespace hasse
