// The command line of hasse_boundary, which picks a space by its name. Used by program/boundary.hpp and by examples/hasse_boundary/main.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/program/boundary_options.hpp>
#include <hasse/program/command_line.hpp>

namespace hasse {

namespace detail {
/// What is searched, and how.
inline void describe_search(CLI::App& app, boundary_options& options, const std::string& spaces) {
  app.add_option("--space", options.space, "search space, one of: " + spaces)->capture_default_str();
  app.add_option("--latency", options.latency, "admissible latencies, such as 0.1..2.0ms; auto: from the fastest network to four times its latency")->capture_default_str();
  app.add_option("--table", options.table, "the latency.json of a device that is elsewhere, by whose latencies is searched: of the same space, images and number of classes; without, the device is measured")->check(not_empty("a file"));
  app.add_option("--speed", options.speed, "which latencies count: quiet, of the device when nothing disturbs it, or typical, as it was half of the time while it was measured")->capture_default_str()->check(CLI::IsMember({"quiet", "typical"}));
  add_number(app, "--trainings", options.trainings, 1, 1'000'000, "networks to train at most; a finished run goes on when it is started with more");
  add_number(app, "--finish-epochs", options.finish_epochs, 0, 100'000, "train the frontier's networks once more, from scratch, for so many epochs; 0: hand them over as searched");
  add_number(app, "--finish-networks", options.finish_networks, "with --finish-epochs: only so many, the most accurate ones; 0: all");
  app.add_option("--policy", options.policy, "model (what a Gaussian process expects to add most), pop (Partial Order Pruning), random or evolution; auto: that of the run folder, model in a new one")->capture_default_str()->check(CLI::IsMember({"auto", "model", "pop", "random", "evolution"}));
  app.add_option("--order", options.order, "strict or embedding")->capture_default_str()->check(CLI::IsMember({"strict", "embedding"}));
  app.add_option("--contradictions", options.contradictions, "where the table calls a larger network faster: warn; isotonic: search on the nearest latencies that do not; exclude: such pairs prune nothing")->capture_default_str()->check(CLI::IsMember({"warn", "isotonic", "exclude"}));
  describe_workers(app, options.workers);
  describe_pixels(app, options.pixels);
  add_number(app, "--margin", options.margin, 0, 1, "the order settles (and pop prunes) only on differences in accuracy above this (0..1)");
  add_number(app, "--enough", options.enough, 0, 99.99, "with --policy model: stop when the model is nine tenths sure that so many percent of the hypervolume are found; 0: never");
  app.add_flag("--repeats", options.repeats, "with --policy model: train a network again where that is worth more than a new one, learn how far trainings differ by luck, and hand over what networks are worth without it");
  add_number(app, "--unchanged", options.unchanged, "stop when the frontier stayed the same for so many trainings; 0: never");
}
inline void describe(CLI::App& app, boundary_options& options, const std::string& spaces) {
  describe(app, static_cast<recipe_options&>(options));
  describe_shape(app, options.side, options.fit);
  describe(app, static_cast<device_options&>(options));
  app.add_option("--devices", options.devices, "instead of --device several at once, divided by commas: latency tables of hasse_measure, cpu, cuda, command:'LINE' last; one set of trainings, a frontier for each; --latency is of the first")
      ->excludes("--device")->allow_extra_args(false);
  describe_search(app, options, spaces);
}
}  // namespace detail

/// The program: parses, picks the space, runs. Returns the exit code: 0, or 2 after one sentence on stderr.
template <class... Spaces>
int boundary(int argc, char** argv, const std::array<space_name, sizeof...(Spaces)>& names) {
  boundary_options options;
  options.space = names[0].name;
  std::string list;
  for (const space_name& each : names) list += (list.empty() ? "" : ", ") + each.name;
  CLI::App app("Finds the speed/accuracy boundary of this machine by a search on real trainings", "hasse_boundary");
  detail::describe(app, options, list);
  return guarded(app, argc, argv, [&] {
    std::size_t at = 0;
    const auto run_if_named = [&]<class Space>(std::type_identity<Space>) {
      const space_name& name = names[at++];
      if (name.name != options.space) return false;
      search_boundary<Space>(options, name);
      return true;
    };
    if (!(run_if_named(std::type_identity<Spaces>{}) || ...))
      throw error("there is no space " + detail::in_quotes(options.space) + " in this program; choose from: " + list + ", or write your own as docs/how-to/own-space.md shows");
  });
}

}  // namespace hasse
