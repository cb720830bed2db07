// file/npy.hpp: what NumPy's own writer makes of the same array, byte by byte.
#include <hasse/file/npy.hpp>

#include <unistd.h>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("an array has NumPy's bytes") {
  const auto path = std::filesystem::temp_directory_path() / ("hasse_npy_" + std::to_string(::getpid()));
  write_npy(path, "<u2", {2, 3}, std::vector<std::uint16_t>{1, 2, 3, 4, 5, 258});
  const std::string file = read_file(path, 1000);
  std::filesystem::remove(path);
  const std::string head = "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3, ), }";
  CHECK(file.size() == 128 + 12);
  CHECK(file.substr(0, 10) == std::string("\x93NUMPY\x01\0\x76\0", 10));
  CHECK(file.substr(10, head.size()) == head);
  CHECK(file.substr(10 + head.size(), 118 - head.size()) == std::string(117 - head.size(), ' ') + "\n");
  CHECK(file.substr(128) == std::string("\1\0\2\0\3\0\4\0\5\0\2\1", 12));
}
