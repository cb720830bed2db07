// Convolution and linear layers through oneDNN: one bound primitive a pass, with the reorders that its layouts need.
// Used by kernel/cpu.hpp through kernel/cpu/library.hpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/bound_kernel.hpp>
#include <hasse/kernel/cpu/bridge.hpp>
#include <hasse/kernel/cpu/context.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/detail/describe.hpp>

namespace hasse::detail {

namespace onednn {

/// What multiplies, for the record of a measurement. The sets are those that DNNL_MAX_CPU_ISA and the processor leave to the library,
/// in its own numbers.
HASSE_BODY std::string identity();

/// Why layers of that type cannot be made on this processor, as a sentence; "" where they can.
template <class Scalar>
std::string refuses(const cpu_context& context) {
  if (multiplies<Scalar>(context.engine)) return "";
  return "this processor lacks the instructions with which " + version() + " multiplies bfloat16 (AVX-512); use cpu";
}

/// A supernet has more shapes than the 1024 whose code the library keeps by default.
HASSE_BODY void keep_primitives();

/// The primitives of one pass in the making; some of their arguments lie in the backend's scratch memory.
class pass_builder {
 public:
  pass_builder(cpu_context& context, const layer& item, int batch, memory::data_type storage)
      : context_(context),
        item_(item),
        shape_(item, batch, storage),
        primitives_(std::make_shared<std::vector<bound_primitive>>()) {}

  const layer& item() const { return item_; }
  const product_shape& shape() const { return shape_; }
  const dnnl::engine& engine() const { return context_.engine; }

  template <class Description>
  Description required(const Description& found, const char* what) const {
    if (!found)
      throw error("cpu: " + describe(item_) + " cannot be " + what + " with " + version() + "; use backend reference for it");
    return found;
  }

  /// Weights in the caller's layout, brought into `wanted` on every run where the two differ.
  void bind_weights(bound_primitive& primitive, const memory::desc& wanted, const float* weights);

  /// A residual that is `given` in one place and added from `other`: copied on every run where the two differ.
  void bind_residual(bound_primitive& primitive, residual given, residual other, const void* values, const void* dst);

  std::size_t take_scratch(std::size_t bytes) { return scratch_.take(bytes); }

  void add(bound_primitive primitive, const memory::desc& scratchpad);
  void add(bound_primitive primitive) { primitives_->push_back(std::move(primitive)); }

  bound_kernel finish(std::string implementation, std::size_t weight_bytes = 0);

 private:
  cpu_context& context_;
  const layer& item_;
  product_shape shape_;
  scratch_layout scratch_;
  std::shared_ptr<std::vector<bound_primitive>> primitives_;
};

/// Calls `body(forward description, operation tag)` for a convolution or a linear layer.
template <class Body>
auto with_forward(const pass_builder& pass, dnnl::prop_kind use, bool bias, const dnnl::primitive_attr& attr, Body&& body) {
  const auto make = [&] {
    if (pass.shape().linear)
      return body(linear_forward(pass.engine(), use, pass.shape(), bias, attr), std::type_identity<dnnl::inner_product_forward>{});
    return body(convolution_forward(pass.engine(), use, pass.shape(), bias, attr), std::type_identity<dnnl::convolution_forward>{});
  };
  return made_by(make, describe(pass.item()));
}

inline dnnl::primitive_attr plain_attributes(const pass_builder& pass) {
  return attributes(pass.shape(), residual::none, activation::none);
}

/// Where the library adds a convolution's residual rightly. Without AVX-512, 2.6 makes groups of few channels by products of
/// matrices (gemm), which add the wrong elements of a residual unless it lies in dst; without AVX2 its depthwise kernel loads one
/// that lies there by aligned instructions, whose fault ends the program where a pixel is no multiple of 16 bytes.
HASSE_BODY residual served_place(const pass_builder& pass, const layer& item, bool bias, residual given);

/// Inference: bias, residual and activation fused, the weights packed once.
template <class Scalar>
bound_kernel inference(cpu_context& context, const layer& item, int batch, const inference_operands<Scalar>& at) {
  pass_builder pass(context, item, batch, storage_of<Scalar>);
  const product_shape& shape = pass.shape();
  const residual given = !at.other ? residual::none : at.other == at.dst ? residual::in_dst : residual::apart;
  const residual other = served_place(pass, item, at.bias != nullptr, given);
  return with_forward(pass, dnnl::prop_kind::forward_inference, at.bias != nullptr, attributes(shape, other, item.act),
                      [&](const auto& description, auto operation) {
                        const auto found = pass.required(description, "run");
                        const memory::desc packed = found.weights_desc();
                        const void* weights = at.weights;
                        auto kept = std::make_shared<scratch_memory>();
                        if (packed != shape.weights_desc()) {
                          kept->reserve(packed.get_size());
                          bound_primitive pack = reorder(context.engine, shape.weights_desc(), packed);
                          pack.bind(DNNL_ARG_FROM, shape.weights_desc(), at.weights);
                          pack.bind(DNNL_ARG_TO, packed, kept->data());
                          pack.run(context.stream, nullptr);
                          weights = kept->data();
                        }
                        bound_primitive primitive(context.engine, typename decltype(operation)::type(found));
                        primitive.bind(DNNL_ARG_SRC, shape.src_desc(), at.src);
                        primitive.bind(DNNL_ARG_WEIGHTS, packed, weights);
                        if (at.bias) primitive.bind(DNNL_ARG_BIAS, shape.bias_desc(true), at.bias);
                        pass.bind_residual(primitive, given, other, at.other, at.dst);
                        primitive.bind(DNNL_ARG_DST, shape.dst_desc(), at.dst);
                        pass.add(std::move(primitive), found.scratchpad_desc());
                        bound_kernel made = pass.finish(found.impl_info_str(), packed.get_size());
                        made.run = [run = std::move(made.run), kept](cpu_context& shared) { run(shared); };
                        return made;
                      });
}

// Training. The master weights stay OIHW; each pass brings them into the layout of its primitive, and the gradient back.

template <class Scalar>
bound_kernel forward(cpu_context& context, const layer& item, int batch, const training_operands<Scalar>& at) {
  pass_builder pass(context, item, batch, storage_of<Scalar>);
  return with_forward(pass, dnnl::prop_kind::forward_training, at.bias != nullptr, plain_attributes(pass),
                      [&](const auto& description, auto operation) {
                        const auto found = pass.required(description, "trained");
                        bound_primitive primitive(context.engine, typename decltype(operation)::type(found));
                        primitive.bind(DNNL_ARG_SRC, pass.shape().src_desc(), at.src);
                        pass.bind_weights(primitive, found.weights_desc(), at.weights);
                        if (at.bias) primitive.bind(DNNL_ARG_BIAS, pass.shape().bias_desc(true), at.bias);
                        primitive.bind(DNNL_ARG_DST, pass.shape().dst_desc(), at.dst);
                        pass.add(std::move(primitive), found.scratchpad_desc());
                        return pass.finish(found.impl_info_str());
                      });
}

/// No primitive adds to its result: a gradient that is to be added is made in the scratch memory first.
template <class Scalar>
bound_kernel backward_data(cpu_context& context, const layer& item, int batch, const training_operands<Scalar>& at) {
  pass_builder pass(context, item, batch, storage_of<Scalar>);
  const dnnl::primitive_attr attr = plain_attributes(pass);
  const product_shape& shape = pass.shape();
  std::size_t apart = 0;
  const auto build = [&](const auto& description, auto operation) {
    const auto found = pass.required(description, "trained");
    bound_primitive primitive(context.engine, typename decltype(operation)::type(found));
    primitive.bind(DNNL_ARG_DIFF_DST, shape.dst_desc(), at.d_dst);
    pass.bind_weights(primitive, found.weights_desc(), at.weights);
    if (at.accumulate_d_src) {
      apart = pass.take_scratch(shape.d_src_desc(true).get_size());
      primitive.bind_scratch(DNNL_ARG_DIFF_SRC, shape.d_src_desc(true), apart);
    } else {
      primitive.bind(DNNL_ARG_DIFF_SRC, shape.src_desc(), at.d_src);
    }
    pass.add(std::move(primitive), found.scratchpad_desc());
    return pass.finish(found.impl_info_str());
  };
  bound_kernel made =
      with_forward(pass, dnnl::prop_kind::forward_training, at.bias != nullptr, attr, [&](const auto& hint, auto operation) {
        using forward_operation = typename decltype(operation)::type;
        if constexpr (std::is_same_v<forward_operation, dnnl::convolution_forward>)
          return build(convolution_backward_data(context.engine, shape, at.accumulate_d_src, attr, pass.required(hint, "trained")),
                       std::type_identity<dnnl::convolution_backward_data>{});
        else
          return build(linear_backward_data(context.engine, shape, at.accumulate_d_src, attr, pass.required(hint, "trained")),
                       std::type_identity<dnnl::inner_product_backward_data>{});
      });
  if (!at.accumulate_d_src) return made;
  const auto count = static_cast<std::ptrdiff_t>(shape.src_desc().get_size() / sizeof(Scalar));
  made.run = [run = std::move(made.run), apart, count, d_src = at.d_src](cpu_context& shared) {
    run(shared);
    const float* const values = reinterpret_cast<const float*>(shared.scratch.data() + apart);
    parallel_elements(shared.threads, count, [=](std::ptrdiff_t first, std::ptrdiff_t last) {
      write_gradient(values + first, last - first, true, d_src + first);
    });
  };
  return made;
}

template <class Scalar>
bound_kernel backward_weights(cpu_context& context, const layer& item, int batch, const training_operands<Scalar>& at) {
  pass_builder pass(context, item, batch, storage_of<Scalar>);
  const dnnl::primitive_attr attr = plain_attributes(pass);
  const product_shape& shape = pass.shape();
  const bool d_bias = at.d_bias != nullptr;
  const auto build = [&](const auto& description, auto operation) {
    const auto found = pass.required(description, "trained");
    bound_primitive primitive(context.engine, typename decltype(operation)::type(found));
    const memory::desc made = found.diff_weights_desc();
    const bool direct = at.d_weights && made == shape.weights_desc();
    const std::size_t offset = direct ? 0 : pass.take_scratch(made.get_size());
    primitive.bind(DNNL_ARG_SRC, shape.src_desc(), at.src);
    primitive.bind(DNNL_ARG_DIFF_DST, shape.dst_desc(), at.d_dst);
    if (direct)
      primitive.bind(DNNL_ARG_DIFF_WEIGHTS, made, at.d_weights);
    else
      primitive.bind_scratch(DNNL_ARG_DIFF_WEIGHTS, made, offset);
    if (at.d_bias) primitive.bind(DNNL_ARG_DIFF_BIAS, shape.bias_desc(true), at.d_bias);
    pass.add(std::move(primitive), found.scratchpad_desc());
    if (!direct && at.d_weights) {
      bound_primitive unpack = reorder(context.engine, made, shape.weights_desc());
      unpack.bind_scratch(DNNL_ARG_FROM, made, offset);
      unpack.bind(DNNL_ARG_TO, shape.weights_desc(), at.d_weights);
      pass.add(std::move(unpack));
    }
    return pass.finish(found.impl_info_str());
  };
  return with_forward(pass, dnnl::prop_kind::forward_training, at.bias != nullptr, attr, [&](const auto& hint, auto operation) {
    using forward_operation = typename decltype(operation)::type;
    if constexpr (std::is_same_v<forward_operation, dnnl::convolution_forward>)
      return build(convolution_backward_weights(context.engine, shape, d_bias, attr, pass.required(hint, "trained")),
                   std::type_identity<dnnl::convolution_backward_weights>{});
    else
      return build(linear_backward_weights(context.engine, shape, d_bias, attr, pass.required(hint, "trained")),
                   std::type_identity<dnnl::inner_product_backward_weights>{});
  });
}

}  // namespace onednn

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/products.inl>
#endif
