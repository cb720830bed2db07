// Trains one network at many widths: every iteration visits several, their gradients add up, then comes one step of descent.
// Used by programs; the rule says which widths (supernet/width_rules.hpp), the loop around it is that of any training.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/supernet/slimmable.hpp>
#include <hasse/supernet/slimmable_model.hpp>
#include <hasse/supernet/width_rules.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/train/training_loop.hpp>

namespace hasse {

/// First parameters of a slimmable list: those that a network of the full width would begin with; every set of batch norms alike.
template <class Scalar>
parameters<Scalar> first_slimmable_weights(const layer_list& layers, int norms, std::uint64_t seed) {
  const parameters<Scalar> own = detail::first_weights<Scalar>(layers, seed);
  parameters<Scalar> made(slimmable_layout(layers, norms));
  for (const auto* tensors : {&made.layout.trainable, &made.layout.statistics})
    for (const parameter_tensor& tensor : *tensors) {
      const auto from = own.of(tensor.layer % static_cast<int>(layers.size()), tensor.role);
      std::copy(from.begin(), from.end(), made.of(tensor).begin());
    }
  return made;
}

namespace detail {
/// Whose training at many widths it is. Two families may have the same layers at full width and other channels below.
template <Backend Engine, class Type, WidthRule Rule>
training_identity identity_of(const Engine& backend, std::string name, const width_family& family, const Rule& rule,
                              const training_data<Type>& data, const recipe& how, std::uint64_t seed) {
  const channel_configuration base = uniform_width(family.base(), family.base_groups(), 1000);
  return identity_of(backend, std::move(name), family.layers(), data, how, seed,
                     rule.text() + ", width 1.0 is " + to_text(base) + (family.rule().keep_features ? ", features kept" : ""));
}

inline bool has_batch_norm(const layer_list& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const layer& item) { return item.kind == layer_kind::batch_norm; });
}

/// The widths of one network in training, judged at the widest with the statistics of each batch.
template <Backend Engine, class Type, WidthRule Rule>
class many_widths : public network_in_training<slimmable_network<Engine>, Type> {
  using base = network_in_training<slimmable_network<Engine>, Type>;
  using base::network_;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  many_widths(Engine& backend, const width_family& family, const Rule& rule, const Type& task, const recipe& how, std::uint64_t seed)
      : base(backend, family.layers(), task, how.batch,
             begun_by(task, family.layers(), first_slimmable_weights<parameter>(family.layers(), has_batch_norm(family.layers()) ? rule.norms() : 0, seed))),
        has_norms_(has_batch_norm(family.layers())),
        family_(&family),
        rule_(&rule),
        seed_(derive(seed, 3)),
        outputs_(network_outputs<scalar>::of(network_)),
        loss_(task, network_.device(), how.batch, outputs_.shapes) {}

  /// Statistics of a batch need samples of all kinds in it.
  read_order judging_order() const { return has_norms_ ? read_order::training : read_order::evaluation; }
  scalar* input() { return network_.input(); }

  /// Returns the loss and the hits of the first pass; the loss of any pass that is not finite instead.
  batch_loss step(targets_of<Type, scalar> wanted, std::int64_t iteration) {
    random_source random(derive(seed_, static_cast<std::uint64_t>(iteration)));
    rule_->draw(*family_, random, passes_);
    network_.clear_gradients();
    batch_loss first;
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) {
      select(passes_[pass]);
      network_.forward();
      outputs_ = network_outputs<scalar>::of(network_);
      const batch_loss result = rule_->distils && pass > 0 ? by_the_widest() : loss_(outputs_, wanted);
      if (pass == 0) first = result;
      if (!std::isfinite(result.loss)) return result;
      if (pass == 0 && rule_->distils) remember();
      network_.backward();
    }
    this->clear_fixed();
    return first;
  }

  template <class Feed>
  evaluation judge(Feed& feed, const normalisation& scale) {
    random_source random(seed_);
    rule_->draw(*family_, random, passes_);
    select(passes_.front());
    return evaluate_by_batch(loss_.task(), network_, feed, scale);
  }
  /// Losses of a rule that distils come to the processor.
  void scale_loss(const float* scale) {
    if (scale) throw error("many widths share what they learn on the processor and cannot be trained in half precision; take bfloat16 or float");
  }

 private:
  void select(const width_pass& pass) { network_.select(pass.at, has_norms_ ? pass.norms : 0); }
  void remember() {
    if constexpr (Teaches<Type, scalar>) loss_.remember(outputs_, lesson_);
  }
  batch_loss by_the_widest() {
    if constexpr (Teaches<Type, scalar>)
      return {loss_.taught(outputs_, lesson_), 0};
    else
      return {};
  }

  template <class Of>
  struct lesson_of {
    struct type {};
  };
  template <class Of>
    requires Teaches<Of, scalar>
  struct lesson_of<Of> {
    using type = typename Of::template lesson<scalar>;
  };

  bool has_norms_;
  const width_family* family_;
  const Rule* rule_;
  std::uint64_t seed_;
  network_outputs<scalar> outputs_;
  bound_loss<Type, scalar> loss_;
  typename lesson_of<Type>::type lesson_;
  std::vector<width_pass> passes_;
};
}  // namespace detail

/// The training of one network at many widths. Backend, family and sets must outlive it.
template <Backend Engine, WidthRule Rule, Task<typename Engine::scalar> Type = classification,
          template <class> class Optimiser = nesterov_descent>
class slimmable_trainer : public training_loop<Type, detail::many_widths<Engine, Type, Rule>, Optimiser> {
  using loop = training_loop<Type, detail::many_widths<Engine, Type, Rule>, Optimiser>;

 public:
  /// As for `trainer`: `seed` decides the first weights, the widths that are drawn and every augmentation.
  slimmable_trainer(Engine& backend, std::string name, const width_family& family, const Rule& rule,
                    const training_data<Type>& data, const recipe& how, std::uint64_t seed, checkpoint_policy saving = {})
      : slimmable_trainer(backend, std::move(name), family, std::make_unique<Rule>(rule), data, checked(how, family, rule, data),
                          seed, std::move(saving)) {}

  /// The network as it is now, in float. Only predefined widths have statistics yet; others are calibrated first.
  slimmable_model result() const {
    slimmable_model made{this->name(), *family_, parameters<float>(this->weights()), {}, {}};
    if constexpr (requires { rule_->list; })
      if (rule_->norms() == static_cast<int>(rule_->list.size()) && detail::has_batch_norm(family_->layers())) made.switched = rule_->list;
    return made;
  }

 private:
  slimmable_trainer(Engine& backend, std::string name, const width_family& family, std::unique_ptr<Rule> rule,
                    const training_data<Type>& data, const recipe& how, std::uint64_t seed, checkpoint_policy saving)
      : loop(detail::identity_of(backend, std::move(name), family, *rule, data, how, seed), data, how, std::move(saving),
             [&](const recipe& settled) {
               return detail::many_widths<Engine, Type, Rule>(backend, family, *rule, data.task, settled, seed);
             }),
        family_(&family),
        rule_(std::move(rule)) {}

  static recipe checked(const recipe& how, const width_family& family, const Rule& rule, const training_data<Type>& data) {
    check(how);
    rule.check(family);
    if (how.average > 0)
      throw error("a mean of the weights over the steps was asked for, and a slimmable network is judged by its last ones; leave recipe::average at 0");
    const recipe settled = detail::checked(how, family.layers(), data);
    if (rule.distils && !Teaches<Type, typename Engine::scalar>)
      throw error("the task has nothing that a wider network could teach a narrower one; train without distillation, or give the task a lesson, remember and loss");
    if (detail::has_batch_norm(family.layers()) && data.validation->size() < static_cast<std::size_t>(how.batch))
      throw error("the image set '" + data.validation->name + "' has " + std::to_string(data.validation->size()) +
                  " validation images, fewer than one batch of " + std::to_string(how.batch) +
                  ", whose statistics a slimmable network is judged with; make the batch smaller");
    return settled;
  }

  const width_family* family_;
  std::unique_ptr<Rule> rule_;
};

}  // namespace hasse
