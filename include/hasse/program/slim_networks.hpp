// The networks that hasse_slim knows: published ones and architectures of the spaces that ship, with the C++ types that headers
// name. Used by examples/hasse_slim; a program of your own gives `slim` a finder of its own.
#pragma once

#include <string>
#include <utility>

#include <hasse/network/find.hpp>
#include <hasse/program/slim.hpp>
#include <hasse/result/cpp_header.hpp>

namespace hasse {

/// A published name, "df:[(64),(128),(256)]" or "df-small:[(32),(64),(128)]", whose space may be left out. `input` is empty or as
/// "3x64x64".
inline slim_network find_slim_network(const std::string& name, const std::string& input) {
  network_form form;
  if (!input.empty()) form.input = parse_shape(input);
  const named_layers facts = find_network(name, form);
  const std::size_t colon = facts.name.find(':');
  if (colon == std::string::npos)
    return {facts.name, facts.layers, published_type_text(facts.name, form), {"hasse/network/published.hpp"}};
  const bool small = facts.name.substr(0, colon) == "df-small";
  std::string type = network_type(small ? "hasse::df_small" : "hasse::df", facts.name.substr(colon + 1));
  const feature_shape image = facts.layers.input;
  if (image != (small ? df_small::image : df::image))
    type = "hasse::at_input<" + type + ", hasse::input<" + std::to_string(image.c) + ", " + std::to_string(image.h) + ", " +
           std::to_string(image.w) + ">>";
  return {facts.name, facts.layers, std::move(type), {"hasse/space/spaces.hpp"}};
}

}  // namespace hasse
