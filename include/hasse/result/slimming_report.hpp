// What became of a slimmable network, for people: accuracy against width and latency, the greedy slimming, the channels that are
// left. Used by programs. One file without network access, and its numbers as JSON beside it; all text that it shows is escaped.
#pragma once

#include <filesystem>

#include <hasse/core/apart.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/result/numbers.hpp>

namespace hasse {

/// Writes the page, and its numbers into the file of the same name that ends in .json.
HASSE_BODY void write_slimming_report(const std::filesystem::path& path, const slimming_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/slimming_report.inl>
#endif
