// What latency.json holds, as plain values, and its text form: written the same every time, read as if it were hostile.
// Used by table, which adds the meaning that a space gives to the rows.
#pragma once

#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/json_value.hpp>
#include <hasse/latency/beat.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/latency/probe.hpp>

namespace hasse {

/// A row has a latency, or a reason why it has none; it is never zero and never silently missing.
enum class row_state : std::uint8_t { measured, unsupported };

/// One part of the space. Times in nanoseconds, at the speed of the quiet beat: p50 is what fits laps and whole networks best, p10
/// and p90 the spread of all visits' laps, noise the standard error, by halves of the rounds and of the networks.
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
  /// Of this share of the networks none is missed by more.
  double error_at(double share) const;
  friend bool operator==(const additivity&, const additivity&) = default;
};

/// A network that the device could not run, in its own words.
struct network_failure {
  std::string network, reason;
  friend bool operator==(const network_failure&, const network_failure&) = default;
};

/// A network that was measured whole after its table was made, beside its sum then, in nanoseconds at the speed of the quiet beat.
struct measured_whole {
  std::string network;
  std::int64_t sum = 0, whole = 0, noise = 0;
  friend bool operator==(const measured_whole&, const measured_whole&) = default;
};
struct corrected_row {
  std::string part;
  std::int64_t before = 0, after = 0;
  friend bool operator==(const corrected_row&, const corrected_row&) = default;
};
/// What became of rows when whole networks were further from their sums than the table states.
struct table_correction {
  std::string date;
  std::vector<measured_whole> networks;
  std::vector<corrected_row> rows;
  friend bool operator==(const table_correction&, const table_correction&) = default;
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
  beat_record beat{};
  std::vector<network_failure> failures{};  ///< of devices that are asked for whole networks
  std::vector<table_correction> corrections{};  ///< each on top of those before it; `rows` stay as they were measured
  std::map<std::string, std::string> kernels;  ///< by layer, the code that the backend found fastest and ran

  bool complete() const { return !rows.empty(); }
  friend bool operator==(const latency_record&, const latency_record&) = default;
};

namespace detail {
inline constexpr int table_schema = 2;
inline constexpr const char* table_kind = "hasse latency table";
inline constexpr const char* table_remedy = "name another path, or move the file away to measure again";
inline constexpr std::uintmax_t largest_table = std::uintmax_t{64} << 20;
inline constexpr std::int64_t longest_latency = 3'600'000'000'000;  // one hour in nanoseconds

HASSE_BODY std::string share_text(double share);

HASSE_BODY std::string checksum_of(const json& content);

HASSE_BODY json rejections_json(rejections value);

HASSE_BODY json row_json(const latency_row& row);

HASSE_BODY json device_json(const device_facts& device);

HASSE_BODY std::string unit_of(const std::string& scalar);

HASSE_BODY json protocol_json(const protocol& rules);

/// Reads members of one object with the file's name and the object's place in every refusal.
struct member_reader {
  const json& object;
  const std::string& path;
  std::string place;

  member_reader(const json& from, const std::string& file, std::string where, std::initializer_list<std::string_view> keys);
  std::string text(const char* key, std::size_t most = 4096) const;
  std::int64_t number(const char* key, std::int64_t least, std::int64_t most) const;
  int count(const char* key, int least, int most) const { return static_cast<int>(number(key, least, most)); }
  std::int64_t time(const char* key, std::int64_t least = 0) const { return number(key, least, longest_latency); }
  rejections rejected() const;
};

HASSE_BODY latency_row read_row(const json& from, const std::string& path, const std::string& place);

/// The content of a file of this kind and schema, whose checksum is right; without that.
HASSE_BODY json checked_content(std::string_view text, const std::string& path, const char* kind, int schema);

HASSE_BODY device_facts read_device(const json& content, const std::string& path);

HASSE_BODY protocol read_protocol(const json& content, const std::string& path);

HASSE_BODY std::map<std::string, std::string> read_kernels(const json& content, const std::string& path);

/// Refuses a table of another device or protocol than the one at hand.
HASSE_BODY void check_same(const device_facts& measured, const device_facts& here, const protocol& then, const protocol& now,
                       const std::string& path);

/// The time of day in Greenwich: "2024-05-17T09:30:00Z".
HASSE_BODY std::string time_text();
}  // namespace detail

/// The text of the file; equal records give equal bytes.
HASSE_BODY std::string to_text(const latency_record& record);

/// Reads what `to_text` wrote; `path` is only named in refusals.
HASSE_BODY latency_record parse_latency_record(std::string_view text, const std::string& path);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/record.inl>
#endif
