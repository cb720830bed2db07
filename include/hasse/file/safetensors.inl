// The bodies of file/safetensors.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/safetensors.hpp>

namespace hasse {

/// Bytes of one element, 0 for a type that the format does not have.
constexpr std::size_t size_of_dtype(std::string_view dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "U8" || dtype == "I8" || dtype == "BOOL") return 1;
  return 0;
}

namespace detail {

inline constexpr std::uint64_t safetensors_header_limit = std::uint64_t{64} << 20;
inline constexpr std::size_t safetensors_values = std::size_t{1} << 20;  // of JSON: more than 100,000 tensors, in seconds
inline constexpr const char* safetensors_remedy = "restore the file from a copy or give another";

HASSE_BODY std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t side : shape) text += (text.size() > 1 ? "," : "") + std::to_string(side);
  return text + "]";
}

/// Bytes that dtype and shape ask for, at most `limit`; nothing when a side is negative or the product is larger.
inline std::optional<std::uint64_t> tensor_bytes(std::string_view dtype, const std::vector<std::int64_t>& shape, std::uint64_t limit) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t side) { return side < 0; })) return std::nullopt;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::uint64_t bytes = size_of_dtype(dtype);
  for (const std::int64_t side : shape) {
    if (bytes > limit / static_cast<std::uint64_t>(side)) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(side);
  }
  return bytes;
}

}  // namespace detail

HASSE_BODY std::string safetensors_bytes(const tensor_file& file) {
  std::vector<const named_tensor*> order;
  for (const named_tensor& tensor : file.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const named_tensor* left, const named_tensor* right) {
    const auto left_size = size_of_dtype(left->dtype), right_size = size_of_dtype(right->dtype);
    return left_size != right_size ? left_size > right_size : left->name < right->name;
  });
  json header = json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::uint64_t offset = 0;
  for (const named_tensor* tensor : order) {
    if (size_of_dtype(tensor->dtype) == 0) throw error("tensor " + tensor->name + " has the type " + tensor->dtype + ", which safetensors lacks; use F32");
    if (detail::tensor_bytes(tensor->dtype, tensor->shape, tensor->bytes.size()) != tensor->bytes.size())
      throw error("tensor " + tensor->name + " holds " + std::to_string(tensor->bytes.size()) + " bytes, which is not " + tensor->dtype + " " +
                  detail::shape_text(tensor->shape) + "; give it as many values as its shape says");
    if (tensor->name.empty() || tensor->name == "__metadata__" || header.contains(tensor->name))
      throw error("tensor name " + detail::in_quotes(tensor->name) + " is empty, reserved or used twice; give every tensor a name of its own");
    header[tensor->name] = {{"dtype", tensor->dtype}, {"shape", tensor->shape}, {"data_offsets", {offset, offset + tensor->bytes.size()}}};
    offset += tensor->bytes.size();
  }
  std::string text = json_text(header);
  text.resize((text.size() + 8 + 63) / 64 * 64 - 8, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  bytes.reserve(8 + text.size() + offset);
  bytes += text;
  for (const named_tensor* tensor : order) bytes += tensor->bytes;
  return bytes;
}

namespace detail {
/// The length of the header, by the first bytes of a file of `size`.
inline std::uint64_t safetensors_header_length(std::string_view start, std::uint64_t size, const std::string& path) {
  std::uint64_t length = 0;
  if (size < 10 || start.size() < 10) throw file_error(path, "has " + std::to_string(size) + " bytes, too few for safetensors", safetensors_remedy);
  std::memcpy(&length, start.data(), 8);
  if (length < 2 || length > safetensors_header_limit || length > size - 8)
    throw file_error(path, "claims a header of " + std::to_string(length) + " bytes in a file of " + std::to_string(size), safetensors_remedy);
  if (start[8] != '{') throw file_error(path, "is not safetensors (its header does not begin with a brace)", safetensors_remedy);
  return length;
}

/// What the header says of `data_bytes` of data: tensors in the order of the data, their bytes read by `bytes_at(offset, count)` once
/// all of the header has been checked.
template <class Read>
tensor_file checked_safetensors(std::string_view header_text, std::uint64_t data_bytes, const std::string& path, Read bytes_at) {
  const auto refuse = [&](const std::string& problem) { return file_error(path, problem, safetensors_remedy); };
  const json header = parse_json(header_text, path, {.bytes = safetensors_header_limit, .depth = 4, .values = safetensors_values});

  tensor_file file;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) throw refuse("has metadata that is not an object");
      for (const auto& [key, value] : entry.items()) file.metadata[key] = require<std::string>(entry, key, path, "the metadata");
      continue;
    }
    const std::string place = "tensor " + in_quotes(name);
    named_tensor tensor{.name = name, .dtype = require<std::string>(entry, "dtype", path, place), .shape = {}, .bytes = {}};
    allow_only(entry, {"dtype", "shape", "data_offsets"}, path, place);
    if (size_of_dtype(tensor.dtype) == 0) throw refuse(place + " has the unknown type " + in_quotes(tensor.dtype));
    for (const json& side : require_array(entry, "shape", path, place, 8)) {
      const auto value = json_as<std::int64_t>(side);
      if (!value || *value < 0) throw refuse(place + " has a shape that is not a list of whole numbers");
      tensor.shape.push_back(*value);
    }
    const json& offsets = require_array(entry, "data_offsets", path, place, 2);
    const auto begin = offsets.size() == 2 ? json_as<std::uint64_t>(offsets[0]) : std::nullopt;
    const auto end = offsets.size() == 2 ? json_as<std::uint64_t>(offsets[1]) : std::nullopt;
    if (!begin || !end || *begin > *end || *end > data_bytes)
      throw refuse(place + " has offsets outside of the " + std::to_string(data_bytes) + " bytes of data");
    if (tensor_bytes(tensor.dtype, tensor.shape, data_bytes) != *end - *begin)
      throw refuse(place + " holds " + std::to_string(*end - *begin) + " bytes, which is not " + tensor.dtype + " " + shape_text(tensor.shape));
    file.tensors.push_back(std::move(tensor));
    ranges.emplace_back(*begin, *end);
  }

  std::vector<std::size_t> order(ranges.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) { return ranges[left] < ranges[right]; });
  std::uint64_t reached = 0;
  for (const std::size_t index : order) {
    if (ranges[index].first != reached)
      throw refuse("tensor " + in_quotes(file.tensors[index].name) + (ranges[index].first < reached ? " overlaps" : " leaves a hole after") +
                   " the tensor before it");
    reached = ranges[index].second;
  }
  if (reached != data_bytes) throw refuse("has " + std::to_string(data_bytes - reached) + " bytes after its last tensor");

  std::vector<named_tensor> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) {
    sorted.push_back(std::move(file.tensors[index]));
    sorted.back().bytes = bytes_at(ranges[index].first, ranges[index].second - ranges[index].first);
    if (sorted.back().bytes.size() != ranges[index].second - ranges[index].first) throw refuse("became shorter while it was read");
  }
  file.tensors = std::move(sorted);
  return file;
}
}  // namespace detail

HASSE_BODY tensor_file parse_safetensors(std::string_view bytes, const std::string& path) {
  const std::uint64_t length = detail::safetensors_header_length(bytes.substr(0, 10), bytes.size(), path);
  const std::string_view data = bytes.substr(8 + length);
  return detail::checked_safetensors(bytes.substr(8, length), data.size(), path,
                                     [&](std::uint64_t offset, std::uint64_t count) { return std::string(data.substr(offset, count)); });
}

HASSE_BODY void write_safetensors(const std::filesystem::path& path, const tensor_file& file, std::uintmax_t limit) {
  const std::string bytes = safetensors_bytes(file);
  if (bytes.size() > limit)
    throw file_error(path.string(), "would have " + std::to_string(bytes.size()) + " bytes, more than the " + std::to_string(limit) +
                                        " that are read back", "make the network smaller");
  replace_file(path, bytes);
}

HASSE_BODY tensor_file read_safetensors(const std::filesystem::path& path, std::uintmax_t limit) {
  const readable_file file(path, limit);
  const std::string where = path.string();
  const std::uint64_t length = detail::safetensors_header_length(file.read(0, std::min<std::uintmax_t>(10, file.size())), file.size(), where);
  return detail::checked_safetensors(file.read(8, length), file.size() - 8 - length, where,
                                     [&](std::uint64_t offset, std::uint64_t count) { return file.read(8 + length + offset, count); });
}

}  // namespace hasse
