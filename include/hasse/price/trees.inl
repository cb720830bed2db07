// The bodies of price/trees.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/price/trees.hpp>
#include <hasse/space/cost.hpp>

namespace hasse {

namespace detail {
inline constexpr std::size_t map_sizes = 10, features_of_size = 3, tree_features = (map_sizes + 1) * features_of_size;

/// Layers, multiply-accumulates and values written, by the size of maps in powers of two, and together.
inline std::array<float, tree_features> tree_features_of(const layer_list& layers) {
  std::array<double, tree_features> sums{};
  for (const layer& item : layers) {
    const auto side = static_cast<unsigned>(std::max({1, item.out.h, item.out.w}));
    const std::size_t size = std::min<std::size_t>(map_sizes, static_cast<std::size_t>(std::bit_width(side))) - 1;
    const std::array<double, features_of_size> own{1, static_cast<double>(macs_of(item)), static_cast<double>(item.out.size())};
    for (std::size_t i = 0; i < features_of_size; ++i) sums[size * features_of_size + i] += own[i], sums[map_sizes * features_of_size + i] += own[i];
  }
  std::array<float, tree_features> features{};
  std::transform(sums.begin(), sums.end(), features.begin(), [](double sum) { return static_cast<float>(sum); });
  return features;
}
}  // namespace detail

HASSE_BODY trees_price trees_price::fitted(std::span<const layer_list> networks, std::span<const double> milliseconds, std::string device, const tree_options& options) {
  constexpr std::size_t fewest = 40, held_out = 5;
  if (networks.size() != milliseconds.size() || networks.size() < fewest)
    throw error("latencies of " + std::to_string(milliseconds.size()) + " networks were given, and " + std::to_string(networks.size()) +
                " networks; give the latency of each, of " + std::to_string(fewest) + " networks at least");
  std::vector<float> rows;
  std::vector<double> targets;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (!(milliseconds[at] > 0) || !std::isfinite(milliseconds[at]))
      throw error("network " + std::to_string(at + 1) + " is said to take " + std::to_string(milliseconds[at]) + " ms; give a number above 0, and leave out networks that failed");
    if (at % held_out == held_out - 1) continue;
    const auto features = detail::tree_features_of(networks[at]);
    rows.insert(rows.end(), features.begin(), features.end());
    targets.push_back(std::log(milliseconds[at]));
  }
  trees_price made;
  made.trees_ = monotone_trees::fitted(rows, detail::tree_features, targets, options);
  made.device_ = std::move(device);
  std::vector<double> errors;
  for (std::size_t at = held_out - 1; at < networks.size(); at += held_out) errors.push_back(std::abs(made.of(networks[at]) / milliseconds[at] - 1));
  std::nth_element(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2), errors.end());
  made.error_ = errors[errors.size() / 2];
  return made;
}

HASSE_BODY double trees_price::of(const layer_list& layers) const { return std::exp(trees_(detail::tree_features_of(layers))); }

}  // namespace hasse
