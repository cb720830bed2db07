// The bodies of task/detection.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/task/detection.hpp>

namespace hasse {

HASSE_BODY std::string detection::text() const {
  std::string text = "detection, anchors " + to_text(anchors);
  if (scores == score_rule::sigmoid)
    text += ", focal loss alpha " + exact_text(focal.alpha) + " gamma " + exact_text(focal.gamma);
  else
    text += ", softmax of " + std::to_string(negatives.per_positive) + " negatives each, at least " +
            std::to_string(negatives.at_least);
  text += ", matched from " + exact_text(matched.overlap) + ", left out from " + exact_text(matched.ignored_share);
  if (matched.unique) text += ", unique";
  return text + ", suppressed above " + exact_text(suppression.overlap) + ", scores above " + exact_text(suppression.score) +
         ", of " + std::to_string(suppression.before) + " at most " + std::to_string(suppression.of_class) + ", in all " +
         std::to_string(suppression.in_all);
}

HASSE_BODY std::string detection::text_of(const detection_set& set) const {
  const auto& [mirrored, upside_down, crop, zoomed_out, recoloured, permuted, least_scale, most_scale, repeated] =
      set.varied;  // a member more does not compile until it is told
  std::string text = "fit " + std::to_string(static_cast<int>(set.fit)) + ", crop " + std::to_string(static_cast<int>(crop));
  for (const bool each : {mirrored, zoomed_out, recoloured, permuted}) text += each ? " 1" : " 0";
  if (upside_down) text += ", upside down";
  if (crop == picture_crop::by_scale) text += ", scales " + exact_text(least_scale) + " to " + exact_text(most_scale);
  return text + ", repeated below " + exact_text(repeated);
}

HASSE_BODY anchor_plan detection::standing() const {
  anchor_plan made;
  for (const std::vector<anchor_form>& forms : anchors.maps)
    if (!forms.empty()) made.maps.push_back(forms);
  return made;
}

namespace detail {
inline std::string map_text(feature_shape it) {
  return std::to_string(it.h) + 'x' + std::to_string(it.w) + 'x' + std::to_string(it.c);
}

inline void check_rules(const detection& task) {
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  if (!share(task.focal.alpha) || !(task.focal.gamma >= 0 && std::isfinite(task.focal.gamma)))
    throw error("a focal loss of alpha " + exact_text(task.focal.alpha, 6) + " and gamma " + exact_text(task.focal.gamma, 6) +
                " is none; alpha is a share, gamma at least 0");
  if (!share(task.matched.overlap) || !share(task.matched.ignored_share) || !share(task.suppression.overlap) ||
      !share(task.suppression.score))
    throw error("anchors are matched from an overlap of " + exact_text(task.matched.overlap, 6) + ", left out from " +
                exact_text(task.matched.ignored_share, 6) + ", suppressed above " + exact_text(task.suppression.overlap, 6) +
                " and scores count above " + exact_text(task.suppression.score, 6) + "; all of these are shares between 0 and 1");
  if (task.negatives.per_positive < 0 || task.negatives.at_least < 0 || task.suppression.before < 1 ||
      task.suppression.of_class < 1 || task.suppression.in_all < 1)
    throw error(
        "numbers of negatives are at least 0, those of candidates and of objects in a picture at least 1; correct the options of "
        "the detection task");
}
}  // namespace detail

HASSE_BODY void detection::check(const detection_set& set, const layer_list& layers) const {
  detail::check_rules(*this);
  const std::string name = "the set '" + set.name + "'";
  if (set.size() == 0) throw error(name + " is empty; at least one picture is needed");
  if (set.shape() != layers.input)
    throw error("the pictures of '" + set.name + "' come as " + detail::map_text(set.shape()) + " but the network reads " +
                detail::map_text(layers.input) + "; open the data in the size of the network");
  const int classes = static_cast<int>(set.classes.size());
  bool any = false;
  for (const labelled_picture& picture : set.pictures)
    for (const labelled_object& object : picture.objects) {
      if (object.kind < 0 || object.kind >= classes)
        throw error(name + " has an object of class " + std::to_string(object.kind) + " in " + picture.name + ", but only " +
                    std::to_string(classes) + " classes; correct its labels");
      any |= !object.ignored();
    }
  if (!any)
    throw error(name +
                " has no object that counts (crowds and difficult ones do not); detectors need some to learn and to be judged by");

  const anchor_plan plan = standing();
  const int outputs = layers.output_count();
  if (outputs != 2 * static_cast<int>(plan.maps.size()))
    throw error("the network has " + std::to_string(outputs) + " outputs, but anchors on " + std::to_string(plan.maps.size()) +
                " maps need two each, codes and logits; put a head of network/ssdlite.hpp on it, for these anchors");
  int columns = 0;
  for (std::size_t map = 0; map < plan.maps.size(); ++map) {
    const int own = static_cast<int>(plan.maps[map].size()), index = 2 * static_cast<int>(map);
    const feature_shape codes = layers.output_shape(index), logits = layers.output_shape(index + 1);
    const bool agree = codes.h == logits.h && codes.w == logits.w && codes.c == 4 * own && logits.c % own == 0;
    if (!agree || (map > 0 && logits.c / own != columns))
      throw error("outputs " + std::to_string(index) + " and " + std::to_string(index + 1) + " of the network are " +
                  detail::map_text(codes) + " and " + detail::map_text(logits) + "; for " + std::to_string(own) +
                  " anchors a cell they need one height and width, " + std::to_string(4 * own) +
                  " channels, and the same number for each anchor on every map");
    columns = logits.c / own;
  }
  if (columns != classes + 1 && (columns != classes || scores == score_rule::softmax))
    throw error("the network has " + std::to_string(columns) + " numbers per anchor and " + name + " " + std::to_string(classes) +
                " classes; give it " + (scores == score_rule::softmax ? "" : std::to_string(classes) + " or ") +
                std::to_string(classes + 1) + ", the first for the background");
}

HASSE_BODY void to_file(std::vector<detected_object>& objects, const picture_placement& placement, const labelled_picture& picture) {
  const double width = picture.file_width, height = picture.file_height, across = width / picture.width, down = height / picture.height;
  for (detected_object& found : objects) {
    const box in_picture = placement.back(found.place);
    found.place = {std::clamp(in_picture.x0 * across, 0.0, width), std::clamp(in_picture.y0 * down, 0.0, height),
                   std::clamp(in_picture.x1 * across, 0.0, width), std::clamp(in_picture.y1 * down, 0.0, height)};
  }
  std::erase_if(objects, [](const detected_object& found) { return !(found.place.area() > 0); });
}

HASSE_BODY std::vector<labelled_object> objects_in_file(const labelled_picture& picture) {
  // COCO's sizes are those of the file, which may have been made smaller when it was read.
  const double across = static_cast<double>(picture.file_width) / picture.width, down = static_cast<double>(picture.file_height) / picture.height;
  std::vector<labelled_object> objects = picture.objects;
  for (labelled_object& object : objects) {
    box& place = object.place;
    place = {place.x0 * across, place.y0 * down, place.x1 * across, place.y1 * down};
    object.area *= across * down;
    for (keypoint& joint : object.joints) joint.x *= across, joint.y *= down;
  }
  return objects;
}

HASSE_BODY void detection::tally_type::judge(const sampled_picture& seen, const detection_set& set) {
  const labelled_picture& picture = set.pictures[seen.index];
  to_file(objects_, seen.placement, picture);
  judge_->add(objects_in_file(picture), objects_);
}

HASSE_BODY ssdlite_head head_for(const anchor_plan& anchors, const detection_set& set, bool background) {
  if (anchors.maps.size() > ssdlite_head::most_maps)
    throw error("there are anchors for " + std::to_string(anchors.maps.size()) + " maps, and a head has at most " +
                std::to_string(ssdlite_head::most_maps) + "; leave the coarsest out");
  ssdlite_head head{.columns = static_cast<int>(set.classes.size()) + (background ? 1 : 0)};
  head.anchors = {};
  for (std::size_t map = 0; map < anchors.maps.size(); ++map) head.anchors[map] = static_cast<int>(anchors.maps[map].size());
  return head;
}

HASSE_BODY std::vector<labelled_object> objects_in_input(const detection_set& set) {
  std::vector<labelled_object> all;
  for (const labelled_picture& picture : set.pictures) {
    const picture_placement placement = placement_of(picture.height, picture.width, set.height, set.width, set.fit);
    for (labelled_object object : picture.objects) {
      object.place = placement.forward(object.place);
      all.push_back(std::move(object));
    }
  }
  return all;
}

}  // namespace hasse
