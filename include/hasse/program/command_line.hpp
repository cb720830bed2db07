// What the command lines of several programs share: data, recipe and devices.
// Used by programs.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/program/guarded.hpp>
#include <hasse/program/options.hpp>
#include <hasse/result/network_metadata.hpp>

namespace hasse {

namespace detail {
inline constexpr double least_rate = 1e-12, most_rate = 1e12;  // of learning

/// Threads that can be had, or the sentence that says why they cannot.
inline const CLI::Validator thread_count(
    [](const std::string& text) {
      int value = 0;
      const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
      return problem == std::errc() && end == text.data() + text.size() ? problem_of_threads(value)
                                                                        : text + " is not a number of threads; give a whole number from 1";
    },
    "");

inline void describe_run(CLI::App& app, std::string& run) {
  app.add_option("--run", run, "folder of this run; an unfinished run in it goes on")->capture_default_str()->check(not_empty("a folder"));
}

/// Whether the widths of one network teach one another.
inline void describe_distillation(CLI::App& app, bool& distils) {
  app.add_flag("--distil,!--no-distil", distils, std::string("narrower widths learn from what the widest answers, or from the truth; without either: ") + (distils ? "--distil" : "--no-distil"));
}

inline void describe_workers(CLI::App& app, bool& workers) {
  app.add_flag("--workers", workers, "share the folder of the run: other processes that say so, here or on machines that share the file system, train candidates of the same search");
}

/// What ONNX files are to read.
inline void describe_pixels(CLI::App& app, std::string& pixels) {
  std::vector<std::string> names;
  for (const pixel_form each : pixel_forms) names.emplace_back(to_text(each));
  app.add_option("--pixels", pixels, "what the ONNX files read: unit (0 to 1), uint8-nhwc (bytes, as decoders give them) or float (normalised as in training)")
      ->capture_default_str()
      ->check(CLI::IsMember(names));
}

/// Where a network that lies in a file runs, for a subcommand whose options have device, threads and changed_weights.
template <class Options>
void describe_running(CLI::App& app, Options& options) {
  app.add_option("--device", options.device, "that the network runs on: cpu, cuda or cuda:N, the GPU of that number from 0")->capture_default_str();
  app.add_option("--threads", options.threads, "threads, on the processor")->capture_default_str()->check(thread_count);
  app.add_flag("--changed-weights", options.changed_weights, "read weights that were changed after hasse wrote them: trained on elsewhere");
}

inline void describe_skip_damaged(CLI::App& app, bool& skip_damaged) {
  app.add_flag("--skip-damaged", skip_damaged, "leave out images that cannot be read, and count them, instead of refusing the data");
}

inline void describe(CLI::App& app, recipe_options& options) {
  app.add_option("--data", options.data, "images: synthetic[:DIFFICULTY], cifar10:DIR, folder:DIR_OR_ARCHIVE, idx:DIR")
      ->capture_default_str();
  add_number(app, "--epochs", options.epochs, 1, 100'000, "epochs of each training");
  app.add_option("--threads", options.threads, "threads that train, on the processor")->capture_default_str()->check(thread_count);
  add_number(app, "--seed", options.seed, "decides data splits, candidates, weights and augmentation");
  describe_run(app, options.run);
  add_number(app, "--train-images", options.train_images, "train on so many images at most, drawn by the seed; 0: all");
  describe_skip_damaged(app, options.skip_damaged);
  add_number(app, "--batch", options.batch, 1, 65'536, "images of a training step");
  add_number(app, "--crop-padding", options.crop_padding, -1, 64,
             "pixels around an image before it is cropped at random; -1: an eighth of its side");
  add_number(app, "--learning-rate", options.learning_rate, least_rate, most_rate, "highest learning rate");
  app.add_option("--schedule", options.schedule, "of the learning rate: cosine, linear or step")
      ->capture_default_str()
      ->check(CLI::IsMember({"cosine", "linear", "step"}));
  add_number(app, "--weight-decay", options.decay, 0, 1e6, "of convolution and linear weights");
  add_number(app, "--label-smoothing", options.smoothing, 0, 1, "share of the target spread over all classes, less than 1");
}

/// The shape that images are brought to.
inline void describe_shape(CLI::App& app, int& side, std::string& fit) {
  add_number(app, "--side", side, 0, 4096, "pixels of a side of the images; 0: their own where all have one size that suits the space, else that of the space");
  std::vector<std::string> names;
  for (const image_fit each : image_fits) names.emplace_back(to_text(each));
  app.add_option("--fit", fit, "images of other proportions: stretch, crop (their middle) or pad (black beside them)")->capture_default_str()->check(CLI::IsMember(names));
}

/// `by_command`: whether the program also asks a command how long whole networks take.
inline void describe_device(CLI::App& app, std::string& device, bool by_command = true) {
  app.add_option("--device", device, std::string("cpu, cuda or cuda:N, the GPU of that number from 0: whose latency counts, and what trains") +
                                         (by_command ? "; or command:'LINE', which answers how long the network in {onnx} takes" : ""))
      ->capture_default_str();
}
inline void describe_training_device(CLI::App& app, std::string& train_on) {
  app.add_option("--train-on", train_on, "what trains and judges, if it is another: cpu, cuda or cuda:N");
}
inline void describe_device_threads(CLI::App& app, int& threads) {
  app.add_option("--device-threads", threads, "threads of the device whose latency counts, where that is the processor")
      ->capture_default_str()
      ->check(thread_count);
}
inline void describe(CLI::App& app, device_options& options) {
  describe_device(app, options.device);
  describe_training_device(app, options.train_on);
  describe_device_threads(app, options.device_threads);
}
/// The same for a program that runs layers itself and asks no command.
inline void describe_own_devices(CLI::App& app, device_options& options) {
  describe_device(app, options.device, false);
  describe_training_device(app, options.train_on);
  describe_device_threads(app, options.device_threads);
}

/// "180x240": height and width of colour pictures, each from `least` to `most`; `what` and `example` are for the refusal.
inline feature_shape read_size(std::string_view text, int least, int most, const std::string& what, const std::string& example) {
  feature_shape made{0, 0, 3};
  const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), made.h);
  const char* const end = text.data() + text.size();
  if (fault == std::errc() && rest != end && *rest == 'x')
    if (const auto [last, wrong] = std::from_chars(rest + 1, end, made.w); wrong == std::errc() && last == end)
      if (std::min(made.h, made.w) >= least && std::max(made.h, made.w) <= most) return made;
  throw error("the size " + in_quotes(text, 40) + " cannot be read; write " + what + ", " + std::to_string(least) + " to " +
              std::to_string(most) + " each, for instance " + example);
}
}  // namespace detail

}  // namespace hasse
