// One call for every source of pictures with boxes: `scenes[:DIFFICULTY]`, `voc:DIR`, `coco:DIR|FILE`, `yolo:DIR|FILE`, or `boxes:PLACE`
// for whichever of these a place holds. docs/how-to/own-boxes.md says what becomes of everything that such files get wrong.
// Programs that include it link turbojpeg, png and z, and need nlohmann_json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/data/detection_listing.hpp>
#include <hasse/data/detection_set.hpp>

namespace hasse {

/// What is wanted of a detection set. Splits that the source lacks stay empty: cut_for_search makes them.
struct detection_options {
  int height = 240, width = 320;   ///< that the network reads; scenes are drawn in this size
  std::uint64_t seed = 1;          ///< of scenes, and of which pictures a limit keeps
  std::size_t most_train = 0, most_validation = 0, most_test = 0;  ///< limits for quick runs; 0: all
  int scenes_train = 2000, scenes_validation = 400, scenes_test = 400;
  int longest_side = 0;            ///< larger pictures are made smaller when they are read, to save memory; 0: they stay as they are
  std::vector<std::string> classes{};  ///< their order where the files give none (Pascal VOC), or names (YOLO without data.yaml)
  std::string pictures{};          ///< the folder of COCO's pictures, where they are not beside the file
  bool trust_pictures = false;     ///< where COCO's file says another size than a picture has: go on with the picture's
  bool drop_copies = false;        ///< leave out training pictures that are also among the others
  bool skip_damaged = false;       ///< leave out pictures that cannot be read, and count them, instead of refusing the set
};

/// "seed=1 most_train=0 ...": the options as one line, without the size.
HASSE_BODY std::string to_text(const detection_options& options);

/// Reads what `to_text` wrote; options that are not named keep their defaults.
HASSE_BODY detection_options parse_detection_options(std::string_view text, int height, int width);

/// Opens the set that `uri` names; `about` of the result says what was found, dropped and repaired.
HASSE_BODY detection_splits open_detection(const std::string& uri, const detection_options& options, const progress_sink& progress = {});

/// The listing of a place whose layout is told by what lies there: Annotations, a JSON with "annotations", data.yaml, images and labels.
HASSE_BODY detection_listing list_detection(const std::string& place, const detection_options& options);

/// Makes three splits for a search that must not see what it is judged by in the end: without test pictures the validation pictures
/// become them; then, and where there are no validation pictures, every fifth training picture (by name) is held out.
HASSE_BODY void cut_for_search(detection_splits& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/open_detection.inl>
#endif
