// What the rows of a space's table are called, and by what a table knows its space.
// Used by table, and by programs that name rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/catalogue/space_at.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/latency/detail/laps.hpp>
#include <hasse/latency/record.hpp>

namespace hasse {

/// The name of every part's row: "stage 2 later: basic s1 64>64 @8x8". A head of several pieces has "head 1", "head 2".
template <class Space>
std::vector<std::string> row_names(const space_at<Space>& space = {}) {
  std::vector<std::string> names;
  for (const entry& each : space.entries()) {
    const std::string stage = std::to_string(each.key.index + 1);
    std::string place;
    switch (each.key.kind) {
      case part_kind::stem:
        place = "stem " + stage;
        break;
      case part_kind::first_block:
        place = "stage " + stage + " first";
        break;
      case part_kind::later_block:
        place = "stage " + stage + " later";
        break;
      case part_kind::head:
        place = detail::head_facts<Space>.size() == 1 ? "head" : "head " + stage;
        break;
    }
    names.push_back(place + ": " + each.text());
  }
  return names;
}

/// The identity of a space, as a run has it: a hash over every layer of every part and over what the stages allow.
template <class Space>
std::string space_identity(const space_at<Space>& space = {}) {
  std::string text;
  const auto put = [&](std::int64_t number) { text += std::to_string(number) + ','; };
  const auto put_width = [&]([[maybe_unused]] const detail::piece_facts& piece) {
    if (Space::head_widths.size() > 0) put(piece.deep), put(piece.width);
  };
  const auto names = row_names<Space>(space);
  for (const entry& each : space.entries()) {
    text += names[static_cast<std::size_t>(each.id)] + '\n';
    for (const layer& item : each.layers) text += detail::numbers_of(item);
  }
  if (detail::head_facts<Space>.size() > 1)
    for (const detail::piece_facts& piece : detail::head_facts<Space>) put(piece.stage), put(piece.kind == detail::piece_kind::joins), put_width(piece);
  for (const stage_facts& stage : Space::facts) put(stage.least_depth), put(stage.most_depth);
  put(Space::least_blocks), put(Space::most_blocks);
  return std::string(hex64(fnv1a(text)).view());
}

namespace detail {
/// Refuses a table of another space, or of this one on other images or with other classes, and names the first row that differs.
template <class Space>
void require_space(const latency_record& record, const space_at<Space>& space, const std::string& source) {
  if (const std::string own = space_identity(space); record.space != own) {
    std::string differs;
    const std::vector<std::string> names = row_names(space);
    for (std::size_t at = 0; at < std::min(names.size(), record.rows.size()) && differs.empty(); ++at)
      if (record.rows[at].part != names[at]) differs = ": its row " + in_quotes(record.rows[at].part) + " is " + in_quotes(names[at]) + " here";
    throw file_error(source, "belongs to another search space, or to this one on other images or with another number of classes (" + in_quotes(record.space) + ", and this one is " + own + ')' + differs, table_remedy);
  }
}
}  // namespace detail

}  // namespace hasse
