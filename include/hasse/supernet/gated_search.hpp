// Learns which candidate each block of a supernet should take, and the weights of all of them, on the task and the device at once:
// ProxylessNAS. Used by programs; what a candidate costs comes from any table, as numbers.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/model.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/gated_network.hpp>
#include <hasse/supernet/gated_recipe.hpp>
#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_loss.hpp>
#include <hasse/supernet/latency_reward.hpp>
#include <hasse/supernet/parts_in_training.hpp>
#include <hasse/supernet/quality.hpp>
#include <hasse/train/training_loop.hpp>

namespace hasse {

namespace detail {
/// The paths of a supernet in training: every step draws one and trains its weights, some are followed by a step of the gates.
template <Backend Engine, class Type>
class gated_paths : public parts_in_training<gated_network<Engine>, Type> {
  using base = parts_in_training<gated_network<Engine>, Type>;
  using base::judging_feed_;
  using base::judging_loss_;
  using base::network_;

 public:
  using typename base::parameter;
  using typename base::scalar;
  static constexpr const char* follower = "loss or the gradient of the gates";

  gated_paths(Engine& backend, const gated_list& list, const gated_costs& costs, const training_data<Type>& data, const gated_recipe& how)
      : base(backend, list, data, how.batch, how.seed, begun(data.task, list, how.seed), fixed_by(data.task, list)),
        list_(list),
        searched_(list.searched()),
        costs_(costs),
        how_(how),
        gates_(candidates_of(list), derive(how.seed, 6)),
        descent_of_gates_(gates_, how.gates),
        baseline_{.reference_compat = how.reference_compat},
        slopes_(gates_.size()),
        given_(gates_.size()),
        gradient_(gates_.size()),
        counts_(gates_.size()),
        history_(static_cast<std::size_t>(how.warmup_epochs + how.epochs) * row()) {
    check_costs();
    check(costs, how);
  }
  void scale_loss(const float* scale) {  // in half precision, only gradients of weights have a scale
    base::scale_loss(scale);
    if (scale && how_.method != gate_method::reinforce)
      throw error("the gradients of gates have no scale and vanish in half precision; search in bfloat16 or float, or by REINFORCE");
  }

  double rate(const training_position& at, std::int64_t batch, std::int64_t steps) const {
    const bool warm = at.epoch < how_.warmup_epochs;
    const std::int64_t first = warm ? 0 : how_.warmup_epochs, length = warm ? how_.warmup_epochs : how_.epochs;
    return learning_rate_at(cosine_decay{}, warm ? how_.warmup_rate : how_.rate, (at.epoch - first) * steps + batch, length * steps, 0);
  }

  /// One path, its weights alone.
  void begin_step(std::int64_t iteration) {
    random_source random(derive(derive(how_.seed, 3), static_cast<std::uint64_t>(iteration)));
    gates_.draw(random, path_);
    network_.select(list_.choice_of(path_));
  }
  double after_step(const training_position& at, std::int64_t) {
    const bool due = at.epoch > how_.warmup_epochs && (at.batch + 1) % how_.period == 0;
    return due ? step_gates() : 0;
  }

  template <class Feed>
  evaluation judge(Feed& feed, const normalisation& scale) {
    network_.select(likeliest(), gated_pass::forward);
    return this->judge_selected(feed, scale);
  }
  void after_epoch(const training_position& at) {
    double* const kept = history_.data() + static_cast<std::size_t>(at.epoch) * row();
    kept[0] = gates_.entropy();
    kept[1] = expected_cost();
    kept[2] = cost_of(likeliest());
    for (int i = 0; i < 2; ++i) kept[3 + i] = pulls_[2] > 0 ? pulls_[static_cast<std::size_t>(i)] / pulls_[2] : 0;
    pulls_.assign(3, 0.0);
    const std::vector<double> all = gates_.probabilities();
    std::copy(all.begin(), all.end(), kept + 5);
  }
  std::string doing(const std::string& training, const training_position& at) const {
    char text[120];
    int length = std::snprintf(text, sizeof text, ", entropy %.3f", gates_.entropy());
    if (how_.target > 0)
      std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), ", cost %.4g expected, %.4g likeliest, of %.4g",
                    expected_cost(), cost_of(likeliest()), how_.target);
    return (at.epoch < how_.warmup_epochs ? "warm-up, " : "search, ") + training + text;
  }

  /// What a checkpoint keeps besides weights and place.
  std::vector<checkpoint_numbers> numbers() {
    return {{"alpha", alpha_}, {"moments", moments_}, {"counts", counts_}, {"scalars", scalars_}, {"pulls", pulls_}, {"history", history_}};
  }
  void keep() {
    alpha_.assign(gates_.alpha().begin(), gates_.alpha().end());
    moments_.assign(descent_of_gates_.moments().begin(), descent_of_gates_.moments().end());
    std::transform(descent_of_gates_.counts().begin(), descent_of_gates_.counts().end(), counts_.begin(),
                   [](std::int64_t count) { return static_cast<double>(count); });
    scalars_ = {static_cast<double>(gate_steps_), baseline_.value, static_cast<double>(baseline_.batches), relative_.reference.value, static_cast<double>(relative_.reference.count)};
  }
  void restore(const std::filesystem::path& from) {
    const auto is_count = [](double each) { return each >= 0 && each < 1e15; };
    if (!std::all_of(counts_.begin(), counts_.end(), is_count) || !is_count(scalars_[0]) || !is_count(scalars_[2]) || !is_count(scalars_[4]) || !std::isfinite(scalars_[3]))
      throw file_error(from.string(), "stands at a step that this search does not have", checkpoint_remedy);
    std::vector<std::int64_t> counts(counts_.size());
    std::transform(counts_.begin(), counts_.end(), counts.begin(), [](double count) { return static_cast<std::int64_t>(count); });
    gates_.restore(alpha_);
    descent_of_gates_.restore(moments_, counts);
    gate_steps_ = static_cast<std::int64_t>(scalars_[0]);
    baseline_.value = scalars_[1], baseline_.batches = static_cast<std::int64_t>(scalars_[2]);
    relative_.reference.value = scalars_[3], relative_.reference.count = static_cast<std::int64_t>(scalars_[4]);
    this->seek_judging(gate_steps_);
  }

  std::vector<int> likeliest() const { return list_.choice_of(gates_.likeliest()); }
  double cost_of(std::span<const int> choice) const { return costs_.of(list_.path_of(choice)); }
  double expected_cost() const { return costs_.expected(gates_.probabilities()); }
  const gate_parameters& gates() const { return gates_; }
  const gate_descent& gate_state() const { return descent_of_gates_; }
  parameters<parameter> cut_out(std::span<const int> choice) const { return network_.cut_out(choice); }
  std::vector<gated_epoch> curve(const std::vector<epoch_record>& records) const {
    std::vector<gated_epoch> all;
    for (std::size_t epoch = 0; epoch < records.size() && epoch * row() < history_.size(); ++epoch) {
      const double* const kept = history_.data() + epoch * row();
      all.push_back({records[epoch], kept[0], kept[1], kept[2], kept[3], kept[4], std::vector<double>(kept + 5, kept + row())});
    }
    return all;
  }

 private:
  /// The task begins networks, and what all candidates are together is none: each is begun in one.
  static parameters<parameter> begun(const Type& task, const gated_list& list, std::uint64_t seed) {
    parameters<parameter> made = first_weights<parameter>(gated_layers(list), seed);
    if constexpr (requires(parameters<parameter>& network, const layer_list& layers) { task.initialise(network, layers); }) {
      const parameters<parameter> first = made;
      const gated_places places(list);
      for_each_candidate(list, [&](const layer_list& path, const std::vector<gated_origin>& origins, int block, int candidate) {
        parameters<parameter> network(path);
        const auto each_tensor = [&](auto visit) {
          for (const auto* tensors : {&network.layout.trainable, &network.layout.statistics})
            for (const parameter_tensor& tensor : *tensors) visit(tensor, origins[hasse::detail::at(tensor.layer)]);
        };
        const auto copy = [](auto from, auto to) { std::copy(from.begin(), from.end(), to.begin()); };
        each_tensor([&](const parameter_tensor& tensor, const gated_origin& origin) { copy(first.of(places.of(origin), tensor.role), network.of(tensor)); });
        task.initialise(network, path);
        each_tensor([&](const parameter_tensor& tensor, const gated_origin& origin) {
          if (origin.block == block && origin.candidate == candidate) copy(network.of(tensor), made.of(places.of(origin), tensor.role));
        });
      });
    }
    return made;
  }
  static std::vector<parameter_tensor> fixed_by(const Type& task, const gated_list& list) {
    std::vector<parameter_tensor> fixed;
    if constexpr (FixesWeights<Type>) {
      const parameter_layout all = gated_layout(list);
      const gated_places places(list);
      for_each_candidate(list, [&](const layer_list& path, const std::vector<gated_origin>& origins, int block, int candidate) {
        for (const parameter_tensor& tensor : layout_of(path.items).trainable)
          if (const gated_origin& origin = origins[hasse::detail::at(tensor.layer)];
              origin.block == block && origin.candidate == candidate && task.is_fixed(path, tensor))
            fixed.push_back(*all.find(places.of(origin), tensor.role));
      });
    }
    return fixed;
  }
  static std::vector<int> candidates_of(const gated_list& list) {
    std::vector<int> counts;
    for (const int block : list.searched()) counts.push_back(list.block(block).count());
    return counts;
  }
  std::size_t row() const { return gates_.size() + 5; }
  void check_costs() const {
    bool fits = static_cast<int>(costs_.blocks.size()) == gates_.blocks();
    for (int block = 0; fits && block < gates_.blocks(); ++block)
      fits = static_cast<int>(costs_.blocks[static_cast<std::size_t>(block)].size()) == gates_.candidates(block);
    if (!fits)
      throw error("the costs of another supernet were given; make them with gated_costs_of from the list that is searched");
  }

  /// For a step of the gates, or for none.
  batch_loss judge_output(bool gradient) { return judging_loss_(this->outputs(), judging_feed_.targets(), gradient); }

  /// One step of the gates on validation images; the loss that it saw.
  double step_gates() {
    random_source random(derive(derive(how_.seed, 4), static_cast<std::uint64_t>(gate_steps_)));
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
    judging_feed_.next(network_.input());
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
    return moved(weighed.loss, two);
  }

  double reinforce(random_source& random) {
    if (images_.size() == 0)
      images_ = backend_array<scalar>(network_.device(), static_cast<std::size_t>(how_.batch * list_.input.size()));
    judging_feed_.next(images_.data());
    paths_.resize(static_cast<std::size_t>(how_.paths));
    std::vector<double> rewards;
    for (gate_path& path : paths_) {
      gates_.draw(random, path);
      const std::vector<int> choice = list_.choice_of(path);
      network_.select(choice, gated_pass::forward);
      copy_within(network_.device(), network_.input(), images_.data(), images_.size());
      network_.forward();
      const batch_loss found = judge_output(false);
      if (!std::isfinite(found.loss)) return found.loss;  // its quality may be a number all the same
      const double quality = quality_of(judging_loss_.task(), found, how_.batch, relative_);
      rewards.push_back(how_.target > 0 ? reward(quality, cost_of(choice)) : quality);
    }
    double mean = 0;
    for (const double each : rewards) mean += each / how_.paths;
    std::fill(gradient_.begin(), gradient_.end(), 0.0);
    add_reinforce_gradient(gates_, paths_, rewards, baseline_.next(mean), gradient_);
    return moved(-mean, false);
  }

  /// Moves the gates, or two of each block, by their gradient. Returns the loss, or what is not finite on the way.
  double moved(double loss, bool two) {
    for (const double each : gradient_)
      if (!std::isfinite(each)) return each;
    if (two)
      descent_of_gates_.step(gates_, pairs_, gradient_);
    else
      descent_of_gates_.step(gates_, gradient_);
    for (const std::span<const double> all : {std::as_const(gates_).alpha(), descent_of_gates_.moments()})
      for (const double each : all)
        if (!std::isfinite(each)) return each;
    return loss;
  }

  /// The published reward, or for the loss that is a distance the one that it was made of.
  double reward(double accuracy, double cost) const {
    if (const auto* distance = std::get_if<absolute_latency>(&how_.loss))
      return absolute_reward{.weight = -distance->lambda}(accuracy, cost, how_.target);
    return mnasnet_reward{.exponent = -0.1}(accuracy, cost, how_.target);
  }

  const gated_list& list_;
  std::vector<int> searched_;
  gated_costs costs_;
  gated_recipe how_;
  std::int64_t gate_steps_ = 0;
  gate_parameters gates_;
  gate_descent descent_of_gates_;
  reward_baseline baseline_;
  relative_quality relative_;  // of tasks that say no quality
  backend_array<scalar> images_;  // REINFORCE: of all paths of a step
  gate_path path_;
  std::vector<gate_path> paths_;
  std::vector<gate_pair> pairs_;
  std::vector<double> slopes_, given_, gradient_,
      pulls_ = std::vector<double>(3);  // sums of the pulls since the epoch began, and their steps
  std::vector<double> alpha_ = std::vector<double>(gates_.size()), moments_ = std::vector<double>(gates_.size()), counts_,
                      scalars_ = std::vector<double>(5), history_;
};
}  // namespace detail

/// One search. The backend, the list and the sets must outlive it.
template <Backend Engine, Task<typename Engine::scalar> Type = classification, template <class> class Optimiser = nesterov_descent>
class gated_search : private training_loop<Type, detail::gated_paths<Engine, Type>, Optimiser> {
  using loop = training_loop<Type, detail::gated_paths<Engine, Type>, Optimiser>;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// Weights learn from `data.train`, gates from `data.validation`. `costs` are in the unit of the target. A checkpoint of the same
  /// search in the folder is gone on with; one of another is refused.
  gated_search(Engine& backend, std::string name, const gated_list& list, const gated_costs& costs, const training_data<Type>& data,
               const gated_recipe& how, checkpoint_policy saving = {})
      : loop(identity(backend, std::move(name), checked(list, how, data), costs, data, how), data, recipe_of(how), std::move(saving),
             [&](const recipe&) { return detail::gated_paths<Engine, Type>(backend, list, costs, data, how); }),
        list_(list),
        how_(how) {}

  /// Searches to the end. Whatever a sink throws passes through, once the state is saved; a new search, or this one again, goes
  /// on from there.
  gated_outcome run(const progress_sink& progress = {}) {
    const training_outcome trained = loop::run(progress);
    gated_outcome outcome{likeliest(), 0, this->trainee().curve(trained.curve), trained.diverged, trained.note};
    outcome.cost = cost_of(outcome.choice);
    if (!outcome.diverged && how_.target > 0 && std::abs(outcome.cost - how_.target) > how_.tolerance * how_.target) {
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
  std::vector<int> likeliest() const { return this->trainee().likeliest(); }
  /// In the unit of the target.
  double cost_of(std::span<const int> choice) const { return this->trainee().cost_of(choice); }
  double expected_cost() const { return this->trainee().expected_cost(); }
  const gate_parameters& gates() const { return this->trainee().gates(); }
  const gate_descent& gate_state() const { return this->trainee().gate_state(); }
  using loop::checkpoint_path;
  using loop::position;
  using loop::weights;
  /// The network of a choice with the supernet's weights, in float: to begin a training with.
  model network_of(std::span<const int> choice) const {
    return {list_.text(choice), list_.path(choice), parameters<float>(this->trainee().cut_out(choice))};
  }

 private:
  static const gated_list& checked(const gated_list& list, const gated_recipe& how, const training_data<Type>& data) {
    check(list, how, data);
    return list;
  }
  static recipe recipe_of(const gated_recipe& how) {
    return {.epochs = how.warmup_epochs + how.epochs,
            .batch = how.batch,
            .learning_rate = how.rate,
            .momentum = how.momentum,
            .decay = how.decay,
            .augment = how.augment,
            .seed = how.seed};
  }
  static training_identity identity(const Engine& backend, std::string name, const gated_list& list, const gated_costs& costs,
                                    const training_data<Type>& data, const gated_recipe& how) {
    training_identity whose =
        detail::identity_of(backend, std::move(name), gated_layers(list), data, {.batch = how.batch}, how.seed, to_text(how));
    std::uint64_t& configuration = whose.configuration;
    for (const double each : costs.flat()) configuration = derive(configuration, std::bit_cast<std::uint64_t>(each));
    configuration = derive(configuration, static_cast<std::uint64_t>(costs.gathering));
    for (const gated_block& block : list.blocks) configuration = derive(configuration, static_cast<std::uint64_t>(block.count()));
    configuration = derive(configuration, std::bit_cast<std::uint64_t>(costs.fixed));
    return whose;
  }

  const gated_list& list_;
  gated_recipe how_;
};

}  // namespace hasse
