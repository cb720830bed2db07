// Dense layers through libraries: what is packed before, which plan runs, and what is left for a pass of ours behind it.
// Used by kernel/cuda/library.hpp with cuDNN and cuBLASLt, and by the tests with plain loops for a library.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <hasse/kernel/cuda/programs/dense_problem.hpp>
#include <hasse/kernel/cuda/programs/filter.hpp>
#include <hasse/kernel/cuda/programs/layers.hpp>

namespace hasse::detail::gpu {

/// The tensors of a problem, wherever they are; those that it has not are null. Two of them may be the same memory: the output and
/// the residual.
struct dense_operands {
  void* source = nullptr;
  void* weights = nullptr;  ///< O, H, W, I
  void* output = nullptr;
  void* bias = nullptr;
  void* residual = nullptr;
  friend bool operator==(const dense_operands&, const dense_operands&) = default;
};

/// How a library computes one problem. Operands may lie elsewhere in every run.
class dense_plan {
 public:
  virtual ~dense_plan() = default;
  virtual std::size_t workspace() const = 0;
  virtual void run(const dense_operands& at, std::byte* workspace) = 0;
};

/// Libraries of a stream: they bind a problem to a plan, or to none where they have not got one, and say what float is to them.
template <class Type>
concept DenseLibraries = requires(Type& libraries, const dense_problem& problem) {
  { libraries.bind(problem) } -> std::same_as<std::unique_ptr<dense_plan>>;
  { libraries.float_type() } -> std::same_as<number_type>;
};

/// A stream whose dense layers run through libraries. It answers `dense_...` with a bound launch, or with none where the libraries
/// have no plan and a kernel of ours has to do. Packed weights, temporary tensors and the workspace lie one behind the other in the
/// stream's scratch memory.
template <ProgramStream Stream, DenseLibraries Libraries>
class dense_stream : public Stream {
  using launch_type = bound_launch<dense_stream>;

 public:
  /// Options are those of the stream; the libraries see them and the stream.
  template <class... Options>
  explicit dense_stream(const Options&... options) : Stream(options...), libraries_(static_cast<Stream&>(*this), options...) {}

  /// dst = act(src * weights + bias + other). Constant weights are packed now, others before every run.
  template <class Scalar>
  launch_type dense_output(const layer& item, int batch, const Scalar* src, const float* weights, const float* bias,
                           const Scalar* other, Scalar* dst, activation act, bool constant) {
    dense_problem problem(product_result::output, type_of<Scalar>(), item, batch);
    // All in one, or the activation in a pass behind, or everything but the product.
    std::shared_ptr<dense_plan> plan;
    for (const product_fusion& fused :
         {product_fusion{bias != nullptr, other != nullptr, act}, {bias != nullptr, other != nullptr, activation::none}, {}}) {
      problem.fused = fused;
      plan = libraries_.bind(problem);
      if (plan) break;
    }
    if (!plan) return {};
    const float* const shift = problem.fused.bias ? nullptr : bias;
    const Scalar* const more = problem.fused.residual ? nullptr : other;
    const activation last = problem.fused.act == act ? activation::none : act;
    const bool passes = shift || more || last != activation::none;
    const bool apart = more && more == dst;  // the pass reads what the product would overwrite
    const auto packed =
        std::make_shared<packed_parameters<Scalar>>(*this, problem, weights, problem.fused.bias ? bias : nullptr, constant);
    const std::size_t before =
        packed->bytes() + (apart ? rounded(static_cast<std::size_t>(batch * item.out.size()) * sizeof(Scalar)) : 0);
    this->reserve(before + plan->workspace());
    const Scalar* const residual = problem.fused.residual ? other : nullptr;
    return [=](dense_stream& on) {
      packed->prepare(on);
      Scalar* const found = apart ? reinterpret_cast<Scalar*>(on.scratch() + packed->bytes()) : dst;
      plan->run({const_cast<Scalar*>(src), packed->weights(on), found, packed->bias(on), const_cast<Scalar*>(residual)},
                on.scratch() + before);
      if (!passes) return;
      using pass = for_each_pack<normalised<Scalar>>;
      on.launch(pass({{nullptr, nullptr, nullptr, shift}, found, more, dst, {item.out.h, item.out.w, item.out.c}, last}, batch,
                     item.out));
    };
  }

  /// d_src = d_dst * weights turned around, or that added to it.
  template <class Scalar>
  launch_type dense_source_gradient(const layer& item, int batch, const Scalar* d_dst, const float* weights, Scalar* d_src,
                                    bool adds) {
    dense_problem problem(product_result::source, type_of<Scalar>(), item, batch);
    problem.adds = adds;
    std::shared_ptr<dense_plan> plan = libraries_.bind(problem);
    const bool apart = adds && !plan;
    if (apart) {
      problem.adds = false;
      plan = libraries_.bind(problem);
    }
    if (!plan) return {};
    const auto packed = std::make_shared<packed_parameters<Scalar>>(*this, problem, weights, nullptr, false);
    const auto size = static_cast<std::size_t>(batch * item.in.size());
    const std::size_t before = packed->bytes() + (apart ? rounded(size * sizeof(Scalar)) : 0);
    this->reserve(before + plan->workspace());
    return [=](dense_stream& on) {
      packed->prepare(on);
      auto* const found = apart ? reinterpret_cast<Scalar*>(on.scratch() + packed->bytes()) : d_src;
      plan->run({.source = found, .weights = packed->weights(on), .output = const_cast<Scalar*>(d_dst)}, on.scratch() + before);
      using sum = activated_sum<Scalar>;
      if (apart) on.launch(for_each_pack<sum>(sum{found, d_src, d_src, activation::none}, static_cast<int>(size)));
    };
  }

  /// d_weights in O, I, H, W and float. Where the libraries have no plan that leaves float, sums are rounded to the activations'
  /// numbers.
  template <class Scalar>
  launch_type dense_weight_gradient(const layer& item, int batch, const Scalar* src, const Scalar* d_dst, float* d_weights) {
    dense_problem problem(product_result::weights, type_of<Scalar>(), item, batch);
    problem.widens = !std::is_same_v<Scalar, float>;
    std::shared_ptr<dense_plan> plan = libraries_.bind(problem);
    if (!plan && problem.widens) {
      problem.widens = false;
      plan = libraries_.bind(problem);
    }
    if (!plan) return {};
    const bool in_float = problem.widens || std::is_same_v<Scalar, float>, direct = in_float && problem.item.kernel == 1;
    const int inputs = problem.item.in.c / problem.item.groups, taps = problem.item.kernel * problem.item.kernel;
    const int count = static_cast<int>(problem.weight_count());
    const std::size_t before = direct ? 0 : rounded(static_cast<std::size_t>(count) * (in_float ? sizeof(float) : sizeof(Scalar)));
    this->reserve(before + plan->workspace());
    return [=](dense_stream& on) {
      void* const found = direct ? static_cast<void*>(d_weights) : on.scratch();
      plan->run({.source = const_cast<Scalar*>(src), .weights = found, .output = const_cast<Scalar*>(d_dst)},
                on.scratch() + before);
      if (direct) return;
      if (in_float)
        on.launch(moved_filter<float, float>{static_cast<const float*>(found), d_weights, inputs, taps, count, false});
      else
        on.launch(moved_filter<Scalar, float>{static_cast<const Scalar*>(found), d_weights, inputs, taps, count, false});
    };
  }

  Libraries& libraries() { return libraries_; }

 private:
  static std::size_t rounded(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

  template <class Scalar>
  number_type type_of() const {
    if constexpr (std::is_same_v<Scalar, bfloat16>) return number_type::bfloat16;
    if constexpr (std::is_same_v<Scalar, float16>) return number_type::float16;
    return libraries_.float_type();
  }

  /// Weights as the libraries read them, and a bias in the numbers of the activations: the caller's own where they are right
  /// already, else a copy that is made once or before every run, then at the beginning of the scratch memory.
  template <class Scalar>
  class packed_parameters {
   public:
    packed_parameters(dense_stream& stream, const dense_problem& problem, const float* weights, const float* bias, bool constant)
        : weights_(weights),
          bias_(bias),
          inputs_(problem.item.in.c / problem.item.groups),
          taps_(problem.item.kernel * problem.item.kernel),
          count_(static_cast<int>(problem.weight_count())),
          outputs_(problem.item.out.c) {
      if (!constant || needed() == 0) return;
      kept_ = typename Stream::memory(needed());
      pack(stream, kept_.data());
    }
    /// Scratch memory that is taken.
    std::size_t bytes() const { return kept_.size() > 0 ? 0 : needed(); }
    void prepare(dense_stream& stream) const {
      if (kept_.size() == 0) pack(stream, stream.scratch());
    }
    void* weights(dense_stream& stream) {
      return packs_weights() ? static_cast<void*>(place(stream)) : const_cast<float*>(weights_);
    }
    void* bias(dense_stream& stream) {
      return packs_bias() ? static_cast<void*>(place(stream) + weight_bytes()) : const_cast<float*>(bias_);
    }

   private:
    static constexpr bool same_numbers = std::is_same_v<Scalar, float>;
    bool packs_weights() const { return !same_numbers || taps_ > 1; }
    bool packs_bias() const { return !same_numbers && bias_; }
    std::size_t weight_bytes() const { return packs_weights() ? rounded(static_cast<std::size_t>(count_) * sizeof(Scalar)) : 0; }
    std::size_t bias_bytes() const { return packs_bias() ? rounded(static_cast<std::size_t>(outputs_) * sizeof(Scalar)) : 0; }
    std::size_t needed() const { return weight_bytes() + bias_bytes(); }
    std::byte* place(dense_stream& stream) { return kept_.size() > 0 ? kept_.data() : stream.scratch(); }
    void pack(dense_stream& stream, std::byte* to) const {
      using filter = moved_filter<float, Scalar>;
      if (packs_weights()) stream.launch(filter{weights_, reinterpret_cast<Scalar*>(to), inputs_, taps_, count_, true});
      if (packs_bias()) stream.launch(filter{bias_, reinterpret_cast<Scalar*>(to + weight_bytes()), 1, 1, outputs_, true});
    }

    const float* weights_;
    const float* bias_;
    int inputs_, taps_, count_, outputs_;
    typename Stream::memory kept_{};
  };

  Libraries libraries_;
};

}  // namespace hasse::detail::gpu
