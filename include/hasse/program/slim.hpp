// The program hasse_slim as functions: trains one network at many widths, calibrates, compares and slims it, hands networks over.
// Used by examples/hasse_slim; docs/how-to/slim-a-network.md goes through it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/number_text.hpp>
#include <hasse/price/budget.hpp>
#include <hasse/price/layer_table.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/answers.hpp>
#include <hasse/program/detail/slim_run.hpp>
#include <hasse/program/method_reports.hpp>
#include <hasse/program/on_command.hpp>
#include <hasse/result/slimming_report.hpp>
#include <hasse/supernet/fixed_batch.hpp>
#include <hasse/supernet/greedy_slimming.hpp>

namespace hasse {

/// Which run, and where its images lie now; without `data`, where they lay when it was last trained.
struct slim_place {
  std::string run, data = {};
  std::string pixels = std::string(to_text(pixel_form::unit));  ///< what ONNX files read
};

/// The command line of `calibrate`, and how other subcommands calibrate what lacks statistics.
struct slim_calibration {
  std::vector<std::string> at{};
  int batches = 8, batch = 128;
};

struct sweep_options {
  slim_calibration calibration{};
  std::vector<std::string> alone{};  ///< widths to train by themselves, to be compared with
  slim_device device{};
};

struct greedy_options {
  std::vector<std::string> budgets{};
  slim_calibration calibration{};
  int images = 0, bins = 12, multiple = 8, retrain = 0;
  slim_device device{};
  bool per_saved_cost = false, jointly = false, beside_uniform = false;
};

namespace detail {

/// Before anything is opened.
inline void require_device(const slim_device& device) {
  if (device.name.empty()) return;
  const device_name name = parse_device(device.name);
  hasse::require_device(name);
  if (!name.command.empty()) require_latencies(on_command{.command = name.command, .threads = device.threads});
}

inline void print_networks(const std::vector<slimming_network>& networks) {
  std::printf("\n%-44s %8s %12s %12s %10s %9s %11s %8s\n", "network", "width", "MACs", "parameters", "peak KB", "ms", "validation",
              "test");
  for (const slimming_network& each : networks)
    std::printf("%-44s %8s %12.0f %12.0f %10.1f %9.4f %9.2f %% %6.2f %%\n", each.name.c_str(),
                each.width > 0 ? hasse::width_text(each.width).c_str() : "-", each.macs, each.parameters, each.peak_bytes / 1e3,
                each.milliseconds, 100 * each.accuracy, 100 * each.test_accuracy);
  flush_output();
}

/// Gives every listed configuration statistics by `how`, unless the journal says that it has them. The file is written after each.
template <class Kind>
void calibrate(slim_run<Kind>& run, slimmable_model& network, const std::vector<chosen_width>& which, const slim_calibration& how,
                      bool only_missing) {
  program_run& here = run.here();
  std::size_t done = 0;
  for (const chosen_width& each : which) {
    ++done;
    const json record{{"weights", std::string(hex64(content_of(network.shared)).view())},
                      {"configuration", to_text(each.at)},
                      {"batches", how.batches},
                      {"batch", how.batch}};
    const auto last = recall(here.book(), "calibrated", {{"configuration", to_text(each.at)}});
    if (network.has_statistics(each.at) && (only_missing || (last && last->payload() == record))) continue;
    hasse::calibrate(run.backend(), run.data().task, network, {&each.at, 1}, run.images().train, run.data().scale,
                     {.batches = how.batches, .batch = how.batch, .augment = run.augment(), .seed = derive(run.options().seed, 4)},
                     here.progress(std::to_string(done) + " of " + std::to_string(which.size()) + ", " + each.text.substr(0, 60)));
    here.end_line();
    write_slimmable(run.trained_file(), network, run.metadata());
    here.book().append("calibrated", record);
  }
}

inline slimming_network shown_as(const std::string& name, slimming_role role, const chosen_width& at) {
  return {.name = name, .role = role, .width = at.width, .configuration = to_text(at.at)};
}

/// Widths of a range that show how accuracy goes: its ends and seven between.
inline std::vector<std::string> usual_widths(const width_choice& widths) {
  std::vector<std::string> texts;
  for (int i = 0; i < (widths.is_range ? 9 : static_cast<int>(widths.list.size())); ++i)
    texts.push_back(hasse::width_text(widths.is_range ? widths.list[1] + (widths.list[0] - widths.list[1]) * i / 8
                                                      : widths.list[widths.list.size() - 1 - at(i)]));
  return texts;
}

/// The networks of these configurations, each trained from scratch: by itself, or all on shared weights with batch norms of their
/// own. Nothing stands for one that diverged.
template <class Kind>
std::vector<std::optional<model>> trained_again(slim_run<Kind>& run, const std::vector<chosen_width>& which, int epochs,
                                                       bool jointly) {
  std::vector<std::optional<model>> made;
  if (which.empty()) return made;
  const std::string ending = "+" + std::to_string(epochs);
  if (!jointly) {
    for (const chosen_width& each : which)
      made.push_back(run.trained_alone(run.net().name + "@" + each.text + ending, run.family().layers_at(each.at), epochs));
    return made;
  }
  predefined_widths rule{.list = {}, .distils = run.options().distils};
  for (const chosen_width& each : which)  // one configuration may meet two budgets
    if (std::find(rule.list.begin(), rule.list.end(), each.at) == rule.list.end()) rule.list.push_back(each.at);
  const std::string name = run.net().name + "@joint-" + std::string(hex64(fnv1a(rule.text())).view()) + ending;
  const slimmable_model network =
      run.trained_at_many_widths(run.folder().networks() / (file_name_of(name) + ".safetensors"), name, rule, epochs);
  for (const chosen_width& each : which) {
    made.push_back(network.extract(each.at));
    made.back()->name = run.net().name + "@" + each.text + ending + "-joint";
  }
  return made;
}
}  // namespace detail

/// `hasse_slim train` of a task: leaves networks/slimmable.safetensors in the run.
template <class Kind = detail::slim_images>
void slim_train(const slim_options& options, const slim_finder& find) {
  detail::require_device({.name = options.device});
  detail::slim_run<Kind> run(options, find);
  const std::string name = run.trained_name();
  if (run.widths().is_range) {
    run.trained_at_many_widths(run.trained_file(), name, run.rule(), options.epochs);
  } else {
    predefined_widths rule{.list = {}, .distils = options.distils};
    for (const int width : run.widths().list) rule.list.push_back(run.family().at(width));
    run.trained_at_many_widths(run.trained_file(), name, rule, options.epochs);
  }
  std::printf("trained: %s\n", run.trained_file().c_str());
}

/// `hasse_slim calibrate`: adds statistics to the trained network.
template <class Kind = detail::slim_images>
void slim_calibrate(const slim_place& place, const slim_calibration& how, const slim_finder& find) {
  detail::slim_run<Kind> run(detail::settings_of(place.run, place.data), find);
  slimmable_model network = run.trained();
  const auto which = run.parse(how.at);
  detail::calibrate(run, network, which, how, false);
  std::printf("%zu configurations have statistics of their own, %zu of them asked for now\n",
              network.statistics.size() + network.switched.size(), which.size());
}

/// `hasse_slim sweep`: accuracy and latency against width, beside networks that were trained by themselves.
template <class Kind = detail::slim_images>
void slim_sweep(const slim_place& place, sweep_options how, const slim_finder& find) {
  detail::require_device(how.device);
  detail::slim_run<Kind> run(detail::settings_of(place.run, place.data), find);
  slimmable_model network = run.trained();
  const auto which = run.parse(how.calibration.at.empty() ? detail::usual_widths(run.widths()) : how.calibration.at);
  const auto alone = run.parse(how.alone);
  detail::calibrate(run, network, which, how.calibration, true);
  std::vector<slimming_network> shown;
  for (const auto& each : which)
    shown.push_back(run.judged(network.extract(each.at),
                               detail::shown_as(run.net().name + "@" + each.text, slimming_role::shared, each),
                               how.device));
  slimming_data page = run.page("One network at many widths");
  const auto trained = detail::trained_again(run, alone, run.options().epochs, false);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    if (trained[i])
      shown.push_back(
          run.judged(*trained[i], detail::shown_as(trained[i]->name, slimming_role::alone, alone[i]), how.device));
    else
      page.warnings.push_back("The training of the network of width " + alone[i].text + " by itself diverged.");
  }
  page.networks = run.judged_networks();
  detail::print_networks(shown);
  for (const std::string& warning : page.warnings) std::printf("%s\n", warning.c_str());
  write_slimming_report(run.folder().root() / "sweep.html", page);
  std::printf("\nreport: %s\n", (run.folder().root() / "sweep.html").c_str());
}

/// `hasse_slim export`: configurations as ONNX, weights and C++ header; with `dump` what they answer to the test images, for other
/// tools.
template <class Kind = detail::slim_images>
void slim_export(const slim_place& place, const slim_calibration& how, const std::string& dump, const slim_finder& find) {
  const pixel_form pixels = parse_pixel_form(place.pixels, "--pixels");
  Kind::check(pixels);
  constexpr bool classes = std::same_as<typename Kind::task_type, classification>;
  if (!classes && !dump.empty()) throw error("--dump writes a row of numbers for each image, which only networks that tell classes apart answer; leave it out");
  detail::slim_run<Kind> run(detail::settings_of(place.run, place.data), find);
  slimmable_model network = run.trained();
  const auto which = run.parse(how.at);
  detail::calibrate(run, network, which, how, true);
  for (const auto& each : which) {
    model narrow = network.extract(each.at);
    narrow.name = run.net().name + "@" + each.text;
    const auto stem = run.handed_over(narrow, each.at, pixels);
    std::printf("%s: %s.onnx, .safetensors%s\n", narrow.name.c_str(), stem.c_str(), run.net().type.empty() ? "" : ", .hpp");
    if constexpr (classes) {
      if (dump.empty()) continue;
      const image_set& images = run.images().test;
      const auto answers = logits(run.backend(), narrow.layers, narrow.weights, images, run.data().scale);
      std::printf("  %zu of %zu test images right\n", detail::right_answers(answers, images), images.size());
      detail::write_answers(std::filesystem::path(dump) / stem.filename(), images, answers);
    }
  }
}

/// `hasse_slim slim`: greedy slimming down to budgets; the networks that meet them are trained again, judged and handed over.
template <class Kind = detail::slim_images>
void slim_greedily(const slim_place& place, const greedy_options& how, const slim_finder& find) {
  const budgets wanted = parse_budgets(how.budgets);
  const pixel_form pixels = parse_pixel_form(place.pixels, "--pixels");
  Kind::check(pixels);
  detail::require_device(how.device);
  detail::slim_run<Kind> run(detail::settings_of(place.run, place.data), find);
  if (!run.widths().is_range)
    throw error("greedy slimming needs a network that was trained at every width, and " + run.options().run + " knows only " +
                run.options().widths + "; train one with a range such as --widths 0.15..1.0 --per-group");
  slimmable_model network = run.trained();
  fixed_batch error_of(run.backend(), run.data().task.plain(), run.family(), network.shared, run.images().validation, run.data().scale,
                       how.images > 0 ? how.images : Kind::slimmed_on, derive(run.options().seed, 5));
  const width_family& family = run.family();
  const any_price price = price_in(wanted.unit, [&] { return layer_table_price(run.latencies(how.device), run.here().progress()); });

  slimming_options rules{.bins = how.bins, .multiple = how.multiple};
  if (how.per_saved_cost) rules.criterion = slimming_criterion::error_per_saved_cost;
  rules.configuration =
      "weights " + std::string(hex64(detail::content_of(network.shared)).view()) + ", " + std::to_string(error_of.count()) +
      " images, " + std::string(wanted.unit.name) +
      (wanted.unit == in_milliseconds ? " by " + run.latencies(how.device).identity() : "");
  rules.progress = run.here().progress();
  // Every slimming has a journal of its own: another one with other budgets may follow in the same run.
  std::string identity =
      rules.configuration + std::string(to_text(rules.criterion)) + std::to_string(how.bins) + "/" + std::to_string(how.multiple);
  for (const double target : wanted.targets) identity += "," + millionths_text(target);
  journal trace(run.folder().journal(), "slimming-" + std::string(hex64(fnv1a(identity)).view()));
  const slimming_result found = greedy_slimming(family, wanted.targets, std::ref(error_of), price, rules, &trace);
  run.here().end_line();
  std::printf("slimming: %zu removals, %zu of them from the journal; %.2f %% error with all channels, on %d validation %s\n",
              found.steps.size(), found.replayed, 100 * found.start_error, error_of.count(), Kind::things);
  std::vector<detail::chosen_width> slim, uniform;
  for (const slimmed& each : found.found) {
    slim.push_back({to_text(each.configuration), 0, each.configuration});
    std::printf("  %.6g %s: %.6g after %d removals, %.2f %% error, channels %s\n", each.target,
                std::string(wanted.unit.name).c_str(), each.cost, each.step, 100 * each.error, slim.back().text.c_str());
    if (how.beside_uniform) uniform.push_back(run.parse(hasse::width_text(uniform_of_cost(run.family(), each.cost, price))));
  }
  run.here().end_line();
  flush_output();

  slimming_data page = run.page("A slimmed network");
  std::vector<slimming_network> shown;
  const auto finish = [&](const std::vector<detail::chosen_width>& which, slimming_role role) {
    std::vector<std::optional<model>> networks;
    if (how.retrain > 0) {
      networks = detail::trained_again(run, which, how.retrain, how.jointly);
    } else {
      detail::calibrate(run, network, which, how.calibration, true);
      for (const auto& each : which) {
        networks.push_back(network.extract(each.at));
        networks.back()->name = run.net().name + "@" + each.text;
      }
    }
    for (std::size_t i = 0; i < which.size(); ++i) {
      if (!networks[i]) {
        page.warnings.push_back("The training of " + run.net().name + "@" + which[i].text + " from scratch diverged.");
        continue;
      }
      shown.push_back(run.judged(*networks[i], detail::shown_as(networks[i]->name, role, which[i]), how.device));
      if (role != slimming_role::slimmed) continue;
      const slimming_network& last = shown.back();
      run.handed_over(*networks[i], which[i].at, pixels,
                    {detail::milliseconds_text(last.milliseconds) + ", " + detail::percent_text(last.accuracy) +
                     " of the validation images, " + detail::percent_text(last.test_accuracy) + " of the test images"});
    }
  };
  finish(slim, slimming_role::slimmed);
  finish(uniform, how.retrain > 0 ? slimming_role::alone : slimming_role::shared);

  page.networks = run.judged_networks();
  page.cost = wanted.unit.name;
  add_slimming(page, found);
  detail::print_networks(shown);
  for (const std::string& warning : page.warnings) std::printf("%s\n", warning.c_str());
  write_slimming_report(run.folder().root() / "slim.html", page);
  std::printf("\nnetworks: %s\nreport: %s\n", run.folder().networks().c_str(), (run.folder().root() / "slim.html").c_str());
  if (std::none_of(shown.begin(), shown.end(), [](const slimming_network& each) { return each.role == slimming_role::slimmed; }))
    throw error("every training of a slimmed network diverged, so that there is none to hand over; hand over what was cut out "
                "(--retrain 0), or begin in another folder (--run) with a lower --learning-rate");
}

namespace detail {
inline void describe(CLI::App& app, slim_options& options) {
  app.add_option("--task", options.task, "what is learned: classification, detection (boxes) or segmentation (a class for every pixel)")->capture_default_str();
  app.add_option("--net", options.net,
                 "a published network, such as mobilenet_v2_cifar or resnet20 (hasse_info --list), or an architecture such as "
                 "df-small:[(32),(64),(128)]")
      ->capture_default_str();
  app.add_option("--input", options.input, "channels x height x width instead of the network's own, for instance 3x64x64");
  app.add_option("--widths", options.widths,
                 "a range, 0.25..1.0 (every width between), or a list, 0.25,0.5,1.0 (each with batch norms of its own); up to 8")
      ->capture_default_str();
  add_number(app, "--passes", options.passes, 2, 64, "widths of an iteration: both ends, and so many less two between");
  app.add_flag("--per-group", options.per_group, "draw a width for every channel group, for slimming");
  app.add_flag("--keep-features", options.keep_features,
               "keep the channels that the last layer reads below full width, as MobileNet v2 does");
  describe_distillation(app, options.distils);
  CLI::Option& distils = *app.get_option("--distil");
  distils.description(distils.get_description() + ", of detection --no-distil");
  describe_device(app, options.device);
  describe_training_device(app, options.train_on);
  describe(app, static_cast<recipe_options&>(options));
  const char* const pictures = "Pictures with boxes or masks";
  add_number(app, "--net-width", options.net_width, 0, 8000, "thousandths of the published width that are width 1.0; 0: 500 of a segmentation network, a backbone's own")->group(pictures);
  app.add_option("--crop", options.crop, "how training pictures are cut: usual (as hasse_detect and hasse_segment do) or none")->capture_default_str()->check(CLI::IsMember({"usual", "none"}))->group(pictures);
  app.add_flag("--recolour", options.recolour, "vary brightness, contrast, saturation and hue")->group(pictures);
  app.add_option("--anchors", options.anchors, "of detectors, as hasse_detect reads it: auto, published or a list")->capture_default_str()->group(pictures);
  add_number(app, "--finest", options.finest, 8, 32, "stride of the finest map that a detector predicts on: 8, 16 or 32")->group(pictures);
  app.add_option("--class-weights", options.class_weights, "how classes of pixels weigh: none, median, log, or a number for each")->capture_default_str()->group(pictures);
  app.add_option("--scales", options.scales, "the smallest and the largest scale at which pictures with masks are shown")->capture_default_str()->group(pictures);
}
inline void describe(CLI::App& app, slim_calibration& how, bool required) {
  CLI::Option* at =
      app.add_option("--at", how.at, "widths or configurations: 0.5, or 16,32,96 (one count per channel group), or \"0.5 3=24\"");
  at->required(required);
  add_number(app, "--batches", how.batches, 1, 1'000'000, "batches of training images that statistics are the mean of");
  add_number(app, "--batch", how.batch, 1, 65'536, "images of each of them");
}
inline void describe(CLI::App& app, slim_device& device) {
  app.add_option("--device", device.name, "whose latency counts: cpu, cuda or cuda:N; without, the device of the training");
  describe_device_threads(app, device.threads);
}
inline void describe(CLI::App& app, greedy_options& how) {
  app.add_option("--target", how.budgets, "what to slim down to, by its unit: 0.4ms, 5M,2.5M multiply-accumulates, 300KB")
      ->required();
  add_number(app, "--images", how.images, 0, 1'000'000, "validation images on which each removal is tried; 0: 1024, or 128 pictures with boxes or masks");
  add_number(app, "--bins", how.bins, 1, 65'536, "parts into which the channels of a group are cut");
  add_number(app, "--multiple", how.multiple, 1, 65'536, "a part is a multiple of so many channels");
  app.add_flag("--per-saved-cost", how.per_saved_cost, "take away where the error grows least for what is saved, not least alone");
  auto* retrain =
      add_number(app, "--retrain", how.retrain, 0, 100'000, "epochs of the trainings from scratch; 0: hand over what was cut out");
  app.add_flag("--jointly", how.jointly, "with --retrain: all found networks on shared weights, with batch norms of their own")
      ->needs(retrain);
  app.add_flag("--beside-uniform", how.beside_uniform, "the same for the uniform width of nearly the same cost");
  add_number(app, "--batches", how.calibration.batches, 1, 1'000'000,
             "without --retrain: batches of training images that statistics are the mean of");
  add_number(app, "--batch", how.calibration.batch, 1, 65'536, "images of each of them");
  describe(app, how.device);
}
}  // namespace detail

/// What the subcommands do for one task: a program of several may compile each in a file of its own.
struct slim_task {
  double learning_rate;  ///< the highest, where the command line says none
  void (*train)(const slim_options&, const slim_finder&);
  void (*calibrate)(const slim_place&, const slim_calibration&, const slim_finder&);
  void (*sweep)(const slim_place&, sweep_options, const slim_finder&);
  void (*slim)(const slim_place&, const greedy_options&, const slim_finder&);
  void (*hand_over)(const slim_place&, const slim_calibration&, const std::string&, const slim_finder&);
};
template <class Kind>
slim_task slim_task_of() {
  return {Kind::learning_rate, &slim_train<Kind>, &slim_calibrate<Kind>, &slim_sweep<Kind>, &slim_greedily<Kind>, &slim_export<Kind>};
}
using slim_tasks = std::vector<std::pair<std::string, slim_task>>;

namespace detail {
inline const slim_task& find_task(const slim_tasks& tasks, const std::string& name) {
  std::string known;
  for (const auto& [each, task] : tasks) {
    if (each == name) return task;
    known += (known.empty() ? "" : ", ") + each;
  }
  throw error("the task " + in_quotes(name, 40) + " is none that this program slims networks for; give one of " + known);
}

/// Fills in what a task usually has where the command line does not say it, and refuses options of other tasks.
inline void settle(slim_options& options, const CLI::App& told) {
  const bool classes = options.task == "classification", boxes = options.task == "detection";
  const auto only = [&](const char* name, bool fits, const char* tasks) {
    if (!fits && told.count(name) > 0) throw error(std::string(name) + " is of --task " + tasks + ", and the task is " + options.task + "; leave it out");
  };
  for (const char* name : {"--label-smoothing", "--crop-padding"}) only(name, classes, "classification");
  for (const char* name : {"--crop", "--recolour", "--net-width"}) only(name, !classes, "detection and segmentation");
  for (const char* name : {"--anchors", "--finest"}) only(name, boxes, "detection");
  for (const char* name : {"--class-weights", "--scales"}) only(name, !classes && !boxes, "segmentation");
  if (boxes && told.count("--distil") == 0) options.distils = false;  // soft classes of all anchors drown those of the few with an object
  if (classes) return;
  if (told.count("--data") == 0) options.data = "scenes";
  if (told.count("--net") == 0) options.net = boxes ? "det-micro" : "df_lite_seg";
  if (told.count("--input") == 0) options.input = "3x96x96";
}
}  // namespace detail

/// The program: parses and runs a subcommand. Returns the exit code: 0, or 2 after one sentence on stderr. `tasks` are those that
/// --task names; classification comes first.
inline int slim(int argc, char** argv, const slim_finder& find, slim_tasks tasks = {}) {
  tasks.insert(tasks.begin(), {"classification", slim_task_of<detail::slim_images>()});
  CLI::App app("Trains one network at many widths, and slims it", "hasse_slim");
  app.require_subcommand(1);
  slim_options options;
  slim_calibration calibration, exported;
  sweep_options sweeping;
  greedy_options greedy;
  slim_place place{.run = options.run};
  std::string dump;

  CLI::App& train = *app.add_subcommand("train", "train one network at many widths");
  detail::describe(train, options);
  CLI::App& calibrate = *app.add_subcommand("calibrate", "give widths and configurations batch-norm statistics of their own");
  detail::describe(calibrate, calibration, true);
  CLI::App& sweep = *app.add_subcommand("sweep", "accuracy and latency against width, and a report");
  detail::describe(sweep, sweeping.calibration, false);
  sweep.add_option("--alone", sweeping.alone, "widths to train by themselves, with the same recipe, to compare with");
  detail::describe(sweep, sweeping.device);
  CLI::App& slimming = *app.add_subcommand("slim", "take channels away where the error grows least, down to budgets");
  detail::describe(slimming, greedy);
  CLI::App& handover = *app.add_subcommand("export", "write configurations as ONNX, weights and C++ header");
  detail::describe(handover, exported, true);
  handover.add_option("--dump", dump,
                      "folder for images.npy (0 to 1, NCHW), labels.npy and logits.npy, in a folder for each configuration");
  for (CLI::App* each : {&calibrate, &sweep, &slimming, &handover}) {
    detail::describe_run(*each, place.run);
    each->add_option("--data", place.data, "where the images of `train` lie now, if they were moved");
  }
  for (CLI::App* each : {&slimming, &handover}) detail::describe_pixels(*each, place.pixels);

  return guarded(app, argc, argv, [&] {
    if (train) {
      const slim_task& task = detail::find_task(tasks, options.task);
      detail::settle(options, train);
      if (train.count("--learning-rate") == 0) options.learning_rate = task.learning_rate;
      return task.train(options, find);
    }
    if (sweep) detail::require_device(sweeping.device);  // what is wrong in the command comes before what is wrong in the folder
    if (slimming) detail::require_device(greedy.device);
    const slim_task& task = detail::find_task(tasks, detail::settings_of(place.run).task);
    if (calibrate) task.calibrate(place, calibration, find);
    if (sweep) task.sweep(place, sweeping, find);
    if (slimming) task.slim(place, greedy, find);
    if (handover) task.hand_over(place, exported, dump, find);
  });
}

}  // namespace hasse
