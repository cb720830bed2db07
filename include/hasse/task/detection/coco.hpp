// Average precision as COCO counts it, of boxes and of joints, in double. Used by task/detection.hpp and by programs that judge.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/objects.hpp>

namespace hasse {

namespace detail {
/// What both kinds of answer share: answers are matched with objects picture by picture, at ten thresholds and in ranges of size,
/// and the precisions are read off once all are known.
class average_precision {
 public:
  static constexpr std::size_t thresholds = 10, most_ranges = 4;
  static double threshold(std::size_t index);  ///< 0.5, 0.55 .. 0.95, as numpy.linspace has them

  struct size_range {
    double from, to;  ///< both ends included
  };
  struct object {
    double area = 0;
    bool ignored = false, crowd = false;
  };
  struct scored {
    double score = 0, area = 0;
  };

  average_precision(std::size_t kinds, std::vector<size_range> ranges, int most)
      : ranges_(std::move(ranges)), most_(most), kinds_(kinds) {}
  int most() const { return most_; }
  std::size_t kinds() const { return kinds_.size(); }
  /// Answers of one class in one picture, best first and at most most(); `similar(answer, object)` says how much they agree.
  template <class Similar>
  void add(std::size_t kind, std::span<const object> objects, std::span<const scored> found, const Similar& similar) {
    agreement_.clear();
    for (std::size_t i = 0; i < found.size(); ++i)
      for (std::size_t j = 0; j < objects.size(); ++j) agreement_.push_back(similar(i, j));
    match(kind, objects, found);
  }

  /// -1 where no object counts. Of the best `most` answers of each picture.
  double precision(std::size_t kind, std::size_t range, std::size_t threshold);
  double recall(std::size_t kind, std::size_t range, std::size_t threshold, int most) const;

 private:
  struct judged {
    double score;
    std::uint64_t right = 0, ignored = 0;  ///< bit range * thresholds + threshold
    int rank;                              ///< within its picture
  };
  struct of_kind {
    std::vector<judged> answers;
    std::array<std::int64_t, most_ranges> objects{};  ///< that count
    bool sorted = false;
  };
  void match(std::size_t kind, std::span<const object> objects, std::span<const scored> found);

  std::vector<size_range> ranges_;
  int most_;
  std::vector<of_kind> kinds_;
  std::vector<double> agreement_;
  std::vector<std::size_t> order_;
  std::vector<char> taken_;
};
}  // namespace detail

/// Of one class, or the mean of all classes that have objects; -1: none has. Sizes are those of COCO: small up to 32 x 32 pixels,
/// large from 96 x 96 pixels on. Recalls are of the best 1, 10 and 100 answers of a picture.
struct coco_scores {
  double ap = -1, ap50 = -1, ap75 = -1, ap_small = -1, ap_medium = -1, ap_large = -1;
  double ar1 = -1, ar10 = -1, ar100 = -1, ar_small = -1, ar_medium = -1, ar_large = -1;
};

struct coco_class_scores : coco_scores {
  std::array<double, 10> precision{}, recall{};  ///< at each threshold, of all sizes
};

struct coco_result : coco_scores {
  std::vector<coco_class_scores> classes;
};

/// Judges boxes. Pictures are added in the order of their numbers, which decides between equal scores; answers and objects in any
/// order, of equal scores the first counts as better. Crowds take any number of answers; difficult objects are as those outside of
/// a range of sizes: neither right nor wrong. Answers whose score is no number are left out.
class coco_evaluator {
 public:
  explicit coco_evaluator(int kinds);
  void add(std::span<const labelled_object> objects, std::span<const detected_object> found);
  coco_result result();

 private:
  detail::average_precision counted_;
};

/// One answer of a finder of joints.
struct detected_pose {
  std::vector<keypoint> joints;  ///< `visible` does not matter
  int kind = 0;
  double score = 0;
};

struct pose_scores {
  double ap = -1, ap50 = -1, ap75 = -1, ap_medium = -1, ap_large = -1;
  double ar = -1, ar50 = -1, ar75 = -1, ar_medium = -1, ar_large = -1;
};

/// Object keypoint similarity (OKS): how well the joints of an answer agree with those of an object that are labelled; where none
/// is, how far they lie outside of its box, doubled. `sigmas`: how exact each joint can be said, as a share of the object's size.
HASSE_BODY double keypoint_similarity(const labelled_object& object, std::span<const keypoint> found,
                                      std::span<const double> sigmas);

/// Judges joints, the best twenty answers of a picture. Objects without a labelled joint are neither right nor wrong.
class pose_evaluator {
 public:
  pose_evaluator(int kinds, std::vector<double> sigmas);
  void add(std::span<const labelled_object> objects, std::span<const detected_pose> found);
  pose_scores result();

 private:
  detail::average_precision counted_;
  std::vector<double> sigmas_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection/coco.inl>
#endif
