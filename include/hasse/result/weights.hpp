// The weights of a network as a safetensors file of their own, named like those of checkpoints.
// Used by programs; any safetensors reader loads the file, and read_weights loads it into a network of hasse.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>

#include <hasse/file/safetensors.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/train/checkpoint.hpp>

namespace hasse {

/// Writes parameters and statistics of batch norm; `metadata` may say where they come from.
inline void write_weights(const std::filesystem::path& path, const model& network, std::map<std::string, std::string> metadata = {}) {
  tensor_file file{.tensors = {}, .metadata = std::move(metadata)};
  detail::append_tensors<float>(file, "", network.weights.layout.trainable, network.weights.values);
  detail::append_tensors<float>(file, "", network.weights.layout.statistics, network.weights.statistics);
  file.metadata["architecture"] = network.name;
  file.metadata["checksum"] = hex64(detail::content_hash(file)).view();
  write_safetensors(path, file);
}

/// Weights for this unfused layer list (`net::layers` of a static network); refuses those of another network and damaged ones.
inline parameters<float> read_weights(const std::filesystem::path& path, std::span<const layer> layers) {
  const tensor_file file = read_safetensors(path);
  const auto checksum = file.metadata.find("checksum");
  if (checksum != file.metadata.end() && checksum->second != hex64(detail::content_hash(file)).view())
    throw file_error(path.string(), "is damaged (its checksum does not match)", "restore it from a copy or export it again");
  parameters<float> weights(layers);
  detail::copy_tensors<float>(file, "", weights.layout.trainable, weights.values, path.string());
  detail::copy_tensors<float>(file, "", weights.layout.statistics, weights.statistics, path.string());
  return weights;
}

}  // namespace hasse
