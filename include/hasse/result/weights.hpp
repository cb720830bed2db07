// A network as a safetensors file of its own: weights named like those of checkpoints, and in the metadata its layers, so that
// it is read without its C++ type. Used by programs; any safetensors reader loads the file.
#pragma once

#include <filesystem>
#include <span>

#include <hasse/core/apart.hpp>
#include <hasse/file/safetensors.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/result/layers_json.hpp>
#include <hasse/result/network_metadata.hpp>

namespace hasse {

/// Whether weights are read that are not those that hasse wrote: trained on elsewhere, and saved with the old metadata.
enum class changed_weights : bool { refused, accepted };

/// A network that a file holds, and what the file says besides.
struct stored_network {
  model network;
  network_metadata metadata;
};

/// Writes parameters and statistics of batch norm, the layers and a checksum; `metadata` may say where they come from.
HASSE_BODY void write_weights(const std::filesystem::path& path, const model& network, const network_metadata& metadata = {});

/// Weights for this unfused layer list (`net::layers` of a static network); refuses those of another network, and changed ones
/// unless they are accepted.
HASSE_BODY parameters<float> read_weights(const std::filesystem::path& path, std::span<const layer> layers,
                                      changed_weights changed = changed_weights::refused);

/// The whole network: its layers are in the file, too.
HASSE_BODY stored_network read_network(const std::filesystem::path& path, changed_weights changed = changed_weights::refused);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/weights.inl>
#endif
