// The bodies of file/formats.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/safetensors.hpp>

namespace hasse {

HASSE_BODY std::string file_name_of(const std::string& architecture) {
  const bool plain = !architecture.empty() && architecture.size() <= 200 && architecture[0] != '.' &&
                     std::all_of(architecture.begin(), architecture.end(),
                                 [](char letter) { return letter > ' ' && letter <= '~' && letter != '/'; });
  return plain ? architecture : std::string(hex64(fnv1a(architecture)).view());
}

namespace detail {
HASSE_BODY std::uint64_t content_hash(const tensor_file& file) {
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
