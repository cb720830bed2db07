// Pixels and objects of one picture as a network reads them: recoloured, put on a larger ground, cut, resized, mirrored both ways, normalised, with
// boxes and joints in step.
// Used by the reader of detection sets, and by whoever shows a network one picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/data/picture_variation.hpp>

namespace hasse {

/// Where a picture lies in what a network reads: x' = x * across + left, y' = y * down + top.
struct picture_placement {
  double across = 1, down = 1, left = 0, top = 0;

  box forward(const box& from) const { return {from.x0 * across + left, from.y0 * down + top, from.x1 * across + left, from.y1 * down + top}; }
  /// From the network's pixels to those of the picture.
  box back(const box& from) const { return {(from.x0 - left) / across, (from.y0 - top) / down, (from.x1 - left) / across, (from.y1 - top) / down}; }
  bool operator==(const picture_placement&) const = default;
};

/// How a picture of that size comes to the size that a network reads.
HASSE_BODY picture_placement placement_of(int height, int width, int to_height, int to_width, picture_fit fit);

/// A part of a picture, or more than it: what lies outside has the mean colour.
struct picture_window {
  int left = 0, top = 0, width = 0, height = 0;
  bool operator==(const picture_window&) const = default;
};

/// Mirrors what is in a picture of that width. `order` says which joint a joint becomes.
HASSE_BODY void mirror(std::vector<labelled_object>& objects, double width, std::span<const int> order);
/// The same from top to bottom in a picture of that height: left becomes right in this mirror, too.
HASSE_BODY void mirror_down(std::vector<labelled_object>& objects, double height, std::span<const int> order);

/// A window by SSD's rule, and the objects that stay: shifted and clipped. What is ignored stays where a pixel of it is seen.
HASSE_BODY picture_window crop_by_overlap(int width, int height, std::vector<labelled_object>& objects, random_source& random);

/// The same by the rule of TensorFlow's detectors.
HASSE_BODY picture_window crop_by_share(int width, int height, std::vector<labelled_object>& objects, random_source& random);

/// A ground of up to 16 times the area, as a window that reaches out of the picture; objects are shifted. `smallest` is the scale at
/// which a network sees the picture as it is: things of less than 4 of its pixels are not made.
HASSE_BODY picture_window zoom_out(int width, int height, std::vector<labelled_object>& objects, double smallest, random_source& random);

/// Changes brightness, contrast, saturation and hue of RGB values 0 to 255, each half of the time.
HASSE_BODY void recolour(std::span<float> pixels, bool permute, random_source& random);

namespace detail {
/// Turns the hue of one RGB pixel by a share of the circle.
HASSE_BODY void turn_hue(float* pixel, float by);
}  // namespace detail

/// Makes the pictures of one set; keeps its memory between calls. The set must outlive it.
class picture_sampler {
 public:
  picture_sampler(const detection_set& set, const normalisation& scale);

  /// Writes the picture as it is, height x width x RGB, normalised; returns where it lies.
  picture_placement whole(const labelled_picture& picture, float* to, std::vector<labelled_object>& objects);

  /// Writes it as `random` varies it. Things with a side of less than 2 pixels are ignored from here on (they are difficult).
  picture_placement varied(const labelled_picture& picture, const picture_variation& how, random_source& random, float* to, std::vector<labelled_object>& objects);

  /// The same of a picture whose pixels have classes: each of the network's pixels gets that of the picture's pixel at its centre, or
  /// void_label outside of the picture.
  picture_placement whole(const labelled_picture& picture, float* to, std::vector<std::uint8_t>& labels);
  picture_placement varied(const labelled_picture& picture, const picture_variation& how, random_source& random, float* to, std::vector<std::uint8_t>& labels);

 private:
  /// Which pixels of a row or column make one of the network's, and with which shares. What they lack to 1 lies outside.
  struct span_of_pixels {
    int first = 0;
    std::vector<float> shares;
  };
  static void plan(int from, int size, int inside, double scale, int count, std::vector<span_of_pixels>& to);

  void take(const labelled_picture& picture);
  /// Where a window lies in what the network reads, and the rectangle that it fills there.
  struct window_place {
    picture_placement placement;
    int left, top, width, height;
  };
  window_place place_of(const picture_window& window) const;
  /// Which ways a picture is mirrored.
  struct turned {
    bool across = false, down = false;
  };
  static turned draw_turn(const picture_variation& how, random_source& random);
  picture_placement resample(const labelled_picture& picture, const picture_window& window, turned way, float* to);
  void resample_labels(const labelled_picture& picture, const picture_window& window, turned way, std::vector<std::uint8_t>& to) const;
  picture_window window_by_scale(const labelled_picture& picture, const picture_variation& how, random_source& random) const;
  void place(std::vector<labelled_object>& objects, const picture_placement& placement) const;

  const detection_set& set_;
  float fill_[3]{}, deviation_[3]{};
  std::vector<float> source_, narrowed_, row_;
  std::vector<span_of_pixels> across_, down_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/picture_sampler.inl>
#endif
