// A run of hasse_proxyless: what is searched, by which prices, and what becomes of the network that is found.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/file/recall.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/gated_curve.hpp>
#include <hasse/program/detail/proxyless_prices.hpp>
#include <hasse/program/method_reports.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/target.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/gated_search.hpp>
#include <hasse/supernet/mbconv_space.hpp>

namespace hasse {

/// The command line of hasse_proxyless. The recipe is that of the last training; the search has epochs and rates of its own.
struct proxyless_options : recipe_options, device_options, target_options {
  std::string space = "proxyless-cifar-tiny", loss = "add#absolute", method = "gradient-two";
  std::vector<std::string> beside{};
  std::string pixels = std::string(to_text(pixel_form::unit));  ///< what the ONNX file reads
  int side = 0, latency_side = 0;  ///< of the images that train, and of those whose latency counts; 0: the space's
  int search_epochs = 12, warmup_epochs = 4, period = 5, random = 0;
  double lambda = 1, power = 0.3, search_rate = 0.025, warmup_rate = 0.05, gate_rate = 0.006;
};

namespace detail {
/// A run of hasse_proxyless between its parts: what all of them look at.
struct proxyless_run {
  const proxyless_options& options;
  const recipe& how;
  mbconv_space space;   ///< as it trains
  mbconv_space priced;  ///< as it is priced: other images, perhaps other classes
  gated_list list, priced_list;
  any_price price;
  gated_costs costs;  ///< by that price
  double target;      ///< in its unit, 0: none
  program_run& here;
  layer_table& table;
  any_backend<float>& backend;
  const splits& images;
  const training_data<>& data;

  /// What the files of a network say.
  network_metadata metadata(const std::string& choice) const {
    network_metadata said = metadata_of(data);
    said.insert({{"choice", choice}, {"space", options.space}, {"seed", std::to_string(options.seed)}});
    return said;
  }
  /// True where the network can be measured as it will run.
  bool measures() const { return price.unit() == in_milliseconds && options.table.empty(); }
  double whole(const std::vector<int>& choice) const {
    const double found =
        to_milliseconds(table.measured_whole(priced_list.path(choice), priced_list.text(choice), here.progress()).latency());
    here.end_line();
    return found;
  }
  /// What the target limits, as it really is.
  double real(const std::vector<int>& choice) const {
    if (price.gathering() == cost_gathering::largest) return price.of(priced_list.path(choice));
    return measures() ? whole(choice) : costs.of(list.path_of(choice));
  }
  /// What the candidates of a network cost together, as it is shown.
  double shown_cost(const std::vector<int>& choice) const { return costs.of(list.path_of(choice)) / price.unit().factor; }

  /// A network as the report shows it, before anybody says how good it is.
  gated_report_network shown(std::string name, gated_role role, const std::vector<int>& choice) const {
    gated_report_network made{.name = std::move(name), .role = role, .choice = list.text(choice)};
    made.blocks = drawn_blocks(priced_list, choice);
    show_costs(made, priced_list.path(choice));
    made.summed = shown_cost(choice), made.milliseconds = whole(choice);
    if (price.unit() == in_milliseconds) made.costs.emplace_back(price.device(), made.summed);
    return made;
  }
};

/// What the search left: from the journal, or searched for now.
inline gated_outcome searched(const proxyless_run& run, const gated_recipe& how) {
  if (const auto before = recall(run.here.book(), "searched"))
    return {.choice = run.list.parse(before->get<std::string>("choice")),
            .cost = before->get<double>("cost"),
            .curve = curve_of(*before, run.costs.flat().size()),
            .diverged = false,
            .note = before->get<std::string>("note")};
  gated_search<any_backend<float>> search(run.backend, run.options.space, run.list, run.costs, run.data.with({.label_smoothing = 0.1}),
                                          how, run.here.saving());
  const gated_outcome outcome = run.here.train(search);
  if (outcome.diverged) throw diverged("the search", outcome.note, run.here.folder(), trained_before::nothing);
  run.here.book().append("searched", {{"choice", run.list.text(outcome.choice)},
                                      {"cost", outcome.cost},
                                      {"note", outcome.note},
                                      {"curve", curve_json(outcome.curve)}});
  return outcome;
}

/// The network that the run goes on with: from the journal, or derived now. Without a target it is the likeliest.
inline derived_choice derived(const proxyless_run& run, const gated_outcome& outcome, const wanted_cost& wanted) {
  if (const auto before = recall(run.here.book(), "found"))
    return {run.list.parse(before->get<std::string>("choice")), before->get<double>("aim"), before->get<double>("cost")};
  const derived_choice found =
      run.target > 0 ? derive_choice(run.list, run.costs, outcome.curve.back().probabilities, outcome.choice, wanted)
                     : derived_choice{outcome.choice, outcome.cost, wanted.real(outcome.choice)};
  run.here.book().append("found", {{"choice", run.list.text(found.choice)}, {"aim", found.aim}, {"cost", found.real}});
  return found;
}

inline void print_probabilities(const gated_list& list, const gated_outcome& outcome) {
  std::size_t at = 0;
  for (const int place : list.searched()) {
    const int taken = outcome.choice[static_cast<std::size_t>(place)];
    std::printf("  %-18s %-6s", list.block(place).name.c_str(), list.candidate(place, taken).text.c_str());
    for (const gated_candidate& each : list.block(place).candidates)
      std::printf("  %s %4.1f %%", each.text.c_str(), 100 * outcome.curve.back().probabilities[at++]);
    std::printf("\n");
  }
}

/// A network, trained from scratch by the recipe and judged: found in the journal, or trained now. "" where its training diverged.
inline std::string trained_alone(const proxyless_run& run, const std::string& name, gated_role role, const std::vector<int>& choice,
                                 std::vector<gated_report_network>& networks) {
  gated_report_network shown = run.shown(name, role, choice);
  journal& book = run.here.book();
  const json which{{"network", name}, {"choice", shown.choice}};
  if (!recall(book, "judged", which) || !file_exists(weights_of(run.here.folder(), name))) {
    const lone_training made = train_alone(run.here, run.backend, run.data,
                                           {.name = name,
                                            .layers = run.list.path(choice),
                                            .how = run.how,
                                            .seed = derive(run.options.seed, 1),
                                            .said = run.metadata(shown.choice)},
                                           curve_records::none);
    if (!made.network)
      return diverged("the training of " + name, made.outcome.note, run.here.folder(), trained_before::something).what();
    const judgement found = judge(run.backend, run.data, run.images.test, *made.network);
    json record = which;
    record.update({{"validation", found.validation},
                   {"test", found.test},
                   {"milliseconds", shown.milliseconds},
                   {"epochs", curve_json(made.outcome.curve)}});
    book.append("judged", std::move(record));
  }
  const recalled judged = *recall(book, "judged", which);
  shown.accuracy = judged.get<double>("validation"), shown.test_accuracy = judged.get<double>("test");
  std::printf("%-9s %s\n          %.4g M MACs, %s by the table, %.4f ms measured whole here, validation %.2f %%, test %.2f %%\n",
              (name + ":").c_str(), shown.choice.c_str(), shown.macs / 1e6,
              run.price.unit().text(shown.summed * run.price.unit().factor).c_str(), shown.milliseconds, 100 * shown.accuracy,
              100 * shown.test_accuracy);
  flush_output();
  networks.push_back(std::move(shown));
  return {};
}

inline void hand_over_found(const proxyless_run& run, const std::vector<int>& choice, gated_report_network& shown) {
  const layer_list layers = run.list.path(choice);
  const model found{"found", layers, read_weights(weights_of(run.here.folder(), "found"), layers)};
  shown.files = hand_over(run.here.folder(), "found", found,
                          {.said = run.metadata(shown.choice),
                           .pixels = parse_pixel_form(run.options.pixels, "--pixels"),
                           .any_batch = false,
                           .keeps_weights = true,
                           .header = found_network{.type = network_type_text(run.space, choice),
                                                   .facts = {"choice: " + shown.choice, percent_text(shown.accuracy) +
                                                                                            " of the validation images, " +
                                                                                            milliseconds_text(shown.milliseconds)},
                                                   .classes = run.images.train.classes}});
}

/// What other runs found, and the latency of every network on every device that a run has a table of.
inline void add_elsewhere(const proxyless_run& run, const std::vector<found_elsewhere>& others, gated_data& page) {
  for (const found_elsewhere& other : others) {
    gated_report_network shown = run.shown(other.run, gated_role::other, other.choice);
    shown.accuracy = other.validation, shown.test_accuracy = other.test;
    page.networks.push_back(std::move(shown));
  }
  std::vector<std::string> devices{run.price.device()};
  for (const found_elsewhere& other : others) {
    const bool is_known = std::find(devices.begin(), devices.end(), other.device) != devices.end();
    if (other.unit != in_milliseconds.suffix || is_known) continue;
    devices.push_back(other.device);
    for (gated_report_network& each : page.networks)
      each.costs.emplace_back(other.device, other.costs.of(run.list.path_of(run.list.parse(each.choice))));
  }
}
}  // namespace detail

}  // namespace hasse
