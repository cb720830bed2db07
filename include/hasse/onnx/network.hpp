// What is read of an ONNX file, and how.
// Used by read.hpp and by those who call it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <hasse/network/model.hpp>

namespace hasse {

/// How a file is to be read, where it leaves a choice.
struct onnx_reading {
  int height = 0, width = 0;           ///< of the images; 0: as the file says. Needed where it leaves them open
  std::vector<std::string> outputs{};  ///< values of the file that are to be the outputs; none: those of the file
};

/// What a file holds. Batch norms that the exporter folded stay folded; fold_for_inference takes the others.
struct onnx_network {
  model network;                     ///< called as the file's "architecture" says, or as the file; its outputs have names that hasse can write
  std::string input;                 ///< the name of its input in the file
  std::vector<std::string> outputs;  ///< those of its outputs in the file, in the order of the network's
  std::vector<std::string> nodes;    ///< of each layer, the node that it comes from
  std::map<std::string, std::string> metadata{};
};

}  // namespace hasse
