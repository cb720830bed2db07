// The command line of hasse_segment: its subcommands and their options. Used by examples/hasse_segment, and by a program with spaces of its own.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/program/boundary_command_line.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/guarded.hpp>
#include <hasse/program/segment.hpp>
#include <hasse/program/segment_options.hpp>
#include <hasse/program/segment_search.hpp>

namespace hasse {

namespace detail {
inline void describe(CLI::App& app, segment_search_options& options, const std::string& spaces) {
  describe_masks(app, options.data);
  describe_run(app, options.run);
  describe(app, static_cast<mask_options&>(options));
  app.add_option("--size", options.size, "height x width that the networks read, multiples of 32; without, that of the space. Pictures keep their proportions");
  add_number(app, "--train-images", options.train_images, "train on so many pictures at most, drawn by the seed; 0: all");
  describe_skip_damaged(app, options.skip_damaged);
  add_number(app, "--epochs", options.epochs, 1, 100'000, "epochs of each training");
  add_number(app, "--batch", options.batch, 1, 65'536, "pictures of a training step");
  add_number(app, "--learning-rate", options.learning_rate, least_rate, most_rate, "highest learning rate");
  add_number(app, "--weight-decay", options.decay, 0, 1e6, "of convolution weights");
  add_number(app, "--seed", options.seed, "decides scenes, candidates, first weights and augmentation");
  app.add_option("--threads", options.threads, "threads that train, on the processor")->capture_default_str()->check(thread_count);
  describe(app, static_cast<device_options&>(options));
  describe_search(app, options, spaces);
}

template <class... Spaces>
void search_named(const segment_search_options& options, const std::array<space_name, sizeof...(Spaces)>& names, const std::string& known) {
  std::size_t at = 0;
  const auto is_named = [&]<class Space>(std::type_identity<Space>) {
    const space_name& name = names[at++];
    if (name.name != options.space) return false;
    search_segmenters<Space>(options, name);
    return true;
  };
  if (!(is_named(std::type_identity<Spaces>{}) || ...))
    throw error("there is no space " + in_quotes(options.space) + " in this program; choose from: " + known + ", or write your own as docs/how-to/search-segmentation.md shows");
}
}  // namespace detail

/// The program, with the spaces that it searches: parses and runs a subcommand. Returns the exit code: 0, or 2 after one sentence on stderr.
template <class... Spaces>
  requires(sizeof...(Spaces) > 0)
int segment(int argc, char** argv, const std::array<space_name, sizeof...(Spaces)>& names) {
  CLI::App app("Trains networks that give every pixel a class, or searches for them, judges them, and colours pictures by them", "hasse_segment");
  app.require_subcommand(1);
  segment_train_options training;
  segment_evaluate_options judging;
  segment_predict_options showing;
  segment_search_options searching;
  searching.space = names[0].name;

  CLI::App& train = *app.add_subcommand("train", "train a network, judge it, and hand it over");
  detail::describe_masks(train, training.data);
  detail::describe_run(train, training.run);
  train.add_option("--net", training.net, "df_lite_seg, df1_seg, df2_seg1 or df2_seg2")->capture_default_str();
  add_number(train, "--width", training.width, 1, 4000, "of the backbone, in thousandths of the published one");
  train.add_option("--decoder", training.decoder, "channels of the decoder at strides 8, 16 and 32, such as 16,32,64; without, as published, or fewer for narrow networks");
  train.add_flag("--coarse", training.coarse, "leave out the last upsampling: scores, and classes, of 8 x 8 pixels each");
  train.add_option("--size", training.size, "height x width that the network reads, multiples of 32; pictures keep their proportions")->capture_default_str();
  detail::describe(train, static_cast<mask_options&>(training));
  add_number(train, "--train-images", training.train_pictures, "train on so many pictures at most, drawn by the seed; 0: all");
  detail::describe_skip_damaged(train, training.skip_damaged);
  add_number(train, "--epochs", training.epochs, 1, 100'000, "epochs of the training");
  add_number(train, "--batch", training.batch, 1, 65'536, "pictures of a training step");
  add_number(train, "--learning-rate", training.learning_rate, detail::least_rate, detail::most_rate, "highest learning rate");
  add_number(train, "--weight-decay", training.decay, 0, 1e6, "of convolution weights");
  add_number(train, "--seed", training.seed, "decides scenes, first weights and augmentation");
  train.add_option("--threads", training.threads, "threads that train, on the processor")->capture_default_str()->check(detail::thread_count);
  detail::describe_own_devices(train, training.devices);

  std::string spaces;
  for (const space_name& each : names) spaces += (spaces.empty() ? "" : ", ") + each.name;
  CLI::App& search = *app.add_subcommand("search", "search a space of networks for the boundary of latency and mIoU on a device, and hand over what lies on it");
  detail::describe(search, searching, spaces);

  CLI::App& evaluate = *app.add_subcommand("evaluate", "judge a network on the pictures of its run, or on others");
  evaluate.add_option("--weights", judging.weights, "the .safetensors of the network")->required()->check(not_empty("a file"));
  evaluate.add_option("--data", judging.data, "where the pictures are; without, as the file says");
  detail::describe_skip_damaged(evaluate, judging.skip_damaged);

  CLI::App& predict = *app.add_subcommand("predict", "give every pixel of pictures a class, and show it");
  predict.add_option("pictures", showing.pictures, "files, or folders of files: JPEG, PNG, BMP or WebP")->required();
  predict.add_option("--weights", showing.weights, "the .safetensors of the network")->required()->check(not_empty("a file"));
  predict.add_option("--out", showing.out, "folder for the masks and the coloured pictures")->capture_default_str()->check(not_empty("a folder"));
  detail::describe_running(evaluate, judging), detail::describe_running(predict, showing);
  return guarded(app, argc, argv, [&] {
    if (train)
      train_segmenter(training);
    else if (search)
      detail::search_named<Spaces...>(searching, names, spaces);
    else if (evaluate)
      evaluate_segmenter(judging);
    else
      show_segments(showing);
  });
}

}  // namespace hasse
