// The bodies of latency/foreign_table.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/core/units.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/foreign_table.hpp>

namespace hasse {

namespace detail {
inline constexpr std::string_view foreign_words[] = {"Conv", "expanded_conv", "Conv_1", "AvgPool2D", "Conv_2", "Logits"};
inline constexpr double longest_foreign_milliseconds = 3'600'000;  // one hour
inline constexpr int largest_expand_ratio = 32;                    // more than this is a number of channels

inline std::string shape_text(feature_shape shape) {
  return std::to_string(shape.h) + "x" + std::to_string(shape.w) + "x" + std::to_string(shape.c);
}

HASSE_BODY std::string foreign_key(const foreign_block& block, foreign_dialect dialect) {
  std::string text(foreign_words[static_cast<int>(block.kind)]);
  text += "-input:" + shape_text(block.in) +
          "-output:" + (block.kind == foreign_kind::logits ? std::to_string(block.out.c) : shape_text(block.out));
  if (block.kind != foreign_kind::mbconv) return text;
  const bool ratio = dialect == foreign_dialect::proxyless;
  std::string expand = std::to_string(block.middle);
  if (ratio && block.in.c > 0)
    expand = block.middle % block.in.c == 0 ? std::to_string(block.middle / block.in.c) : expand + "/" + std::to_string(block.in.c);
  text += "-expand:" + expand + "-kernel:" + std::to_string(block.kernel) + "-stride:" + std::to_string(block.stride) +
          "-idskip:" + (block.skip ? "1" : "0");
  if (!ratio || block.se || block.hs) text += std::string("-se:") + (block.se ? "1" : "0") + "-hs:" + (block.hs ? "1" : "0");
  return text;
}

/// Walks along a key; every step says whether it found what it wants.
struct key_walk {
  std::string_view rest;
  bool literal(std::string_view text) {
    const bool found = rest.starts_with(text);
    if (found) rest.remove_prefix(text.size());
    return found;
  }
  bool number(int& value, int most = 1 << 16) {
    const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (fault != std::errc{} || value < 0 || value > most) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
  }
  bool shape(feature_shape& value) {
    return number(value.h) && literal("x") && number(value.w) && literal("x") && number(value.c) && value.h > 0 && value.w > 0 &&
           value.c > 0;
  }
  bool flag(std::string_view name, bool& value) {
    int number_of = 0;
    if (!literal(name) || !number(number_of, 1)) return false;
    value = number_of == 1;
    return true;
  }
};

/// A key as it stands in a file: `expand` is the file's number, since the dialect is not known before all keys are.
struct foreign_key_text {
  foreign_block block;
  int expand = 0;
  bool has_flags = false;  ///< -se and -hs
};

inline std::optional<foreign_key_text> parse_foreign_key(std::string_view key) {
  if (key.size() > 200) return std::nullopt;
  foreign_key_text found;
  foreign_block& block = found.block;
  key_walk walk{key};
  const std::string_view word = key.substr(0, key.find('-'));
  const auto place = std::find(std::begin(foreign_words), std::end(foreign_words), word);
  if (place == std::end(foreign_words) || !walk.literal(word)) return std::nullopt;
  block.kind = static_cast<foreign_kind>(place - std::begin(foreign_words));
  if (!walk.literal("-input:") || !walk.shape(block.in) || !walk.literal("-output:")) return std::nullopt;
  if (block.kind == foreign_kind::logits) {
    block.out = {1, 1, 0};
    if (!walk.number(block.out.c) || block.out.c == 0) return std::nullopt;
  } else if (!walk.shape(block.out)) {
    return std::nullopt;
  }
  if (block.kind == foreign_kind::mbconv) {
    if (!walk.literal("-expand:") || !walk.number(found.expand) || !walk.literal("-kernel:") || !walk.number(block.kernel) ||
        !walk.literal("-stride:") || !walk.number(block.stride) || !walk.flag("-idskip:", block.skip))
      return std::nullopt;
    found.has_flags = !walk.rest.empty();
    if (found.has_flags && (!walk.flag("-se:", block.se) || !walk.flag("-hs:", block.hs))) return std::nullopt;
  }
  if (!walk.rest.empty()) return std::nullopt;
  return found;
}

/// What is wrong with a key of a dialect, or nothing; fills in the middle channels.
inline std::string foreign_key_fault(foreign_key_text& key, foreign_dialect dialect) {
  foreign_block& block = key.block;
  const bool ratio = dialect == foreign_dialect::proxyless;
  if (block.kind == foreign_kind::pool || block.kind == foreign_kind::feature_mix)
    return ratio ? "is no row of the dialect " + std::string(name_of(dialect)) : "";
  if (block.kind != foreign_kind::mbconv) return "";
  if (key.has_flags == ratio)
    return "is of the other dialect: " + std::string(ratio ? "rows with -se and -hs" : "rows without -se and -hs") +
           " stand beside it";
  if (key.expand < 1) return "expands to nothing";
  if (ratio && key.expand > largest_expand_ratio)
    return "expands by " + std::to_string(key.expand) + ", which is a number of channels and no ratio";
  if (!ratio && key.expand < block.in.c)
    return "has " + std::to_string(key.expand) + " middle channels, fewer than it reads, so that its expand is a ratio";
  block.middle = ratio ? key.expand * block.in.c : key.expand;
  const auto side = [&](int in) { return same_output(in, block.stride); };
  if (block.kernel % 2 == 0 || block.kernel > 31) return "has a window of " + std::to_string(block.kernel);
  if (block.stride < 1 || block.out.h != side(block.in.h) || block.out.w != side(block.in.w))
    return "has an output that its stride does not give";
  if (block.skip && block.in != block.out) return "adds its input to an output of another shape";
  return "";
}

HASSE_BODY double distance(const foreign_block& one, const foreign_block& other) {
  const auto apart = [](int first, int second) {
    return std::abs(std::log2(static_cast<double>(first + 1) / static_cast<double>(second + 1)));
  };
  double sum = 0;
  for (const auto& [a, b] : {std::pair(one.in, other.in), std::pair(one.out, other.out)})
    sum += apart(a.h, b.h) + apart(a.w, b.w) + apart(a.c, b.c);
  sum += apart(one.middle, other.middle) + apart(one.kernel, other.kernel) + apart(one.stride, other.stride);
  return sum + (one.skip != other.skip) + (one.se != other.se) + (one.hs != other.hs);
}
}  // namespace detail

HASSE_BODY foreign_table foreign_table_from(std::span<const foreign_entry> entries, const std::string& path,
                                        std::optional<foreign_dialect> expected) {
  const auto refuse = [&](const foreign_entry& entry, const std::string& problem, const char* remedy) {
    throw file_error(path, "line " + std::to_string(entry.line) + ": " + problem, remedy);
  };
  constexpr const char* restore = "write the row as it was measured, or get the file again from where it was published";
  std::vector<detail::foreign_key_text> keys;
  std::optional<foreign_dialect> dialect;
  for (const foreign_entry& entry : entries) {
    auto key = detail::parse_foreign_key(entry.key);
    if (!key)
      refuse(entry, detail::in_quotes(entry.key) + " is no key of a block table",
             "give a table of ProxylessNAS or Once-for-All, such as 224_lookup_table.yaml");
    if (key->block.kind == foreign_kind::mbconv && !dialect)
      dialect = key->has_flags ? foreign_dialect::ofa_mbv3 : foreign_dialect::proxyless;
    keys.push_back(std::move(*key));
  }
  if (!dialect) throw file_error(path, "has no row of a block (expanded_conv)", "check that it is the right file");
  if (expected && *expected != *dialect)
    throw file_error(path,
                     "is in the dialect of " + std::string(name_of(*dialect)) + ", and that of " + std::string(name_of(*expected)) +
                         " was asked for",
                     "name the other dialect or give the other table");
  foreign_table table{.dialect = *dialect, .source = path, .rows = {}};
  for (std::size_t at = 0; at < keys.size(); ++at) {
    const foreign_entry& entry = entries[at];
    if (const std::string fault = detail::foreign_key_fault(keys[at], *dialect); !fault.empty())
      refuse(entry, entry.key + " " + fault, "check that it is one table and of one dialect");
    if (detail::foreign_key(keys[at].block, *dialect) != entry.key)
      refuse(entry, entry.key + " is not written as its numbers are", restore);
    if (!(entry.mean > 0 && entry.mean <= detail::longest_foreign_milliseconds))
      refuse(entry, entry.key + " has a mean that is no latency in milliseconds", restore);
    if (entry.deviation && !(*entry.deviation >= 0 && *entry.deviation <= detail::longest_foreign_milliseconds))
      refuse(entry, entry.key + " has a deviation below 0 or without end", restore);
    if (entry.count && (*entry.count < 1 || *entry.count > 1'000'000'000))
      refuse(entry, entry.key + " was measured in no possible number of runs", restore);
    if (!table.rows.emplace(entry.key, foreign_row{keys[at].block, entry.mean, entry.deviation, entry.count}).second)
      refuse(entry, entry.key + " stands twice in the table", restore);
  }
  return table;
}

}  // namespace hasse

namespace hasse {

HASSE_BODY const foreign_row& foreign_table::row_of(const foreign_block& block) const {
  const std::string key = key_of(block);
  if (const auto found = rows.find(key); found != rows.end()) return found->second;
  std::vector<std::pair<double, const std::string*>> near;
  for (const auto& [name, row] : rows)
    if (row.block.kind == block.kind) near.emplace_back(detail::distance(block, row.block), &name);
  std::sort(near.begin(), near.end(), [](const auto& one, const auto& other) {
    return one.first != other.first ? one.first < other.first : *one.second < *other.second;
  });
  std::string nearest;
  for (std::size_t at = 0; at < std::min<std::size_t>(near.size(), 3); ++at) nearest += (at > 0 ? ", " : "") + *near[at].second;
  throw file_error(source,
                   "has no latency of " + key + (nearest.empty() ? ", nor any block of its kind" : "; nearest are " + nearest),
                   "choose blocks that the table has, or a table of this network's device and resolution");
}

HASSE_BODY double foreign_table::milliseconds_of(std::span<const foreign_block> blocks) const {
  double sum = 0;
  for (const foreign_block& block : blocks) sum += milliseconds_of(block);
  return sum;
}

}  // namespace hasse
