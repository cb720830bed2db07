// How wrong a slimmable network is on one fixed batch, at any configuration and with the statistics of that batch: a number that
// is the same each time it is asked for. Used by greedy slimming in programs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/supernet/slimmable.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/task/classification.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// A slimming_error: 1 less the task's quality, or less its metric where that is a share; its loss where there is neither. `set` must
/// outlive it.
template <Backend Engine, Task<typename Engine::scalar> Type = classification>
class fixed_batch {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `shared` are the weights at full width; the batch is the first of `set` as `seed` shuffles it, of `most` samples at most.
  fixed_batch(Engine& backend, const Type& task, const width_family& family, const parameters<parameter>& shared,
              const typename Type::samples& set, const normalisation& scale, int most, std::uint64_t seed)
      : task_(task),
        scale_(scale),
        shared_(shared),
        network_(backend, family.layers(), static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(most), set.size())), shared_,
                 {.forward_only = true}),
        feed_(network_.device(), set, scale, network_.batch(), read_order::training, seed, augmentation{}),
        reader_(network_.device()),
        outputs_{.values = {}, .gradients = {}, .shapes = shapes_of(network_)} {
    feed_.next(network_.input());
    for (int i = 0; i < network_.output_count(); ++i) outputs_.values.push_back(network_.output(i));
  }

  double operator()(const channel_configuration& configuration) {
    network_.select(configuration);
    network_.forward(false);
    const answers<scalar> found = reader_.read(outputs_, count(), count());
    const auto lost = [&] { return batch_loss(task_.loss(found, feed_.targets(), slopes<scalar>{})); };
    if constexpr (requires { task_.quality(lost(), count()); }) {
      return 1 - task_.quality(lost(), count());
    } else if constexpr (Type::measure.unit == "%" && Type::measure.larger_is_better) {
      auto judged = task_.tally(scale_);
      judged.add(found, feed_.targets());
      return 1 - judged.result().score;
    } else {
      return lost().loss;
    }
  }
  int count() const { return network_.batch(); }

 private:
  Type task_;
  normalisation scale_;
  parameters<parameter> shared_;
  slimmable_network<Engine> network_;
  typename Type::template feed<scalar> feed_;
  answer_reader<scalar> reader_;
  network_outputs<scalar> outputs_;
};

}  // namespace hasse
