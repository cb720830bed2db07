// Dense layers through cuDNN and cuBLASLt: what is packed before, which plan runs, and what is left for a pass of ours behind it.
// Used by kernel/cuda.hpp where cuDNN was found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/kernel/cuda/cublas.hpp>
#include <hasse/kernel/cuda/cudnn.hpp>
#include <hasse/kernel/cuda/programs/filter.hpp>
#include <hasse/kernel/cuda/programs/layers.hpp>
#include <hasse/kernel/cuda/stream.hpp>

namespace hasse {

/// A stream whose dense layers run through the libraries. It answers `dense_...` with a bound launch, or with none where the
/// libraries have no plan and a kernel of ours has to do.
class cuda_library_stream : public cuda_stream {
  using launch_type = detail::gpu::bound_launch<cuda_library_stream>;
  using problem_type = detail::gpu::dense_problem;

 public:
  explicit cuda_library_stream(const cuda_options& options = {})
      : cuda_stream(options), tf32_(options.tf32), handle_(made_handle(handle())), convolutions_(handle_.get()) {}

  /// dst = act(src * weights + bias + other). Constant weights are packed now, others before every run.
  template <class Scalar>
  launch_type dense_output(const layer& item, int batch, const Scalar* src, const float* weights, const float* bias,
                           const Scalar* other, Scalar* dst, activation act, bool constant) {
    problem_type problem(detail::gpu::product_result::output, type_of<Scalar>(), item, batch);
    // All in one, or the activation in a pass behind, or everything but the product.
    chosen plan;
    for (const detail::gpu::product_fusion& fused : {detail::gpu::product_fusion{bias != nullptr, other != nullptr, act},
                                                     {bias != nullptr, other != nullptr, activation::none},
                                                     {}}) {
      problem.fused = fused;
      if (!plan && (problem.is_matrix() ? detail::gpu::matrix_has(fused.act) : detail::gpu::graph_has(fused.act)))
        plan = choose(problem);
      if (plan) break;
    }
    if (!plan) return {};
    const auto packing =
        std::make_shared<packed_parameters<Scalar>>(*this, problem, weights, problem.fused.bias ? bias : nullptr, constant);
    const float* const shift = problem.fused.bias ? nullptr : bias;
    const Scalar* const more = problem.fused.residual ? nullptr : other;
    const activation last = problem.fused.act == act ? activation::none : act;
    const bool passes = shift || more || last != activation::none, apart = more == dst && more;
    const std::size_t before =
        packing->bytes() + (apart ? rounded(static_cast<std::size_t>(batch * item.out.size()) * sizeof(Scalar)) : 0);
    reserve(before + plan.workspace());
    const Scalar* const residual = problem.fused.residual ? other : nullptr;
    return [=, key = std::make_shared<bound_operands>()](cuda_library_stream& on) {
      packing->prepare(on);
      Scalar* const found = apart ? reinterpret_cast<Scalar*>(on.scratch() + packing->bytes()) : dst;
      plan.run(on, *key, {const_cast<Scalar*>(src), packing->weights(on), found, packing->bias(on), const_cast<Scalar*>(residual)},
               before);
      if (!passes) return;
      using pass = detail::gpu::for_each_pack<detail::gpu::normalised<Scalar>>;
      on.launch(pass({{nullptr, nullptr, nullptr, shift}, found, more, dst, {item.out.h, item.out.w, item.out.c}, last}, batch,
                     item.out));
    };
  }

  /// d_src = d_dst * weights turned around, or that added to it.
  template <class Scalar>
  launch_type dense_source_gradient(const layer& item, int batch, const Scalar* d_dst, const float* weights, Scalar* d_src,
                                    bool adds) {
    problem_type problem(detail::gpu::product_result::source, type_of<Scalar>(), item, batch);
    problem.adds = adds;
    chosen plan = choose(problem);
    const bool apart = adds && !plan;
    if (apart) {
      problem.adds = false;
      plan = choose(problem);
    }
    if (!plan) return {};
    const auto packing = std::make_shared<packed_parameters<Scalar>>(*this, problem, weights, nullptr, false);
    const auto size = static_cast<std::size_t>(batch * item.in.size());
    const std::size_t before = packing->bytes() + (apart ? rounded(size * sizeof(Scalar)) : 0);
    reserve(before + plan.workspace());
    return [=, key = std::make_shared<bound_operands>()](cuda_library_stream& on) {
      packing->prepare(on);
      auto* const found = apart ? reinterpret_cast<Scalar*>(on.scratch() + packing->bytes()) : d_src;
      plan.run(on, *key, {found, packing->weights(on), const_cast<Scalar*>(d_dst), nullptr, nullptr}, before);
      using sum = detail::gpu::activated_sum<Scalar>;
      if (apart) on.launch(detail::gpu::for_each_pack<sum>(sum{found, d_src, d_src, activation::none}, static_cast<int>(size)));
    };
  }

  /// d_weights in O, I, H, W and float. Where the library has no plan with sums in float, they are rounded to the activations'
  /// numbers.
  template <class Scalar>
  launch_type dense_weight_gradient(const layer& item, int batch, const Scalar* src, const Scalar* d_dst, float* d_weights) {
    problem_type problem(detail::gpu::product_result::weights, type_of<Scalar>(), item, batch);
    problem.widens = true;
    chosen plan = choose(problem);
    if (!plan) {
      problem.widens = false;
      plan = choose(problem);
    }
    if (!plan) return {};
    const bool in_float = problem.widens || std::is_same_v<Scalar, float>;
    const bool direct = in_float && problem.item.kernel == 1;
    const int inputs = problem.item.in.c / problem.item.groups, taps = problem.item.kernel * problem.item.kernel;
    const int count = static_cast<int>(problem.weight_count());
    const std::size_t before = direct ? 0 : rounded(static_cast<std::size_t>(count) * (in_float ? sizeof(float) : sizeof(Scalar)));
    reserve(before + plan.workspace());
    return [=, key = std::make_shared<bound_operands>()](cuda_library_stream& on) {
      void* const found = direct ? static_cast<void*>(d_weights) : on.scratch();
      plan.run(on, *key, {const_cast<Scalar*>(src), found, const_cast<Scalar*>(d_dst), nullptr, nullptr}, before);
      if (direct) return;
      if (in_float)
        on.launch(detail::gpu::moved_filter<float, float>{static_cast<const float*>(found), d_weights, inputs, taps, count, false});
      else
        on.launch(
            detail::gpu::moved_filter<Scalar, float>{static_cast<const Scalar*>(found), d_weights, inputs, taps, count, false});
    };
  }

 private:
  static std::size_t rounded(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

  /// The tensors of a problem, wherever they are.
  struct operands {
    void* source;
    void* weights;
    void* output;
    void* bias;
    void* residual;
    friend bool operator==(const operands&, const operands&) = default;
  };

  /// What cuDNN was last given: made again when memory has moved.
  struct bound_operands {
    std::optional<operands> at;
    void* workspace = nullptr;
    std::optional<detail::gpu::cudnn_operands> made;
  };

  /// A plan of one of the libraries; plans stay where they are as long as the stream does.
  struct chosen {
    const detail::gpu::matrix_plan* matrix = nullptr;
    const detail::gpu::cudnn_plan* graph = nullptr;
    detail::gpu::product_result result{};
    bool adds = false;

    explicit operator bool() const { return matrix || graph; }
    std::size_t workspace() const { return matrix ? matrix->workspace : graph->workspace; }

    void run(cuda_library_stream& on, bound_operands& key, const operands& at, std::size_t before) const {
      void* const workspace = on.scratch() + before;
      if (matrix) return multiply(on, at, workspace);
      if (!key.made || key.at != at || key.workspace != workspace) {
        std::vector<std::int64_t> ids{detail::gpu::tensor_source, detail::gpu::tensor_weights, detail::gpu::tensor_output};
        std::vector<void*> pointers{at.source, at.weights, at.output};
        if (at.bias) ids.push_back(detail::gpu::tensor_bias), pointers.push_back(at.bias);
        if (at.residual) ids.push_back(detail::gpu::tensor_residual), pointers.push_back(at.residual);
        key.made.emplace(ids, pointers, workspace);
        key.at = at, key.workspace = workspace;
      }
      key.made->run(on.handle_.get(), *graph);
    }

    void multiply(cuda_library_stream& on, const operands& at, void* workspace) const {
      detail::gpu::matrix_operands given{.bias = at.bias};
      switch (result) {
        case detail::gpu::product_result::output:
          given.left = at.weights, given.right = at.source, given.added = at.residual, given.result = at.output;
          break;
        case detail::gpu::product_result::source:
          given.left = at.weights, given.right = at.output, given.added = adds ? at.source : nullptr, given.result = at.source;
          break;
        case detail::gpu::product_result::weights:
          given.left = at.source, given.right = at.output, given.result = at.weights;
          break;
      }
      on.matrices_.run(*matrix, given, workspace, on.handle());
    }
  };

  /// Weights as the libraries read them, and a bias in the numbers of the activations: the caller's own where they are right
  /// already, else a copy that is made once or before every run, then at the beginning of the scratch memory.
  template <class Scalar>
  class packed_parameters {
   public:
    packed_parameters(cuda_library_stream& stream, const problem_type& problem, const float* weights, const float* bias,
                      bool constant)
        : weights_(weights),
          bias_(bias),
          inputs_(problem.item.in.c / problem.item.groups),
          taps_(problem.item.kernel * problem.item.kernel),
          count_(static_cast<int>(problem.weight_count())),
          outputs_(problem.item.out.c) {
      if (!constant) return;
      kept_ = device_array<std::byte>(weight_bytes() + bias_bytes());
      pack(stream, kept_.data());
    }
    /// Scratch memory that is taken.
    std::size_t bytes() const { return kept_.size() > 0 ? 0 : weight_bytes() + bias_bytes(); }
    void prepare(cuda_library_stream& stream) const {
      if (kept_.size() == 0) pack(stream, stream.scratch());
    }
    void* weights(cuda_library_stream& stream) {
      return packs_weights() ? static_cast<void*>(place(stream)) : const_cast<float*>(weights_);
    }
    void* bias(cuda_library_stream& stream) {
      return packs_bias() ? static_cast<void*>(place(stream) + weight_bytes()) : const_cast<float*>(bias_);
    }

   private:
    static constexpr bool same_numbers = std::is_same_v<Scalar, float>;
    bool packs_weights() const { return !same_numbers || taps_ > 1; }
    bool packs_bias() const { return !same_numbers && bias_; }
    std::size_t weight_bytes() const { return packs_weights() ? rounded(static_cast<std::size_t>(count_) * sizeof(Scalar)) : 0; }
    std::size_t bias_bytes() const { return packs_bias() ? rounded(static_cast<std::size_t>(outputs_) * sizeof(Scalar)) : 0; }
    std::byte* place(cuda_library_stream& stream) { return kept_.size() > 0 ? kept_.data() : stream.scratch(); }
    void pack(cuda_library_stream& stream, std::byte* to) const {
      using filter = detail::gpu::moved_filter<float, Scalar>;
      if (packs_weights()) stream.launch(filter{weights_, reinterpret_cast<Scalar*>(to), inputs_, taps_, count_, true});
      if (packs_bias()) stream.launch(filter{bias_, reinterpret_cast<Scalar*>(to + weight_bytes()), 1, 1, outputs_, true});
    }

    const float* weights_;
    const float* bias_;
    int inputs_, taps_, count_, outputs_;
    device_array<std::byte> kept_;
  };

  template <class Scalar>
  detail::gpu::number_type type_of() const {
    if constexpr (std::is_same_v<Scalar, bfloat16>) return detail::gpu::number_type::bfloat16;
    return tf32_ ? detail::gpu::number_type::tf32 : detail::gpu::number_type::float32;
  }

  chosen choose(const problem_type& problem) {
    chosen made{.result = problem.result, .adds = problem.adds};
    if (problem.is_matrix()) made.matrix = matrices_.plan(problem);
    if (!made.matrix) made.graph = convolutions_.plan(problem);
    return made;
  }

  struct handle_deleter {
    void operator()(cudnnHandle_t handle) const { cudnnDestroy(handle); }
  };
  using held_handle = std::unique_ptr<std::remove_pointer_t<cudnnHandle_t>, handle_deleter>;

  static held_handle made_handle(cudaStream_t stream) {
    cudnnHandle_t made = nullptr;
    detail::gpu::require(cudnnCreate(&made), "start");
    held_handle holder(made);
    detail::gpu::require(cudnnSetStream(made, stream), "take a stream");
    return holder;
  }

  bool tf32_;
  held_handle handle_;
  detail::gpu::cudnn_planner convolutions_;
  detail::gpu::matrix_planner matrices_;
};

}  // namespace hasse
