// The answer of a search for people: report.html (one file, no network access), a picture of the frontier, a table for terminals.
// Used by programs. All text that it shows is escaped; numbers that were not measured appear as a dash.
#pragma once

#include <filesystem>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/result/report_data.hpp>

namespace hasse {

/// The frontier as a picture of its own, its architectures listed below.
HASSE_BODY std::string frontier_svg(const report_data& data);

/// The frontier as a table for a terminal, from fast to accurate.
HASSE_BODY std::string frontier_table(const report_data& data);

/// The whole page.
HASSE_BODY std::string report_html(const report_data& data);

HASSE_BODY void write_report(const std::filesystem::path& path, const report_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/report.inl>
#endif
