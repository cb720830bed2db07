// What the report of a slimmable network shows, as plain numbers and text: whoever trained and slimmed fills it (program/method_reports.hpp).
// Used by slimming_report.hpp and programs. Everything is optional; a section without data is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/result/report_data.hpp>

namespace hasse {

/// Where a network's weights are from.
enum class slimming_role : std::uint8_t {
  shared,  ///< cut out of the slimmable network
  alone,   ///< trained by itself, at a uniform width: what the others are compared with
  slimmed  ///< found by greedy slimming
};

constexpr std::string_view to_text(slimming_role role) {
  return role == slimming_role::shared ? "slimmable" : role == slimming_role::alone ? "trained alone" : "slimmed";
}

/// One network. Accuracies are values of the metric: shares in 0..1.
struct slimming_network {
  std::string name{};
  slimming_role role = slimming_role::shared;
  int width = 0;                ///< in thousandths; 0: not one width
  std::string configuration{};  ///< channels per group, "16,32,96"
  double accuracy = unknown;    ///< on the validation images
  double test_accuracy = unknown;
  double milliseconds = unknown;  ///< measured
  double macs = unknown, parameters = unknown;
  double peak_bytes = unknown;  ///< of the values in use at once while it infers one image
};

/// After `step` removals. `removed` says which channels went.
struct slimming_point {
  double step = 0, error = unknown, cost = unknown;
  std::string removed{};
};

/// A budget of a greedy slimming, and what met it.
struct slimming_goal {
  double target = unknown, step = unknown, error = unknown, cost = unknown;
  std::vector<int> channels{};  ///< per group
};

struct slimming_data {
  std::string title = "A slimmable network";
  std::vector<std::pair<std::string, std::string>> facts{};  ///< data, recipe, device, seed, version ...: shown in this order
  std::vector<std::string> warnings{};
  metric measure = {.name = "accuracy", .unit = "%", .factor = 100, .decimals = 2};  ///< what accuracies are values of
  std::vector<slimming_network> networks{};
  std::string cost = "MACs";            ///< what the slimming counts, with its unit
  std::vector<slimming_point> trace{};  ///< the start first
  std::vector<slimming_goal> goals{};
  std::vector<int> channels{};        ///< of each group before anything is removed
  std::vector<std::string> groups{};  ///< their names; those without one are numbered
};

}  // namespace hasse
