// How a space is called. Used by programs and by the files that they hand over.
#pragma once

#include <string>

namespace hasse {

namespace role {
struct naming;
}

/// How a space is called: on the command line, and in C++ for the headers of found networks (no type: none are written).
struct space_name {
  using role = hasse::role::naming;
  std::string name = {}, type = {};
  std::string header = "hasse/space/spaces.hpp";  ///< that declares the type
};

}  // namespace hasse
