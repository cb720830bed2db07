// The idx files of the MNIST family (digits, fashion, letters), plain or packed by gzip.
// Used by open_data for `idx:DIR`; programs that include it link z.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// An array of bytes with its extents; `content` points into the file's bytes.
struct idx_array {
  std::vector<std::size_t> dims;
  std::string_view content;
};

/// Unpacks one gzip stream of at most `limit` bytes; bytes without the gzip mark are returned as they are.
inline std::string gunzip(std::string bytes, const std::string& where, std::size_t limit = std::size_t{1} << 31) {
  if (!bytes.starts_with("\x1f\x8b")) return bytes;
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw file_error(where, "cannot be unpacked", "free memory and try again");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ended(&stream, inflateEnd);
  std::string result;
  std::vector<char> piece(std::size_t{1} << 16);
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  std::size_t unread = bytes.size();
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(unread, 1u << 30));
      unread -= stream.avail_in;
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END)
      throw file_error(where, status == Z_BUF_ERROR ? "is cut off" : "is not a readable gzip file", "fetch it again");
    const std::size_t got = piece.size() - stream.avail_out;
    if (got > limit - result.size())
      throw file_error(where, "unpacks to more than the " + std::to_string(limit) + " bytes that are read",
                       "check that it is the right file");
    result.append(piece.data(), got);
  }
  if (stream.avail_in + unread != 0) throw file_error(where, "goes on after the end of its gzip stream", "fetch it again");
  return result;
}

/// Checks an idx file of bytes with that many dimensions, and that its length is what the header says.
inline idx_array parse_idx(std::string_view bytes, std::size_t dimensions, const std::string& where) {
  const auto refuse = [&](const std::string& problem) { throw file_error(where, problem, "fetch the file again"); };
  const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])); };
  const std::size_t header = 4 + 4 * dimensions;
  if (bytes.size() < header || byte(0) != 0 || byte(1) != 0 || byte(2) != 8 || byte(3) != dimensions)
    refuse("is not an idx file of bytes with " + std::to_string(dimensions) + " dimension" + (dimensions == 1 ? "" : "s"));
  idx_array result;
  result.content = bytes.substr(header);
  std::size_t left = result.content.size();
  for (std::size_t d = 0; d < dimensions; ++d) {
    const std::size_t at = 4 + 4 * d;
    result.dims.push_back(byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3));
  }
  std::size_t expected = 1;
  for (const std::size_t extent : result.dims) {
    if (extent == 0 || extent > left / expected)
      refuse("claims more elements than its " + std::to_string(bytes.size()) + " bytes hold, or none");
    expected *= extent;
  }
  if (expected != left) refuse("has " + std::to_string(left - expected) + " bytes too many");
  return result;
}

/// Appends images and labels of one idx pair to `set`, which takes its shape from the first pair.
inline void append_idx(std::string_view images, const std::string& images_where, std::string_view labels,
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
/// The one file of `folder` whose name contains one of the words; an unpacked file wins over its packed twin.
inline std::filesystem::path find_idx(const std::filesystem::path& folder, std::string_view word, std::string_view other_word) {
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
}  // namespace detail

/// Reads the four files of a set of the MNIST family from `folder`: train and t10k (or test), images and labels.
inline train_and_test read_idx(const std::filesystem::path& folder) {
  train_and_test result;
  const auto read = [&](std::string_view images_word, std::string_view labels_word, std::string_view images_other,
                        std::string_view labels_other, image_set& set) {
    const auto images = detail::find_idx(folder, images_word, images_other),
               labels = detail::find_idx(folder, labels_word, labels_other);
    append_idx(gunzip(read_file(images), images.string()), images.string(), gunzip(read_file(labels), labels.string()),
               labels.string(), set);
  };
  read("train-images", "train-labels", "train-images", "train-labels", result.train);
  read("t10k-images", "t10k-labels", "test-images", "test-labels", result.test);
  if (result.train.shape() != result.test.shape())
    throw file_error(folder.string(), "has training and test images of different sizes", "take both from the same data set");
  std::uint16_t most = 0;
  for (const image_set* set : {&result.train, &result.test})
    most = std::max(most, *std::max_element(set->labels.begin(), set->labels.end()));
  for (image_set* set : {&result.train, &result.test}) {
    set->name = "idx";
    set->mirrored_alike = false;
    for (int label = 0; label <= most; ++label) set->classes.push_back(std::to_string(label));
  }
  return result;
}

}  // namespace hasse
