// The bodies of supernet/width_rules.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/supernet/width_rules.hpp>

namespace hasse {

HASSE_BODY void predefined_widths::check(const width_family& family) const {
  if (list.empty()) throw error("a slimmable network needs at least one width; list them, the widest first");
  for (auto each = list.begin(); each != list.end(); ++each) {
    hasse::check(*each, family.groups());
    if (std::find(list.begin(), each, *each) != each)
      throw error("the channels " + detail::clipped(to_text(*each)) +
                  " are listed twice, and only one set of batch norms can be theirs; list widths with different channels");
  }
}

HASSE_BODY void predefined_widths::draw(const width_family&, random_source&, std::vector<width_pass>& passes) const {
  passes.resize(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) passes[i] = {list[i], share_norms ? 0 : static_cast<int>(i)};
}

HASSE_BODY std::string predefined_widths::text() const {
  std::string all = share_norms ? "predefined widths with shared batch norms" : "predefined widths";
  for (const channel_configuration& each : list) all += " " + to_text(each);
  return all + (distils ? ", inplace distillation" : "");
}

HASSE_BODY void sandwich::check(const width_family& family) const {
  if (least < 1 || least > most || most > family.most())
    throw error("widths from " + width_text(least) + " to " + width_text(most) +
                " were asked for; give an interval above 0 and up to " + width_text(family.most()));
  if (passes < 2 || passes > 64)
    throw error("an iteration of " + std::to_string(passes) + " widths was asked for; the sandwich rule takes 2 to 64");
}

HASSE_BODY void sandwich::draw(const width_family& family, random_source& random, std::vector<width_pass>& to) const {
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

HASSE_BODY std::string sandwich::text() const {
  return (ends ? "sandwich " : "random widths ") + width_text(least) + " to " + width_text(most) + ", " + std::to_string(passes) +
         " passes" + (per_group ? ", a width per group" : "") + (distils ? ", inplace distillation" : "");
}

}  // namespace hasse
