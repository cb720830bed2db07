// The CPU backend: convolution and linear layers through oneDNN or kernels of
// our own, everything else through loops of our own. Activations are float, or
// bfloat16 with sums in float. Used by network, latency and train wherever a
// program runs on the processor; needs OpenMP and oneDNN 2.6 or 3.x, or
// HASSE_WITHOUT_ONEDNN: kernel/cpu/library.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/bfloat16.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/bound_kernel.hpp>
#include <hasse/kernel/cpu/policy.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/choices.hpp>

namespace hasse {

namespace detail {
struct kernel_candidate;
class timing_operands;
}  // namespace detail

struct cpu_options {
  int threads = 1;  ///< latency is measured with one; train with as many as
                    ///< there are cores
  kernel_policy kernels = kernel_policy::by_rule;
  simd_level simd = best_simd_level();  ///< of own kernels; never above what the processor has
  kernel_choices choices{};             ///< what was measured before
};

/// What runs behind the CPU backend, for the record of a measurement:
/// "oneDNN 2.6.3 for instruction sets 0x1f7, own kernels for avx512, kernels by rule".
HASSE_BODY std::string cpu_library(kernel_policy kernels = kernel_policy::by_rule, simd_level level = best_simd_level());

/// Runs on one core or several. Steps of one backend share scratch memory: run
/// them from one thread at a time. Used by the names `cpu` and `cpu_bf16`; with
/// bfloat16 the products are oneDNN's alone, whatever the kernel policy.
template <class Scalar>
class basic_cpu {
  static constexpr bool own_products = std::is_same_v<Scalar, float>;

 public:
  using scalar = Scalar;
  static constexpr const char* name = own_products ? "cpu" : "cpu bf16";

  explicit basic_cpu(cpu_options options = {});
  ~basic_cpu();
  basic_cpu(const basic_cpu&) = delete;
  basic_cpu& operator=(const basic_cpu&) = delete;

  /// A folded layer, or several joined. A batch norm that stands alone is dst =
  /// act(weights * src + bias), its statistics folded in.
  class inference_step {
   public:
    void run();
    /// Which code runs: the library's name for it, or ours.
    const std::string& implementation() const { return kernel_.implementation; }

   private:
    friend basic_cpu;
    inference_step(basic_cpu& backend, detail::bound_kernel kernel) : backend_(&backend), kernel_(std::move(kernel)) {}

    basic_cpu* backend_;
    detail::bound_kernel kernel_;
  };

  /// A training-fused layer, forward and backward.
  class training_step {
   public:
    void forward() { run(forward_); }
    void backward() { run(backward_); }
    void recompute() { run(again_.empty() ? forward_ : again_); }

    /// Which code runs: forward, then the gradients that are wanted.
    std::vector<std::string> implementations() const;

   private:
    friend basic_cpu;
    explicit training_step(basic_cpu& backend) : backend_(&backend) {}
    void run(std::vector<detail::bound_kernel>& passes);

    basic_cpu* backend_;
    std::vector<detail::bound_kernel> forward_, again_, backward_;
  };

  std::string supports(const layer& item) const;

  inference_step make_inference(const layer& item, int batch, const inference_operands<Scalar>& operands);

  /// An inverted bottleneck as one step, where that is faster than its layers
  /// one by one.
  std::optional<inference_step> make_joined(std::span<const layer> run, int batch,
                                            std::span<const inference_operands<float>> operands) requires std::is_same_v<Scalar, float>;

  training_step make_training(const layer& item, int batch, const training_operands<Scalar>& operands);

  std::size_t saved_bytes(const layer& item, int batch) const;

  backward_operands backward_reads(const layer& item) const;

  std::string identity() const;
  int threads() const;
  /// What has been measured so far, for a table to remember.
  kernel_choices& choices() { return choices_; }

 private:
  static constexpr const char* separate_layers = "separate";  ///< the choice against a joined kernel

  void use_threads() const;

  std::string key_of(std::span<const layer> run, int batch, bool residual) const;
  detail::bound_kernel chosen_product(const layer& item, int batch, const inference_operands<float>& operands);
  /// `usual` unless another is faster beyond the noise.
  std::size_t fastest(std::vector<detail::bound_kernel>& bound, std::size_t usual, const detail::timing_operands& own);
  /// The name of the faster one: the joined kernel, or "separate". Of float alone.
  std::string measured(std::span<const layer> run, int batch, std::span<const inference_operands<float>> operands,
                       const detail::kernel_candidate& joined);

  std::unique_ptr<detail::cpu_context> context_;  // oneDNN's objects, which only the bodies know
  kernel_policy kernels_;
  kernel_choices choices_;
};

using cpu = basic_cpu<float>;
/// Activations and their gradients in half the memory, weights and statistics in
/// float; half the time where products are what takes it.
using cpu_bf16 = basic_cpu<bfloat16>;

static_assert(JoinsLayers<cpu> && Backend<cpu_bf16> && !JoinsLayers<cpu_bf16>);

#if !HASSE_BODIES_INLINE
extern template class basic_cpu<float>;
extern template class basic_cpu<bfloat16>;
#endif

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu.inl>
#endif
