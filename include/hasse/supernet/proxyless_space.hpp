// The spaces of ProxylessNAS's supernet by name: for ImageNet at any width, its forms for images of 32x32, those in which the four
// published networks lie, and the one that phones were measured for. (The paper's own CIFAR-10 space, trees of operations inside a
// PyramidNet, is another one.) Used by programs (--space NAME) and by tests against the published counts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/network/published/proxyless_spec.hpp>
#include <hasse/space/rounding.hpp>
#include <hasse/supernet/mbconv_space.hpp>

namespace hasse {

/// In what form a space is wanted; what is left at 0 is as it ships.
struct proxyless_form {
  feature_shape input{};  ///< height, width, channels
  int width = 0;          ///< of all layers, in thousandths; channels are made divisible by 8
  int first_stage = 0;    ///< channels of the first stage at full width: 24, or 32 as in the published phone network
  int classes = 0;
};

namespace detail {
/// Channels times width / 1000; the 1x1 layers behind the stages do not shrink below full width.
HASSE_BODY mbconv_space at_width(mbconv_space space, int width);

HASSE_BODY mbconv_space proxyless_space_of(const proxyless_table& table);

inline const proxyless_table& table_of(proxyless_target target) {
  switch (target) {
    case proxyless_target::mobile_14:
      return proxyless_mobile_14_table;
    case proxyless_target::gpu:
      return proxyless_gpu_table;
    case proxyless_target::xeon:
      return proxyless_cpu_table;
    default:
      return proxyless_mobile_table;
  }
}
}  // namespace detail

/// Spec of ProxylessNAS, 1.2: 21 mixed blocks, 6^6 7^15 networks.
inline mbconv_space proxyless_imagenet() {
  return {.stages = {{24, 4, 2}, {40, 4, 2}, {80, 4, 2}, {96, 4, 1}, {192, 4, 2}, {320, 1, 1}}};
}

/// The same blocks on 32x32: no stride in the stem and in the first stage, so that the stages work at 32, 16, 8, 8, 4 and 4 pixels.
HASSE_BODY mbconv_space proxyless_cifar();

/// For a search on a processor: nine mixed blocks at 16, 8 and 4 pixels; 6^3 7^6 networks of 3.6 to 21.8 M MACs.
HASSE_BODY mbconv_space proxyless_cifar_small();

/// For trials of minutes: six mixed blocks at 16, 8 and 4 pixels, kernels 3 and 5; 4^3 5^3 networks of 0.9 to 4.3 M MACs.
HASSE_BODY mbconv_space proxyless_cifar_tiny();

/// The space of Once-for-All's MobileNetV3, for which tables of phones are published (latency/foreign_table.hpp): squeeze-excite in
/// the second, fourth and fifth stage, hard-swish from the third on. Its candidates have weights of their own here.
HASSE_BODY mbconv_space ofa_mobilenet_v3();

/// The space with the widths of a published network, which is one of its choices: proxyless_choice(target).
inline mbconv_space proxyless_space_of(proxyless_target target) { return detail::proxyless_space_of(detail::table_of(target)); }

/// The choice that a published network is, in the text form of gated_list: "k5e3 k3e3 zero zero | k7e3 ...".
HASSE_BODY std::string proxyless_choice(proxyless_target target);

namespace detail {
struct named_space {
  std::string_view name;
  mbconv_space (*make)();
};
inline constexpr named_space proxyless_spaces[] = {
    {"proxyless", proxyless_imagenet},
    {"proxyless-cifar", proxyless_cifar},
    {"proxyless-cifar-small", proxyless_cifar_small},
    {"proxyless-cifar-tiny", proxyless_cifar_tiny},
    {"ofa-mobilenet-v3", ofa_mobilenet_v3},
    {"proxyless_mobile", [] { return proxyless_space_of(proxyless_target::mobile); }},
    {"proxyless_mobile_14", [] { return proxyless_space_of(proxyless_target::mobile_14); }},
    {"proxyless_gpu", [] { return proxyless_space_of(proxyless_target::gpu); }},
    {"proxyless_cpu", [] { return proxyless_space_of(proxyless_target::xeon); }},
};
}  // namespace detail

/// The names that proxyless_space knows: the five spaces, then those of the published networks.
inline constexpr auto proxyless_space_names = [] {
  std::array<std::string_view, std::size(detail::proxyless_spaces)> names{};
  for (std::size_t at = 0; at < names.size(); ++at) names[at] = detail::proxyless_spaces[at].name;
  return names;
}();

/// A space by name: `gated_list_of(proxyless_space("proxyless", {.width = 1400}))`. Throws `error` for what cannot be.
HASSE_BODY mbconv_space proxyless_space(std::string_view name, const proxyless_form& form = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/proxyless_space.inl>
#endif
