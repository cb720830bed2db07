// YOLO's folders: pictures in images, a text file for each of them in labels, and data.yaml.
// Used by open_detection for `yolo:DIR|FILE`.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/detail/yaml_lines.hpp>
#include <hasse/data/detection_listing.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/layout.hpp>

namespace hasse {

/// What a data.yaml says. `joints` 0: none; `joint_numbers` 2 or 3 of each.
struct yolo_description {
  std::string path;
  std::vector<std::string> train, validation, test;
  std::vector<std::string> classes;
  std::size_t joints = 0, joint_numbers = 0;
  std::vector<int> mirrored_joints;
};

namespace detail {
inline constexpr const char* yolo_remedy = "write it as Ultralytics' tools do: path, train, val, names";

/// The place where the folder of pictures is told apart from that of labels: behind the last "/images/".
HASSE_BODY std::filesystem::path yolo_labels(const std::filesystem::path& picture);
}  // namespace detail

/// Reads a data.yaml; `where` names it in errors.
HASSE_BODY yolo_description parse_yolo_description(std::string_view text, const std::string& where);

/// The objects of one label file, in fractions of the picture. `classes`: how many there are; 0: not known, and any is taken.
HASSE_BODY std::vector<listed_object> parse_yolo_labels(std::string_view text, const std::string& where, const std::string& picture, std::size_t classes, std::size_t joints,
                                                    std::size_t joint_numbers, data_description& about);

namespace detail {
/// Where a data.yaml says that pictures are. Some writers put "../" before folders that are beside the file.
HASSE_BODY std::filesystem::path yolo_place(const std::filesystem::path& root, const std::string& said, const std::string& where);

/// The pictures of a folder and below, or of a list of paths, one a line.
HASSE_BODY void add_yolo_pictures(const std::filesystem::path& place, std::vector<std::filesystem::path>& files, data_description& about);
}  // namespace detail

/// Lists a folder with data.yaml (or the file itself), or one with images and labels beside each other.
HASSE_BODY detection_listing list_yolo(const std::filesystem::path& place, const std::vector<std::string>& classes = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/yolo.inl>
#endif
