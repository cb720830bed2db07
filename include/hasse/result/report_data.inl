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
}  // namespace detail

}  // namespace hasse
