// In what shape a search over a space wants its images, as a command line says it or the images themselves do.
// Used by program/boundary_search.hpp.
#pragma once

#include <string>

#include <hasse/catalogue/space_at.hpp>
#include <hasse/data/open.hpp>
#include <hasse/file/json.hpp>
#include <hasse/program/boundary_options.hpp>

namespace hasse::detail {

/// Whether size, channels and proportions are asked for, or left to the images. Drawn images come as the space has them where nothing else is
/// said; so do all in a folder that was begun before there was a choice. `before`: the settings of the folder, null where there are none.
inline bool has_image_wish(const boundary_options& options, const json& before) {
  if (options.side > 0 || options.fit != "stretch") return true;
  return !options.data.starts_with("synthetic") && (!before.is_object() || before.contains("fit"));
}

template <class Space>
data_options image_wish(const boundary_options& options, bool is_wished) {
  data_options wanted{.wanted = Space::image, .fit = parse_image_fit(options.fit, "--fit")};
  if (options.side > 0) {
    wanted.wanted.h = wanted.wanted.w = options.side;
    (void)space_at<Space>(wanted.wanted);  // refused before anything is opened
  }
  if (!is_wished) return wanted;
  wanted.keep_from = options.side > 0 ? 0 : 2 * total_stride<Space>;
  wanted.keep_grey = Space::image.c == 3;
  return wanted;
}

/// "48 x 48 pixels, grey; images of other proportions: the middle of them"
inline std::string shape_text(feature_shape shape, image_fit fit) {
  std::string text = std::to_string(shape.h) + " x " + std::to_string(shape.w) + (shape.c == 1 ? " pixels, grey" : " pixels, in colour");
  if (fit == image_fit::crop) text += "; of images of other proportions the middle";
  if (fit == image_fit::pad) text += "; images of other proportions with black beside them";
  return text;
}

}  // namespace hasse::detail
