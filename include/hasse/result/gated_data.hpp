// What the report of a search through gates shows, as plain numbers and text: whoever searched and trained fills it.
// Used by gated_report.hpp and programs. Everything is optional; a section without data is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/shape.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/task/metric.hpp>

namespace hasse {

/// Where a network of the report is from.
enum class gated_role : std::uint8_t {
  found,  ///< by this search
  other,  ///< by another search: for another device, with another target
  random,  ///< drawn at random at equal cost: what the found one is compared with
  tried    ///< trained by this search, which found another to be better
};

/// Neither found here nor elsewhere.
constexpr bool is_beside(gated_role role) { return role == gated_role::random || role == gated_role::tried; }
constexpr std::string_view to_text(gated_role role) {
  return role == gated_role::found ? "found" : role == gated_role::other ? "found elsewhere" : role == gated_role::random ? "random" : "tried";
}

/// A block of a network as it is drawn. Networks are drawn beneath each other, the blocks of one place in one column.
struct drawn_block {
  std::string name{};       ///< its place: "stage 2 block 1"
  std::string candidate{};  ///< as in gated_data::blocks, "k5e6": gives it its colour; empty: the same in every network
  std::string label{};      ///< "MB6 5x5"
  int kernel = 0, expand = 0, stride = 1;  ///< 0: it has none
  feature_shape out{};
  bool is_zero = false;  ///< left out: its shortcut is all that remains
};

/// One network. Accuracies in 0..1, of the weights that it has after its own training.
struct gated_report_network {
  std::string name{};
  gated_role role = gated_role::found;
  std::string choice{};               ///< in the text form of gated_list
  std::vector<drawn_block> blocks{};  ///< drawn_blocks() of program/method_reports.hpp makes them
  double macs = unknown, parameters = unknown;
  double summed = unknown;        ///< by the table of this search, in the unit of gated_data::cost, whichever search found it
  double milliseconds = unknown;  ///< the whole network, measured
  double peak_bytes = unknown;    ///< of the values in use at once while it infers one image
  double accuracy = unknown;      ///< on the validation images
  double test_accuracy = unknown;
  std::vector<std::pair<std::string, std::string>> files{};  ///< label and path relative to the report: ONNX, header, weights
  std::vector<std::pair<std::string, double>> costs{};       ///< device and milliseconds, by the device's table
};

/// A block that is searched, and the candidates that it has.
struct gated_report_block {
  std::string name{};                     ///< "stage 2 block 1"
  std::vector<std::string> candidates{};  ///< "k3e3", "zero"
};

/// One epoch of the search.
struct gated_report_epoch {
  int epoch = 0;
  bool is_warmup = false;
  double loss = unknown, train_accuracy = unknown;  ///< of the paths that were drawn
  double validation_accuracy = unknown;             ///< of the likeliest path
  double entropy = unknown;                         ///< mean over the blocks, in nats
  double expected = unknown, likeliest = unknown;   ///< cost of a drawn path on average, and of the likeliest
  double learning_rate = unknown;
  double loss_pull = unknown, cost_pull = unknown;  ///< norms of the gradients by alpha: of the cross-entropy, of the cost's term
  std::vector<double> probabilities{};              ///< of all candidates of all blocks, block after block; empty: not recorded
};

struct gated_data {
  std::string title = "A network, searched block by block";
  std::vector<std::pair<std::string, std::string>> facts{};  ///< data, space, table, seed, version ...: shown in this order
  std::vector<std::string> warnings{};
  metric measure = {.name = "accuracy", .unit = "%", .factor = 100, .decimals = 2};  ///< what accuracies below are values of: a share, shown in %
  std::string cost = "ms";  ///< the unit in which the search counts: "ms", "M MACs", "MB"
  double target = unknown;
  bool is_measured = true;  ///< a target in ms limits the latency measured here; false: the sum over another device's table
  double tolerance = 0.05;  ///< by which share of the target it may be missed
  std::vector<gated_report_block> blocks{};
  std::vector<gated_report_epoch> epochs{};
  std::vector<gated_report_network> networks{};  ///< the found one first
};

}  // namespace hasse
