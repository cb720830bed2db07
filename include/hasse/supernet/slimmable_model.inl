// The bodies of supernet/slimmable_model.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/supernet/slimmable_model.hpp>

namespace hasse {

HASSE_BODY int slimmable_model::norms_of(const channel_configuration& at) const {
  const auto found = std::find(switched.begin(), switched.end(), at);
  return found == switched.end() ? 0 : static_cast<int>(found - switched.begin());
}

HASSE_BODY bool slimmable_model::has_statistics(const channel_configuration& at) const {
  return layout_of(family.layers()).statistics.empty() || statistics.contains(at) ||
         std::find(switched.begin(), switched.end(), at) != switched.end();
}

HASSE_BODY model slimmable_model::extract(const channel_configuration& at) const {
  const layer_list layers = family.layers_at(at);
  if (!has_statistics(at))
    throw error("the configuration " + detail::clipped(to_text(at)) + " of " + name +
                " has no batch-norm statistics, and those of another one do not fit; calibrate it first");
  model made{name + " at " + to_text(at), layers, cut_out(family.layers(), family.groups(), shared, at, norms_of(at))};
  if (const auto found = statistics.find(at); found != statistics.end())
    std::copy(found->second.begin(), found->second.end(), made.weights.statistics.begin());
  return made;
}

namespace detail {

HASSE_BODY tensor_file file_of(const slimmable_model& of, std::map<std::string, std::string> metadata) {
  tensor_file file{.tensors = {}, .metadata = std::move(metadata)};
  append_tensors<float>(file, "", of.shared.layout.trainable, of.shared.values);
  append_tensors<float>(file, "", of.shared.layout.statistics, of.shared.statistics);
  for (const auto& [at, statistics] : of.statistics)
    file.tensors.push_back(
        tensor_of<float>("calibrated " + to_text(at), {static_cast<std::int64_t>(statistics.size())}, statistics));
  std::string switched;
  for (const channel_configuration& each : of.switched) switched += (switched.empty() ? "" : " ") + to_text(each);
  file.metadata["format"] = slimmable_format, file.metadata["network"] = of.name, file.metadata["switched"] = switched;
  file.metadata["checksum"] = hex64(content_hash(file)).view();
  return file;
}

HASSE_BODY slimmable_model slimmable_of(const tensor_file& file, const std::string& where, std::string name,
                                    const width_family& family) {
  const std::string remedy = "name the file that belongs to this network",
                    again = "restore it from a copy, or remove it and train the network again";
  const auto said = [&](const char* key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (said("format") != slimmable_format) throw file_error(where, "is no slimmable network", remedy);
  if (said("checksum") != hex64(content_hash(file)).view()) throw file_error(where, "is damaged, or was changed elsewhere (its checksum is of other contents)", again);
  if (said("network") != name) throw file_error(where, "holds " + in_quotes(said("network")) + ", not " + in_quotes(name), remedy);
  slimmable_model made{std::move(name), family, {}, {}, {}};
  const auto configuration = [&](std::string_view text) {
    try {
      return family.parse(std::string(text) + ',');
    } catch (const error& fault) {
      throw file_error(where, "names channels that the network cannot have (" + std::string(fault.what()) + ")", remedy);
    }
  };
  // Each set of batch norms brings tensors along: nothing is made for more sets than the file holds.
  const parameter_layout own = layout_of(family.layers());
  std::size_t held = 0, wanted = 0;
  for (const named_tensor& tensor : file.tensors) held += tensor.bytes.size();
  for (const parameter_tensor& tensor : own.statistics) wanted += tensor.size * sizeof(float);
  const auto is_held = [&](std::size_t sets) {
    return sets * own.statistics.size() <= file.tensors.size() && sets * wanted <= held;
  };
  const std::string all = said("switched");
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    made.switched.push_back(configuration(rest.substr(0, end)));
    if (!is_held(made.switched.size())) throw file_error(where, "lists more widths than it has batch norms for", remedy);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  made.shared = parameters<float>(slimmable_layout(family.layers(), static_cast<int>(made.switched.size())));
  copy_tensors<float>(file, "", made.shared.layout.trainable, made.shared.values, where);
  copy_tensors<float>(file, "", made.shared.layout.statistics, made.shared.statistics, where);
  constexpr std::string_view prefix = "calibrated ";
  for (const named_tensor& tensor : file.tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    const channel_configuration at = configuration(std::string_view(tensor.name).substr(prefix.size()));
    std::vector<float>& statistics = made.statistics[at];
    statistics.resize(layout_of(family.layers_at(at)).statistics_size);
    copy_tensor<float>(file, tensor.name, {static_cast<std::int64_t>(statistics.size())}, statistics, where);
  }
  return made;
}

}  // namespace detail

HASSE_BODY void write_slimmable(const std::filesystem::path& path, const slimmable_model& of,
                            std::map<std::string, std::string> metadata) {
  write_safetensors(path, detail::file_of(of, std::move(metadata)));
}

}  // namespace hasse
