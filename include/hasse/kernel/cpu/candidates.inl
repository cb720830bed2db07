// The bodies of kernel/cpu/candidates.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <hasse/kernel/cpu/candidates.hpp>

namespace hasse::detail {

HASSE_BODY std::shared_ptr<scratch_memory> room_for(std::size_t floats) {
  auto memory = std::make_shared<scratch_memory>();
  memory->reserve(floats * sizeof(float));
  return memory;
}

HASSE_BODY std::string own_name(const char* what, const layer& item, simd_level level) {
  return std::string(what) + " " + std::to_string(item.kernel) + "x" + std::to_string(item.kernel) + " " +
         std::string(name_of(level));
}

HASSE_BODY std::vector<kernel_candidate> product_candidates(cpu_context& shared, const layer& item, int batch) {
  std::vector<kernel_candidate> result;
  result.push_back({"library", true, [&shared, item, batch](std::span<const inference_operands<float>> at) {
                      return library::inference(shared, item, batch, at.front());
                    }});
  if (depthwise_convolution::refuses(item).empty())
    result.push_back(own_candidate(
        shared, own_name("depthwise", item, shared.level), true, depthwise_convolution(item, batch, shared.threads, shared.level),
        [](const auto& kernel, const auto& at, float* packed) { kernel.pack(at.weights, packed); },
        [](const auto& kernel, const auto& at, const float* packed, float*) {
          kernel.forward({.src = at.src, .weights = packed, .bias = at.bias, .other = at.other, .dst = at.dst});
        }));
  if (pointwise_convolution::refuses(item).empty())
    result.push_back(own_candidate(
        shared, own_name("pointwise", item, shared.level), pointwise_by_rule(item, batch),
        pointwise_convolution(item, batch, shared.threads, shared.level),
        [](const auto& kernel, const auto& at, float* packed) { kernel.pack(at.weights, at.bias, packed); },
        [](const auto& kernel, const auto& at, const float* packed, float*) {
          kernel.run({.src = at.src, .packed = packed, .other = at.other, .dst = at.dst});
        }));
  if (winograd_convolution::refuses(item).empty())
    for (const int tile : {2, 4, 6}) {
      const winograd_convolution kernel(item, batch, shared.threads, shared.level, tile);
      result.push_back(own_candidate(
          shared, winograd_name(tile, shared.level), winograd_by_rule(item, batch, tile), kernel,
          [](const auto& each, const auto& at, float* packed) { each.pack(at.weights, packed); },
          [](const auto& each, const auto& at, const float* packed, float* scratch) {
            each.run(at.src, packed, at.bias, at.other, at.dst, scratch);
          }));
    }
  return result;
}

HASSE_BODY std::optional<kernel_candidate> joined_candidate(cpu_context& shared, std::span<const layer> run, int batch) {
  if (!inverted_bottleneck::refuses(run).empty()) return std::nullopt;
  const std::string name = "inverted bottleneck " + std::string(name_of(shared.level));
  const inverted_bottleneck kernel(run, batch, shared.threads, shared.level);
  return kernel_candidate{
      name, true, [=, &shared](std::span<const inference_operands<float>> operands) {
        const auto packed = room_for(kernel.packed_floats());
        kernel.pack(operands, floats_of(packed));
        shared.scratch.reserve(kernel.scratch_bytes());
        const inference_operands<float> first = operands.front(), last = operands.back();
        return bound_kernel{
            name,
            [=](cpu_context& context) { kernel.run(first.src, last.other, last.dst, floats_of(packed), context.scratch.data()); },
            kernel.packed_floats() * sizeof(float)};
      }};
}

HASSE_BODY bound_kernel training_forward(cpu_context& shared, const layer& item, int batch, const training_operands<float>& at,
                                     bool library) {
  if (!library && trains_depthwise(item))
    return packing_kernel(
        shared, own_name("depthwise", item, shared.level), depthwise_convolution(item, batch, shared.threads, shared.level),
        [=](const auto& kernel, float* packed) { kernel.pack(at.weights, packed); },
        [=](const auto& kernel, const float* packed, std::byte*) {
          kernel.forward({.src = at.src, .weights = packed, .bias = at.bias, .dst = at.dst});
        });
  if (!library && trains_winograd(item, batch)) {
    const winograd_convolution kernel(item, batch, shared.threads, shared.level, training_tile(item, batch));
    return packing_kernel(
        shared, winograd_name(kernel.tile(), shared.level), kernel,
        [=](const auto& each, float* packed) { each.pack(at.weights, packed); },
        [=](const auto& each, const float* packed, std::byte* scratch) {
          each.run(at.src, packed, at.bias, nullptr, at.dst, reinterpret_cast<float*>(scratch));
        });
  }
  return library::forward(shared, item, batch, at);
}

HASSE_BODY bound_kernel training_backward_data(cpu_context& shared, const layer& item, int batch, const training_operands<float>& at,
                                           bool library) {
  if (!library && trains_depthwise(item))
    return packing_kernel(
        shared, own_name("depthwise", item, shared.level), depthwise_convolution(item, batch, shared.threads, shared.level),
        [=](const auto& kernel, float* packed) { kernel.pack(at.weights, packed); },
        [=](const auto& kernel, const float* packed, std::byte*) {
          kernel.backward_data(at.d_dst, packed, at.d_src, at.accumulate_d_src);
        });
  if (!library && trains_winograd(item, batch)) {
    const winograd_convolution kernel(item, batch, shared.threads, shared.level, training_tile(item, batch),
                                      winograd_pass::backward_data);
    return packing_kernel(
        shared, winograd_name(kernel.tile(), shared.level), kernel,
        [=](const auto& each, float* packed) { each.pack(at.weights, packed); },
        [=](const auto& each, const float* packed, std::byte* scratch) {
          each.run(at.d_dst, packed, nullptr, at.accumulate_d_src ? at.d_src : nullptr, at.d_src,
                   reinterpret_cast<float*>(scratch));
        });
  }
  return library::backward_data(shared, item, batch, at);
}

HASSE_BODY bound_kernel training_backward_weights(cpu_context& shared, const layer& item, int batch, const training_operands<float>& at,
                                              bool library) {
  if (!library && at.d_weights && trains_depthwise(item)) {
    const depthwise_convolution kernel(item, batch, shared.threads, shared.level);
    shared.scratch.reserve(kernel.scratch_bytes());
    return {own_name("depthwise", item, shared.level), [=](cpu_context& context) {
              kernel.backward_weights(at.src, at.d_dst, at.d_weights, at.d_bias, context.scratch.data());
            }};
  }
  if (!library && at.d_weights && trains_winograd(item, batch)) {
    const winograd_weights_gradient kernel(item, batch, shared.threads, shared.level);
    shared.scratch.reserve(kernel.scratch_bytes());
    return {winograd_name(4, shared.level), [=](cpu_context& context) {
              kernel.run(at.src, at.d_dst, at.d_weights, at.d_bias, reinterpret_cast<float*>(context.scratch.data()));
            }};
  }
  return library::backward_weights(shared, item, batch, at);
}

HASSE_BODY bound_kernel training_forward(cpu_context& shared, const layer& item, int batch, const training_operands<bfloat16>& at,
                                     bool) {
  return library::forward(shared, item, batch, at);
}

HASSE_BODY bound_kernel training_backward_data(cpu_context& shared, const layer& item, int batch, const training_operands<bfloat16>& at,
                                           bool) {
  return library::backward_data(shared, item, batch, at);
}

HASSE_BODY bound_kernel training_backward_weights(cpu_context& shared, const layer& item, int batch,
                                              const training_operands<bfloat16>& at, bool) {
  return library::backward_weights(shared, item, batch, at);
}

HASSE_BODY timing_operands::timing_operands(std::span<const layer> run, int batch, std::span<const inference_operands<float>> like) : operands_(like.begin(), like.end()) {
  random_source random(1);
  const auto fresh = [&](std::int64_t size) {
    const auto& memory = memory_.emplace_back(room_for(static_cast<std::size_t>(size)));
    sizes_.push_back(size);
    for (std::int64_t at = 0; at < size; ++at) floats_of(memory)[at] = static_cast<float>(random.uniform()) - 0.5f;
    return floats_of(memory);
  };
  // What a layer reads is fresh memory unless an earlier layer of the run wrote it.
  const auto place_of = [&](const float* original, std::size_t layer, std::int64_t size) -> const float* {
    for (std::size_t before = layer; before-- > 0;)
      if (like[before].dst == original) return operands_[before].dst;
    for (std::size_t before = 0; before < layer; ++before)
      if (like[before].src == original) return operands_[before].src;
    return fresh(size);
  };
  for (std::size_t at = 0; at < run.size(); ++at) {
    const layer& item = run[at];
    operands_[at].src = place_of(like[at].src, at, batch * item.in.size());
    operands_[at].dst = fresh(batch * item.out.size());
    if (!like[at].other) continue;
    const std::int64_t size = batch * item.other_shape().size();
    operands_[at].other = like[at].other == like[at].dst ? operands_[at].dst : place_of(like[at].other, at, size);
  }
}

HASSE_BODY void timing_operands::touch() const {
  for (const auto* value : {operands_.front().src, static_cast<const float*>(operands_.back().dst)})
    for (std::size_t at = 0; at < memory_.size(); ++at)
      if (floats_of(memory_[at]) == value)
        for (std::int64_t i = 0; i < sizes_[at]; ++i) floats_of(memory_[at])[i] = static_cast<float>(i % 7) * 0.125f - 0.375f;
}

}  // namespace hasse::detail
