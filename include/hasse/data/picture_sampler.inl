// The bodies of data/picture_sampler.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/picture_sampler.hpp>

namespace hasse {

namespace detail {
inline double between(random_source& random, double least, double most) { return least + (most - least) * random.uniform(); }
inline bool coin(random_source& random) { return (random() >> 63) != 0; }

inline constexpr std::array overlap_options{0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0};

inline box box_of(const picture_window& window) {
  return {static_cast<double>(window.left), static_cast<double>(window.top), static_cast<double>(window.left) + window.width, static_cast<double>(window.top) + window.height};
}

inline bool centre_inside(const box& place, const box& window) {
  const double x = (place.x0 + place.x1) / 2, y = (place.y0 + place.y1) / 2;
  return x > window.x0 && x < window.x1 && y > window.y0 && y < window.y1;
}

/// The objects in coordinates of the window; those for which `stays` says no are gone.
template <class Stays>
void cut_objects(std::vector<labelled_object>& objects, const box& window, Stays stays) {
  std::erase_if(objects, [&](const labelled_object& object) {
    const double across = std::min(object.place.x1, window.x1) - std::max(object.place.x0, window.x0);
    const double down = std::min(object.place.y1, window.y1) - std::max(object.place.y0, window.y0);
    return across <= 0 || down <= 0 || (object.ignored() ? across < 1 || down < 1 : !stays(object.place));
  });
  for (labelled_object& object : objects) {
    const double before = object.place.area();
    box& place = object.place;
    place = {std::max(place.x0, window.x0) - window.x0, std::max(place.y0, window.y0) - window.y0, std::min(place.x1, window.x1) - window.x0, std::min(place.y1, window.y1) - window.y0};
    object.area *= place.area() / before;
    for (keypoint& joint : object.joints) {
      if (joint.visible == 0) continue;
      joint.x -= window.x0, joint.y -= window.y0;
      if (joint.x < 0 || joint.y < 0 || joint.x > window.width() || joint.y > window.height()) joint = {};
    }
  }
}

inline bool any_target(const std::vector<labelled_object>& objects) {
  return std::any_of(objects.begin(), objects.end(), [](const labelled_object& object) { return !object.ignored(); });
}
}  // namespace detail

HASSE_BODY picture_placement placement_of(int height, int width, int to_height, int to_width, picture_fit fit) {
  const double across = static_cast<double>(to_width) / width, down = static_cast<double>(to_height) / height;
  if (fit == picture_fit::stretch) return {across, down, 0, 0};
  const double factor = std::min(across, down);
  if (fit == picture_fit::corner) return {factor, factor, 0, 0};
  const int inner_width = std::clamp(static_cast<int>(width * factor + 0.5), 1, to_width), inner_height = std::clamp(static_cast<int>(height * factor + 0.5), 1, to_height);
  return {factor, factor, static_cast<double>((to_width - inner_width) / 2), static_cast<double>((to_height - inner_height) / 2)};
}

namespace detail {
/// Boxes by `flip_box`, joints by `flip_joint`, in the order in which they come back.
template <class FlipBox, class FlipJoint>
void mirror_by(std::vector<labelled_object>& objects, std::span<const int> order, FlipBox flip_box, FlipJoint flip_joint) {
  for (labelled_object& object : objects) {
    flip_box(object.place);
    if (object.joints.empty()) continue;
    if (object.joints.size() != order.size())
      throw error("an object has " + std::to_string(object.joints.size()) + " joints, and " + std::to_string(order.size()) +
                  " are told what they become in a mirror; give mirrored_joints of the set");
    std::vector<keypoint> joints(object.joints.size());
    for (std::size_t i = 0; i < joints.size(); ++i) {
      joints[i] = object.joints[static_cast<std::size_t>(order[i])];
      if (joints[i].visible != 0) flip_joint(joints[i]);
    }
    object.joints = std::move(joints);
  }
}
}  // namespace detail

HASSE_BODY void mirror(std::vector<labelled_object>& objects, double width, std::span<const int> order) {
  detail::mirror_by(
      objects, order, [&](box& place) { place = {width - place.x1, place.y0, width - place.x0, place.y1}; }, [&](keypoint& joint) { joint.x = width - joint.x; });
}
HASSE_BODY void mirror_down(std::vector<labelled_object>& objects, double height, std::span<const int> order) {
  detail::mirror_by(
      objects, order, [&](box& place) { place = {place.x0, height - place.y1, place.x1, height - place.y0}; }, [&](keypoint& joint) { joint.y = height - joint.y; });
}

HASSE_BODY picture_window crop_by_overlap(int width, int height, std::vector<labelled_object>& objects, random_source& random) {
  const bool targets = detail::any_target(objects);
  for (;;) {
    const double least = detail::overlap_options[random.below(detail::overlap_options.size())];
    if (least == 1) return {0, 0, width, height};
    for (int tries = 0; tries < 40; ++tries) {
      const int w = static_cast<int>(width * detail::between(random, 0.3, 1)), h = static_cast<int>(height * detail::between(random, 0.3, 1));
      if (w == 0 || h == 0 || 2 * w < h || w > 2 * h) continue;
      const int left = static_cast<int>((width - w) * random.uniform()), top = static_cast<int>((height - h) * random.uniform());
      const picture_window window{left, top, w, h};
      const box cut = detail::box_of(window);
      double best = -1;  // of those that stay
      for (const labelled_object& object : objects)
        if (!object.ignored() && detail::centre_inside(object.place, cut)) best = std::max(best, intersection_over_union(object.place, cut));
      if (targets && (best < 0 || best < least)) continue;
      detail::cut_objects(objects, cut, [&](const box& place) { return detail::centre_inside(place, cut); });
      return window;
    }
  }
}

HASSE_BODY picture_window crop_by_share(int width, int height, std::vector<labelled_object>& objects, random_source& random) {
  if (random.uniform() < 0.15) return {0, 0, width, height};
  const double least = detail::overlap_options[random.below(detail::overlap_options.size())];
  const bool targets = detail::any_target(objects);
  for (int tries = 0; tries < 100; ++tries) {
    const double aspect = detail::between(random, 0.5, 2);
    int most_height = std::min(height, static_cast<int>((width + 0.5 - 1e-7) / aspect));
    const int least_height = static_cast<int>(std::lrint(std::sqrt(0.1 * width * height / aspect)));
    if (most_height < 1 || least_height > most_height) continue;
    const int h = std::max(1, least_height + static_cast<int>(random.below(static_cast<std::uint64_t>(most_height - least_height + 1))));
    const int w = std::clamp(static_cast<int>(std::lrint(aspect * h)), 1, width);
    const int left = w < width ? static_cast<int>(random.below(static_cast<std::uint64_t>(width - w))) : 0;
    const int top = h < height ? static_cast<int>(random.below(static_cast<std::uint64_t>(height - h))) : 0;
    const picture_window window{left, top, w, h};
    const box cut = detail::box_of(window);
    const auto inside = [&](const box& place) { return overlap(place, cut) / place.area(); };
    const bool found = std::any_of(objects.begin(), objects.end(), [&](const labelled_object& object) {
      return !object.ignored() && object.place.area() >= 1 && inside(object.place) >= least;
    });
    if (targets && !found) continue;
    // At the share 0 slivers would stay: the rule of boxes that reach out of their picture holds here, too.
    detail::cut_objects(objects, cut, [&](const box& place) {
      const double across = std::min(place.x1, cut.x1) - std::max(place.x0, cut.x0), down = std::min(place.y1, cut.y1) - std::max(place.y0, cut.y0);
      return inside(place) >= std::max(least, 0.25) && across >= 1 && down >= 1;
    });
    return window;
  }
  return {0, 0, width, height};
}

HASSE_BODY picture_window zoom_out(int width, int height, std::vector<labelled_object>& objects, double smallest, random_source& random) {
  const picture_window same{0, 0, width, height};
  if (!detail::coin(random)) return same;
  const double factor = detail::between(random, 1, 4);
  for (const labelled_object& object : objects)
    if (!object.ignored() && std::min(object.place.width(), object.place.height()) * smallest / factor < 4) return same;
  const int w = static_cast<int>(width * factor), h = static_cast<int>(height * factor);
  const int left = static_cast<int>((w - width) * random.uniform()), top = static_cast<int>((h - height) * random.uniform());
  for (labelled_object& object : objects) {
    object.place = {object.place.x0 + left, object.place.y0 + top, object.place.x1 + left, object.place.y1 + top};
    for (keypoint& joint : object.joints)
      if (joint.visible != 0) joint.x += left, joint.y += top;
  }
  return {-left, -top, w, h};
}

namespace detail {
inline float grey_of(const float* pixel) { return 0.2989f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2]; }
inline float byte_range(float value) { return std::clamp(value, 0.0f, 255.0f); }

inline void change_contrast(std::span<float> pixels, float factor) {
  double sum = 0;
  for (std::size_t i = 0; i < pixels.size(); i += 3) sum += static_cast<double>(grey_of(&pixels[i]));
  const auto mean = static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(pixels.size() / 3, 1)));
  for (float& value : pixels) value = byte_range(factor * value + (1 - factor) * mean);
}

HASSE_BODY void turn_hue(float* pixel, float by) {
  const float most = std::max({pixel[0], pixel[1], pixel[2]}), least = std::min({pixel[0], pixel[1], pixel[2]}), range = most - least;
  if (range <= 0) return;
  float hue = most == pixel[0]   ? (pixel[1] - pixel[2]) / range
              : most == pixel[1] ? 2 + (pixel[2] - pixel[0]) / range
                                 : 4 + (pixel[0] - pixel[1]) / range;
  hue += 6 * by + 6;  // above 0, and 6 is once around
  for (const auto& [channel, shift] : {std::pair{0, 5.0f}, {1, 3.0f}, {2, 1.0f}}) {
    const float at = std::fmod(hue + shift, 6.0f);
    pixel[channel] = most - range * std::clamp(std::min(at, 4 - at), 0.0f, 1.0f);
  }
}
}  // namespace detail

HASSE_BODY void recolour(std::span<float> pixels, bool permute, random_source& random) {
  const auto drawn = [&](double least, double most) {
    const bool wanted = detail::coin(random);
    const auto value = static_cast<float>(detail::between(random, least, most));
    return std::pair{wanted, value};
  };
  const auto [brighter, brightness] = drawn(0.875, 1.125);
  const auto [contrasted, contrast] = drawn(0.5, 1.5);
  const bool contrast_first = detail::coin(random);
  const auto [saturated, saturation] = drawn(0.5, 1.5);
  const auto [turned, hue] = drawn(-0.05, 0.05);
  if (brighter)
    for (float& value : pixels) value = detail::byte_range(value * brightness);
  if (contrasted && contrast_first) detail::change_contrast(pixels, contrast);
  for (std::size_t i = 0; i + 2 < pixels.size() && (saturated || turned); i += 3) {
    if (saturated) {
      const float grey = detail::grey_of(&pixels[i]);
      for (std::size_t c = i; c < i + 3; ++c) pixels[c] = detail::byte_range(saturation * pixels[c] + (1 - saturation) * grey);
    }
    if (turned) detail::turn_hue(&pixels[i], hue);
  }
  if (contrasted && !contrast_first) detail::change_contrast(pixels, contrast);
  if (permute && detail::coin(random)) {
    std::array<std::size_t, 3> order{0, 1, 2};
    shuffle(order.begin(), order.end(), random);
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) {
      const std::array<float, 3> pixel{pixels[i], pixels[i + 1], pixels[i + 2]};
      for (std::size_t c = 0; c < 3; ++c) pixels[i + c] = pixel[order[c]];
    }
  }
}

HASSE_BODY picture_sampler::picture_sampler(const detection_set& set, const normalisation& scale) : set_(set) {
  if (scale.mean.size() != 3 || scale.deviation.size() != 3)
    throw error("the normalisation has " + std::to_string(scale.mean.size()) + " channels, and pictures have 3; measure it on the training pictures");
  for (std::size_t c = 0; c < 3; ++c) fill_[c] = scale.mean[c] * 255, deviation_[c] = scale.deviation[c] * 255;
}

/// Pixel o of `count` has its centre at (o + 1/2) / scale of a window of `size` pixels that begins at pixel `from` of a row of `inside`.
/// A triangle of at least a pixel, so that what becomes smaller is averaged.
HASSE_BODY void picture_sampler::plan(int from, int size, int inside, double scale, int count, std::vector<span_of_pixels>& to) {
  to.resize(static_cast<std::size_t>(count));
  const double reach = std::max(1.0, 1 / scale);
  for (int o = 0; o < count; ++o) {
    span_of_pixels& span = to[static_cast<std::size_t>(o)];
    span.first = 0;
    span.shares.clear();
    const double centre = (o + 0.5) / scale;
    const int begin = std::max(0, static_cast<int>(std::floor(centre - reach - 0.5))), end = std::min(size, static_cast<int>(std::ceil(centre + reach + 0.5)));
    double total = 0;
    for (int j = begin; j < end; ++j) total += std::max(0.0, reach - std::abs(j + 0.5 - centre));
    if (total <= 0) continue;
    for (int j = std::max(begin, -from); j < end && from + j < inside; ++j) {
      const double share = std::max(0.0, reach - std::abs(j + 0.5 - centre)) / total;
      if (share <= 0 && span.shares.empty()) continue;
      if (span.shares.empty()) span.first = from + j;
      span.shares.push_back(static_cast<float>(share));
    }
  }
}

HASSE_BODY void picture_sampler::take(const labelled_picture& picture) { source_.assign(picture.pixels.begin(), picture.pixels.end()); }

HASSE_BODY picture_sampler::window_place picture_sampler::place_of(const picture_window& window) const {
  const picture_placement placement = placement_of(window.height, window.width, set_.height, set_.width, set_.fit);
  return {placement, static_cast<int>(placement.left), static_cast<int>(placement.top),
          std::clamp(static_cast<int>(window.width * placement.across + 0.5), 1, set_.width),
          std::clamp(static_cast<int>(window.height * placement.down + 0.5), 1, set_.height)};
}

HASSE_BODY picture_sampler::turned picture_sampler::draw_turn(const picture_variation& how, random_source& random) {
  const bool across = how.mirrored && detail::coin(random), down = how.upside_down && detail::coin(random);
  return {across, down};
}

HASSE_BODY void picture_sampler::resample_labels(const labelled_picture& picture, const picture_window& window, turned way, std::vector<std::uint8_t>& to) const {
  const auto [placement, left, top, inner_width, inner_height] = place_of(window);
  to.assign(static_cast<std::size_t>(set_.height) * static_cast<std::size_t>(set_.width), void_label);
  const auto source = [](int at, double scale, int from) { return from + static_cast<int>((at + 0.5) / scale); };
  for (int y = 0; y < inner_height; ++y) {
    const int row = source(y, placement.down, window.top);
    if (row < 0 || row >= picture.height) continue;
    const std::uint8_t* const labels = picture.labels.data() + static_cast<std::ptrdiff_t>(row) * picture.width;
    std::uint8_t* const line = to.data() + static_cast<std::ptrdiff_t>(way.down ? set_.height - 1 - top - y : top + y) * set_.width;
    for (int x = 0; x < inner_width; ++x) {
      const int column = source(x, placement.across, window.left);
      if (column >= 0 && column < picture.width) line[way.across ? set_.width - 1 - left - x : left + x] = labels[column];
    }
  }
}

HASSE_BODY picture_window picture_sampler::window_by_scale(const labelled_picture& picture, const picture_variation& how, random_source& random) const {
  // At scale 1 the window is as large as what the network shows of a whole picture. The scale is drawn once: drawn again with the place, it
  // would be a large one wherever one class covers most, and things would be learned at another size than they are judged at.
  const picture_placement seen = placement_of(picture.height, picture.width, set_.height, set_.width, set_.fit);
  const double scale = detail::between(random, how.least_scale, how.most_scale);
  picture_window window;
  window.width = std::max(1, static_cast<int>(set_.width / (seen.across * scale) + 0.5));
  window.height = std::max(1, static_cast<int>(set_.height / (seen.down * scale) + 0.5));
  const auto start = [&](int side, int of) {  // inside of the picture, or around it
    const int room = side - of;
    return (room < 0 ? room : 0) + static_cast<int>(random.below(static_cast<std::uint64_t>(std::abs(room)) + 1));
  };
  std::vector<std::size_t> counts(256);
  for (int tries = 0; tries < 10; ++tries) {
    window.left = start(picture.width, window.width), window.top = start(picture.height, window.height);
    counts.assign(256, 0);
    const int end_row = std::min(picture.height, window.top + window.height), end_column = std::min(picture.width, window.left + window.width);
    for (int y = std::max(0, window.top); y < end_row; ++y)
      for (int x = std::max(0, window.left); x < end_column; ++x) ++counts[picture.labels[static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x)]];
    counts[void_label] = 0;
    std::size_t all = 0, most = 0;
    for (const std::size_t count : counts) all += count, most = std::max(most, count);
    if (4 * most <= 3 * all && all > 0) break;
  }
  return window;
}

HASSE_BODY picture_placement picture_sampler::resample(const labelled_picture& picture, const picture_window& window, turned way, float* to) {
  const auto [placement, left, top, inner_width, inner_height] = place_of(window);
  plan(window.left, window.width, picture.width, placement.across, inner_width, across_);
  plan(window.top, window.height, picture.height, placement.down, inner_height, down_);
  const auto wide = static_cast<std::size_t>(inner_width), columns = static_cast<std::size_t>(picture.width);
  const int first_row = std::max(0, window.top), end_row = std::min(picture.height, window.top + window.height);
  // Differences from the mean colour, so that what lies outside adds nothing.
  narrowed_.resize(static_cast<std::size_t>(std::max(0, end_row - first_row)) * wide * 3);
  for (int y = first_row; y < end_row; ++y) {
    const float* row = source_.data() + static_cast<std::size_t>(y) * columns * 3;
    float* narrow = narrowed_.data() + static_cast<std::size_t>(y - first_row) * wide * 3;
    for (const span_of_pixels& span : across_) {
      float sum[3]{};
      const float* pixel = row + static_cast<std::size_t>(span.first) * 3;
      for (const float share : span.shares) {
        for (std::size_t c = 0; c < 3; ++c) sum[c] += share * (pixel[c] - fill_[c]);
        pixel += 3;
      }
      for (const float value : sum) *narrow++ = value;
    }
  }
  std::fill_n(to, static_cast<std::size_t>(set_.height) * static_cast<std::size_t>(set_.width) * 3, 0.0f);
  row_.resize(wide * 3);
  for (int y = 0; y < inner_height; ++y) {
    const span_of_pixels& span = down_[static_cast<std::size_t>(y)];
    std::fill(row_.begin(), row_.end(), 0.0f);
    for (std::size_t i = 0; i < span.shares.size(); ++i) {
      const float* narrow = narrowed_.data() + (static_cast<std::size_t>(span.first - first_row) + i) * wide * 3;
      for (std::size_t x = 0; x < wide * 3; ++x) row_[x] += span.shares[i] * narrow[x];
    }
    float* line = to + static_cast<std::size_t>(way.down ? set_.height - 1 - top - y : top + y) * static_cast<std::size_t>(set_.width) * 3;
    for (int x = 0; x < inner_width; ++x) {
      float* pixel = line + static_cast<std::size_t>(way.across ? set_.width - 1 - left - x : left + x) * 3;
      for (std::size_t c = 0; c < 3; ++c) pixel[c] = row_[static_cast<std::size_t>(x) * 3 + c] / deviation_[c];
    }
  }
  return placement;
}

HASSE_BODY void picture_sampler::place(std::vector<labelled_object>& objects, const picture_placement& placement) const {
  for (labelled_object& object : objects) {
    object.place = placement.forward(object.place);
    object.area *= placement.across * placement.down;
    for (keypoint& joint : object.joints)
      if (joint.visible != 0) joint.x = joint.x * placement.across + placement.left, joint.y = joint.y * placement.down + placement.top;
    if (object.place.width() < 2 || object.place.height() < 2) object.difficult = true;
  }
}

HASSE_BODY picture_placement picture_sampler::whole(const labelled_picture& picture, float* to, std::vector<labelled_object>& objects) {
  objects = picture.objects;
  take(picture);
  const picture_placement placement = resample(picture, {0, 0, picture.width, picture.height}, {}, to);
  place(objects, placement);
  return placement;
}

HASSE_BODY picture_placement picture_sampler::varied(const labelled_picture& picture, const picture_variation& how, random_source& random, float* to,
                                                     std::vector<labelled_object>& objects) {
  objects = picture.objects;
  take(picture);
  if (how.recoloured) recolour(source_, how.permuted, random);
  picture_window window{0, 0, picture.width, picture.height};
  if (how.zoomed_out) {
    const picture_placement seen = placement_of(picture.height, picture.width, set_.height, set_.width, set_.fit);
    window = zoom_out(picture.width, picture.height, objects, std::min(seen.across, seen.down), random);
  }
  if (how.crop != picture_crop::none) {
    const picture_window cut = (how.crop == picture_crop::by_overlap ? crop_by_overlap : crop_by_share)(window.width, window.height, objects, random);
    window = {window.left + cut.left, window.top + cut.top, cut.width, cut.height};
  }
  const turned way = draw_turn(how, random);
  const picture_placement placement = resample(picture, window, way, to);
  place(objects, placement);
  if (way.across) mirror(objects, set_.width, set_.mirrored_joints);
  if (way.down) mirror_down(objects, set_.height, set_.mirrored_joints);
  // In pixels of the picture, as far as nothing was mirrored.
  return {placement.across, placement.down, placement.left - window.left * placement.across, placement.top - window.top * placement.down};
}

HASSE_BODY picture_placement picture_sampler::whole(const labelled_picture& picture, float* to, std::vector<std::uint8_t>& labels) {
  const picture_window window{0, 0, picture.width, picture.height};
  resample_labels(picture, window, {}, labels);
  take(picture);
  return resample(picture, window, {}, to);
}

HASSE_BODY picture_placement picture_sampler::varied(const labelled_picture& picture, const picture_variation& how, random_source& random, float* to,
                                                     std::vector<std::uint8_t>& labels) {
  take(picture);
  if (how.recoloured) recolour(source_, how.permuted, random);
  picture_window window{0, 0, picture.width, picture.height};
  if (how.crop == picture_crop::by_scale) window = window_by_scale(picture, how, random);
  const turned way = draw_turn(how, random);
  resample_labels(picture, window, way, labels);
  const picture_placement placement = resample(picture, window, way, to);
  return {placement.across, placement.down, placement.left - window.left * placement.across, placement.top - window.top * placement.down};
}

}  // namespace hasse
