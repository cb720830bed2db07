// hasse_segment search as a function: the boundary of latency and mIoU of a space of segmentation networks on a device, backbone and decoder
// together, by Partial Order Pruning or another policy. Used by program/segment_command_line.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/program/boundary_options.hpp>
#include <hasse/program/boundary_search.hpp>
#include <hasse/program/measured_device.hpp>
#include <hasse/program/output.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/search.hpp>
#include <hasse/program/segment.hpp>
#include <hasse/program/segment_options.hpp>
#include <hasse/program/segmenter.hpp>
#include <hasse/program/settings.hpp>

namespace hasse {

/// The command line of hasse_segment search: of hasse_boundary's, what does not tell images apart.
struct segment_search_options : boundary_options, mask_options {
  segment_search_options() {
    data = "scenes", run = "run-segment-search", policy = "pop", epochs = 20, batch = 16, learning_rate = segmentation_rate;
    pixels = std::string(to_text(pixel_form::normalised));
  }
  std::string size{};  ///< of the pictures, "192x256"; empty: that of the space
};

namespace detail {
/// As `hasse_segment train` trains.
inline recipe segment_recipe(const segment_search_options& options, int epochs) {
  const recipe how{.epochs = epochs,
                   .batch = options.batch,
                   .learning_rate = options.learning_rate,
                   .decay = options.decay,
                   .warmup_epochs = 0.05 * epochs,
                   .seed = options.seed};
  check(how);
  return how;
}

inline json settings_of(const segment_search_options& options, const recipe& how) {
  json settings{{"program", "hasse_segment search"},
                {"space", options.space},
                {"data", place_of(options.data)},
                {"train_images", options.train_images},
                {"latency", options.latency},
                {"order", options.order},
                {"contradictions", options.contradictions},
                {"margin", options.margin},
                {"seed", options.seed},
                {"recipe", to_text(how)},
                {"threads", options.threads},
                {"device_threads", options.device_threads},
                {"speed", options.speed}};
  add_settings(settings, options);
  add_training_device(settings, options.training());
  return settings;
}

/// What a network of the frontier is besides what every search hands over: classes as ONNX, scores at stride 8, and a page with its classes and
/// pictures. Prints how well it knows the classes.
inline void show_finalist(any_backend<float>& backend, const run_folder& folder, const training_data<segmentation>& data, const detection_splits& pictures, report_network& shown) {
  const std::string file = file_name_of(shown.name);
  const model network = read_network(weights_of(folder, shown.name).string()).network;
  const network_metadata said = metadata_of(data);
  write_segmenter_forms(folder, file, network, {.metadata = said});
  segmentation_report_data page{.title = shown.name + " on " + pictures.train.name, .classes = pictures.train.classes, .splits = {}, .facts = {}, .pictures = {}};
  for (const auto& [split, set] : {std::pair{"validation", &pictures.validation}, {"test", &pictures.test}})
    page.splits.emplace_back(split, judge_segmenter(backend, network, *set, data.scale));
  page.facts = {{"latency", milliseconds_text(shown.counted()) + (std::isfinite(shown.whole_cost) ? ", measured whole;" : ", the sum of its parts;") + " upsampling inside, without decoding and the choice of classes"},
                {"MACs", number_text(shown.macs)},
                {"parameters", number_text(shown.parameters)}};
  page.pictures = shown_pictures(backend, network, pictures.test, data.scale);
  replace_file(folder.networks() / (file + ".html"), segmentation_page(page));
  shown.files.emplace_back("labels", "networks/" + file + ".labels.onnx");
  shown.files.emplace_back("pictures", "networks/" + file + ".html");
  std::printf("%s, test, %zu pictures:\n", shown.name.c_str(), pictures.test.size());
  print(page.splits.back().second, page.classes);
}
}  // namespace detail

/// hasse_segment search without its command line: prints what it does, leaves a run folder, goes on where it was killed. The networks of
/// `Space` answer with one map of scores; docs/how-to/search-segmentation.md shows a space of one's own. A program of several spaces may
/// instantiate this in a file for each.
template <class Space>
void search_segmenters(const segment_search_options& options, const space_name& named) {
  const auto window = detail::read_window(options.latency);
  const recipe how = detail::segment_recipe(options, options.epochs);
  const std::string policy = detail::policy_of(options);
  detail::check_asks_model(options, policy);
  (void)detail::read_scales(options.scales);
  const chosen_order order{options.order};
  const order_policy contradictions = detail::contradictions_of(options.contradictions);
  const feature_shape wanted = options.size.empty() ? Space::image : detail::read_size(options.size, 1, 4096, "height and width", "192x256");
  (void)space_at<Space>(wanted);  // refused before anything is opened
  detail::listed_tables<Space> on(detail::devices_of(options));
  const device_facts& measured = on.device(0).facts;
  const bool is_measured = on.device(0).there != nullptr;
  any_backend<float> trainer = backend_of(options.training(), options.threads);
  std::optional<finishing> finish;
  if (options.finish_epochs > 0) {
    finish.emplace(finishing{.how = detail::segment_recipe(options, options.finish_epochs)});
    if (options.finish_networks > 0) finish->most = options.finish_networks;
  }
  json settings = detail::settings_of(options, how);
  settings["parts"] = space_identity<Space>(), settings["policy"] = policy;
  if (options.repeats) settings["repeats"] = true;
  const std::size_t corrections = is_measured ? detail::corrections_of(options.run) : 0;
  on.add_to(settings, corrections);
  if (!options.size.empty()) settings["size"] = options.size;
  program_run here(options.run, settings, options.workers ? folder_use::workers : folder_use::alone, true);
  run_folder& folder = here.folder();
  detail::say_threads(options.threads);
  const detection_splits pictures =
      detail::open_masked({options.data, wanted, options.seed, options.train_images, how.batch, options.skip_damaged}, options, here, [](detection_splits& all) {
        if (all.validation.size() == 0 || all.test.size() == 0) cut_for_search(all);
      });
  const training_data<segmentation> data(detail::task_of(options, pictures.train), pictures.train, pictures.validation);
  const space_at<Space> space(wanted, static_cast<int>(pictures.train.classes.size()));
  folder.bind_images(derive(data.identity, identity_of(pictures.test)));
  on.serve(space);
  on.open(folder, here);
  auto& table = on.table(0);
  if (is_measured) table.believe(corrections);
  if (options.speed == "typical") table.use(table_speed::typical);
  const auto violations = table.violations(order);
  table.apply(contradictions, order);
  const auto real = std::count_if(violations.begin(), violations.end(), [](const order_violation& each) { return each.beyond_noise(); });
  std::printf("  %d parts measured; sums of parts miss whole networks by %.1f %% in the median, %.1f %% at worst (%zu networks)\n"
              "  %zu steps up in the order are faster on this device, %td of them by more than the noise\n",
              part_count<Space>, 100 * table.record().additivity.median_error(), 100 * table.record().additivity.worst_error(), table.record().additivity.networks.size(), violations.size(), real);
  const std::string doubt = detail::doubt_of(table, "");
  if (!doubt.empty()) std::printf("  warning: %s\n", doubt.c_str());
  const latency_window within = window ? *window : detail::usual_window<Space>(table.ticks_per_part());
  const std::string admissible = to_text(counter<Space>(table.ticks_per_part(), within).size());
  std::printf("search: %s of %s architectures take %.4f to %.4f ms\n", admissible.c_str(), to_text(cardinality<Space>()).c_str(), to_milliseconds(within.least), to_milliseconds(within.most));
  flush_output();

  search_answer answer = detail::search_by<Space>(on.first(), space, train_on(trainer, data, how, here.saving()), pictures.test, folder, detail::proposer_of(options, policy),
                         stop_rule{.trainings = options.trainings, .unchanged = options.unchanged}, within, order, finish, named,
                         handing_over{parse_pixel_form(options.pixels, "--pixels")}, here.progress());
  here.end_line();
  if (detail::others_answer(folder, answer)) return;

  report_data& report = answer.report;
  if (answer.finalists.empty()) {
    folder.unbind();
    throw error("all " + std::to_string(report.networks.size()) + " trainings diverged, so that there is no network to hand over; lower --learning-rate (" + number_text(options.learning_rate) +
                ") or train for more --epochs");
  }
  report.title = "The boundary of latency and mIoU of this device";
  report.facts.insert(report.facts.begin(), {{"device", text_of(measured) + (!is_measured ? ", which is elsewhere: latencies are sums of its table, " + options.table + ", and no network was measured whole" : "")},
                                             {"library", measured.library + ", " + measured.compiler},
                                             {"system", measured.notes},
                                             {"data", options.data + ", " + std::to_string(pictures.train.size()) + " training, " + std::to_string(pictures.validation.size()) + " validation and " +
                                                          std::to_string(pictures.test.size()) + " test pictures, as " + std::to_string(wanted.h) + " x " + std::to_string(wanted.w) + " pixels of " + std::to_string(space.classes()) + " classes"},
                                             {"space", options.space + ", " + to_text(cardinality<Space>()) + " architectures, " + admissible + " of them admissible"},
                                             {"policy", policy + ", " + options.order + " order, contradictions: " + options.contradictions + ", margin " + number_text(options.margin)},
                                             {"task", data.task.text() + ", " + data.task.text_of(pictures.train)},
                                             {"recipe", to_text(how)},
                                             {"seed", std::to_string(options.seed)},
                                             {"latency", "batch 1, upsampling inside, without decoding and the choice of classes, batch norm folded, median; table measured " + table.record().date +
                                                           (options.speed == "typical" ? "; of the machine as it typically was" : "")}});
  if (is_measured) detail::correct_table(table, answer, report, folder);
  if (!doubt.empty()) report.warnings.insert(report.warnings.begin(), doubt);
  for (const order_violation& each : violations)
    report.warnings.push_back("Faster although the order says slower: " + each.move.text + " by " + uncertainty_text(static_cast<double>(each.size) / 1e6) +
                              (each.beyond_noise() ? ", beyond" : ", within") + " the noise of " + uncertainty_text(static_cast<double>(each.noise) / 1e6) + ".");
  for (report_network& each : report.networks)
    if (std::any_of(answer.finalists.begin(), answer.finalists.end(), [&](const finalist& found) { return found.architecture == each.name; }))
      detail::show_finalist(trainer, folder, data, pictures, each);
  write_report(folder.report(), report);
  write_frontier(folder.frontier(), report);
  replace_file(folder.root() / "frontier.svg", frontier_svg(report));
  std::printf("\n%s\n", frontier_table(report).c_str());
  for (const report_network& each : report.networks)
    if (!each.beaten_by.empty())
      std::printf("beaten: %s, measured whole: %.4f ms, by %s, which takes less and is better\n", each.name.c_str(), each.whole_cost, each.beaten_by.c_str());
  for (const auto& [name, value] : report.facts)
    if (name == "trainings" || name == "table") std::printf("%s: %s\n", name.c_str(), value.c_str());
  std::printf("networks: %s\nreport: %s\n", folder.networks().c_str(), std::filesystem::absolute(folder.report()).c_str());
}

}  // namespace hasse
