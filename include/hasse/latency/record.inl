// The bodies of latency/record.hpp, as core/apart.hpp says.
#pragma once

#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/latency/probe.hpp>
#include <hasse/latency/record.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::string share_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

HASSE_BODY std::string checksum_of(const json& content) { return std::string(hex64(fnv1a(json_text(content))).view()); }

HASSE_BODY json rejections_json(rejections value) { return {{"quanta_of_4ms", value.quanta}, {"disturbed", value.disturbed}}; }

HASSE_BODY json row_json(const latency_row& row) {
  if (row.state == row_state::unsupported) return {{"part", row.part}, {"state", "unsupported"}, {"reason", row.reason}};
  return {{"part", row.part},
          {"state", "measured"},
          {"implementation", row.implementation},
          {"p50_ns", row.p50},
          {"p10_ns", row.p10},
          {"p90_ns", row.p90},
          {"noise_ns", row.noise},
          {"samples", row.samples},
          {"contexts", row.contexts},
          {"rejected", rejections_json(row.rejected)}};
}

inline json visit_json(const visit& value) {
  if (!value.failure.empty()) return {{"failure", value.failure}};
  return {{"laps_ns", value.laps}, {"total_ns", value.total},    {"p10_ns", value.p10},
          {"p90_ns", value.p90},   {"beat_ns", value.beat},      {"accepted", value.accepted}, {"rejected", rejections_json(value.rejected)}};
}

HASSE_BODY json device_json(const device_facts& device) {
  return {{"name", device.name},         {"features", device.features}, {"backend", device.backend}, {"library", device.library},
          {"compiler", device.compiler}, {"cores", device.cores},       {"threads", device.threads}, {"notes", device.notes}};
}

HASSE_BODY std::string unit_of(const std::string& scalar) { return "nanoseconds; batch 1; " + scalar + "; NHWC; batch norm folded"; }

HASSE_BODY json protocol_json(const protocol& rules) {
  return {{"rounds", rules.rounds},
          {"warm_up", rules.warm_up},
          {"samples", rules.samples},
          {"visit_milliseconds", rules.visit_milliseconds},
          {"contexts", rules.contexts},
          {"checked", rules.checked},
          {"disturbed_percent", rules.disturbed_percent},
          {"error_percent", rules.error_percent},
          {"seed", rules.seed}};
}

HASSE_BODY latency_row read_row(const json& from, const std::string& path, const std::string& place) {
  const member_reader read(
      from, path, place,
      {"part", "state", "reason", "implementation", "p50_ns", "p10_ns", "p90_ns", "noise_ns", "samples", "contexts", "rejected"});
  latency_row row;
  row.part = read.text("part");
  const member_reader named(
      from, path, "row " + in_quotes(row.part),
      {"part", "state", "reason", "implementation", "p50_ns", "p10_ns", "p90_ns", "noise_ns", "samples", "contexts", "rejected"});
  const std::string state = named.text("state");
  if (state == "unsupported") {
    row.state = row_state::unsupported, row.reason = named.text("reason");
    return row;
  }
  if (state != "measured") throw file_error(path, named.place + " has the unknown state " + in_quotes(state), table_remedy);
  row.implementation = named.text("implementation");
  row.p50 = named.time("p50_ns", 1), row.p10 = named.time("p10_ns", 1), row.p90 = named.time("p90_ns", 1),
  row.noise = named.time("noise_ns");
  row.samples = named.count("samples", 1, INT32_MAX), row.contexts = named.count("contexts", 1, INT32_MAX);
  row.rejected = named.rejected();
  return row;
}

inline visit read_visit(const json& from, const std::string& path, const std::string& place) {
  const member_reader read(from, path, place, {"laps_ns", "total_ns", "p10_ns", "p90_ns", "beat_ns", "accepted", "rejected", "failure"});
  visit result;
  if (from.contains("failure")) {
    result.failure = read.text("failure"), result.accepted = 1;
    if (result.failure.empty()) throw file_error(path, place + " failed for no reason", table_remedy);
    return result;
  }
  for (const json& lap : require_array(from, "laps_ns", path, place, 1024)) {
    const auto value = json_as<std::int64_t>(lap);
    if (!value || *value < 0 || *value > longest_latency)
      throw file_error(path, "\"laps_ns\" in " + place + " has something that is no latency", table_remedy);
    result.laps.push_back(*value);
  }
  result.total = read.time("total_ns"), result.p10 = read.time("p10_ns"), result.p90 = read.time("p90_ns"), result.beat = read.time("beat_ns");
  result.accepted = read.count("accepted", 1, 1'000'000), result.rejected = read.rejected();
  return result;
}

inline json correction_json(const table_correction& value) {
  json networks = json::array(), rows = json::array();
  for (const measured_whole& each : value.networks)
    networks.push_back({{"network", each.network}, {"sum_ns", each.sum}, {"whole_ns", each.whole}, {"noise_ns", each.noise}});
  for (const corrected_row& each : value.rows) rows.push_back({{"part", each.part}, {"before_ns", each.before}, {"after_ns", each.after}});
  return {{"date", value.date}, {"networks", std::move(networks)}, {"rows", std::move(rows)}};
}

/// The corrections of a table whose rows are read: each begins where the one before it ended.
inline void read_corrections(latency_record& record, const json& content, const std::string& path) {
  std::map<std::string, std::int64_t> times;
  for (const latency_row& row : record.rows)
    if (row.state == row_state::measured) times.emplace(row.part, row.p50);
  for (const json& each : require_array(content, "corrections", path, "", 1000)) {
    const std::string place = "correction " + std::to_string(record.corrections.size() + 1);
    const member_reader read(each, path, place, {"date", "networks", "rows"});
    table_correction& made = record.corrections.emplace_back();
    made.date = read.text("date", 64);
    for (const json& network : require_array(each, "networks", path, place, 1000)) {
      const member_reader from(network, path, "network " + std::to_string(made.networks.size() + 1) + " of " + place, {"network", "sum_ns", "whole_ns", "noise_ns"});
      made.networks.push_back({from.text("network"), from.time("sum_ns", 1), from.time("whole_ns", 1), from.time("noise_ns")});
    }
    for (const json& row : require_array(each, "rows", path, place, 100'000)) {
      const member_reader from(row, path, "row " + std::to_string(made.rows.size() + 1) + " of " + place, {"part", "before_ns", "after_ns"});
      made.rows.push_back({from.text("part"), from.time("before_ns", 1), from.time("after_ns", 1)});
      const corrected_row& last = made.rows.back();
      const auto known = times.find(last.part);
      if (known == times.end() || known->second != last.before)
        throw file_error(path, from.place + " corrects " + in_quotes(last.part) + " from " + std::to_string(last.before) + " ns, which the table does not say of it", table_remedy);
      known->second = last.after;
    }
  }
}

HASSE_BODY json checked_content(std::string_view text, const std::string& path, const char* kind, int schema) {
  const std::string what = kind + sizeof "hasse " - 1;
  json content = parse_json(text, path, {.bytes = largest_table});
  if (!content.is_object() || content.value("kind", json()) != json(kind))
    throw file_error(path, "is no " + what, table_remedy);
  if (const auto found = require<std::int64_t>(content, "schema", path); found != schema)
    throw file_error(path,
                     "is a " + what + " of schema " + std::to_string(found) + ", and this program reads schema " +
                         std::to_string(schema),
                     table_remedy);
  const auto checksum = require<std::string>(content, "checksum", path);
  content.erase("checksum");
  if (checksum != checksum_of(content))
    throw file_error(path, "was changed after it was written (its checksum differs)", table_remedy);
  return content;
}

HASSE_BODY device_facts read_device(const json& content, const std::string& path) {
  const member_reader read(require_object(content, "device", path), path, "\"device\"",
                           {"name", "features", "backend", "library", "compiler", "cores", "threads", "notes"});
  device_facts device{read.text("name"),
                      read.text("features"),
                      read.text("backend"),
                      read.text("library"),
                      read.text("compiler"),
                      read.count("cores", 0, 1 << 20),
                      read.count("threads", 0, 1 << 20),
                      read.text("notes")};
  const auto unit = require<std::string>(content, "unit", path);
  for (const char* each : {scalar_name<double>, scalar_name<bfloat16>, scalar_name<float16>})
    if (unit == unit_of(each)) device.scalar = each;
  if (unit != unit_of(device.scalar)) throw file_error(path, "is measured in the unknown unit " + in_quotes(unit), table_remedy);
  return device;
}

HASSE_BODY protocol read_protocol(const json& content, const std::string& path) {
  const member_reader read(
      require_object(content, "protocol", path), path, "\"protocol\"",
      {"rounds", "warm_up", "samples", "visit_milliseconds", "contexts", "checked", "disturbed_percent", "error_percent", "seed"});
  return {read.count("rounds", 2, 100),
          read.count("warm_up", 1, 1000),
          read.count("samples", 3, 10'000),
          read.count("visit_milliseconds", 1, 60'000),
          read.count("contexts", 1, 64),
          read.count("checked", 1, 1000),
          read.count("disturbed_percent", 1, 1000),
          read.count("error_percent", 0, 1000),
          require<std::uint64_t>(read.object, "seed", path, read.place)};
}

HASSE_BODY std::map<std::string, std::string> read_kernels(const json& content, const std::string& path) {
  std::map<std::string, std::string> result;
  if (!content.contains("kernels")) return result;
  const json& kernels = require_object(content, "kernels", path);
  if (kernels.size() > 100'000) throw file_error(path, "names the kernels of more than 100000 layers", table_remedy);
  for (const auto& [layer, kernel] : kernels.items()) {
    const auto name = json_as<std::string>(kernel);
    if (!name || name->size() > 400 || layer.size() > 4096)
      throw file_error(path, "has something in \"kernels\" that is no name of a kernel", table_remedy);
    result.emplace(layer, *name);
  }
  return result;
}

HASSE_BODY void check_same(const device_facts& measured, const device_facts& here, const protocol& then, const protocol& now,
                       const std::string& path) {
  if (const std::string other = difference(measured, here); !other.empty())
    throw file_error(path, "was measured elsewhere: " + other, table_remedy);
  if (then != now) throw file_error(path, "was measured under another protocol", table_remedy);
}

HASSE_BODY std::string time_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts_of_now{};
  char text[32];
  ::gmtime_r(&now, &parts_of_now);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts_of_now);
  return text;
}
}  // namespace detail

HASSE_BODY std::string to_text(const latency_record& record) {
  json content = {{"kind", detail::table_kind},
                  {"schema", detail::table_schema},
                  {"unit", detail::unit_of(record.device.scalar)},
                  {"state", record.complete() ? "complete" : "incomplete"},
                  {"space", record.space},
                  {"device", detail::device_json(record.device)},
                  {"protocol", detail::protocol_json(record.rules)},
                  {"date", record.date},
                  {"resolution_ticks", record.resolution},
                  {"beat", {{"network", record.beat.network}, {"quiet_ns", record.beat.quiet}, {"typical_ns", record.beat.typical}}}};
  if (record.beat.reading == speed_reading::quick) content["beat"]["reading"] = "quick";
  if (!record.kernels.empty()) content["kernels"] = record.kernels;
  if (record.complete()) {
    json rows = json::array(), networks = json::array();
    for (const latency_row& row : record.rows) rows.push_back(detail::row_json(row));
    for (const additivity_pair& each : record.additivity.networks)
      networks.push_back({{"network", each.network}, {"sum_ns", each.sum}, {"whole_ns", each.whole}});
    content["rows"] = std::move(rows);
    for (const network_failure& each : record.failures)
      content["failures"].push_back({{"network", each.network}, {"reason", each.reason}});
    for (const table_correction& each : record.corrections) content["corrections"].push_back(detail::correction_json(each));
    content["additivity"] = {{"networks", std::move(networks)},
                             {"summary", "median error " + detail::share_text(record.additivity.median_error()) + ", worst " +
                                             detail::share_text(record.additivity.worst_error())}};
  } else {
    json rounds = json::array();
    for (const auto& round : record.rounds) {
      json visits = json::array();
      for (const visit& each : round) visits.push_back(detail::visit_json(each));
      rounds.push_back(std::move(visits));
    }
    content["rounds"] = std::move(rounds);
  }
  content["checksum"] = detail::checksum_of(content);
  return json_text(content, 1) + '\n';
}

HASSE_BODY latency_record parse_latency_record(std::string_view text, const std::string& path) {
  const json content = detail::checked_content(text, path, detail::table_kind, detail::table_schema);
  const detail::member_reader read(content, path, "the table",
                                   {"kind", "schema", "unit", "state", "space", "device", "protocol", "date", "resolution_ticks",
                                    "rows", "additivity", "rounds", "kernels", "beat", "failures", "corrections"});
  latency_record record;
  const std::string state = read.text("state");
  if (state != "complete" && state != "incomplete")
    throw file_error(path, "has the unknown state " + detail::in_quotes(state), detail::table_remedy);
  record.space = read.text("space", 16), record.date = read.text("date", 64),
  record.resolution = read.count("resolution_ticks", 1, 1'000'000'000);

  record.device = detail::read_device(content, path);
  record.rules = detail::read_protocol(content, path);
  record.kernels = detail::read_kernels(content, path);
  const detail::member_reader beat(require_object(content, "beat", path), path, "\"beat\"", {"network", "quiet_ns", "typical_ns", "reading"});
  record.beat = {beat.text("network"), beat.time("quiet_ns"), beat.time("typical_ns")};
  if (content.at("beat").contains("reading")) {
    if (const std::string reading = beat.text("reading", 16); reading != "quick")
      throw file_error(path, "has the unknown reading " + detail::in_quotes(reading) + " in \"beat\"", detail::table_remedy);
    record.beat.reading = speed_reading::quick;
  }

  if (state == "incomplete") {
    for (const json& round : require_array(content, "rounds", path, "", 100)) {
      const std::string place = "round " + std::to_string(record.rounds.size() + 1);
      if (!round.is_array() || round.size() > 100'000)
        throw file_error(path, place + " is no list of visits", detail::table_remedy);
      auto& visits = record.rounds.emplace_back();
      for (const json& each : round)
        visits.push_back(detail::read_visit(each, path, "visit " + std::to_string(visits.size() + 1) + " of " + place));
    }
    return record;
  }
  if (content.contains("failures"))
    for (const json& each : require_array(content, "failures", path, "", 100'000)) {
      const detail::member_reader failed(each, path, "failure " + std::to_string(record.failures.size() + 1), {"network", "reason"});
      record.failures.push_back({failed.text("network"), failed.text("reason")});
    }
  std::set<std::string> seen;
  for (const json& each : require_array(content, "rows", path, "", 100'000)) {
    record.rows.push_back(detail::read_row(each, path, "row " + std::to_string(record.rows.size() + 1)));
    if (!seen.insert(record.rows.back().part).second)
      throw file_error(path, "has two rows for the part " + detail::in_quotes(record.rows.back().part), detail::table_remedy);
  }
  if (record.rows.empty()) throw file_error(path, "is complete but has no rows", detail::table_remedy);
  if (content.contains("corrections")) detail::read_corrections(record, content, path);
  const json& additive = require_object(content, "additivity", path);
  const detail::member_reader additivity(additive, path, "\"additivity\"", {"networks", "summary"});
  for (const json& each : require_array(additive, "networks", path, additivity.place, 1000)) {
    const detail::member_reader pair(each, path,
                                     "network " + std::to_string(record.additivity.networks.size() + 1) + " of \"additivity\"",
                                     {"network", "sum_ns", "whole_ns"});
    record.additivity.networks.push_back({pair.text("network"), pair.time("sum_ns", 1), pair.time("whole_ns", 1)});
  }
  return record;
}

}  // namespace hasse

namespace hasse {

HASSE_BODY double additivity::error_at(double share) const {
  std::vector<double> errors;
  for (const additivity_pair& each : networks) errors.push_back(std::abs(each.error()));
  if (errors.empty()) return 0;
  std::sort(errors.begin(), errors.end());
  const double place = share * static_cast<double>(errors.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double above = place - static_cast<double>(below);
  return above > 0 ? errors[below] * (1 - above) + errors[below + 1] * above : errors[below];
}

namespace detail {

HASSE_BODY member_reader::member_reader(const json& from, const std::string& file, std::string where, std::initializer_list<std::string_view> keys) : object(from), path(file), place(std::move(where)) {
  if (!object.is_object()) throw file_error(path, place + " is not an object", table_remedy);
  allow_only(object, keys, path, place);
}

HASSE_BODY std::string member_reader::text(const char* key, std::size_t most) const {
  std::string value = require<std::string>(object, key, path, place);
  if (value.size() > most)
    throw file_error(path, in_quotes(key) + " in " + place + " is longer than " + std::to_string(most) + " letters",
                     table_remedy);
  return value;
}

HASSE_BODY std::int64_t member_reader::number(const char* key, std::int64_t least, std::int64_t most) const {
  const auto value = require<std::int64_t>(object, key, path, place);
  if (value < least || value > most)
    throw file_error(path,
                     in_quotes(key) + " in " + place + " is " + std::to_string(value) + ", not within " + std::to_string(least) +
                         " to " + std::to_string(most),
                     table_remedy);
  return value;
}

HASSE_BODY rejections member_reader::rejected() const {
  const member_reader from(require_object(object, "rejected", path, place), path, "\"rejected\" in " + place,
                           {"quanta_of_4ms", "disturbed"});
  return {from.count("quanta_of_4ms", 0, INT32_MAX / 2), from.count("disturbed", 0, INT32_MAX / 2)};
}

}  // namespace detail

}  // namespace hasse
