// What several programs are told: data, recipe and devices. Used by programs; program/command_line.hpp reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <hasse/data/description.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/program/output.hpp>
#include <hasse/task/classification.hpp>
#include <hasse/train/recipe.hpp>

namespace hasse {

/// Images and how networks are trained on them, as a command line says it.
struct recipe_options {
  std::string data = "synthetic:0.3", schedule = "cosine", run = "run";
  std::size_t train_images = 0;
  int epochs = 5, batch = 32, crop_padding = -1;
  int threads = usual_threads().processors;
  double learning_rate = 0.05, decay = 5e-4, smoothing = 0;
  std::uint64_t seed = 1;
  bool skip_damaged = false;
};

/// What a program computes on.
struct device_options {
  std::string device = "cpu", train_on = {};  ///< empty: the same
  int device_threads = 1;

  device_name measured() const { return parse_device(device); }
  /// A command trains nothing: beside one it is the processor where nothing else is said.
  device_name training() const {
    if (!train_on.empty()) return parse_device(train_on);
    const device_name same = measured();
    return same.command.empty() ? same : device_name{};
  }
};

namespace detail {
/// Says what the machine has, where that is not what the threads have.
inline void say_threads(int threads) {
  const processor_limit limit = usual_threads();
  if (limit.reason.empty()) return;
  std::printf("threads: %d; %s%s\n", threads, limit.reason.c_str(),
              threads > limit.processors ? ", so that they wait for one another" : "");
}

inline classification task_of(const recipe_options& options) {
  const classification task{.label_smoothing = options.smoothing};
  task.check();
  return task;
}
inline recipe recipe_of(const recipe_options& options, int epochs) {
  recipe how{.epochs = epochs,
             .batch = options.batch,
             .learning_rate = options.learning_rate,
             .decay = options.decay,
             .warmup_epochs = 0.15 * epochs,
             .augment = std::nullopt,
             .seed = options.seed};
  if (options.schedule == "linear") how.schedule = linear_decay{};
  if (options.schedule == "step") how.schedule = step_decay{};
  check(how);
  (void)task_of(options);
  return how;
}

inline void print(const data_description& about) {
  for (const std::string& line : about.lines()) std::printf("  %s\n", line.c_str());
  flush_output();
}
}  // namespace detail

}  // namespace hasse
