// What latency.json holds, as plain values, and its text form: written the same every time, read as if it were hostile.
// Used by table, which adds the meaning that a space gives to the rows.
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

namespace hasse {

/// A row has a latency, or a reason why it has none; it is never zero and never silently missing.
enum class row_state : std::uint8_t { measured, unsupported };

/// One part of the space. Times in nanoseconds: p50 is the median over contexts, p10 and p90 the spread of all visits' medians,
/// noise half the range between undisturbed rounds.
struct latency_row {
  std::string part;  ///< "stage 2 later: basic s1 64>64 @8x8", unique in a space
  row_state state = row_state::measured;
  std::string reason;          ///< unsupported: why
  std::string implementation;  ///< measured: what ran, per step
  std::int64_t p50 = 0, p10 = 0, p90 = 0, noise = 0;
  int samples = 0, contexts = 0;
  rejections rejected{};
  friend bool operator==(const latency_row&, const latency_row&) = default;
};

/// One random network of the additivity check, in nanoseconds.
struct additivity_pair {
  std::string network;
  std::int64_t sum = 0, whole = 0;
  double error() const { return whole > 0 ? static_cast<double>(sum - whole) / static_cast<double>(whole) : 0; }
  friend bool operator==(const additivity_pair&, const additivity_pair&) = default;
};

/// How well sums of rows predict whole networks.
struct additivity {
  std::vector<additivity_pair> networks;

  /// The median of |sum - whole| / whole.
  double median_error() const { return error_at(0.5); }
  double worst_error() const { return error_at(1); }
  friend bool operator==(const additivity&, const additivity&) = default;

 private:
  double error_at(double share) const {
    std::vector<double> errors;
    for (const additivity_pair& each : networks) errors.push_back(std::abs(each.error()));
    if (errors.empty()) return 0;
    std::sort(errors.begin(), errors.end());
    const double place = share * static_cast<double>(errors.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const double above = place - static_cast<double>(below);
    return above > 0 ? errors[below] * (1 - above) + errors[below + 1] * above : errors[below];
  }
};

/// A latency table as its file holds it. While it is being measured it holds the rounds so far, afterwards the rows.
struct latency_record {
  std::string space;  ///< identity of the space: sixteen hexadecimal digits
  device_facts device;
  protocol rules;
  std::string date;                        ///< when measuring began
  int resolution = 1;                      ///< sums are counted in multiples of so many ticks of 100 ns
  std::vector<std::vector<visit>> rounds;  ///< [round][network]; empty when complete
  std::vector<latency_row> rows;
  hasse::additivity additivity;
  std::map<std::string, std::string> kernels;  ///< by layer, the code that the backend found fastest and ran

  bool complete() const { return !rows.empty(); }
  friend bool operator==(const latency_record&, const latency_record&) = default;
};

namespace detail {
inline constexpr int table_schema = 1;
inline constexpr const char* table_kind = "hasse latency table";
inline constexpr const char* table_remedy = "name another path, or move the file away to measure again";
inline constexpr std::uintmax_t largest_table = std::uintmax_t{64} << 20;
inline constexpr std::int64_t longest_latency = 3'600'000'000'000;  // one hour in nanoseconds

inline std::string share_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

inline std::string checksum_of(const json& content) { return std::string(hex64(fnv1a(json_text(content))).view()); }

inline json rejections_json(rejections value) { return {{"quanta_of_4ms", value.quanta}, {"disturbed", value.disturbed}}; }

inline json row_json(const latency_row& row) {
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
  return {{"laps_ns", value.laps}, {"total_ns", value.total},    {"p10_ns", value.p10},
          {"p90_ns", value.p90},   {"accepted", value.accepted}, {"rejected", rejections_json(value.rejected)}};
}

inline json device_json(const device_facts& device) {
  return {{"name", device.name},         {"features", device.features}, {"backend", device.backend}, {"library", device.library},
          {"compiler", device.compiler}, {"cores", device.cores},       {"threads", device.threads}, {"notes", device.notes}};
}

inline std::string unit_of(const std::string& scalar) { return "nanoseconds; batch 1; " + scalar + "; NHWC; batch norm folded"; }

inline json protocol_json(const protocol& rules) {
  return {{"rounds", rules.rounds},
          {"warm_up", rules.warm_up},
          {"samples", rules.samples},
          {"visit_milliseconds", rules.visit_milliseconds},
          {"contexts", rules.contexts},
          {"checked", rules.checked},
          {"disturbed_percent", rules.disturbed_percent},
          {"seed", rules.seed}};
}

/// Reads members of one object with the file's name and the object's place in every refusal.
struct member_reader {
  const json& object;
  const std::string& path;
  std::string place;

  member_reader(const json& from, const std::string& file, std::string where, std::initializer_list<std::string_view> keys)
      : object(from), path(file), place(std::move(where)) {
    if (!object.is_object()) throw file_error(path, place + " is not an object", table_remedy);
    allow_only(object, keys, path, place);
  }
  std::string text(const char* key, std::size_t most = 4096) const {
    std::string value = require<std::string>(object, key, path, place);
    if (value.size() > most)
      throw file_error(path, in_quotes(key) + " in " + place + " is longer than " + std::to_string(most) + " letters",
                       table_remedy);
    return value;
  }
  std::int64_t number(const char* key, std::int64_t least, std::int64_t most) const {
    const auto value = require<std::int64_t>(object, key, path, place);
    if (value < least || value > most)
      throw file_error(path,
                       in_quotes(key) + " in " + place + " is " + std::to_string(value) + ", not within " + std::to_string(least) +
                           " to " + std::to_string(most),
                       table_remedy);
    return value;
  }
  int count(const char* key, int least, int most) const { return static_cast<int>(number(key, least, most)); }
  std::int64_t time(const char* key, std::int64_t least = 0) const { return number(key, least, longest_latency); }
  rejections rejected() const {
    const member_reader from(require_object(object, "rejected", path, place), path, "\"rejected\" in " + place,
                             {"quanta_of_4ms", "disturbed"});
    return {from.count("quanta_of_4ms", 0, INT32_MAX / 2), from.count("disturbed", 0, INT32_MAX / 2)};
  }
};

inline latency_row read_row(const json& from, const std::string& path, const std::string& place) {
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
  const member_reader read(from, path, place, {"laps_ns", "total_ns", "p10_ns", "p90_ns", "accepted", "rejected"});
  visit result;
  for (const json& lap : require_array(from, "laps_ns", path, place, 1024)) {
    const auto value = json_as<std::int64_t>(lap);
    if (!value || *value < 0 || *value > longest_latency)
      throw file_error(path, "\"laps_ns\" in " + place + " has something that is no latency", table_remedy);
    result.laps.push_back(*value);
  }
  result.total = read.time("total_ns"), result.p10 = read.time("p10_ns"), result.p90 = read.time("p90_ns");
  result.accepted = read.count("accepted", 1, 1'000'000), result.rejected = read.rejected();
  return result;
}

/// The content of a file of this kind and schema, whose checksum is right; without that.
inline json checked_content(std::string_view text, const std::string& path, const char* kind, int schema) {
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

inline device_facts read_device(const json& content, const std::string& path) {
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

inline protocol read_protocol(const json& content, const std::string& path) {
  const member_reader read(
      require_object(content, "protocol", path), path, "\"protocol\"",
      {"rounds", "warm_up", "samples", "visit_milliseconds", "contexts", "checked", "disturbed_percent", "seed"});
  return {read.count("rounds", 2, 100),
          read.count("warm_up", 1, 1000),
          read.count("samples", 3, 10'000),
          read.count("visit_milliseconds", 1, 60'000),
          read.count("contexts", 1, 64),
          read.count("checked", 1, 1000),
          read.count("disturbed_percent", 1, 1000),
          require<std::uint64_t>(read.object, "seed", path, read.place)};
}

inline std::map<std::string, std::string> read_kernels(const json& content, const std::string& path) {
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

/// Refuses a table of another device or protocol than the one at hand.
inline void check_same(const device_facts& measured, const device_facts& here, const protocol& then, const protocol& now,
                       const std::string& path) {
  if (const std::string other = difference(measured, here); !other.empty())
    throw file_error(path, "was measured elsewhere: " + other, table_remedy);
  if (then != now) throw file_error(path, "was measured under another protocol", table_remedy);
}

/// The time of day in Greenwich: "2024-05-17T09:30:00Z".
inline std::string time_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts_of_now{};
  char text[32];
  ::gmtime_r(&now, &parts_of_now);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts_of_now);
  return text;
}
}  // namespace detail

/// The text of the file; equal records give equal bytes.
inline std::string to_text(const latency_record& record) {
  json content = {{"kind", detail::table_kind},
                  {"schema", detail::table_schema},
                  {"unit", detail::unit_of(record.device.scalar)},
                  {"state", record.complete() ? "complete" : "incomplete"},
                  {"space", record.space},
                  {"device", detail::device_json(record.device)},
                  {"protocol", detail::protocol_json(record.rules)},
                  {"date", record.date},
                  {"resolution_ticks", record.resolution}};
  if (!record.kernels.empty()) content["kernels"] = record.kernels;
  if (record.complete()) {
    json rows = json::array(), networks = json::array();
    for (const latency_row& row : record.rows) rows.push_back(detail::row_json(row));
    for (const additivity_pair& each : record.additivity.networks)
      networks.push_back({{"network", each.network}, {"sum_ns", each.sum}, {"whole_ns", each.whole}});
    content["rows"] = std::move(rows);
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

/// Reads what `to_text` wrote; `path` is only named in refusals.
inline latency_record parse_latency_record(std::string_view text, const std::string& path) {
  const json content = detail::checked_content(text, path, detail::table_kind, detail::table_schema);
  const detail::member_reader read(content, path, "the table",
                                   {"kind", "schema", "unit", "state", "space", "device", "protocol", "date", "resolution_ticks",
                                    "rows", "additivity", "rounds", "kernels"});
  latency_record record;
  const std::string state = read.text("state");
  if (state != "complete" && state != "incomplete")
    throw file_error(path, "has the unknown state " + detail::in_quotes(state), detail::table_remedy);
  record.space = read.text("space", 16), record.date = read.text("date", 64),
  record.resolution = read.count("resolution_ticks", 1, 1'000'000'000);

  record.device = detail::read_device(content, path);
  record.rules = detail::read_protocol(content, path);
  record.kernels = detail::read_kernels(content, path);

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
  std::set<std::string> seen;
  for (const json& each : require_array(content, "rows", path, "", 100'000)) {
    record.rows.push_back(detail::read_row(each, path, "row " + std::to_string(record.rows.size() + 1)));
    if (!seen.insert(record.rows.back().part).second)
      throw file_error(path, "has two rows for the part " + detail::in_quotes(record.rows.back().part), detail::table_remedy);
  }
  if (record.rows.empty()) throw file_error(path, "is complete but has no rows", detail::table_remedy);
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
