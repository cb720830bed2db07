// The ImageFolder layout, [SPLIT/]CLASS/IMAGE, as a directory, as a plain tar of one, or as a directory of such tars.
// Used by open_data for `folder:PATH`: listing comes first, so that only images which are wanted get decoded.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/tar.hpp>

namespace hasse {

/// One image that was found but not read: `content` of an archive member, or null and `where` is the path of a file.
struct listed_image {
  std::string where;
  std::string_view content;
  std::uint16_t label = 0;
};

/// What a folder holds. A split that the folder does not name is empty; without any split everything is `train`.
struct folder_listing {
  std::vector<std::string> classes;  ///< sorted; the label is the index
  std::vector<listed_image> train, validation, test;
  std::vector<std::shared_ptr<const std::string>> archives;  ///< the bytes that `content` points into
};

namespace detail {
enum class folder_split { none, train, validation, test };

inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& letter : result) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return result;
}

inline folder_split split_named(std::string_view component) {
  const std::string name = lower_case(component);
  if (name == "train" || name == "training") return folder_split::train;
  if (name == "val" || name == "valid" || name == "validation") return folder_split::validation;
  if (name == "test" || name == "testing") return folder_split::test;
  return folder_split::none;
}

/// An image among the files of a folder: where its path puts it.
struct placed_image {
  folder_split split = folder_split::none;
  std::string class_name;
  listed_image image;
};

inline bool named_as_image(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string ending = lower_case(file.extension().string());
  return !file.filename().string().starts_with('.') && (ending == ".jpg" || ending == ".jpeg" || ending == ".png");
}

/// Reads [ANYTHING/]SPLIT/CLASS/[ANYTHING/]IMAGE, else CLASS/IMAGE with whatever folders lie above.
inline placed_image place(const std::string& path, listed_image image) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(path))
    if (part != "." && part != "/") parts.push_back(part.string());
  for (std::size_t i = 0; i + 2 < parts.size(); ++i)
    if (const folder_split split = split_named(parts[i]); split != folder_split::none)
      return {split, parts[i + 1], std::move(image)};
  if (parts.size() < 2)
    throw file_error(image.where, "lies outside of every class folder", "arrange the images as CLASS/IMAGE or SPLIT/CLASS/IMAGE");
  return {folder_split::none, parts[parts.size() - 2], std::move(image)};
}

/// Members in the archive's order; a split that the paths do not name is taken from the archive's own name (my-train.tar).
inline void place_archive(const std::filesystem::path& path, std::string_view bytes, std::vector<placed_image>& images) {
  const std::string name = lower_case(path.filename().string());
  const auto says = [&](const char* word) { return name.find(word) != std::string::npos; };
  const folder_split named = says("train")  ? folder_split::train
                             : says("val")  ? folder_split::validation
                             : says("test") ? folder_split::test
                                            : folder_split::none;
  for (tar_member& member : tar_members(bytes, path.string())) {
    if (!named_as_image(member.path)) continue;
    images.push_back(place(member.path, {path.string() + ":" + member.path, member.content, 0}));
    if (images.back().split == folder_split::none) images.back().split = named;
  }
}

inline void place_folder(const std::filesystem::path& root, std::vector<placed_image>& images) {
  for (const auto& path : files_below(root))
    if (named_as_image(path.string())) images.push_back(place(path.lexically_relative(root).string(), {path.string(), {}, 0}));
}

/// Sorts placed images into the listing; `root` is for errors.
inline void sort_images(std::vector<placed_image> images, const std::string& root, folder_listing& listing) {
  if (images.empty())
    throw file_error(root, "holds no .jpg, .jpeg or .png image", "name a folder, or a plain tar, of SPLIT/CLASS/IMAGE");
  std::map<std::string, std::size_t> classes;
  bool any_split = false, any_plain = false;
  for (const placed_image& image : images) {
    classes[image.class_name] = 0;
    (image.split == folder_split::none ? any_plain : any_split) = true;
  }
  if (any_split && any_plain)
    throw file_error(root, "has images both inside and outside of train, val and test folders",
                     "put all of them into such folders, or none");
  if (classes.size() > 65535)
    throw file_error(root, "has " + std::to_string(classes.size()) + " class folders, more than 65535",
                     "check the layout SPLIT/CLASS/IMAGE");
  for (auto& [name, label] : classes) {
    label = listing.classes.size();
    listing.classes.push_back(name);
  }
  std::vector<bool> trained(classes.size());
  for (placed_image& image : images) {
    image.image.label = static_cast<std::uint16_t>(classes[image.class_name]);
    const bool for_training = image.split == folder_split::train || image.split == folder_split::none;
    if (for_training) trained[image.image.label] = true;
    (for_training                              ? listing.train
     : image.split == folder_split::validation ? listing.validation
                                               : listing.test)
        .push_back(std::move(image.image));
  }
  if (const auto missing = std::find(trained.begin(), trained.end(), false); missing != trained.end())
    throw file_error(
        root, "has no training image of the class '" + listing.classes[static_cast<std::size_t>(missing - trained.begin())] + "'",
        "add some, or take the class out of the other splits");
}
}  // namespace detail

/// Lists the images of one archive in memory; `where` names it in errors. `bytes` must outlive the listing.
inline folder_listing list_archive(std::string_view bytes, const std::string& where) {
  std::vector<detail::placed_image> images;
  detail::place_archive(where, bytes, images);
  folder_listing listing;
  detail::sort_images(std::move(images), where, listing);
  return listing;
}

/// Lists a directory of images, a tar of one, or a directory that holds such tars and no loose image (all of them are merged).
inline folder_listing list_folder(const std::filesystem::path& root) {
  constexpr std::uintmax_t archive_limit = std::uintmax_t{1} << 34;
  std::vector<detail::placed_image> images;
  std::vector<std::filesystem::path> archives;
  std::error_code missing;
  if (std::filesystem::is_directory(root, missing)) {
    detail::place_folder(root, images);
    if (images.empty())
      for (const auto& path : detail::files_in(root))
        if (path.extension() == ".tar") archives.push_back(path);
  } else {
    archives.push_back(root);
  }
  folder_listing listing;
  for (const auto& archive : archives) {
    listing.archives.push_back(std::make_shared<const std::string>(read_file(archive, archive_limit)));
    detail::place_archive(archive, *listing.archives.back(), images);
  }
  detail::sort_images(std::move(images), root.string(), listing);
  return listing;
}

}  // namespace hasse
