// A network out of an ONNX file: layers and weights, whoever wrote the file. Refused where a layer list cannot have it.
// Used by load.hpp, which runs it, and by programs. What is read and what is not: docs/how-to/bring-a-network.md.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/onnx/network.hpp>

namespace hasse {

/// Reads a model of one input, N x C x H x W, with opset 7 to 21; weights may lie in files beside it. A fault is a `file_error` that names the
/// node, its operator and what to do.
HASSE_BODY onnx_network read_onnx(const std::filesystem::path& path, const onnx_reading& how = {});

/// The same of bytes; `path` is only named in refusals, and `folder` is where files beside the model lie, "" where there are none.
HASSE_BODY onnx_network parse_onnx_network(std::string_view bytes, const std::string& path, const onnx_reading& how = {},
                                           const std::filesystem::path& folder = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/onnx/read.inl>
#endif
