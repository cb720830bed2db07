// What a data set turned out to be: its classes with counts, where its splits come from, what was left out and why.
// Made by open_data with the images, before anything is trained; the programs print it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse {

/// Files or folders that are no part of a data set, for one reason.
struct left_out_files {
  std::string why;  ///< what they are, as in "images of kinds that are not read"
  std::size_t count = 0;
  std::vector<std::string> names;  ///< the first few
};

/// One class and how many images (of a detection set: objects) of it each split has.
struct class_count {
  std::string name;
  std::size_t train = 0, validation = 0, test = 0;
};

namespace detail {
inline constexpr std::size_t most_named = 5;  ///< names of a list that is shortened

/// "a, b, c and 7 more"
inline std::string shortened(const std::vector<std::string>& names, std::size_t count, std::size_t most = most_named) {
  std::string result;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) result += (i == 0 ? "" : ", ") + names[i];
  const std::size_t named = names.size() < most ? names.size() : most;
  return count > named ? result + " and " + std::to_string(count - named) + " more" : result;
}
}  // namespace detail

/// What a data set turned out to be. Names are printable.
struct data_description {
  std::vector<class_count> classes;  ///< in the order of the labels
  bool validation_cut = false, test_cut = false;  ///< from the training images, for want of such images in the source
  std::vector<left_out_files> left_out;
  std::vector<left_out_files> found;  ///< what was kept and may surprise; `why` says what it is
  bool objects = false;               ///< `classes` counts objects, not images
  std::vector<std::string> notes;  ///< sentences without full stop: what a user may not expect

  void leave_out(const std::string& why, std::string_view name) { count(left_out, why, name); }
  void find(const std::string& what, std::string_view name) { count(found, what, name); }

  /// How often that was left out or found.
  std::size_t count_of(std::string_view what) const {
    for (const auto* list : {&left_out, &found})
      for (const left_out_files& each : *list)
        if (each.why == what) return each.count;
    return 0;
  }

  /// A few lines for a terminal.
  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    std::vector<std::string> counted;
    for (const class_count& each : classes) {
      if (counted.size() == 12) break;
      counted.push_back(each.name + " " + (objects ? std::to_string(each.train) + " + " + std::to_string(each.validation) + " + " + std::to_string(each.test)
                                                   : std::to_string(each.train + each.validation + each.test)));
    }
    if (!classes.empty())
      result.push_back((objects ? "objects (training + validation + test): " : "classes: ") + detail::shortened(counted, classes.size(), 12));
    if (validation_cut || test_cut)
      result.push_back(std::string(validation_cut && test_cut ? "validation and test images are"
                                   : test_cut                 ? "test images are"
                                                              : "validation images are") +
                       " cut from the training images");
    for (const left_out_files& each : left_out)
      result.push_back("left out: " + std::to_string(each.count) + " " + each.why + ": " + detail::shortened(each.names, each.count));
    for (const left_out_files& each : found)
      result.push_back("found: " + std::to_string(each.count) + " " + each.why + ": " + detail::shortened(each.names, each.count));
    for (const std::string& note : notes) result.push_back("note: " + note);
    return result;
  }

 private:
  static void count(std::vector<left_out_files>& list, const std::string& why, std::string_view name) {
    std::size_t i = 0;
    while (i < list.size() && list[i].why != why) ++i;
    if (i == list.size()) list.push_back({why, 0, {}});
    if (list[i].names.size() < detail::most_named) list[i].names.push_back(detail::printable(detail::clipped(name)));
    ++list[i].count;
  }
};

}  // namespace hasse
