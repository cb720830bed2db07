// A network as an ONNX file: opset 13, IR 7, NCHW, batch norm folded, weights inside; written without protobuf's libraries.
// Used by programs. Runs in ONNX Runtime, TensorRT, OpenVINO, OpenCV: nothing of hasse is needed to load it.
#pragma once

#include <filesystem>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/network/model.hpp>
#include <hasse/result/onnx_options.hpp>

namespace hasse {

/// The file's content. Input "images", N x C x H x W or as `pixels` says; outputs under the names that the list gives them, or "logits" where it names
/// none; tensors carry the names that checkpoints use.
HASSE_BODY std::string onnx_bytes(const model& network, const onnx_options& options = {});

HASSE_BODY void write_onnx(const std::filesystem::path& path, const model& network, const onnx_options& options = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/onnx.inl>
#endif
