// The parameters of a network as named tensors of a file.
// Used by train (checkpoints), supernet (slimmable networks) and result (weights).
#pragma once

#include <span>
#include <string>

#include <hasse/file/safetensors.hpp>
#include <hasse/network/parameters.hpp>

namespace hasse::detail {

/// The tensors of `flat` (one of a network's two arrays, or the momentum) under `prefix` + their names.
template <class Scalar>
void append_tensors(tensor_file& file, const std::string& prefix, std::span<const parameter_tensor> tensors,
                    std::span<const Scalar> flat) {
  for (const parameter_tensor& tensor : tensors)
    file.tensors.push_back(
        tensor_of(prefix + tensor.name, {tensor.dims.begin(), tensor.dims.end()}, flat.subspan(tensor.offset, tensor.size)));
}
template <class Scalar>
void copy_tensors(const tensor_file& file, const std::string& prefix, std::span<const parameter_tensor> tensors,
                  std::span<Scalar> flat, const std::string& path) {
  for (const parameter_tensor& tensor : tensors)
    copy_tensor(file, prefix + tensor.name, {tensor.dims.begin(), tensor.dims.end()}, flat.subspan(tensor.offset, tensor.size),
                path);
}

}  // namespace hasse::detail
