// What hasse_boundary is told, and what it then does. Used by its command line and by its search, which a program of several spaces
// compiles in files of their own: examples/hasse_boundary.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <hasse/program/options.hpp>
#include <hasse/program/space_name.hpp>
#include <hasse/result/network_metadata.hpp>

namespace hasse {

/// The command line of hasse_boundary.
struct boundary_options : recipe_options, device_options {
  std::string space, latency = "auto", policy = "auto", order = "strict", contradictions = "warn", speed = "quiet";
  std::string pixels = std::string(to_text(pixel_form::unit));  ///< what ONNX files read
  std::vector<std::string> devices{};  ///< several at once, as detail::listed_devices reads them; empty: `device` alone
  std::string table{};          ///< latencies of a device that is elsewhere; empty: `device` is measured
  std::string fit = "stretch";  ///< what becomes of images of other proportions
  int side = 0;                 ///< of the images; 0: their own where all have one size, else that of the space
  std::size_t trainings = 20, unchanged = 0, finish_networks = 0;
  int finish_epochs = 0;
  bool repeats = false;
  double margin = 0, enough = 0;
  bool workers = false;  ///< there may be others in the folder
};

/// hasse_boundary without its command line: prints what it does, leaves a run folder. `named` is what the headers of
/// found networks call the space. A program of several spaces may instantiate this in a file for each.
template <class Space>
void search_boundary(const boundary_options& options, const space_name& named);

}  // namespace hasse
