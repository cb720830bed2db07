// The bodies of kernel/detail/describe.hpp, as core/apart.hpp says.
#pragma once

#include <string>

#include <hasse/kernel/detail/describe.hpp>

namespace hasse::detail {

HASSE_BODY std::string describe(const layer& item) {
  std::string text(name_of(item.kind));
  if (item.kind == layer_kind::convolution || item.kind == layer_kind::max_pool || item.kind == layer_kind::average_pool) {
    text += " " + std::to_string(item.kernel) + "x" + std::to_string(item.kernel) + " stride " + std::to_string(item.stride);
    text += " pad " + std::to_string(item.pad_top);
    if (item.pad_left != item.pad_top) text += "," + std::to_string(item.pad_left);
  }
  if (item.kind == layer_kind::upsample) text += " x" + std::to_string(item.stride);
  if (item.groups != 1) text += " groups " + std::to_string(item.groups);
  text += ", " + describe(item.in) + " to " + describe(item.out);
  if (item.bias) text += ", bias";
  if (item.act != activation::none) text += ", " + std::string(name_of(item.act));
  return text;
}

HASSE_BODY std::string problem_of(const layer& item) {
  if (item.in.h < 1 || item.in.w < 1 || item.in.c < 1 || item.out.h < 1 || item.out.w < 1 || item.out.c < 1)
    return "has an empty input or output; every side and channel count must be at least 1";
  const bool pool = item.kind == layer_kind::max_pool || item.kind == layer_kind::average_pool;
  if (item.kind == layer_kind::convolution || pool) {
    if (item.kernel < 1 || item.stride < 1 || item.pad_top < 0 || item.pad_left < 0)
      return "needs kernel and stride of at least 1 and no negative padding";
    if (item.pad_bottom() < 0 || item.pad_right() < 0)
      return "has an output that its window does not give; build layers with layer_builder";
    if (pool && (item.pad_top >= item.kernel || item.pad_left >= item.kernel))
      return "has windows that see only padding; the padding must be smaller than the kernel";
  }
  if (item.kind == layer_kind::convolution && (item.groups < 1 || item.in.c % item.groups || item.out.c % item.groups))
    return "needs channel counts that the groups divide";
  const bool keeps_shape = item.kind == layer_kind::batch_norm || item.kind == layer_kind::activation ||
                           item.kind == layer_kind::add || item.kind == layer_kind::scale;
  if (keeps_shape && item.in != item.out) return "must keep its shape";
  const bool keeps_channels = pool || item.kind == layer_kind::global_average_pool || item.kind == layer_kind::adaptive_average_pool ||
                              item.kind == layer_kind::resize || item.kind == layer_kind::corner_resize || item.kind == layer_kind::upsample;
  if (keeps_channels && item.in.c != item.out.c) return "must keep its channel count";
  const bool keeps_pixels = item.kind == layer_kind::concat || item.kind == layer_kind::pad_channels;
  if (keeps_pixels && (item.in.h != item.out.h || item.in.w != item.out.w)) return "must keep its height and width";
  if (item.kind == layer_kind::concat && item.out.c <= item.in.c) return "must have more channels than its first operand";
  if (item.kind == layer_kind::pad_channels && item.out.c < item.in.c) return "cannot have fewer channels than its input";
  if (item.kind == layer_kind::depth_to_space) {
    const int block = item.stride;
    if (block < 1 || item.in.c % block || item.in.c / block % block) return "needs a channel count that its block squared divides";
    if (item.out.h / block != item.in.h || item.out.h % block || item.out.w / block != item.in.w || item.out.w % block ||
        item.out.c != item.in.c / block / block)
      return "has an output that its block does not give; build layers with layer_builder";
  }
  if (item.kind == layer_kind::upsample && (item.stride < 1 || item.out.h / item.stride != item.in.h || item.out.h % item.stride ||
                                            item.out.w / item.stride != item.in.w || item.out.w % item.stride))
    return "has an output that its factor does not give; build layers with layer_builder";
  const bool makes_vector = item.kind == layer_kind::global_average_pool || item.kind == layer_kind::linear;
  if (makes_vector && item.out.pixels() != 1) return "gives a single pixel; its output must be 1x1";
  return "";
}

HASSE_BODY void require_runnable(const char* backend, const layer& item, int batch, const std::string& problem) {
  if (!problem.empty()) throw error(std::string(backend) + ": " + describe(item) + " " + problem);
  if (batch < 1)
    throw error(std::string(backend) + ": a batch of " + std::to_string(batch) + " was asked for; it must be at least 1");
}

}  // namespace hasse::detail
