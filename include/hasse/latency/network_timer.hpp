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
#include <hasse/core/error.hpp>
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

/// What two networks of very unlike work tell of a device: why they could not be timed, or why the answers can be no latencies. "": fine.
struct answer_trial {
  std::string failure{}, doubt{};
};
/// One of the two: of plain convolutions, which every runtime has.
HASSE_BODY layer_list network_of_trial(bool large);
HASSE_BODY answer_trial trial_of(const timed_answer& small, const timed_answer& large, const std::string& device);
/// Two calls; one where that fails. `ask(layers, name)` answers.
template <class Ask>
answer_trial try_answers(Ask&& ask, const std::string& device) {
  const timed_answer small = ask(network_of_trial(false), "small network");
  if (!small.failure.empty()) return {small.failure, {}};
  return trial_of(small, ask(network_of_trial(true), "large network"), device);
}
/// Throws where the answers can be no latencies. What cannot be timed may be so because of these two networks: others will tell.
template <class Ask>
void refuse_doubtful_answers(Ask&& ask, const std::string& device) {
  if (const answer_trial found = try_answers(ask, device); !found.doubt.empty()) throw error(found.doubt);
}

/// What makes one list of layers take longer than another, in numbers that grow with its channels: the multiply-accumulates of each sort of layer,
/// values written, weights, and how many steps there are, batch norm folded.
inline constexpr std::size_t feature_count = 8;
HASSE_BODY std::array<double, feature_count> features_of(const layer_list& layers);
/// The same of layers that are folded already.
HASSE_BODY std::array<double, feature_count> features_of(std::span<const layer> folded);
/// What one of each feature takes in networks of these features: 0 or more.
HASSE_BODY std::vector<double> prices_of_features(const observed_sums& networks);
}  // namespace detail

/// Throws, after two calls, where the device cannot time a small network, or where its answers do not grow with the network: before long work.
template <NetworkTimer Device>
void require_latencies(const Device& device) {
  const std::string name = device.facts().name;
  const detail::answer_trial found = detail::try_answers([&](const layer_list& layers, const std::string& of) { return device.time(layers, of); }, name);
  if (!found.failure.empty()) throw error("a small network of plain convolutions could not be timed on " + name + ": " + found.failure);
  if (!found.doubt.empty()) throw error(found.doubt);
}

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
