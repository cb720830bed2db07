// Epochs of steps with an evaluation after each, checkpoints on the way, divergence as a result: whatever it is that trains.
// Used by train/trainer.hpp (one network) and train/slimmable_trainer.hpp (one network at many widths).
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
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
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/train/batch_feed.hpp>
#include <hasse/train/checkpoint.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/loss.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/record.hpp>
#include <hasse/train/sgd.hpp>

namespace hasse {

namespace detail {
/// Whose training it is, all that decides the weights; `more` says what the layers and the recipe do not.
template <Backend Engine>
training_identity identity_of(const Engine& backend, std::string name, const layer_list& layers, std::uint64_t data,
                              const recipe& how, std::uint64_t seed, std::string_view more = {}) {
  std::uint64_t hash = fnv1a(more, fnv1a(to_text(how)));
  for (const layer& item : layers)
    for_each_number(item, [&](std::int64_t number) { hash = derive(hash, static_cast<std::uint64_t>(number)); });
  return {std::move(name), derive(hash, data), seed, backend.identity()};
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

namespace detail {
/// The recipe with its augmentation settled; refuses what cannot be trained.
inline recipe checked(recipe how, const training_data& data) {
  check(how);
  if (data.train->size() < static_cast<std::size_t>(how.batch))
    throw error("the image set '" + data.train->name + "' has " + std::to_string(data.train->size()) +
                " training images, fewer than one batch of " + std::to_string(how.batch) + "; make the batch smaller");
  if (!how.augment) how.augment = usual_augmentation(*data.train);
  return how;
}

/// First weights of a list: what `initialise` gives for that seed.
template <class Scalar>
parameters<Scalar> first_weights(const layer_list& layers, std::uint64_t seed) {
  parameters<Scalar> made(layers);
  random_source random(derive(seed, 1));
  initialise(made, layers, random);
  return made;
}
}  // namespace detail

/// What a training loop trains. input() takes a batch of images, in the memory of feeds_from(); step() runs forward and backward
/// and leaves the sum of what it wants in gradients(), unless the loss that it returns is not finite; trainable() is what those
/// move; both lie in the memory of device(). judge() says how good the weights are now, by a feed of the validation images in the
/// order that it asks for. Its `accuracy` is whatever the trainee is judged by, the more the better; a trainee that has a static
/// score_text(accuracy) says how that reads, and one that has is_fixed(tensor) which weights must not decay. weights() are brought
/// to the processor; push() takes them back. In half precision it needs scale_loss(where), the factor of its loss on the device.
template <class Type>
concept Trainee = requires(Type& it, const int* labels, std::int64_t iteration, batch_feed<typename Type::scalar>& feed) {
  typename Type::parameter;
  { Type::judging_order } -> std::convertible_to<read_order>;
  it.input();
  { it.feeds_from() } -> std::same_as<accelerator<typename Type::scalar>*>;
  { it.device() } -> std::convertible_to<parameter_accelerator*>;
  { it.step(labels, iteration) } -> std::same_as<batch_loss>;
  { it.gradients() } -> std::convertible_to<const typename Type::parameter*>;
  { it.trainable() } -> std::same_as<typename Type::parameter*>;
  { it.judge(feed) } -> std::same_as<evaluation>;
  { it.weights() } -> std::same_as<parameters<typename Type::parameter>&>;
  it.push();
};

namespace detail {
/// A network in training and the parameters that it reads: what every trainee is, whatever it does with them.
template <class Network>
class network_in_training {
 public:
  using scalar = typename Network::scalar;
  using parameter = typename Network::parameter;

  network_in_training(const network_in_training&) = delete;
  network_in_training& operator=(const network_in_training&) = delete;

  accelerator<scalar>* device() const { return network_.device(); }
  const parameter* gradients() { return network_.gradients(); }
  parameter* trainable() { return network_.trainable(); }
  parameters<parameter>& weights() {
    network_.pull();
    return weights_;
  }
  const parameters<parameter>& weights() const {
    network_.pull();
    return weights_;
  }
  void push() { network_.push(); }

 protected:
  template <class Engine>
  network_in_training(Engine& backend, const layer_list& layers, int batch, parameters<parameter> weights)
      : weights_(std::move(weights)), network_(backend, layers, batch, weights_) {}

  parameters<parameter> weights_;
  Network network_;
};
}  // namespace detail

/// One training. The image sets must outlive it; checkpoints go to one file, which disappears with the last epoch.
template <Trainee Type>
class training_loop {
 public:
  using parameter = typename Type::parameter;

  /// `whose` stands for all that decides the weights; `make(how)` makes the trainee by the checked recipe. A checkpoint of the same
  /// training in the folder is gone on with; one of another is refused.
  template <class Make>
  training_loop(training_identity whose, const training_data& data, const recipe& how, checkpoint_policy saving, Make&& make)
      : data_(data),
        how_(how),
        saving_(std::move(saving)),
        whose_(std::move(whose)),
        steps_(static_cast<std::int64_t>(data.train->size()) / how.batch),
        trainee_(make(how_)),
        descent_(
            trainee_.weights().layout, {.momentum = how.momentum, .decay = how.decay, .largest_norm = how.largest_gradient},
            [&](const parameter_tensor& tensor) { return decays(tensor) && !is_fixed(tensor); }, trainee_.device()),
        feed_(trainee_.feeds_from(), *data.train, data.scale, how.batch, read_order::training, derive(whose_.seed, 2), *how_.augment),
        judging_(trainee_.feeds_from(), *data.validation, data.scale, how.batch, Type::judging_order),
        labels_(static_cast<std::size_t>(how.batch)),
        scaling_(descent_.scaling()) {
    if (const float* const scale = descent_.loss_scale()) {
      if constexpr (requires { trainee_.scale_loss(scale); })
        trainee_.scale_loss(scale);
      else
        throw error(
            "this training takes part of its loss on the processor and cannot be done in half precision; take bfloat16 or float");
    }
    if (!saving_.folder.empty() && file_exists(checkpoint_path())) go_on();
  }

  /// Trains to the end, or until the loss is not a number. Whatever a sink throws passes through, once the state is saved; a new
  /// trainer, or this one again, goes on from there.
  training_outcome run(const progress_sink& progress = {}) {
    remaining_time left;
    last_saved_ = clock::now();
    std::string trouble;
    while (at_.epoch < how_.epochs && trouble.empty()) trouble = run_epoch(progress, left);
    if (!saving_.folder.empty()) remove_file(checkpoint_path());
    training_outcome outcome{.curve = at_.curve, .diverged = !trouble.empty(), .note = trouble};
    for (const epoch_record& each : at_.curve) outcome.seconds += each.seconds;
    if (!outcome.diverged) outcome.accuracy = at_.curve.back().validation_accuracy;
    return outcome;
  }

  const std::string& name() const { return whose_.architecture; }
  const parameters<parameter>& weights() const { return trainee_.weights(); }
  std::span<const parameter> momentum() const { return descent_.velocity(); }
  const training_position& position() const { return at_; }
  const recipe& how() const { return how_; }
  const training_data& data() const { return data_; }
  std::filesystem::path checkpoint_path() const { return saving_.folder / (file_name_of(name()) + ".training.safetensors"); }

 protected:
  Type& trainee() { return trainee_; }
  const Type& trainee() const { return trainee_; }

 private:
  using clock = std::chrono::steady_clock;

  bool is_fixed(const parameter_tensor& tensor) const {
    if constexpr (requires { trainee_.is_fixed(tensor); })
      return trainee_.is_fixed(tensor);
    else
      return false;
  }
  void go_on() {
    at_ = load_checkpoint<parameter>(checkpoint_path(), whose_, trainee_.weights(), descent_.velocity(), numbers());
    trainee_.push(), descent_.push(), descent_.restore_scaling(scaling_);
    if (at_.epoch > how_.epochs || at_.batch > steps_)
      throw file_error(checkpoint_path().string(), "stands at a step that this training does not have", detail::checkpoint_remedy);
  }
  /// What a checkpoint keeps besides weights and place: in half precision, the scale of the loss.
  std::vector<checkpoint_numbers> numbers() {
    if (scaling_.empty()) return {};
    return {{"loss_scale", scaling_}};
  }
  void save() {
    create_folder(saving_.folder);
    scaling_ = descent_.scaling();
    save_checkpoint<parameter>(checkpoint_path(), whose_, at_, trainee_.weights(), descent_.velocity(), numbers());
    last_saved_ = clock::now();
  }

  double rate_of(std::int64_t batch) const {
    return learning_rate_at(how_.schedule, how_.learning_rate, at_.epoch * steps_ + batch, how_.epochs * steps_,
                            std::llround(how_.warmup_epochs * static_cast<double>(steps_)));
  }

  /// One batch; a loss that is not finite leaves the weights alone.
  batch_loss step() {
    feed_.next(trainee_.input(), labels_.data());
    const batch_loss result = trainee_.step(labels_.data(), at_.epoch * steps_ + at_.batch);
    if (std::isfinite(result.loss)) descent_.step(trainee_.trainable(), trainee_.gradients(), rate_of(at_.batch));
    return result;
  }

  /// From where the training stands to the end of that epoch. Returns what went wrong, "" when nothing did.
  std::string run_epoch(const progress_sink& progress, remaining_time& left) {
    if (at_.batch < steps_) feed_.seek({static_cast<std::uint64_t>(at_.epoch), static_cast<std::uint64_t>(at_.batch)});
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
      try {
        report(progress, left);
      } catch (...) {  // somebody wants this to end: the next start goes on from here
        if (!saving_.folder.empty()) save();
        throw;
      }
    }
    const evaluation judged = trainee_.judge(judging_);
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

  static std::string score_text(double accuracy) {
    if constexpr (requires { Type::score_text(accuracy); }) {
      return Type::score_text(accuracy);
    } else {
      char text[32];
      std::snprintf(text, sizeof text, "%.1f %%", 100 * accuracy);
      return text;
    }
  }

  void report(const progress_sink& progress, remaining_time& left) const {
    if (!progress) return;
    const double fraction = static_cast<double>(at_.epoch * steps_ + at_.batch) / static_cast<double>(how_.epochs * steps_);
    char text[120];
    int length = std::snprintf(text, sizeof text, "epoch %lld of %d, loss %.4g", static_cast<long long>(at_.epoch + 1), how_.epochs,
                               at_.loss_sum / static_cast<double>(at_.batch));
    if (!at_.curve.empty())
      std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), ", validation %s",
                    score_text(at_.curve.back().validation_accuracy).c_str());
    progress({fraction, text, left(fraction)});
  }

  training_data data_;
  recipe how_;
  checkpoint_policy saving_;
  training_identity whose_;
  std::int64_t steps_;  ///< per epoch; images that do not fill a batch wait for an epoch that shuffles them to the front
  Type trainee_;
  nesterov_descent<parameter> descent_;
  batch_feed<typename Type::scalar> feed_, judging_;
  std::vector<int> labels_;
  std::vector<double> scaling_;
  training_position at_;
  clock::time_point last_saved_{};
};

}  // namespace hasse
