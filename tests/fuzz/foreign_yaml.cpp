// Any bytes as a block table of others: refused with a sentence, or a table whose every row is found by its block.
#include <cstdlib>

#include <hasse/latency/foreign_yaml.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const hasse::foreign_table table = hasse::parse_foreign_table({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const auto& [key, row] : table.rows)
      if (table.key_of(row.block) != key || !(table.milliseconds_of(row.block) > 0)) std::abort();
  } catch (const hasse::file_error&) {
  }
  return 0;
}
