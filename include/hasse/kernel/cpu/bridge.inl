// The bodies of kernel/cpu/bridge.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <hasse/kernel/cpu/bridge.hpp>

namespace hasse::detail::onednn {

HASSE_BODY std::string version() {
  const dnnl_version_t* found = dnnl_version();
  return "oneDNN " + std::to_string(found->major) + "." + std::to_string(found->minor) + "." + std::to_string(found->patch);
}

HASSE_BODY void require_room() {
  constexpr std::size_t bytes = std::size_t{16} << 20;
  void* const room = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) throw std::bad_alloc();
  ::munmap(room, bytes);
}

HASSE_BODY product_shape::product_shape(const layer& item, int batch, memory::data_type stored) : storage(stored), linear(item.kind == layer_kind::linear) {
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

HASSE_BODY dnnl::primitive_attr attributes(const product_shape& shape, residual other, activation act) {
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

HASSE_BODY dnnl::convolution_forward::primitive_desc convolution_forward(const dnnl::engine& engine, dnnl::prop_kind use,
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

HASSE_BODY bool spoils_weights(const product_shape& shape, std::string_view implementation) {
  constexpr memory::dim most_places = 16;
  if (!is_strided(shape)) return false;
  return (shape.src[1] < most_places && implementation.find("1x1") != std::string_view::npos) ||
         (shape.dst[3] == 1 && implementation.find("jit_bf16:") != std::string_view::npos);
}

HASSE_BODY dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
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

HASSE_BODY dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
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

HASSE_BODY dnnl::inner_product_forward::primitive_desc linear_forward(const dnnl::engine& engine, dnnl::prop_kind use,
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

HASSE_BODY dnnl::inner_product_backward_data::primitive_desc linear_backward_data(
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

HASSE_BODY dnnl::inner_product_backward_weights::primitive_desc linear_backward_weights(
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

HASSE_BODY void bound_primitive::bind(int argument, const memory::desc& desc, const void* data) {
  memories_.emplace_back(desc, engine_, const_cast<void*>(data));
  arguments_.push_back({argument, memories_.back().get()});
}

HASSE_BODY void bound_primitive::bind_scratch(int argument, const memory::desc& desc, std::size_t offset) {
  if (desc.get_size() == 0) return;
  scratch_.emplace_back(memories_.size(), offset);
  bind(argument, desc, nullptr);
}

HASSE_BODY void bound_primitive::run(dnnl::stream& stream, std::byte* scratch) {
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

HASSE_BODY bound_primitive reorder(const dnnl::engine& engine, const memory::desc& from, const memory::desc& to) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return {engine, dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to, attr))};
}

}  // namespace hasse::detail::onednn
