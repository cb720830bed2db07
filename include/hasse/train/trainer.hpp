// Trains one network: epochs of steps, validation after each, checkpoints on the way, divergence as a result.
// Used by train/classifier.hpp for the candidates of a search, and alone for a network that was chosen by hand.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/training.hpp>
#include <hasse/train/checkpoint.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/loss.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/record.hpp>
#include <hasse/train/sgd.hpp>

namespace hasse {

namespace detail {
/// One number for all that decides the weights but the architecture's name and the seed.
inline std::uint64_t configuration_of(const layer_list& layers, std::uint64_t data, const recipe& how, std::string_view backend) {
  std::uint64_t hash = fnv1a(to_text(how), fnv1a(backend));
  const auto take = [&](auto... fields) { ((hash = derive(hash, static_cast<std::uint64_t>(fields))), ...); };
  for (const layer& item : layers) {
    take(item.kind, item.input, item.other, item.kernel, item.stride, item.pad_top, item.pad_left, item.groups, item.bias,
         item.act);
    take(item.in.h, item.in.w, item.in.c, item.out.h, item.out.w, item.out.c);
    take(item.norm.epsilon_millionths, item.norm.keep_percent);
  }
  return derive(hash, data);
}
}  // namespace detail

/// What networks are trained on and judged by, and what is derived from it once for all of them. Both sets must outlive it.
struct training_data {
  const image_set* train;
  const image_set* validation;
  normalisation scale;         ///< measured on the training images
  std::uint64_t identity = 0;  ///< of both sets: which images, in which order

  training_data(const image_set& training_images, const image_set& validation_images)
      : train(&training_images),
        validation(&validation_images),
        scale(measure(training_images)),
        identity(derive(hasse::identity_of(training_images), hasse::identity_of(validation_images))) {}
};

/// Where and how often a training is saved. None of it changes the weights.
struct checkpoint_policy {
  std::filesystem::path folder;                                    ///< empty: nothing is saved
  int every_epochs = 1;                                            ///< at the end of every so many epochs; 0: never
  double every_seconds = std::numeric_limits<double>::infinity();  ///< and inside an epoch, when the last one is this old
};

/// The training of one network. The backend and the image sets must outlive it; checkpoints go to one file, which disappears with
/// the last epoch.
template <Backend Engine>
class trainer {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `seed` decides the first weights and every augmentation (the recipe's own seed is for whoever trains several networks).
  /// A checkpoint of the same training in the folder is gone on with; one of another is refused.
  trainer(Engine& backend, std::string name, const layer_list& layers, const training_data& data, const recipe& how,
          std::uint64_t seed, checkpoint_policy saving = {})
      : name_(std::move(name)),
        layers_(layers),
        data_(data),
        how_(checked(how, layers, data)),
        saving_(std::move(saving)),
        whose_{name_, detail::configuration_of(layers, data.identity, how_, Engine::name), seed},
        steps_(static_cast<std::int64_t>(data.train->size()) / how.batch),
        weights_(first_weights(layers, seed)),
        network_(backend, layers, how.batch, weights_),
        judge_(backend, layers, how.batch, weights_),
        descent_(weights_.layout, {.momentum = how.momentum, .decay = how.decay, .largest_norm = how.largest_gradient}),
        reader_(*data.train, data.scale, how.batch, read_order::training, derive(seed, 2), *how_.augment),
        judging_(*data.validation, data.scale, how.batch, read_order::evaluation),
        labels_(static_cast<std::size_t>(how.batch)) {
    if (!saving_.folder.empty() && std::filesystem::exists(checkpoint_path())) go_on();
  }

  /// Trains to the end, or until the loss is not a number. Whatever a sink throws passes through; a new trainer, or this one again,
  /// goes on from there.
  training_outcome run(const progress_sink& progress = {}) {
    remaining_time left;
    last_saved_ = clock::now();
    std::string trouble;
    while (at_.epoch < how_.epochs && trouble.empty()) trouble = run_epoch(progress, left);
    if (!saving_.folder.empty()) std::filesystem::remove(checkpoint_path());
    training_outcome outcome{.curve = at_.curve, .diverged = !trouble.empty(), .note = trouble};
    for (const epoch_record& each : at_.curve) outcome.seconds += each.seconds;
    if (!outcome.diverged) outcome.accuracy = at_.curve.back().validation_accuracy;
    return outcome;
  }

  const parameters<parameter>& weights() const { return weights_; }
  std::span<const parameter> momentum() const { return descent_.velocity(); }
  const training_position& position() const { return at_; }
  /// The network as it is now, in float: to be saved or exported.
  model result() const { return {name_, layers_, parameters<float>(weights_)}; }
  std::filesystem::path checkpoint_path() const { return saving_.folder / (file_name_of(name_) + ".training.safetensors"); }

 private:
  using clock = std::chrono::steady_clock;

  static recipe checked(recipe how, const layer_list& layers, const training_data& data) {
    check(how);
    if (layers.size() == 0) throw error("a network without layers cannot be trained; give it at least one");
    check_images(*data.train, layers.input, layers.items.back().out);
    check_images(*data.validation, layers.input, layers.items.back().out);
    if (data.train->size() < static_cast<std::size_t>(how.batch))
      throw error("the image set '" + data.train->name + "' has " + std::to_string(data.train->size()) +
                  " training images, fewer than one batch of " + std::to_string(how.batch) + "; make the batch smaller");
    if (!how.augment) how.augment = usual_augmentation(*data.train);
    return how;
  }
  static parameters<parameter> first_weights(const layer_list& layers, std::uint64_t seed) {
    parameters<parameter> made(layers);
    random_source random(derive(seed, 1));
    initialise(made, layers, random);
    return made;
  }

  void go_on() {
    at_ = load_checkpoint<parameter>(checkpoint_path(), whose_, weights_, descent_.velocity());
    if (at_.epoch > how_.epochs || at_.batch > steps_)
      throw file_error(checkpoint_path().string(), "stands at a step that this training does not have", detail::checkpoint_remedy);
  }
  void save() {
    std::filesystem::create_directories(saving_.folder);
    save_checkpoint<parameter>(checkpoint_path(), whose_, at_, weights_, descent_.velocity());
    last_saved_ = clock::now();
  }

  double rate_of(std::int64_t batch) const {
    return learning_rate_at(how_.schedule, how_.learning_rate, at_.epoch * steps_ + batch, how_.epochs * steps_,
                            std::llround(how_.warmup_epochs * static_cast<double>(steps_)));
  }

  /// One batch; a loss that is not finite leaves the weights alone.
  batch_loss step() {
    detail::read_batch(reader_, static_cast<std::size_t>(layers_.input.size()), network_.input(), labels_.data(), staged_);
    network_.forward();
    const batch_loss result =
        softmax_cross_entropy(network_.output(), labels_.data(), how_.batch, static_cast<int>(network_.output_shape().size()),
                              how_.label_smoothing, network_.output_gradient());
    if (!std::isfinite(result.loss)) return result;
    network_.backward();
    descent_.step(weights_.values.data(), network_.gradients(), rate_of(at_.batch));
    return result;
  }

  /// From where the training stands to the end of that epoch. Returns what went wrong, "" when nothing did.
  std::string run_epoch(const progress_sink& progress, remaining_time& left) {
    if (at_.batch < steps_) reader_.seek({static_cast<std::uint64_t>(at_.epoch), static_cast<std::uint64_t>(at_.batch)});
    const auto start = clock::now();
    const double before = at_.seconds;
    const auto seconds = [&] { return before + std::chrono::duration<double>(clock::now() - start).count(); };
    while (at_.batch < steps_) {
      const batch_loss result = step();
      if (!std::isfinite(result.loss)) return diverge(result.loss, seconds());
      at_.loss_sum += result.loss;
      at_.correct += result.correct;
      ++at_.batch;
      at_.seconds = seconds();
      if (!saving_.folder.empty() && std::chrono::duration<double>(clock::now() - last_saved_).count() >= saving_.every_seconds)
        save();
      report(progress, left);
    }
    judge_.load(weights_);
    const evaluation judged = evaluate(judge_, judging_);
    if (!std::isfinite(judged.loss)) return diverge(judged.loss, seconds());
    at_.curve.push_back(record(at_.loss_sum / static_cast<double>(steps_), judged.accuracy, seconds()));
    at_ = {.epoch = at_.epoch + 1, .batch = 0, .loss_sum = 0, .correct = 0, .seconds = 0, .curve = std::move(at_.curve)};
    const bool due = saving_.every_epochs > 0 && at_.epoch % saving_.every_epochs == 0;
    if (due && at_.epoch < how_.epochs && !saving_.folder.empty()) save();
    return {};
  }

  epoch_record record(double loss, double validation_accuracy, double seconds) const {
    const double seen = static_cast<double>(std::max<std::int64_t>(at_.batch, 1) * how_.batch);
    epoch_record made{.epoch = static_cast<int>(at_.epoch + 1), .loss = loss, .validation_accuracy = validation_accuracy};
    made.train_accuracy = static_cast<double>(at_.correct) / seen;
    made.learning_rate = rate_of(std::min(at_.batch, steps_ - 1));
    made.seconds = seconds;
    return made;
  }

  std::string diverge(double loss, double seconds) {
    at_.curve.push_back(record(loss, 0, seconds));
    char text[200];
    std::snprintf(text, sizeof text,
                  "the loss became %g in epoch %lld after %lld of %lld steps; lower the learning rate (%g) or warm up longer", loss,
                  static_cast<long long>(at_.epoch + 1), static_cast<long long>(at_.batch), static_cast<long long>(steps_),
                  how_.learning_rate);
    return text;
  }

  void report(const progress_sink& progress, remaining_time& left) const {
    if (!progress) return;
    const double fraction = static_cast<double>(at_.epoch * steps_ + at_.batch) / static_cast<double>(how_.epochs * steps_);
    char text[120];
    int length = std::snprintf(text, sizeof text, "epoch %lld of %d, loss %.4g", static_cast<long long>(at_.epoch + 1), how_.epochs,
                               at_.loss_sum / static_cast<double>(at_.batch));
    if (!at_.curve.empty())
      std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), ", validation %.1f %%",
                    100 * at_.curve.back().validation_accuracy);
    progress({fraction, text, left(fraction)});
  }

  std::string name_;
  layer_list layers_;
  training_data data_;
  recipe how_;
  checkpoint_policy saving_;
  training_identity whose_;
  std::int64_t steps_;  ///< per epoch; images that do not fill a batch wait for an epoch that shuffles them to the front
  parameters<parameter> weights_;
  training_network<Engine> network_;
  inference_network<Engine> judge_;
  nesterov_descent<parameter> descent_;
  batch_reader reader_, judging_;
  std::vector<int> labels_;
  std::vector<float> staged_;
  training_position at_;
  clock::time_point last_saved_{};
};

}  // namespace hasse
