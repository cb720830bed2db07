// A layer list as JSON, and read from JSON as if it were hostile: a file that holds it needs no C++ type to be a network again.
// Used by weights.hpp and hasse_info. Shapes are [channels, height, width], as frameworks print them.
#pragma once

#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/file/json_value.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

namespace detail {

/// `kind`, `reads` (value 0 is the input of the network, value n the output of layer n), `output`, and what the kind uses.
HASSE_BODY json layer_json(const layer& item);

}  // namespace detail

/// `input` and `layers`, one object each, and `outputs`, a name and a value each, where there are named ones.
HASSE_BODY json layers_json(const layer_list& layers);

/// Reads what `layers_json` wrote, as the text of it; `path` is only named in refusals. What comes back can be a network: shapes agree,
/// outputs have names and every other value is read. Nothing is allocated for its weights.
HASSE_BODY layer_list parse_layers(std::string_view text, const std::string& path);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/layers_json.inl>
#endif
