// The bodies of task/segmentation.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/task/segmentation.hpp>

namespace hasse {

HASSE_BODY std::string segmentation::text() const {
  std::string text = "segmentation";
  if (!pixels.class_weights.empty()) {
    text += ", classes weigh";
    for (const double weight : pixels.class_weights) text += " " + exact_text(weight);
  }
  if (pixels.hard_only) text += ", pixels below " + exact_text(pixels.sure) + " alone, at least " + exact_text(pixels.least_share);
  return text;
}

HASSE_BODY std::string segmentation::text_of(const detection_set& set) const {
  const auto& [mirrored, upside_down, crop, zoomed_out, recoloured, permuted, least_scale, most_scale, repeated] =
      set.varied;  // a member more does not compile until it is told
  std::string text = "fit " + std::to_string(static_cast<int>(set.fit)) + ", crop " + std::to_string(static_cast<int>(crop));
  for (const bool each : {mirrored, zoomed_out, recoloured, permuted}) text += each ? " 1" : " 0";
  if (upside_down) text += ", upside down";
  return text + ", scales " + exact_text(least_scale) + " to " + exact_text(most_scale) + ", repeated below " + exact_text(repeated);
}

HASSE_BODY void segmentation::check(const detection_set& set, const layer_list& layers) const {
  const std::string name = "the set '" + set.name + "'";
  const auto shape = [](feature_shape it) { return std::to_string(it.h) + 'x' + std::to_string(it.w) + 'x' + std::to_string(it.c); };
  if (set.size() == 0) throw error(name + " is empty; at least one picture is needed");
  if (set.shape() != layers.input)
    throw error("the pictures of '" + set.name + "' come as " + shape(set.shape()) + " but the network reads " + shape(layers.input) + "; open the data in the size of the network");
  const int classes = static_cast<int>(set.classes.size());
  if (classes < 1 || classes > void_label) throw error(name + " has " + std::to_string(classes) + " classes; 1 to 255 can be learned");
  bool any = false;
  for (const labelled_picture& picture : set.pictures) {
    if (picture.labels.size() != static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width))
      throw error(name + " has " + std::to_string(picture.labels.size()) + " labels for the " + std::to_string(picture.height) + " x " + std::to_string(picture.width) + " pixels of " + picture.name +
                  "; open it with open_segmentation, which reads masks");
    for (const std::uint8_t label : picture.labels) {
      any |= label != void_label;
      if (label >= classes && label != void_label)
        throw error(name + " has a pixel of class " + std::to_string(label) + " in " + picture.name + ", but only " + std::to_string(classes) + " classes; correct its labels");
    }
  }
  if (!any) throw error(name + " has no pixel with a class; networks need some to learn and to be judged by");
  const feature_shape in = layers.input, out = layers.output_shape(0);
  if (layers.output_count() != 1 || out.c != classes || in.h % out.h != 0 || in.w % out.w != 0 || in.h / out.h != in.w / out.w)
    throw error("the network answers with " + (layers.output_count() == 1 ? shape(out) : std::to_string(layers.output_count()) + " outputs") + "; for " + std::to_string(classes) +
                " classes it needs one output of " + shape({in.h, in.w, classes}) + ", or of a whole fraction of this height and width");
  if (!pixels.class_weights.empty() && pixels.class_weights.size() != set.classes.size())
    throw error(std::to_string(pixels.class_weights.size()) + " class weights are given for the " + std::to_string(classes) + " classes of '" + set.name + "'; give one for each");
  for (const double weight : pixels.class_weights)
    if (!(weight >= 0 && std::isfinite(weight))) throw error("a class weight of " + std::to_string(weight) + " is none; give numbers of at least 0");
  if (!(pixels.sure > 0 && pixels.sure <= 1) || !(pixels.least_share >= 0 && pixels.least_share <= 1))
    throw error("hard pixels are those below a probability of " + std::to_string(pixels.sure) + ", at least a share of " + std::to_string(pixels.least_share) + " of all; both are shares between 0 and 1");
}

HASSE_BODY std::vector<std::int16_t> to_file(std::span<const std::int16_t> decided, feature_shape map, feature_shape input, const picture_placement& placement,
                                             const labelled_picture& picture) {
  std::vector<std::int16_t> made(static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width), -1);
  // The network's pixel that shows the centre of a picture's one, and the cell of the map that it is in.
  const auto place = [](int at, double scale, double shift, int in, int out) {
    return std::clamp(static_cast<int>(std::floor((at + 0.5) * scale + shift)), 0, in - 1) * static_cast<std::int64_t>(out) / in;
  };
  for (int y = 0; y < picture.height; ++y) {
    const std::int64_t row = place(y, placement.down, placement.top, input.h, map.h);
    for (int x = 0; x < picture.width; ++x) {
      const std::int64_t column = place(x, placement.across, placement.left, input.w, map.w);
      made[static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x)] = decided[static_cast<std::size_t>(row * map.w + column)];
    }
  }
  return made;
}

HASSE_BODY void segmentation::tally_type::judge(const sampled_picture& seen, const detection_set& set, feature_shape map) {
  const labelled_picture& picture = set.pictures[seen.index];
  const std::vector<std::int16_t> answers = hasse::to_file(decided_, map, set.shape(), seen.placement, picture);
  for (std::size_t i = 0; i < answers.size(); ++i) counts_->add(picture.labels[i], answers[i]);
}

HASSE_BODY std::vector<std::int64_t> pixels_per_class(const detection_set& set) {
  std::vector<std::int64_t> counts(256);
  for (const labelled_picture& picture : set.pictures)
    for (const std::uint8_t label : picture.labels) ++counts[label];
  std::vector<std::int64_t> made(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(set.classes.size()));
  made.push_back(counts[void_label]);
  return made;
}

HASSE_BODY std::vector<double> median_frequency_weights(const detection_set& set) {
  const std::size_t classes = set.classes.size();
  std::vector<std::int64_t> own(classes), around(classes);  // pixels of a class, and all of the pictures that have it
  for (const labelled_picture& picture : set.pictures) {
    std::vector<std::int64_t> counts(256);
    for (const std::uint8_t label : picture.labels) ++counts[label];
    for (std::size_t k = 0; k < classes; ++k)
      if (counts[k] > 0) own[k] += counts[k], around[k] += static_cast<std::int64_t>(picture.labels.size());
  }
  std::vector<double> shares, sorted;
  for (std::size_t k = 0; k < classes; ++k) {
    shares.push_back(own[k] == 0 ? 0 : static_cast<double>(own[k]) / static_cast<double>(around[k]));
    if (own[k] > 0) sorted.push_back(shares[k]);
  }
  std::sort(sorted.begin(), sorted.end());
  for (double& share : shares) {
    const double median = sorted.empty() ? 1 : (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
    share = share == 0 ? 1 : median / share;
  }
  return shares;
}

HASSE_BODY std::vector<double> logarithmic_weights(const detection_set& set) {
  const std::vector<std::int64_t> counts = pixels_per_class(set);
  double all = 0;
  for (std::size_t k = 0; k + 1 < counts.size(); ++k) all += static_cast<double>(counts[k]);
  std::vector<double> weights;
  for (std::size_t k = 0; k + 1 < counts.size(); ++k) weights.push_back(1 / std::log(1.02 + static_cast<double>(counts[k]) / std::max(all, 1.0)));
  return weights;
}

}  // namespace hasse
