// How a network is written as an ONNX file.
// Used by onnx.hpp and detector_onnx.hpp.
#pragma once

#include <hasse/result/network_metadata.hpp>

namespace hasse {

/// What an ONNX file says besides the network.
struct onnx_options {
  bool symbolic_batch = false;                  ///< the first dimension is "N"; otherwise it is 1
  bool class_map = false;  ///< the only output, a map of scores, becomes "labels": the class with the largest at each pixel, N x H x W whole numbers
  pixel_form pixels = pixel_form::normalised;  ///< what "images" are; others are normalised inside, by the `mean` and `deviation` of `metadata`
  network_metadata metadata{};  ///< what metadata_of says of the images, seed, device; the network's name is added as "architecture"
};

}  // namespace hasse
