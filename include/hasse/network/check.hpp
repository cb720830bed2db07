// Refuses a layer list that cannot be a network, in a sentence, before anything is planned on it, and an output that it lacks.
// Used by inference and training networks, whose lists may come from a file or from code written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// "layer 4, convolution 3x3 s2, 32x32x16 > 16x16x32": how errors name a layer.
inline std::string text_of(const layer& item, int index) {
  const auto shape = [](feature_shape it) {
    return std::to_string(it.h) + 'x' + std::to_string(it.w) + 'x' + std::to_string(it.c);
  };
  std::string text = "layer " + std::to_string(index) + ", " + std::string(name_of(item.kind));
  if (item.kind == layer_kind::convolution || item.kind == layer_kind::max_pool || item.kind == layer_kind::average_pool)
    text += ' ' + std::to_string(item.kernel) + 'x' + std::to_string(item.kernel) + " s" + std::to_string(item.stride);
  if (item.groups > 1) text += " g" + std::to_string(item.groups);
  return text + ", " + shape(item.in) + " > " + shape(item.out);
}

namespace detail {
inline bool has_extent(feature_shape shape) {
  constexpr int most = 1 << 20;
  return shape.h > 0 && shape.w > 0 && shape.c > 0 && shape.h <= most && shape.w <= most && shape.c <= most &&
         shape.pixels() <= (1 << 28) && shape.size() <= (std::int64_t{1} << 36);
}

inline constexpr int longest_output_name = 200;

constexpr bool is_output_name(std::string_view name) {
  const auto is_letter = [](char it) { return (it >= 'a' && it <= 'z') || (it >= 'A' && it <= 'Z'); };
  if (name.empty() || name.size() > static_cast<std::size_t>(longest_output_name) || !is_letter(name.front())) return false;
  for (const char it : name)
    if (!is_letter(it) && !(it >= '0' && it <= '9') && it != '_' && it != '.' && it != '-') return false;
  return true;
}

/// What is wrong with the place of a layer in its list, or "". What it computes is the backend's to judge.
inline std::string fault_of(const layer_list& layers, int index) {
  const layer& item = layers.items[static_cast<std::size_t>(index)];
  const auto is_value = [&](value_id value) { return value >= 0 && value <= index; };
  if (!is_value(item.input)) return "reads value " + std::to_string(item.input) + ", which is not computed before it";
  if (!(item.in == layers.shape_of(item.input))) return "declares another input shape than that of the value it reads";
  if (!has_extent(item.out)) return "has an output without extent (or an absurd one)";
  const bool reads_two = item.kind == layer_kind::add || item.kind == layer_kind::scale || item.kind == layer_kind::concat;
  if (reads_two != (item.other != no_value))
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

/// Throws unless every output has a name of its own, "scores" or "c4", and is a value of its own.
inline void check_outputs(const layer_list& layers) {
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

/// Throws unless every layer reads earlier values, shapes agree, outputs have names, and every value that is no output is read.
inline void check(const layer_list& layers) {
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

namespace detail {
/// "3 outputs, "scores", "boxes" and "c4"".
template <class List>
std::string outputs_sentence(const List& layers) {
  std::string text = std::to_string(layers.output_count()) + (layers.output_count() == 1 ? " output, " : " outputs, ");
  for (int i = 0; i < layers.output_count(); ++i)
    text += std::string(i == 0 ? "" : i + 1 < layers.output_count() ? ", " : " and ") + in_quotes(layers.output_name(i));
  return text;
}
}  // namespace detail

/// `index` where the network has such an output, counted from 0. Throws where there is none.
template <class List>
int checked_output(const List& layers, int index) {
  if (index >= 0 && index < layers.output_count()) return index;
  throw error("output " + std::to_string(index) + " was asked for of a network that has " + detail::outputs_sentence(layers) +
              "; they count from 0");
}

/// 0, the number of the only output. Throws where there are several, so that none is taken for all.
template <class List>
int only_output(const List& layers) {
  if (layers.output_count() == 1) return 0;
  throw error("a network that has " + detail::outputs_sentence(layers) +
              " was asked for its only output; say which one is meant, by its number");
}

/// Also throws unless the backend has every layer.
template <Backend Engine>
void check(const layer_list& layers, int batch, Engine& backend) {
  if (batch < 1) throw error("a network cannot run a batch of " + std::to_string(batch) + " images; ask for at least 1");
  check(layers);
  for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
    const layer& item = layers.items[static_cast<std::size_t>(i)];
    if (const std::string fault = backend.supports(item); !fault.empty())
      throw error(text_of(item, i) + ": on backend " + name_of(backend) + " it " + fault + "; change the layer or use another backend");
  }
}

}  // namespace hasse
