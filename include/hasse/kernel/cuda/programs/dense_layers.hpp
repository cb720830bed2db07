// Dense layers through libraries, and depthwise ones where that is faster: what is packed before, which plan runs, and what is left
// for a pass of ours behind it. Used by kernel/cuda/library.hpp with cuDNN and cuBLASLt, and by the tests with plain loops.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/kernel/choices.hpp>
#include <hasse/kernel/cuda/programs/dense_problem.hpp>
#include <hasse/kernel/cuda/programs/filter.hpp>
#include <hasse/kernel/cuda/programs/layers.hpp>
#include <hasse/kernel/cuda/programs/plan_choice.hpp>

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
  /// What the library knows it by, in this process and in the next: fewer than 400 letters.
  virtual const std::string& name() const = 0;
  virtual std::size_t workspace() const = 0;
  virtual void run(const dense_operands& at, std::byte* workspace) = 0;
};

/// Libraries of a stream. They list plans for a problem, the likeliest to be fast first, or find one by its name; they have none
/// where they cannot compute it. They say what float is to them, and bring a clock where plans are to be measured: an empty one
/// makes their first plan the chosen one.
template <class Type>
concept DenseLibraries = requires(Type& libraries, const dense_problem& problem, std::size_t most, const std::string& name) {
  { libraries.plans(problem, most) } -> std::same_as<std::vector<std::unique_ptr<dense_plan>>>;
  { libraries.plan(problem, name) } -> std::same_as<std::unique_ptr<dense_plan>>;
  { libraries.float_type() } -> std::same_as<number_type>;
  { libraries.timer() } -> std::convertible_to<group_timer>;
};

/// A stream whose dense layers run through libraries. Packed weights, temporary tensors and the workspace lie one behind the other
/// in the stream's scratch memory.
///
/// Where the libraries bring a clock, every problem is measured when a step first asks for it, on operands made up for it: the
/// libraries' plans and the kernel of ours, each with the packing and the passes around it. The name of the fastest is kept by the
/// text of the problem in `choices`; one that is there already is not measured again.
template <ProgramStream Stream, DenseLibraries Libraries>
class dense_stream : public Stream {
  using launch_type = bound_launch<dense_stream>;
  template <class Scalar>
  using operands = training_operands<Scalar>;
  template <class Scalar>
  using own = own_kernel<Scalar, dense_stream>;

 public:
  /// Options are those of the stream; the libraries see them and the stream.
  template <class... Options>
  explicit dense_stream(const Options&... options) : Stream(options...), libraries_(static_cast<Stream&>(*this), options...) {}

  /// What decides the bits besides programs: the stream's options, the libraries' versions.
  std::string identity() const requires requires(const Stream& stream) { stream.identity(); Libraries::versions(); }
  { return Stream::identity() + ", " + Libraries::versions(); }

  /// dst = act(src * weights + bias + other). Constant weights are packed now, others before every run.
  template <class Scalar>
  launch_type dense_output(const layer& item, int batch, const operands<Scalar>& at, activation act, bool constant,
                           const own<Scalar>& ours) {
    dense_problem whole(product_result::output, type_of<Scalar>(), item, batch);
    whole.fused = {at.bias != nullptr, at.other != nullptr, act};
    // All in one, or the activation in a pass behind, or everything but the product.
    std::array<dense_problem, 3> parts{whole, whole, whole};
    parts[1].fused.act = activation::none, parts[2].fused = {};
    const auto bind = [=, this](const dense_problem& problem, std::shared_ptr<dense_plan> plan, const operands<Scalar>& with) {
      return bound_output(problem, std::move(plan), with, act, constant);
    };
    return chosen<Scalar>(whole.key() + (constant ? ", packed once" : ""), parts, at, bind, ours);
  }

  /// d_src = d_dst * weights turned around, or that added to it.
  template <class Scalar>
  launch_type dense_source_gradient(const layer& item, int batch, const operands<Scalar>& at, const own<Scalar>& ours) {
    dense_problem whole(product_result::source, type_of<Scalar>(), item, batch);
    whole.adds = at.accumulate_d_src;
    std::array<dense_problem, 2> parts{whole, whole};
    parts[1].adds = false;
    const auto bind = [this](const dense_problem& problem, std::shared_ptr<dense_plan> plan, const operands<Scalar>& with) {
      return bound_source_gradient(problem, std::move(plan), with);
    };
    return chosen<Scalar>(whole.key(), parts, at, bind, ours);
  }

  /// d_weights in O, I, H, W and float. Where the libraries have no plan that leaves float, sums are rounded to the activations'
  /// numbers, unless a kernel of ours was written for the layer: no clock makes its gradient less exact.
  template <class Scalar>
  launch_type dense_weight_gradient(const layer& item, int batch, const operands<Scalar>& at, const own<Scalar>& ours) {
    dense_problem whole(product_result::weights, type_of<Scalar>(), item, batch);
    whole.widens = !std::is_same_v<Scalar, float>;
    std::array<dense_problem, 2> parts{whole, whole};
    parts[1].widens = false;
    const auto bind = [this](const dense_problem& problem, std::shared_ptr<dense_plan> plan, const operands<Scalar>& with) {
      return bound_weight_gradient(problem, std::move(plan), with);
    };
    return chosen<Scalar>(whole.key(), std::span(parts).first(has_depthwise_program(whole.item) ? 1 : 2), at, bind, ours);
  }

  Libraries& libraries() { return libraries_; }
  /// What has been measured so far, or was before.
  kernel_choices& choices() { return choices_; }

 private:
  static constexpr std::size_t most_measured = 16;
  static constexpr const char* own_name = "own";

  static std::size_t rounded(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

  template <class Scalar>
  number_type type_of() const {
    if constexpr (std::is_same_v<Scalar, bfloat16>) return number_type::bfloat16;
    if constexpr (std::is_same_v<Scalar, float16>) return number_type::float16;
    return libraries_.float_type();
  }

  /// A problem, or what libraries can do of it: `parts` falls from all to little, and the first of them with any plan decides.
  /// Kernels of ours come first where they were written for the layer, and last where they are right everywhere and fast nowhere.
  template <class Scalar, class Bind>
  launch_type chosen(const std::string& key, std::span<const dense_problem> parts, const operands<Scalar>& at, const Bind& bind,
                     const own<Scalar>& ours) {
    const bool ours_first = has_depthwise_program(parts.front().item);
    const group_timer timer = libraries_.timer();
    if (!timer) {
      if (ours_first) return ours(at);
      for (const dense_problem& part : parts)
        if (auto plans = libraries_.plans(part, 1); !plans.empty()) return bind(part, std::move(plans.front()), at);
      return ours(at);
    }
    if (const auto known = choices_.find(key); known != choices_.end()) {
      if (known->second == own_name) return ours(at);
      for (const dense_problem& part : parts)
        if (auto plan = libraries_.plan(part, known->second)) return bind(part, std::move(plan), at);
    }
    const dense_problem* part = nullptr;
    std::vector<std::shared_ptr<dense_plan>> ways;  // null: ours
    for (const dense_problem& each : parts) {
      part = &each;
      for (auto& plan : libraries_.plans(each, most_measured)) ways.push_back(std::move(plan));
      if (!ways.empty()) break;
    }
    if (ways.empty()) return ours(at);
    ways.insert(ours_first ? ways.begin() : ways.end(), nullptr);
    const auto bound = [&](const std::shared_ptr<dense_plan>& way, const operands<Scalar>& with) {
      return way ? bind(*part, way, with) : ours(with);
    };
    const made_up_operands<Scalar> own_operands(*this, *part, at);
    std::vector<std::function<void()>> runs;
    for (const auto& way : ways) runs.push_back([this, launch = bound(way, own_operands.at())] { launch(*this); });
    const std::shared_ptr<dense_plan>& best = ways[fastest_run(runs, timer, key)];
    choices_[key] = best ? best->name() : own_name;
    return bound(best, at);
  }

  template <class Scalar>
  launch_type bound_output(const dense_problem& problem, std::shared_ptr<dense_plan> plan, const operands<Scalar>& at,
                           activation act, bool constant) {
    const float* const shift = problem.fused.bias ? nullptr : at.bias;
    const Scalar* const more = problem.fused.residual ? nullptr : at.other;
    const activation last = problem.fused.act == act ? activation::none : act;
    const bool passes = shift || more || last != activation::none;
    const bool apart = more && more == at.dst;  // the pass reads what the product would overwrite
    const int batch = problem.batch;
    const feature_shape out = problem.item.out;
    const auto packed =
        std::make_shared<packed_parameters<Scalar>>(*this, problem, at.weights, problem.fused.bias ? at.bias : nullptr, constant);
    const std::size_t before =
        packed->bytes() + (apart ? rounded(static_cast<std::size_t>(batch * out.size()) * sizeof(Scalar)) : 0);
    this->reserve(before + plan->workspace());
    const Scalar* const residual = problem.fused.residual ? at.other : nullptr;
    return [=, src = at.src, dst = at.dst](dense_stream& on) {
      packed->prepare(on);
      Scalar* const found = apart ? reinterpret_cast<Scalar*>(on.scratch() + packed->bytes()) : dst;
      plan->run({const_cast<Scalar*>(src), packed->weights(on), found, packed->bias(on), const_cast<Scalar*>(residual)},
                on.scratch() + before);
      if (!passes) return;
      using pass = for_each_pack<normalised<Scalar>>;
      on.launch(pass({{nullptr, nullptr, nullptr, shift}, found, more, dst, {out.h, out.w, out.c}, last}, batch, out));
    };
  }

  template <class Scalar>
  launch_type bound_source_gradient(const dense_problem& problem, std::shared_ptr<dense_plan> plan, const operands<Scalar>& at) {
    const bool apart = at.accumulate_d_src && !problem.adds;
    const auto packed = std::make_shared<packed_parameters<Scalar>>(*this, problem, at.weights, nullptr, false);
    const auto size = static_cast<std::size_t>(problem.batch * problem.item.in.size());
    const std::size_t before = packed->bytes() + (apart ? rounded(size * sizeof(Scalar)) : 0);
    this->reserve(before + plan->workspace());
    return [=, d_dst = at.d_dst, d_src = at.d_src](dense_stream& on) {
      packed->prepare(on);
      auto* const found = apart ? reinterpret_cast<Scalar*>(on.scratch() + packed->bytes()) : d_src;
      plan->run({.source = found, .weights = packed->weights(on), .output = const_cast<Scalar*>(d_dst)}, on.scratch() + before);
      using sum = activated_sum<Scalar>;
      if (apart) on.launch(for_each_pack<sum>(sum{found, d_src, d_src, activation::none}, static_cast<int>(size)));
    };
  }

  template <class Scalar>
  launch_type bound_weight_gradient(const dense_problem& problem, std::shared_ptr<dense_plan> plan, const operands<Scalar>& at) {
    const bool in_float = problem.widens || std::is_same_v<Scalar, float>;
    const int inputs = problem.item.in.c / problem.item.groups, taps = problem.item.kernel * problem.item.kernel;
    const bool direct = in_float && (taps == 1 || inputs == 1);  // the order is the same
    const int count = static_cast<int>(problem.weight_count());
    const std::size_t before = direct ? 0 : rounded(static_cast<std::size_t>(count) * (in_float ? sizeof(float) : sizeof(Scalar)));
    this->reserve(before + plan->workspace());
    return [=, src = at.src, d_dst = at.d_dst, d_weights = at.d_weights](dense_stream& on) {
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

  /// Memory in the place of a caller's operands, so that measuring touches none of them: random numbers where a kernel may read.
  /// What is one memory to the caller is one here.
  template <class Scalar>
  class made_up_operands {
   public:
    made_up_operands(dense_stream& stream, const dense_problem& of, const operands<Scalar>& like) : at_(like) {
      const auto in = static_cast<std::size_t>(of.batch * of.item.in.size()),
                 out = static_cast<std::size_t>(of.batch * of.item.out.size()),
                 weights = static_cast<std::size_t>(of.weight_count());
      const bool in_place = like.other && like.other == like.dst;
      replace(stream, at_.src, in), replace(stream, at_.dst, out), replace(stream, at_.d_src, in), replace(stream, at_.d_dst, out);
      replace(stream, at_.weights, weights), replace(stream, at_.d_weights, weights);
      replace(stream, at_.bias, static_cast<std::size_t>(of.item.out.c));
      if (in_place)
        at_.other = at_.dst;
      else
        replace(stream, at_.other, out);
    }
    const operands<Scalar>& at() const { return at_; }

   private:
    template <class Value>
    void replace(dense_stream& stream, Value*& pointer, std::size_t size) {
      if (!pointer) return;
      using plain = std::remove_const_t<Value>;
      constexpr std::size_t piece = 1 << 16;  // repeated: how long a kernel takes does not depend on it
      random_source random(size);
      std::vector<plain> values(std::min(size, piece));
      for (plain& value : values) value = static_cast<plain>(static_cast<float>(2 * random.uniform() - 1));
      std::byte* const place = memory_.emplace_back(size * sizeof(plain)).data();
      for (std::size_t begin = 0; begin < size; begin += piece) {
        const std::size_t bytes = std::min(piece, size - begin) * sizeof(plain);
        if constexpr (requires { stream.write(place, values.data(), bytes); })
          stream.write(place + begin * sizeof(plain), values.data(), bytes);
        else
          std::memcpy(place + begin * sizeof(plain), values.data(), bytes);
      }
      pointer = reinterpret_cast<plain*>(place);
    }

    operands<Scalar> at_;
    std::vector<typename Stream::memory> memory_;
  };

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
    bool packs_weights() const { return !same_numbers || (taps_ > 1 && inputs_ > 1); }
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
  kernel_choices choices_;
};

}  // namespace hasse::detail::gpu
