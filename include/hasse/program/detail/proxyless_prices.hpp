// The prices that hasse_proxyless searches by, and what other runs found by theirs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <hasse/file/journal.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/latency/foreign_yaml.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/price/any_price.hpp>
#include <hasse/price/foreign.hpp>
#include <hasse/price/layer_table.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/mbconv_space.hpp>

namespace hasse::detail {

/// The prices of a supernet's candidates, as a journal says them.
inline json json_of(const price_unit& unit, const std::string& device, const gated_costs& costs) {
  return {{"device", device}, {"unit", std::string(unit.suffix)}, {"fixed", costs.fixed}, {"candidates", costs.flat()}};
}

/// A journal says once by which prices it searched, and is refused when this start has others.
inline void bind_prices(journal& book, const any_price& price, const gated_costs& costs) {
  const json now = json_of(price.unit(), price.device(), costs);
  const auto before = recall(book, "prices");
  if (!before) book.append("prices", now);
  else if (before->payload() != now)
    throw file_error(before->path(), "holds a search by other prices of the candidates than those of this start",
                     "give the table back that it was begun with, or choose another folder");
}

/// The image side and the classes of the networks that a foreign table is about: of its first and its last row.
inline void fit_to(const foreign_table& table, mbconv_space& space) {
  const auto row_of = [&](foreign_kind kind) -> const foreign_block& {
    for (const auto& [key, row] : table.rows)
      if (row.block.kind == kind) return row.block;
    throw file_error(table.source, std::string("has no row of a ") + (kind == foreign_kind::stem ? "stem" : "classifier"),
                     "give a table of whole networks");
  };
  space.input = row_of(foreign_kind::stem).in;
  space.classes = row_of(foreign_kind::logits).out.c;
}

/// True for files of this library, damaged ones included: JSON that says what it is. Tables of others are kept as JSON, too.
inline bool is_own_table(const std::filesystem::path& path) {
  const std::string text = read_file(path, detail::largest_table);
  const std::size_t first = text.find_first_not_of(" \t\r\n", text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  return first != text.npos && text[first] == '{' && (text.find("\"kind\"") != text.npos || text.find("\"checksum\"") != text.npos);
}

/// Networks by whose latencies those of candidates are estimated: every block with a candidate of its own.
inline std::vector<layer_list> surveyed(const mbconv_space& space) {
  constexpr int networks = 80;
  const gated_list list = gated_list_of(space);
  random_source random(1);
  std::vector<layer_list> found;
  for (int i = 0; i < networks; ++i) {
    std::vector<int> choice;
    for (const gated_block& block : list.blocks) choice.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(block.count()))));
    found.push_back(list.path(choice));
  }
  return found;
}

/// The latency of candidates as a price. `table`: of another device, "" for this one, whose layers are measured inside whole networks,
/// as they will run, and kept in `own`. `space` comes back with the images and classes that the table is about.
inline any_price latency_price(mbconv_space& space, const std::string& table, layer_table& own, const progress_sink& progress) {
  if (table.empty()) {
    const gated_list list = gated_list_of(space);
    int most = 0;
    for (const gated_block& block : list.blocks) most = std::max(most, block.count());
    for (int candidate = 0; candidate < most; ++candidate) {
      std::vector<int> choice;
      for (const gated_block& block : list.blocks) choice.push_back(std::min(candidate, block.count() - 1));
      own.latency_of(list.path(choice), progress);
    }
    return layer_table_price(own);
  }
  if (is_own_table(table)) return layer_table_price(layer_table::load(table));
  foreign_price other{read_foreign_table(table)};
  fit_to(other.table, space);
  return other;
}

/// What another run of the same space found, by its journal.
struct found_elsewhere {
  std::string run;
  std::vector<int> choice;
  std::string unit, device;
  gated_costs costs;
  double validation = 0, test = 0;
};

inline found_elsewhere read_found(const std::filesystem::path& run, const std::string& space, const gated_list& list) {
  const std::string where = run.string();
  const json settings = read_json(run / "config.json");
  if (!settings.is_object() || settings.value("space", json()) != json(space))
    throw file_error(where, "is no run of hasse_proxyless in the space " + space, "name a run of the same space with --beside");
  found_elsewhere other{.run = run.filename().string(), .choice = {}, .unit = {}, .device = {}, .costs = {}};
  bool judged = false, priced = false;
  for (const journal_record& record : replay_journal(run / "journal")) {
    const json& payload = record.payload;
    const std::string line = "record " + std::to_string(record.sequence);
    if (record.operation == "prices") {
      other.unit = require<std::string>(payload, "unit", where, line);
      other.device = require<std::string>(payload, "device", where, line);
      other.costs.fixed = require<double>(payload, "fixed", where, line);
      const json& flat = require_array(payload, "candidates", where, line);
      auto next = flat.begin();
      bool fits = true;
      other.costs.blocks.clear();
      for (const int block : list.searched()) {
        std::vector<double>& costs = other.costs.blocks.emplace_back();
        for (int i = 0; fits && i < list.block(block).count(); ++i)
          if (fits = next != flat.end() && next->is_number(); fits) costs.push_back((next++)->get<double>());
      }
      if (!fits || next != flat.end())
        throw file_error(where, line + " has not one price for each candidate of the space " + space, "name another run");
      priced = true;
    }
    if (record.operation == "found") other.choice = list.parse(require<std::string>(payload, "choice", where, line));
    if (record.operation == "judged" && payload.value("network", json()) == json("found")) {
      other.validation = require<double>(payload, "validation", where, line);
      other.test = require<double>(payload, "test", where, line);
      judged = true;
    }
  }
  if (other.choice.empty() || !judged || !priced)
    throw file_error(where, "is a run that has not ended", "let it end, then name it with --beside");
  return other;
}

}  // namespace hasse::detail
