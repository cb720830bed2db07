// Which widths of a slimmable network an iteration visits: a fixed list, or the ends and some in between.
// Used by supernet/slimmable_trainer.hpp and by whatever else trains many widths at once.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

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
  void check(const width_family& family) const {
    if (list.empty()) throw error("a slimmable network needs at least one width; list them, the widest first");
    for (auto each = list.begin(); each != list.end(); ++each) {
      hasse::check(*each, family.groups());
      if (std::find(list.begin(), each, *each) != each)
        throw error("the channels " + detail::clipped(to_text(*each)) +
                    " are listed twice, and only one set of batch norms can be theirs; list widths with different channels");
    }
  }
  void draw(const width_family&, random_source&, std::vector<width_pass>& passes) const {
    passes.resize(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) passes[i] = {list[i], share_norms ? 0 : static_cast<int>(i)};
  }
  std::string text() const {
    std::string all = share_norms ? "predefined widths with shared batch norms" : "predefined widths";
    for (const channel_configuration& each : list) all += " " + to_text(each);
    return all + (distils ? ", inplace distillation" : "");
  }
};

/// The widest, the narrowest, and `passes` - 2 drawn uniformly between them, in steps of a thousandth (US-Nets §3.2).
struct sandwich {
  int least = 250, most = 1000;  ///< thousandths
  int passes = 4;
  bool per_group = false;  ///< the drawn passes have a width of its own for every channel group (AutoSlim)
  bool distils = true;
  bool ends = true;  ///< false: all widths are drawn, the widest of them first; to see what the ends are worth

  int norms() const { return 0; }
  void check(const width_family& family) const {
    if (least < 1 || least > most || most > family.most())
      throw error("widths from " + width_text(least) + " to " + width_text(most) +
                  " were asked for; give an interval above 0 and up to " + width_text(family.most()));
    if (passes < 2 || passes > 64)
      throw error("an iteration of " + std::to_string(passes) + " widths was asked for; the sandwich rule takes 2 to 64");
  }
  void draw(const width_family& family, random_source& random, std::vector<width_pass>& to) const {
    to.resize(static_cast<std::size_t>(passes));
    const int groups = family.groups().size();
    const auto any = [&] { return least + static_cast<int>(random.below(static_cast<std::uint64_t>(most - least + 1))); };
    for (int pass = 0; pass < passes; ++pass) {
      const bool is_end = ends && pass < 2;
      const int width = is_end ? (pass == 0 ? most : least) : any();
      width_pass& drawn = to[static_cast<std::size_t>(pass)];
      drawn.norms = 0;
      drawn.at.counts.resize(static_cast<std::size_t>(groups));
      for (int g = 0; g < groups; ++g)
        drawn.at.counts[static_cast<std::size_t>(g)] = family.at(per_group && !is_end && g > 0 ? any() : width, g);
    }
    if (!ends)
      std::stable_sort(to.begin(), to.end(), [](const width_pass& left, const width_pass& right) { return left.at > right.at; });
  }
  std::string text() const {
    return (ends ? "sandwich " : "random widths ") + width_text(least) + " to " + width_text(most) + ", " + std::to_string(passes) +
           " passes" + (per_group ? ", a width per group" : "") + (distils ? ", inplace distillation" : "");
  }
};

}  // namespace hasse
