// The only place that knows which oneDNN it is: one spelling for 2.6 and 3.x of the few primitives that we use.
// Used by kernel/cpu.hpp.
#pragma once

#include <cstddef>
#include <dnnl.hpp>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>

#include <hasse/core/bfloat16.hpp>
#include <hasse/core/error.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::onednn {

using dnnl::memory;

inline std::string version() {
  const dnnl_version_t* found = dnnl_version();
  return "oneDNN " + std::to_string(found->major) + "." + std::to_string(found->minor) + "." + std::to_string(found->patch);
}

/// Throws unless there is room for what the library takes at once (6 MB were the most seen). It does not look whether it got the
/// memory for the code of its kernels, and writes it to nowhere.
inline void require_room() {
  constexpr std::size_t bytes = std::size_t{16} << 20;
  void* const room = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) throw std::bad_alloc();
  ::munmap(room, bytes);
}

/// What `make` makes of the library's objects, whose refusals name neither the layer nor a way on.
template <class Make>
auto made_by(const Make& make, const std::string& what) {
  require_room();
  try {
    return make();
  } catch (const dnnl::error& refused) {
    if (refused.status == dnnl_out_of_memory) throw std::bad_alloc();
    throw error("cpu: " + what + " cannot be made with " + version() + " (" + refused.message + "); use backend reference for it");
  }
}

/// What activations are stored in.
template <class Scalar>
inline constexpr memory::data_type storage_of = std::is_same_v<Scalar, bfloat16> ? memory::data_type::bf16 : memory::data_type::f32;

/// A convolution or linear layer in oneDNN's terms. A linear layer sees each image as one row. The weights that it multiplies are
/// stored as the activations are; the caller's, all biases and all gradients of parameters are float.
struct product_shape {
  memory::dims src, weights, dst, strides, padding, end_padding;
  memory::format_tag data_tag, weights_tag;  ///< how src and dst, and how the caller's weights lie in memory
  memory::data_type storage;
  bool linear;

  product_shape(const layer& item, int batch, memory::data_type stored) : storage(stored), linear(item.kind == layer_kind::linear) {
    if (linear) {
      src = {batch, item.in.size()}, weights = {item.out.c, item.in.size()}, dst = {batch, item.out.c};
      data_tag = memory::format_tag::nc, weights_tag = memory::format_tag::oi;
      return;
    }
    src = {batch, item.in.c, item.in.h, item.in.w}, dst = {batch, item.out.c, item.out.h, item.out.w};
    weights = {item.out.c, item.in.c / item.groups, item.kernel, item.kernel};
    data_tag = memory::format_tag::nhwc, weights_tag = memory::format_tag::oihw;
    if (item.groups > 1) {
      weights = {item.groups, item.out.c / item.groups, item.in.c / item.groups, item.kernel, item.kernel};
      weights_tag = memory::format_tag::goihw;
    }
    strides = {item.stride, item.stride}, padding = {item.pad_top, item.pad_left};
    end_padding = {item.pad_bottom(), item.pad_right()};
  }

  static memory::desc tensor(const memory::dims& dims, memory::format_tag tag) { return {dims, memory::data_type::f32, tag}; }
  memory::desc src_desc() const { return {src, storage, data_tag}; }
  memory::desc dst_desc() const { return {dst, storage, data_tag}; }
  memory::desc weights_desc() const { return tensor(weights, weights_tag); }
  memory::desc any_weights() const { return {weights, storage, memory::format_tag::any}; }
  memory::desc any_d_weights() const { return tensor(weights, memory::format_tag::any); }
  /// A gradient that is to be added to another is not rounded before.
  memory::desc d_src_desc(bool added) const { return {src, added ? memory::data_type::f32 : storage, data_tag}; }
  memory::desc bias_desc(bool wanted) const { return wanted ? tensor({dst[1]}, memory::format_tag::a) : memory::desc(); }
};

/// What is fused behind an inference product: the residual, then the activation.
enum class residual { none, in_dst, apart };

inline dnnl::primitive_attr attributes(const product_shape& shape, residual other, activation act) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops ops;
  const auto append = [&ops](dnnl::algorithm algorithm, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(algorithm, alpha, beta);
#else
    ops.append_eltwise(1.0f, algorithm, alpha, beta);
#endif
  };
  if (other == residual::in_dst) ops.append_sum();
  if (other == residual::apart) ops.append_binary(dnnl::algorithm::binary_add, shape.dst_desc());
  switch (act) {
    case activation::none:
      break;
    case activation::relu:
      append(dnnl::algorithm::eltwise_relu, 0, 0);
      break;
    case activation::relu6:
      append(dnnl::algorithm::eltwise_clip, 0, 6);
      break;
    // 2.6 ignores the two numbers, 3.x needs them: x * clip(x / 6 + 1 / 2, 0, 1).
    case activation::hard_swish:
      append(dnnl::algorithm::eltwise_hardswish, 1.0f / 6, 0.5f);
      break;
    case activation::sigmoid:
      append(dnnl::algorithm::eltwise_logistic, 0, 0);
      break;
    // 2.6 has no hard sigmoid.
    case activation::hard_sigmoid:
      append(dnnl::algorithm::eltwise_linear, 1.0f / 6, 0.5f);
      append(dnnl::algorithm::eltwise_clip, 0, 1);
      break;
    case activation::swish:
      append(dnnl::algorithm::eltwise_swish, 1, 0);
      break;
  }
  attr.set_post_ops(ops);
  return attr;
}

// Primitive descriptors; an empty one means that oneDNN has no such implementation.

inline dnnl::convolution_forward::primitive_desc convolution_forward(const dnnl::engine& engine, dnnl::prop_kind use,
                                                                     const product_shape& shape, bool bias,
                                                                     const dnnl::primitive_attr& attr) {
  using operation = dnnl::convolution_forward;
#if DNNL_VERSION_MAJOR >= 3
  return operation::primitive_desc(engine, use, dnnl::algorithm::convolution_direct, shape.src_desc(), shape.any_weights(),
                                   shape.bias_desc(bias), shape.dst_desc(), shape.strides, shape.padding, shape.end_padding, attr,
                                   true);
#else
  const operation::desc what(use, dnnl::algorithm::convolution_direct, shape.src_desc(), shape.any_weights(), shape.bias_desc(bias),
                             shape.dst_desc(), shape.strides, shape.padding, shape.end_padding);
  return operation::primitive_desc(what, attr, engine, true);
#endif
}

/// Whether this processor can multiply values of that type.
template <class Scalar>
bool multiplies(const dnnl::engine& engine) {
  const product_shape shape({.kind = layer_kind::convolution, .in = {1, 1, 16}, .out = {1, 1, 16}}, 1, storage_of<Scalar>);
  return made_by(
      [&] {
        return static_cast<bool>(convolution_forward(engine, dnnl::prop_kind::forward_inference, shape, false,
                                                     attributes(shape, residual::none, activation::none)));
      },
      "a convolution");
}

// What oneDNN computes wrong or in memory that is not its own; the next implementation of its list takes such a layer.

inline bool is_strided(const product_shape& shape) { return shape.strides[0] > 1 || shape.strides[1] > 1; }

/// For the gradient of the weights of a 1x1 convolution with a stride, oneDNN's "jit_1x1" copies the pixels that count into scratch
/// memory. Of fewer channels than a vector has places it writes more there than it takes (2.6 to 3.7): wrong numbers with several
/// threads, a barrier that never opens, damage behind the end. In bfloat16 a result that is one pixel wide takes in scratch memory
/// that nobody has written (2.6.3).
inline bool spoils_weights(const product_shape& shape, std::string_view implementation) {
  constexpr memory::dim most_places = 16;
  if (!is_strided(shape)) return false;
  return (shape.src[1] < most_places && implementation.find("1x1") != std::string_view::npos) ||
         (shape.dst[3] == 1 && implementation.find("jit_bf16:") != std::string_view::npos);
}
/// The gradient of the source of a 1x1 convolution, in bfloat16: its pairs of channels go astray where the last has no partner, at
/// some numbers of pixels (2.6.3).
inline bool spoils_data(const product_shape& shape, std::string_view implementation) {
  return shape.dst[1] % 2 == 1 && implementation.find("jit_bf16_1x1:") != std::string_view::npos;
}

/// Called while all that `found` was made from exists: 2.6 keeps pointers to it.
template <class Description>
Description unless(bool (*spoils)(const product_shape&, std::string_view), Description found, const product_shape& shape) {
  while (found && spoils(shape, found.impl_info_str()))
    if (!found.next_impl()) return {};
  return found;
}

inline dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const dnnl::engine& engine, const product_shape& shape, bool added, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& hint) {
  using operation = dnnl::convolution_backward_data;
#if DNNL_VERSION_MAJOR >= 3
  return unless(spoils_data,
                operation::primitive_desc(engine, dnnl::algorithm::convolution_direct, shape.d_src_desc(added), shape.any_weights(),
                                          shape.dst_desc(), shape.strides, shape.padding, shape.end_padding, hint, attr, true),
                shape);
#else
  const operation::desc what(dnnl::algorithm::convolution_direct, shape.d_src_desc(added), shape.any_weights(), shape.dst_desc(),
                             shape.strides, shape.padding, shape.end_padding);
  return unless(spoils_data, operation::primitive_desc(what, attr, engine, hint, true), shape);
#endif
}

inline dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const dnnl::engine& engine, const product_shape& shape, bool bias, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& hint) {
  using operation = dnnl::convolution_backward_weights;
#if DNNL_VERSION_MAJOR >= 3
  return unless(spoils_weights,
                operation::primitive_desc(engine, dnnl::algorithm::convolution_direct, shape.src_desc(), shape.any_d_weights(),
                                          shape.bias_desc(bias), shape.dst_desc(), shape.strides, shape.padding, shape.end_padding,
                                          hint, attr, true),
                shape);
#else
  const operation::desc what(dnnl::algorithm::convolution_direct, shape.src_desc(), shape.any_d_weights(), shape.bias_desc(bias),
                             shape.dst_desc(), shape.strides, shape.padding, shape.end_padding);
  return unless(spoils_weights, operation::primitive_desc(what, attr, engine, hint, true), shape);
#endif
}

inline dnnl::inner_product_forward::primitive_desc linear_forward(const dnnl::engine& engine, dnnl::prop_kind use,
                                                                  const product_shape& shape, bool bias,
                                                                  const dnnl::primitive_attr& attr) {
  using operation = dnnl::inner_product_forward;
#if DNNL_VERSION_MAJOR >= 3
  return operation::primitive_desc(engine, use, shape.src_desc(), shape.any_weights(), shape.bias_desc(bias), shape.dst_desc(),
                                   attr, true);
#else
  const operation::desc what(use, shape.src_desc(), shape.any_weights(), shape.bias_desc(bias), shape.dst_desc());
  return operation::primitive_desc(what, attr, engine, true);
#endif
}

inline dnnl::inner_product_backward_data::primitive_desc linear_backward_data(
    const dnnl::engine& engine, const product_shape& shape, bool added, const dnnl::primitive_attr& attr,
    const dnnl::inner_product_forward::primitive_desc& hint) {
  using operation = dnnl::inner_product_backward_data;
#if DNNL_VERSION_MAJOR >= 3
  return operation::primitive_desc(engine, shape.d_src_desc(added), shape.any_weights(), shape.dst_desc(), hint, attr, true);
#else
  return operation::primitive_desc(operation::desc(shape.d_src_desc(added), shape.any_weights(), shape.dst_desc()), attr, engine,
                                   hint, true);
#endif
}

inline dnnl::inner_product_backward_weights::primitive_desc linear_backward_weights(
    const dnnl::engine& engine, const product_shape& shape, bool bias, const dnnl::primitive_attr& attr,
    const dnnl::inner_product_forward::primitive_desc& hint) {
  using operation = dnnl::inner_product_backward_weights;
#if DNNL_VERSION_MAJOR >= 3
  return operation::primitive_desc(engine, shape.src_desc(), shape.any_d_weights(), shape.bias_desc(bias), shape.dst_desc(), hint,
                                   attr, true);
#else
  const operation::desc what(shape.src_desc(), shape.any_d_weights(), shape.bias_desc(bias), shape.dst_desc());
  return operation::primitive_desc(what, attr, engine, hint, true);
#endif
}

/// A primitive with its arguments, ready to run many times. Some arguments lie in the backend's scratch memory, whose address may
/// change between runs: they are kept as offsets.
class bound_primitive {
 public:
  bound_primitive(dnnl::engine engine, dnnl::primitive primitive) : engine_(std::move(engine)), primitive_(std::move(primitive)) {}

  void bind(int argument, const memory::desc& desc, const void* data) {
    memories_.emplace_back(desc, engine_, const_cast<void*>(data));
    arguments_.push_back({argument, memories_.back().get()});
  }
  void bind_scratch(int argument, const memory::desc& desc, std::size_t offset) {
    if (desc.get_size() == 0) return;
    scratch_.emplace_back(memories_.size(), offset);
    bind(argument, desc, nullptr);
  }

  void run(dnnl::stream& stream, std::byte* scratch) {
    if (!std::exchange(has_run_, true)) require_room();  // some make their code only now
    if (scratch != bound_to_) {
      for (const auto& [at, offset] : scratch_) memories_[at].set_data_handle(scratch + offset);
      bound_to_ = scratch;
    }
    if (dnnl_primitive_execute(primitive_.get(), stream.get(), static_cast<int>(arguments_.size()), arguments_.data()) !=
        dnnl_success)
      throw error("cpu: oneDNN could not run a primitive; it is most likely out of memory, so use a smaller batch");
    // Costs nothing with OpenMP; a library built for SYCL returns before the work is done.
    stream.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::primitive primitive_;
  std::vector<memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::vector<std::pair<std::size_t, std::size_t>> scratch_;  ///< index into memories_, offset in the scratch memory
  std::byte* bound_to_ = nullptr;
  bool has_run_ = false;
};

inline bound_primitive reorder(const dnnl::engine& engine, const memory::desc& from, const memory::desc& to) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return {engine, dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to, attr))};
}

}  // namespace hasse::detail::onednn
