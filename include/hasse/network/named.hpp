// Published networks by name, as run-time lists at any input and, for the MobileNets, any width: lowered from the same specs as
// the types in network/published, without instantiating those.
// Used by hasse_info, benches and tests.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/network/at_input.hpp>
#include <hasse/network/published.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// In what form a published network is wanted; what is left out is as published.
struct network_form {
  feature_shape input{};  ///< height, width, channels
  int width = 0;          ///< channels in thousandths of the full width; the MobileNets alone have widths
};

namespace detail {
template <class Type>
layer_list lowered(const Type& spec, feature_shape input) {
  layer_list list{.input = input, .items = {}};
  spec.lower(layer_builder<layer_list>{list}, 0);
  return list;
}

template <class Input, auto... Specs>
layer_list lowered(std::type_identity<fixed_network<Input, Specs...>>, feature_shape input) {
  layer_list list{.input = input, .items = {}};
  lower_row<Specs...>(list);
  return list;
}

inline std::string image_text(feature_shape it) {
  return std::to_string(it.c) + "x" + std::to_string(it.h) + "x" + std::to_string(it.w);
}
}  // namespace detail

/// The layers of an architecture on another input than its space's.
template <class Space>
layer_list layers_of(const architecture<Space>& choice, feature_shape input) {
  layer_list list{.input = input, .items = {}};
  return refused_as("architecture " + to_text(choice) + " cannot read an input of " + detail::image_text(input), [&] {
    detail::lower_architecture(list, choice);
    return std::move(list);
  });
}

namespace detail {
/// A published network: how it is lowered at an input and, if it has widths, a width.
struct published_network {
  std::string_view name;
  feature_shape input;
  bool has_width;
  layer_list (*lower)(feature_shape input, int width);
};

template <class Net>
constexpr published_network published_type(std::string_view name, feature_shape input) {
  return {name, input, false, [](feature_shape in, int) { return lowered(std::type_identity<Net>{}, in); }};
}
template <class Space, class Net>
constexpr published_network published_architecture(std::string_view name) {
  return {name, Space::image, false, [](feature_shape in, int) { return layers_of(Net::choice, in); }};
}
template <auto SpecValue>
constexpr published_network published_spec(std::string_view name, feature_shape input) {
  return {name, input, false, [](feature_shape in, int) { return lowered(SpecValue, in); }};
}
template <class Type>
constexpr published_network published_family(std::string_view name, feature_shape input) {
  return {name, input, true, [](feature_shape in, int width) { return lowered(Type{.width = width}, in); }};
}

inline constexpr feature_shape image_224{224, 224, 3}, image_320{320, 320, 3}, image_32{32, 32, 3};
inline constexpr published_network published_networks[] = {
    published_architecture<df, df1>("df1"),
    published_architecture<df, df2>("df2"),
    published_type<df2a>("df2a", image_224),
    published_type<resnet18>("resnet18", image_224),
    published_type<resnet34>("resnet34", image_224),
    published_type<resnet50>("resnet50", image_224),
    published_family<mobilenet_v1_spec>("mobilenet_v1", image_224),
    published_family<mobilenet_v2_spec>("mobilenet_v2", image_224),
    published_spec<mnasnet_a1_spec{}>("mnasnet_a1", image_224),
    published_family<mobilenet_v3_large_spec>("mobilenet_v3_large", image_224),
    published_spec<efficientnet_b0_spec{}>("efficientnet_b0", image_224),
    published_spec<proxyless_spec{.target = proxyless_target::mobile}>("proxyless_mobile", image_224),
    published_spec<proxyless_spec{.target = proxyless_target::mobile_14}>("proxyless_mobile_14", image_224),
    published_spec<proxyless_spec{.target = proxyless_target::gpu}>("proxyless_gpu", image_224),
    published_spec<proxyless_spec{.target = proxyless_target::xeon}>("proxyless_cpu", image_224),
    published_spec<mobiledet_spec{.target = mobiledet_target::pixel_cpu}>("mobiledet_cpu", image_320),
    published_spec<mobiledet_spec{.target = mobiledet_target::edgetpu}>("mobiledet_edgetpu", image_320),
    published_spec<mobiledet_spec{.target = mobiledet_target::dsp}>("mobiledet_dsp", image_320),
    published_spec<mobiledet_spec{.target = mobiledet_target::gpu}>("mobiledet_gpu", image_320),
    published_spec<ssdlite_mobiledet_spec{.target = mobiledet_target::pixel_cpu}>("ssdlite_mobiledet_cpu", image_320),
    published_spec<ssdlite_mobiledet_spec{.target = mobiledet_target::edgetpu}>("ssdlite_mobiledet_edgetpu", image_320),
    published_spec<ssdlite_mobiledet_spec{.target = mobiledet_target::dsp}>("ssdlite_mobiledet_dsp", image_320),
    published_spec<ssdlite_mobiledet_spec{.target = mobiledet_target::gpu}>("ssdlite_mobiledet_gpu", image_320),
    published_type<resnet20>("resnet20", image_32),
    published_type<resnet18_cifar>("resnet18_cifar", image_32),
    published_spec<mobilenet_v2_spec{.classes = 10, .small_images = true}>("mobilenet_v2_cifar", image_32),
};
}  // namespace detail

/// The names that named_network knows.
inline constexpr auto published_names = [] {
  std::array<std::string_view, std::size(detail::published_networks)> names{};
  for (std::size_t at = 0; at < names.size(); ++at) names[at] = detail::published_networks[at].name;
  return names;
}();

/// The published network of that name: `named_network("mobilenet_v2", {.input = {192, 192, 3}, .width = 750})`.
/// Throws `error` for an unknown name, for a width where there is none, and for an input that the network cannot read.
HASSE_BODY layer_list named_network(std::string_view name, network_form form = {});

/// The C++ type of the published network of that name in that form, for a header that holds it: "hasse::resnet18",
/// "hasse::at_input<hasse::resnet18, hasse::input<3, 64, 64>>". Refuses what named_network refuses.
HASSE_BODY std::string published_type_text(std::string_view name, network_form form = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/network/named.inl>
#endif
