// The bodies of data/idx.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/data/idx.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<std::size_t> idx_extents(std::string_view header, std::size_t dimensions, const std::string& where) {
  const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(header[at])); };
  if (header.size() < 4 + 4 * dimensions || byte(0) != 0 || byte(1) != 0 || byte(2) != 8 || byte(3) != dimensions)
    throw file_error(where, "is not an idx file of bytes with " + std::to_string(dimensions) + " dimension" + (dimensions == 1 ? "" : "s"),
                     "fetch the file again");
  std::vector<std::size_t> extents;
  for (std::size_t at = 4; at < 4 + 4 * dimensions; at += 4)
    extents.push_back(byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3));
  return extents;
}

}  // namespace detail

HASSE_BODY std::string read_idx_file(const byte_source& file, std::size_t dimensions, const std::string& where) {
  const std::unique_ptr<byte_stream> bytes = unpacked_stream(file, where);
  std::string result(4 + 4 * dimensions, '\0');
  result.resize(bytes->read(result.data(), result.size()));
  const std::size_t header = result.size();
  std::uint64_t claimed = 1;
  for (const std::size_t extent : detail::idx_extents(result, dimensions, where)) {
    if (extent == 0 || extent > bytes->most_left() / claimed)
      throw file_error(where, "claims more elements than its " + std::to_string(file.size()) + " bytes hold, or none", "fetch the file again");
    claimed *= extent;
  }
  result.resize(header + claimed);
  result.resize(header + bytes->read(result.data() + header, claimed));
  char more;
  if (bytes->read(&more, 1) != 0) throw file_error(where, "goes on after the elements that it claims", "fetch the file again");
  return result;
}

HASSE_BODY idx_array parse_idx(std::string_view bytes, std::size_t dimensions, const std::string& where) {
  const auto refuse = [&](const std::string& problem) { throw file_error(where, problem, "fetch the file again"); };
  idx_array result;
  result.dims = detail::idx_extents(bytes, dimensions, where);
  result.content = bytes.substr(4 + 4 * dimensions);
  const std::size_t left = result.content.size();
  std::size_t expected = 1;
  for (const std::size_t extent : result.dims) {
    if (extent == 0 || extent > left / expected)
      refuse("claims more elements than its " + std::to_string(bytes.size()) + " bytes hold, or none");
    expected *= extent;
  }
  if (expected != left) refuse("has " + std::to_string(left - expected) + " bytes too many");
  return result;
}

HASSE_BODY void append_idx(std::string_view images, const std::string& images_where, std::string_view labels,
                       const std::string& labels_where, image_set& set) {
  const idx_array pixels = parse_idx(images, 3, images_where), classes = parse_idx(labels, 1, labels_where);
  if (pixels.dims[0] != classes.dims[0])
    throw file_error(labels_where,
                     "has " + std::to_string(classes.dims[0]) + " labels for " + std::to_string(pixels.dims[0]) + " images",
                     "take images and labels of the same set");
  if (pixels.dims[1] > 16384 || pixels.dims[2] > 16384)
    throw file_error(images_where, "has images of more than 16384 pixels a side", "check that it is the right file");
  const feature_shape shape{static_cast<int>(pixels.dims[1]), static_cast<int>(pixels.dims[2]), 1};
  if (set.size() != 0 && set.shape() != shape)
    throw file_error(images_where, "has images of another size than the set before it", "take both from the same data set");
  set.height = shape.h, set.width = shape.w, set.channels = 1;
  set.pixels.insert(set.pixels.end(), pixels.content.begin(), pixels.content.end());
  for (const char label : classes.content) set.labels.push_back(static_cast<unsigned char>(label));
}

namespace detail {

HASSE_BODY std::filesystem::path find_idx(const std::filesystem::path& folder, std::string_view word, std::string_view other_word) {
  std::vector<std::filesystem::path> found;
  for (const auto& path : files_in(folder)) {
    const std::string name = path.filename().string();
    if (name.find(word) != std::string::npos || name.find(other_word) != std::string::npos) found.push_back(path);
  }
  if (found.size() == 2 && found[1] == found[0].string() + ".gz") found.pop_back();
  if (found.size() == 1) return found[0];
  throw file_error(folder.string(), "has " + std::to_string(found.size()) + " files named *" + std::string(word) + "*",
                   "put exactly one such idx file there, plain or .gz");
}

HASSE_BODY void name_labels(train_and_test& data) {
  std::vector<bool> used(256);
  for (const image_set* set : {&data.train, &data.test})
    for (const std::uint16_t label : set->labels) used[label] = true;
  std::vector<std::uint16_t> index(256);
  std::vector<std::string> classes, missing;
  const std::size_t end = 256 - static_cast<std::size_t>(std::find(used.rbegin(), used.rend(), true) - used.rbegin());
  for (std::size_t label = 0; label < end; ++label) {
    index[label] = static_cast<std::uint16_t>(classes.size());
    (used[label] ? classes : missing).push_back(std::to_string(label));
  }
  if (!missing.empty())
    data.about.notes.push_back("no image has the label " + shortened(missing, missing.size()) + ": the " +
                               std::to_string(classes.size()) + " labels that occur are the classes, the first of them " + classes[0]);
  for (image_set* set : {&data.train, &data.test}) {
    set->name = "idx";
    set->mirrored_alike = false;
    set->classes = classes;
    for (std::uint16_t& label : set->labels) label = index[label];
  }
}

}  // namespace detail

HASSE_BODY train_and_test read_idx(const std::filesystem::path& folder) {
  train_and_test result;
  std::vector<std::filesystem::path> taken;
  const auto read = [&](std::string_view images_word, std::string_view labels_word, std::string_view images_other,
                        std::string_view labels_other, image_set& set) {
    const auto images = detail::find_idx(folder, images_word, images_other),
               labels = detail::find_idx(folder, labels_word, labels_other);
    for (const auto& path : {images, labels}) taken.push_back(path), taken.push_back(path.string() + ".gz");
    append_idx(read_idx_file(file_source(images), 3, images.string()), images.string(),
               read_idx_file(file_source(labels), 1, labels.string()), labels.string(), set);
  };
  read("train-images", "train-labels", "train-images", "train-labels", result.train);
  read("t10k-images", "t10k-labels", "test-images", "test-labels", result.test);
  if (result.train.shape() != result.test.shape())
    throw file_error(folder.string(), "has training and test images of different sizes", "take both from the same data set");
  detail::name_labels(result);
  for (const auto& path : detail::files_in(folder))
    if (std::find(taken.begin(), taken.end(), path) == taken.end())
      result.about.leave_out("files of no part in an idx set", path.filename().string());
  return result;
}

}  // namespace hasse
