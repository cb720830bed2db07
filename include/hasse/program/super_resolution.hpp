// The program hasse_super_resolution as a function: one enlarging network (x2) at many widths, trained on patches of a folder of
// images. Used by examples/hasse_super_resolution.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/crops.hpp>
#include <hasse/latency/whole.hpp>
#include <hasse/network/published/super_resolution.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>
#include <hasse/supernet/width_rules.hpp>
#include <hasse/task/super_resolution.hpp>

namespace hasse {

/// The command line of hasse_super_resolution.
struct super_resolution_options {
  std::string data, run = "run-super-resolution", widths = "0.25..1.0", at = "0.25,0.5,0.75,1.0", size = "180x240";
  int patch = 48, patches = 8, epochs = 10, batch = 8, passes = 4, threads = 1;
  std::size_t images = 0;
  wdsr_spec network{};
  double learning_rate = 0.1;
  std::uint64_t seed = 1;
  bool skip_damaged = false;
  bool distil = false, alone = false;
  device_options devices{};  ///< `threads` are those of both
};

namespace detail {
/// "0.25..1.0" or "0.5": the narrowest and the widest, in thousandths.
inline std::pair<int, int> read_widths(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return {parse_width(text), parse_width(text)};
  const int least = parse_width(text.substr(0, dots)), most = parse_width(text.substr(dots + 2));
  if (least > most)
    throw error("the widths " + in_quotes(text) + " begin above their end; write the narrowest first, such as 0.25..1.0");
  return {least, most};
}

inline std::vector<int> read_width_list(std::string_view text, int least, int most) {
  std::vector<int> made;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    made.push_back(parse_width(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (made.back() < least || made.back() > most)
      throw error("the width " + width_text(made.back()) + " is shown but not trained; the trained ones are " + width_text(least) +
                  " to " + width_text(most));
  }
  return made;
}

inline layer_list enlarging_layers(const wdsr_spec& spec, feature_shape input) {
  layer_list layers{.input = input, .items = {}};
  spec.lower(layer_builder<layer_list>{layers}, 0);
  return layers;
}

inline constexpr const char* wdsr_name = "wdsr";  ///< of the network at many widths, which is trained first

/// What its trainings share: a run, what they learn and how.
struct enlarging {
  program_run& here;
  any_backend<float>& backend;
  const training_data<hasse::super_resolution>& data;
  recipe how;
  std::uint64_t seed;
};
/// Trains at the widths of a rule, or reads what an earlier start has trained. `name` names the files.
template <WidthRule Rule>
slimmable_model trained_or_read(const enlarging& run, const std::string& name, const width_family& family, const Rule& rule) {
  const run_folder& folder = run.here.folder();
  const auto path = folder.checkpoints() / (name + ".safetensors");
  if (file_exists(path)) return read_slimmable(path, name, family);
  slimmable_trainer<any_backend<float>, Rule, hasse::super_resolution> training(run.backend, name, family, rule, run.data, run.how,
                                                                                run.seed, run.here.saving());
  const training_outcome outcome = run.here.train(training, name);
  if (outcome.diverged)
    throw diverged("the training of " + name, outcome.note, folder, name == wdsr_name ? trained_before::nothing : trained_before::something);
  std::printf("  %s: %.1f s of training, %.2f dB\n", name.c_str(), outcome.seconds, outcome.score);
  write_slimmable(path, training.result());
  return training.result();
}
}  // namespace detail

/// hasse_super_resolution without its command line: prints what it does, leaves a run folder.
inline void train_super_resolution(const super_resolution_options& options) {
  constexpr std::string_view scheme = "folder:";
  if (!options.data.starts_with(scheme) || options.data.size() == scheme.size())
    throw error("the data " + detail::in_quotes(options.data) + " are no folder of images; write folder:DIR");
  if (options.patch % 2 != 0 || options.patch < 24 || options.patch > 512)
    throw error("patches of " + std::to_string(options.patch) +
                " pixels cannot be trained on; choose an even number from 24 to 512");
  const auto [least, most] = detail::read_widths(options.widths);
  const std::vector<int> shown = detail::read_width_list(options.at, least, most);
  const feature_shape size = detail::read_size(options.size, 8, 8192, "height x width of what is enlarged", "180x240");
  const wdsr_spec& spec = options.network;
  const width_family family(detail::enlarging_layers(spec, {options.patch / 2, options.patch / 2, 3}), most);
  const width_family large(detail::enlarging_layers(spec, size), most);
  recipe how{.epochs = options.epochs,
             .batch = options.batch,
             .learning_rate = options.learning_rate,
             .decay = 0,
             .largest_gradient = 1,
             .warmup_epochs = 0.05 * options.epochs,
             .seed = options.seed};
  check(how);
  const any_device device = device_of(options.devices.measured(), options.threads);
  any_backend<float> backend = backend_of(options.devices.training(), options.threads);
  json settings{{"program", "hasse_super_resolution"},
                {"network", spec.text()},
                {"data", detail::place_of(options.data)},
                {"patch", options.patch},
                {"patches", options.patches},
                {"most_images", options.images},
                {"widths", options.widths},
                {"passes", options.passes},
                {"distil", options.distil},
                {"recipe", to_text(how)},
                {"seed", options.seed},
                {"threads", options.threads},
                {"trains", backend.identity()}};
  detail::add_training_device(settings, options.devices.training());
  program_run here(options.run, settings);
  run_folder& folder = here.folder();
  detail::say_threads(options.threads);
  const crop_sets patches = crop_images(options.data.substr(scheme.size()),
                                        {.height = options.patch,
                                         .width = options.patch,
                                         .per_image = options.patches,
                                         .most_images = options.images,
                                         .seed = options.seed,
                                         .skip_damaged = options.skip_damaged},
                                        here.progress());
  here.end_line();
  std::printf("data: %zu training and %zu validation patches of %zu images; %zu images are smaller than a patch\n",
              patches.train.size(), patches.validation.size(), patches.images, patches.skipped);
  detail::print(patches.about);
  if (patches.train.size() < static_cast<std::size_t>(how.batch))
    throw error("there are " + std::to_string(patches.train.size()) + " training patches, fewer than one batch of " +
                std::to_string(how.batch) + "; give a smaller --batch or more --patches");
  const hasse::super_resolution task;
  const training_data data(task, patches.train, patches.validation);
  const evaluation baseline = evaluate_bicubic(patches.validation, data.scale);
  std::printf("bicubic: %.2f dB\nnetwork: %s, %d channel groups\n", baseline.score, spec.text().c_str(), family.groups().size());
  flush_output();

  folder.bind_images(data.identity);
  folder.begin();
  const detail::enlarging run{here, backend, data, how, options.seed};
  const predefined_widths one{.list = {family.full()}, .distils = false};
  const sandwich several{.least = least, .most = most, .passes = options.passes, .distils = options.distil};
  const slimmable_model network =
      least == most ? detail::trained_or_read(run, detail::wdsr_name, family, one) : detail::trained_or_read(run, detail::wdsr_name, family, several);

  std::printf("\n%-8s %-9s %8s %8s %8s %10s %10s\n", "width", "channels", "dB", "gain", options.alone ? "alone" : "", "GMACs",
              "ms");
  for (const int width : shown) {
    const channel_configuration at = family.at(width);
    const std::string text = width_text(width);
    double alone = 0;
    if (options.alone) {
      const width_family narrow(family.layers_at(at));
      const slimmable_model own = detail::trained_or_read(run, "wdsr-alone-" + text, narrow,
                                                          predefined_widths{.list = {narrow.full()}, .distils = false});
      alone = evaluate(backend, task, own.extract(narrow.full()), patches.validation, data.scale, 16).score;
    }
    model taken = network.extract(at);
    const double found = evaluate(backend, task, taken, patches.validation, data.scale, 16).score;
    taken.layers = large.layers_at(at);  // convolutions read images of any size
    const measurement latency = measure(taken.layers, device);
    hand_over(folder, "wdsr-" + text, taken,
              {.said = metadata_of(image_facts{.classes = {}, .scale = data.scale, .origin = {}}), .any_batch = false});
    std::printf("%-8s %-9d %8.2f %+8.2f ", text.c_str(), taken.layers.items.front().out.c, found, found - baseline.score);
    if (options.alone)
      std::printf("%8.2f ", alone);
    else
      std::printf("%8s ", "");
    std::printf("%10.3f %10.2f\n", static_cast<double>(cost_of(taken.layers).macs) / 1e9,
                static_cast<double>(latency.median) / 1e6);
    flush_output();
  }
  std::printf("GMACs and milliseconds: %d x %d to %d x %d, %s\nnetworks: %s\n", size.h, size.w, 2 * size.h, 2 * size.w,
              text_of(device.facts()).c_str(), folder.networks().c_str());
}

/// The program: parses and runs. Returns the exit code: 0, or 2 after one sentence on stderr.
inline int super_resolution_program(int argc, char** argv) {
  super_resolution_options options;
  CLI::App app("Trains one network that doubles height and width at many widths, on patches of a folder of images",
               "hasse_super_resolution");
  app.add_option("--data", options.data, "images of any size: folder:DIR")->required();
  detail::describe_run(app, options.run);
  detail::describe_device(app, options.devices.device, false);
  detail::describe_training_device(app, options.devices.train_on);
  app.add_option("--widths", options.widths, "trained widths, such as 0.25..1.0, or a single one")->capture_default_str();
  app.add_option("--at", options.at, "widths to judge, measure and export, such as 0.25,0.5")->capture_default_str();
  add_number(app, "--passes", options.passes, 2, 64, "widths that an iteration visits");
  detail::describe_distillation(app, options.distil);
  app.add_flag("--all-alone", options.alone, "train every shown width on its own, too");
  add_number(app, "--patch", options.patch, 24, 512, "side of a patch in pixels, as it is after enlarging; even");
  add_number(app, "--patches", options.patches, 1, 4096, "patches of each image");
  add_number(app, "--train-images", options.images, "train on so many images at most, drawn by the seed; 0: all");
  add_number(app, "--channels", options.network.width, 8, 512, "channels of the network at width 1");
  add_number(app, "--blocks", options.network.blocks, 1, 64, "residual blocks");
  add_number(app, "--expand", options.network.expand, 1, 16, "how many times wider a block is before its ReLU");
  add_number(app, "--epochs", options.epochs, 1, 100'000, "epochs of each training");
  add_number(app, "--batch", options.batch, 1, 65'536, "patches of a training step");
  add_number(app, "--learning-rate", options.learning_rate, detail::least_rate, detail::most_rate, "highest learning rate");
  detail::describe_skip_damaged(app, options.skip_damaged);
  add_number(app, "--seed", options.seed, "decides patches, first weights and drawn widths");
  app.add_option("--threads", options.threads, "threads that train, and that latency is measured with, on the processor")
      ->capture_default_str()
      ->check(detail::thread_count);
  app.add_option("--size", options.size, "height x width of the images that exported networks read and latency is measured with")
      ->capture_default_str();
  return guarded(app, argc, argv, [&] { train_super_resolution(options); });
}

}  // namespace hasse
