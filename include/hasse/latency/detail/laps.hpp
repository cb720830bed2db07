// From the laps of visits to the rows of layers, and what ran for a part of a network.
// Used by table and layer_table.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/latency/record.hpp>
#include <hasse/latency/whole.hpp>

namespace hasse::detail {

/// The laps of one part, from every place where it was measured.
struct part_laps {
  std::vector<std::int64_t> contexts, spreads, all;  ///< per place: median over quiet rounds, half their range; all their medians
  int samples = 0;
  rejections rejected{};

  /// The row that follows, with this latency; without a name.
  latency_row row(std::int64_t latency) const;
};

/// Takes the laps of one network's visits apart. Those rounds count in which the lap itself was quick: that forgives a quantum of the
/// scheduler in one lap of every round, which a row that is measured in one network would keep for good.
class lap_reader {
 public:
  lap_reader(std::vector<const visit*> visits, int disturbed_percent)
      : visits_(std::move(visits)), percent_(disturbed_percent), joined_(join(visits_, disturbed_percent)) {}

  /// The median over the rounds that count.
  std::int64_t lap(std::size_t lap) const { return median(medians(lap)); }
  void into(part_laps& part, std::size_t lap) const;

 private:
  std::vector<std::int64_t> medians(std::size_t lap) const;

  std::vector<const visit*> visits_;
  int percent_;
  measurement joined_;
};

/// What runs up to each of `ends` (step counts, ascending), as far as the backend's steps can tell.
template <Backend Engine>
std::vector<std::string> implementations_of(inference_network<Engine>& network, const Engine& backend, std::span<const int> ends) {
  std::vector<std::string> names;
  int step = 0;
  for (const int end : ends) {
    std::string& text = names.emplace_back();
    for (; step < end; ++step) {
      const auto& made = network.steps()[static_cast<std::size_t>(step)];
      std::string code;
      if constexpr (requires { made.implementation(); }) code = made.implementation();
      if (code.empty())
        text = name_of(backend);
      else
        text += (text.empty() ? "" : " + ") + code;
    }
  }
  return names;
}

/// Everything that tells one layer from another, for identities.
HASSE_BODY std::string numbers_of(const layer& item);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/latency/detail/laps.inl>
#endif
