// The bodies of onnx/graph.hpp, as core/apart.hpp says. Field numbers are those of onnx.proto.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/float16.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/protobuf_reader.hpp>
#include <hasse/onnx/graph.hpp>

namespace hasse {

namespace detail {

static_assert(std::endian::native == std::endian::little, "hasse: numbers of ONNX files are little-endian and are copied as they are");

inline constexpr std::size_t most_onnx_items = std::size_t{1} << 17;  // nodes, tensors, names
inline constexpr std::size_t most_onnx_dims = 16;
inline constexpr std::uintmax_t largest_outside_file = std::uintmax_t{16} << 30;
inline constexpr const char* onnx_remedy = "check that it is an ONNX file, or export it again";

constexpr std::size_t size_of(onnx_type type) {
  switch (type) {
    case onnx_type::i64:
    case onnx_type::f64: return 8;
    case onnx_type::f32:
    case onnx_type::i32: return 4;
    case onnx_type::f16:
    case onnx_type::bf16: return 2;
    case onnx_type::u8:
    case onnx_type::i8:
    case onnx_type::boolean: return 1;
    case onnx_type::none: break;
  }
  return 0;
}

template <class Item>
Item& append_limited(std::vector<Item>& to, Item item, const char* what, const std::string& path, std::size_t most = most_onnx_items) {
  if (to.size() >= most)
    throw file_error(path, "has more than " + std::to_string(most) + " " + what, onnx_remedy);
  return to.emplace_back(std::move(item));
}

inline onnx_tensor onnx_tensor_of(protobuf_reader reader, const std::string& path) {
  onnx_tensor tensor;
  std::vector<std::int64_t> wholes;
  bool is_outside = false;
  const auto append_fixed = [&](std::string_view bytes) {
    if (tensor.own.empty() && tensor.raw.empty()) tensor.raw = bytes;  // packed: they lie there as they are wanted
    else {
      if (tensor.own.empty()) tensor.own = tensor.raw, tensor.raw = {};
      tensor.own += bytes;
    }
  };
  while (reader.next()) switch (reader.field()) {
      case 1: reader.each_number([&](std::int64_t side) { append_limited(tensor.dims, side, "dimensions of a tensor", path, most_onnx_dims); }); break;
      case 2: tensor.type = static_cast<onnx_type>(static_cast<int>(reader.number() & 0xff)); break;
      case 4: append_fixed(reader.fixed(4)); break;
      case 5:
      case 7: reader.each_number([&](std::int64_t value) { wholes.push_back(value); }); break;
      case 8: tensor.name = reader.bytes(); break;
      case 9: tensor.raw = reader.bytes(); break;
      case 10: append_fixed(reader.fixed(8)); break;
      case 13: {
        std::string_view key, value;
        for (protobuf_reader entry = reader.message(); entry.next();) (entry.field() == 1 ? key : value) = entry.bytes();
        std::int64_t number = 0;
        const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
        const bool is_number = problem == std::errc() && end == value.data() + value.size() && number >= 0;
        if (key == "location") tensor.location = value;
        if ((key == "offset" || key == "length") && !is_number)
          throw file_error(path, "has a tensor " + in_quotes(tensor.name) + " whose " + std::string(key) + " in another file is " + in_quotes(value) + ", no number", onnx_remedy);
        if (key == "offset") tensor.offset = number;
        if (key == "length") tensor.length = number;
        break;
      }
      case 14: is_outside = reader.number() == 1; break;
      default: break;
    }
  if (!is_outside) tensor.location = {};
  if (!wholes.empty()) {  // spelled out as varints, whatever the type
    const std::size_t size = size_of(tensor.type);
    if (tensor.type == onnx_type::f32 || tensor.type == onnx_type::f64)
      throw file_error(path, "has a tensor " + in_quotes(tensor.name) + " of real numbers that are spelled out as whole ones", onnx_remedy);
    tensor.own.resize(size * wholes.size());
    for (std::size_t i = 0; i < wholes.size() && size > 0; ++i) std::memcpy(tensor.own.data() + i * size, &wholes[i], size);
  }
  return tensor;
}

inline onnx_attribute onnx_attribute_of(protobuf_reader reader, const std::string& path) {
  onnx_attribute attribute;
  while (reader.next()) switch (reader.field()) {
      case 1: attribute.name = reader.bytes(); break;
      case 2: attribute.real = reader.real(); break;
      case 3: attribute.whole = reader.number(); break;
      case 4: attribute.text = reader.bytes(); break;
      case 5: attribute.tensors.assign(1, onnx_tensor_of(reader.message(), path)); break;
      case 7:
        for (std::string_view bytes = reader.fixed(4); !bytes.empty(); bytes.remove_prefix(4)) {
          float value = 0;
          std::memcpy(&value, bytes.data(), 4);
          attribute.reals.push_back(value);
        }
        break;
      case 8: reader.each_number([&](std::int64_t value) { attribute.wholes.push_back(value); }); break;
      default: break;
    }
  return attribute;
}

inline onnx_node onnx_node_of(protobuf_reader reader, const std::string& path) {
  onnx_node node;
  while (reader.next()) switch (reader.field()) {
      case 1: append_limited(node.inputs, reader.bytes(), "inputs of a node", path, 4096); break;
      case 2: append_limited(node.outputs, reader.bytes(), "outputs of a node", path, 4096); break;
      case 3: node.name = reader.bytes(); break;
      case 4: node.kind = reader.bytes(); break;
      case 5: append_limited(node.attributes, onnx_attribute_of(reader.message(), path), "attributes of a node", path, 256); break;
      case 7: node.domain = reader.bytes(); break;
      default: break;
    }
  return node;
}

/// ValueInfoProto: a name, and of a tensor the sides.
inline onnx_port onnx_port_of(protobuf_reader reader, const std::string& path) {
  onnx_port port;
  while (reader.next()) {
    if (reader.field() == 1) port.name = reader.bytes();
    if (reader.field() != 2) continue;
    for (protobuf_reader type = reader.message(); type.next();) {
      if (type.field() != 1) continue;
      for (protobuf_reader tensor = type.message(); tensor.next();) {
        if (tensor.field() != 2) continue;
        port.has_dims = true;
        for (protobuf_reader shape = tensor.message(); shape.next();) {
          if (shape.field() != 1) continue;
          std::int64_t side = -1;
          for (protobuf_reader dim = shape.message(); dim.next();)
            if (dim.field() == 1) side = dim.number() > 0 ? dim.number() : -1;
          append_limited(port.dims, side, "dimensions of an input or output", path, most_onnx_dims);
        }
      }
    }
  }
  return port;
}

/// The bytes of a tensor, wherever they are, once they are known to be as many as its shape asks for.
inline std::string_view checked_bytes(const onnx_tensor& tensor, const std::filesystem::path& folder, const std::string& path, std::string& read) {
  const std::string which = "the tensor " + in_quotes(tensor.name);
  const std::size_t size = size_of(tensor.type);
  if (size == 0)
    throw file_error(path, which + " is of the type " + std::to_string(static_cast<int>(tensor.type)) + " of ONNX, and numbers of single, double or half precision or whole ones of 8, 32 or 64 bits are needed",
                     "export the network in single precision, not quantised");
  for (const std::int64_t side : tensor.dims)
    if (side < 0) throw file_error(path, which + " has a side of " + std::to_string(side), onnx_remedy);
  const std::int64_t needed = element_count(tensor.dims) * static_cast<std::int64_t>(size);
  std::string_view bytes = tensor.bytes();
  if (!tensor.location.empty()) {
    const std::filesystem::path beside{std::string(tensor.location)};
    bool leaves = beside.is_absolute();
    for (const auto& part : beside) leaves = leaves || part == "..";
    if (leaves) throw file_error(path, which + " is said to lie in " + in_quotes(tensor.location) + ", which is not beside the model", "export it again with its weights inside or beside it");
    if (folder.empty()) throw file_error(path, which + " lies in another file, " + in_quotes(tensor.location), "read the model from its file, with that file beside it");
    const readable_file file(folder / beside, largest_outside_file);
    const auto offset = static_cast<std::uintmax_t>(tensor.offset), length = static_cast<std::uintmax_t>(tensor.length < 0 ? needed : tensor.length);
    if (offset > file.size() || length > file.size() - offset || length != static_cast<std::uintmax_t>(needed))
      throw file_error(path, which + " needs " + std::to_string(needed) + " bytes and is said to have " + std::to_string(length) + " from byte " + std::to_string(offset) + " of " +
                                 in_quotes(tensor.location) + ", a file of " + std::to_string(file.size()),
                       "give the file that was exported with this model");
    read = file.read(offset, length);
    bytes = read;
  }
  if (static_cast<std::int64_t>(bytes.size()) != needed)
    throw file_error(path, which + " holds " + std::to_string(bytes.size()) + " bytes where its shape needs " + std::to_string(needed), onnx_remedy);
  return bytes;
}

/// Calls `take` with every number of a tensor, as a double.
template <class Take>
void each_of(onnx_type type, std::string_view bytes, Take take) {
  const auto walk = [&]<class Number>(Number, auto as_real) {
    for (; !bytes.empty(); bytes.remove_prefix(sizeof(Number))) {
      Number number;
      std::memcpy(&number, bytes.data(), sizeof number);
      take(as_real(number));
    }
  };
  const auto plain = [](auto number) { return static_cast<double>(number); };
  switch (type) {
    case onnx_type::f32: return walk(float{}, plain);
    case onnx_type::f64: return walk(double{}, plain);
    case onnx_type::i64: return walk(std::int64_t{}, plain);
    case onnx_type::i32: return walk(std::int32_t{}, plain);
    case onnx_type::u8:
    case onnx_type::boolean: return walk(std::uint8_t{}, plain);
    case onnx_type::i8: return walk(std::int8_t{}, plain);
    case onnx_type::f16: return walk(std::uint16_t{}, [](std::uint16_t bits) {
        float16 half;
        half.bits = bits;
        return static_cast<double>(static_cast<float>(half));
      });
    case onnx_type::bf16: return walk(std::uint16_t{}, [](std::uint16_t bits) { return static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16)); });
    case onnx_type::none: return;
  }
}

template <class Number>
std::vector<Number> all_of(const onnx_tensor& tensor, const std::filesystem::path& folder, const std::string& path) {
  std::string read;
  const std::string_view bytes = checked_bytes(tensor, folder, path, read);
  std::vector<Number> numbers;
  numbers.reserve(bytes.size() / size_of(tensor.type));
  each_of(tensor.type, bytes, [&](double number) { numbers.push_back(static_cast<Number>(number)); });
  return numbers;
}
}  // namespace detail

HASSE_BODY std::vector<float> floats_of(const onnx_tensor& tensor, const std::filesystem::path& folder, const std::string& path) {
  return detail::all_of<float>(tensor, folder, path);
}
HASSE_BODY std::vector<double> numbers_of(const onnx_tensor& tensor, const std::filesystem::path& folder, const std::string& path) {
  return detail::all_of<double>(tensor, folder, path);
}

HASSE_BODY onnx_graph parse_onnx(std::string_view bytes, const std::string& path) {
  onnx_graph graph;
  bool has_graph = false;
  for (protobuf_reader file(bytes, path); file.next();) switch (file.field()) {
      case 7:
        if (std::exchange(has_graph, true)) throw file_error(path, "holds two graphs", detail::onnx_remedy);
        for (protobuf_reader part = file.message(); part.next();) switch (part.field()) {
            case 1: detail::append_limited(graph.nodes, detail::onnx_node_of(part.message(), path), "nodes", path); break;
            case 2: graph.name = part.bytes(); break;
            case 5: detail::append_limited(graph.tensors, detail::onnx_tensor_of(part.message(), path), "tensors", path); break;
            case 11: detail::append_limited(graph.inputs, detail::onnx_port_of(part.message(), path), "inputs", path); break;
            case 12: detail::append_limited(graph.outputs, detail::onnx_port_of(part.message(), path), "outputs", path); break;
            default: break;
          }
        break;
      case 8: {
        std::string_view domain;
        std::int64_t version = 0;
        for (protobuf_reader set = file.message(); set.next();) {
          if (set.field() == 1) domain = set.bytes();
          if (set.field() == 2) version = set.number();
        }
        if (domain.empty() || domain == "ai.onnx") graph.opset = version;
        break;
      }
      case 14: {
        std::string_view key, value;
        for (protobuf_reader entry = file.message(); entry.next();) (entry.field() == 1 ? key : value) = entry.bytes();
        if (graph.metadata.size() < 4096) graph.metadata[std::string(key)] = std::string(value);
        break;
      }
      default: break;
    }
  if (!has_graph) throw file_error(path, "holds no graph, so it is no ONNX model", detail::onnx_remedy);
  if (graph.opset < 7 || graph.opset > 21)
    throw file_error(path, "is of opset " + std::to_string(graph.opset) + ", and opsets 7 to 21 are read",
                     "export it with another, such as opset_version=17 in PyTorch, or convert it with onnx.version_converter");
  return graph;
}

}  // namespace hasse
