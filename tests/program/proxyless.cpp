// program/proxyless.hpp: whose a latency table is; what the program does is in tests/program/proxyless.py.
#include <filesystem>
#include <string>

#include <unistd.h>

#include <hasse/program/detail/proxyless_run.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("a table of others that is kept as JSON is one of others; one of this library that is damaged is its own", "[proxyless]") {
  const auto place = std::filesystem::temp_directory_path() / ("hasse_own_table_" + std::to_string(::getpid()));
  const auto is_own = [&](const std::string& text) {
    replace_file(place, text);
    const bool own = detail::is_own_table(place);
    std::filesystem::remove(place);
    return own;
  };
  const std::string row = "Conv-input:160x160x3-output:80x80x24";
  CHECK_FALSE(is_own("{\n \"" + row + "\": {\n  \"count\": 79,\n  \"mean\": 0.9,\n  \"std\": 0.02\n }\n}"));
  CHECK_FALSE(is_own("\xef\xbb\xbf{\"" + row + "\": {\"mean\": 0.9}}"));
  CHECK_FALSE(is_own(row + ":\n  mean: 0.9\n"));
  CHECK_FALSE(is_own("{"));
  CHECK_FALSE(is_own(""));
  CHECK(is_own("{\"kind\": \"hasse layer table\", \"pieces\": {}}"));
  CHECK(is_own("\n{\n \"checksum\": \"01\", \"dev"));  // torn
}
