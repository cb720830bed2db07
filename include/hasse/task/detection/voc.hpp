// Average precision as the VOC devkit counts it. Used by programs that judge detectors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/objects.hpp>

namespace hasse {

struct voc_rule {
  double overlap = 0.5;   ///< from here on an answer is right
  bool plus_one = false;  ///< sides are a pixel longer, as the devkit counts them
};

enum class voc_outcome : std::int8_t { wrong = -1, neither = 0, right = 1 };

struct voc_class_scores {
  std::int64_t objects = 0;           ///< difficult ones and crowds left out
  double ap_11 = -1, ap = -1;         ///< the mean at eleven recalls (2007), the area under the curve (2010 on); -1: no object
  std::vector<voc_outcome> outcomes;  ///< by falling score
};

struct voc_result {
  double ap_11 = -1, ap = -1;  ///< means of the classes that have objects
  std::vector<voc_class_scores> classes;
};

/// Pictures are added in their order, which decides between equal scores. An answer belongs to the object that it overlaps most,
/// the first of equals, whether that is taken or not; difficult objects and crowds are neither right nor wrong.
class voc_evaluator {
 public:
  explicit voc_evaluator(int kinds, voc_rule rule = {}) : rule_(rule), kinds_(static_cast<std::size_t>(kinds)) {}
  void add(std::span<const labelled_object> objects, std::span<const detected_object> found);
  voc_result result() const;

 private:
  struct judged {
    double score;
    voc_outcome outcome;
  };
  struct of_kind {
    std::vector<judged> answers;
    std::int64_t objects = 0;
  };
  voc_rule rule_;
  std::vector<of_kind> kinds_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection/voc.inl>
#endif
