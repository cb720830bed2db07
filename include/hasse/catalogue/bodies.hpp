// What an engine runs in place of the layers of a block: a body, made for that block by the compiler and carried by its entry.
// Used by catalogue (which binds bodies to entries) and network (which asks for them); contract: docs/explanation/kernels.md.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/body.hpp>

namespace hasse {

/// The engines for which the entries of a space carry bodies; none unless it is specialised beside the space:
/// `template <> inline constexpr hasse::engines<my_engine> hasse::engines_of<my_space>{};`
template <class... Engine>
struct engines {};
template <class Space>
inline constexpr engines<> engines_of{};

/// The body of `Block` on `Engine`: none unless it is specialised. A specialisation has one of these, or both:
///   static std::optional<inference_step> inference(Engine&, std::span<const layer> folded, int batch, std::span<const inference_operands<scalar>>);
///   static std::optional<training_step> training(Engine&, std::span<const layer> fused, int batch, std::span<const training_operands<scalar>>);
/// with the engine's own steps. `operands[i]` are those of layer i. All memory that the operands name is there as long as the step runs, no two
/// tensors of it overlap, apart from what training_operands says of gradients of one value, and what lies between the layers need not be
/// written; of a training it need not be read again, either. Without an answer the layers run one by one.
template <class Engine, class Block>
struct block_body {};

namespace detail {
template <class Engine, class Block>
inline constexpr inference_body<Engine> inference_body_of{{}, &block_body<Engine, Block>::inference};
template <class Engine, class Block>
inline constexpr training_body<Engine> training_body_of{{}, &block_body<Engine, Block>::training};

template <class Engine, class Block>
constexpr own_bodies bodies_of_block() {
  own_bodies bodies{.engine = &engine_mark<Engine>};
  if constexpr (requires { &block_body<Engine, Block>::inference; }) bodies.inference = &inference_body_of<Engine, Block>;
  if constexpr (requires { &block_body<Engine, Block>::training; }) bodies.training = &training_body_of<Engine, Block>;
  return bodies;
}
template <class Block, class... Engine>
inline constexpr own_bodies bodies_row[sizeof...(Engine)] = {bodies_of_block<Engine, Block>()...};
template <class Block, class... Engine>
constexpr std::span<const own_bodies> bodies_for(engines<Engine...>) {
  if constexpr (sizeof...(Engine) == 0)
    return {};
  else
    return bodies_row<Block, Engine...>;
}
}  // namespace detail

}  // namespace hasse
