// Pictures that a command line names: files, and those of folders. Used by program/detect.hpp and program/segment.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/data/image_kind.hpp>

namespace hasse::detail {

/// The files that were named, and those of folders that are named as pictures; other files of folders are counted. Refused where two
/// would be drawn under one name.
inline std::vector<std::filesystem::path> pictures_in(const std::vector<std::string>& places) {
  std::vector<std::filesystem::path> paths;
  std::size_t others = 0;
  for (const std::string& place : places) {
    if (!std::filesystem::is_directory(place)) {
      paths.emplace_back(place);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
      if (!entry.is_regular_file()) continue;
      if (named_as_image(entry.path().string()))
        paths.push_back(entry.path());
      else
        ++others;
    }
  }
  if (others > 0) std::printf("left out: %zu files that are not named as pictures\n", others);
  if (paths.empty()) throw error("there are no pictures in the folders that were given; name pictures, or folders of pictures");
  std::sort(paths.begin(), paths.end());
  std::map<std::string, std::filesystem::path> drawn;
  for (const std::filesystem::path& path : paths)
    if (const auto [before, is_new] = drawn.emplace(path.filename().string(), path); !is_new)
      throw error(clipped(before->second.string(), 200) + " and " + clipped(path.string(), 200) +
                  " have one name and would be drawn over each other; start once for each of their folders, with another --out");
  return paths;
}

/// A picture of a file, in RGB.
inline labelled_picture shown_picture(image_decoder& decoder, const std::filesystem::path& path) {
  const decoded_image& image = decoder.decode(read_file(path), path.string());
  labelled_picture picture{.name = path.filename().string(),
                           .height = image.shape.h,
                           .width = image.shape.w,
                           .file_height = image.shape.h,
                           .file_width = image.shape.w,
                           .pixels = {},
                           .objects = {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(image.shape.h * image.shape.w); ++i)
    for (std::size_t c = 0; c < 3; ++c) picture.pixels.push_back(image.pixels[image.shape.c == 3 ? 3 * i + c : i]);
  return picture;
}

}  // namespace hasse::detail
