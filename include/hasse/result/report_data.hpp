// What a report shows, as plain numbers and text: whoever ran the search fills it, report.hpp draws it.
// Used by result and programs. Everything is optional except networks; a section without data is left out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <hasse/task/metric.hpp>
#include <hasse/task/record.hpp>

namespace hasse {

/// "Not measured": such a value is left out of plots and shown as a dash.
inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// One trained network. Latencies in ms; `accuracy` is the value of the task's metric (of classification: accuracy, 0..1).
struct report_network {
  std::string name;                  ///< architecture text
  double milliseconds = unknown;     ///< sum over the table: what the search saw
  double whole_milliseconds = unknown;  ///< the whole network, measured again (finalists)
  double accuracy = unknown;         ///< on the validation images; unknown: the training diverged
  double finished_accuracy = unknown;  ///< the same of the longer training that finalists may get once the search has ended
  double test_accuracy = unknown;    ///< on images that the search never saw, of the weights that are handed over (finalists)
  double macs = unknown, parameters = unknown;
  double precedents = unknown;       ///< how many admissible architectures precede it; unknown: not counted
  bool on_frontier = false;
  std::vector<epoch_record> curve{};
  std::vector<std::pair<std::string, std::string>> files{};  ///< label and path relative to the report: ONNX, header, weights
};

/// A network of another policy, for comparison.
struct report_point {
  std::string name;
  double milliseconds = unknown, accuracy = unknown;
};

/// After `trained` trainings, `pruned` architectures were known to be dominated and `living` were left; unknown: not counted.
struct report_progress {
  double trained = 0, pruned = unknown, living = unknown;
};

/// networks[lower] strictly precedes networks[upper]; differences are upper minus lower.
struct report_pair {
  std::size_t lower = 0, upper = 0;
};

/// A network whose latency was both summed from the table and measured whole.
struct report_sum {
  std::string name;
  double sum_milliseconds = unknown, whole_milliseconds = unknown;
};

/// `pruned` precedes `above`, and `instead` is at least as accurate as `above` and no slower than `pruned`. Empty: everything admissible
/// that precedes `above`, is not faster than `instead` and was not trained (sets too large to be listed).
struct report_certificate {
  std::string pruned, above, instead;
};

struct report_data {
  std::string title = "The speed/accuracy boundary of this device";
  metric measure = {.name = "accuracy", .unit = "%", .factor = 100, .decimals = 1};  ///< what networks are judged by
  std::vector<std::pair<std::string, std::string>> facts{};  ///< space, device, data, policy, seed, version ...: shown in this order
  std::vector<std::string> warnings{};                       ///< sentences: order violations of the table, diverged trainings ...
  std::vector<report_network> networks{};                    ///< in the order of training
  std::vector<report_point> comparison{};                    ///< random search, for instance
  std::string comparison_name = "random search";
  std::vector<report_progress> pruning{};
  std::vector<report_pair> pairs{};  ///< all comparable pairs of networks
  std::vector<report_sum> sums{};
  std::vector<report_certificate> certificates{};
  double noise_floor_milliseconds = unknown;
  double admissible = unknown;               ///< architectures in the latency window
  double latency_tau = unknown, accuracy_tau = unknown;  ///< Kendall's tau over the comparable pairs
};

namespace detail {
/// Indices of the frontier, from fast to accurate: the numbers that plots and tables show are places in this list, from 1.
inline std::vector<std::size_t> frontier_order(const report_data& data) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < data.networks.size(); ++i)
    if (data.networks[i].on_frontier && std::isfinite(data.networks[i].milliseconds) && std::isfinite(data.networks[i].accuracy)) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return data.networks[a].milliseconds < data.networks[b].milliseconds; });
  return order;
}
}  // namespace detail

}  // namespace hasse
