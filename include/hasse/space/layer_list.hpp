// The run-time twin of fixed_layers: a layer list that grows.
// Used by catalogue, network, latency and result, where an architecture is a value.
#pragma once

#include <string>
#include <vector>

#include <hasse/space/layer_builder.hpp>

namespace hasse {

/// A value that a network hands out. Names are unique within it, begin with a letter and have letters, digits, '_', '.' and '-'.
struct named_value {
  std::string name;
  value_id value = no_value;
  friend bool operator==(const named_value&, const named_value&) = default;
};

struct entry;

/// Layers first .. first + count - 1 of a list are those of a block, the entry of a catalogue (catalogue/catalogue.hpp), which lives as long
/// as the program.
struct stretch {
  const entry* origin = nullptr;
  int first = 0, count = 0;
  friend constexpr bool operator==(const stretch&, const stretch&) = default;
};

struct layer_list {
  feature_shape input{};
  std::vector<layer> items{};
  std::vector<named_value> outputs{};  ///< none: the last value alone, called "output"
  feature_shape second{};              ///< of second_input, of a piece that joins two values, which is no network; else empty
  std::vector<stretch> stretches{};    ///< where layers come from, as far as it is known; what the network computes does not depend on it

  const layer* begin() const { return items.data(); }
  const layer* end() const { return items.data() + items.size(); }
  const layer* data() const { return items.data(); }
  std::size_t size() const { return items.size(); }
  void append(const layer& item) { items.push_back(item); }
  void append_output(std::string_view name, value_id value) { outputs.push_back({std::string(name), value}); }
  feature_shape shape_of(value_id value) const { return value == 0 ? input : value == second_input ? second : items[static_cast<std::size_t>(value - 1)].out; }
  feature_shape second_shape() const { return second; }

  /// The outputs, counted from 0, whether they are named or not: which value each is, what it is called, its shape.
  int output_count() const { return outputs.empty() ? 1 : static_cast<int>(outputs.size()); }
  value_id output(int index) const {
    return outputs.empty() ? static_cast<value_id>(items.size()) : outputs[static_cast<std::size_t>(index)].value;
  }
  std::string_view output_name(int index) const {
    return outputs.empty() ? lone_output_name : std::string_view(outputs[static_cast<std::size_t>(index)].name);
  }
  feature_shape output_shape(int index) const { return shape_of(output(index)); }
  /// Whether they are the same network, wherever their layers come from.
  friend bool operator==(const layer_list& one, const layer_list& other) {
    return one.input == other.input && one.second == other.second && one.items == other.items && one.outputs == other.outputs;
  }
};

/// A constant list at run time.
template <int Capacity>
layer_list layer_list_of(const fixed_layers<Capacity>& constant) {
  layer_list list{.input = constant.input, .items = {constant.begin(), constant.end()}, .second = constant.second};
  for (const auto& [name, value] : constant.outputs) list.append_output(name, value);
  return list;
}

/// What the outputs of a list add to its identity; "" where none is named, so that the identity is that of the layers.
inline std::string outputs_text(const layer_list& layers) {
  std::string text;
  for (const auto& [name, value] : layers.outputs) text += name + '=' + std::to_string(value) + ';';
  return text;
}

}  // namespace hasse
