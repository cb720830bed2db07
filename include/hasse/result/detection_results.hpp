// What a detector found, in the files that other tools judge: COCO's json of results, the text files of the Pascal VOC devkit.
// Used by programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/file/json.hpp>

namespace hasse {

/// Appends to COCO's list: boxes as x, y, width, height in pixels of the files, ids as in the source.
HASSE_BODY void add_coco_results(json& list, std::int64_t picture, std::span<const std::int64_t> class_ids,
                                 std::span<const detected_object> found);

/// The devkit's files, one per class: a line is the picture's id, score, left, top, right and bottom, where pixels are counted from
/// 1 and the last one is part of the box.
class voc_results {
 public:
  explicit voc_results(const std::vector<std::string>& classes) : classes_(classes), lines_(classes.size()) {}
  void add(std::string_view picture, std::span<const detected_object> found);
  /// FOLDER/comp4_det_SPLIT_CLASS.txt; a class that nothing was found of has an empty file. Makes the folder.
  void write(const std::filesystem::path& folder, std::string_view split) const;

 private:
  std::vector<std::string> classes_, lines_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/detection_results.inl>
#endif
