// What a detector has right and wrong in one picture, object by object: for people, where metrics give one number.
// Used by programs that show pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/objects.hpp>

namespace hasse {

/// `right` and `missed` are objects of the picture that were found or not, `wrong_class` one that was found as something else,
/// `false_alarm` an answer where nothing is, or a second one for the same object.
enum class finding : std::uint8_t { right, wrong_class, false_alarm, missed };
inline constexpr std::size_t finding_count = 4;
HASSE_BODY std::string_view name_of(finding what);

struct judged_object {
  finding what = finding::right;
  box place;         ///< the answer's; of what was missed the object's
  int kind = 0;      ///< what the answer says; of what was missed what it is
  int truly = 0;     ///< what it is; of a false alarm as `kind`
  double score = 0;  ///< of the answer; 0 of what was missed
  bool operator==(const judged_object&) const = default;
};

/// Answers with at least this score count, the best first. Each takes the object of its class that it overlaps most, among those
/// that are free and of which it overlaps at least `overlap` (intersection over union); those that are left over take free objects
/// of other classes in the same way. Crowds, difficult objects and answers on them do not appear.
struct finding_rule {
  double score = 0.3, overlap = 0.5;
};
HASSE_BODY std::vector<judged_object> judge_objects(std::span<const labelled_object> objects,
                                                    std::span<const detected_object> found, const finding_rule& rule = {});

/// How many of each sort, by the class that they truly are (of false alarms: that was said).
class finding_counter {
 public:
  explicit finding_counter(std::size_t kinds) : counts_(kinds * finding_count) {}
  void add(std::span<const judged_object> judged) {
    for (const judged_object& each : judged)
      ++counts_[static_cast<std::size_t>(each.truly) * finding_count + static_cast<std::size_t>(each.what)];
  }
  std::int64_t operator()(std::size_t kind, finding what) const {
    return counts_[kind * finding_count + static_cast<std::size_t>(what)];
  }

 private:
  std::vector<std::int64_t> counts_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection/mistakes.inl>
#endif
