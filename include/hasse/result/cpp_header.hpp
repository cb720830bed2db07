// The network that a search found, as a C++ header: the same network as one static type, for a program that knows what it wants.
// Used by programs. The header names the file of its weights; compiling it checks the architecture once more.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/network/channel_groups.hpp>

namespace hasse {

/// What the header says.
struct found_network {
  std::string name = "net";           ///< the alias that it declares
  std::string type{};                 ///< network_type(...), or the whole C++ type of a fixed network
  std::vector<std::string> headers{}; ///< that declare the space, for instance "hasse/space/spaces.hpp" or "my_space.hpp"
  std::string weights_file{};         ///< next to the header; empty: no word about weights
  std::vector<std::string> facts{};   ///< lines of comment: latency, accuracy, device, seed
  std::vector<std::string> classes{}; ///< what output k means; the header lists them as `<name>_classes`
  std::vector<std::string> outputs{}; ///< the names of several outputs, in their order
  normalisation scale{};              ///< of what it reads; the header has it as `<name>_mean` and `<name>_deviation`; empty: not known
};

/// The C++ type of an architecture: network_type("hasse::df_small", "[(32),(64)]") is hasse::network<hasse::df_small, "[(32),(64)]">.
HASSE_BODY std::string network_type(const std::string& space, const std::string& architecture);

/// The same network on other images, and with another number of classes, than its type has: at_classes<at_input<...>, 37>. An empty shape and 0
/// classes leave what it has.
HASSE_BODY std::string at_type(std::string net, feature_shape image, int classes);

/// The C++ type of a network with other channel counts, where `net` is its type at full width:
/// narrowed_type("hasse::resnet20", {{8, 8, 16, ...}}) is hasse::narrowed<hasse::resnet20, 8, 8, 16, ...>.
HASSE_BODY std::string narrowed_type(const std::string& net, const channel_configuration& configuration);

/// The text of the header.
HASSE_BODY std::string cpp_header_text(const found_network& found);

HASSE_BODY void write_cpp_header(const std::filesystem::path& path, const found_network& found);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/cpp_header.inl>
#endif
