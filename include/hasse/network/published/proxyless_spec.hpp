// The spec and the tables of the four networks that ProxylessNAS published, apart from their types, which cost a compiler their shapes.
// Used by network/published/proxyless.hpp and supernet/proxyless_space.hpp.
#pragma once

#include <string>

#include <hasse/space/mobile.hpp>

namespace hasse {

namespace detail {
struct proxyless_block {
  int kernel, expand;  ///< kernel 0: skipped
};
/// Six stages of four blocks, the last of one; the width of the stem, of the first block, of the stages and of the last 1x1 layer.
struct proxyless_table {
  int stem, first, widths[6], last;
  proxyless_block blocks[21];
};

inline constexpr proxyless_block proxyless_zero{0, 0};
inline constexpr proxyless_table proxyless_mobile_table{
    32, 16, {32, 40, 80, 96, 192, 320}, 1280, {{5, 3}, {3, 3}, proxyless_zero, proxyless_zero, {7, 3}, {3, 3}, {5, 3},
                                               {5, 3}, {7, 6}, {5, 3},         {5, 3},         {5, 3}, {5, 6}, {5, 3},
                                               {5, 3}, {5, 3}, {7, 6},         {7, 6},         {7, 3}, {7, 3}, {7, 6}}};
inline constexpr proxyless_table proxyless_mobile_14_table = [] {
  proxyless_table table = proxyless_mobile_table;
  table.stem = 48, table.first = 24, table.last = 1792;
  const int widths[] = {40, 56, 112, 136, 256, 448};
  for (int i = 0; i < 6; ++i) table.widths[i] = widths[i];
  return table;
}();
inline constexpr proxyless_table proxyless_gpu_table{
    40, 24, {32, 56, 112, 128, 256, 432}, 1728, {{5, 3},         proxyless_zero, proxyless_zero, proxyless_zero, {7, 3},
                                                 proxyless_zero, proxyless_zero, {3, 3},         {7, 6},         proxyless_zero,
                                                 proxyless_zero, {5, 3},         {5, 6},         proxyless_zero, {3, 3},
                                                 {5, 3},         {7, 6},         {7, 6},         {7, 6},         {5, 6},
                                                 {7, 6}}};
inline constexpr proxyless_table proxyless_cpu_table{
    40, 24, {32, 48, 88, 104, 216, 360}, 1432, {{3, 6}, {3, 3}, {3, 3},         {3, 3},         {3, 6}, {3, 3}, {3, 3},
                                                {5, 3}, {3, 6}, proxyless_zero, proxyless_zero, {3, 3}, {5, 6}, {3, 3},
                                                {3, 3}, {3, 3}, {5, 6},         {5, 3},         {5, 3}, {3, 3}, {5, 6}}};
}  // namespace detail

/// What a network of a family was searched for.
enum class proxyless_target : std::uint8_t { mobile, mobile_14, gpu, xeon };

/// Spec of ProxylessNAS, 1.1 and 1.4.
struct proxyless_spec {
  proxyless_target target = proxyless_target::mobile;
  int classes = 1000;
  friend constexpr bool operator==(const proxyless_spec&, const proxyless_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    constexpr batch_norm_rule norm{.epsilon_millionths = 1000};
    const detail::proxyless_table& table = target == proxyless_target::mobile      ? detail::proxyless_mobile_table
                                           : target == proxyless_target::mobile_14 ? detail::proxyless_mobile_14_table
                                           : target == proxyless_target::gpu       ? detail::proxyless_gpu_table
                                                                                   : detail::proxyless_cpu_table;
    value_id value = conv{.out = table.stem, .stride = 2, .act = activation::relu6, .norm = norm}.lower(list, from);
    value = mbconv{.out = table.first, .expand = 1, .norm = norm}.lower(list, value);
    for (int at = 0; at < 21; ++at) {
      const int stage = at / 4, out = table.widths[stage], stride = at % 4 > 0 || stage == 3 || stage == 5 ? 1 : 2;
      const detail::proxyless_block block = table.blocks[at];
      value = block.kernel == 0
                  ? zero{.out = out, .stride = stride}.lower(list, value)
                  : mbconv{.out = out, .stride = stride, .kernel = block.kernel, .expand = block.expand, .norm = norm}.lower(list,
                                                                                                                             value);
    }
    value = conv{.out = table.last, .kernel = 1, .act = activation::relu6, .norm = norm}.lower(list, value);
    return list.linear(list.global_average_pool(value), classes);
  }
  std::string text() const {
    constexpr const char* names[] = {"mobile", "mobile_14", "gpu", "cpu"};
    return std::string("proxyless_") + names[static_cast<int>(target)];
  }
};

}  // namespace hasse
