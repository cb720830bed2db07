// The bodies of latency/network_timer.hpp, as core/apart.hpp says.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <hasse/latency/network_timer.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/layer_builder.hpp>

namespace hasse::detail {

HASSE_BODY visit visit_of(const timed_answer& answer) {
  visit made;
  made.accepted = 1, made.failure = answer.failure;
  if (!answer.failure.empty()) return made;
  std::vector<std::int64_t> samples;
  for (const double each : answer.milliseconds) samples.push_back(std::max<std::int64_t>(1, std::llround(each * 1e6)));
  made.accepted = static_cast<int>(samples.size());
  made.total = quantile(samples, 0.25), made.p10 = quantile(samples, 0.1), made.p90 = quantile(samples, 0.9);
  made.laps = {made.total};
  return made;
}

HASSE_BODY layer_list network_of_trial(bool large) {
  const int side = large ? 64 : 16, width = large ? 64 : 8, depth = large ? 9 : 1;
  layer_list layers{.input = {side, side, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  value_id value = 0;
  for (int at = 0; at < depth; ++at) value = build.conv_bn(value, width, 3, 1, activation::relu, {});
  build.linear(build.global_average_pool(value), 10);
  return layers;
}

HASSE_BODY answer_trial trial_of(const timed_answer& small, const timed_answer& large, const std::string& device) {
  for (const timed_answer* each : {&small, &large})
    if (!each->failure.empty()) return {each->failure, {}};
  const auto told = [](bool is_large, const timed_answer& answer) {
    char text[96];
    std::snprintf(text, sizeof text, "%.6g ms for a network of %.4g million multiply-accumulates", static_cast<double>(visit_of(answer).total) / 1e6,
                  static_cast<double>(cost_of(network_of_trial(is_large)).macs) / 1e6);
    return std::string(text);
  };
  constexpr double least_growth = 1.05;  // of some thousandfold work: what a call costs besides may be most of an answer, but not all
  if (static_cast<double>(visit_of(large).total) >= least_growth * static_cast<double>(visit_of(small).total)) return {};
  return {{}, device + " answered " + told(false, small) + " and " + told(true, large) +
                  ": what does not grow with the network is no latency of it; see that the command runs the file that it is given, and times the inference alone"};
}

HASSE_BODY std::array<double, feature_count> features_of(const layer_list& layers) {
  return features_of(std::span<const layer>(fold_for_inference(layers).layers.items));
}

HASSE_BODY std::array<double, feature_count> features_of(std::span<const layer> folded) {
  std::array<double, feature_count> sum{};
  for (const layer& item : folded) {
    const bool convolves = item.kind == layer_kind::convolution || item.kind == layer_kind::linear;
    const std::size_t sort = !convolves ? 3 : item.groups > 1 ? 2 : item.kernel > 1 ? 1 : 0;
    sum[sort] += static_cast<double>(macs_of(item));
    if (convolves) sum[4] += static_cast<double>(parameters_of(item));
    sum[convolves ? 5 : 6] += static_cast<double>(item.out.size());
    sum[7] += 1;
  }
  return sum;
}

HASSE_BODY std::vector<double> prices_of_features(const observed_sums& networks) {
  std::vector<double> mean(feature_count), expected(feature_count, 1);
  double mean_time = 0;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    for (std::size_t each = 0; each < feature_count; ++each) mean[each] += networks.counts_of(at)[each];
    mean_time += networks.times[at];
  }
  for (std::size_t each = 0; each < feature_count; ++each)  // as if all took the same together
    if (mean[each] > 0) expected[each] = mean_time / mean[each] / feature_count;
  return fit_nonnegative(networks, expected, 0.01);
}

}  // namespace hasse::detail
