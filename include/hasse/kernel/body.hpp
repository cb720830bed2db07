// What an engine runs in place of the layers of a block, as a value: a function that makes the step, and the engine that it is for.
// Used by the catalogue, whose entries carry them, by any_backend, which hands them on, and by networks; contract: docs/explanation/kernels.md.
#pragma once

#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <hasse/kernel/backend.hpp>

namespace hasse {

namespace detail {
template <class Engine>
using inference_step_of = decltype(std::declval<Engine&>().make_inference(layer{}, 1, inference_operands<typename Engine::scalar>{}));
template <class Engine>
using training_step_of = decltype(std::declval<Engine&>().make_training(layer{}, 1, training_operands<typename Engine::scalar>{}));

/// One address per engine.
template <class Engine>
inline constexpr char engine_mark{};
}  // namespace detail

/// What makes the step of a body; its type says of which engine and for what.
struct body {};
template <class Engine>
struct inference_body : body {
  std::optional<detail::inference_step_of<Engine>> (*make)(Engine&, std::span<const layer>, int, std::span<const inference_operands<typename Engine::scalar>>);
};
template <class Engine>
struct training_body : body {
  std::optional<detail::training_step_of<Engine>> (*make)(Engine&, std::span<const layer>, int, std::span<const training_operands<typename Engine::scalar>>);
};

/// The bodies of an entry on the engine whose mark it has; null where there is none.
struct own_bodies {
  const void* engine = nullptr;
  const body *inference = nullptr, *training = nullptr;
};

namespace detail {
/// Engines that hold another one have its mark.
template <class Engine>
concept HandsBodiesOn = requires(const Engine& backend) {
  { backend.body_mark() } -> std::same_as<const void*>;
};
template <class Engine>
const void* body_mark_of(const Engine& backend) {
  if constexpr (HandsBodiesOn<Engine>)
    return backend.body_mark();
  else
    return &engine_mark<Engine>;
}
constexpr own_bodies bodies_on(const void* mark, std::span<const own_bodies> all) {
  for (const own_bodies& each : all)
    if (each.engine == mark) return each;
  return {};
}

/// The step of a body that is for this backend, or for the one that it holds.
template <class Engine>
std::optional<inference_step_of<Engine>> make_inference_body(Engine& backend, const body& of, std::span<const layer> folded, int batch,
                                                            std::span<const inference_operands<typename Engine::scalar>> operands) {
  if constexpr (HandsBodiesOn<Engine>)
    return backend.make_inference_body(of, folded, batch, operands);
  else
    return static_cast<const inference_body<Engine>&>(of).make(backend, folded, batch, operands);
}
template <class Engine>
std::optional<training_step_of<Engine>> make_training_body(Engine& backend, const body& of, std::span<const layer> fused, int batch,
                                                          std::span<const training_operands<typename Engine::scalar>> operands) {
  if constexpr (HandsBodiesOn<Engine>)
    return backend.make_training_body(of, fused, batch, operands);
  else
    return static_cast<const training_body<Engine>&>(of).make(backend, fused, batch, operands);
}
}  // namespace detail

}  // namespace hasse
