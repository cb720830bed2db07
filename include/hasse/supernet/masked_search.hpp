// Learns what every layer of a masked space should be and how wide its blocks, and the shared weights of all codes, on the task and a
// price at once: TuNAS. Used by programs, for any task; what a code costs comes from any price.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/model.hpp>
#include <hasse/supernet/controller.hpp>
#include <hasse/supernet/masked_network.hpp>
#include <hasse/supernet/masked_recipe.hpp>
#include <hasse/supernet/parts_in_training.hpp>
#include <hasse/supernet/quality.hpp>
#include <hasse/train/rmsprop.hpp>
#include <hasse/train/training_loop.hpp>

namespace hasse {

namespace detail {
/// The codes of a space in training: every step draws one, trains its weights, and shows the policy how good it is.
template <Backend Engine, class Type>
class masked_codes : public parts_in_training<masked_network<Engine>, Type> {
  using base = parts_in_training<masked_network<Engine>, Type>;
  using base::judging_feed_;
  using base::network_;

 public:
  using typename base::parameter;
  using typename base::scalar;
  using code_cost = std::function<double(std::span<const int>)>;
  static constexpr const char* follower = "loss that judges a code";

  masked_codes(Engine& backend, const masked_space& space, code_cost cost, const training_data<Type>& data, const masked_recipe& how)
      : base(backend, space, data, how.batch, how.seed, begun(data.task, space, how.seed), fixed_by(data.task, space)),
        space_(space),
        cost_(std::move(cost)),
        how_(how),
        scale_(data.scale),
        steps_(static_cast<std::int64_t>(how.epochs) * (static_cast<std::int64_t>(data.train->size()) / how.batch)),
        policy_({space.decisions().begin(), space.decisions().end()}, how.policy),
        state_(policy_.state_size()),
        pending_(static_cast<std::size_t>(how.codes) * pending_row()),
        history_(static_cast<std::size_t>(how.epochs) * row()) {}

  void begin_step(std::int64_t iteration) {
    random_source random(derive(derive(how_.seed, 3), static_cast<std::uint64_t>(iteration)));
    drawn_ = policy_.draw(random, how_.policy.chances_at(progress_at(iteration)));
    network_.select(drawn_.options);
  }
  /// The same code on validation samples, once its weights have moved.
  double after_step(const training_position& at, std::int64_t steps) {
    const std::int64_t iteration = at.epoch * steps + at.batch;
    network_.select(drawn_.options, masked_pass::forward);
    judging_feed_.next(network_.input());
    network_.forward();
    const auto outputs = this->outputs();
    const batch_loss found = this->judging_loss_(outputs, judging_feed_.targets(), false);
    ++judged_;
    if (!std::isfinite(found.loss)) return found.loss;
    const double quality = quality_of(found, outputs), cost = how_.target > 0 ? cost_(drawn_.options) : 0;
    const double reward = how_.target > 0 ? reward_of(how_.reward, quality, cost, how_.target) : quality;
    sums_[0] += reward, sums_[1] += quality, sums_[2] += cost, sums_[3] += 1;
    codes_.push_back(drawn_), rewards_.push_back(reward);
    if (static_cast<int>(codes_.size()) == how_.codes) {
      policy_.learn(codes_, rewards_, progress_at(iteration));
      codes_.clear(), rewards_.clear();
    }
    return found.loss;
  }

  template <class Feed>
  evaluation judge(Feed& feed, const normalisation& scale) {
    return judge(policy_.likeliest(), feed, scale);
  }
  template <class Feed>
  evaluation judge(std::span<const int> code, Feed& feed, const normalisation& scale) {
    network_.select(code, masked_pass::forward);
    return this->judge_selected(feed, scale);
  }
  void after_epoch(const training_position& at) {
    double* const kept = history_.data() + static_cast<std::size_t>(at.epoch) * row();
    for (std::size_t i = 0; i < 3; ++i) kept[i] = sums_[3] > 0 ? sums_[i] / sums_[3] : 0;
    sums_.assign(4, 0.0);
    kept[3] = cost_of_likeliest();
    const std::vector<double> all = policy_.logits().probabilities();
    std::copy(all.begin(), all.end(), kept + 4);
  }
  std::string doing(const std::string& training, const training_position& at) const {
    const std::vector<double> all = policy_.entropies();
    double entropy = 0;
    for (const double each : all) entropy += each / static_cast<double>(all.size());
    char text[120];
    int length = std::snprintf(text, sizeof text, ", reward %.3f, entropy %.3f", sums_[3] > 0 ? sums_[0] / sums_[3] : 0, entropy);
    if (how_.target > 0)
      std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), ", cost %.4g likeliest, of %.4g", cost_of_likeliest(), how_.target);
    const bool warm = static_cast<double>(at.epoch) < how_.policy.start * how_.epochs;
    return (warm ? "warm-up, " : "search, ") + training + text;
  }

  /// What a checkpoint keeps besides weights and place.
  std::vector<checkpoint_numbers> numbers() {
    return {{"policy", state_}, {"pending", pending_}, {"scalars", scalars_}, {"sums", sums_}, {"history", history_}};
  }
  void keep() {
    state_ = policy_.state();
    std::fill(pending_.begin(), pending_.end(), 0.0);
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      double* to = pending_.data() + i * pending_row();
      *to++ = rewards_[i];
      for (const int each : codes_[i].options) *to++ = each;
      for (const bool each : codes_[i].learns) *to++ = each ? 1 : 0;
    }
    scalars_ = {static_cast<double>(judged_), static_cast<double>(codes_.size()), relative_.reference.value, static_cast<double>(relative_.reference.count)};
  }
  void restore(const std::filesystem::path& from) {
    const auto is_count = [](double each, double most) { return each >= 0 && each <= most && each == std::floor(each); };
    bool sound = is_count(scalars_[0], 1e15) && is_count(scalars_[1], how_.codes - 1) && is_count(scalars_[3], relative_quality::batches) && std::isfinite(scalars_[2]);
    codes_.clear(), rewards_.clear();
    for (std::size_t i = 0; sound && i < static_cast<std::size_t>(scalars_[1]); ++i) {
      const double* from_here = pending_.data() + i * pending_row();
      drawn_code one;
      rewards_.push_back(*from_here++);
      for (const decision& each : space_.decisions()) {
        sound = sound && *from_here >= all_options && *from_here < each.options;
        one.options.push_back(sound ? static_cast<int>(*from_here++) : 0);
      }
      for (std::size_t at = 0; at < space_.decisions().size(); ++at) one.learns.push_back(sound && *from_here++ > 0 && one.options[at] >= 0);
      codes_.push_back(std::move(one));
      sound = sound && std::isfinite(rewards_.back());
    }
    if (!sound) throw file_error(from.string(), "stands at a step that this search does not have", checkpoint_remedy);
    policy_.restore(state_);
    judged_ = static_cast<std::int64_t>(scalars_[0]);
    relative_.reference.value = scalars_[2], relative_.reference.count = static_cast<std::int64_t>(scalars_[3]);
    this->seek_judging(judged_);
  }

  std::size_t step_bytes(std::span<const int> code) {
    network_.select(code);
    return network_.arena_bytes() + network_.slice_bytes() + 2 * sizeof(parameter) * this->weights().values.size();
  }

  const controller& policy() const { return policy_; }
  double cost_of(std::span<const int> code) const { return cost_(code); }
  parameters<parameter> cut_out(std::span<const int> code) const { return network_.cut_out(code); }
  std::vector<masked_epoch> curve(const std::vector<epoch_record>& records) const {
    std::vector<masked_epoch> all;
    for (std::size_t epoch = 0; epoch < records.size() && epoch * row() < history_.size(); ++epoch) {
      const double* const kept = history_.data() + epoch * row();
      all.push_back({records[epoch], kept[0], kept[1], kept[2], kept[3], std::vector<double>(kept + 4, kept + row())});
    }
    return all;
  }

 private:
  /// The task begins the widest network, since what all codes share is none.
  static parameters<parameter> begun(const Type& task, const masked_space& space, std::uint64_t seed) {
    const masked_shared shared(space);
    parameters<parameter> made(shared.layout());
    made.values = first_weights<parameter>(shared.layers(), seed).values;
    if constexpr (requires(parameters<parameter>& network, const layer_list& layers) { task.initialise(network, layers); }) {
      std::vector<int> code = space.everything();
      std::replace(code.begin(), code.end(), all_options, 0);
      const masked_layers widest = layers_of(space, code);
      parameters<parameter> network = hasse::cut_out(widest, shared, made);
      task.initialise(network, widest.layers);
      put_back(widest, shared, network, made);
    }
    return made;
  }
  /// Asked of networks in which each layer takes each of its choices, and the others their first.
  static std::vector<parameter_tensor> fixed_by(const Type& task, const masked_space& space) {
    std::vector<parameter_tensor> fixed;
    if constexpr (FixesWeights<Type>) {
      const masked_shared shared(space);
      const parameter_layout all = shared.layout();
      std::vector<int> widest = space.everything();
      std::replace(widest.begin(), widest.end(), all_options, 0);
      for (int block = 0; block < space.blocks(); ++block)
        for (int index = 0; index < static_cast<int>(space.block(block).layers.size()); ++index)
          for (const layer_choice& choice : space.choices_of(block, index)) {
            std::vector<int> code = widest;
            space.set(code, block, index, choice);
            const masked_layers network = layers_of(space, code);
            for (const parameter_tensor& tensor : layout_of(network.layers.items).trainable) {
              const int place = shared.place_of(network, tensor.layer);
              if (place < 0 || !task.is_fixed(network.layers, tensor)) continue;
              const parameter_tensor& found = *all.find(place, tensor.role);
              if (std::find(fixed.begin(), fixed.end(), found) == fixed.end()) fixed.push_back(found);
            }
          }
    }
    return fixed;
  }
  std::size_t row() const { return policy_.logits().size() + 4; }
  std::size_t pending_row() const { return 2 * space_.decisions().size() + 1; }
  double progress_at(std::int64_t iteration) const { return static_cast<double>(iteration) / static_cast<double>(steps_); }
  double cost_of_likeliest() const { return how_.target > 0 ? cost_(policy_.likeliest()) : 0; }

  double quality_of(const batch_loss& found, const network_outputs<scalar>& outputs) {
    if (how_.quality == masked_quality::metric) {
      auto counted = this->loss_.task().tally(scale_);
      counted.add(this->reader_.read(outputs, how_.batch, how_.batch), judging_feed_.targets());
      return counted.result().score;
    }
    return relative_.of(found.loss);
  }

  const masked_space& space_;
  code_cost cost_;
  masked_recipe how_;
  normalisation scale_;
  std::int64_t steps_, judged_ = 0;
  controller policy_;
  drawn_code drawn_;
  std::vector<drawn_code> codes_;  // since the last update, with their rewards
  std::vector<double> rewards_;
  relative_quality relative_;
  std::vector<double> sums_ = std::vector<double>(4);  // of this epoch: rewards, qualities, costs, codes
  std::vector<double> state_, pending_, scalars_ = std::vector<double>(4), history_;
};
}  // namespace detail

/// One search. The backend, the space, the costs and the sets must outlive it.
template <Backend Engine, Task<typename Engine::scalar> Type = classification, template <class> class Optimiser = rmsprop_descent>
class masked_search : private training_loop<Type, detail::masked_codes<Engine, Type>, Optimiser> {
  using loop = training_loop<Type, detail::masked_codes<Engine, Type>, Optimiser>;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// Weights learn from `data.train`, the policy from `data.validation`. A checkpoint of the same search in the folder is gone on with; one
  /// of another is refused.
  template <PricesCodes Costs>
  masked_search(Engine& backend, std::string name, const masked_space& space, const Costs& costs, const training_data<Type>& data, const masked_recipe& how,
                checkpoint_policy saving = {})
      : masked_search(backend, std::move(name), space, costs, data, settled(how, space, costs, data), std::move(saving), 0) {}

  /// Searches to the end. Whatever a sink throws passes through, once the state is saved; a new search, or this one again, goes on from
  /// there.
  masked_outcome run(const progress_sink& progress = {}) {
    const training_outcome trained = loop::run(progress);
    masked_outcome outcome{likeliest(), 0, this->trainee().curve(trained.curve), trained.diverged, trained.note};
    if (how_.target > 0) outcome.cost = cost_of(outcome.code);
    if (!outcome.diverged && how_.target > 0 && std::abs(outcome.cost - how_.target) > how_.tolerance * how_.target) {
      char text[200];
      std::snprintf(text, sizeof text, "the likeliest network costs %.4g, %+.1f %% off the target of %.4g; search longer, or let the cost weigh more",
                    outcome.cost, 100 * (outcome.cost / how_.target - 1), how_.target);
      outcome.note = text;
    }
    return outcome;
  }

  std::vector<int> likeliest() const { return policy().likeliest(); }
  double cost_of(std::span<const int> code) const { return this->trainee().cost_of(code); }
  const controller& policy() const { return this->trainee().policy(); }
  /// With the policy's rate settled.
  const masked_recipe& recipe_used() const { return how_; }
  using loop::checkpoint_path;
  using loop::position;
  using loop::weights;
  /// How well the shared weights of a code answer the validation samples, by statistics of their batches.
  evaluation judged(std::span<const int> code) {
    auto& codes = this->trainee();
    typename Type::template feed<scalar> feed(codes.device(), *this->data().validation, this->data().scale, how_.batch, codes.judging_order(),
                                              codes.judging_seed(), augmentation{});
    return codes.judge(code, feed, this->data().scale);
  }
  /// What a step on a code, or an average, keeps in memory besides samples and the backend's own: activations and their gradients, shared
  /// weights and their momentum, the weights and gradients of one layer.
  std::size_t step_bytes(std::span<const int> code) { return this->trainee().step_bytes(code); }
  /// The network of a code with the shared weights, in float: to begin a training with, or to be judged by statistics of its batches.
  model network_of(std::span<const int> code) const {
    return {space_.text(code), layers_of(space_, code).layers, parameters<float>(this->trainee().cut_out(code))};
  }

 private:
  template <PricesCodes Costs>
  masked_search(Engine& backend, std::string name, const masked_space& space, const Costs& costs, const training_data<Type>& data, const masked_recipe& how,
                checkpoint_policy saving, int)
      : loop(identity(backend, std::move(name), space, costs, data, how), data, recipe_of(how), std::move(saving),
             [&](const recipe&) {
               return detail::masked_codes<Engine, Type>(
                   backend, space, [&costs](std::span<const int> code) { return static_cast<double>(costs.of(code)); }, data, how);
             }),
        space_(space),
        how_(how) {}

  template <class Costs>
  static masked_recipe settled(const masked_recipe& how, const masked_space& space, const Costs& costs, const training_data<Type>& data) {
    masked_recipe made = checked(how, space, data);
    if constexpr (requires { costs.require_reachable(how.target); })
      if (how.target > 0) costs.require_reachable(how.target);
    return made;
  }
  static recipe recipe_of(const masked_recipe& how) {
    return {.epochs = how.epochs,
            .batch = how.batch,
            .learning_rate = how.rate,
            .momentum = how.momentum,
            .decay = how.decay,
            .largest_gradient = how.largest_gradient,
            .warmup_epochs = how.climb * how.epochs,
            .augment = how.augment,
            .seed = how.seed};
  }
  template <class Costs>
  static training_identity identity(const Engine& backend, std::string name, const masked_space& space, const Costs& costs,
                                    const training_data<Type>& data, const masked_recipe& how) {
    training_identity whose =
        detail::identity_of(backend, std::move(name), masked_shared(space).layers(), data, {.batch = how.batch}, how.seed, to_text(how));
    std::uint64_t& configuration = whose.configuration;
    for (const decision& each : space.decisions()) configuration = derive(fnv1a(each.name, configuration), static_cast<std::uint64_t>(each.options));
    random_source random(1);
    for (int i = 0; i < 8 && how.target > 0; ++i)  // two tables that agree here are taken for one
      configuration = derive(configuration, std::bit_cast<std::uint64_t>(static_cast<double>(costs.of(space.any_code(random)))));
    return whose;
  }

  const masked_space& space_;
  masked_recipe how_;
};

}  // namespace hasse
