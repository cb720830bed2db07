// The bodies of latency/help_csv.hpp, as core/apart.hpp says.
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/help_csv.hpp>

namespace hasse {

namespace detail {
inline std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t begin = 0;;) {
    const std::size_t end = line.find(',', begin);
    cells.push_back(line.substr(begin, end - begin));
    if (end == line.npos) return cells;
    begin = end + 1;
  }
}

template <class Number>
bool whole_text_number(std::string_view text, Number& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc{} && end == text.data() + text.size();
}
}  // namespace detail

HASSE_BODY listed_latencies parse_help_csv(std::string_view text, const std::string& path) {
  constexpr std::string_view latency = "lat_";
  listed_latencies result{.source = path, .fields = {}, .devices = {}, .networks = {}};
  std::size_t line_number = 0;
  const auto refuse = [&](const std::string& problem, const char* remedy = "get the file again from where it was published") {
    throw file_error(path, "line " + std::to_string(line_number) + ": " + problem, remedy);
  };
  std::set<std::int64_t> seen;
  std::set<std::vector<std::string>> networks;
  std::size_t columns = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto cells = detail::cells_of(line);
    if (line_number == 1) {
      constexpr const char* remedy =
          "give a table of HELP, whose first line reads index, the network's fields, then lat_ and a device";
      std::set<std::string_view> names(cells.begin(), cells.end());
      if (cells.size() > 256 || names.size() != cells.size()) refuse("the header has a column twice, or more than 256", remedy);
      if (cells[0] != "index") refuse("the header does not begin with \"index\"", remedy);
      for (const std::string_view cell : std::span(cells).subspan(1)) {
        const bool device = cell.starts_with(latency) && cell.size() > latency.size();
        if (cell.empty() || (!device && !result.devices.empty()))
          refuse("the header has " + detail::in_quotes(cell) + ", nameless or behind a device", remedy);
        (device ? result.devices : result.fields).emplace_back(device ? cell.substr(latency.size()) : cell);
      }
      if (result.fields.empty() || result.devices.empty()) refuse("the header lacks the network's fields or the devices", remedy);
      columns = cells.size();
      continue;
    }
    if (cells.size() != columns)
      refuse("has " + std::to_string(cells.size()) + " cells where the header has " + std::to_string(columns));
    listed_network network;
    if (!detail::whole_text_number(cells[0], network.index) || network.index < 0 || !seen.insert(network.index).second)
      refuse("the index " + detail::in_quotes(cells[0]) + " is no number, or stands there twice");
    for (std::size_t at = 1; at < columns; ++at) {
      const std::string_view cell = cells[at];
      if (const std::size_t field = at - 1; field < result.fields.size()) {
        const bool digits = !cell.empty() && cell.find_first_not_of("0123456789") == cell.npos;
        if (!digits || (!result.networks.empty() && result.networks[0].digits[field].size() != cell.size()))
          refuse(detail::in_quotes(result.fields[field]) + " is " + detail::in_quotes(cell) +
                 ", not as many digits as in the first network");
        network.digits.emplace_back(cell);
        continue;
      }
      double milliseconds = 0;
      if (!detail::whole_text_number(cell, milliseconds) || !(milliseconds > 0 && milliseconds <= 3'600'000))
        refuse("the latency on " + detail::in_quotes(result.devices[at - 1 - result.fields.size()]) + " is " +
               detail::in_quotes(cell) + ", not milliseconds above 0");
      network.milliseconds.push_back(milliseconds);
    }
    if (!networks.insert(network.digits).second) refuse("the network " + detail::in_quotes(cells[1]) + " stands there twice");
    result.networks.push_back(std::move(network));
  }
  if (result.networks.empty()) refuse("no network follows", "check that the file is whole");
  return result;
}

HASSE_BODY listed_latencies read_help_csv(const std::filesystem::path& path) {
  return parse_help_csv(read_file(path, std::uintmax_t{64} << 20), path.string());
}

}  // namespace hasse

namespace hasse {

HASSE_BODY std::size_t listed_latencies::column_of(const std::string& device) const {
  const auto found = std::find(devices.begin(), devices.end(), device);
  if (found != devices.end()) return static_cast<std::size_t>(found - devices.begin());
  std::string known;
  for (const std::string& each : devices) known += (known.empty() ? "" : ", ") + each;
  throw file_error(source, "has no device " + detail::in_quotes(device), "choose one of " + known);
}

}  // namespace hasse
