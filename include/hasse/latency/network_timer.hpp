// A device that is asked how long whole networks take, and nothing else: what runs them is somebody else's runtime.
// Used by the tables; program/on_command.hpp is one.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
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

/// A device that takes several networks in one call, at most `batch()` of them, and answers in their order.
template <class Type>
concept TimesBatches = NetworkTimer<Type> && requires(const Type& device, const std::vector<layer_list>& networks, const std::vector<std::string>& names) {
  { device.batch() } -> std::convertible_to<int>;
  { device.time_all(networks, names) } -> std::same_as<std::vector<timed_answer>>;
};

/// How many networks to ask for at once.
template <NetworkTimer Device>
std::size_t most_at_once(const Device& device) {
  if constexpr (TimesBatches<Device>)
    return static_cast<std::size_t>(std::max(1, static_cast<int>(device.batch())));
  else
    return 1;
}

/// Whether its speed wanders, so that a network of known work is asked for beside the others: a member `beats`.
template <NetworkTimer Device>
bool has_beat(const Device& device) {
  if constexpr (requires { { device.beats } -> std::convertible_to<bool>; })
    return device.beats;
  else
    return false;
}

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

/// Networks in their order, in one call where the device takes several.
template <NetworkTimer Device>
std::vector<timed_answer> answers_of(const Device& device, const std::vector<layer_list>& networks, const std::vector<std::string>& names) {
  std::vector<timed_answer> answers;
  if constexpr (TimesBatches<Device>) {
    const bool at_once = most_at_once(device) > 1 && networks.size() > 1;
    if (at_once) answers = device.time_all(networks, names);
    if (at_once && answers.size() != networks.size())
      throw error(device.facts().name + " was asked for " + std::to_string(networks.size()) + " networks at once and answered " + std::to_string(answers.size()) + " times");
  }
  for (std::size_t at = answers.size(); at < networks.size(); ++at) answers.push_back(device.time(networks[at], names[at]));
  return answers;
}

/// The same as visits. `beat` is asked for in front of each, in a batch in front of every fourth; null: there is none.
template <NetworkTimer Device>
std::vector<visit> asked_visits(const Device& device, const std::vector<layer_list>& networks, const std::vector<std::string>& names, const layer_list* beat) {
  const std::size_t every = networks.size() > 1 ? 4 : 1;
  std::vector<layer_list> all;
  std::vector<std::string> all_names;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (beat && at % every == 0) all.push_back(*beat), all_names.emplace_back("the beat");
    all.push_back(networks[at]), all_names.push_back(names[at]);
  }
  const std::vector<timed_answer> answers = answers_of(device, all, all_names);
  std::vector<visit> visits;
  std::size_t next = 0;
  visit beside;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (beat && at % every == 0) beside = visit_of(answers[next++]);
    visits.push_back(visit_of(answers[next++]));
    visits.back().beat = beside.total;
    if (!beside.failure.empty() && visits.back().failure.empty()) visits.back() = visit_of({{}, "the network beside it, which tells the speed, failed: " + beside.failure});
  }
  return visits;
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
