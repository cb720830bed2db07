// JSON that comes from anywhere: parsed with limits, read with types, and every refusal names the file, the place and the remedy.
// Used by latency (tables), result (configuration, frontier), the journal and the safetensors header.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse {

using nlohmann::json;

/// What a JSON file may cost before it is refused. `values` counts every number, string, array and object.
struct json_limits {
  std::uintmax_t bytes = std::uintmax_t{256} << 20;
  int depth = 32;
  std::size_t values = std::size_t{1} << 24;
};

namespace detail {

/// "line 3, column 17" of a byte offset.
inline std::string place_in(std::string_view text, std::size_t offset) {
  std::size_t line = 1, column = 1;
  for (const char letter : text.substr(0, std::min(offset, text.size()))) letter == '\n' ? (++line, column = 1) : ++column;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Builds the value while it counts; the library's own builder has no limits and keeps the last of two equal keys.
class json_builder : public nlohmann::json_sax<json> {
 public:
  explicit json_builder(const json_limits& limits) : limits_(limits) {}
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->contains(name)) return refuse("the key " + in_quotes(name) + " twice in one object");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& reason) override {
    problem = reason.id == 406 ? "a number too large to hold" : "text that is not JSON";
    offset = position > 0 ? position - 1 : 0;
    return false;
  }

  json result;
  std::string problem;
  std::optional<std::size_t> offset;

 private:
  bool refuse(std::string what) {
    problem = std::move(what);
    return false;
  }
  json* place(json value) {
    if (open_.empty()) return &(result = std::move(value));
    if (open_.back()->is_array()) return &open_.back()->emplace_back(std::move(value));
    return &((*open_.back())[key_] = std::move(value));
  }
  bool put(json value) {
    if (++count_ > limits_.values) return refuse("more than " + std::to_string(limits_.values) + " values");
    place(std::move(value));
    return true;
  }
  bool open(json value) {
    if (++count_ > limits_.values) return refuse("more than " + std::to_string(limits_.values) + " values");
    if (static_cast<int>(open_.size()) >= limits_.depth)
      return refuse("more than " + std::to_string(limits_.depth) + " nested arrays and objects");
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json_limits limits_;
  std::size_t count_ = 0;
  std::string key_;
  std::vector<json*> open_;
};

}  // namespace detail

/// Parses `text`; `path` is only named in errors. Refuses duplicate keys, too deep nesting and anything after the value.
inline json parse_json(std::string_view text, const std::string& path, const json_limits& limits = {}) {
  if (text.size() > limits.bytes)
    throw file_error(path, "has " + std::to_string(text.size()) + " bytes of JSON, more than the " + std::to_string(limits.bytes) + " allowed",
                     "check that it is the right file");
  detail::json_builder builder(limits);
  if (!json::sax_parse(text, &builder, json::input_format_t::json, true)) {
    const std::string where = builder.offset ? " at " + detail::place_in(text, *builder.offset) : "";
    throw file_error(path, "holds " + builder.problem + where, "restore it from a copy or make it again");
  }
  return std::move(builder.result);
}

/// The JSON value that the whole file holds.
inline json read_json(const std::filesystem::path& path, const json_limits& limits = {}) {
  return parse_json(read_file(path, limits.bytes), path.string(), limits);
}

/// The text of `value`; bytes that are not UTF-8 become replacement characters. `indent` < 0: one line.
inline std::string json_text(const json& value, int indent = -1) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

/// The text as JSON files will say it: bytes that are not UTF-8 become replacement characters.
inline std::string valid_utf8(const std::string& text) { return json::parse(json_text(json(text))).get<std::string>(); }

/// Replaces the file by the text of `value` and a newline (two spaces of indentation).
inline void write_json(const std::filesystem::path& path, const json& value) { replace_file(path, json_text(value, 2) + '\n'); }

/// JSON has no NaN and no infinity: they are written as null, and `maybe<double>` reads them as absent.
inline json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

/// A value for use inside an error sentence, cut where it is long.
inline std::string shown(const json& value) { return detail::printable(detail::clipped(json_text(value))); }

namespace detail {
template <class Type>
concept WholeNumber = std::integral<Type> && !std::same_as<Type, bool>;

template <class Type>
std::string json_word() {
  if constexpr (std::same_as<Type, bool>) return "true or false";
  else if constexpr (WholeNumber<Type>)
    return "a whole number from " + std::to_string(std::numeric_limits<Type>::min()) + " to " + std::to_string(std::numeric_limits<Type>::max());
  else if constexpr (std::floating_point<Type>) return "a finite number";
  else return "text";
}

/// The value as `Type`, or nothing when it is of another kind or does not fit.
template <class Type>
std::optional<Type> json_as(const json& value) {
  if constexpr (std::same_as<Type, bool>) {
    if (value.is_boolean()) return value.get<bool>();
  } else if constexpr (WholeNumber<Type>) {
    if (value.is_number_unsigned() && std::in_range<Type>(value.get<std::uint64_t>())) return static_cast<Type>(value.get<std::uint64_t>());
    if (value.is_number_integer() && !value.is_number_unsigned() && std::in_range<Type>(value.get<std::int64_t>()))
      return static_cast<Type>(value.get<std::int64_t>());
  } else if constexpr (std::floating_point<Type>) {
    if (value.is_number() && std::abs(value.get<double>()) <= static_cast<double>(std::numeric_limits<Type>::max()))
      return static_cast<Type>(value.get<double>());
  } else {
    static_assert(std::same_as<Type, std::string>, "hasse: require<> reads bool, numbers and std::string; use require_array or require_object");
    if (value.is_string()) return value.get<std::string>();
  }
  return std::nullopt;
}

inline std::string json_place(const std::string& place, const std::string& key) {
  return in_quotes(key) + (place.empty() ? "" : " in " + place);
}

inline const json& json_member(const json& object, const std::string& key, const std::string& path, const std::string& place) {
  if (!object.is_object())
    throw file_error(path, (place.empty() ? "the content" : place) + " is not an object", "check that it is the right file");
  const auto found = object.find(key);
  if (found == object.end()) throw file_error(path, "lacks " + json_place(place, key), "check that it is the right file and version");
  return *found;
}
}  // namespace detail

/// `object[key]` as bool, a whole number that fits, a finite floating-point number or std::string; a file_error names path, key and place.
template <class Type>
Type require(const json& object, const std::string& key, const std::string& path, const std::string& place = "") {
  if (auto value = detail::json_as<Type>(detail::json_member(object, key, path, place))) return *std::move(value);
  throw file_error(path, detail::json_place(place, key) + " must be " + detail::json_word<Type>(), "correct it or make the file again");
}

/// As `require`, but absent keys and null give nothing.
template <class Type>
std::optional<Type> maybe(const json& object, const std::string& key, const std::string& path, const std::string& place = "") {
  if (object.is_object() && (!object.contains(key) || object.at(key).is_null())) return std::nullopt;
  return require<Type>(object, key, path, place);
}

/// `object[key]`, an array of at most `limit` elements.
inline const json& require_array(const json& object, const std::string& key, const std::string& path, const std::string& place = "",
                                 std::size_t limit = std::size_t{1} << 20) {
  const json& value = detail::json_member(object, key, path, place);
  if (!value.is_array() || value.size() > limit)
    throw file_error(path, detail::json_place(place, key) + " must be a list of at most " + std::to_string(limit) + " elements",
                     "correct it or make the file again");
  return value;
}

/// `object[key]`, an object.
inline const json& require_object(const json& object, const std::string& key, const std::string& path, const std::string& place = "") {
  const json& value = detail::json_member(object, key, path, place);
  if (!value.is_object()) throw file_error(path, detail::json_place(place, key) + " must be an object", "correct it or make the file again");
  return value;
}

/// Refuses keys that the reader does not know: a misspelt option must not be skipped in silence.
inline void allow_only(const json& object, std::initializer_list<std::string_view> keys, const std::string& path, const std::string& place = "") {
  for (const auto& [key, value] : object.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw file_error(path, "has the unknown key " + detail::json_place(place, key), "remove it, or read the file with the version that wrote it");
}

}  // namespace hasse
