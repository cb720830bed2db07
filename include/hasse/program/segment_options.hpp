// What the command lines that train segmentation networks share: pictures with masks, how training varies them, what pixels weigh.
// Used by program/segment.hpp and program/segment_search.hpp.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/open_segmentation.hpp>
#include <hasse/file/json.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/task/segmentation.hpp>

namespace hasse {

/// The highest learning rate of networks that segment where nothing else is said. At a quarter of it narrow networks are at two thirds of
/// their mIoU when 2,500 steps are over.
inline constexpr double segmentation_rate = 0.2;

/// Pictures whose pixels have classes, and how they are learned from.
struct mask_options {
  std::string crop = "usual", scales = "0.5..2", weights = "none", classes{};
  int longest_side = 0, void_number = segmentation_options::void_of_layout;
  bool hard_pixels = false, recolour = false, no_mirror = false, drop_copies = false;
};

namespace detail {
inline void describe_masks(CLI::App& app, std::string& data) {
  app.add_option("--data", data, "pictures with masks: scenes[:DIFFICULTY], camvid:DIR, pairs:DIR, or masks:DIR for one of the last two")->capture_default_str();
}
inline void describe(CLI::App& app, mask_options& options) {
  app.add_option("--class-names", options.classes, "names of the numbers 0, 1, ... in masks, separated by commas, where no classes.txt or ids.txt says them");
  add_number(app, "--void", options.void_number, 0, 1 << 24, "number of the pixels that are of no class; 256: as usual, 255, or 11 of camvid:");
  app.add_option("--crop", options.crop, "how training pictures are cut: scale (windows at a drawn scale), none, or usual: none of drawn scenes, scale of others")->capture_default_str()->check(CLI::IsMember({"usual", "scale", "none"}));
  app.add_option("--scales", options.scales, "the smallest and the largest scale that is drawn")->capture_default_str();
  app.add_flag("--no-mirror", options.no_mirror, "do not mirror half of the training pictures");
  app.add_flag("--recolour", options.recolour, "vary brightness, contrast, saturation and hue");
  app.add_option("--class-weights", options.weights, "how classes weigh in the loss: none, median (frequency), log (ENet's), or a number for each, separated by commas")->capture_default_str();
  app.add_flag("--hard-pixels", options.hard_pixels, "learn from those pixels alone of which the network is less than 70 % sure, a sixteenth of all at least");
  add_number(app, "--longest-side", options.longest_side, 0, 65'535, "make larger pictures so small when they are read, to save memory; 0: as they are");
  app.add_flag("--drop-copies", options.drop_copies, "leave out training pictures that are also among the others");
}

inline std::vector<std::string> class_list(std::string_view text) {
  std::vector<std::string> names;
  for (; !text.empty(); text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1)) names.emplace_back(text.substr(0, text.find(',')));
  return names;
}

/// "0.5..2"
inline std::pair<double, double> read_scales(std::string_view text) {
  double least = 0, most = 0;
  const char* const end = text.data() + text.size();
  const std::size_t dots = text.find("..");
  if (dots != text.npos) {
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + dots, least);
    const auto [last, wrong] = std::from_chars(text.data() + dots + 2, end, most);
    if (problem == std::errc() && wrong == std::errc() && stop == text.data() + dots && last == end && least > 0 && least <= most && most <= 64) return {least, most};
  }
  throw error("the scales " + in_quotes(text, 40) + " cannot be drawn from; write the smallest and the largest, above 0 and up to 64, for instance 0.5..2");
}

/// Weights of classes: "none", "median", "log", or one number for each, separated by commas.
inline std::vector<double> read_class_weights(std::string_view text, const detection_set& train) {
  if (text == "none") return {};
  if (text == "median") return median_frequency_weights(train);
  if (text == "log") return logarithmic_weights(train);
  std::vector<double> weights;
  for (const std::string& each : class_list(text)) {
    const auto [end, problem] = std::from_chars(each.data(), each.data() + each.size(), weights.emplace_back());
    if (problem != std::errc() || end != each.data() + each.size() || !std::isfinite(weights.back()) || weights.back() < 0)
      throw error("the class weights " + in_quotes(text, 60) + " cannot be read; write none, median, log, or a number of at least 0 for each class, separated by commas");
  }
  if (weights.size() != train.classes.size())
    throw error(std::to_string(weights.size()) + " class weights are given for " + std::to_string(train.classes.size()) + " classes; write none, median, log, or a number for each");
  return weights;
}

inline segmentation task_of(const mask_options& options, const detection_set& train) {
  return {{.class_weights = read_class_weights(options.weights, train), .hard_only = options.hard_pixels}};
}

/// What decides a run's results, besides what differs between programs.
inline void add_settings(json& settings, const mask_options& options) {
  settings.update({{"crop", options.crop},
                   {"scales", options.scales},
                   {"mirror", !options.no_mirror},
                   {"recolour", options.recolour},
                   {"class_weights", options.weights},
                   {"hard_pixels", options.hard_pixels},
                   {"classes", options.classes},
                   {"void", options.void_number},
                   {"longest_side", options.longest_side},
                   {"drop_copies", options.drop_copies}});
}

/// Which of the pictures, and for whom.
struct wanted_pictures {
  std::string data;
  feature_shape size;  ///< that the network reads
  std::uint64_t seed;
  std::size_t most_train;
  int batch;
  bool skip_damaged;
};

/// The splits as they are trained and judged on; prints what is there. `cut(splits)` makes those that the source lacks. Refuses fewer training
/// pictures than a batch.
template <class Cut>
detection_splits open_masked(const wanted_pictures& wanted, const mask_options& options, program_run& here, const Cut& cut) {
  const auto [least_scale, most_scale] = read_scales(options.scales);
  const bool cuts = options.crop == "scale" || (options.crop == "usual" && !wanted.data.starts_with("scenes"));  // scenes are drawn in the size in which they are judged
  std::printf("data: %s\n", wanted.data.c_str());
  detection_splits pictures = open_segmentation(wanted.data,
                                                {.height = wanted.size.h,
                                                 .width = wanted.size.w,
                                                 .seed = wanted.seed,
                                                 .most_train = wanted.most_train,
                                                 .longest_side = options.longest_side,
                                                 .classes = class_list(options.classes),
                                                 .void_number = options.void_number,
                                                 .drop_copies = options.drop_copies,
                                                 .skip_damaged = wanted.skip_damaged},
                                                here.progress());
  here.end_line();
  cut(pictures);
  print(pictures.about);
  detection_set& train = pictures.train;
  train.varied = {.mirrored = train.mirrored_alike && !options.no_mirror,
                  .crop = cuts ? picture_crop::by_scale : picture_crop::none,
                  .recoloured = options.recolour,
                  .least_scale = least_scale,
                  .most_scale = most_scale};
  if (train.size() < static_cast<std::size_t>(wanted.batch))
    throw error("there are " + std::to_string(train.size()) + " training pictures, fewer than one batch of " + std::to_string(wanted.batch) + "; give a smaller --batch");
  return pictures;
}
}  // namespace detail

}  // namespace hasse
