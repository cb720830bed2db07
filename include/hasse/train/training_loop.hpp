// Epochs of steps with an evaluation after each, checkpoints on the way, divergence as a result: whatever it is that trains.
// Used by every trainer: one network (train/trainer.hpp), one at many widths, paths of a supernet.
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
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/task/record.hpp>
#include <hasse/train/checkpoint.hpp>
#include <hasse/train/descent.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/schedule.hpp>
#include <hasse/train/sgd.hpp>
#include <hasse/train/trainee.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse {

/// One training. The sets must outlive it; checkpoints go to one file, which disappears with the last epoch.
template <Task Type, Trainee Trained, template <class> class Optimiser = nesterov_descent>
  requires Descent<Optimiser<typename Trained::parameter>, typename Trained::parameter>
class training_loop {
 public:
  using scalar = typename Trained::scalar;
  using parameter = typename Trained::parameter;
  using feed_type = typename Type::template feed<scalar>;

  /// `whose` stands for all that decides the weights; `make(how)` makes the trainee by the checked recipe. A checkpoint of the same
  /// training in the folder is gone on with; one of another is refused.
  template <class Make>
  training_loop(training_identity whose, const training_data<Type>& data, const recipe& how, checkpoint_policy saving, Make&& make)
      : data_(data),
        how_(how),
        saving_(std::move(saving)),
        whose_(by_optimiser(std::move(whose))),
        steps_(static_cast<std::int64_t>(data.train->size()) / how.batch),
        trainee_(make(how_)),
        descent_(
            trainee_.weights().layout, {.momentum = how.momentum, .decay = how.decay, .largest_norm = how.largest_gradient},
            [&](const parameter_tensor& tensor) { return decays(tensor) && !is_fixed(tensor); }, trainee_.device()),
        feed_(trainee_.device(), *data.train, data.scale, how.batch, read_order::training, derive(whose_.seed, 2), *how_.augment),
        judging_(trainee_.device(), *data.validation, data.scale, how.batch, trainee_.judging_order(), judging_seed(), augmentation{}),
        scaling_(descent_.scaling()) {
    trainee_.scale_loss(descent_.loss_scale());
    if (!saving_.folder.empty() && file_exists(checkpoint_path())) go_on();
  }

  /// Trains to the end, or until the loss is not a number. Whatever a sink throws passes through, once the state is saved; a new
  /// trainer, or this one again, goes on from there.
  training_outcome run(const progress_sink& progress = {}) {
    remaining_time left;
    last_saved_ = clock::now();
    if (!saving_.folder.empty()) create_folder(saving_.folder);
    std::string trouble;
    while (at_.epoch < how_.epochs && trouble.empty()) trouble = run_epoch(progress, left);
    if (!saving_.folder.empty()) remove_file(checkpoint_path());
    training_outcome outcome{.curve = at_.curve, .diverged = !trouble.empty(), .note = trouble};
    for (const epoch_record& each : at_.curve) outcome.seconds += each.seconds;
    if (!outcome.diverged) outcome.score = at_.curve.back().validation_score;
    return outcome;
  }

  const std::string& name() const { return whose_.architecture; }
  const parameters<parameter>& weights() const { return trainee_.weights(); }
  std::span<const parameter> momentum() { return descent_.state().front().values; }
  const training_position& position() const { return at_; }
  const recipe& how() const { return how_; }
  const training_data<Type>& data() const { return data_; }
  std::filesystem::path checkpoint_path() const { return saving_.folder / (file_name_of(name()) + checkpoint_ending() + ".safetensors"); }

 protected:
  Trained& trainee() { return trainee_; }
  const Trained& trainee() const { return trainee_; }

 private:
  using clock = std::chrono::steady_clock;

  static training_identity by_optimiser(training_identity whose) {
    whose.configuration = fnv1a(Optimiser<parameter>::name, whose.configuration);
    return whose;
  }

  // What a trainee need not have.
  static std::string checkpoint_ending() {
    if constexpr (requires { Trained::checkpoint_ending; })
      return Trained::checkpoint_ending;
    else
      return ".training";
  }
  std::uint64_t judging_seed() const {
    if constexpr (requires { trainee_.judging_seed(); })
      return trainee_.judging_seed();
    else
      return 1;
  }
  bool is_fixed(const parameter_tensor& tensor) const {
    if constexpr (requires { trainee_.is_fixed(tensor); })
      return trainee_.is_fixed(tensor);
    else
      return false;
  }
  std::vector<checkpoint_numbers> numbers() {
    std::vector<checkpoint_numbers> all;
    if constexpr (requires { trainee_.numbers(); }) all = trainee_.numbers();
    if (!scaling_.empty()) all.push_back({"loss_scale", scaling_});  // in half precision
    return all;
  }

  void go_on() {
    at_ = load_checkpoint<parameter>(checkpoint_path(), whose_, trainee_.weights(), descent_.state(), numbers());
    trainee_.push(), descent_.push(), descent_.restore_scaling(scaling_);
    if (at_.epoch > how_.epochs || at_.batch > steps_)
      throw file_error(checkpoint_path().string(), "stands at a step that this training does not have", detail::checkpoint_remedy);
    if constexpr (requires { trainee_.restore(checkpoint_path()); }) trainee_.restore(checkpoint_path());
  }
  /// Nobody waits for the end of a training to hear that nothing of it can be kept.
  void require_folder() const {
    if (!saving_.folder.empty() && !file_exists(saving_.folder))
      throw file_error(saving_.folder.string(), "is gone, removed or renamed while a training wrote to it",
                       "put it back and start again, and what is in it goes on");
  }
  void save() {
    require_folder();
    if constexpr (requires { trainee_.keep(); }) trainee_.keep();
    scaling_ = descent_.scaling();
    save_checkpoint<parameter>(checkpoint_path(), whose_, at_, trainee_.weights(), descent_.state(), numbers());
    last_saved_ = clock::now();
  }

  double rate_of(std::int64_t batch) const {
    if constexpr (requires { trainee_.rate(at_, batch, steps_); })
      return trainee_.rate(at_, batch, steps_);
    else
      return learning_rate_at(how_.schedule, how_.learning_rate, at_.epoch * steps_ + batch, how_.epochs * steps_,
                              std::llround(how_.warmup_epochs * static_cast<double>(steps_)));
  }

  /// One batch; a loss that is not finite leaves the weights alone.
  batch_loss step() {
    const std::int64_t iteration = at_.epoch * steps_ + at_.batch;
    if constexpr (requires { trainee_.begin_step(iteration); }) trainee_.begin_step(iteration);
    feed_.next(trainee_.input());
    const batch_loss result = trainee_.step(feed_.targets(), iteration);
    if (!std::isfinite(result.loss)) return result;
    // Here the gradients of the whole batch are complete and flat, on the device or off it: where processors that share a batch meet.
    if constexpr (requires { trainee_.active(); })
      descent_.step(trainee_.trainable(), trainee_.gradients(), rate_of(at_.batch), trainee_.active());
    else
      descent_.step(trainee_.trainable(), trainee_.gradients(), rate_of(at_.batch));
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
      if (!std::isfinite(result.loss)) return diverge("loss", result.loss, seconds());
      if constexpr (requires { trainee_.after_step(at_, steps_); })
        if (const double found = trainee_.after_step(at_, steps_); !std::isfinite(found)) return diverge(Trained::follower, found, seconds());
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
    // The last step may be the one that went wrong: its loss was that of the weights before.
    const auto spoilt = [&](const stray_parameter& found) { return diverge("parameters in " + found.tensor, found.value, seconds()); };
    if (const auto found = not_finite(trainee_.weights())) return spoilt(*found);
    evaluation judged;
    try {
      judging_.seek({0, 0});
      judged = trainee_.judge(judging_, data_.scale);
    } catch (const not_finite_error& refused) {  // finite, but too large for a network that runs them
      return spoilt(refused.found());
    }
    if (!std::isfinite(judged.loss)) return diverge("loss", judged.loss, seconds());
    if constexpr (requires { trainee_.after_epoch(at_); }) trainee_.after_epoch(at_);
    at_.curve.push_back(record(at_.loss_sum / static_cast<double>(steps_), judged.score, seconds()));
    at_ = {.epoch = at_.epoch + 1, .batch = 0, .loss_sum = 0, .correct = 0, .seconds = 0, .curve = std::move(at_.curve)};
    require_folder();
    const bool due = saving_.every_epochs > 0 && at_.epoch % saving_.every_epochs == 0;
    if (due && at_.epoch < how_.epochs && !saving_.folder.empty()) save();
    return {};
  }

  epoch_record record(double loss, double score, double seconds) const {
    const double seen = static_cast<double>(std::max<std::int64_t>(at_.batch, 1) * how_.batch);
    epoch_record made{.epoch = static_cast<int>(at_.epoch + 1), .loss = loss, .validation_score = score};
    made.train_correct = static_cast<double>(at_.correct) / seen;
    made.learning_rate = rate_of(std::min(at_.batch, steps_ - 1));
    made.seconds = seconds;
    return made;
  }

  std::string diverge(const std::string& what, double value, double seconds) {
    at_.curve.push_back(record(std::isfinite(value) ? std::numeric_limits<double>::quiet_NaN() : value, 0, seconds));
    char text[240];
    std::snprintf(text, sizeof text, "the %s became %g in epoch %lld after %lld of %lld steps; lower the learning rate (%g) or warm up longer",
                  what.c_str(), std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value, static_cast<long long>(at_.epoch + 1), static_cast<long long>(at_.batch),
                  static_cast<long long>(steps_), how_.learning_rate);
    return text;
  }

  void report(const progress_sink& progress, remaining_time& left) const {
    if (!progress) return;
    const double fraction = static_cast<double>(at_.epoch * steps_ + at_.batch) / static_cast<double>(how_.epochs * steps_);
    char text[120];
    std::snprintf(text, sizeof text, "epoch %lld of %d, loss %.4g", static_cast<long long>(at_.epoch + 1), how_.epochs,
                  at_.loss_sum / static_cast<double>(at_.batch));
    std::string doing = text;
    if constexpr (requires { trainee_.doing(doing, at_); })
      doing = trainee_.doing(doing, at_);
    else if (!at_.curve.empty())
      doing += ", validation " + Type::measure.text(at_.curve.back().validation_score);
    progress({fraction, doing, left(fraction)});
  }

  training_data<Type> data_;
  recipe how_;
  checkpoint_policy saving_;
  training_identity whose_;
  std::int64_t steps_;  ///< per epoch; samples that do not fill a batch wait for an epoch that shuffles them to the front
  Trained trainee_;
  Optimiser<parameter> descent_;
  feed_type feed_, judging_;
  std::vector<double> scaling_;
  training_position at_;
  clock::time_point last_saved_{};
};

}  // namespace hasse
