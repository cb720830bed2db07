// The codes that the CPU backend has for convolution and linear layers, each bound on demand: oneDNN's and those of our own.
// Used by kernel/cpu.hpp, which chooses among them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/random.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/bound_kernel.hpp>
#include <hasse/kernel/cpu/context.hpp>
#include <hasse/kernel/cpu/depthwise.hpp>
#include <hasse/kernel/cpu/inverted_bottleneck.hpp>
#include <hasse/kernel/cpu/library.hpp>
#include <hasse/kernel/cpu/pointwise.hpp>
#include <hasse/kernel/cpu/pointwise_gradients.hpp>
#include <hasse/kernel/cpu/winograd.hpp>

namespace hasse::detail {

/// One way to run a layer, or several joined ones.
struct kernel_candidate {
  std::string name;
  bool by_rule = false;  ///< kernel_policy::by_rule takes it
  std::function<bound_kernel(std::span<const inference_operands<float>>)> bind;
};

/// Weights packed for a kernel of our own, shared by the copies of its bound form.
HASSE_BODY std::shared_ptr<scratch_memory> room_for(std::size_t floats);
inline float* floats_of(const std::shared_ptr<scratch_memory>& memory) { return reinterpret_cast<float*>(memory->data()); }

// What the rule takes: what was faster where it was measured.

/// Widths that leave the library's vectors half empty.
inline bool pointwise_by_rule(const layer& item, int batch) {
  return item.kind == layer_kind::convolution && (item.out.c % 16 != 0 || batch * item.out.pixels() == 1);
}
inline bool winograd_by_rule(const layer& item, int batch, int tile) {
  return winograd_convolution::pays(item, batch) && winograd_convolution(item, batch, 1, simd_level::plain).tile() == tile;
}

HASSE_BODY std::string own_name(const char* what, const layer& item, simd_level level);
inline std::string winograd_name(int tile, simd_level level) {
  return "winograd " + std::to_string(tile) + "x" + std::to_string(tile) + " " + std::string(name_of(level));
}

/// A kernel of our own: `pack(kernel, operands, packed)` once, `run(kernel, operands, packed, scratch)` every time.
template <class Kernel, class Pack, class Run>
kernel_candidate own_candidate(cpu_context& shared, std::string name, bool by_rule, Kernel kernel, Pack pack, Run run) {
  return {name, by_rule, [=, &shared](std::span<const inference_operands<float>> all) {
            const inference_operands<float> at = all.front();
            const auto packed = room_for(kernel.packed_floats());
            pack(kernel, at, floats_of(packed));
            if constexpr (requires { kernel.scratch_bytes(); }) shared.scratch.reserve(kernel.scratch_bytes());
            return bound_kernel{
                name,
                [=](cpu_context& context) { run(kernel, at, floats_of(packed), reinterpret_cast<float*>(context.scratch.data())); },
                kernel.packed_floats() * sizeof(float)};
          }};
}

/// What can run a folded convolution or linear layer in inference; the library's code is the first.
HASSE_BODY std::vector<kernel_candidate> product_candidates(cpu_context& shared, const layer& item, int batch);

/// The one that kernel_policy::by_rule takes: of our own the first, or the library's.
inline std::size_t rule_of(std::span<const kernel_candidate> candidates) {
  for (std::size_t at = 1; at < candidates.size(); ++at)
    if (candidates[at].by_rule) return at;
  return 0;
}

/// What can run several layers as one step.
HASSE_BODY std::optional<kernel_candidate> joined_candidate(cpu_context& shared, std::span<const layer> run, int batch);

// Training. The choice looks at the layer alone, so that a resumed training goes on with the same bits. Weights change between
// steps: they are packed on every run, into the scratch memory in front of what the kernel works in.

/// `run(kernel, packed, scratch)` after `pack(kernel, packed)`.
template <class Kernel, class Pack, class Run>
bound_kernel packing_kernel(cpu_context& shared, std::string name, const Kernel& kernel, Pack pack, Run run) {
  const std::size_t packed_bytes = (kernel.packed_floats() * sizeof(float) + 63) / 64 * 64;
  shared.scratch.reserve(packed_bytes + kernel.scratch_bytes());
  return {std::move(name), [=](cpu_context& context) {
            float* const packed = reinterpret_cast<float*>(context.scratch.data());
            pack(kernel, packed);
            run(kernel, packed, context.scratch.data() + packed_bytes);
          }};
}

inline bool trains_depthwise(const layer& item) { return depthwise_convolution::refuses(item).empty(); }
/// Large tiles cost accuracy that gradients need.
inline int training_tile(const layer& item, int batch) {
  return std::min(4, winograd_convolution(item, batch, 1, simd_level::plain).tile());
}
inline bool trains_winograd(const layer& item, int batch) { return winograd_convolution::pays(item, batch); }

HASSE_BODY bound_kernel training_forward(cpu_context& shared, const layer& item, int batch, const training_operands<float>& at,
                                     bool library);

HASSE_BODY bound_kernel training_backward_data(cpu_context& shared, const layer& item, int batch, const training_operands<float>& at,
                                           bool library);

HASSE_BODY bound_kernel training_backward_weights(cpu_context& shared, const layer& item, int batch, const training_operands<float>& at,
                                              bool library);

// Of bfloat16 there is the library's code only.
HASSE_BODY bound_kernel training_forward(cpu_context& shared, const layer& item, int batch, const training_operands<bfloat16>& at,
                                     bool);
HASSE_BODY bound_kernel training_backward_data(cpu_context& shared, const layer& item, int batch, const training_operands<bfloat16>& at,
                                           bool);
HASSE_BODY bound_kernel training_backward_weights(cpu_context& shared, const layer& item, int batch,
                                              const training_operands<bfloat16>& at, bool);

/// The passes that make the wanted gradients of weights, bias and source.
template <class Scalar>
std::vector<bound_kernel> training_gradients(cpu_context& shared, const layer& item, int batch, const training_operands<Scalar>& at,
                                             bool library) {
  std::vector<bound_kernel> passes;
  if constexpr (std::is_same_v<Scalar, float>)
    if (!library && at.d_weights && !at.d_bias && at.d_src && pointwise_gradients::pays(item)) {
      passes.push_back(packing_kernel(
          shared, own_name("pointwise", item, shared.level), pointwise_gradients(item, batch, shared.threads, shared.level),
          [=](const auto& kernel, float* packed) { kernel.pack(at.weights, packed); },
          [=](const auto& kernel, const float* packed, std::byte* scratch) {
            kernel.run({.src = at.src,
                        .d_dst = at.d_dst,
                        .packed = packed,
                        .d_weights = at.d_weights,
                        .d_src = at.d_src,
                        .accumulate_d_src = at.accumulate_d_src},
                       scratch);
          }));
      return passes;
    }
  if (at.d_weights || at.d_bias) passes.push_back(training_backward_weights(shared, item, batch, at, library));
  if (at.d_src) passes.push_back(training_backward_data(shared, item, batch, at, library));
  return passes;
}

/// Operands like those given, in memory of its own with random values, so that candidates can be timed before anything has run.
class timing_operands {
 public:
  timing_operands(std::span<const layer> run, int batch, std::span<const inference_operands<float>> like);

  std::span<const inference_operands<float>> operands() const { return operands_; }

  /// Brings what the first layer reads into the cache, where the layer before would have left it; forgets sums that grew.
  void touch() const;

 private:
  std::vector<inference_operands<float>> operands_;
  std::vector<std::shared_ptr<scratch_memory>> memory_;
  std::vector<std::int64_t> sizes_;
};

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/candidates.inl>
#endif
