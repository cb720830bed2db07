// How files of networks are named and marked, for whoever writes one kind and whoever meets another where it wants its own.
// Used by train (checkpoints), supernet (slimmable networks) and result (weights, run folders).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/file/safetensors.hpp>

namespace hasse {

/// The file name of an architecture: its text, or a hash of it where the text cannot be a name.
inline std::string file_name_of(const std::string& architecture) {
  const bool plain = !architecture.empty() && architecture.size() <= 200 && architecture[0] != '.' &&
                     std::all_of(architecture.begin(), architecture.end(),
                                 [](char letter) { return letter > ' ' && letter <= '~' && letter != '/'; });
  return plain ? architecture : std::string(hex64(fnv1a(architecture)).view());
}

namespace detail {
/// What the metadata of a file that is no network says under "format".
inline constexpr std::string_view checkpoint_format = "hasse training checkpoint 2";
inline constexpr std::string_view slimmable_format = "hasse slimmable network 1";

/// Over all that a tensor file says, in an order that does not depend on where its tensors lie.
inline std::uint64_t content_hash(const tensor_file& file) {
  std::vector<const named_tensor*> order;
  for (const named_tensor& tensor : file.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(),
            [](const named_tensor* left, const named_tensor* right) { return left->name < right->name; });
  std::uint64_t hash = fnv1a("");
  for (const named_tensor* tensor : order) hash = fnv1a(tensor->bytes, fnv1a(tensor->name + '\n', hash));
  for (const auto& [key, value] : file.metadata)
    if (key != "checksum") hash = fnv1a(key + '=' + value + '\n', hash);
  return hash;
}
}  // namespace detail

}  // namespace hasse
