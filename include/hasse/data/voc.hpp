// Pascal VOC's folder: Annotations/ID.xml, JPEGImages/ID.jpg, ImageSets/Main/SPLIT.txt.
// Used by open_detection for `voc:DIR`.
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
#include <hasse/data/detection_listing.hpp>
#include <hasse/data/image_kind.hpp>

namespace hasse {

/// One annotation: `kinds[i]` is the class of object i.
struct voc_annotation {
  listed_picture picture;
  std::vector<std::string> kinds;
};

namespace detail {
/// Takes children of the root and of its objects only: parts of persons have boxes of their own. Which file it is about, its own name
/// says: what it says of `filename` and `path` is often that of another disk.
class voc_parser {
 public:
  voc_parser(const std::string& where, const std::string& name, data_description& about) : where_(where), about_(about) { made_.picture.name = name; }

  voc_annotation parse(std::string_view bytes);

 private:
  [[noreturn]] void refuse(const std::string& problem) const { throw file_error(where_, problem, "mend the annotation, or take it and its picture away"); }
  std::string object_name() const { return "object " + std::to_string(objects_) + (kind_.empty() ? "" : " (" + printable(clipped(kind_, 60)) + ")"); }

  void opened(std::string_view name);

  void closed(std::string_view);

  bool at(std::initializer_list<std::string_view> below) const;
  std::string trimmed() const;
  static int size_in(const std::string& text);

  void end_object();

  const std::string& where_;
  data_description& about_;
  voc_annotation made_;
  std::vector<std::string> path_;
  std::string text_, root_, kind_;
  std::size_t objects_ = 0;
  std::array<std::optional<double>, 4> corners_{};
  bool difficult_ = false;
};

/// The ids of a list. Lists of one class have a second column, 1, -1 or 0, which says nothing of the split.
HASSE_BODY std::vector<std::string> voc_ids(const std::filesystem::path& list, const std::filesystem::path& annotations);

/// The picture of an id, by any name that promises one.
HASSE_BODY std::filesystem::path voc_picture(const std::filesystem::path& folder, const std::string& id);
}  // namespace detail

/// The annotation of one picture; `where` names its file in errors, `about` counts what was dropped.
HASSE_BODY voc_annotation parse_voc(std::string_view bytes, const std::string& where, const std::string& name, data_description& about);

/// Lists a folder that has `Annotations`. Classes are those of all splits, in the order of their bytes, unless `classes` gives them.
HASSE_BODY detection_listing list_voc(const std::filesystem::path& root, const std::vector<std::string>& classes = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/voc.inl>
#endif
