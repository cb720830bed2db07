// What the command lines that train detectors share: pictures with boxes, anchors, the recipe of a training, devices.
// Used by program/detect.hpp and program/detect_search.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/file/json.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/task/detection/anchors.hpp>
#include <hasse/train/recipe.hpp>

namespace hasse {

/// Pictures, and how detectors are trained on them.
struct detector_options {
  std::string data = "scenes", run = "run-detect", size = "96x96", anchors = "auto", fit = "stretch", crop = "overlap", pictures{};
  int finest = 8, longest_side = 0, epochs = 20, batch = 16, threads = usual_threads().processors;
  std::size_t train_pictures = 0;
  double learning_rate = 0.04, decay = 4e-5;
  std::uint64_t seed = 1;
  double average = 0;
  bool recolour = false, zoom_out = false, upside_down = false, trust_pictures = false, drop_copies = false, skip_damaged = false;
  device_options devices{};
};

namespace detail {
inline void describe(CLI::App& app, detector_options& options) {
  app.add_option("--data", options.data, "pictures with boxes: scenes[:DIFFICULTY], voc:DIR, coco:DIR_OR_FILE, yolo:DIR_OR_FILE, or boxes:PLACE for one of the last three")
      ->capture_default_str();
  app.add_option("--pictures", options.pictures, "folder of COCO's pictures, where they are not beside the file");
  describe_run(app, options.run);
  app.add_option("--size", options.size, "height x width that the network reads")->capture_default_str();
  app.add_option("--anchors", options.anchors, "auto: made for the objects of the data; published: those of SSD on six maps; or a list, \"0.1:1 0.2:2 | 0.3:1\": scale:ratio, maps divided by |")
      ->capture_default_str();
  add_number(app, "--finest", options.finest, 8, 32, "stride of the finest map that is predicted on: 8, 16 or 32");
  app.add_option("--fit", options.fit, "pictures of other proportions: stretch or letterbox")->capture_default_str()->check(CLI::IsMember({"stretch", "letterbox"}));
  app.add_option("--crop", options.crop, "how training pictures are cut: overlap (SSD's rule), share (that of TensorFlow's detectors) or none")
      ->capture_default_str()
      ->check(CLI::IsMember({"overlap", "share", "none"}));
  app.add_flag("--recolour", options.recolour, "vary brightness, contrast, saturation and hue");
  app.add_flag("--upside-down", options.upside_down, "half of the time, turn a training picture upside down: for things that have no up, such as cells");
  app.add_flag("--zoom-out", options.zoom_out, "half of the time, put a picture on a larger ground");
  add_number(app, "--train-images", options.train_pictures, "train on so many pictures at most, drawn by the seed; 0: all");
  add_number(app, "--longest-side", options.longest_side, 0, 65'535, "make larger pictures so small when they are read, to save memory; 0: as they are");
  app.add_flag("--trust-pictures", options.trust_pictures, "where COCO's file says another size than a picture has, believe the picture");
  app.add_flag("--drop-copies", options.drop_copies, "leave out training pictures that are also among the others");
  describe_skip_damaged(app, options.skip_damaged);
  add_number(app, "--epochs", options.epochs, 1, 100'000, "epochs of the training");
  add_number(app, "--batch", options.batch, 1, 65'536, "pictures of a training step");
  add_number(app, "--learning-rate", options.learning_rate, least_rate, most_rate, "highest learning rate");
  add_number(app, "--weight-decay", options.decay, 0, 1e6, "of convolution weights");
  add_number(app, "--average", options.average, 0, 0.999999, "judge and hand over the mean of the weights over all steps, of which each step keeps this share (0.998 for small sets); 0: the last weights");
  add_number(app, "--seed", options.seed, "decides scenes, first weights and augmentation");
  app.add_option("--threads", options.threads, "threads that train, on the processor")->capture_default_str()->check(thread_count);
  describe_own_devices(app, options.devices);
}

/// Refuses what no detector can be trained with, before anything is read; the size of the pictures that networks read.
inline feature_shape checked_size(const detector_options& options) {
  const feature_shape size = read_size(options.size, 32, 4096, "height x width", "240x320");
  if (options.finest != 8 && options.finest != 16 && options.finest != 32)
    throw error("the finest map was asked for with a stride of " + std::to_string(options.finest) + "; give 8, 16 or 32");
  if (options.anchors != "auto" && options.anchors != "published") (void)anchor_plan_of(options.anchors);
  return size;
}
inline recipe recipe_of(const detector_options& options) {
  const recipe how{.epochs = options.epochs,
                   .batch = options.batch,
                   .learning_rate = options.learning_rate,
                   .decay = options.decay,
                   .warmup_epochs = 0.05 * options.epochs,
                   .average = options.average,
                   .seed = options.seed};
  check(how);
  return how;
}

/// What decides a run's results, besides what differs between programs.
inline json settings_of(const detector_options& options, const recipe& how) {
  json settings{{"program", "hasse_detect"},
                {"data", place_of(options.data)},
                {"size", options.size},
                {"anchors", options.anchors},
                {"finest", options.finest},
                {"fit", options.fit},
                {"crop", options.crop},
                {"recolour", options.recolour},
                {"zoom_out", options.zoom_out},
                {"train_pictures", options.train_pictures},
                {"longest_side", options.longest_side},
                {"upside_down", options.upside_down},
                {"drop_copies", options.drop_copies},
                {"recipe", to_text(how)},
                {"seed", options.seed},
                {"threads", options.threads}};
  add_training_device(settings, options.devices.training());
  return settings;
}

inline void tell(const char* split, const detection_set& set) {
  std::size_t objects = 0;
  for (const labelled_picture& picture : set.pictures) objects += picture.objects.size();
  std::printf("  %zu %s pictures with %zu objects\n", set.size(), split, objects);
}

/// The three splits, as they are trained and judged on; prints what is there. Refuses fewer training pictures than a batch.
inline detection_splits open_pictures(const detector_options& options, feature_shape size, program_run& here) {
  std::printf("data: %s\n", options.data.c_str());
  detection_splits pictures = open_detection(options.data,
                                             {.height = size.h,
                                              .width = size.w,
                                              .seed = options.seed,
                                              .most_train = options.train_pictures,
                                              .longest_side = options.longest_side,
                                              .pictures = options.pictures,
                                              .trust_pictures = options.trust_pictures,
                                              .drop_copies = options.drop_copies,
                                              .skip_damaged = options.skip_damaged},
                                             here.progress());
  here.end_line();
  print(pictures.about);
  if (pictures.validation.size() == 0 || pictures.test.size() == 0) cut_for_search(pictures);
  for (detection_set* set : {&pictures.train, &pictures.validation, &pictures.test})
    set->fit = options.fit == "letterbox" ? picture_fit::letterbox : picture_fit::stretch;
  detection_set& train = pictures.train;
  if (options.upside_down && !train.mirrored_alike)
    throw error("pictures were to be turned upside down, and the set '" + train.name + "' does not say what its joints become in a mirror; leave --upside-down out");
  train.varied = {.mirrored = train.mirrored_alike,
                  .upside_down = options.upside_down,
                  .crop = options.crop == "none"    ? picture_crop::none
                          : options.crop == "share" ? picture_crop::by_share
                                                    : picture_crop::by_overlap,
                  .zoomed_out = options.zoom_out,
                  .recoloured = options.recolour};
  tell("training", train), tell("validation", pictures.validation), tell("test", pictures.test);
  if (train.size() < static_cast<std::size_t>(options.batch))
    throw error("there are " + std::to_string(train.size()) + " training pictures, fewer than one batch of " + std::to_string(options.batch) +
                "; give a smaller --batch");
  return pictures;
}
}  // namespace detail

}  // namespace hasse
