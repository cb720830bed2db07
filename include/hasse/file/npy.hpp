// Arrays as NumPy reads them. Used by programs that hand values to other tools.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <hasse/core/file.hpp>

namespace hasse {

/// Writes a NumPy file (.npy 1.0) of a C-ordered array. `type` is NumPy's name of `Number`, such as "<f4".
template <class Number>
void write_npy(const std::filesystem::path& path, const char* type, const std::vector<std::size_t>& shape,
               const std::vector<Number>& values) {
  std::string header = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t side : shape) header += std::to_string(side) + ", ";
  header += "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');  // data begin at a multiple of 64 bytes
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 255), file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
  replace_file(path, file);
}

}  // namespace hasse
