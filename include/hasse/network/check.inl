// The bodies of network/check.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/network/check.hpp>

namespace hasse {

HASSE_BODY std::string text_of(const layer& item, int index) {
  const auto shape = [](feature_shape it) {
    return std::to_string(it.h) + 'x' + std::to_string(it.w) + 'x' + std::to_string(it.c);
  };
  std::string text = "layer " + std::to_string(index) + ", " + std::string(name_of(item.kind));
  if (kind_facts_of(item.kind).has_window)
    text += ' ' + std::to_string(item.kernel) + 'x' + std::to_string(item.kernel) + " s" + std::to_string(item.stride);
  if (item.groups > 1) text += " g" + std::to_string(item.groups);
  return text + ", " + shape(item.in) + " > " + shape(item.out);
}

namespace detail {

HASSE_BODY bool has_extent(feature_shape shape) {
  constexpr int most = 1 << 20;
  return shape.h > 0 && shape.w > 0 && shape.c > 0 && shape.h <= most && shape.w <= most && shape.c <= most &&
         shape.pixels() <= (1 << 28) && shape.size() <= (std::int64_t{1} << 36);
}

HASSE_BODY std::string fault_of(const layer_list& layers, int index) {
  const layer& item = layers.items[static_cast<std::size_t>(index)];
  const auto is_value = [&](value_id value) { return value >= 0 && value <= index; };
  if (!is_value(item.input)) return "reads value " + std::to_string(item.input) + ", which is not computed before it";
  if (!(item.in == layers.shape_of(item.input))) return "declares another input shape than that of the value it reads";
  if (!has_extent(item.out)) return "has an output without extent (or an absurd one)";
  if (kind_facts_of(item.kind).reads_two != (item.other != no_value))
    return "must have a second operand if it is an add, a scale or a concat, and only then";
  if ((item.kind == layer_kind::activation) != (item.act != activation::none))
    return "must name an activation if it is one, and only then";
  if (item.other == no_value) return "";
  if (!is_value(item.other)) return "reads value " + std::to_string(item.other) + ", which is not computed before it";
  if (layers.shape_of(item.other) == item.other_shape()) return "";
  if (item.kind == layer_kind::scale) return "has a gate that is not one number per channel";
  if (item.kind == layer_kind::concat) return "has another height, width or channel count than its two operands side by side";
  return "adds two values of different shapes";
}

}  // namespace detail

HASSE_BODY void check_outputs(const layer_list& layers) {
  for (const named_value& each : layers.outputs) {
    const std::string name = "the output " + detail::in_quotes(each.name);
    if (!detail::is_output_name(each.name))
      throw error(name + " has no name that files could use; begin it with a letter, go on with letters, digits, '_', '.' and '-', " +
                  std::to_string(detail::longest_output_name) + " at most");
    if (each.value < 0 || each.value > static_cast<value_id>(layers.size()))
      throw error(name + " is value " + std::to_string(each.value) + " of a network that has values 0 to " + std::to_string(layers.size()) +
                  "; name a value that the list makes");
    for (const named_value* other = layers.outputs.data(); other != &each; ++other) {
      if (other->name == each.name) throw error(name + " stands for two values; give each output its own name");
      if (other->value == each.value)
        throw error(name + " is the same value as the output " + detail::in_quotes(other->name) + "; name a value once and read it as often as you like");
    }
  }
}

HASSE_BODY void check(const layer_list& layers) {
  if (layers.items.empty()) throw error("a network without layers cannot run; give it at least one layer");
  if (!detail::has_extent(layers.input)) throw error("a network needs an input with height, width and channels");
  check_outputs(layers);
  std::vector<bool> read(layers.size() + 1, false);
  for (int i = 0; i < layers.output_count(); ++i) read[static_cast<std::size_t>(layers.output(i))] = true;
  for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
    const layer& item = layers.items[static_cast<std::size_t>(i)];
    if (const std::string fault = detail::fault_of(layers, i); !fault.empty())
      throw error(text_of(item, i) + ": it " + fault + "; build the list with layer_builder");
    read[static_cast<std::size_t>(item.input)] = true;
    if (item.other != no_value) read[static_cast<std::size_t>(item.other)] = true;
  }
  for (std::size_t value = 0; value <= layers.size(); ++value)
    if (!read[value])
      throw error(
          (value == 0 ? std::string("the input of the network") : text_of(layers.items[value - 1], static_cast<int>(value) - 1)) +
          ": nobody reads its value; remove the layer, use it or name it as an output");
}

}  // namespace hasse
