// Refuses a layer list that cannot be a network, in a sentence, before anything is planned on it, and an output that it lacks.
// Used by inference and training networks, whose lists may come from a file or from code written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// "layer 4, convolution 3x3 s2, 32x32x16 > 16x16x32": how errors name a layer.
HASSE_BODY std::string text_of(const layer& item, int index);

namespace detail {
HASSE_BODY bool has_extent(feature_shape shape);

inline constexpr int longest_output_name = 200;

constexpr bool is_output_name(std::string_view name) {
  const auto is_letter = [](char it) { return (it >= 'a' && it <= 'z') || (it >= 'A' && it <= 'Z'); };
  if (name.empty() || name.size() > static_cast<std::size_t>(longest_output_name) || !is_letter(name.front())) return false;
  for (const char it : name)
    if (!is_letter(it) && !(it >= '0' && it <= '9') && it != '_' && it != '.' && it != '-') return false;
  return true;
}

/// What is wrong with the place of a layer in its list, or "". What it computes is the backend's to judge.
HASSE_BODY std::string fault_of(const layer_list& layers, int index);
}  // namespace detail

/// Throws unless every output has a name of its own, "scores" or "c4", and is a value of its own.
HASSE_BODY void check_outputs(const layer_list& layers);

/// Throws unless every layer reads earlier values, shapes agree, outputs have names, and every value that is no output is read.
HASSE_BODY void check(const layer_list& layers);

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

#if HASSE_BODIES_INLINE
#include <hasse/network/check.inl>
#endif
