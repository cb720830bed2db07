// The command line of hasse_detect search as values. Used by program/detect_command_line.hpp, which reads it, and program/detect_search.hpp,
// which searches; apart, so that a program can compile the two in files of their own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <hasse/program/detection_options.hpp>
#include <hasse/program/target.hpp>

namespace hasse {

/// The command line of hasse_detect search. The recipe is that of each training alone; the search through masks has steps and a rate of its own.
struct detect_search_options : detector_options, target_options {
  std::string space = "det-micro-cpu", method = "tunas", quality = "loss", price_model = "sums";
  std::vector<std::string> beside{};
  std::size_t price_networks = 0;
  int width = 1000, search_epochs = 0, codes = 4, random = 0, trainings = 10;
  int gate_period = 5;
  double gate_rate = 0.006, cost_weight = 1;
  double search_rate = 0.02, reward_weight = -0.1, margin = 0, least_share = 0;
};

}  // namespace hasse
