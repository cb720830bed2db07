// Which widths of a slimmable network an iteration visits: a fixed list, or the ends and some in between.
// Used by supernet/slimmable_trainer.hpp and by whatever else trains many widths at once.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/network/channel_groups.hpp>

namespace hasse {

/// One forward and backward pass of an iteration.
struct width_pass {
  channel_configuration at;
  int norms = 0;  ///< the set of batch norms that it takes
};

/// A rule: how many passes an iteration has, whether the first teaches the others (inplace distillation), how many sets of batch
/// norms with running statistics there are (0: one set without, statistics are those of the batch), and the passes of an iteration.
/// `random` is that iteration's own, so that a resumed training draws the same.
template <class Type>
concept WidthRule = requires(const Type& rule, const width_family& family, random_source& random, std::vector<width_pass>& passes) {
  { rule.distils } -> std::convertible_to<bool>;
  { rule.norms() } -> std::convertible_to<int>;
  rule.check(family);
  rule.draw(family, random, passes);
  { rule.text() } -> std::convertible_to<std::string>;
};

/// The same configurations in every iteration, the widest first, each with batch norms and statistics of its own (Slimmable
/// Networks); also how the results of AutoSlim are trained jointly.
struct predefined_widths {
  std::vector<channel_configuration> list;
  bool distils = true;
  bool share_norms = false;  ///< one set of batch norms for all: trains normally and fails when it is evaluated; to see that

  int norms() const { return share_norms ? 1 : static_cast<int>(list.size()); }
  void check(const width_family& family) const;
  void draw(const width_family&, random_source&, std::vector<width_pass>& passes) const;
  std::string text() const;
};

/// The widest, the narrowest, and `passes` - 2 drawn uniformly between them, in steps of a thousandth (US-Nets §3.2).
struct sandwich {
  int least = 250, most = 1000;  ///< thousandths
  int passes = 4;
  bool per_group = false;  ///< the drawn passes have a width of its own for every channel group (AutoSlim)
  bool distils = true;
  bool ends = true;  ///< false: all widths are drawn, the widest of them first; to see what the ends are worth

  int norms() const { return 0; }
  void check(const width_family& family) const;
  void draw(const width_family& family, random_source& random, std::vector<width_pass>& to) const;
  std::string text() const;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/width_rules.inl>
#endif
