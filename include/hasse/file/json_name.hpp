// What JSON is called, for headers that declare functions of it; what can be done with it is in file/json.hpp, which takes a compiler
// most of a second. Used by the headers of file, latency and result whose bodies are apart.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace hasse {

using nlohmann::json;

}  // namespace hasse
