// The bodies of result/weights.hpp, as core/apart.hpp says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <utility>

#include <hasse/core/hash.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/safetensors.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/parameter_tensors.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/result/layers_json.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/weights.hpp>

namespace hasse {

HASSE_BODY void write_weights(const std::filesystem::path& path, const model& network, const network_metadata& metadata) {
  tensor_file file;
  detail::append_tensors<float>(file, "", network.weights.layout.trainable, network.weights.values);
  detail::append_tensors<float>(file, "", network.weights.layout.statistics, network.weights.statistics);
  for (const auto& [key, value] : metadata) file.metadata[key] = valid_utf8(value);  // as the file will say it
  file.metadata["architecture"] = network.name;
  file.metadata["layers"] = json_text(layers_json(network.layers));
  file.metadata["checksum"] = hex64(detail::content_hash(file)).view();
  write_safetensors(path, file);
}

namespace detail {
/// Refuses a file that is another kind of ours, and one whose contents are not those that its checksum is of.
inline void check_weights_file(const tensor_file& file, const std::string& path, changed_weights changed) {
  const auto said = [&](const char* key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (said("format").starts_with(checkpoint_format.substr(0, checkpoint_format.rfind(' '))))  // of any version
    throw file_error(path, "is the checkpoint of a training that has not ended", "give the .safetensors of a network, from the folder networks of its run");
  if (said("format") == slimmable_format)
    throw file_error(path, "holds one network of many widths", "cut a width out with hasse_slim export --at WIDTH --run FOLDER, and give its .safetensors");
  if (changed == changed_weights::accepted || said("checksum").empty() || said("checksum") == hex64(content_hash(file)).view()) return;
  throw file_error(path, "was changed after hasse wrote it: the entry \"checksum\" of its metadata is of other contents",
                   "if it was trained on elsewhere, save it without that entry, or have hasse_evaluate read it with --changed-weights; if not, it is damaged: "
                   "restore it from a copy or export it again");
}

inline parameters<float> weights_of(const tensor_file& file, std::span<const layer> layers, const std::string& path) {
  const parameter_layout layout = layout_of(layers);
  std::set<std::string_view> wanted;
  std::uint64_t need = 0, held = 0;
  for (const auto* tensors : {&layout.trainable, &layout.statistics})
    for (const parameter_tensor& tensor : *tensors) wanted.insert(tensor.name), need += tensor.size;
  for (const named_tensor& tensor : file.tensors) {
    held += tensor.bytes.size() / sizeof(float);
    if (!wanted.contains(tensor.name))
      throw file_error(path, "holds the tensor " + in_quotes(tensor.name) + ", which this network does not have",
                       "check that it belongs to this network, or save its weights without others");
    if (tensor.dtype == "F16" || tensor.dtype == "BF16" || tensor.dtype == "F64")
      throw file_error(path, "holds the tensor " + in_quotes(tensor.name) + " as " + tensor.dtype + ", and weights are read as F32",
                       "save them in single precision, such as tensor.float() in PyTorch or astype(numpy.float32)");
  }
  for (const std::string_view name : wanted)
    if (!file.find(name)) throw file_error(path, "lacks the tensor " + in_quotes(name), "check that it belongs to this network");
  if (need > held)  // before memory is taken for what layers only claim
    throw file_error(path, "holds " + std::to_string(held) + " numbers where its layers have " + std::to_string(need), "check that it belongs to this network");
  parameters<float> weights(layout);
  copy_tensors<float>(file, "", weights.layout.trainable, weights.values, path);
  copy_tensors<float>(file, "", weights.layout.statistics, weights.statistics, path);
  return weights;
}
}  // namespace detail

HASSE_BODY parameters<float> read_weights(const std::filesystem::path& path, std::span<const layer> layers,
                                      changed_weights changed) {
  const tensor_file file = read_safetensors(path);
  detail::check_weights_file(file, path.string(), changed);
  return detail::weights_of(file, layers, path.string());
}

HASSE_BODY stored_network read_network(const std::filesystem::path& path, changed_weights changed) {
  tensor_file file = read_safetensors(path);
  detail::check_weights_file(file, path.string(), changed);
  const auto layers = file.metadata.find("layers");
  if (layers == file.metadata.end()) throw file_error(path.string(), "does not say which layers it has (\"layers\" in its metadata)", detail::metadata_remedy);
  stored_network stored{{file.metadata["architecture"], parse_layers(layers->second, path.string()), {}}, {}};
  stored.network.weights = detail::weights_of(file, stored.network.layers.items, path.string());
  stored.metadata = std::move(file.metadata);
  return stored;
}

}  // namespace hasse
