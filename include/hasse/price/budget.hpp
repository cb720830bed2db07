// Budgets as command lines name them: a number and a unit that says what counts. Used by hasse_slim and hasse_proxyless.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/price/any_price.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>

namespace hasse {

/// What budgets limit, and to what, from large to small.
struct budgets {
  price_unit unit = in_macs;
  std::vector<double> targets;
};

/// Reads "5M" and "800K" (multiply-accumulates), "0.4ms" (latency), "300KB" and "2MB" (memory); one text may hold several:
/// "5M,2.5M".
HASSE_BODY budgets parse_budgets(const std::vector<std::string>& texts);

/// The price that such budgets limit. `latency()` makes that of a device, and is only called where milliseconds count.
template <class Latency>
any_price price_in(const price_unit& unit, Latency latency) {
  if (unit == in_macs) return mac_price{};
  if (unit == in_bytes) return memory_price{};
  return latency();
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/price/budget.inl>
#endif
