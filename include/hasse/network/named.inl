// The bodies of network/named.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <hasse/network/named.hpp>

namespace hasse {

HASSE_BODY layer_list named_network(std::string_view name, network_form form) {
  for (const detail::published_network& each : detail::published_networks) {
    if (each.name != name) continue;
    if (form.width != 0 && !each.has_width)
      throw error(std::string(name) + " has one width only; mobilenet_v1, mobilenet_v2 and mobilenet_v3_large take others");
    if (form.width < 0 || form.width > 8000)
      throw error(std::string(name) + " was asked for with " + std::to_string(form.width) +
                  " thousandths of its width; give 1 to 8000");
    const feature_shape input = form.input == feature_shape{} ? each.input : form.input;
    return refused_as(std::string(name) + " cannot read an input of " + detail::image_text(input),
                      [&] { return each.lower(input, form.width == 0 ? 1000 : form.width); });
  }
  std::string known;
  for (const std::string_view each : published_names) known += (known.empty() ? "" : ", ") + std::string(each);
  throw error("there is no network " + detail::in_quotes(name) + "; give one of " + known);
}

HASSE_BODY std::string published_type_text(std::string_view name, network_form form) {
  named_network(name, form);
  const auto& it = *std::ranges::find(detail::published_networks, name, &detail::published_network::name);
  const feature_shape image = form.input == feature_shape{} ? it.input : form.input;
  const std::string input =
      "hasse::input<" + std::to_string(image.c) + ", " + std::to_string(image.h) + ", " + std::to_string(image.w) + ">";
  const std::string type = "hasse::" + std::string(name);
  if (it.has_width)
    return "hasse::fixed_network<" + input + ", " + type + "_spec{.width = " + std::to_string(form.width == 0 ? 1000 : form.width) +
           "}>";
  return image == it.input ? type : "hasse::at_input<" + type + ", " + input + ">";
}

}  // namespace hasse
