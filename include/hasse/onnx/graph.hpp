// An ONNX file as it stands: nodes, tensors, inputs and outputs by name, with nothing computed.
// Used by read.hpp, which makes a layer list of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse {

/// Names are those of TensorProto.DataType; others are refused where their numbers are needed.
enum class onnx_type : int { none = 0, f32 = 1, u8 = 2, i8 = 3, i32 = 6, i64 = 7, boolean = 9, f16 = 10, f64 = 11, bf16 = 16 };

/// A tensor of the file. Its bytes are those of its elements, row by row; they lie in the file, in `own`, or in a file beside it.
struct onnx_tensor {
  std::string_view name{};
  std::vector<std::int64_t> dims{};
  onnx_type type = onnx_type::none;
  std::string_view raw{};
  std::string own{};                 ///< where the file spells numbers out
  std::string_view location{};       ///< a file beside the model that holds the bytes; "" where none does
  std::int64_t offset = 0, length = -1;

  std::string_view bytes() const { return own.empty() ? raw : std::string_view(own); }
};

struct onnx_attribute {
  std::string_view name{};
  std::int64_t whole = 0;
  float real = 0;
  std::string_view text{};
  std::vector<std::int64_t> wholes{};
  std::vector<float> reals{};
  std::vector<onnx_tensor> tensors{};  ///< one, or none
};

struct onnx_node {
  std::string_view name{}, kind{}, domain{};
  std::vector<std::string_view> inputs{}, outputs{};
  std::vector<onnx_attribute> attributes{};

  const onnx_attribute* find(std::string_view attribute) const {
    for (const onnx_attribute& each : attributes)
      if (each.name == attribute) return &each;
    return nullptr;
  }
};

/// An input or output of the graph. A side of -1 is not fixed.
struct onnx_port {
  std::string_view name{};
  std::vector<std::int64_t> dims{};
  bool has_dims = false;
};

struct onnx_graph {
  std::string_view name{};
  std::int64_t opset = 0;
  std::vector<onnx_node> nodes{};
  std::vector<onnx_tensor> tensors{};
  std::vector<onnx_port> inputs{}, outputs{};
  std::map<std::string, std::string> metadata{};
};

/// Reads the fields of a file; `bytes` must outlive the graph, `path` is only named in refusals. Opsets 7 to 21 are known.
HASSE_BODY onnx_graph parse_onnx(std::string_view bytes, const std::string& path);

/// The numbers of a tensor; `folder` is where files beside the model lie, "" where there is none. Sizes are compared with the bytes that
/// are there before anything is allocated.
HASSE_BODY std::vector<float> floats_of(const onnx_tensor& tensor, const std::filesystem::path& folder, const std::string& path);
/// The same for few numbers of any type.
HASSE_BODY std::vector<double> numbers_of(const onnx_tensor& tensor, const std::filesystem::path& folder, const std::string& path);

/// How many elements a shape has, at most `limit` + 1.
constexpr std::int64_t element_count(const std::vector<std::int64_t>& dims, std::int64_t limit = std::int64_t{1} << 40) {
  std::int64_t count = 1;
  for (const std::int64_t side : dims) {
    if (side <= 0) return 0;
    if (count > limit / side) return limit + 1;
    count *= side;
  }
  return count;
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/onnx/graph.inl>
#endif
