// Trains one network at many widths: every iteration visits several, their gradients add up, then comes one step of descent.
// Used by programs; the rule says which widths (train/width_rules.hpp), the loop around it is that of any training.
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
#include <hasse/network/slimmable.hpp>
#include <hasse/train/answer_loss.hpp>
#include <hasse/train/batch_feed.hpp>
#include <hasse/train/slimmable_model.hpp>
#include <hasse/train/training_loop.hpp>
#include <hasse/train/width_rules.hpp>

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
template <Backend Engine, WidthRule Rule>
training_identity identity_of(const Engine& backend, std::string name, const width_family& family, const Rule& rule,
                              std::uint64_t data, const recipe& how, std::uint64_t seed, const std::string& task = {}) {
  const channel_configuration base = uniform_width(family.base(), family.base_groups(), 1000);
  return identity_of(backend, std::move(name), family.layers(), data, how, seed,
                     task + rule.text() + ", width 1.0 is " + to_text(base) + (family.rule().keep_features ? ", features kept" : ""));
}

/// The widths of one network in training, judged at full width.
template <Backend Engine, WidthRule Rule>
class many_widths : public network_in_training<slimmable_network<Engine>> {
  using base = network_in_training<slimmable_network<Engine>>;
  using base::network_;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;
  /// Statistics of a batch need images of all classes in it.
  static constexpr read_order judging_order = read_order::training;

  many_widths(Engine& backend, const width_family& family, const Rule& rule, const recipe& how, std::uint64_t seed)
      : base(backend, family.layers(), how.batch, first_slimmable_weights<parameter>(family.layers(), rule.norms(), seed)),
        family_(&family),
        rule_(&rule),
        label_smoothing_(how.label_smoothing),
        seed_(derive(seed, 3)),
        classes_(static_cast<int>(network_.output_shape().size())),
        loss_(network_.device(), how.batch, classes_),
        answers_(network_.device()),
        slopes_(network_.device()),
        taught_(static_cast<std::size_t>(how.batch) * static_cast<std::size_t>(classes_)) {}

  scalar* input() { return network_.input(); }
  accelerator<scalar>* feeds_from() { return network_.device(); }

  /// Returns the loss and the hits of the first pass; the loss of any pass that is not finite instead.
  batch_loss step(const int* labels, std::int64_t iteration) {
    random_source random(derive(seed_, static_cast<std::uint64_t>(iteration)));
    rule_->draw(*family_, random, passes_);
    network_.clear_gradients();
    batch_loss first;
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) {
      network_.select(passes_[pass].at, passes_[pass].norms);
      network_.forward();
      const bool taught = rule_->distils && pass > 0;
      batch_loss result;
      if (taught)
        slopes_.write(network_.output_gradient(), taught_.size(), [&](scalar* slopes) {
          result.loss = soft_cross_entropy(answers(), taught_.data(), network_.batch(), classes_, slopes);
        });
      else
        result = loss_(network_.output(), labels, label_smoothing_, network_.output_gradient());
      if (pass == 0) first = result;
      if (!std::isfinite(result.loss)) return result;
      if (pass == 0 && rule_->distils) softmax(answers(), network_.batch(), classes_, taught_.data());
      network_.backward();
    }
    return first;
  }

  /// Of the widest configuration, with the statistics of each batch; images that do not fill a batch are left out.
  evaluation judge(batch_feed<scalar>& feed) {
    random_source random(seed_);
    rule_->draw(*family_, random, passes_);
    network_.select(passes_.front().at, passes_.front().norms);
    feed.seek({0, 0});
    return evaluate_by_batch(network_, feed);
  }

 private:
  const scalar* answers() { return answers_.read(network_.output(), taught_.size()); }

  const width_family* family_;
  const Rule* rule_;
  double label_smoothing_;
  std::uint64_t seed_;
  int classes_;
  answer_loss<scalar> loss_;
  staged<scalar> answers_, slopes_;
  std::vector<double> taught_;
  std::vector<width_pass> passes_;
};
}  // namespace detail

/// The training of one network at many widths. Backend, family and image sets must outlive it.
template <Backend Engine, WidthRule Rule>
class slimmable_trainer : public training_loop<detail::many_widths<Engine, Rule>> {
  using loop = training_loop<detail::many_widths<Engine, Rule>>;

 public:
  /// As for `trainer`: `seed` decides the first weights, the widths that are drawn and every augmentation.
  slimmable_trainer(Engine& backend, std::string name, const width_family& family, const Rule& rule, const training_data& data,
                    const recipe& how, std::uint64_t seed, checkpoint_policy saving = {})
      : slimmable_trainer(backend, std::move(name), family, std::make_unique<Rule>(rule), data, checked(how, family, rule, data),
                          seed, std::move(saving)) {}

  /// The network as it is now, in float. Only predefined widths have statistics yet; others are calibrated first.
  slimmable_model result() const {
    slimmable_model made{this->name(), *family_, parameters<float>(this->weights()), {}, {}};
    if constexpr (requires { rule_->list; })
      if (rule_->norms() == static_cast<int>(rule_->list.size())) made.switched = rule_->list;
    return made;
  }

 private:
  slimmable_trainer(Engine& backend, std::string name, const width_family& family, std::unique_ptr<Rule> rule,
                    const training_data& data, const recipe& how, std::uint64_t seed, checkpoint_policy saving)
      : loop(detail::identity_of(backend, std::move(name), family, *rule, data.identity, how, seed), data, how, std::move(saving),
             [&](const recipe& settled) { return detail::many_widths<Engine, Rule>(backend, family, *rule, settled, seed); }),
        family_(&family),
        rule_(std::move(rule)) {}

  static recipe checked(const recipe& how, const width_family& family, const Rule& rule, const training_data& data) {
    check(how);
    rule.check(family);
    check_images(*data.train, family.layers().input, family.layers().items.back().out);
    check_images(*data.validation, family.layers().input, family.layers().items.back().out);
    if (data.validation->size() < static_cast<std::size_t>(how.batch))
      throw error("the image set '" + data.validation->name + "' has " + std::to_string(data.validation->size()) +
                  " validation images, fewer than one batch of " + std::to_string(how.batch) +
                  ", whose statistics a slimmable network is judged with; make the batch smaller");
    return detail::checked(how, data);
  }

  const width_family* family_;
  std::unique_ptr<Rule> rule_;
};

}  // namespace hasse
