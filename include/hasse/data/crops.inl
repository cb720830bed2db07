// The bodies of data/crops.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/crops.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/image_folder.hpp>
#include <hasse/data/layout.hpp>
#include <hasse/data/open.hpp>
#include <hasse/data/open.inl>
#include <hasse/data/resize.hpp>

namespace hasse {

namespace detail {
enum crop_purpose : std::uint64_t { crop_validation = 101, crop_limit, crop_places };

struct numbered_image {
  std::filesystem::path path;
  std::size_t number;  ///< in the folder: decides the places of its patches
};

/// All images below the folder. Those in a folder named for validation are held out, those in one named for test are left alone.
inline std::pair<std::vector<numbered_image>, std::vector<numbered_image>> images_to_crop(const std::filesystem::path& root,
                                                                                          data_description& about) {
  std::pair<std::vector<numbered_image>, std::vector<numbered_image>> made;
  std::size_t number = 0;
  found_images found(root.string());
  take_folder(root, found, number, about);
  for (const auto& path : found.archives) about.leave_out(as_archive, path.lexically_relative(root).string());
  for (const auto& each : found.images) {
    folder_split split = folder_split::none;
    for (const auto& part : std::filesystem::path(each.path).parent_path())
      if (split == folder_split::none) split = split_named(part.string());
    if (split == folder_split::test)
      about.leave_out("test images", each.path);
    else
      (split == folder_split::validation ? made.second : made.first).push_back({each.image.where, each.number});
  }
  return made;
}

inline std::vector<numbered_image> take(std::vector<numbered_image>& from, std::size_t count, std::uint64_t seed) {
  const division parts = divide(std::vector<std::uint16_t>(from.size()), count, seed);
  std::vector<numbered_image> taken, kept;
  for (const std::uint32_t i : parts.taken) taken.push_back(from[i]);
  for (const std::uint32_t i : parts.kept) kept.push_back(from[i]);
  from = std::move(kept);
  return taken;
}
}  // namespace detail

HASSE_BODY crop_sets crop_images(const std::filesystem::path& root, const crop_options& options, const progress_sink& progress) {
  const std::string place = root.string(),
                    patch = std::to_string(options.height) + " x " + std::to_string(options.width) + " pixels";
  if (options.height < 8 || options.width < 8 || options.height > 4096 || options.width > 4096 || options.per_image < 1 ||
      options.per_image > 65536)
    throw error(std::to_string(options.per_image) + " patches of " + patch +
                " cannot be cut from an image; ask for 1 to 65536 of 8 to 4096 pixels a side");
  if (!(options.validation_share > 0 && options.validation_share < 0.5))
    throw error("a validation share of " + std::to_string(options.validation_share) +
                " cannot be cut; choose more than 0 and less than 0.5");
  crop_sets made;
  auto [train, validation] = detail::images_to_crop(root, made.about);
  if (train.empty())
    throw file_error(place, "holds no image to train on" + detail::left_instead(made.about),
                     "name a folder of images; those in a folder val or test do not count");
  if (validation.empty()) {
    const auto share = static_cast<std::size_t>(static_cast<double>(train.size()) * options.validation_share + 0.5);
    if (train.size() < 2) throw file_error(place, "holds a single image", "add another one to validate on");
    validation = detail::take(train, std::max<std::size_t>(share, 1), derive(options.seed, detail::crop_validation));
  }
  if (options.most_images > 0 && options.most_images < train.size())
    train = detail::take(train, options.most_images, derive(options.seed, detail::crop_limit));

  const feature_shape shape{options.height, options.width, 3};
  const std::size_t total = train.size() + validation.size(), patches = static_cast<std::size_t>(options.per_image);
  detail::check_memory(place, total * patches, shape);
  detail::damage damaged;
  image_decoder decoder;
  image_fitter fitter(shape);
  std::vector<std::uint8_t> cut;
  remaining_time left;
  std::size_t done = 0;
  for (const auto& [images, set] : {std::pair{&train, &made.train}, {&validation, &made.validation}}) {
    *set = empty_images("patches", shape, {"patch"});
    for (const detail::numbered_image& image : *images) {
      if (progress && done % 16 == 0) {
        const double fraction = static_cast<double>(done) / static_cast<double>(total);
        progress({fraction, "cutting patches", left(fraction)});
      }
      ++done;
      const decoded_image* read = nullptr;
      try {
        read = &decoder.decode(read_file(image.path, most_image_bytes), detail::printable(image.path.string()));
      } catch (const error& problem) {
        damaged.add(problem);
        if (options.skip_damaged) made.about.leave_out("damaged images", image.path.string());
        continue;
      }
      const decoded_image& whole = *read;
      if (whole.shape.h < shape.h || whole.shape.w < shape.w) {
        ++made.skipped;
        continue;
      }
      ++made.images;
      random_source random(derive(derive(options.seed, detail::crop_places), image.number));
      const std::size_t row = static_cast<std::size_t>(options.width * whole.shape.c);
      for (std::size_t i = 0; i < patches; ++i) {
        const auto top = static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(whole.shape.h - shape.h + 1)));
        const auto start = static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(whole.shape.w - shape.w + 1)));
        cut.clear();
        for (std::ptrdiff_t y = top; y < top + shape.h; ++y) {
          const std::uint8_t* line = whole.pixels.data() + (y * whole.shape.w + start) * whole.shape.c;
          cut.insert(cut.end(), line, line + row);
        }
        fitter.append(cut, {shape.h, shape.w, whole.shape.c}, set->pixels);
        set->labels.push_back(0);
      }
    }
    if (set->size() == 0 && (damaged.count() == 0 || options.skip_damaged))
      throw file_error(place,
                       "has no " + std::string(set == &made.train ? "training" : "validation") + " image of at least " + patch,
                       "ask for smaller patches, or add larger images");
  }
  if (damaged.count() > 0 && !options.skip_damaged) damaged.refuse(place, total);
  if (progress) progress({1, std::to_string(made.train.size()) + " training patches are ready", 0});
  return made;
}

}  // namespace hasse
