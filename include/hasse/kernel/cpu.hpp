// The CPU backend: oneDNN for convolution and linear, loops of our own for everything that a library would not fuse.
// Used by network, latency and train wherever a program runs on the processor; needs oneDNN 2.6 or 3.x and OpenMP.
#pragma once

#include <omp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/bridge.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/detail/describe.hpp>

namespace hasse {

struct cpu_options {
  int threads = 1;  ///< latency is measured with one; train with as many as there are cores
};

/// The library behind the CPU backend, for the record of a measurement: "oneDNN 2.6.3".
inline std::string cpu_library() { return detail::onednn::version(); }

namespace detail {

/// Scratch memory that all steps of a backend share, because one runs at a time. It grows when steps are made, never when they run.
class scratch_memory {
 public:
  std::byte* data() const { return data_.get(); }
  void reserve(std::size_t bytes) {
    if (bytes <= size_) return;
    data_.reset();
    size_ = 0;  // should there be no memory
    data_.reset(static_cast<std::byte*>(::operator new(bytes, alignment)));
    size_ = bytes;
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct release {
    void operator()(std::byte* data) const { ::operator delete(data, alignment); }
  };
  std::unique_ptr<std::byte, release> data_;
  std::size_t size_ = 0;
};

/// Offsets of the pieces that one primitive needs in the scratch memory.
class scratch_layout {
 public:
  std::size_t take(std::size_t bytes) { return std::exchange(used_, used_ + (bytes + 63) / 64 * 64); }
  std::size_t size() const { return used_; }

 private:
  std::size_t used_ = 0;
};

/// What steps need from their backend at run time.
struct cpu_context {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  scratch_memory scratch;
  int threads = 1;

  void run(std::vector<onednn::bound_primitive>& primitives) {
    for (onednn::bound_primitive& primitive : primitives) primitive.run(stream, scratch.data());
  }
};

/// A convolution or linear layer for inference: one primitive, its weights packed once.
class inference_product {
 public:
  inference_product(cpu_context& context, const layer& item, int batch, const inference_operands<float>& at) : shape_(item, batch) {
    const onednn::residual other = !at.other            ? onednn::residual::none
                                   : at.other == at.dst ? onednn::residual::in_dst
                                                        : onednn::residual::apart;
    const dnnl::primitive_attr attr = onednn::attributes(shape_, other, item.act);
    if (shape_.linear)
      build<dnnl::inner_product_forward>(
          context, item, at,
          onednn::linear_forward(context.engine, dnnl::prop_kind::forward_inference, shape_, at.bias != nullptr, attr));
    else
      build<dnnl::convolution_forward>(
          context, item, at,
          onednn::convolution_forward(context.engine, dnnl::prop_kind::forward_inference, shape_, at.bias != nullptr, attr));
  }

  void run(cpu_context& context) { context.run(primitives_); }
  const std::string& implementation() const { return implementation_; }

 private:
  template <class Operation, class Description>
  void build(cpu_context& context, const layer& item, const inference_operands<float>& at, const Description& found) {
    if (!found)
      throw error("cpu: " + describe(item) + " has no implementation in " + onednn::version() + "; use backend reference for it");
    implementation_ = found.impl_info_str();
    const dnnl::memory::desc packed = found.weights_desc();
    const void* weights = at.weights;
    if (packed != shape_.weights_desc()) {
      packed_.reserve(packed.get_size());
      onednn::bound_primitive pack = onednn::reorder(context.engine, shape_.weights_desc(), packed);
      pack.bind(DNNL_ARG_FROM, shape_.weights_desc(), at.weights);
      pack.bind(DNNL_ARG_TO, packed, packed_.data());
      pack.run(context.stream, nullptr);
      weights = packed_.data();
    }
    onednn::bound_primitive primitive(context.engine, Operation(found));
    primitive.bind(DNNL_ARG_SRC, shape_.src_desc(), at.src);
    primitive.bind(DNNL_ARG_WEIGHTS, packed, weights);
    if (at.bias) primitive.bind(DNNL_ARG_BIAS, shape_.bias_desc(true), at.bias);
    if (at.other && at.other != at.dst)
      primitive.bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, shape_.dst_desc(), at.other);
    primitive.bind(DNNL_ARG_DST, shape_.dst_desc(), at.dst);
    primitive.bind_scratch(DNNL_ARG_SCRATCHPAD, found.scratchpad_desc(), 0);
    context.scratch.reserve(found.scratchpad_desc().get_size());
    primitives_.push_back(std::move(primitive));
  }

  onednn::product_shape shape_;
  scratch_memory packed_;
  std::vector<onednn::bound_primitive> primitives_;
  std::string implementation_;
};

/// A convolution or linear layer for training. The master weights stay OIHW; each pass brings them into the layout of its
/// primitive, and the gradient back, unless the layouts agree.
class training_product {
 public:
  training_product(cpu_context& context, const layer& item, int batch, const training_operands<float>& at)
      : shape_(item, batch), at_(at) {
    const dnnl::primitive_attr attr = onednn::attributes(shape_, onednn::residual::none, activation::none);
    const dnnl::engine& engine = context.engine;
    const bool bias = at.bias != nullptr, d_bias = at.d_bias != nullptr, wants_weights = at.d_weights || at.d_bias;
    if (shape_.linear) {
      const auto forward = required(item, onednn::linear_forward(engine, dnnl::prop_kind::forward_training, shape_, bias, attr));
      build_forward<dnnl::inner_product_forward>(context, forward);
      if (at.d_src)
        build_backward_data<dnnl::inner_product_backward_data>(
            context, required(item, onednn::linear_backward_data(engine, shape_, attr, forward)));
      if (wants_weights)
        build_backward_weights<dnnl::inner_product_backward_weights>(
            context, required(item, onednn::linear_backward_weights(engine, shape_, d_bias, attr, forward)));
    } else {
      const auto forward =
          required(item, onednn::convolution_forward(engine, dnnl::prop_kind::forward_training, shape_, bias, attr));
      build_forward<dnnl::convolution_forward>(context, forward);
      if (at.d_src)
        build_backward_data<dnnl::convolution_backward_data>(
            context, required(item, onednn::convolution_backward_data(engine, shape_, attr, forward)));
      if (wants_weights)
        build_backward_weights<dnnl::convolution_backward_weights>(
            context, required(item, onednn::convolution_backward_weights(engine, shape_, d_bias, attr, forward)));
    }
  }

  void forward(cpu_context& context) { context.run(forward_); }
  void backward(cpu_context& context) {
    context.run(backward_weights_);
    context.run(backward_data_);
    if (!apart_) return;
    const float* const apart = reinterpret_cast<const float*>(context.scratch.data() + *apart_);
    float* const d_src = at_.d_src;
    parallel_elements(
        context.threads, static_cast<std::ptrdiff_t>(shape_.src_desc().get_size() / sizeof(float)),
        [=](std::ptrdiff_t first, std::ptrdiff_t last) { write_gradient(apart + first, last - first, true, d_src + first); });
  }

  const std::vector<std::string>& implementations() const { return implementations_; }

 private:
  template <class Description>
  static Description required(const layer& item, const Description& found) {
    if (!found)
      throw error("cpu: " + describe(item) + " cannot be trained with " + onednn::version() + "; use backend reference for it");
    return found;
  }

  /// Adds the reorder of the weights when the primitive wants another layout than the master's; says where they then lie.
  void bind_weights(cpu_context& context, std::vector<onednn::bound_primitive>& pass, onednn::bound_primitive& primitive,
                    const dnnl::memory::desc& wanted, scratch_layout& scratch) {
    if (wanted == shape_.weights_desc()) return primitive.bind(DNNL_ARG_WEIGHTS, wanted, at_.weights);
    const std::size_t offset = scratch.take(wanted.get_size());
    onednn::bound_primitive pack = onednn::reorder(context.engine, shape_.weights_desc(), wanted);
    pack.bind(DNNL_ARG_FROM, shape_.weights_desc(), at_.weights);
    pack.bind_scratch(DNNL_ARG_TO, wanted, offset);
    pass.push_back(std::move(pack));
    primitive.bind_scratch(DNNL_ARG_WEIGHTS, wanted, offset);
  }

  template <class Description>
  void finish(cpu_context& context, std::vector<onednn::bound_primitive>& pass, onednn::bound_primitive& primitive,
              const Description& found, scratch_layout& scratch) {
    primitive.bind_scratch(DNNL_ARG_SCRATCHPAD, found.scratchpad_desc(), scratch.take(found.scratchpad_desc().get_size()));
    context.scratch.reserve(scratch.size());
    implementations_.push_back(found.impl_info_str());
    pass.push_back(std::move(primitive));
  }

  template <class Operation, class Description>
  void build_forward(cpu_context& context, const Description& found) {
    scratch_layout scratch;
    onednn::bound_primitive primitive(context.engine, Operation(found));
    primitive.bind(DNNL_ARG_SRC, shape_.src_desc(), at_.src);
    bind_weights(context, forward_, primitive, found.weights_desc(), scratch);
    if (at_.bias) primitive.bind(DNNL_ARG_BIAS, shape_.bias_desc(true), at_.bias);
    primitive.bind(DNNL_ARG_DST, shape_.dst_desc(), at_.dst);
    finish(context, forward_, primitive, found, scratch);
  }

  /// No primitive adds to its result: a gradient that is to be added is made in the scratch memory first.
  template <class Operation, class Description>
  void build_backward_data(cpu_context& context, const Description& found) {
    scratch_layout scratch;
    onednn::bound_primitive primitive(context.engine, Operation(found));
    primitive.bind(DNNL_ARG_DIFF_DST, shape_.dst_desc(), at_.d_dst);
    bind_weights(context, backward_data_, primitive, found.weights_desc(), scratch);
    if (at_.accumulate_d_src) {
      apart_ = scratch.take(shape_.src_desc().get_size());
      primitive.bind_scratch(DNNL_ARG_DIFF_SRC, shape_.src_desc(), *apart_);
    } else {
      primitive.bind(DNNL_ARG_DIFF_SRC, shape_.src_desc(), at_.d_src);
    }
    finish(context, backward_data_, primitive, found, scratch);
  }

  template <class Operation, class Description>
  void build_backward_weights(cpu_context& context, const Description& found) {
    scratch_layout scratch;
    onednn::bound_primitive primitive(context.engine, Operation(found));
    const dnnl::memory::desc made = found.diff_weights_desc();
    const bool direct = at_.d_weights && made == shape_.weights_desc();
    const std::size_t offset = direct ? 0 : scratch.take(made.get_size());
    primitive.bind(DNNL_ARG_SRC, shape_.src_desc(), at_.src);
    primitive.bind(DNNL_ARG_DIFF_DST, shape_.dst_desc(), at_.d_dst);
    if (direct)
      primitive.bind(DNNL_ARG_DIFF_WEIGHTS, made, at_.d_weights);
    else
      primitive.bind_scratch(DNNL_ARG_DIFF_WEIGHTS, made, offset);
    if (at_.d_bias) primitive.bind(DNNL_ARG_DIFF_BIAS, shape_.bias_desc(true), at_.d_bias);
    finish(context, backward_weights_, primitive, found, scratch);
    if (direct || !at_.d_weights) return;
    onednn::bound_primitive unpack = onednn::reorder(context.engine, made, shape_.weights_desc());
    unpack.bind_scratch(DNNL_ARG_FROM, made, offset);
    unpack.bind(DNNL_ARG_TO, shape_.weights_desc(), at_.d_weights);
    backward_weights_.push_back(std::move(unpack));
  }

  onednn::product_shape shape_;
  training_operands<float> at_;
  std::vector<onednn::bound_primitive> forward_, backward_data_, backward_weights_;
  std::optional<std::size_t> apart_;  ///< where in the scratch memory a source gradient waits to be added
  std::vector<std::string> implementations_;
};

constexpr bool is_product(const layer& item) { return item.kind == layer_kind::convolution || item.kind == layer_kind::linear; }

}  // namespace detail

/// Runs on one core or several. Steps of one backend share scratch memory: run them from one thread at a time.
class cpu {
 public:
  using scalar = float;
  static constexpr const char* name = "cpu";

  explicit cpu(cpu_options options = {}) {
    if (options.threads < 1)
      throw error("cpu: " + std::to_string(options.threads) + " threads were asked for; it takes at least 1");
    context_.threads = options.threads;
    // A supernet has more shapes than the 1024 that the library keeps by default.
    if (dnnl::get_primitive_cache_capacity() < primitive_cache) dnnl::set_primitive_cache_capacity(primitive_cache);
    use_threads();
  }
  cpu(const cpu&) = delete;
  cpu& operator=(const cpu&) = delete;

  /// A folded layer. A batch norm that stands alone is dst = act(weights * src + bias), its statistics already folded in.
  class inference_step {
   public:
    void run() {
      backend_->use_threads();
      detail::cpu_context& context = backend_->context_;
      const inference_operands<float>& at = operands_;
      const int threads = context.threads;
      switch (item_.kind) {
        case layer_kind::convolution:
        case layer_kind::linear:
          product_->run(context);
          break;
        case layer_kind::batch_norm:
          detail::batch_norm_loops(item_, batch_).scale_and_shift(threads, at, context.scratch.data());
          break;
        case layer_kind::activation:
          detail::activate(threads, batch_ * item_.out.size(), item_.act, at.src, at.dst);
          break;
        case layer_kind::add:
          detail::add(threads, batch_ * item_.out.size(), item_.act, at.src, at.other, at.dst);
          break;
        case layer_kind::scale:
          detail::scale(threads, item_, batch_, at.src, at.other, at.dst);
          break;
        case layer_kind::max_pool:
          detail::max_pool(threads, item_, batch_, at.src, at.dst, nullptr);
          break;
        case layer_kind::average_pool:
        case layer_kind::resize:
          detail::blend(threads, item_, batch_, at.src, at.dst);
          break;
        case layer_kind::global_average_pool:
          detail::global_average_pool(threads, item_, batch_, at.src, at.dst);
          break;
      }
    }

    /// Which code runs: the library's name for it, or "loop".
    std::string implementation() const { return product_ ? product_->implementation() : "loop"; }

   private:
    friend cpu;
    inference_step(cpu& backend, const layer& item, int batch, const inference_operands<float>& operands)
        : backend_(&backend), item_(item), batch_(batch), operands_(operands) {
      backend.use_threads();
      if (detail::is_product(item)) product_.emplace(backend.context_, item, batch, operands);
      if (item.kind == layer_kind::batch_norm)
        backend.context_.scratch.reserve(detail::batch_norm_loops(item, batch).scratch_bytes());
    }

    cpu* backend_;
    layer item_;
    int batch_;
    inference_operands<float> operands_;
    std::optional<detail::inference_product> product_;
  };

  /// A training-fused layer, forward and backward.
  class training_step {
   public:
    void forward() {
      backend_->use_threads();
      detail::cpu_context& context = backend_->context_;
      const training_operands<float>& at = operands_;
      const int threads = context.threads;
      switch (item_.kind) {
        case layer_kind::convolution:
        case layer_kind::linear:
          product_->forward(context);
          break;
        case layer_kind::batch_norm:
          detail::batch_norm_loops(item_, batch_).forward(threads, at, context.scratch.data());
          break;
        case layer_kind::activation:
          detail::activate(threads, batch_ * item_.out.size(), item_.act, at.src, at.dst);
          break;
        case layer_kind::add:
          detail::add(threads, batch_ * item_.out.size(), item_.act, at.src, at.other, at.dst);
          break;
        case layer_kind::scale:
          detail::scale(threads, item_, batch_, at.src, at.other, at.dst);
          break;
        case layer_kind::max_pool:
          detail::max_pool(threads, item_, batch_, at.src, at.dst, choice());
          break;
        case layer_kind::average_pool:
        case layer_kind::resize:
          detail::blend(threads, item_, batch_, at.src, at.dst);
          break;
        case layer_kind::global_average_pool:
          detail::global_average_pool(threads, item_, batch_, at.src, at.dst);
          break;
      }
    }

    void backward() {
      backend_->use_threads();
      detail::cpu_context& context = backend_->context_;
      const training_operands<float>& at = operands_;
      const int threads = context.threads;
      switch (item_.kind) {
        case layer_kind::convolution:
        case layer_kind::linear:
          return product_->backward(context);
        case layer_kind::batch_norm:
          return detail::batch_norm_loops(item_, batch_).backward(threads, at, context.scratch.data());
        case layer_kind::activation:
        case layer_kind::add:
          return detail::elementwise_backward(threads, batch_ * item_.out.size(), item_.act, at);
        case layer_kind::scale:
          return detail::scale_backward(threads, item_, batch_, at);
        default:
          break;
      }
      if (!at.d_src) return;
      switch (item_.kind) {
        case layer_kind::max_pool:
          return detail::max_pool_backward(threads, item_, batch_, choice(), at.d_dst, at.accumulate_d_src, at.d_src);
        case layer_kind::global_average_pool:
          return detail::global_average_pool_backward(threads, item_, batch_, at.d_dst, at.accumulate_d_src, at.d_src);
        default:
          return detail::blend_backward(threads, item_, batch_, at.d_dst, at.accumulate_d_src, at.d_src);
      }
    }

    /// Which code runs: forward, then the gradients that are wanted.
    std::vector<std::string> implementations() const {
      return product_ ? product_->implementations() : std::vector<std::string>{"loop"};
    }

   private:
    friend cpu;
    training_step(cpu& backend, const layer& item, int batch, const training_operands<float>& operands)
        : backend_(&backend), item_(item), batch_(batch), operands_(operands) {
      backend.use_threads();
      if (detail::is_product(item)) product_.emplace(backend.context_, item, batch, operands);
      if (item.kind == layer_kind::batch_norm)
        backend.context_.scratch.reserve(detail::batch_norm_loops(item, batch).scratch_bytes());
    }

    std::uint8_t* choice() const { return reinterpret_cast<std::uint8_t*>(operands_.saved); }

    cpu* backend_;
    layer item_;
    int batch_;
    training_operands<float> operands_;
    std::optional<detail::training_product> product_;
  };

  std::string supports(const layer& item) const {
    if (item.kind == layer_kind::max_pool && item.kernel > 15)
      return "has a window of more than 15x15, which backend cpu does not pool";
    return detail::problem_of(item);
  }

  inference_step make_inference(const layer& item, int batch, const inference_operands<float>& operands) {
    detail::require_runnable(name, item, batch, supports(item));
    return {*this, item, batch, operands};
  }
  training_step make_training(const layer& item, int batch, const training_operands<float>& operands) {
    detail::require_runnable(name, item, batch, supports(item));
    return {*this, item, batch, operands};
  }

  std::size_t saved_bytes(const layer& item, int batch) const {
    if (item.kind == layer_kind::batch_norm) return detail::batch_norm_loops::saved_bytes(item);
    if (item.kind == layer_kind::max_pool) return static_cast<std::size_t>(batch * item.out.size());
    return 0;
  }

  int threads() const { return context_.threads; }

 private:
  static constexpr int primitive_cache = 4096;

  /// OpenMP keeps the count per calling thread, so every entry sets it.
  void use_threads() const { omp_set_num_threads(context_.threads); }

  detail::cpu_context context_;
};

static_assert(Backend<cpu>);

}  // namespace hasse
