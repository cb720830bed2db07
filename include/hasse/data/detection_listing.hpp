// What the files of a detection set say of its pictures, before any picture is decoded; and the rules by which what they say becomes
// objects. Every rule that changes or drops something counts it.
// Used by the readers of Pascal VOC, COCO and YOLO, and by open_detection.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/objects.hpp>

namespace hasse {

/// An object as a file says it: in pixels, or in fractions of the picture where the listing says so.
struct listed_object {
  box place{};
  int kind = 0;
  double area = -1;  ///< of the mask; below 0: not said
  bool crowd = false, difficult = false;
  std::vector<keypoint> joints{};
  std::string said{};  ///< what errors and counts call it: "object 3 (RBC)"
};

/// A picture that was found but not decoded.
struct listed_picture {
  std::filesystem::path file{};
  std::string name{};
  std::int64_t id = 0;
  int height = 0, width = 0;  ///< as the annotation says; 0: it does not
  std::vector<listed_object> objects{};
};

enum class detection_layout { voc, coco, yolo };

/// What a place holds. A split that it does not name is empty.
struct detection_listing {
  detection_layout layout{};
  std::vector<std::string> classes{};
  std::vector<std::int64_t> class_ids{};
  std::vector<int> mirrored_joints{};
  bool mirrored_alike = true;
  std::vector<listed_picture> train{}, validation{}, test{};
  data_description about{};
};

namespace detail {
inline constexpr const char* as_zero_area = "objects without area";
inline constexpr const char* as_swapped = "objects with swapped corners";
inline constexpr const char* as_outside = "objects that are outside of their picture, by three quarters or more";
inline constexpr const char* as_repeated = "objects that are there twice";
inline constexpr const char* found_clipped = "objects that reach out of their picture, which were clipped to it";
inline constexpr const char* found_difficult = "difficult objects, which are no targets";
inline constexpr const char* found_crowd = "crowds, which are no targets";
inline constexpr const char* found_empty = "pictures without objects, which are kept";
inline constexpr const char* found_from_zero =
    "boxes that begin at 0, so that their writer counts from 0, not from 1 as Pascal VOC does: all boxes may be a pixel off";
inline constexpr const char* found_other_size = "pictures of another size than their annotation says; their boxes are left as they are";
inline constexpr const char* found_turned = "pictures that were turned upright, since their boxes are for the upright picture";
inline constexpr const char* found_unturned = "pictures that were left as stored though EXIF turns them, since their boxes are for the stored picture";
inline constexpr const char* found_polygon = "outlines, of which the box is taken";
inline constexpr const char* found_id_zero = "annotations of the id 0, which other evaluators take for unmatched";

/// A number as files of annotations write it: nothing around it but blanks, finite.
HASSE_BODY std::optional<double> real_number(std::string_view text);

/// A whole number, also written as 3.0.
HASSE_BODY std::optional<std::int64_t> whole_number(std::string_view text);

/// The corners of a box as text, for counts.
HASSE_BODY std::string corners_text(double x0, double y0, double x1, double y1);

/// Whether a box of the file's own numbers is none, before anything is done to them; counts it.
HASSE_BODY bool is_no_box(double x0, double y0, double x1, double y1, const std::string& where, data_description& about);

/// The objects of a picture of that size: repeated ones dropped, clipped to the picture, dropped where too little is left of them.
HASSE_BODY std::vector<labelled_object> objects_in(const listed_picture& picture, bool fractions, int height, int width, data_description& about);

/// The lines of a text, without what ends them.
HASSE_BODY std::vector<std::string_view> lines_of(std::string_view text);

/// "dog, cat and 3 more", for sentences that name what is known.
HASSE_BODY std::string known_names(const std::vector<std::string>& names);

HASSE_BODY bool is_folder(const std::filesystem::path& path);
HASSE_BODY bool is_file(const std::filesystem::path& path);
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/detection_listing.inl>
#endif
