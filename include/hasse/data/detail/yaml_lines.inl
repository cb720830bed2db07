// The bodies of data/detail/yaml_lines.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/data/detail/yaml_lines.hpp>

namespace hasse::detail {

HASSE_BODY yaml_lines::yaml_lines(std::string_view bytes, const std::string& where) : where_(where) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    lines_.push_back(without_comment(bytes.substr(0, end)));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
}

HASSE_BODY std::map<std::string, yaml_value> yaml_lines::read() {
  std::map<std::string, yaml_value> values;
  while (next()) {
    if (lines_[at_].starts_with("---") || lines_[at_].starts_with("%")) {
      ++at_;
      continue;
    }
    if (indent() != 0) refuse("begins with blanks and belongs to no key");
    auto [key, rest] = key_of(lines_[at_]);
    yaml_value value;
    value.line = at_ + 1;
    ++at_;
    if (rest.starts_with('|') || rest.starts_with('>')) {
      while (next() && indent() > 0) ++at_;  // a text of several lines
    } else if (rest.starts_with('[') || rest.starts_with('{')) {
      inline_value(rest, value);
    } else if (!rest.empty()) {
      value.text = plain(rest);
    } else {
      below(value);
    }
    if (!values.try_emplace(key, std::move(value)).second) throw refusal(value.line, "says " + in_quotes(key) + " twice");
  }
  return values;
}

HASSE_BODY std::string_view yaml_lines::trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

HASSE_BODY std::string_view yaml_lines::without_comment(std::string_view line) {
  char quote = 0;
  std::size_t end = line.size();
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool starts = i == 0 || std::string_view(" \t,[{:").find(line[i - 1]) != std::string_view::npos;
    if (quote != 0)
      quote = line[i] == quote ? '\0' : quote;
    else if ((line[i] == '"' || line[i] == '\'') && starts)
      quote = line[i];
    else if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
      end = i;
      break;
    }
  }
  line = line.substr(0, end);
  return line.substr(0, line.find_last_not_of(" \t\r") + 1);
}

HASSE_BODY file_error yaml_lines::refusal(std::size_t line, const std::string& problem) const {
  return {where_, "line " + std::to_string(line) + ": " + problem, "write it as KEY: VALUE, KEY: [A, B] or a list below its key"};
}

HASSE_BODY bool yaml_lines::next() {
  while (at_ < lines_.size() && trimmed(lines_[at_]).empty()) ++at_;
  return at_ < lines_.size();
}

HASSE_BODY bool yaml_lines::dashed() const {
  const std::string_view line = trimmed(lines_[at_]);
  return line == "-" || line.starts_with("- ");
}

HASSE_BODY std::string yaml_lines::plain(std::string_view text) const {
  text = trimmed(text);
  if (text.size() < 2 || (text[0] != '"' && text[0] != '\'')) {
    if (text.starts_with('"') || text.starts_with('\'')) refuse("has a quote without an end");
    return std::string(text);
  }
  if (text.back() != text[0]) refuse("has a quote without an end");
  std::string result;
  const std::string_view inside = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const bool escaped = i + 1 < inside.size() && ((text[0] == '"' && inside[i] == '\\') || (text[0] == '\'' && inside[i] == '\'' && inside[i + 1] == '\''));
    result += inside[i += escaped ? 1 : 0];
  }
  return result;
}

HASSE_BODY std::pair<std::string, std::string_view> yaml_lines::key_of(std::string_view line) const {
  line = trimmed(line);
  std::size_t colon = line.starts_with('"') || line.starts_with('\'') ? line.find(line[0], 1) : 0;
  if (colon != line.npos) colon = line.find(':', colon);
  while (colon != line.npos && colon + 1 < line.size() && line[colon + 1] != ' ' && line[colon + 1] != '\t') colon = line.find(':', colon + 1);
  if (colon == line.npos || colon == 0) refuse("is no KEY: VALUE: " + in_quotes(line, 60));
  return {plain(line.substr(0, colon)), trimmed(line.substr(colon + 1))};
}

HASSE_BODY void yaml_lines::inline_value(std::string_view first, yaml_value& value) {
  std::string text(first);
  const char end = text[0] == '[' ? ']' : '}';
  value.is_text = false;
  std::vector<std::string> parts(1);
  char quote = 0;
  for (std::size_t i = 1;; ++i) {
    while (i >= text.size()) {  // it goes on in the next line
      if (!next()) refuse(std::string("the ") + text[0] + " of line " + std::to_string(value.line) + " has no end");
      text += ' ' + std::string(trimmed(lines_[at_++]));
    }
    const bool starts = trimmed(parts.back()).empty() || parts.back().ends_with(": ");
    if (quote == 0 && text[i] == end) {
      if (i + 1 < text.size()) throw refusal(value.line, "goes on behind its end");
      break;
    }
    if (quote == 0 && (text[i] == '[' || text[i] == '{')) throw refusal(value.line, "has a list inside of a list");
    if (quote == 0 && text[i] == ',') {
      parts.emplace_back();
      continue;
    }
    if (quote != 0)
      quote = text[i] == quote ? '\0' : quote;
    else if (starts && (text[i] == '"' || text[i] == '\''))
      quote = text[i];
    parts.back() += text[i];
  }
  if (trimmed(parts.back()).empty()) parts.pop_back();
  at_ -= at_ > 0 ? 1 : 0;  // errors below name the last line
  for (const std::string& part : parts) {
    if (end == ']') {
      value.list.push_back(plain(part));
    } else {
      const auto [key, rest] = key_of(part);
      value.keys.push_back(key), value.list.push_back(plain(rest));
    }
  }
  ++at_;
}

HASSE_BODY void yaml_lines::below(yaml_value& value) {
  if (!next() || (indent() == 0 && !dashed())) return;
  value.is_text = false;
  const std::size_t depth = indent();
  const bool list = dashed();
  while (next() && indent() >= depth && (depth > 0 || dashed())) {
    if (indent() > depth) {  // deeper: nobody asks for it
      ++at_;
    } else if (dashed() != list) {
      refuse("mixes a list and a map");
    } else if (list) {
      value.list.push_back(plain(trimmed(lines_[at_]).substr(1)));
      ++at_;
    } else {
      const auto [key, rest] = key_of(lines_[at_]);
      value.keys.push_back(key), value.list.push_back(plain(rest));
      ++at_;
    }
  }
  if (at_ < lines_.size() && next() && indent() > 0) refuse("is indented otherwise than what is before it");
}

}  // namespace hasse::detail
