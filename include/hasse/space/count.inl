// The bodies of space/count.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <hasse/core/error.hpp>
#include <hasse/space/count.hpp>

namespace hasse {

HASSE_BODY std::string to_text(count_type value) {
  std::string digits;
  do digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  while ((value /= 10) > 0);
  return digits;
}

HASSE_BODY count_type below(random_source& random, count_type bound) {
  if (bound <= UINT64_MAX) return random.below(static_cast<std::uint64_t>(bound));
  const count_type limit = -bound % bound;
  for (;;)
    if (const count_type draw = (count_type{random()} << 64) | random(); draw >= limit) return draw % bound;
}

namespace detail {
HASSE_BODY count_type cost_histogram::at_most(std::int64_t cost) const {
  const auto after = std::upper_bound(costs.begin(), costs.end(), cost) - costs.begin();
  return after == 0 ? 0 : up_to[static_cast<std::size_t>(after - 1)];
}

HASSE_BODY histogram_sum::histogram_sum(std::int64_t limit) : limit_(limit) {}
HASSE_BODY histogram_sum::~histogram_sum() = default;

HASSE_BODY void histogram_sum::add(std::int64_t cost, count_type count) {
  if (cost > limit_) return;
  count_type& slot = slots_[cost];
  if (slot + count < slot) throw error("this space has more than 3.4e38 architectures, which is more than can be counted; narrow a stage");
  slot += count;
}

HASSE_BODY void histogram_sum::add(std::int64_t shift, const cost_histogram& next) {
  count_type before = 0;
  for (std::size_t at = 0; at < next.costs.size(); ++at) {
    add(shift + next.costs[at], next.up_to[at] - before);
    before = next.up_to[at];
  }
}

HASSE_BODY cost_histogram histogram_sum::result() const {
  cost_histogram all;
  count_type sum = 0;
  for (const auto& [cost, count] : slots_) {
    if (sum + count < sum) throw error("this space has more than 3.4e38 architectures, which is more than can be counted; narrow a stage");
    all.costs.push_back(cost);
    all.up_to.push_back(sum += count);
  }
  return all;
}
}  // namespace detail

}  // namespace hasse
