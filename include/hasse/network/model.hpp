// A network that was trained: what is saved, loaded, exported and handed over.
// Used by train and result.
#pragma once

#include <string>

#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// Its layers are unfused, its weights in float whatever it was trained in.
struct model {
  std::string name;  ///< the text of an architecture, or the name of a network
  layer_list layers;
  parameters<float> weights;
};

}  // namespace hasse
