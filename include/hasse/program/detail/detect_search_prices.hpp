// What the networks of hasse_detect search cost: sums over layers, which are measured once each, or a regression on whole networks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/price/any_price.hpp>
#include <hasse/price/layer_table.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/masked_layers.hpp>

namespace hasse::detail {

/// Measures what every layer of the space can be on this device, inside whole networks: their widths go through all pairs of neighbours.
inline void measure_layers(const masked_space& space, layer_table& own, const progress_sink& progress) {
  std::size_t widths = 1, choices = 1;
  for (int block = 0; block < space.blocks(); ++block) {
    widths = std::max(widths, space.block(block).filters.size());
    for (int layer = 0; layer < static_cast<int>(space.block(block).layers.size()); ++layer) choices = std::max(choices, space.choices_of(block, layer).size());
  }
  remaining_time left;
  const double networks = static_cast<double>(widths * widths * choices);
  std::size_t done = 0;
  for (std::size_t first = 0; first < widths; ++first)
    for (std::size_t step = 0; step < widths; ++step)
      for (std::size_t taken = 0; taken < choices; ++taken, ++done) {
        std::vector<int> code(space.decisions().size(), 0);
        for (int block = 0; block < space.blocks(); ++block) {
          const std::size_t turn = (first + static_cast<std::size_t>(block) * step) % widths;
          space.set_filters(code, block, static_cast<int>(turn % space.block(block).filters.size()));
          for (int layer = 0; layer < static_cast<int>(space.block(block).layers.size()); ++layer) {
            const std::vector<layer_choice> all = space.choices_of(block, layer);
            space.set(code, block, layer, all[taken % all.size()]);
          }
        }
        const layer_list network = network_of(space, code);
        if (own.knows(network)) continue;
        own.latency_of(network, [&](const progress_event& event) {
          if (!progress) return;
          const double fraction = (static_cast<double>(done) + event.fraction) / networks;
          progress({fraction, "measuring the layers of the space: " + event.doing, left(fraction)});
        });
      }
}

/// The latency of layers as a price: of this device, kept in `own`, or of another device by its table.
inline any_price latency_price(const masked_space& space, const std::string& table, layer_table& own, const progress_sink& progress) {
  if (!table.empty()) return layer_table_price(layer_table::load(table));
  measure_layers(space, own, progress);
  return layer_table_price(own, progress);
}

/// A regression, and how well it tells what networks cost that it has not seen.
struct fitted_costs {
  std::shared_ptr<const masked_regression> model;
  std::size_t networks = 0, unseen = 0;
  regression_quality quality{};
  double mean = 0;  ///< cost of those that were not seen

  /// "regression on 400 networks; of 100 others R2 0.998, errors 0.5 % of the mean, at most 2.1 %"
  std::string text() const {
    char text[200];
    std::snprintf(text, sizeof text, "regression on %zu networks; of %zu others R2 %.4f, errors %.2g %% of the mean cost, at most %.2g %%", networks, unseen,
                  quality.r_squared, 100 * quality.mean_error / mean, 100 * quality.largest_error / mean);
    return text;
  }
};

/// Networks for an indicator of the regression, where nothing else is said.
inline constexpr std::size_t usual_networks_of_indicator = 5;

/// Draws networks, asks what each costs as a whole, and holds a fifth of them out. `networks` 0: as many as the indicators want.
inline fitted_costs fit_costs(const masked_space& space, std::size_t networks, std::uint64_t seed,
                              const std::function<double(const std::vector<int>&)>& whole, const progress_sink& progress) {
  const std::size_t count = networks > 0 ? networks : usual_networks_of_indicator * masked_regression::indicators_of(space);
  random_source random(seed);
  remaining_time left;
  std::vector<std::vector<int>> seen, unseen;
  std::vector<double> costs, wanted;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<int> code = space.any_code(random);
    const double fraction = static_cast<double>(i) / static_cast<double>(count);
    if (progress) progress({fraction, "pricing networks for the regression, " + std::to_string(i + 1) + " of " + std::to_string(count), left(fraction)});
    (i % 5 == 4 ? wanted : costs).push_back(whole(code));
    (i % 5 == 4 ? unseen : seen).push_back(std::move(code));
  }
  fitted_costs made{std::make_shared<const masked_regression>(space, seen, costs), seen.size(), unseen.size()};
  made.quality = made.model->quality(unseen, wanted);
  for (const double each : wanted) made.mean += each / static_cast<double>(wanted.size());
  return made;
}

}  // namespace hasse::detail
