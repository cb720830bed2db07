// A device that is asked how long whole networks take, and nothing else: what runs them is somebody else's runtime.
// Used by the tables; program/on_command.hpp is one.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/latency/fit.hpp>
#include <hasse/latency/probe.hpp>
#include <hasse/latency/whole.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// What was answered of one network: samples, or why there are none.
struct timed_answer {
  std::vector<double> milliseconds{};
  std::string failure{};
};

/// `time(layers, name)` asks for an unfused list, batch 1; what goes wrong on the device is an answer.
template <class Type>
concept NetworkTimer = requires(const Type& device, const layer_list& layers, const std::string& name) {
  { device.facts() } -> std::same_as<device_facts>;
  { device.time(layers, name) } -> std::same_as<timed_answer>;
};

/// For tables of such devices: two rounds of many networks, since every part is seen in sums only.
inline constexpr protocol many_networks{.rounds = 2, .warm_up = 1, .samples = 3, .contexts = 4, .checked = 30};

namespace detail {
/// As a visit: its lower quartile is the network's time, since whatever disturbs a sample makes it longer.
HASSE_BODY visit visit_of(const timed_answer& answer);

/// What makes one list of layers take longer than another, in numbers that grow with its channels: the multiply-accumulates of each sort of layer,
/// values written, weights, and how many steps there are, batch norm folded.
inline constexpr std::size_t feature_count = 8;
HASSE_BODY std::array<double, feature_count> features_of(const layer_list& layers);
/// The same of layers that are folded already.
HASSE_BODY std::array<double, feature_count> features_of(std::span<const layer> folded);
/// What one of each feature takes in networks of these features: 0 or more.
HASSE_BODY std::vector<double> prices_of_features(const observed_sums& networks);
}  // namespace detail

/// Measures a whole network there.
template <NetworkTimer Device>
measurement measure(const layer_list& layers, const Device& device, const protocol& rules = many_networks, const kernel_choices& = {}) {
  std::vector<visit> rounds;
  for (int round = 0; round < rules.rounds; ++round) {
    const timed_answer answer = device.time(layers, "network");
    if (!answer.failure.empty()) throw error("a network could not be timed on " + device.facts().name + ": " + answer.failure);
    rounds.push_back(detail::visit_of(answer));
  }
  return detail::join(detail::pointers_to(rounds), rules.disturbed_percent);
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/network_timer.inl>
#endif
