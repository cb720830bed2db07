// A network as an ONNX file: opset 13, IR 7, NCHW, batch norm folded, weights inside; written without protobuf's libraries.
// Used by programs. Runs in ONNX Runtime, TensorRT, OpenVINO, OpenCV: nothing of hasse is needed to load it.
#pragma once

#include <filesystem>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/network/model.hpp>
#include <hasse/result/network_metadata.hpp>

namespace hasse {

/// What an ONNX file says besides the network.
struct onnx_options {
  bool symbolic_batch = false;                  ///< the first dimension is "N"; otherwise it is 1
  bool class_map = false;  ///< the only output, a map of scores, becomes "labels": the class with the largest at each pixel, N x H x W whole numbers
  network_metadata metadata{};  ///< what metadata_of says of the images, seed, device; the network's name is added as "architecture"
};

/// The file's content. Input "images" (N x C x H x W); outputs under the names that the list gives them, or "logits" where it names
/// none; tensors carry the names that checkpoints use.
HASSE_BODY std::string onnx_bytes(const model& network, const onnx_options& options = {});

HASSE_BODY void write_onnx(const std::filesystem::path& path, const model& network, const onnx_options& options = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/onnx.inl>
#endif
