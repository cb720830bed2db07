// The elements and texts of a small XML file. What annotations do not need (document types, entities of one's own) is refused.
// Used by the reader of Pascal VOC's annotations.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse::detail {

/// Calls opened(name), text(piece) and closed(name) in the order of the file; attributes are skipped. `where` names the file in errors.
template <class Opened, class Text, class Closed>
class xml_reader {
 public:
  xml_reader(std::string_view bytes, const std::string& where, Opened opened, Text text, Closed closed)
      : rest_(bytes), all_(bytes), where_(where), opened_(opened), text_(text), closed_(closed) {}

  void read() {
    take("\xef\xbb\xbf");
    bool seen = false;
    for (;;) {
      const std::string_view before = rest_.substr(0, rest_.find('<'));
      if (!open_.empty())
        tell(before);
      else if (before.find_first_not_of(blanks) != before.npos)
        refuse("text outside of its element");
      rest_.remove_prefix(before.size());
      if (rest_.empty()) break;
      if (take("<?")) {
        skip_to("?>");
      } else if (take("<!--")) {
        skip_to("-->");
      } else if (take("<![CDATA[")) {
        if (open_.empty()) refuse("text outside of its element");
        text_(skip_to("]]>"));
      } else if (rest_.starts_with("<!")) {
        refuse("a document type");
      } else if (take("</")) {
        const std::string_view name = take_name();
        take_blanks();
        if (open_.empty() || open_.back() != name || !take(">")) refuse("an end that has no beginning");
        end();
      } else {
        take("<");
        if (open_.empty() && std::exchange(seen, true)) refuse("a second root");
        begin();
      }
    }
    if (!open_.empty()) refuse("no end of the element " + in_quotes(open_.back()));
    if (!seen) refuse("no element");
  }

 private:
  static constexpr std::string_view blanks = " \t\r\n";
  static constexpr std::size_t most_open = 64;

  [[noreturn]] void refuse(const std::string& problem) const {
    std::size_t line = 1;
    for (const char letter : all_.substr(0, all_.size() - rest_.size())) line += letter == '\n';
    throw file_error(where_, "line " + std::to_string(line) + ": is no XML that is read: " + problem, "write the annotation again");
  }

  bool take(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  void take_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size())); }

  std::string_view skip_to(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == rest_.npos) refuse("no " + std::string(end));
    const std::string_view skipped = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return skipped;
  }

  std::string_view take_name() {
    const std::string_view name = rest_.substr(0, rest_.find_first_of(" \t\r\n/>=<\"'&"));
    if (name.empty()) refuse("an element without a name");
    rest_.remove_prefix(name.size());
    return name;
  }

  void begin() {
    const std::string_view name = take_name();
    if (open_.size() == most_open) refuse("more than " + std::to_string(most_open) + " elements inside of each other");
    open_.push_back(name);
    opened_(name);
    for (take_blanks();; take_blanks()) {
      if (take("/>")) return end();
      if (take(">")) return;
      take_name();
      take_blanks();
      if (!take("=")) refuse("an attribute without a value");
      take_blanks();
      if (take("\""))
        skip_to("\"");
      else if (take("'"))
        skip_to("'");
      else
        refuse("an attribute without a value");
    }
  }

  void end() {
    const std::string_view name = open_.back();
    open_.pop_back();
    closed_(name);
  }

  void tell(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t reference = piece.find('&');
      if (reference > 0) text_(piece.substr(0, reference));
      if (reference == piece.npos) return;
      const std::size_t end = piece.find(';', reference);
      if (end == piece.npos) refuse("a reference without an end");
      text_(meant_by(piece.substr(reference + 1, end - reference - 1)));
      piece.remove_prefix(end + 1);
    }
  }

  std::string meant_by(std::string_view name) const {
    for (const auto& [known, letter] : {std::pair{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}})
      if (name == known) return std::string(1, letter);
    const bool hexadecimal = name.starts_with("#x");
    std::uint32_t code = 0;
    for (const char digit : name.substr(std::min<std::size_t>(hexadecimal ? 2 : 1, name.size()))) {
      const int value = digit >= '0' && digit <= '9' ? digit - '0' : hexadecimal && (digit | 32) >= 'a' && (digit | 32) <= 'f' ? (digit | 32) - 'a' + 10 : -1;
      if (value < 0 || code > 0x10ffff) return refuse_reference(name);
      code = code * (hexadecimal ? 16u : 10u) + static_cast<std::uint32_t>(value);
    }
    if (!name.starts_with('#') || code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return refuse_reference(name);
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    if (code < 0x80) return {byte(code)};
    if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 63))};
    if (code < 0x10000) return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))};
    return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 63)), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))};
  }
  [[noreturn]] std::string refuse_reference(std::string_view name) const { refuse("the unknown reference " + in_quotes(name, 40)); }

  std::string_view rest_, all_;
  const std::string& where_;
  Opened opened_;
  Text text_;
  Closed closed_;
  std::vector<std::string_view> open_;
};

}  // namespace hasse::detail
