// The bodies of kernel/cpu/choice.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include <hasse/kernel/cpu/choice.hpp>

namespace hasse::detail {

HASSE_BODY float cache_eviction::run() const {
  float sum = 0;
  for (std::size_t at = 0; at < data_.size(); at += 16) sum += data_[at];
  return sum;
}

HASSE_BODY relative_time relative_time_of(std::vector<double> logarithms) {
  std::sort(logarithms.begin(), logarithms.end());
  const std::size_t count = logarithms.size();
  const double middle = (logarithms[(count - 1) / 2] + logarithms[count / 2]) / 2;
  // The standard error of the median of normal values: 1.2533 sigma / sqrt(n), and their middle half spans 1.349 sigma.
  const double middle_half = logarithms[count - 1 - count / 4] - logarithms[count / 4];
  return {middle, 3 * 0.93 * middle_half / std::sqrt(static_cast<double>(count))};
}

HASSE_BODY std::size_t fastest_of(std::span<const std::function<void()>> codes, std::size_t usual, const cache_eviction& eviction,
                                  const std::function<void()>& touch_inputs) {
  using clock = std::chrono::steady_clock;
  const auto limit = std::chrono::milliseconds(60) * codes.size();
  for (const auto& run : codes) run();
  const auto begin = clock::now();
  volatile float kept = 0;
  const std::size_t fastest = fastest_beyond_noise(
      codes.size(), usual,
      [&](std::size_t code) {
        kept = eviction.run();
        touch_inputs();
        const auto start = clock::now();
        codes[code]();
        return std::max<clock::rep>(1, (clock::now() - start).count());
      },
      [&] { return clock::now() - begin > limit; });
  static_cast<void>(kept);
  return fastest;
}

}  // namespace hasse::detail
