// The program hasse_measure as a function: measures the latency table of a space, or one network, and says how good it is.
// Used by examples/hasse_measure.cpp for the spaces that ship; a ten-line program of your own calls measure_space<your_space>.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/quoted.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/find.hpp>
#include <hasse/onnx/layers.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/measured_device.hpp>
#include <hasse/program/parts.hpp>
#include <hasse/program/stoppable.hpp>
#include <hasse/result/svg.hpp>
#include <hasse/space/order.hpp>

namespace hasse {

/// The command line of hasse_measure.
struct measure_options {
  std::string space, net, device = "cpu", input{}, out{};  ///< where nothing is said, a table goes to latency.json, networks nowhere
  std::vector<std::string> onnx{}, compared{};
  int device_threads = 1, command_seconds = 120, rounds = 0, contexts = 0, checked = 0, error_percent = 5, classes = 0;
  bool command_beats = false;
  std::uint64_t seed = 1;
};

/// How two tables of one space differ, the second relative to the first.
struct table_comparison {
  std::size_t rows = 0, beyond_noise = 0, other_kernels = 0;
  double factor = 1;                      ///< in the median: what may be the speed of the day
  double median_change = 0, worst = 0;    ///< of rows, but for that factor
  std::string worst_row, other_device{};  ///< why latencies of the first do not hold for the second, "" where they could
  /// A row of twenty is beyond twice its noise by luck, and in one pair of tables of twenty two deviations more than that.
  bool more_than_noise() const {
    const double expected = 0.05 * static_cast<double>(rows);
    return static_cast<double>(beyond_noise) > expected + 2 * std::sqrt(0.95 * expected);
  }
};

inline table_comparison compare(const latency_record& first, const latency_record& second) {
  if (first.space != second.space)
    throw error("the tables are of different spaces (" + detail::in_quotes(first.space) + " and " + detail::in_quotes(second.space) +
                "), whose rows have nothing in common; compare two of one space");
  if (!first.complete() || !second.complete()) throw error("a table is not measured to its end; measure on, then compare");
  std::map<std::string, const latency_row*> others;
  for (const latency_row& row : second.rows) others[row.part] = &row;
  table_comparison found;
  found.other_device = difference(first.device, second.device);
  std::vector<std::pair<const latency_row*, const latency_row*>> pairs;
  std::vector<double> ratios;
  for (const latency_row& row : first.rows)
    if (const auto other = others.find(row.part);
        other != others.end() && row.state == row_state::measured && other->second->state == row_state::measured) {
      pairs.emplace_back(&row, other->second);
      ratios.push_back(static_cast<double>(other->second->p50) / static_cast<double>(row.p50));
    }
  found.rows = pairs.size();
  if (pairs.empty()) throw error("the tables have no measured row in common; look at their reasons");
  const auto middle = [](std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
  };
  found.factor = middle(ratios);
  std::vector<double> changes;
  for (std::size_t at = 0; at < pairs.size(); ++at) {
    const double change = ratios[at] / found.factor - 1;
    changes.push_back(std::abs(change));
    if (std::abs(change) >= std::abs(found.worst)) found.worst = change, found.worst_row = pairs[at].first->part;
    const auto& [one, other] = pairs[at];
    const double noise = std::hypot(static_cast<double>(one->noise) / static_cast<double>(one->p50), static_cast<double>(other->noise) / static_cast<double>(other->p50));
    found.beyond_noise += std::abs(change) > 2 * noise;
  }
  found.median_change = middle(changes);
  for (const auto& [layer, kernel] : first.kernels)
    if (const auto other = second.kernels.find(layer); other != second.kernels.end()) found.other_kernels += other->second != kernel;
  return found;
}

namespace detail {
/// "latency.svg" beside "latency.json".
inline std::filesystem::path picture_beside(std::filesystem::path table, const char* ending) { return table.replace_extension(ending); }

template <class Space>
void draw(const latency_table<Space>& table, const std::filesystem::path& out) {
  plot sums{.title = "Sums of rows against whole networks",
            .x = {.label = "measured whole (ms)", .logarithmic = true},
            .y = {.label = "sum of rows (ms)", .logarithmic = true}};
  plot_series networks{.name = "networks that rows were not made of", .colour = ink::frontier}, equal{.name = "equal", .colour = ink::quiet, .shape = plot_shape::line, .size = 1};
  for (const additivity_pair& each : table.additivity().networks) {
    const double sum = static_cast<double>(each.sum) / 1e6, whole = static_cast<double>(each.whole) / 1e6;
    networks.points.push_back({whole, sum, each.network});
    equal.points.push_back({whole, whole});
  }
  std::sort(equal.points.begin(), equal.points.end(), [](const plot_point& a, const plot_point& b) { return a.x < b.x; });
  sums.series = {std::move(equal), std::move(networks)};
  replace_file(picture_beside(out, "svg"), sums.svg(true));

  plot rows{.title = "Rows by what they compute", .x = {.label = "million multiply-accumulates", .logarithmic = true}, .y = {.label = "latency (ms)", .logarithmic = true}};
  plot_series parts{.name = "rows", .colour = ink::frontier};
  for (const entry& each : table.space().entries()) {
    const latency_row& row = table.rows()[static_cast<std::size_t>(each.id)];
    std::int64_t macs = 0;
    for (const layer& item : each.layers) macs += macs_of(item);
    if (row.state == row_state::measured) parts.points.push_back({static_cast<double>(macs) / 1e6, static_cast<double>(row.p50) / 1e6, row.part});
  }
  rows.series = {std::move(parts)};
  replace_file(picture_beside(out, "rows.svg"), rows.svg(true));
}

inline void describe(CLI::App& app, measure_options& options, const std::string& spaces) {
  app.add_option("--space", options.space, "measure the table of this search space, one of: " + spaces)->capture_default_str();
  app.add_option("--net", options.net, "measure this network instead, whole and part by part: a name, or SPACE:CODE, as hasse_info knows them");
  app.add_option("--input", options.input, "of --space or --net: channels x height x width of the images, for instance 1x28x28, where they are others than its own");
  add_number(app, "--classes", options.classes, 0, 65'535, "of --space or --net: that its networks answer with; 0: its own");
  app.add_option("--onnx", options.onnx, "measure the networks in these ONNX files instead, whole and part by part");
  app.add_option("--device", options.device, "cpu, cuda or cuda:N; or command:'LINE', which is given a network as {onnx} and answers how many milliseconds it takes")->capture_default_str();
  describe_device_threads(app, options.device_threads);
  add_number(app, "--command-seconds", options.command_seconds, 1, 86'400, "that a command may take for one network");
  app.add_flag("--command-beats", options.command_beats, "ask a command for a network of known work beside the others, whose time tells the speed of a device that wanders");
  app.add_option("--out", options.out, "file of the table, latency.json where nothing is said; one that is not measured to its end goes on, and pictures are drawn beside it. With --net or --onnx: of their latencies")->check(not_empty("a file"));
  add_number(app, "--error", options.error_percent, 0, 1000, "wanted error of sums, percent in the median; exit code 3 where it cannot be had. 0: all rounds, and no such judgement");
  add_number(app, "--rounds", options.rounds, 0, 100, "visits of each network at most; 0: as the device needs them, 16, or 2 calls of a command");
  add_number(app, "--contexts", options.contexts, 0, 64, "networks that each part is seen in, at least; 0: 4");
  add_number(app, "--checked", options.checked, 0, 1000, "further networks, whose sums are compared with whole measurements; 0: 50, or 30 for a command");
  add_number(app, "--seed", options.seed, "decides networks, weights and inputs");
  app.add_option("--compare", options.compared, "say how the tables in two files differ, and whether by more than noise; measures nothing")->expected(2);
}

inline void print_comparison(const std::vector<std::string>& files) {
  const auto read = [](const std::string& path) { return parse_latency_record(read_file(path, largest_table), path); };
  const table_comparison found = compare(read(files[0]), read(files[1]));
  if (!found.other_device.empty()) std::printf("devices: %s\n", found.other_device.c_str());
  std::printf("%zu rows in both; in the median the second takes %+.1f %%\n", found.rows, 100 * (found.factor - 1));
  std::printf("but for that, rows differ by %.1f %% in the median, by %+.1f %% at worst (%s)\n", 100 * found.median_change, 100 * found.worst,
              found.worst_row.c_str());
  if (found.other_kernels > 0) std::printf("%zu layers run other kernels, which were chosen by measurement\n", found.other_kernels);
  std::printf("%zu of %zu rows differ by more than twice their noise, which is %s\n", found.beyond_noise, found.rows,
              found.more_than_noise() ? "more than chance explains: these are different tables" : "no more than chance explains");
}

inline void print_machine(const measured_device& device) {
  const device_facts& facts = device.facts();
  std::printf("device: %s, %s\n", text_of(facts).c_str(), facts.library.c_str());
  if (!facts.notes.empty()) std::printf("  %s\n", facts.notes.c_str());
  flush_output();
}
}  // namespace detail

/// Measures networks that are of no space, whole and, where the device runs layers, part by part; writes them to `--out` where that is given.
inline void measure_networks(const measure_options& options) {
  std::vector<named_layers> networks;
  std::vector<std::string> files;
  network_form form;
  if (!options.input.empty()) form.input = parse_shape(options.input);
  if (!options.onnx.empty() && (options.classes > 0 || !options.input.empty()))
    throw error("the networks in ONNX files have an input and classes of their own; leave out --input and --classes");
  if (!options.net.empty()) networks.push_back(find_network(options.net, form, options.classes)), files.emplace_back();
  for (const std::string& path : options.onnx) networks.push_back(layers_of_onnx(path)), files.push_back(path);
  protocol rules = of_one_network;
  if (options.rounds > 0) rules.rounds = options.rounds;
  rules.seed = options.seed;
  const measured_device device(parse_device(options.device), options.device_threads, options.command_seconds, options.command_beats);
  detail::print_machine(device);
  device.require_latencies();
  if (device.is_command()) std::printf("parts: a command times whole networks only\n");
  json written = json::array();
  for (std::size_t at = 0; at < networks.size(); ++at) {
    const named_layers& network = networks[at];
    const timed_parts found = device.visit([&]<class Device>(const Device& on) {
      if constexpr (NetworkTimer<Device>)
        return timed_parts{.whole = measure(network.layers, on)};
      else
        return measure_parts(network.layers, on, rules);
    });
    std::printf("%s: %s", detail::printable(network.name).c_str(), to_text(found).c_str());
    flush_output();
    written.push_back(parts_json(found));
    written.back()["network"] = network.name;
    if (!files[at].empty()) written.back()["file"] = files[at];
  }
  if (options.out.empty()) return;
  const device_facts& facts = device.facts();
  write_json(options.out, {{"kind", "hasse network latencies"}, {"schema", 1}, {"date", detail::time_text()}, {"device", detail::device_json(facts)}, {"networks", written}});
  std::printf("written: %s\n", options.out.c_str());
}

/// Measures the table of a space and says how good it is; returns whether the wanted error was reached.
template <class Space>
bool measure_table(const measure_options& options) {
  const space_at<Space> space(options.input.empty() ? Space::image : parse_shape(options.input), options.classes);
  const measured_device device(parse_device(options.device), options.device_threads, options.command_seconds, options.command_beats);
  detail::print_machine(device);
  protocol rules = device.is_command() ? many_networks : many_visits;
  if (options.rounds > 0) rules.rounds = options.rounds;
  if (options.contexts > 0) rules.contexts = options.contexts;
  if (options.checked > 0) rules.checked = options.checked;
  rules.error_percent = options.error_percent, rules.seed = options.seed;
  stoppable_printer printer;
  const auto table = device.visit([&](const auto& on) { return latency_table<Space>::load_or_measure(options.out, on, rules, std::ref(printer), space); });
  printer.finish();

  const latency_record& record = table.record();
  std::size_t measured = 0, runs = 0, set_aside = 0;
  for (const latency_row& row : table.rows()) {
    measured += row.state == row_state::measured;
    runs += static_cast<std::size_t>(row.samples), set_aside += static_cast<std::size_t>(row.rejected.all());
  }
  std::printf("table: %s, measured %s, %zu of %zu parts, rows are certain to %.1f %% in the median\n", options.out.c_str(), record.date.c_str(), measured,
              table.rows().size(), 100 * table.noise_floor());
  for (const latency_row& row : table.rows())
    if (row.state == row_state::unsupported) std::printf("  without a latency: %s: %s\n", row.part.c_str(), row.reason.c_str());
  if (!record.failures.empty())
    std::printf("  %zu networks failed, the first of them %s: %s\n", record.failures.size(), record.failures[0].network.c_str(), record.failures[0].reason.c_str());
  if (record.beat.quiet > 0)
    std::printf("machine: half of the time it took %.0f %% longer than when nothing disturbed it; rows are those of the undisturbed machine, %s; %.0f %% of the runs set aside\n",
                100 * (record.beat.slowdown() - 1), record.beat.reading == speed_reading::quick ? "by the quick visits" : "told by the beat", 100 * static_cast<double>(set_aside) / static_cast<double>(std::max<std::size_t>(1, runs + set_aside)));
  const hasse::additivity& sums = table.additivity();
  std::printf("sums: they miss %zu networks that rows were not made of by %.1f %% in the median, %.1f %% in nine of ten, %.1f %% at worst\n", sums.networks.size(),
              100 * sums.median_error(), 100 * sums.error_at(0.9), 100 * sums.worst_error());
  for (const table_correction& each : record.corrections)
    std::printf("corrected %s: %zu rows, by %zu networks that were measured whole\n", each.date.c_str(), each.rows.size(), each.networks.size());
  const auto violations = table.violations(strict_order{});
  const auto real = std::count_if(violations.begin(), violations.end(), [](const order_violation& each) { return each.beyond_noise(); });
  std::printf("order: %zu steps up are faster, %td of them by more than the noise\n", violations.size(), real);
  for (std::size_t at = 0; at < std::min<std::size_t>(3, violations.size()); ++at)
    std::printf("  %s by %s\n", violations[at].move.text.c_str(), uncertainty_text(static_cast<double>(violations[at].size) / 1e6).c_str());
  detail::draw(table, options.out);
  std::printf("pictures: %s, %s\n", detail::picture_beside(options.out, "svg").c_str(), detail::picture_beside(options.out, "rows.svg").c_str());
  if (options.error_percent == 0 || 100 * sums.median_error() <= options.error_percent) return true;
  flush_output();
  std::fprintf(stderr, "hasse_measure: sums miss whole networks by %.1f %% in the median, and %d %% were wanted; measure when the machine is quieter, or with more --rounds or --contexts, in another --out\n",
               100 * sums.median_error(), options.error_percent);
  return false;
}

/// The program: parses, picks the space, measures. Returns the exit code: 0, 2 after one sentence on stderr, or 3 where the table is
/// there and its error is more than was wanted.
template <class... Spaces>
int measure_space(int argc, char** argv, const std::array<const char*, sizeof...(Spaces)>& names) {
  measure_options options;
  options.space = names[0];
  std::string list;
  for (const char* name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  CLI::App app("Measures how long the networks of a space take on a device: the latency table that searches add up", "hasse_measure");
  detail::describe(app, options, list);
  bool reached = true;
  const int code = guarded(app, argc, argv, [&] {
    if (!options.compared.empty()) return detail::print_comparison(options.compared);
    if (!options.net.empty() || !options.onnx.empty()) return measure_networks(options);
    if (options.out.empty()) options.out = "latency.json";
    std::size_t at = 0;
    const auto run_if_named = [&]<class Space>(std::type_identity<Space>) {
      if (names[at++] != options.space) return false;
      reached = measure_table<Space>(options);
      return true;
    };
    if (!(run_if_named(std::type_identity<Spaces>{}) || ...))
      throw error("there is no space " + detail::in_quotes(options.space) + " in this program; choose from: " + list +
                  ", or write your own as docs/how-to/own-space.md shows");
  });
  return code == 0 && !reached ? 3 : code;
}

}  // namespace hasse
