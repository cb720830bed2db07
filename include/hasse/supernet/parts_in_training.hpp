// A supernet in training of which every step draws a part: its weights learn, samples of their own judge it, and the likeliest part
// stands for all where the search is judged. Used by the searches through gates and through masks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/supernet/quality.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/task/metric.hpp>
#include <hasse/train/trainee.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse::detail {

/// Who derives from it selects a part before a pass and says what is drawn, learned from it and kept.
template <class Network, class Type>
class parts_in_training : public weights_in_training<Network> {
  using base = weights_in_training<Network>;

 public:
  using typename base::parameter;
  using typename base::scalar;
  static constexpr const char* checkpoint_ending = ".search";

  read_order judging_order() const { return read_order::training; }  // statistics of a batch need samples of all kinds in it
  std::uint64_t judging_seed() const { return derive(seed_, 7); }
  scalar* input() { return network_.input(); }
  std::span<const parameter_range> active() const { return network_.active(); }
  void scale_loss(const float* scale) { loss_.scale_by(scale); }

  batch_loss step(targets_of<Type, scalar> wanted, std::int64_t) {
    network_.forward();
    const batch_loss result = loss_(outputs(), wanted);
    if (!std::isfinite(result.loss)) return result;
    network_.backward();
    clear_fixed();
    return result;
  }

  /// What the task leaves as it begins.
  bool is_fixed(const parameter_tensor& tensor) const {
    return std::any_of(fixed_.begin(), fixed_.end(), [&](const parameter_tensor& each) { return each.offset == tensor.offset; });
  }

 protected:
  using base::network_;

  /// `fixed`: the weights that the task leaves as they begin.
  template <class Engine, class Source>
  parts_in_training(Engine& backend, const Source& made_of, const training_data<Type>& data, int batch, std::uint64_t seed,
                    parameters<parameter> weights, std::vector<parameter_tensor> fixed)
      : base(backend, made_of, batch, std::move(weights)),
        fixed_(std::move(fixed)),
        batch_(batch),
        seed_(seed),
        shapes_(shapes_of(network_)),
        loss_(data.task, this->device(), batch, shapes_),
        judging_loss_(plain_of(data.task), this->device(), batch, shapes_),
        judging_feed_(this->device(), *data.validation, data.scale, batch, read_order::training, derive(seed, 5), augmentation{}),
        reader_(this->device()) {}

  network_outputs<scalar> outputs() { return network_outputs<scalar>::of(network_); }
  /// Where the feed of what judges stands once `count` of its batches have been read.
  void seek_judging(std::int64_t count) {
    const auto batches = static_cast<std::int64_t>(judging_feed_.batches_per_epoch());
    judging_feed_.seek({static_cast<std::uint64_t>(count / batches), static_cast<std::uint64_t>(count % batches)});
  }
  /// Of the part that is selected, by a pass forward for every batch.
  template <class Feed>
  evaluation judge_selected(Feed& feed, const normalisation& scale) {
    const network_outputs<scalar> all = outputs();
    auto found = loss_.task().tally(scale);
    for (std::uint64_t i = 0; i < feed.batches_per_epoch(); ++i) {
      const int count = feed.next(network_.input());
      network_.forward();
      found.add(reader_.read(all, batch_, count), feed.targets());
    }
    return found.result();
  }

 private:
  /// Gradients lie range behind range of what is active.
  void clear_fixed() {
    for (const parameter_tensor& tensor : fixed_) {
      std::size_t before = 0;
      for (const parameter_range& range : active()) {
        if (range.begin <= tensor.offset && tensor.offset < range.end) clear_at(this->device(), network_.gradients() + before + (tensor.offset - range.begin), tensor.size);
        before += range.end - range.begin;
      }
    }
  }

  std::vector<parameter_tensor> fixed_;
  int batch_;
  std::uint64_t seed_;
  std::vector<feature_shape> shapes_;

 protected:
  bound_loss<Type, scalar> loss_, judging_loss_;  ///< what weights learn by, and the plain loss of the task
  typename Type::template feed<scalar> judging_feed_;
  answer_reader<scalar> reader_;
};

}  // namespace hasse::detail
