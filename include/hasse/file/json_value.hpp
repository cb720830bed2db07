// A value of JSON, in memory: null, true or false, a number, text, a list, or an object with its keys in order. It is read, checked and
// written by file/json.hpp. Used by file, latency, search, result and programs; a type of our own, since the usual libraries for JSON take
// a compiler a second in every file.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse {

class json;
class json_item;

namespace detail {
template <class Type>
concept JsonWhole = std::integral<Type> && !std::same_as<Type, bool>;
template <class Type>
concept JsonScalar = std::integral<Type> || std::floating_point<Type>;
template <class Type>
concept JsonText = std::convertible_to<const Type&, std::string_view>;
/// What becomes a list or an object.
template <class Type>
concept JsonRange = !std::same_as<Type, json> && !JsonText<Type> && requires(const Type& range) { range.begin() != range.end(); };
template <class Type>
inline constexpr bool is_json_list = false;
template <class Element>
inline constexpr bool is_json_list<std::vector<Element>> = true;
/// What a value can be turned into.
template <class Type>
concept JsonTarget = (JsonScalar<Type> && !std::same_as<Type, char>) || std::same_as<Type, std::string> || is_json_list<Type>;
}  // namespace detail

/// Made from what it holds: nullptr, a number, text, a container, another value, or braces. Braces of pairs whose first is text are an
/// object, {{"name", "df1"}, {"macs", 12}}; other braces are a list, {1, 2}. What is asked of a value of another kind is an error.
/// A value that is about to end hands out what it holds by value, so that for (auto& each : read_json(path).at("rows")) has rows to walk.
class json {
 public:
  enum class sort : std::uint8_t { null, boolean, integer, whole, number, text, list, object };  ///< whole: an unsigned integer
  using list_type = std::vector<json>;
  using object_type = std::map<std::string, json, std::less<>>;

  json() noexcept {}
  json(std::nullptr_t) noexcept {}
  template <std::same_as<bool> Type>
  json(Type value) noexcept : sort_(sort::boolean), held_{.boolean = value} {}
  template <std::signed_integral Type>
  json(Type value) noexcept : sort_(sort::integer), held_{.integer = value} {}
  template <std::unsigned_integral Type>
    requires detail::JsonWhole<Type>
  json(Type value) noexcept : sort_(sort::whole), held_{.whole = value} {}
  template <std::floating_point Type>
  json(Type value) noexcept : sort_(sort::number), held_{.number = static_cast<double>(value)} {}
  json(std::string value);
  json(std::string_view value);
  json(const char* value);
  template <detail::JsonRange Range>
  json(const Range& range);
  json(std::initializer_list<json_item> items);

  json(const json& other);
  json(json&& other) noexcept;
  json& operator=(json other) noexcept;
  ~json();

  static json array() { return json(sort::list); }
  static json array(std::initializer_list<json_item> items);
  static json object() { return json(sort::object); }

  bool is_null() const { return sort_ == sort::null; }
  bool is_boolean() const { return sort_ == sort::boolean; }
  bool is_number() const { return sort_ >= sort::integer && sort_ <= sort::number; }
  bool is_number_integer() const { return sort_ == sort::integer || sort_ == sort::whole; }
  bool is_number_unsigned() const { return sort_ == sort::whole; }
  bool is_string() const { return sort_ == sort::text; }
  bool is_array() const { return sort_ == sort::list; }
  bool is_object() const { return sort_ == sort::object; }
  sort type() const { return sort_; }

  /// The value as a number, bool, text or a vector of such; numbers are converted as static_cast does.
  template <class Type>
  Type get() const;
  template <detail::JsonTarget Type>
  operator Type() const {
    return get<Type>();
  }
  const std::string& text() const&;
  std::string text() &&;

  /// Elements of a list, members of an object, 0 of null, else 1.
  std::size_t size() const;
  bool empty() const { return size() == 0; }

  // A list. Null becomes one by the first push_back. Other values have no elements.
  json* begin();
  json* end();
  const json* begin() const;
  const json* end() const;
  json& at(std::size_t index) &;
  const json& at(std::size_t index) const&;
  json at(std::size_t index) && { return std::move(at(index)); }
  template <detail::JsonWhole Type>
  json& operator[](Type index) & {
    return at(static_cast<std::size_t>(index));
  }
  template <detail::JsonWhole Type>
  const json& operator[](Type index) const& {
    return at(static_cast<std::size_t>(index));
  }
  template <detail::JsonWhole Type>
  json operator[](Type index) && {
    return std::move(at(static_cast<std::size_t>(index)));
  }
  json& front() & { return at(0); }
  const json& front() const& { return at(0); }
  json front() && { return std::move(at(0)); }
  json& back() & { return at(size() - 1); }
  const json& back() const& { return at(size() - 1); }
  json back() && { return std::move(at(size() - 1)); }
  json& push_back(json value);
  json& emplace_back(json value) { return push_back(std::move(value)); }
  void erase(std::size_t index);

  // An object. Null becomes one by the first [].
  /// The members, for (const auto& [key, value] : it.items()); none where it is no object.
  const object_type& items() const&;
  object_type items() &&;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// nullptr, which is end(), where there is none.
  json* find(std::string_view key) &;
  const json* find(std::string_view key) const&;
  void find(std::string_view key) && = delete;  // it would point into what ends
  json& at(std::string_view key) &;
  const json& at(std::string_view key) const&;
  json at(std::string_view key) && { return std::move(at(key)); }
  template <detail::JsonText Key>
  json& operator[](const Key& key) & {
    return member(key);
  }
  template <detail::JsonText Key>
  const json& operator[](const Key& key) const& {
    return at(std::string_view(key));
  }
  template <detail::JsonText Key>
  json operator[](const Key& key) && {
    return std::move(at(std::string_view(key)));
  }
  /// The member, or that where there is none.
  json value(std::string_view key, json otherwise) const;
  /// Takes over all members of the other object.
  void update(const json& members);
  void erase(std::string_view key);

  friend bool operator==(const json& left, const json& right) { return left.equals(right); }
  template <detail::JsonScalar Type>
  friend bool operator==(const json& left, Type right) {
    return left.equals(json(right));
  }
  friend std::ostream& operator<<(std::ostream& to, const json& value) { return value.write(to); }

 private:
  friend class json_item;
  explicit json(sort kind);
  json& member(std::string_view key);
  bool equals(const json& other) const;
  std::ostream& write(std::ostream& to) const;
  bool truth() const;
  std::int64_t integer() const;
  std::uint64_t whole() const;
  double number() const;
  const list_type& list() const;

  union content {
    std::uint64_t whole;
    std::int64_t integer;
    bool boolean;
    double number;
    std::string* text;  // the last three are owned
    list_type* list;
    object_type* object;
  };
  sort sort_ = sort::null;
  content held_{0};
};

/// A value between braces, which is moved out of them.
class json_item {
 public:
  template <class Type>
    requires(!std::same_as<std::remove_cvref_t<Type>, json_item> && std::convertible_to<Type, json>)
  json_item(Type&& value) : value_(std::forward<Type>(value)) {}
  json_item(std::initializer_list<json_item> items) : value_(items) {}

 private:
  friend class json;
  mutable json value_;
};

/// The text of `value`; bytes that are not UTF-8 become replacement characters. `indent` < 0: one line.
HASSE_BODY std::string json_text(const json& value, int indent = -1);

/// A value for use inside an error sentence, cut where it is long.
HASSE_BODY std::string shown(const json& value);

template <detail::JsonRange Range>
json::json(const Range& range) {
  if constexpr (requires { typename Range::mapped_type; }) {
    *this = object();
    for (const auto& [key, value] : range) member(key) = value;
  } else {
    *this = array();
    for (const auto& value : range) push_back(value);
  }
}

template <class Type>
Type json::get() const {
  if constexpr (std::same_as<Type, json>) return *this;
  else if constexpr (std::same_as<Type, bool>) return truth();
  else if constexpr (std::floating_point<Type>) return static_cast<Type>(number());
  else if constexpr (detail::JsonWhole<Type>) {
    if constexpr (std::is_signed_v<Type>) return static_cast<Type>(integer());
    else return static_cast<Type>(whole());
  } else if constexpr (std::same_as<Type, std::string>) {
    return text();
  } else {
    static_assert(detail::is_json_list<Type>, "hasse: a value of JSON is read as bool, a number, std::string or a std::vector of such");
    Type all;
    for (const json& each : list()) all.push_back(each.get<typename Type::value_type>());
    return all;
  }
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/json_value.inl>
#endif
