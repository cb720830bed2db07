// Numbers as people read them.
// Used by result (pages, pictures) and by programs (tables for terminals, facts of what is handed over).
#pragma once

#include <string>

#include <hasse/core/apart.hpp>

namespace hasse {

/// "12.50" for (12.5, 2); "-" for what is not finite. The same in every locale.
HASSE_BODY std::string fixed_text(double value, int decimals);

/// "2.31 M", "45.2 k", "7": three digits and a factor of thousand.
HASSE_BODY std::string count_text(double value);

/// What milliseconds may be off, or differ by: "0.00023 ms", two digits, where those of a latency would be zeros; "under 0.0001 ms" below.
HASSE_BODY std::string uncertainty_text(double milliseconds);

namespace detail {
HASSE_BODY std::string milliseconds_text(double value);
HASSE_BODY std::string percent_text(double share, int decimals = 2);
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/numbers.inl>
#endif
