// The bodies of kernel/cpu/products.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <hasse/kernel/cpu/products.hpp>

namespace hasse::detail {

namespace onednn {

HASSE_BODY std::string identity() {
  char sets[32];
  std::snprintf(sets, sizeof sets, "0x%x", static_cast<unsigned>(dnnl::get_effective_cpu_isa()));
  return version() + " for instruction sets " + sets;
}

HASSE_BODY void keep_primitives() {
  constexpr int primitive_cache = 4096;
  if (dnnl::get_primitive_cache_capacity() < primitive_cache) dnnl::set_primitive_cache_capacity(primitive_cache);
}

HASSE_BODY void pass_builder::bind_weights(bound_primitive& primitive, const memory::desc& wanted, const float* weights) {
  if (wanted == shape_.weights_desc()) return primitive.bind(DNNL_ARG_WEIGHTS, wanted, weights);
  const std::size_t offset = scratch_.take(wanted.get_size());
  bound_primitive pack = reorder(context_.engine, shape_.weights_desc(), wanted);
  pack.bind(DNNL_ARG_FROM, shape_.weights_desc(), weights);
  pack.bind_scratch(DNNL_ARG_TO, wanted, offset);
  primitives_->push_back(std::move(pack));
  primitive.bind_scratch(DNNL_ARG_WEIGHTS, wanted, offset);
}

HASSE_BODY void pass_builder::bind_residual(bound_primitive& primitive, residual given, residual other, const void* values, const void* dst) {
  constexpr int added = DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1;
  const memory::desc desc = shape_.dst_desc();
  if (given == other) {
    if (other == residual::apart) primitive.bind(added, desc, values);
    return;
  }
  bound_primitive copy = reorder(context_.engine, desc, desc);
  copy.bind(DNNL_ARG_FROM, desc, values);
  if (other == residual::in_dst) {
    copy.bind(DNNL_ARG_TO, desc, dst);
  } else {
    const std::size_t offset = scratch_.take(desc.get_size());
    copy.bind_scratch(DNNL_ARG_TO, desc, offset);
    primitive.bind_scratch(added, desc, offset);
  }
  primitives_->push_back(std::move(copy));
}

HASSE_BODY void pass_builder::add(bound_primitive primitive, const memory::desc& scratchpad) {
  primitive.bind_scratch(DNNL_ARG_SCRATCHPAD, scratchpad, scratch_.take(scratchpad.get_size()));
  primitives_->push_back(std::move(primitive));
}

HASSE_BODY bound_kernel pass_builder::finish(std::string implementation, std::size_t weight_bytes) {
  context_.scratch.reserve(scratch_.size());
  return {std::move(implementation), [primitives = primitives_](cpu_context& context) { context.run(*primitives); },
          weight_bytes};
}

HASSE_BODY residual served_place(const pass_builder& pass, const layer& item, bool bias, residual given) {
  if (given == residual::none || item.kind != layer_kind::convolution) return given;
  const auto found = made_by(
      [&] {
        return convolution_forward(pass.engine(), dnnl::prop_kind::forward_inference, pass.shape(), bias,
                                   attributes(pass.shape(), given, item.act));
      },
      describe(item));
  const std::string_view name = found ? found.impl_info_str() : "";
  if (given == residual::apart && name.find("gemm") != std::string_view::npos) return residual::in_dst;
  if (given == residual::in_dst && name == "jit_dw:sse41" && item.out.c % 4 != 0) return residual::apart;
  return given;
}

}  // namespace onednn

}  // namespace hasse::detail
