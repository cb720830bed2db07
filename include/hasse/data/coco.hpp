// COCO's files: one JSON of images, annotations and categories, and a folder of pictures. The JSON is read as a stream, and only what
// boxes and joints need is kept of it: such files have hundreds of megabytes, most of them outlines.
// Used by open_detection for `coco:DIR|FILE`; programs that include it need nlohmann_json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/detection_listing.hpp>

namespace hasse {

/// One file, with pictures that have no place yet: `listed_picture::name` is what the file calls them.
struct coco_file {
  std::vector<listed_picture> pictures;
  std::vector<std::string> classes;     ///< by rising id
  std::vector<std::int64_t> class_ids;
  std::vector<std::string> joints;      ///< names of the joints of a class that has some
};

/// Reads the stream to its end; `where` names the file in errors, `about` counts what was dropped.
HASSE_BODY coco_file parse_coco(std::istream& stream, const std::string& where, data_description& about);

/// Whether a file is JSON with the key "annotations" at its outermost level, so that it may be COCO's.
HASSE_BODY bool is_coco(const std::filesystem::path& file);

/// Lists the files of a folder (or of its `annotations`, or one beside the pictures of each split), or the one that `place` names and
/// its likes of the other splits. `pictures`: where the pictures are; empty: looked for.
HASSE_BODY detection_listing list_coco(const std::filesystem::path& place, const std::filesystem::path& pictures = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/coco.inl>
#endif
