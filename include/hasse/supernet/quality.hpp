// What searches ask of a task besides its loss: the loss without regularisation, and how good a batch was answered.
// Used by the searches through gates and through masks.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>

#include <hasse/supernet/controller.hpp>
#include <hasse/task/loss.hpp>

namespace hasse::detail {

/// The task whose loss has no regularisation.
template <class Type>
Type plain_of(const Type& task) {
  if constexpr (requires { { task.plain() } -> std::same_as<Type>; })
    return task.plain();
  else
    return task;
}
/// How good a loss is beside the mean of the first ones: 1 - loss / mean, cut off at 0 and 1.
struct relative_quality {
  static constexpr std::int64_t batches = 50;
  running_mean reference{.decay = 0.95};
  double of(double loss) {
    if (reference.count < batches) reference.next(loss);
    return reference.mean() > 0 ? std::clamp(1 - loss / reference.mean(), 0.0, 1.0) : 0;
  }
};

/// What rewards are made of, within 0 and 1: what the task says, or how good the loss is beside the first ones.
template <class Type>
double quality_of(const Type& task, const batch_loss& of, int count, relative_quality& relative) {
  if constexpr (requires { task.quality(of, count); })
    return task.quality(of, count);
  else
    return relative.of(of.loss);
}

}  // namespace hasse::detail
