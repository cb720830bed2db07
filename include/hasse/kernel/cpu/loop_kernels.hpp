// Layers without weights to multiply, bound to the loops that run them.
// Used by kernel/cpu.hpp.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/batch_norm.hpp>
#include <hasse/kernel/cpu/bound_kernel.hpp>
#include <hasse/kernel/cpu/context.hpp>
#include <hasse/kernel/cpu/loops.hpp>

namespace hasse::detail {

template <class Scalar>
bound_kernel inference_loop(cpu_context& shared, const layer& item, int batch, const inference_operands<Scalar>& at) {
  const auto loop = [](std::function<void(cpu_context&)> run) { return bound_kernel{"loop", std::move(run)}; };
  const std::ptrdiff_t count = batch * item.out.size();
  switch (item.kind) {
    case layer_kind::batch_norm: {
      const batch_norm_kernel norm(item, batch, shared.threads, shared.level);
      shared.scratch.reserve(norm.scratch_bytes());
      return loop([=](cpu_context& context) { norm.scale_and_shift(at, context.scratch.data()); });
    }
    case layer_kind::activation:
      return loop([=](cpu_context& context) { activate(context.threads, count, item.act, at.src, at.dst); });
    case layer_kind::add:
      return loop([=](cpu_context& context) { add(context.threads, count, item.act, at.src, at.other, at.dst); });
    case layer_kind::scale:
      return loop([=](cpu_context& context) { scale(context.threads, item, batch, at.src, at.other, at.dst); });
    case layer_kind::max_pool:
      return loop([=](cpu_context& context) { max_pool(context.threads, item, batch, at.src, at.dst, nullptr); });
    case layer_kind::global_average_pool:
      return loop([=](cpu_context& context) { global_average_pool(context.threads, item, batch, at.src, at.dst); });
    case layer_kind::concat:
      return loop([=](cpu_context& context) { concat(context.threads, item, batch, at.src, at.other, at.dst); });
    case layer_kind::pad_channels:
      return loop([=](cpu_context& context) { concat<Scalar>(context.threads, item, batch, at.src, nullptr, at.dst); });
    case layer_kind::depth_to_space:
      return loop([=](cpu_context& context) { depth_to_space(context.threads, item, batch, at.src, at.dst); });
    default:
      return loop([=](cpu_context& context) { blend(context.threads, item, batch, at.src, at.dst); });
  }
}

/// Appends the passes of a layer without weights to multiply: forward, forward once more where that is not the same, and backward,
/// only where a gradient is wanted.
template <class Scalar>
void training_loops(cpu_context& shared, const layer& item, int batch, const training_operands<Scalar>& at,
                    std::vector<bound_kernel>& forward, std::vector<bound_kernel>& again, std::vector<bound_kernel>& backward) {
  const auto add_forward = [&](std::function<void(cpu_context&)> run) { forward.push_back({"loop", std::move(run)}); };
  const auto add_backward = [&](std::function<void(cpu_context&)> run) { backward.push_back({"loop", std::move(run)}); };
  const std::ptrdiff_t count = batch * item.out.size();
  std::uint8_t* const choice = reinterpret_cast<std::uint8_t*>(at.saved);
  const auto sums_in = [](cpu_context& context) { return reinterpret_cast<float*>(context.scratch.data()); };
  switch (item.kind) {
    case layer_kind::batch_norm: {
      const batch_norm_kernel norm(item, batch, shared.threads, shared.level);
      shared.scratch.reserve(norm.scratch_bytes());
      add_forward([=](cpu_context& context) { norm.forward(at, context.scratch.data()); });
      again.push_back({"loop", [=](cpu_context& context) { norm.recompute(at, context.scratch.data()); }});
      return add_backward([=](cpu_context& context) { norm.backward(at, context.scratch.data()); });
    }
    case layer_kind::activation:
      add_forward([=](cpu_context& context) { activate(context.threads, count, item.act, at.src, at.dst); });
      return add_backward([=](cpu_context& context) { elementwise_backward(context.threads, count, item.act, at); });
    case layer_kind::add:
      add_forward([=](cpu_context& context) { add(context.threads, count, item.act, at.src, at.other, at.dst); });
      return add_backward([=](cpu_context& context) { elementwise_backward(context.threads, count, item.act, at); });
    case layer_kind::scale:
      add_forward([=](cpu_context& context) { scale(context.threads, item, batch, at.src, at.other, at.dst); });
      return add_backward([=](cpu_context& context) { scale_backward(context.threads, item, batch, at); });
    case layer_kind::max_pool:
      shared.scratch.reserve(image_sum_bytes<Scalar>(shared.threads, item));
      add_forward([=](cpu_context& context) { max_pool(context.threads, item, batch, at.src, at.dst, choice); });
      if (at.d_src)
        add_backward([=](cpu_context& context) {
          max_pool_backward(context.threads, item, batch, choice, at.d_dst, at.accumulate_d_src, at.d_src, sums_in(context));
        });
      return;
    case layer_kind::global_average_pool:
      add_forward([=](cpu_context& context) { global_average_pool(context.threads, item, batch, at.src, at.dst); });
      if (at.d_src)
        add_backward([=](cpu_context& context) {
          global_average_pool_backward(context.threads, item, batch, at.d_dst, at.accumulate_d_src, at.d_src);
        });
      return;
    case layer_kind::concat:
      add_forward([=](cpu_context& context) { concat(context.threads, item, batch, at.src, at.other, at.dst); });
      return add_backward([=](cpu_context& context) { concat_backward(context.threads, item, batch, at); });
    case layer_kind::pad_channels:
      add_forward([=](cpu_context& context) { concat<Scalar>(context.threads, item, batch, at.src, nullptr, at.dst); });
      return add_backward([=](cpu_context& context) { concat_backward(context.threads, item, batch, at); });
    case layer_kind::depth_to_space:
      add_forward([=](cpu_context& context) { depth_to_space(context.threads, item, batch, at.src, at.dst); });
      if (at.d_src)
        add_backward([=](cpu_context& context) {
          depth_to_space_backward(context.threads, item, batch, at.d_dst, at.accumulate_d_src, at.d_src);
        });
      return;
    default:
      shared.scratch.reserve(image_sum_bytes<Scalar>(shared.threads, item));
      add_forward([=](cpu_context& context) { blend(context.threads, item, batch, at.src, at.dst); });
      if (at.d_src)
        add_backward([=](cpu_context& context) {
          blend_backward(context.threads, item, batch, at.d_dst, at.accumulate_d_src, at.d_src, sums_in(context));
        });
  }
}

/// Pools, resize and moved channels need shapes, limits the result; a batch norm computes again what it needs from its source.
inline backward_operands backward_reads(const layer& item) {
  const bool curved = !passes_back_from_result(item.act), limits = !curved && item.act != activation::none;
  switch (item.kind) {
    case layer_kind::convolution:
    case layer_kind::linear:
      return {.src = true, .other = false, .dst = false};
    case layer_kind::scale:
      return {.src = true, .other = true, .dst = false};
    case layer_kind::batch_norm:
      return {.src = true, .other = curved, .dst = false};
    case layer_kind::activation:
    case layer_kind::add:
      return {.src = curved, .other = curved, .dst = limits};
    default:
      return {.src = false, .other = false, .dst = false};
  }
}

}  // namespace hasse::detail
