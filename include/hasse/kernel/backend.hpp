// What a backend is: a factory of steps that run one layer on memory planned ahead. Three bodies: reference, cpu, cuda.
// Used by network (which binds every layer of a list once, then only runs) and by the tests that compare the bodies.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <hasse/core/bfloat16.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

/// Where an inference step finds its operands; sizes follow from the layer and the batch. Tensors are dense NHWC. Activations and
/// their gradients are of the backend's scalar, all that belongs to parameters is of `parameter_of` that scalar.
/// The layer is *folded*: a convolution or linear may carry bias, `act` and a residual (`other`).
/// `other` has the layer's `other_shape`: that of the output where it is added, the output's channels beyond the input's in a
/// concat. Where it is added it may be the same memory as `dst` (the planner arranges it when the residual dies here).
template <class Scalar>
struct inference_operands {
  const Scalar* src = nullptr;
  const Scalar* other = nullptr;  ///< add, concat: second operand; scale: gate, batch x C; folded convolution: residual of the
                                  ///< output's shape, or null
  Scalar* dst = nullptr;
  const parameter_of<Scalar>* weights = nullptr;  ///< OIHW (convolution), O x (HWC) (linear); may be packed when the step is made
  const parameter_of<Scalar>* bias = nullptr;     ///< out.c, or null
};

/// Where a training step finds its operands. The layer is *training-fused*: a batch norm or an add may carry `act`,
/// and a batch norm a residual (`other`): dst = act(norm(src) * scale + shift + other).
/// Gradients: the step writes d_src (and d_other), or adds to it when the flag says that another consumer wrote first;
/// a null gradient pointer means "not wanted". d_weights and d_bias are always overwritten.
/// weights and bias hold the same values from forward to backward, and so do those of src, other and dst that `backward_reads`
/// names; they may be lost in between if they are computed again. The layer's own `other` says whether there is one; it and d_other
/// have the layer's `other_shape` (a concat: out.c - in.c channels, so its d_src and d_other are the two parts of d_dst). A batch
/// norm, an activation and an add may find d_dst in the memory of d_src or of d_other, a scale in that of d_src, all others in
/// neither; d_src and d_other are the same memory when the layer reads one value twice (accumulate_d_other is then set); otherwise
/// gradients do not overlap anything.
template <class Scalar>
struct training_operands {
  const Scalar* src = nullptr;
  const Scalar* other = nullptr;
  Scalar* dst = nullptr;
  const parameter_of<Scalar>* weights = nullptr;  ///< convolution, linear: weights; batch norm: scale
  const parameter_of<Scalar>* bias = nullptr;     ///< convolution, linear: bias or null; batch norm: shift
  /// Batch norm: updated by forward with the layer's rule (unbiased variance, as PyTorch).
  parameter_of<Scalar>* running_mean = nullptr;
  parameter_of<Scalar>* running_variance = nullptr;
  const Scalar* d_dst = nullptr;
  Scalar* d_src = nullptr;
  Scalar* d_other = nullptr;
  bool accumulate_d_src = false, accumulate_d_other = false;
  parameter_of<Scalar>* d_weights = nullptr;
  parameter_of<Scalar>* d_bias = nullptr;
  std::byte* saved = nullptr;  ///< `saved_bytes(layer, batch)`, 64-byte aligned; lives from forward to backward
};

/// What the backward of a layer looks at besides weights and gradients.
struct backward_operands {
  bool src = true, other = true, dst = true;
};

/// A step that was bound once and runs many times without allocating. `recompute` writes dst again as the last forward did, and
/// nothing else: statistics stay as they are.
template <class Step>
concept RunsInference = requires(Step step) {
  step.run();
};
template <class Step>
concept RunsTraining = requires(Step step) {
  step.forward(), step.backward(), step.recompute();
};

/// What a backend is called: its `name()`, or the constant `name` of its type.
template <class Type>
  requires requires { typename Type::scalar; }
constexpr const char* name_of(const Type& backend) {
  if constexpr (requires { backend.name(); })
    return backend.name();
  else
    return Type::name;
}

/// A backend makes bound steps. `identity` is a text of everything that decides the bits of what they compute, which trainings are
/// bound to: the backend, its number of threads, its libraries with their versions, its choice of kernels. `supports` says why a layer cannot be had, as a sentence fragment ("" when it can);
/// making a step of such a layer throws an error that ends with it.
/// Steps may keep a pointer to the backend (scratch memory, streams, primitive cache): the backend outlives them.
template <class Type>
concept Backend = requires(Type& backend, const layer& item, int batch, const inference_operands<typename Type::scalar>& inference,
                           const training_operands<typename Type::scalar>& training) {
  typename Type::scalar;
  { name_of(backend) } -> std::convertible_to<const char*>;
  { std::as_const(backend).identity() } -> std::convertible_to<std::string>;
  { backend.supports(item) } -> std::convertible_to<std::string>;
  { backend.make_inference(item, batch, inference) } -> RunsInference;
  { backend.make_training(item, batch, training) } -> RunsTraining;
  { backend.saved_bytes(item, batch) } -> std::convertible_to<std::size_t>;
  { backend.backward_reads(item) } -> std::same_as<backward_operands>;
};

/// A backend that may run several folded layers as one step, such as an inverted bottleneck whose expanded tensor stays in the
/// cache. `operands[i]` are those of layer i; the memory between the layers need not be written. The first layer's `src` and the
/// last one's `other` outlive the step and do not overlap the last one's `dst`, unless `other` is `dst`. Empty: make the layers one
/// by one.
template <class Type>
concept JoinsLayers = Backend<Type> && requires(Type& backend, std::span<const layer> run, int batch,
                                                std::span<const inference_operands<typename Type::scalar>> operands) {
  {backend.make_joined(run, batch, operands)->run()};
};

}  // namespace hasse
