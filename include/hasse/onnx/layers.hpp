// The layers of a network in an ONNX file, by its path. Used by programs that take networks by name.
#pragma once

#include <string>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/network/find.hpp>
#include <hasse/onnx/read.hpp>

namespace hasse {

/// Read for images of that size if one is given.
inline named_layers layers_of_onnx(const std::string& path, const network_form& form = {}) {
  if (form.width != 0) throw error("the channels of " + path + " are those of the file; leave out --width");
  onnx_network read = read_onnx(path, {.height = form.input.h, .width = form.input.w});
  if (form.input.c != 0 && form.input.c != read.network.layers.input.c)
    throw error(path + " reads " + std::to_string(read.network.layers.input.c) + " channels and --input says " + std::to_string(form.input.c) + "; give it as many");
  return {std::move(read.network.name), std::move(read.network.layers)};
}

}  // namespace hasse
