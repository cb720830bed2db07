// Learns which candidate each block of a supernet should take, and the weights of all of them, on the task and the device at once:
// ProxylessNAS. Used by programs; what a candidate costs comes from any table, as numbers.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/gated_costs.hpp>
#include <hasse/network/gated_network.hpp>
#include <hasse/network/latency_loss.hpp>
#include <hasse/network/latency_reward.hpp>
#include <hasse/network/model.hpp>
#include <hasse/train/answer_loss.hpp>
#include <hasse/train/batch_feed.hpp>
#include <hasse/train/checkpoint.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/gates.hpp>
#include <hasse/train/loss.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/schedule.hpp>
#include <hasse/train/sgd.hpp>
#include <hasse/train/training_loop.hpp>

namespace hasse {

/// How architecture parameters learn (spec 2.3, 2.5): from all candidates, each computed in turn; from two per block, the rest as
/// if they were not there; or from the rewards of whole paths.
enum class gate_method : std::uint8_t { gradient_full, gradient_two, reinforce };

constexpr std::string_view name_of(gate_method method) {
  constexpr std::string_view names[] = {"gradient-full", "gradient-two", "reinforce"};
  return names[static_cast<int>(method)];
}

/// Spec 2.6. Epochs of weight steps with the gates as they begin, then epochs in which every `period`-th weight step is followed by
/// one of the gates, from the second of these epochs on. Gates see the validation images, weights never do.
struct gated_recipe {
  int warmup_epochs = 4, epochs = 12;
  int batch = 64;
  double warmup_rate = 0.05, rate = 0.025;  ///< of the weights; each phase goes down along half a cosine
  double momentum = 0.9, decay = 4e-5, label_smoothing = 0.1;
  gate_method method = gate_method::gradient_two;
  gate_descent_rule gates{};
  int period = 5;
  int paths = 10;                 ///< REINFORCE: per step
  bool reference_compat = false;  ///< REINFORCE: the baseline of the published code (reward_baseline)
  latency_loss loss = additive_latency{};
  double target = 0;        ///< in the unit of the costs; 0: costs do not count
  double tolerance = 0.05;  ///< share of the target by which a network may miss it without a word; moves no gate
  augmentation augment{};
  std::uint64_t seed = 1;
};

/// All that decides gates and weights but the seed, as one line: what configurations show and hash.
inline std::string to_text(const gated_recipe& how) {
  // A member more does not compile until it is written; `tolerance` moves no gate.
  const auto& [warmup_epochs, epochs, batch, warmup_rate, rate, momentum, decay, label_smoothing, method, gates, period, paths,
               reference_compat, loss, target, tolerance, augment, seed] = how;
  char text[800];
  const auto* additive = std::get_if<additive_latency>(&loss);
  const auto* product = std::get_if<multiplicative_latency>(&loss);
  const auto* distance = std::get_if<absolute_latency>(&loss);
  std::snprintf(
      text, sizeof text,
      "warm-up %d epochs at %.17g, %d epochs at %.17g, batch %d, momentum %.17g, decay %.17g, label smoothing %.17g, gates by %s "
      "at %.17g (%.17g, %.17g) every %d steps, %d paths%s, %s %.17g %.17g towards %.17g, pad %d%s",
      warmup_epochs, warmup_rate, epochs, rate, batch, momentum, decay, label_smoothing, std::string(name_of(method)).c_str(),
      gates.rate, gates.decay, gates.epsilon, period, paths, reference_compat ? " as published" : "",
      std::string(name_of(loss)).c_str(),
      additive  ? additive->lambda
      : product ? product->scale
                : distance->lambda,
      product ? product->power : 0.0, target, augment.pad, augment.flip ? " flip" : "");
  return text;
}

/// Where a search stood after an epoch.
struct gated_epoch {
  epoch_record
      training;  ///< loss and accuracy of the sampled paths; validation accuracy of the likeliest one, statistics of the batch
  double entropy = 0;    ///< mean over the blocks, nats
  double expected = 0;   ///< cost of the drawn paths on average
  double likeliest = 0;  ///< cost of the likeliest path
  /// How hard accuracy and cost pulled at the gates: the length of their gradients by alpha, mean over the epoch's steps of the
  /// gates; 0 where there was none, and with REINFORCE, whose reward does not separate them.
  double accuracy_pull = 0, cost_pull = 0;
  std::vector<double> probabilities;  ///< flat, as the gates
};

/// What a search found.
struct gated_outcome {
  std::vector<int> choice;  ///< one candidate per block of the list
  double cost = 0;          ///< in the unit of the target
  std::vector<gated_epoch> curve;
  bool diverged = false;
  std::string note;  ///< why it ended early, or by how much the target was missed
};

/// Refuses what no search can do with this list and these images, in one sentence, before anything is reserved.
inline void check(const gated_list& list, const gated_recipe& how, const training_data& data) {
  list.check();
  if (list.searched().empty()) throw error("no block of the supernet has a choice; give at least one several candidates");
  if (how.warmup_epochs < 0 || how.warmup_epochs > 100'000 || how.epochs < 2 || how.period < 1 || how.paths < 1)
    throw error("a search of " + std::to_string(how.warmup_epochs) + " + " + std::to_string(how.epochs) + " epochs with " +
                std::to_string(how.paths) + " paths and gates every " + std::to_string(how.period) +
                " steps was asked for; give at least two epochs, since gates begin with the second, one path and a period of 1");
  for (const double rate : {how.warmup_rate, how.rate})
    check(recipe{.epochs = how.epochs,
                 .batch = how.batch,
                 .learning_rate = rate,
                 .momentum = how.momentum,
                 .decay = how.decay,
                 .label_smoothing = how.label_smoothing});
  if (!(how.target >= 0) || !std::isfinite(how.target))
    throw error("the target is not a number of at least 0; give one, or 0 for none");
  if (!(how.tolerance >= 0 && how.tolerance <= 1))
    throw error("a tolerance of " + std::to_string(how.tolerance) + " was given; give a share of the target from 0 to 1");
  check_images(*data.train, list.input, list.output());
  check_images(*data.validation, list.input, list.output());
  for (const image_set* set : {data.train, data.validation})
    if (set->size() < static_cast<std::size_t>(how.batch))
      throw error("the image set '" + set->name + "' has " + std::to_string(set->size()) + " images, fewer than one batch of " +
                  std::to_string(how.batch) + "; make the batch smaller");
  const std::size_t steps = data.train->size() / static_cast<std::size_t>(how.batch);
  if (steps < static_cast<std::size_t>(how.period))
    throw error("gates that learn every " + std::to_string(how.period) + " steps never do in epochs of " + std::to_string(steps) +
                "; give a smaller period or batch, or more images");
}

/// The same of the target, once costs are known: one that no network meets, and costs that the loss cannot weigh.
inline void check(const gated_costs& costs, const gated_recipe& how) {
  if (how.target <= 0) return;
  costs.require_reachable(how.target);
  // Refused now, not by a step of the gates: no expectation is below the cheapest network.
  if (how.method != gate_method::reinforce || std::holds_alternative<absolute_latency>(how.loss))
    weigh(how.loss, 1, costs.least(), how.target);
}

/// One search. The backend, the list and the image sets must outlive it.
template <Backend Engine>
class gated_search {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// Weights learn from `data.train`, gates from `data.validation`. `costs` are in the unit of the target. A checkpoint of the same
  /// search in the folder is gone on with; one of another is refused.
  gated_search(Engine& backend, std::string name, const gated_list& list, const gated_costs& costs, const training_data& data,
               const gated_recipe& how, checkpoint_policy saving = {})
      : list_(checked(list, how, data)),
        searched_(list.searched()),
        costs_(costs),
        data_(data),
        how_(how),
        saving_(std::move(saving)),
        steps_(static_cast<std::int64_t>(data.train->size()) / how.batch),
        gates_(candidates_of(list), derive(how.seed, 6)),
        descent_of_gates_(gates_, how.gates),
        baseline_{.reference_compat = how.reference_compat},
        weights_(first_weights(list, how.seed)),
        descent_(weights_.layout, {.momentum = how.momentum, .decay = how.decay}, accelerator_of(backend)),
        network_(backend, list, how.batch, weights_),
        loss_(network_.device(), how.batch, static_cast<int>(list.output().size())),
        gate_loss_(network_.device(), how.batch, static_cast<int>(list.output().size())),
        feed_(network_.device(), *data.train, data.scale, how.batch, read_order::training, derive(how.seed, 2), how.augment),
        gate_feed_(network_.device(), *data.validation, data.scale, how.batch, read_order::training, derive(how.seed, 5)),
        judging_(network_.device(), *data.validation, data.scale, how.batch, read_order::training, derive(how.seed, 7)),
        labels_(static_cast<std::size_t>(how.batch)),
        slopes_(gates_.size()),
        given_(gates_.size()),
        gradient_(gates_.size()),
        counts_(gates_.size()),
        scaling_(descent_.scaling()),
        history_(static_cast<std::size_t>(how.warmup_epochs + how.epochs) * row()) {
    loss_.scale_by(descent_.loss_scale());
    if (descent_.loss_scale() && how.method != gate_method::reinforce)
      throw error("the gradients of gates have no scale and vanish in half precision; search in bfloat16 or float, or by REINFORCE");
    check_costs();
    check(costs, how);
    whose_ = detail::identity_of(backend, std::move(name), gated_layers(list), data.identity, {.batch = how.batch}, how.seed,
                                 to_text(how));
    std::uint64_t& configuration = whose_.configuration;
    for (const double each : costs_.flat()) configuration = derive(configuration, std::bit_cast<std::uint64_t>(each));
    configuration = derive(configuration, static_cast<std::uint64_t>(costs_.gathering));
    for (const gated_block& block : list.blocks) configuration = derive(configuration, static_cast<std::uint64_t>(block.count()));
    configuration = derive(configuration, std::bit_cast<std::uint64_t>(costs_.fixed));
    if (!saving_.folder.empty() && file_exists(checkpoint_path())) go_on();
  }

  /// Searches to the end. Whatever a sink throws passes through, once the state is saved; a new search, or this one again, goes
  /// on from there.
  gated_outcome run(const progress_sink& progress = {}) {
    remaining_time left;
    last_saved_ = clock::now();
    std::string trouble;
    while (at_.epoch < epochs() && trouble.empty()) trouble = run_epoch(progress, left);
    if (!saving_.folder.empty()) remove_file(checkpoint_path());
    gated_outcome outcome{likeliest(), 0, curve(), !trouble.empty(), trouble};
    outcome.cost = cost_of(outcome.choice);
    if (trouble.empty() && how_.target > 0 && std::abs(outcome.cost - how_.target) > how_.tolerance * how_.target) {
      const bool too_far = outcome.cost < how_.target && !std::holds_alternative<absolute_latency>(how_.loss);
      char text[200];
      std::snprintf(text, sizeof text,
                    "the likeliest network costs %.4g, %+.1f %% off the target of %.4g; search longer, or weigh the cost %s",
                    outcome.cost, 100 * (outcome.cost / how_.target - 1), how_.target, too_far ? "less" : "more");
      outcome.note = text;
    }
    return outcome;
  }

  /// One candidate per block of the list: the likeliest.
  std::vector<int> likeliest() const { return list_.choice_of(gates_.likeliest()); }
  /// In the unit of the target.
  double cost_of(std::span<const int> choice) const { return costs_.of(list_.path_of(choice)); }
  double expected_cost() const { return costs_.expected(gates_.probabilities()); }
  const gate_parameters& gates() const { return gates_; }
  const gate_descent& gate_state() const { return descent_of_gates_; }
  const parameters<parameter>& weights() const {
    network_.pull();
    return weights_;
  }
  const training_position& position() const { return at_; }
  /// The network of a choice with the supernet's weights, in float: to begin a training with.
  model network_of(std::span<const int> choice) const {
    return {list_.text(choice), list_.path(choice), parameters<float>(network_.cut_out(choice))};
  }
  std::filesystem::path checkpoint_path() const {
    return saving_.folder / (file_name_of(whose_.architecture) + ".search.safetensors");
  }

 private:
  using clock = std::chrono::steady_clock;

  static const gated_list& checked(const gated_list& list, const gated_recipe& how, const training_data& data) {
    check(list, how, data);
    return list;
  }
  static std::vector<int> candidates_of(const gated_list& list) {
    std::vector<int> counts;
    for (const int block : list.searched()) counts.push_back(list.block(block).count());
    return counts;
  }
  static parameters<parameter> first_weights(const gated_list& list, std::uint64_t seed) {
    return detail::first_weights<parameter>(gated_layers(list), seed);
  }
  int epochs() const { return how_.warmup_epochs + how_.epochs; }
  std::size_t row() const { return gates_.size() + 5; }
  void check_costs() const {
    bool fits = static_cast<int>(costs_.blocks.size()) == gates_.blocks();
    for (int block = 0; fits && block < gates_.blocks(); ++block)
      fits = static_cast<int>(costs_.blocks[static_cast<std::size_t>(block)].size()) == gates_.candidates(block);
    if (!fits)
      throw error("the costs of another supernet were given; make them with gated_costs_of from the list that is searched");
  }

  double rate_of(std::int64_t batch) const {
    const bool warm = at_.epoch < how_.warmup_epochs;
    const std::int64_t first = warm ? 0 : how_.warmup_epochs, length = warm ? how_.warmup_epochs : how_.epochs;
    return learning_rate_at(cosine_decay{}, warm ? how_.warmup_rate : how_.rate, (at_.epoch - first) * steps_ + batch,
                            length * steps_, 0);
  }
  bool has_gate_step(std::int64_t batch) const { return at_.epoch > how_.warmup_epochs && (batch + 1) % how_.period == 0; }

  /// For a step of the gates, or for none.
  batch_loss judge_output(bool gradient) {
    return gate_loss_(network_.output(), labels_.data(), 0, gradient ? network_.output_gradient() : nullptr);
  }

  /// One path, its weights alone.
  batch_loss step_weights() {
    random_source random(derive(derive(how_.seed, 3), static_cast<std::uint64_t>(at_.epoch * steps_ + at_.batch)));
    gates_.draw(random, path_);
    network_.select(list_.choice_of(path_));
    feed_.next(network_.input(), labels_.data());
    network_.forward();
    const batch_loss result = loss_(network_.output(), labels_.data(), how_.label_smoothing, network_.output_gradient());
    if (!std::isfinite(result.loss)) return result;
    network_.backward();
    descent_.step(network_.trainable(), network_.gradients(), rate_of(at_.batch), network_.active());
    return result;
  }

  /// One step of the gates on validation images; the loss that it saw.
  double step_gates() {
    random_source random(derive(derive(how_.seed, 4), static_cast<std::uint64_t>(gate_steps())));
    ++gate_steps_;
    if (how_.method == gate_method::reinforce) return reinforce(random);
    const bool two = how_.method == gate_method::gradient_two;
    std::vector<std::vector<int>> others(list_.blocks.size());
    if (two) {
      gates_.draw(random, pairs_);
      path_.resize(pairs_.size());
      for (std::size_t b = 0; b < pairs_.size(); ++b) {
        path_[b] = pairs_[b].active;
        others[static_cast<std::size_t>(searched_[b])] = {pairs_[b].idle};
      }
    } else {
      gates_.draw(random, path_);
      for (std::size_t b = 0; b < path_.size(); ++b)
        for (int i = 0; i < gates_.candidates(static_cast<int>(b)); ++i)
          if (i != path_[b]) others[static_cast<std::size_t>(searched_[b])].push_back(i);
    }
    network_.select(list_.choice_of(path_), gated_pass::gates, others);
    gate_feed_.next(network_.input(), labels_.data());
    network_.forward();
    const batch_loss result = judge_output(true);
    if (!std::isfinite(result.loss)) return result.loss;
    network_.backward([&](int block, int candidate, double gate) {
      const auto place = std::lower_bound(searched_.begin(), searched_.end(), block) - searched_.begin();
      slopes_[gates_.entry(static_cast<int>(place), candidate)] = gate;
    });
    std::fill(gradient_.begin(), gradient_.end(), 0.0);
    weighed_loss weighed{result.loss, 1, 0};
    if (how_.target > 0) {
      double expected = costs_.expected(two ? gates_.probabilities(pairs_) : gates_.probabilities(), given_);
      // On which side of the target a search is does not depend on the pairs of a step, which would only add noise.
      if (two && std::holds_alternative<absolute_latency>(how_.loss)) expected = expected_cost();
      weighed = weigh(how_.loss, result.loss, expected, how_.target);
    }
    const auto add = [&](std::span<const double> slopes, double factor) {
      const std::vector<double> before = gradient_;
      if (two)
        add_gate_gradient(gates_, pairs_, slopes, factor, gradient_);
      else
        add_gate_gradient(gates_, slopes, factor, gradient_);
      double squares = 0;
      for (std::size_t i = 0; i < before.size(); ++i) squares += (gradient_[i] - before[i]) * (gradient_[i] - before[i]);
      return std::sqrt(squares);
    };
    pulls_[0] += add(slopes_, weighed.per_cross_entropy);
    pulls_[1] += add(given_, weighed.per_latency);
    ++pulls_[2];
    if (two)
      descent_of_gates_.step(gates_, pairs_, gradient_);
    else
      descent_of_gates_.step(gates_, gradient_);
    return weighed.loss;
  }

  double reinforce(random_source& random) {
    if (images_.size() == 0)
      images_ = backend_array<scalar>(network_.device(), static_cast<std::size_t>(how_.batch * list_.input.size()));
    gate_feed_.next(images_.data(), labels_.data());
    paths_.resize(static_cast<std::size_t>(how_.paths));
    std::vector<double> rewards;
    for (gate_path& path : paths_) {
      gates_.draw(random, path);
      const std::vector<int> choice = list_.choice_of(path);
      network_.select(choice, gated_pass::forward);
      copy_within(network_.device(), network_.input(), images_.data(), images_.size());
      network_.forward();
      const batch_loss found = judge_output(false);
      const double accuracy = static_cast<double>(found.correct) / how_.batch;
      rewards.push_back(how_.target > 0 ? reward(accuracy, cost_of(choice)) : accuracy);
    }
    double mean = 0;
    for (const double each : rewards) mean += each / how_.paths;
    std::fill(gradient_.begin(), gradient_.end(), 0.0);
    add_reinforce_gradient(gates_, paths_, rewards, baseline_.next(mean), gradient_);
    descent_of_gates_.step(gates_, gradient_);
    return -mean;
  }

  /// The published reward, or for the loss that is a distance the one that it was made of.
  double reward(double accuracy, double cost) const {
    if (const auto* distance = std::get_if<absolute_latency>(&how_.loss))
      return absolute_reward{.weight = -distance->lambda}(accuracy, cost, how_.target);
    return mnasnet_reward{.exponent = -0.1}(accuracy, cost, how_.target);
  }

  std::int64_t gate_steps() const { return gate_steps_; }
  void seek_gates() {
    const auto batches = static_cast<std::int64_t>(gate_feed_.batches_per_epoch());
    gate_feed_.seek({static_cast<std::uint64_t>(gate_steps_ / batches), static_cast<std::uint64_t>(gate_steps_ % batches)});
  }

  std::string run_epoch(const progress_sink& progress, remaining_time& left) {
    if (at_.batch < steps_) feed_.seek({static_cast<std::uint64_t>(at_.epoch), static_cast<std::uint64_t>(at_.batch)});
    seek_gates();
    const auto start = clock::now();
    const double before = at_.seconds;
    const auto seconds = [&] { return before + std::chrono::duration<double>(clock::now() - start).count(); };
    while (at_.batch < steps_) {
      const batch_loss result = step_weights();
      if (!std::isfinite(result.loss)) return trouble("weights", result.loss);
      if (has_gate_step(at_.batch))
        if (const double loss = step_gates(); !std::isfinite(loss)) return trouble("gates", loss);
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
    close_epoch(seconds());
    const bool due = saving_.every_epochs > 0 && at_.epoch % saving_.every_epochs == 0;
    if (due && at_.epoch < epochs() && !saving_.folder.empty()) save();
    return {};
  }

  void close_epoch(double seconds) {
    const std::vector<int> best = likeliest();
    network_.select(best, gated_pass::forward);
    judging_.seek({0, 0});
    std::int64_t correct = 0, images = 0;
    for (std::uint64_t i = 0; i < judging_.batches_per_epoch(); ++i) {
      judging_.next(network_.input(), labels_.data());
      network_.forward();
      correct += judge_output(false).correct;
      images += how_.batch;
    }
    const double seen = static_cast<double>(steps_ * how_.batch);
    at_.curve.push_back({.epoch = static_cast<int>(at_.epoch + 1),
                         .loss = at_.loss_sum / static_cast<double>(steps_),
                         .train_accuracy = static_cast<double>(at_.correct) / seen,
                         .validation_accuracy = static_cast<double>(correct) / static_cast<double>(images),
                         .learning_rate = rate_of(steps_ - 1),
                         .seconds = seconds});
    double* const kept = history_.data() + static_cast<std::size_t>(at_.epoch) * row();
    kept[0] = gates_.entropy();
    kept[1] = expected_cost();
    kept[2] = cost_of(best);
    for (int i = 0; i < 2; ++i) kept[3 + i] = pulls_[2] > 0 ? pulls_[static_cast<std::size_t>(i)] / pulls_[2] : 0;
    pulls_.assign(3, 0.0);
    const std::vector<double> all = gates_.probabilities();
    std::copy(all.begin(), all.end(), kept + 5);
    at_ = {.epoch = at_.epoch + 1, .batch = 0, .loss_sum = 0, .correct = 0, .seconds = 0, .curve = std::move(at_.curve)};
  }

  std::vector<gated_epoch> curve() const {
    std::vector<gated_epoch> all;
    for (std::size_t epoch = 0; epoch < at_.curve.size(); ++epoch) {
      const double* const kept = history_.data() + epoch * row();
      all.push_back({at_.curve[epoch], kept[0], kept[1], kept[2], kept[3], kept[4], std::vector<double>(kept + 5, kept + row())});
    }
    return all;
  }

  std::string trouble(const char* where, double loss) const {
    char text[200];
    std::snprintf(text, sizeof text, "the loss of the %s became %g in epoch %lld after %lld of %lld steps; lower the learning rate",
                  where, loss, static_cast<long long>(at_.epoch + 1), static_cast<long long>(at_.batch),
                  static_cast<long long>(steps_));
    return text;
  }

  void report(const progress_sink& progress, remaining_time& left) const {
    if (!progress) return;
    const double fraction = static_cast<double>(at_.epoch * steps_ + at_.batch) / static_cast<double>(epochs() * steps_);
    char text[200];
    int length = std::snprintf(text, sizeof text, "%s epoch %lld of %d, loss %.4g, entropy %.3f",
                               at_.epoch < how_.warmup_epochs ? "warm-up," : "search,", static_cast<long long>(at_.epoch + 1),
                               epochs(), at_.loss_sum / static_cast<double>(at_.batch), gates_.entropy());
    if (how_.target > 0)
      std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), ", cost %.4g expected, %.4g likeliest, of %.4g",
                    expected_cost(), cost_of(likeliest()), how_.target);
    progress({fraction, text, left(fraction)});
  }

  /// What a checkpoint keeps besides weights and place.
  std::vector<checkpoint_numbers> numbers() {
    std::vector<checkpoint_numbers> all{{"alpha", alpha_},     {"moments", moments_}, {"counts", counts_},
                                        {"scalars", scalars_}, {"pulls", pulls_},     {"history", history_}};
    if (!scaling_.empty()) all.push_back({"loss_scale", scaling_});
    return all;
  }
  void save() {
    alpha_.assign(gates_.alpha().begin(), gates_.alpha().end());
    moments_.assign(descent_of_gates_.moments().begin(), descent_of_gates_.moments().end());
    std::transform(descent_of_gates_.counts().begin(), descent_of_gates_.counts().end(), counts_.begin(),
                   [](std::int64_t count) { return static_cast<double>(count); });
    scalars_ = {static_cast<double>(gate_steps_), baseline_.value, static_cast<double>(baseline_.batches)};
    create_folder(saving_.folder);
    network_.pull();
    scaling_ = descent_.scaling();
    save_checkpoint<parameter>(checkpoint_path(), whose_, at_, weights_, descent_.velocity(), numbers());
    last_saved_ = clock::now();
  }
  void go_on() {
    at_ = load_checkpoint<parameter>(checkpoint_path(), whose_, weights_, descent_.velocity(), numbers());
    network_.push(), descent_.push(), descent_.restore_scaling(scaling_);
    const auto refuse = [&] {
      return file_error(checkpoint_path().string(), "stands at a step that this search does not have", detail::checkpoint_remedy);
    };
    if (at_.epoch > epochs() || at_.batch > steps_) throw refuse();
    const auto is_count = [](double each) { return each >= 0 && each < 1e15; };
    if (!std::all_of(counts_.begin(), counts_.end(), is_count) || !is_count(scalars_[0]) || !is_count(scalars_[2])) throw refuse();
    std::vector<std::int64_t> counts(counts_.size());
    std::transform(counts_.begin(), counts_.end(), counts.begin(), [](double count) { return static_cast<std::int64_t>(count); });
    gates_.restore(alpha_);
    descent_of_gates_.restore(moments_, counts);
    gate_steps_ = static_cast<std::int64_t>(scalars_[0]);
    baseline_.value = scalars_[1], baseline_.batches = static_cast<std::int64_t>(scalars_[2]);
  }

  const gated_list& list_;
  std::vector<int> searched_;
  gated_costs costs_;
  training_data data_;
  gated_recipe how_;
  checkpoint_policy saving_;
  training_identity whose_;
  std::int64_t steps_, gate_steps_ = 0;
  gate_parameters gates_;
  gate_descent descent_of_gates_;
  reward_baseline baseline_;
  parameters<parameter> weights_;
  nesterov_descent<parameter> descent_;
  gated_network<Engine> network_;
  answer_loss<scalar> loss_, gate_loss_;  // in half precision, only gradients of weights have a scale
  batch_feed<scalar> feed_, gate_feed_, judging_;
  std::vector<int> labels_;
  backend_array<scalar> images_;  // REINFORCE: of all paths of a step
  gate_path path_;
  std::vector<gate_path> paths_;
  std::vector<gate_pair> pairs_;
  std::vector<double> slopes_, given_, gradient_,
      pulls_ = std::vector<double>(3);  // sums of the pulls since the epoch began, and their steps
  std::vector<double> alpha_ = std::vector<double>(gates_.size()), moments_ = std::vector<double>(gates_.size()), counts_,
                      scalars_ = std::vector<double>(3), scaling_, history_;
  training_position at_;
  clock::time_point last_saved_{};
};

}  // namespace hasse
