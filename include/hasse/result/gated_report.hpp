// What became of a search through gates, for people: networks drawn beneath each other, how blocks made up their mind, cost and
// target. Used by programs. One file without network access, and its numbers as JSON beside it; all text that it shows is escaped.
#pragma once

#include <filesystem>

#include <hasse/core/apart.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/numbers.hpp>

namespace hasse {

/// Writes the page, and its numbers into the file of the same name that ends in .json.
HASSE_BODY void write_gated_report(const std::filesystem::path& path, const gated_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/gated_report.inl>
#endif
