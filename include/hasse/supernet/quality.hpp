// What searches ask of a task besides its loss: the loss without regularisation, and how good a batch was answered.
// Used by the searches through gates and through masks.
#pragma once

#include <concepts>

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
/// What rewards are made of: the larger the better.
template <class Type>
double quality_of(const Type& task, const batch_loss& of, int count) {
  if constexpr (requires { task.quality(of, count); })
    return task.quality(of, count);
  else
    return -of.loss;
}

}  // namespace hasse::detail
