// The bodies of result/slimming_report.hpp, as core/apart.hpp says.
#pragma once

#include <filesystem>

#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/slimming_page.hpp>
#include <hasse/result/slimming_report.hpp>

namespace hasse {

HASSE_BODY void write_slimming_report(const std::filesystem::path& path, const slimming_data& data) {
  replace_file(path, slimming_html(data));
  write_json(std::filesystem::path(path).replace_extension(".json"), slimming_json(data));
}

}  // namespace hasse
