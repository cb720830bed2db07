// Pictures with boxes around things, or with a class for every pixel: one set, its three splits, and what a set measures.
// Used by the readers of such sets, by the reader that augments them, and by tasks of detection and segmentation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/data/picture_variation.hpp>

namespace hasse {

/// One picture in bytes (H, W, RGB) and what is in it, in pixels of these bytes. Where it was made smaller when it was read, results are
/// told in pixels of the file: x * file_width / width.
struct labelled_picture {
  std::string name;     ///< the id of VOC and YOLO, the file name of COCO
  std::int64_t id = 0;  ///< that of COCO; elsewhere counted from 1
  int height = 0, width = 0;
  int file_height = 0, file_width = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<labelled_object> objects;  ///< in the order of the file
  std::vector<std::uint8_t> labels{};    ///< of a set whose pixels have classes: one for each pixel, row by row, or void_label
};
/// Of a pixel that is of no class: neither right nor wrong.
inline constexpr std::uint8_t void_label = 255;

/// Pictures of their own sizes for a network that reads `height` x `width`. `labelled_object::kind` and labels are indices into `classes`.
struct detection_set {
  std::string name;
  int height = 0, width = 0;
  std::vector<std::string> classes;
  std::vector<std::int64_t> class_ids;  ///< what the source calls each class; results are told with them
  std::vector<int> mirrored_joints;     ///< which joint a joint becomes in a mirrored picture; empty: the set has no joints
  bool mirrored_alike = true;           ///< a mirrored thing is still one of its class
  picture_fit fit = picture_fit::stretch;
  picture_variation varied{};           ///< in training
  std::vector<labelled_picture> pictures;
  image_origin origin{};

  std::size_t size() const { return pictures.size(); }
  feature_shape shape() const { return {height, width, 3}; }
};

/// What a search works on: it trains on `train`, judges by `validation`; `test` is for the final answer only.
struct detection_splits {
  detection_set train, validation, test;
  data_description about = {};
};

/// A set as `like`, without pictures yet.
HASSE_BODY detection_set without_pictures(const detection_set& like);

/// Takes every fifth picture by the order of their names (of 205: 41) out of `from`, for a search to judge by; `from` keeps the rest.
HASSE_BODY detection_set hold_out_fifth(detection_set& from);

/// Mean and standard deviation per channel of the 0..1 values, over all pixels of all pictures.
HASSE_BODY normalisation measure(const detection_set& set);

/// A hash of shape, classes, objects, labels and every pixel: equal means the same pictures with the same things in the same order.
HASSE_BODY std::uint64_t identity_of(const detection_set& set);

/// One number for all three splits.
HASSE_BODY std::uint64_t identity_of(const detection_splits& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/detection_set.inl>
#endif
