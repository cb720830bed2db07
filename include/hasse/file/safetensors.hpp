// Named tensors in the safetensors format: a length, a JSON header padded so that the data begins 64-byte aligned, the data.
// Used by train (checkpoints) and result (weights). The reader checks everything before it touches data.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse {

static_assert(std::endian::native == std::endian::little, "hasse: safetensors data is little-endian and is copied as it is");

/// One tensor: row-major elements of `dtype` ("F32", "I64", ...) as bytes.
struct named_tensor {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::string bytes;
  friend bool operator==(const named_tensor&, const named_tensor&) = default;
};

/// What a file holds. Names are unique; metadata is text only (a rule of the format).
struct tensor_file {
  std::vector<named_tensor> tensors;
  std::map<std::string, std::string> metadata;

  const named_tensor* find(std::string_view name) const {
    for (const named_tensor& tensor : tensors)
      if (tensor.name == name) return &tensor;
    return nullptr;
  }
  friend bool operator==(const tensor_file&, const tensor_file&) = default;
};

/// The format's name of a C++ scalar.
template <class Scalar>
constexpr std::string_view dtype_of() {
  if constexpr (std::same_as<Scalar, float>) return "F32";
  else if constexpr (std::same_as<Scalar, double>) return "F64";
  else {
    static_assert(std::integral<Scalar>, "hasse: safetensors holds float, double and integers");
    constexpr std::string_view names[2][4] = {{"U8", "U16", "U32", "U64"}, {"I8", "I16", "I32", "I64"}};
    return names[std::is_signed_v<Scalar>][std::bit_width(sizeof(Scalar)) - 1];
  }
}

/// A tensor made from values; the shape is checked when the file is written.
template <class Scalar>
named_tensor tensor_of(std::string name, std::vector<std::int64_t> shape, std::span<const Scalar> values) {
  return {std::move(name), std::string(dtype_of<Scalar>()), std::move(shape),
          std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes())};
}

namespace detail {

HASSE_BODY std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace detail

/// The bytes of a file. Tensors are laid out by element size (largest first), then name, so equal content gives equal bytes.
HASSE_BODY std::string safetensors_bytes(const tensor_file& file);

/// What `bytes` hold, in the order of the data; `path` is only named in errors.
HASSE_BODY tensor_file parse_safetensors(std::string_view bytes, const std::string& path);

/// What is read of an unknown file, and so what is written.
inline constexpr std::uintmax_t largest_tensor_file = std::uintmax_t{4} << 30;

/// Refuses to write what would not be read back with the same limit.
HASSE_BODY void write_safetensors(const std::filesystem::path& path, const tensor_file& file, std::uintmax_t limit = largest_tensor_file);

/// The file, at most `limit` bytes; nothing of its data is read before its header has been checked.
HASSE_BODY tensor_file read_safetensors(const std::filesystem::path& path, std::uintmax_t limit = largest_tensor_file);

/// Copies the tensor `name` into `values`; refuses a file in which it is missing, of another type or of another shape.
template <class Scalar>
void copy_tensor(const tensor_file& file, std::string_view name, const std::vector<std::int64_t>& shape, std::span<Scalar> values,
                 const std::string& path) {
  const named_tensor* tensor = file.find(name);
  const std::string wanted = std::string(dtype_of<Scalar>()) + " " + detail::shape_text(shape);
  if (!tensor) throw file_error(path, "lacks the tensor " + detail::in_quotes(name) + " (" + wanted + ")", "check that it belongs to this network");
  if (tensor->dtype != dtype_of<Scalar>() || tensor->shape != shape || tensor->bytes.size() != values.size_bytes())
    throw file_error(path, "holds the tensor " + detail::in_quotes(name) + " as " + tensor->dtype + " " + detail::shape_text(tensor->shape) +
                               " where " + wanted + " is needed", "check that it belongs to this network");
  if (!values.empty()) std::memcpy(values.data(), tensor->bytes.data(), values.size_bytes());
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/safetensors.inl>
#endif
