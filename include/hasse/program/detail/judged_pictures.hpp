// The pictures of a split as a report shows them: all counted, those with most mistakes kept. Used by program/detect.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/data/detection_set.hpp>
#include <hasse/data/png.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/result/detection_report.hpp>

namespace hasse::detail {

class judged_pictures {
 public:
  static constexpr int longest_side = 320;  ///< of a picture in a page, so that twelve stay below some megabytes

  /// Pictures that are added must outlive this. `kept`: how many of the worst are kept.
  judged_pictures(std::string split, std::size_t kinds, std::size_t kept, finding_rule rule = {})
      : split_(std::move(split)), rule_(rule), most_(kept), voc_(static_cast<int>(kinds)), findings_(kinds) {}

  void add(const labelled_picture& picture, std::span<const labelled_object> objects, std::span<const detected_object> found) {
    voc_.add(objects, found);
    entry made{&picture, judge_objects(objects, found, rule_)};
    findings_.add(made.objects);
    for (const judged_object& each : made.objects)
      if (each.what != finding::right) ++made.mistakes, made.surely += each.score;
    if (made.mistakes == 0 || most_ == 0) return;
    worst_.insert(std::ranges::upper_bound(worst_, made,
                                           [](const entry& a, const entry& b) {
                                             return a.mistakes != b.mistakes ? a.mistakes > b.mistakes : a.surely > b.surely;
                                           }),
                  std::move(made));
    if (worst_.size() > most_) worst_.pop_back();
  }

  detection_scores scores(const coco_result& coco) const { return {split_, coco, voc_.result(), findings_}; }
  std::vector<page_picture> worst() const {
    std::vector<page_picture> all;
    for (const entry& each : worst_) {
      const labelled_picture& picture = *each.picture;
      const double scale = std::min(1.0, static_cast<double>(longest_side) / std::max(picture.height, picture.width));
      const auto side = [&](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
      const feature_shape shape{side(picture.height), side(picture.width), 3};
      std::vector<std::uint8_t> pixels;
      image_fitter(shape).append(picture.pixels, {picture.height, picture.width, 3}, pixels);
      all.push_back({picture.name, picture.file_height, picture.file_width, png_bytes(shape.h, shape.w, pixels), each.objects});
    }
    return all;
  }

 private:
  struct entry {
    const labelled_picture* picture;
    std::vector<judged_object> objects;
    int mistakes = 0;
    double surely = 0;  ///< the sum of the scores of what is wrong
  };
  std::string split_;
  finding_rule rule_;
  std::size_t most_;
  voc_evaluator voc_;
  finding_counter findings_;
  std::vector<entry> worst_;
};

}  // namespace hasse::detail
