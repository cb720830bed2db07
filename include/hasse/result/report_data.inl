// The bodies of result/report_data.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <hasse/price/price.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/task/metric.hpp>
#include <hasse/task/record.hpp>

namespace hasse {

namespace detail {
HASSE_BODY std::vector<std::size_t> frontier_order(const report_data& data) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < data.networks.size(); ++i)
    if (data.networks[i].on_frontier && std::isfinite(data.networks[i].cost) && std::isfinite(data.networks[i].score)) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return data.networks[a].cost < data.networks[b].cost; });
  return order;
}

HASSE_BODY std::vector<std::size_t> union_order(const report_data& data) {
  if (data.devices.empty()) return frontier_order(data);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < data.networks.size(); ++i)
    if (const auto& places = data.networks[i].places; std::any_of(places.begin(), places.end(), [](const report_place& each) { return each.on_frontier; })) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return data.networks[a].cost < data.networks[b].cost; });
  return order;
}

HASSE_BODY report_data on_device(const report_data& data, std::size_t device) {
  report_data one = data;
  one.devices.clear();
  for (report_network& each : one.networks) {
    const report_place place = each.places.at(device);
    each.cost = place.cost, each.whole_cost = place.whole_cost, each.whole_noise = place.whole_noise;
    each.on_frontier = place.on_frontier, each.beaten_by = place.beaten_by;
    each.places.clear();
  }
  std::erase_if(one.certificates, [&](const report_certificate& each) { return each.device != device; });
  for (report_certificate& each : one.certificates) each.device = 0;
  if (device == 0) return one;
  one.sums.clear(), one.noise_floor_milliseconds = one.cost_tau = unknown;
  if (one.forecast) {
    one.forecast->frontier = device <= one.forecast->elsewhere.size() ? one.forecast->elsewhere[device - 1] : std::vector<report_expectation>();
    for (report_expectation& each : one.forecast->next) each.cost = device <= each.elsewhere.size() ? each.elsewhere[device - 1] : unknown;
  }
  return one;
}
}  // namespace detail

}  // namespace hasse
