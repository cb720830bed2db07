// The images of a run of a program that tells classes apart. Used by programs whose command line has recipe_options.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>

#include <hasse/data/open.hpp>
#include <hasse/program/options.hpp>
#include <hasse/program/run.hpp>
#include <hasse/train/recipe.hpp>

namespace hasse::detail {

/// Opens the images in the shape that is wanted and says what came; an augmentation that was asked for goes into `how`. Seed, limit and what
/// becomes of damaged images are those of the command line.
inline splits open_images(const recipe_options& options, data_options wanted, recipe& how, program_run& here) {
  say_threads(options.threads);
  std::printf("data: %s\n", options.data.c_str());
  wanted.seed = options.seed, wanted.most_train = options.train_images, wanted.skip_damaged = options.skip_damaged;
  splits images = open_data(options.data, wanted, here.progress());
  here.end_line();
  if (images.train.size() < static_cast<std::size_t>(how.batch))
    throw error("there are " + std::to_string(images.train.size()) + " training images, fewer than one batch of " +
                std::to_string(how.batch) + "; give a smaller --batch");
  const image_set& train = images.train;
  if (options.crop_padding > std::min(train.height, train.width))
    throw error("a crop padding of " + std::to_string(options.crop_padding) + " pixels does not suit images of " +
                std::to_string(train.height) + " x " + std::to_string(train.width) + "; give --crop-padding 0 up to the shorter side");
  if (options.crop_padding >= 0) how.augment = augmentation{options.crop_padding, images.train.mirrored_alike};
  std::printf("  %zu training, %zu validation and %zu test images of %zu classes\n", images.train.size(), images.validation.size(),
              images.test.size(), images.train.classes.size());
  print(images.about);
  return images;
}

}  // namespace hasse::detail
