// A network by what a person calls it: a published name, or an architecture of a space that ships.
// Used by programs that take networks by name.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <hasse/catalogue.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/network/named.hpp>
#include <hasse/space/classes.hpp>
#include <hasse/space/spaces.hpp>

namespace hasse {

/// A network that a name stands for.
struct named_layers {
  std::string name;  ///< "df1", or "df:[(64),(128),(256)]"
  layer_list layers;
};

/// The spaces that SPACE:CODE can name.
inline constexpr std::string_view shipped_spaces[] = {"df", "df-small"};

/// Calls `use` with the std::type_identity of a space that ships; false: there is none of that name.
template <class Use>
bool with_shipped_space(std::string_view name, Use use) {
  if (name == shipped_spaces[0]) return use(std::type_identity<df>{}), true;
  if (name == shipped_spaces[1]) return use(std::type_identity<df_small>{}), true;
  return false;
}

namespace detail {
inline named_layers with_classes(int classes, named_layers found) {
  if (classes > 0 && !set_classes(found.layers, classes))
    throw error(found.name + " does not end in a linear layer or a convolution, so that it has a number of classes of its own; leave out --classes");
  return found;
}
}  // namespace detail

/// The network of a published name, of SPACE:CODE or of a CODE of df-small alone, with so many classes (0: its own). Throws `error` when there is none.
inline named_layers find_network(const std::string& name, const network_form& form = {}, int classes = 0) {
  if (name.starts_with('[')) return find_network(std::string(shipped_spaces[1]) + ':' + name, form, classes);
  named_layers found;
  if (const std::size_t colon = name.find(':'); colon != std::string::npos) {
    const std::string space = name.substr(0, colon), code = name.substr(colon + 1);
    const bool known = with_shipped_space(space, [&]<class Space>(std::type_identity<Space>) {
      const auto choice = parse<Space>(code);
      if (form.width != 0) throw error("an architecture names its widths itself; leave out --width");
      found = {space + ":" + to_text(choice), layers_of(choice, form.input == feature_shape{} ? Space::image : form.input)};
    });
    if (known) return detail::with_classes(classes, std::move(found));
  } else if (std::ranges::find(published_names, name) != published_names.end()) {
    return detail::with_classes(classes, {name, named_network(name, form)});
  }
  std::string known;
  for (const std::string_view each : published_names) known += std::string(each) + ", ";
  throw error("there is no network " + detail::in_quotes(name) + "; give " + known +
              "or an architecture such as \"df:[(64,64),(128,256),(256)]\" or \"df-small:[(32),(64),(64)]\"");
}

/// Reads "3x224x224": channels, height, width.
inline feature_shape parse_shape(std::string_view text) {
  int numbers[3]{};
  const char *at = text.data(), *const end = text.data() + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [next, problem] = std::from_chars(at, end, numbers[i]);
    const bool good =
        problem == std::errc() && numbers[i] >= 1 && numbers[i] <= 8192 && (i < 2 ? next != end && *next == 'x' : next == end);
    if (!good)
      throw error("the input " + detail::in_quotes(text) +
                  " cannot be read; write channels, height and width of 1 to 8192, for instance 3x224x224");
    at = next + 1;
  }
  return {.h = numbers[1], .w = numbers[2], .c = numbers[0]};
}

}  // namespace hasse
