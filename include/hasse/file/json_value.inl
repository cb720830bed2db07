// The bodies of file/json_value.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/json_value.hpp>

namespace hasse {

namespace detail {
/// A value that was asked for something that it is not.
[[noreturn]] inline void refuse_json(const json& value, const std::string& needed) {
  throw error("the JSON value " + shown(value) + " was asked for " + needed + "; what comes from a file is read by require or maybe, which tell the place");
}
}  // namespace detail

HASSE_BODY json::json(sort kind) : sort_(kind) {
  if (kind == sort::text) held_.text = new std::string;
  if (kind == sort::list) held_.list = new list_type;
  if (kind == sort::object) held_.object = new object_type;
}
HASSE_BODY json::json(std::string value) : sort_(sort::text), held_{.text = new std::string(std::move(value))} {}
HASSE_BODY json::json(std::string_view value) : json(std::string(value)) {}
HASSE_BODY json::json(const char* value) : json(std::string(value)) {}

HASSE_BODY json::json(std::initializer_list<json_item> items) {
  const bool pairs = std::all_of(items.begin(), items.end(), [](const json_item& each) {
    return each.value_.is_array() && each.value_.size() == 2 && each.value_.front().is_string();
  });
  *this = pairs ? object() : array(items);
  if (pairs)
    for (const json_item& each : items) held_.object->try_emplace(std::move(*each.value_.front().held_.text), std::move(each.value_.back()));
}

HASSE_BODY json json::array(std::initializer_list<json_item> items) {
  json made = array();
  made.held_.list->reserve(items.size());
  for (const json_item& each : items) made.held_.list->push_back(std::move(each.value_));
  return made;
}

HASSE_BODY json::json(const json& other) : sort_(other.sort_), held_(other.held_) {
  if (sort_ == sort::text) held_.text = new std::string(*other.held_.text);
  if (sort_ == sort::list) held_.list = new list_type(*other.held_.list);
  if (sort_ == sort::object) held_.object = new object_type(*other.held_.object);
}

HASSE_BODY json::json(json&& other) noexcept : sort_(std::exchange(other.sort_, sort::null)), held_(other.held_) {}

HASSE_BODY json& json::operator=(json other) noexcept {
  std::swap(sort_, other.sort_), std::swap(held_, other.held_);
  return *this;
}

HASSE_BODY json::~json() {
  if (sort_ == sort::text) delete held_.text;
  if (sort_ == sort::list) delete held_.list;
  if (sort_ == sort::object) delete held_.object;
}

HASSE_BODY bool json::truth() const {
  if (!is_boolean()) detail::refuse_json(*this, "true or false");
  return held_.boolean;
}

HASSE_BODY std::int64_t json::integer() const {
  if (sort_ == sort::number) return static_cast<std::int64_t>(held_.number);
  return static_cast<std::int64_t>(whole());
}

HASSE_BODY std::uint64_t json::whole() const {
  if (sort_ == sort::whole) return held_.whole;
  if (sort_ == sort::integer) return static_cast<std::uint64_t>(held_.integer);
  if (sort_ == sort::number) return static_cast<std::uint64_t>(held_.number);
  detail::refuse_json(*this, "a number");
}

HASSE_BODY double json::number() const {
  if (sort_ == sort::number) return held_.number;
  return sort_ == sort::integer ? static_cast<double>(held_.integer) : static_cast<double>(whole());
}

HASSE_BODY const std::string& json::text() const& {
  if (!is_string()) detail::refuse_json(*this, "text");
  return *held_.text;
}
HASSE_BODY std::string json::text() && {
  text();  // or it is refused
  return std::move(*held_.text);
}

HASSE_BODY const json::list_type& json::list() const {
  if (!is_array()) detail::refuse_json(*this, "a list");
  return *held_.list;
}

HASSE_BODY std::size_t json::size() const {
  if (is_array()) return held_.list->size();
  return is_object() ? held_.object->size() : !is_null();
}

HASSE_BODY json* json::begin() { return is_array() ? held_.list->data() : nullptr; }
HASSE_BODY json* json::end() { return is_array() ? held_.list->data() + held_.list->size() : nullptr; }
HASSE_BODY const json* json::begin() const { return is_array() ? held_.list->data() : nullptr; }
HASSE_BODY const json* json::end() const { return is_array() ? held_.list->data() + held_.list->size() : nullptr; }

HASSE_BODY const json& json::at(std::size_t index) const& {
  if (index >= list().size()) detail::refuse_json(*this, "element " + std::to_string(index) + " of " + std::to_string(size()) + ", counted from 0");
  return (*held_.list)[index];
}
HASSE_BODY json& json::at(std::size_t index) & { return const_cast<json&>(std::as_const(*this).at(index)); }

HASSE_BODY json& json::push_back(json value) {
  if (is_null()) *this = array();
  list();  // or it is refused
  return held_.list->emplace_back(std::move(value));
}

HASSE_BODY void json::erase(std::size_t index) {
  at(index);
  held_.list->erase(held_.list->begin() + static_cast<std::ptrdiff_t>(index));
}

HASSE_BODY const json::object_type& json::items() const& {
  static const object_type none;
  return is_object() ? *held_.object : none;
}
HASSE_BODY json::object_type json::items() && { return is_object() ? std::move(*held_.object) : object_type(); }

HASSE_BODY const json* json::find(std::string_view key) const& {
  const auto found = items().find(key);
  return found == items().end() ? nullptr : &found->second;
}
HASSE_BODY json* json::find(std::string_view key) & { return const_cast<json*>(std::as_const(*this).find(key)); }

HASSE_BODY const json& json::at(std::string_view key) const& {
  if (const json* found = find(key)) return *found;
  detail::refuse_json(*this, "its member " + detail::in_quotes(key));
}
HASSE_BODY json& json::at(std::string_view key) & { return const_cast<json&>(std::as_const(*this).at(key)); }

HASSE_BODY json& json::member(std::string_view key) {
  if (is_null()) *this = object();
  if (!is_object()) detail::refuse_json(*this, "members");
  if (json* found = find(key)) return *found;
  return (*held_.object)[std::string(key)];
}

HASSE_BODY json json::value(std::string_view key, json otherwise) const {
  const json* found = find(key);
  return found ? *found : otherwise;
}

HASSE_BODY void json::update(const json& members) {
  for (const auto& [key, value] : members.items()) member(key) = value;
}

HASSE_BODY void json::erase(std::string_view key) {
  if (const auto found = items().find(key); found != items().end()) held_.object->erase(found);
}

HASSE_BODY bool json::equals(const json& other) const {
  if (is_number() && other.is_number()) {
    if (sort_ == sort::number || other.sort_ == sort::number) return number() == other.number();
    return whole() == other.whole() && (sort_ == other.sort_ || integer() >= 0);
  }
  if (sort_ != other.sort_) return false;
  switch (sort_) {
    case sort::boolean: return held_.boolean == other.held_.boolean;
    case sort::text: return *held_.text == *other.held_.text;
    case sort::list: return *held_.list == *other.held_.list;
    case sort::object: return *held_.object == *other.held_.object;
    default: return true;
  }
}

HASSE_BODY std::ostream& json::write(std::ostream& to) const { return to << json_text(*this); }

}  // namespace hasse
