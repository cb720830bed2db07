// The bodies of result/network_metadata.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/network_metadata.hpp>

namespace hasse {

HASSE_BODY std::string_view to_text(pixel_form form) {
  switch (form) {
    case pixel_form::unit: return "unit";
    case pixel_form::bytes: return "uint8-nhwc";
    case pixel_form::normalised: return "float";
  }
  return "";
}

HASSE_BODY pixel_form parse_pixel_form(std::string_view text, std::string_view what) {
  for (const pixel_form each : pixel_forms)
    if (text == to_text(each)) return each;
  throw error(std::string(what) + " " + detail::in_quotes(text) + " is not known; choose unit (0 to 1), uint8-nhwc (bytes as decoders give them) or float (normalised as in training)");
}

HASSE_BODY std::string classes_text(const std::vector<std::string>& classes) { return json_text(json(classes)); }

HASSE_BODY void write_labels(const std::filesystem::path& path, const std::vector<std::string>& classes) {
  std::string text;
  for (std::string name : classes) {
    std::replace_if(name.begin(), name.end(), [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
    text += name + '\n';
  }
  replace_file(path, text);
}

namespace detail {
inline std::string comma_list(const std::vector<float>& numbers) {
  std::string text;
  for (const float number : numbers) text += (text.empty() ? "" : ",") + exact_text(static_cast<double>(number), 9);
  return text;
}

/// What `comma_list` wrote.
inline std::vector<float> number_list(const network_metadata& metadata, const std::string& key, const std::string& path) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) throw file_error(path, "does not say its " + key, metadata_remedy);
  std::vector<float> numbers;
  for (const char *at = found->second.data(), *end = at + found->second.size(); at < end;) {
    float number = 0;
    const auto [next, problem] = std::from_chars(at, end, number);
    if (problem != std::errc() || !std::isfinite(number) || numbers.size() > 16 || (next < end && (*next != ',' || next + 1 == end)))
      throw file_error(path, "has a damaged " + key, metadata_remedy);
    numbers.push_back(number);
    at = next + (next < end);
  }
  return numbers;
}
}  // namespace detail

HASSE_BODY network_metadata metadata_of(const image_facts& images) {
  network_metadata said{{"mean", detail::comma_list(images.scale.mean)}, {"deviation", detail::comma_list(images.scale.deviation)}};
  if (!images.classes.empty()) said["classes"] = classes_text(images.classes);
  if (!images.origin.data.empty())
    said["data"] = valid_utf8(images.origin.data), said["data_options"] = images.origin.options, said["data_hash"] = images.origin.hash;
  if (images.fit != image_fit::stretch) said["fit"] = to_text(images.fit);
  return said;
}
HASSE_BODY network_metadata metadata_of(const image_set& train, const normalisation& scale) {
  image_facts images{train.classes, scale, train.origin};
  for (const image_fit each : image_fits)  // as to_text(data_options) says it
    if (train.origin.options.ends_with(" fit=" + std::string(to_text(each)))) images.fit = each;
  return metadata_of(images);
}

HASSE_BODY image_facts image_facts_of(const network_metadata& metadata, int channels, const std::string& path) {
  image_facts images{.classes = {},
                     .scale = {detail::number_list(metadata, "mean", path), detail::number_list(metadata, "deviation", path)},
                     .origin = {}};
  const auto count = static_cast<std::size_t>(channels);
  if (images.scale.mean.size() != count || images.scale.deviation.size() != count)
    throw file_error(path, "normalises another number of channels than the network reads", detail::metadata_remedy);
  if (!std::all_of(images.scale.deviation.begin(), images.scale.deviation.end(), [](float each) { return each > 0; }))
    throw file_error(path, "has a deviation that is not above 0", detail::metadata_remedy);
  if (const auto found = metadata.find("classes"); found != metadata.end()) {
    const json list = parse_json(found->second, path, {.depth = 1, .values = 65'537});
    if (!list.is_array()) throw file_error(path, "has classes that are not a list", detail::metadata_remedy);
    for (const json& name : list) {
      if (!name.is_string()) throw file_error(path, "has a class whose name is not text", detail::metadata_remedy);
      images.classes.push_back(name.get<std::string>());
    }
  }
  for (const auto& [key, member] : {std::pair{"data", &image_origin::data}, {"data_options", &image_origin::options}, {"data_hash", &image_origin::hash}})
    if (const auto found = metadata.find(key); found != metadata.end()) images.origin.*member = found->second;
  if (const auto found = metadata.find("fit"); found != metadata.end())
    for (const image_fit each : image_fits)  // detectors and networks that segment have others, and read them themselves
      if (found->second == to_text(each)) images.fit = each;
  if (const auto found = metadata.find("pixels"); found != metadata.end()) images.pixels = parse_pixel_form(found->second, path + " reads pixels that are called");
  return images;
}

HASSE_BODY std::string class_difference(const std::vector<std::string>& network, const std::vector<std::string>& set) {
  const auto lacks = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) == names.end();
  };
  std::vector<std::string> here;
  for (const std::string& name : set) here.push_back(valid_utf8(name));
  if (here == network) return {};
  std::string text = "has " + std::to_string(here.size()) + " classes where the network was trained on " + std::to_string(network.size());
  if (here.size() == network.size()) {
    std::vector<std::string> left = network, right = here;
    std::sort(left.begin(), left.end()), std::sort(right.begin(), right.end());
    text = left == right ? "has the network's classes in another order" : "has as many classes as the network, but others";
  }
  const auto list = [&](const std::vector<std::string>& from, const std::vector<std::string>& without) {
    std::string names;
    int more = -3;
    for (const std::string& name : from)
      if (lacks(without, name) && ++more <= 0) names += (names.empty() ? "" : ", ") + detail::in_quotes(name);
    return names + (more > 0 ? " and " + std::to_string(more) + " more" : "");
  };
  if (const std::string missing = list(network, here); !missing.empty()) text += "; it lacks " + missing;
  if (const std::string added = list(here, network); !added.empty()) text += "; the network does not know " + added;
  for (std::size_t i = 0; i < std::min(network.size(), here.size()); ++i)
    if (network[i] != here[i])
      return text + "; output " + std::to_string(i) + " (from 0) means " + detail::in_quotes(network[i]) + ", and label " + std::to_string(i) +
             " of the set " + detail::in_quotes(here[i]);
  return text;
}

}  // namespace hasse
