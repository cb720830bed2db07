// JSON that comes from anywhere: parsed with limits, read with types, and every refusal names the file, the place and the remedy.
// Used by latency (tables), result (configuration, frontier), the journal and the safetensors header.
#pragma once

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

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/json_value.hpp>

namespace hasse {

/// What a JSON file may cost before it is refused. `values` counts every number, string, array and object.
struct json_limits {
  std::uintmax_t bytes = std::uintmax_t{256} << 20;
  int depth = 32;
  std::size_t values = std::size_t{1} << 24;
};

/// Parses `text`; `path` is only named in errors. Refuses duplicate keys, too deep nesting and anything after the value.
HASSE_BODY json parse_json(std::string_view text, const std::string& path, const json_limits& limits = {});

/// The JSON value that the whole file holds.
HASSE_BODY json read_json(const std::filesystem::path& path, const json_limits& limits = {});

/// The text as JSON files will say it: bytes that are not UTF-8 become replacement characters.
HASSE_BODY std::string valid_utf8(const std::string& text);

/// Replaces the file by the text of `value` and a newline (two spaces of indentation).
HASSE_BODY void write_json(const std::filesystem::path& path, const json& value);

/// JSON has no NaN and no infinity: they are written as null, and `maybe<double>` reads them as absent.
HASSE_BODY json number_or_null(double value);

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

HASSE_BODY std::string json_place(const std::string& place, const std::string& key);

HASSE_BODY const json& json_member(const json& object, const std::string& key, const std::string& path, const std::string& place);
void json_member(json&&, const std::string&, const std::string&, const std::string&) = delete;  // it would refer to what ends
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
HASSE_BODY const json& require_array(const json& object, const std::string& key, const std::string& path, const std::string& place = "",
                                 std::size_t limit = std::size_t{1} << 20);
void require_array(json&&, const std::string&, const std::string&, const std::string& = "", std::size_t = 0) = delete;  // as json_member

/// `object[key]`, an object.
HASSE_BODY const json& require_object(const json& object, const std::string& key, const std::string& path, const std::string& place = "");
void require_object(json&&, const std::string&, const std::string&, const std::string& = "") = delete;

/// Refuses keys that the reader does not know: a misspelt option must not be skipped in silence.
HASSE_BODY void allow_only(const json& object, std::initializer_list<std::string_view> keys, const std::string& path, const std::string& place = "");

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/json.inl>
#endif
