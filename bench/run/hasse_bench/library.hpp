// oneDNN's convolutions as themselves: every pass in the layout and with the algorithm that is asked for, weights as it wants them
// and no reorder in the measured time. What our kernels are compared with.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <hasse/kernel/cpu/bridge.hpp>
#include <hasse/kernel/cpu/context.hpp>

#include "bench.hpp"

namespace bench {

struct library_run {
  std::string implementation;  ///< empty: oneDNN has no such code
  std::function<void()> run;
};

namespace detail {

using dnnl::memory;

template <class Operation, class... Arguments>
auto describe(const dnnl::engine& engine, const dnnl::primitive_attr& attr, const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Operation::primitive_desc(engine, arguments..., attr, true);
#else
  return typename Operation::primitive_desc(typename Operation::desc(arguments...), attr, engine, true);
#endif
}
template <class Operation, class... Arguments>
auto describe_backward(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                       const dnnl::convolution_forward::primitive_desc& hint, const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Operation::primitive_desc(engine, arguments..., hint, attr, true);
#else
  return typename Operation::primitive_desc(typename Operation::desc(arguments...), attr, engine, hint, true);
#endif
}

/// Memory of its own for every argument, filled with ones.
inline library_run bound(hasse::detail::cpu_context& context, dnnl::primitive primitive, std::string name,
                         const std::vector<std::pair<int, memory::desc>>& arguments) {
  auto rooms = std::make_shared<std::vector<hasse::detail::scratch_memory>>(arguments.size());
  auto made = std::make_shared<hasse::detail::onednn::bound_primitive>(context.engine, std::move(primitive));
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& [argument, desc] = arguments[i];
    if (desc.get_size() == 0) continue;
    (*rooms)[i].reserve(desc.get_size());
    float* const floats = reinterpret_cast<float*>((*rooms)[i].data());
    for (std::size_t at = 0; at < desc.get_size() / sizeof(float); ++at) floats[at] = static_cast<float>(at % 7) * 0.25f - 0.75f;
    made->bind(argument, desc, floats);
  }
  return {std::move(name), [made, rooms, &context] { made->run(context.stream, nullptr); }};
}

}  // namespace detail

/// One pass of a convolution. `nhwc`: the layout between our layers; otherwise whatever oneDNN likes best.
inline library_run library_convolution(hasse::detail::cpu_context& context, const hasse::layer& item, int batch, pass which,
                                       dnnl::algorithm algorithm, bool nhwc) {
  using detail::memory;
  namespace onednn = hasse::detail::onednn;
  const onednn::product_shape shape(item, batch, memory::data_type::f32);
  const auto data = [&](const memory::dims& dims) {
    return onednn::product_shape::tensor(dims, nhwc ? memory::format_tag::nhwc : memory::format_tag::any);
  };
  const memory::desc src = data(shape.src), dst = data(shape.dst), weights = shape.any_weights(), bias = shape.bias_desc(item.bias);
  const bool forward_only = which == pass::forward;
  const dnnl::primitive_attr attr =
      onednn::attributes(shape, onednn::residual::none, forward_only ? item.act : hasse::activation::none);
  const dnnl::engine& engine = context.engine;
  const auto hint = detail::describe<dnnl::convolution_forward>(
      engine, attr, forward_only ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training, algorithm, src, weights,
      bias, dst, shape.strides, shape.padding, shape.end_padding);
  if (!hint) return {};
  if (forward_only)
    return detail::bound(context, dnnl::convolution_forward(hint), hint.impl_info_str(),
                         {{DNNL_ARG_SRC, hint.src_desc()},
                          {DNNL_ARG_WEIGHTS, hint.weights_desc()},
                          {DNNL_ARG_BIAS, hint.bias_desc()},
                          {DNNL_ARG_DST, hint.dst_desc()},
                          {DNNL_ARG_SCRATCHPAD, hint.scratchpad_desc()}});
  if (which == pass::backward_data) {
    const auto found = detail::describe_backward<dnnl::convolution_backward_data>(engine, attr, hint, algorithm, src, weights, dst,
                                                                                  shape.strides, shape.padding, shape.end_padding);
    if (!found) return {};
    return detail::bound(context, dnnl::convolution_backward_data(found), found.impl_info_str(),
                         {{DNNL_ARG_DIFF_SRC, found.diff_src_desc()},
                          {DNNL_ARG_WEIGHTS, found.weights_desc()},
                          {DNNL_ARG_DIFF_DST, found.diff_dst_desc()},
                          {DNNL_ARG_SCRATCHPAD, found.scratchpad_desc()}});
  }
  const auto found = detail::describe_backward<dnnl::convolution_backward_weights>(
      engine, attr, hint, algorithm, src, weights, bias, dst, shape.strides, shape.padding, shape.end_padding);
  if (!found) return {};
  return detail::bound(context, dnnl::convolution_backward_weights(found), found.impl_info_str(),
                       {{DNNL_ARG_SRC, found.src_desc()},
                        {DNNL_ARG_DIFF_WEIGHTS, found.diff_weights_desc()},
                        {DNNL_ARG_DIFF_BIAS, found.diff_bias_desc()},
                        {DNNL_ARG_DIFF_DST, found.diff_dst_desc()},
                        {DNNL_ARG_SCRATCHPAD, found.scratchpad_desc()}});
}

}  // namespace bench
