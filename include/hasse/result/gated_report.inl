// The bodies of result/gated_report.hpp, as core/apart.hpp says.
#pragma once

#include <filesystem>

#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/gated_page.hpp>
#include <hasse/result/gated_report.hpp>

namespace hasse {

HASSE_BODY void write_gated_report(const std::filesystem::path& path, const gated_data& data) {
  replace_file(path, gated_html(data));
  write_json(std::filesystem::path(path).replace_extension(".json"), gated_json(data));
}

}  // namespace hasse
