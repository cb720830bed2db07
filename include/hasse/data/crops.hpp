// Patches cut from a folder of images of any size, for training that wants no classes: super-resolution.
// Used by programs; what is cut is an image set of one class, so that readers, augmentation and checkpoints stay the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <hasse/core/apart.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// Which patches are cut.
struct crop_options {
  int height = 48, width = 48;
  int per_image = 8;              ///< at places that the seed draws for every image
  double validation_share = 0.1;  ///< of the images, where the folder names no validation images
  std::size_t most_images = 0;    ///< training images that are read, drawn by the seed; 0: all
  std::uint64_t seed = 1;
  bool skip_damaged = false;  ///< leave out images that cannot be read, and count them, instead of refusing the folder
};

/// RGB patches; no image has some in both sets.
struct crop_sets {
  image_set train, validation;
  std::size_t images = 0;   ///< that patches were cut from
  std::size_t skipped = 0;  ///< that are smaller than a patch
  data_description about;   ///< what was left out
};

/// Cuts patches from the images in `root` and below, whatever its folders are called (but for val and test). The same
/// files and options give the same patches. Files that are no whole images are refused, as everywhere.
HASSE_BODY crop_sets crop_images(const std::filesystem::path& root, const crop_options& options, const progress_sink& progress = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/crops.inl>
#endif
