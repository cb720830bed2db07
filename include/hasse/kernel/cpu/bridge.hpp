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

#include <hasse/core/apart.hpp>
#include <hasse/core/bfloat16.hpp>
#include <hasse/core/error.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::onednn {

using dnnl::memory;

HASSE_BODY std::string version();

/// Throws unless there is room for what the library takes at once (6 MB were the most seen). It does not look whether it got the
/// memory for the code of its kernels, and writes it to nowhere.
HASSE_BODY void require_room();

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

  product_shape(const layer& item, int batch, memory::data_type stored);

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

HASSE_BODY dnnl::primitive_attr attributes(const product_shape& shape, residual other, activation act);

// Primitive descriptors; an empty one means that oneDNN has no such implementation.

HASSE_BODY dnnl::convolution_forward::primitive_desc convolution_forward(const dnnl::engine& engine, dnnl::prop_kind use,
                                                                     const product_shape& shape, bool bias,
                                                                     const dnnl::primitive_attr& attr);

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
HASSE_BODY bool spoils_weights(const product_shape& shape, std::string_view implementation);
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

HASSE_BODY dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const dnnl::engine& engine, const product_shape& shape, bool added, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& hint);

HASSE_BODY dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const dnnl::engine& engine, const product_shape& shape, bool bias, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& hint);

HASSE_BODY dnnl::inner_product_forward::primitive_desc linear_forward(const dnnl::engine& engine, dnnl::prop_kind use,
                                                                  const product_shape& shape, bool bias,
                                                                  const dnnl::primitive_attr& attr);

HASSE_BODY dnnl::inner_product_backward_data::primitive_desc linear_backward_data(
    const dnnl::engine& engine, const product_shape& shape, bool added, const dnnl::primitive_attr& attr,
    const dnnl::inner_product_forward::primitive_desc& hint);

HASSE_BODY dnnl::inner_product_backward_weights::primitive_desc linear_backward_weights(
    const dnnl::engine& engine, const product_shape& shape, bool bias, const dnnl::primitive_attr& attr,
    const dnnl::inner_product_forward::primitive_desc& hint);

/// A primitive with its arguments, ready to run many times. Some arguments lie in the backend's scratch memory, whose address may
/// change between runs: they are kept as offsets.
class bound_primitive {
 public:
  bound_primitive(dnnl::engine engine, dnnl::primitive primitive) : engine_(std::move(engine)), primitive_(std::move(primitive)) {}

  void bind(int argument, const memory::desc& desc, const void* data);
  void bind_scratch(int argument, const memory::desc& desc, std::size_t offset);

  void run(dnnl::stream& stream, std::byte* scratch);

 private:
  dnnl::engine engine_;
  dnnl::primitive primitive_;
  std::vector<memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::vector<std::pair<std::size_t, std::size_t>> scratch_;  ///< index into memories_, offset in the scratch memory
  std::byte* bound_to_ = nullptr;
  bool has_run_ = false;
};

HASSE_BODY bound_primitive reorder(const dnnl::engine& engine, const memory::desc& from, const memory::desc& to);

}  // namespace hasse::detail::onednn

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/bridge.inl>
#endif
