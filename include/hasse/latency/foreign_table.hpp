// Latency tables that others measured for whole blocks of the mobile families: what a block is, its key in a table, its latency.
// Used by foreign_blocks (which knows the library's networks) and foreign_yaml (which reads the files).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/core/units.hpp>

namespace hasse {

/// Two dialects of one format. They differ in what `expand` is: the ratio of the middle channels to the input's in ProxylessNAS
/// (and Once-for-All on its space), the number of middle channels in Once-for-All's MobileNetV3, whose keys end in se and hs.
enum class foreign_dialect : std::uint8_t { proxyless, ofa_mbv3 };

constexpr std::string_view name_of(foreign_dialect dialect) {
  return dialect == foreign_dialect::proxyless ? "ProxylessNAS" : "Once-for-All MobileNetV3";
}

/// What a row is about. `last_conv` is the 1x1 layer after the blocks. In the dialect of ProxylessNAS `logits` is everything behind
/// it; in the other one `pool` and `feature_mix` (a 1x1 layer on the pooled channels) come first and have rows of their own.
enum class foreign_kind : std::uint8_t { stem, mbconv, last_conv, pool, feature_mix, logits };

/// One block, whatever the dialect.
struct foreign_block {
  foreign_kind kind = foreign_kind::mbconv;
  feature_shape in{}, out{};  ///< logits: `out` is 1 x 1 x classes
  /// Only mbconv: channels of the depthwise layer, its window and stride, whether the input is added, squeeze-excite, hard-swish.
  int middle = 0, kernel = 0, stride = 0;
  bool skip = false, se = false, hs = false;
  friend constexpr bool operator==(const foreign_block&, const foreign_block&) = default;
};

/// One row, in milliseconds for one image: mean and standard deviation over `count` runs, of which their maker had dropped some by
/// rules of his own; where the file says no more than the mean, the others are empty. A mean, where this library's own tables have
/// medians.
struct foreign_row {
  foreign_block block;
  double mean = 0;
  std::optional<double> deviation = {};
  std::optional<std::int64_t> count = {};
  friend constexpr bool operator==(const foreign_row&, const foreign_row&) = default;
};

namespace detail {

/// The key with `expand` as the dialect counts it; a ratio that is not whole is shown with the point that no file has.
HASSE_BODY std::string foreign_key(const foreign_block& block, foreign_dialect dialect);

/// How unlike two blocks are: factors between their numbers, as powers of two, and differing flags.
HASSE_BODY double distance(const foreign_block& one, const foreign_block& other);
}  // namespace detail

/// A table of blocks by key. What it does not know is refused by name: there is no default.
struct foreign_table {
  foreign_dialect dialect = foreign_dialect::proxyless;
  std::string source;                       ///< the file
  std::map<std::string, foreign_row> rows;  ///< by key, as the file writes it

  /// The key under which a block of this dialect stands.
  std::string key_of(const foreign_block& block) const { return detail::foreign_key(block, dialect); }

  bool knows(const foreign_block& block) const { return rows.contains(key_of(block)); }

  /// Refuses a block that has no row with its key and the nearest keys that have one.
  const foreign_row& row_of(const foreign_block& block) const;

  /// Mean milliseconds of one block.
  double milliseconds_of(const foreign_block& block) const { return row_of(block).mean; }

  /// The sum over blocks.
  double milliseconds_of(std::span<const foreign_block> blocks) const;

  ticks latency_of(const foreign_block& block) const { return from_milliseconds(milliseconds_of(block)); }

  friend bool operator==(const foreign_table&, const foreign_table&) = default;
};

/// A row as a file writes it, and the line of its key.
struct foreign_entry {
  std::string key;
  std::size_t line = 0;
  double mean = 0;
  std::optional<double> deviation = {};
  std::optional<std::int64_t> count = {};
};

/// The table that these rows are. `expected` refuses a table of the other dialect; without it the keys decide. `path` is only
/// named.
HASSE_BODY foreign_table foreign_table_from(std::span<const foreign_entry> entries, const std::string& path,
                                        std::optional<foreign_dialect> expected = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/foreign_table.inl>
#endif
