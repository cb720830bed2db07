// The bodies of file/json.hpp, as core/apart.hpp says.
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

#include <hasse/file/json.hpp>

namespace hasse {

namespace detail {

/// "line 3, column 17" of a byte offset.
inline std::string place_in(std::string_view text, std::size_t offset) {
  std::size_t line = 1, column = 1;
  for (const char letter : text.substr(0, std::min(offset, text.size()))) letter == '\n' ? (++line, column = 1) : ++column;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Builds the value while it counts; the library's own builder has no limits and keeps the last of two equal keys.
class json_builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit json_builder(const json_limits& limits) : limits_(limits) {}
  bool null() override { return put(json()); }
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

/// The same value as the library has it that writes it.
inline nlohmann::json foreign(const json& value) {
  switch (value.type()) {
    case json::sort::null: break;
    case json::sort::boolean: return value.get<bool>();
    case json::sort::integer: return value.get<std::int64_t>();
    case json::sort::whole: return value.get<std::uint64_t>();
    case json::sort::number: return value.get<double>();
    case json::sort::text: return value.text();
    case json::sort::list: {
      auto list = nlohmann::json::array();
      for (const json& each : value) list.push_back(foreign(each));
      return list;
    }
    case json::sort::object: {
      auto object = nlohmann::json::object();
      for (const auto& [key, member] : value.items()) object[key] = foreign(member);
      return object;
    }
  }
  return nullptr;
}
}  // namespace detail

HASSE_BODY json parse_json(std::string_view text, const std::string& path, const json_limits& limits) {
  if (text.size() > limits.bytes)
    throw file_error(path, "has " + std::to_string(text.size()) + " bytes of JSON, more than the " + std::to_string(limits.bytes) + " allowed",
                     "check that it is the right file");
  detail::json_builder builder(limits);
  if (!nlohmann::json::sax_parse(text, &builder, nlohmann::json::input_format_t::json, true)) {
    const std::string where = builder.offset ? " at " + detail::place_in(text, *builder.offset) : "";
    throw file_error(path, "holds " + builder.problem + where, "restore it from a copy or make it again");
  }
  return std::move(builder.result);
}

HASSE_BODY json read_json(const std::filesystem::path& path, const json_limits& limits) {
  return parse_json(read_file(path, limits.bytes), path.string(), limits);
}

HASSE_BODY std::string json_text(const json& value, int indent) {
  return detail::foreign(value).dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

HASSE_BODY std::string valid_utf8(const std::string& text) { return parse_json(json_text(json(text)), "text").text(); }

HASSE_BODY void write_json(const std::filesystem::path& path, const json& value) { replace_file(path, json_text(value, 2) + '\n'); }

HASSE_BODY json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

HASSE_BODY std::string shown(const json& value) { return detail::printable(detail::clipped(json_text(value))); }

namespace detail {

HASSE_BODY std::string json_place(const std::string& place, const std::string& key) {
  return in_quotes(key) + (place.empty() ? "" : " in " + place);
}

HASSE_BODY const json& json_member(const json& object, const std::string& key, const std::string& path, const std::string& place) {
  if (!object.is_object())
    throw file_error(path, (place.empty() ? "the content" : place) + " is not an object", "check that it is the right file");
  const auto found = object.find(key);
  if (found == object.end()) throw file_error(path, "lacks " + json_place(place, key), "check that it is the right file and version");
  return *found;
}
}  // namespace detail

HASSE_BODY const json& require_array(const json& object, const std::string& key, const std::string& path, const std::string& place,
                                 std::size_t limit) {
  const json& value = detail::json_member(object, key, path, place);
  if (!value.is_array() || value.size() > limit)
    throw file_error(path, detail::json_place(place, key) + " must be a list of at most " + std::to_string(limit) + " elements",
                     "correct it or make the file again");
  return value;
}

HASSE_BODY const json& require_object(const json& object, const std::string& key, const std::string& path, const std::string& place) {
  const json& value = detail::json_member(object, key, path, place);
  if (!value.is_object()) throw file_error(path, detail::json_place(place, key) + " must be an object", "correct it or make the file again");
  return value;
}

HASSE_BODY void allow_only(const json& object, std::initializer_list<std::string_view> keys, const std::string& path, const std::string& place) {
  for (const auto& [key, value] : object.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw file_error(path, "has the unknown key " + detail::json_place(place, key), "remove it, or read the file with the version that wrote it");
}

}  // namespace hasse
