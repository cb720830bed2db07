// What a report shows, as plain numbers and text: whoever ran the search fills it, report.hpp draws it.
// Used by result and programs. Everything is optional except networks; a section without data is left out.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/price/price.hpp>
#include <hasse/task/metric.hpp>
#include <hasse/task/record.hpp>

namespace hasse {

/// "Not measured": such a value is left out of plots and shown as a dash.
inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// What a network is on one of several devices, in words of report_network.
struct report_place {
  double cost = unknown, whole_cost = unknown, whole_noise = unknown;
  bool on_frontier = false;
  std::string beaten_by{};

  double counted() const { return std::isfinite(whole_cost) ? whole_cost : cost; }
};

/// One trained network. Costs are in the unit of report_data::price (latencies: ms), scores are values of the task's metric (of
/// classification: accuracy, 0..1).
struct report_network {
  std::string name;                  ///< architecture text
  double cost = unknown;             ///< sum over its parts: what the search saw
  double whole_cost = unknown;       ///< the whole network, measured or priced again (finalists)
  double whole_noise = unknown;      ///< how far that may be off
  double corrected_cost = unknown;   ///< the sum by rows that whole networks corrected; unknown: they were as far off as was stated
  double score = unknown;            ///< on the validation samples; unknown: the training diverged
  double finished_score = unknown;   ///< the same of the longer training that finalists may get once the search has ended
  double test_score = unknown;       ///< on samples that the search never saw, of the weights that are handed over (finalists)
  double macs = unknown, parameters = unknown;
  double precedents = unknown;       ///< how many admissible architectures precede it; unknown: not counted
  std::vector<double> runs{};        ///< scores of all its trainings, where networks were trained several times; `score` is the best of them
  double score_low = unknown, score_high = unknown;  ///< where a model says what a network is worth without luck: that is `score`, and this one deviation around it
  double kept_score = unknown;       ///< then: of the training whose weights are kept
  bool on_frontier = false;
  std::vector<epoch_record> curve{};
  std::vector<std::pair<std::string, std::string>> files{};  ///< label and path relative to the report: ONNX, header, weights
  std::string beaten_by{};  ///< a finalist that costs less as a whole network and is better: this one was on the frontier by its sum only

  std::vector<report_place> places{};  ///< on each of report_data::devices; costs above, `on_frontier` and `beaten_by` are of the first

  /// What it costs: as a whole network, where that is known.
  double counted() const { return std::isfinite(whole_cost) ? whole_cost : cost; }
};

/// A network of another policy, for comparison.
struct report_point {
  std::string name;
  double cost = unknown, score = unknown;
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

/// `pruned` precedes `above`, and `instead` is at least as good as `above` and costs no more than `pruned`. Empty: everything admissible
/// that precedes `above`, is not cheaper than `instead` and was not trained (sets too large to be listed).
struct report_certificate {
  std::string pruned, above, instead;
  std::size_t device = 0;  ///< of report_data::devices, for which it holds
};

/// What a model expects a network to score: the middle, and one deviation below and above it.
struct report_expectation {
  std::string name;
  double cost = unknown, low = unknown, middle = unknown, high = unknown;
  double gain = unknown;  ///< by training it, as a share of the hypervolume (of several devices, of the sum of theirs); unknown: it is trained
  std::vector<double> elsewhere{};  ///< costs on further devices
};

/// What a model expected after so many trainings.
struct report_outlook {
  double trained = 0;
  double found = unknown, surely_found = unknown;  ///< hypervolume then, as a share of what there is to find: the median, and what nine of ten draws exceed
  double chance = unknown;                         ///< that what is left adds more than a hundredth
};

/// What a model-guided search expects at its end.
struct report_forecast {
  double found = unknown, surely_found = unknown, chance = unknown;  ///< as report_outlook
  std::vector<report_expectation> frontier{}, next{};  ///< trained, from cheap to good; not trained, the most promising first
  std::vector<report_outlook> looks{};                 ///< where it would have ended if enough had been found
  std::vector<std::vector<report_expectation>> elsewhere{};  ///< frontiers of further devices
  double run_deviation = unknown;                      ///< of single trainings around what is expected, of the best ones
  double luck_deviation = unknown;                     ///< the part of it by which trainings of one network differ; unknown: none was repeated
  double repeats = 0;                                  ///< trainings of networks that were trained before
};

struct report_data {
  std::string title = "The speed/accuracy boundary of this device";
  price_unit price = in_milliseconds;  ///< what costs are counted in
  metric measure = {.name = "accuracy", .unit = "%", .factor = 100, .decimals = 1};  ///< what networks are judged by
  std::vector<std::pair<std::string, std::string>> facts{};  ///< space, device, data, policy, seed, version ...: shown in this order
  std::vector<std::string> devices{};                        ///< that the networks are for, where there are several
  std::vector<std::string> warnings{};                       ///< sentences: order violations of the table, diverged trainings ...
  std::vector<report_network> networks{};                    ///< in the order of training
  std::vector<report_point> comparison{};                    ///< random search, for instance
  std::string comparison_name = "random search";
  std::vector<report_progress> pruning{};
  bool judges = false;  ///< scores are what a model takes networks to be worth, without the luck of single trainings
  bool prunes = true;  ///< false: the search did not prune, and `pruning` and `certificates` say what the order settles of what it trained
  std::vector<report_pair> pairs{};  ///< all comparable pairs of networks
  std::vector<report_sum> sums{};
  std::vector<report_certificate> certificates{};
  std::optional<report_forecast> forecast{};
  double noise_floor_milliseconds = unknown;
  double admissible = unknown;               ///< architectures in the window of costs
  double cost_tau = unknown, merit_tau = unknown;  ///< Kendall's tau over the comparable pairs
};

namespace detail {
/// Indices of the frontier, from cheap to good: the numbers that plots and tables show are places in this list, from 1.
HASSE_BODY std::vector<std::size_t> frontier_order(const report_data& data);
/// Indices of the networks that are on the frontier of some device, by what they cost on the first.
HASSE_BODY std::vector<std::size_t> union_order(const report_data& data);
/// What the same report says of one of its devices, as if there were no other.
HASSE_BODY report_data on_device(const report_data& data, std::size_t device);
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/report_data.inl>
#endif
