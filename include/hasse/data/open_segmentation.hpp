// One call for every source of pictures whose pixels have classes: `scenes[:DIFFICULTY]`, `camvid:DIR` (SPLIT/ and SPLITannot/),
// `pairs:DIR` (images/ and masks/), or `masks:DIR` for whichever of these a folder holds. docs/how-to/own-masks.md says what becomes of
// everything that such files get wrong. Programs that include it link turbojpeg, png and z, and need nlohmann_json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/data/detection_set.hpp>

namespace hasse {

/// What is wanted of a set of pictures with masks. Splits that the source lacks stay empty: cut_for_search makes them.
struct segmentation_options {
  static constexpr int void_of_layout = 256;
  int height = 96, width = 96;     ///< that the network reads; scenes are drawn in this size
  std::uint64_t seed = 1;          ///< of scenes, and of which pictures a limit keeps
  std::size_t most_train = 0, most_validation = 0, most_test = 0;  ///< limits for quick runs; 0: all
  int scenes_train = 2000, scenes_validation = 400, scenes_test = 400;
  int longest_side = 0;            ///< larger pictures are made smaller when they are read, to save memory; 0: they stay as they are
  std::vector<std::string> classes{};  ///< names of the numbers 0, 1, ..., where no classes.txt or ids.txt says them
  int void_number = void_of_layout;    ///< number of the pixels that are of no class; as it is: 11 of CamVid, else 255
  bool drop_copies = false;        ///< leave out training pictures that are also among the others
  bool skip_damaged = false;       ///< leave out pictures that cannot be read, and count them, instead of refusing the set
};

/// "seed=1 most_train=0 ...": the options as one line, without the size.
HASSE_BODY std::string to_text(const segmentation_options& options);

/// Reads what `to_text` wrote; options that are not named keep their defaults.
HASSE_BODY segmentation_options parse_segmentation_options(std::string_view text, int height, int width);

/// Opens the set that `uri` names; its pictures have labels. `about` of the result says what was found, dropped and repaired.
HASSE_BODY detection_splits open_segmentation(const std::string& uri, const segmentation_options& options, const progress_sink& progress = {});

/// What each number of a mask means.
struct mask_numbers {
  struct meaning {
    std::uint32_t number = 0;
    std::uint8_t label = 0;  ///< or void_label
  };
  std::vector<std::string> classes{};
  std::vector<meaning> known{};  ///< by rising number; empty: every number below void_label is a class
  std::uint32_t void_number = void_label;
};

/// Of classes.txt: the first line names number 0, the next one 1; `void` is no class.
HASSE_BODY mask_numbers parse_mask_classes(std::string_view text, const std::string& where);

/// Of ids.txt: a number and a name on each line; numbers of one name are one class, and the name `void` is none.
HASSE_BODY mask_numbers parse_mask_ids(std::string_view text, const std::string& where);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/open_segmentation.inl>
#endif
