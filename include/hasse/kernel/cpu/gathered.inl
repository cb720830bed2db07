// The bodies of kernel/cpu/gathered.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hasse/kernel/cpu/gathered.hpp>
#include <hasse/kernel/cpu/loops.hpp>

namespace hasse::detail {

/// Rows lie in memory as windows do: kernel row, kernel column, channel.
HASSE_BODY void gathered_convolution::pack(const float* weights, const float* bias, float* packed) const {
  const std::ptrdiff_t taps = std::ptrdiff_t{item_.kernel} * item_.kernel, channels = item_.in.c;
  std::vector<float> in_order(static_cast<std::size_t>(item_.out.c * depth()));
  float* to = in_order.data();
  for (int out = 0; out < item_.out.c; ++out, weights += depth())
    for (std::ptrdiff_t tap = 0; tap < taps; ++tap)
      for (std::ptrdiff_t c = 0; c < channels; ++c) *to++ = weights[c * taps + tap];
  rows_.pack(in_order.data(), bias, packed);
}

HASSE_BODY void gathered_convolution::run(const inference_operands<float>& at, const float* packed, float* gathered) const {
  const layer& item = item_;
  const std::ptrdiff_t channels = item.in.c, line = item.kernel * channels;
  parallel_pieces(threads_, batch_ * item.out.h, [&, line](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t row = first; row < last; ++row) {
      const int top = static_cast<int>(row % item.out.h) * item.stride - item.pad_top;
      const float* const image = at.src + row / item.out.h * item.in.size();
      float* to = gathered + row * item.out.w * depth();
      for (int x = 0; x < item.out.w; ++x) {
        const int left = x * item.stride - item.pad_left;
        const int before = std::clamp(-left, 0, item.kernel), behind = std::clamp(item.in.w - left, before, item.kernel);
        for (int y = top; y < top + item.kernel; ++y, to += line) {
          if (y < 0 || y >= item.in.h) {
            std::fill_n(to, line, 0.0f);
            continue;
          }
          std::fill_n(to, before * channels, 0.0f);
          std::copy_n(image + (std::ptrdiff_t{y} * item.in.w + left + before) * channels, (behind - before) * channels, to + before * channels);
          std::fill_n(to + behind * channels, (item.kernel - behind) * channels, 0.0f);
        }
      }
    }
  });
  rows_.run({.src = gathered, .packed = packed, .other = at.other, .dst = at.dst});
}

namespace without_onednn {

/// `run(kernel, packed, scratch)` after `kernel.pack`.
template <class Kernel, class Run>
bound_kernel packed_kernel(cpu_context& context, std::string name, const Kernel& kernel, std::size_t scratch_bytes,
                           const inference_operands<float>& at, Run run) {
  auto packed = std::make_shared<scratch_memory>();
  packed->reserve(kernel.packed_floats() * sizeof(float));
  kernel.pack(at.weights, at.bias, reinterpret_cast<float*>(packed->data()));
  context.scratch.reserve(scratch_bytes);
  return {std::move(name),
          [=](cpu_context& shared) {
            run(kernel, reinterpret_cast<const float*>(packed->data()), reinterpret_cast<float*>(shared.scratch.data()));
          },
          kernel.packed_floats() * sizeof(float)};
}

template <class Step, class Run>
bound_kernel readable(Step step, Run run) {
  return {reference<float>::name, [step = std::move(step), run](cpu_context&) mutable { run(step); }};
}

HASSE_BODY bound_kernel inference(cpu_context& context, const layer& item, int batch, const inference_operands<float>& at) {
  const auto name = [&](const char* what) {
    return std::string(what) + " " + std::to_string(item.kernel) + "x" + std::to_string(item.kernel) + " " + std::string(name_of(context.level));
  };
  if (pointwise_convolution::refuses(item).empty())
    return packed_kernel(context, name("pointwise"), pointwise_convolution(item, batch, context.threads, context.level), 0, at,
                         [at](const auto& kernel, const float* packed, float*) {
                           kernel.run({.src = at.src, .packed = packed, .other = at.other, .dst = at.dst});
                         });
  if (gathered_convolution::refuses(item).empty()) {
    const gathered_convolution kernel(item, batch, context.threads, context.level);
    return packed_kernel(context, name("gathered"), kernel, kernel.scratch_bytes(), at,
                         [at](const auto& each, const float* packed, float* scratch) { each.run(at, packed, scratch); });
  }
  return readable(reference<float>().make_inference(item, batch, at), [](auto& step) { step.run(); });
}

HASSE_BODY bound_kernel forward(cpu_context&, const layer& item, int batch, const training_operands<float>& at) {
  return readable(reference<float>().make_training(item, batch, at), [](auto& step) { step.forward(); });
}

HASSE_BODY bound_kernel backward_data(cpu_context&, const layer& item, int batch, const training_operands<float>& at) {
  training_operands<float> wanted = at;
  wanted.d_weights = wanted.d_bias = nullptr;
  return readable(reference<float>().make_training(item, batch, wanted), [](auto& step) { step.backward(); });
}

HASSE_BODY bound_kernel backward_weights(cpu_context&, const layer& item, int batch, const training_operands<float>& at) {
  training_operands<float> wanted = at;
  wanted.d_src = nullptr;
  return readable(reference<float>().make_training(item, batch, wanted), [](auto& step) { step.backward(); });
}

}  // namespace without_onednn

}  // namespace hasse::detail
