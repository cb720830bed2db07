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

/// Opens the images in that shape and says what came; an augmentation that was asked for goes into `how`.
inline splits open_images(const recipe_options& options, feature_shape wanted, recipe& how, program_run& here) {
  say_threads(options.threads);
  std::printf("data: %s\n", options.data.c_str());
  splits images =
      open_data(options.data,
                {.wanted = wanted, .seed = options.seed, .most_train = options.train_images, .skip_damaged = options.skip_damaged},
                here.progress());
  here.end_line();
  if (images.train.size() < static_cast<std::size_t>(how.batch))
    throw error("there are " + std::to_string(images.train.size()) + " training images, fewer than one batch of " +
                std::to_string(how.batch) + "; give a smaller --batch");
  if (options.crop_padding > std::min(wanted.h, wanted.w))
    throw error("a crop padding of " + std::to_string(options.crop_padding) + " pixels does not suit images of " +
                std::to_string(wanted.h) + " x " + std::to_string(wanted.w) + "; give --crop-padding 0 up to the shorter side");
  if (options.crop_padding >= 0) how.augment = augmentation{options.crop_padding, images.train.mirrored_alike};
  std::printf("  %zu training, %zu validation and %zu test images of %zu classes\n", images.train.size(), images.validation.size(),
              images.test.size(), images.train.classes.size());
  print(images.about);
  return images;
}

}  // namespace hasse::detail
