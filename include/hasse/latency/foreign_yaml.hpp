// Reads the block tables of ProxylessNAS and Once-for-All, which are YAML, and so also JSON: a map of keys to mean and, where they are
// known, count and std (or var).
// Used by programs that search for a device that others measured; the only header that includes yaml-cpp.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/latency/foreign_table.hpp>

namespace hasse {

namespace detail {
inline constexpr const char* foreign_yaml_remedy = "give a map of keys to mean and, where they are known, count and std (or var), as ProxylessNAS wrote them";

/// Takes the events of a map of maps of numbers, and refuses all else as soon as it comes: nothing nests, nothing is shared.
class foreign_events final : public YAML::EventHandler {
 public:
  explicit foreign_events(const std::string& path) : path_(path) {}

  std::vector<foreign_entry> take() { return std::move(entries_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "has an empty value"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "refers to another place"); }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    if (depth_ == 2 && key_) refuse(mark, in_quotes(field_) + " of " + row_name() + " is a list, where a number is needed");
    refuse(mark, "has a list");
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    if (depth_ == 2 || key_ != (depth_ == 1)) refuse(mark, "has a map where a name or a number is needed");
    ++depth_, key_ = false;
  }
  void OnMapEnd() override {
    if (--depth_ == 1) finish_row();
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string& value) override {
    if (depth_ == 0 || (depth_ == 1 && key_)) refuse(mark, "has " + in_quotes(value) + " where a map is needed");
    if (depth_ == 1) {
      entries_.push_back({.key = value, .line = line_of(mark)});
      key_ = true;
      mean_ = deviation_ = variance_ = {}, count_ = {};
    } else if (!key_) {
      field_ = value, key_ = true;
    } else {
      key_ = false;
      put(mark, value);
    }
  }

 private:
  static std::size_t line_of(const YAML::Mark& mark) { return static_cast<std::size_t>(std::max(0, mark.line)) + 1; }

  [[noreturn]] void refuse(std::size_t line, const std::string& problem) const {
    throw file_error(path_, "line " + std::to_string(line) + ": " + problem, foreign_yaml_remedy);
  }
  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& problem) const { refuse(line_of(mark), problem); }

  std::string row_name() const { return in_quotes(entries_.back().key); }

  template <class Number>
  void read(const YAML::Mark& mark, const std::string& text, std::optional<Number>& into) const {
    Number value{};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size())
      refuse(mark, in_quotes(field_) + " of " + row_name() + " is " + in_quotes(text) + " and no number that can be held");
    if (into) refuse(mark, in_quotes(field_) + " of " + row_name() + " stands there twice");
    into = value;
  }

  /// 79, or 79.0 as programs write it that know one kind of number.
  void read_count(const YAML::Mark& mark, const std::string& text) {
    std::optional<double> value;
    read(mark, text, value);
    if (count_) refuse(mark, in_quotes(field_) + " of " + row_name() + " stands there twice");
    if (!(*value == std::floor(*value) && std::abs(*value) <= 1e15))
      refuse(mark, in_quotes(field_) + " of " + row_name() + " is " + in_quotes(text) + " and no whole number");
    count_ = static_cast<std::int64_t>(*value);
  }

  void put(const YAML::Mark& mark, const std::string& value) {
    if (field_ == "mean") return read(mark, value, mean_);
    if (field_ == "std") return read(mark, value, deviation_);
    if (field_ == "var") return read(mark, value, variance_);
    if (field_ == "count") return read_count(mark, value);
    refuse(mark, row_name() + " has the unknown field " + in_quotes(field_));
  }

  void finish_row() {
    foreign_entry& row = entries_.back();
    key_ = false;
    if (!mean_) refuse(row.line, row_name() + " has no mean");
    if (deviation_ && variance_) refuse(row.line, row_name() + " has both std and var");
    row.mean = *mean_, row.count = count_, row.deviation = deviation_;
    if (variance_) row.deviation = std::sqrt(*variance_);
  }

  const std::string& path_;
  std::vector<foreign_entry> entries_;
  std::string field_;
  int depth_ = 0;
  bool key_ = false;  ///< the name of the value that comes next has been read
  std::optional<double> mean_, deviation_, variance_;
  std::optional<std::int64_t> count_;
};
}  // namespace detail

/// The table that `text` holds; `path` is only named. `expected` refuses a table of the other dialect.
inline foreign_table parse_foreign_table(const std::string& text, const std::string& path,
                                         std::optional<foreign_dialect> expected = {}) {
  detail::foreign_events events(path);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(events);
    if (parser) throw file_error(path, "holds more than one document", detail::foreign_yaml_remedy);
  } catch (const YAML::Exception& fault) {
    throw file_error(path, "line " + std::to_string(fault.mark.line + 1) + ": is no YAML (" + fault.msg + ")",
                     detail::foreign_yaml_remedy);
  }
  return foreign_table_from(events.take(), path, expected);
}

/// The table in a file.
inline foreign_table read_foreign_table(const std::filesystem::path& path, std::optional<foreign_dialect> expected = {}) {
  return parse_foreign_table(read_file(path, std::uintmax_t{16} << 20), path.string(), expected);
}

}  // namespace hasse
