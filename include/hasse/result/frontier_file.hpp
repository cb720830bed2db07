// frontier.json: the answer of a run for other programs, with a certificate for what was pruned.
// Used by programs. The journal stays the truth; this file is made from it again at any time.
#pragma once

#include <filesystem>

#include <hasse/core/apart.hpp>
#include <hasse/file/json_value.hpp>
#include <hasse/result/report_data.hpp>

namespace hasse {

/// The frontier from cheap to good (schema 1: `milliseconds` and `accuracy` in 0..1; schema 2, where another price or metric counts:
/// `cost` and `score` with `price` and `metric`, which say what those are; null: not measured), how many were trained and pruned, and
/// the certificates: `pruned` precedes `above`; `instead` is at least as good as `above` and costs no more than `pruned`. Where
/// `pruned` is null the certificate stands for everything admissible that precedes `above` and costs no less than `instead`. Of several
/// devices these are of the first; `devices` has the frontier of each, `serving` every network that is on one, and certificates name theirs.
HASSE_BODY json frontier_json(const report_data& data);

HASSE_BODY void write_frontier(const std::filesystem::path& path, const report_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/frontier_file.inl>
#endif
