// The part of YAML that data.yaml files are written in: at the outermost level keys with a text, a list or a map of texts.
// Used by the reader of YOLO's folders. Deeper values are kept as nothing, since nobody asks for them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse::detail {

/// A value; `list` has the elements of a list and the values of a map, `keys` the keys of a map.
struct yaml_value {
  std::string text;
  std::vector<std::string> list, keys;
  bool is_text = true;
  std::size_t line = 0;
};

class yaml_lines {
 public:
  yaml_lines(std::string_view bytes, const std::string& where);

  std::map<std::string, yaml_value> read();

 private:
  static std::string_view trimmed(std::string_view text);

  /// Up to a "#" that stands alone and outside of quotes, and without blanks at the end.
  static std::string_view without_comment(std::string_view line);

  file_error refusal(std::size_t line, const std::string& problem) const;
  [[noreturn]] void refuse(const std::string& problem) const { throw refusal(at_ + 1, problem); }

  bool next();
  std::size_t indent() const { return lines_[at_].find_first_not_of(' '); }
  bool dashed() const;

  std::string plain(std::string_view text) const;

  /// The key of a line, and what stands behind its colon.
  std::pair<std::string, std::string_view> key_of(std::string_view line) const;

  /// [a, b] or {a: b}, over as many lines as it takes.
  void inline_value(std::string_view first, yaml_value& value);

  /// What stands in the lines below a key.
  void below(yaml_value& value);

  const std::string& where_;
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/data/detail/yaml_lines.inl>
#endif
