// What a data set turned out to be: its classes with counts, where its splits come from, what was left out and why.
// Made by open_data with the images, before anything is trained; the programs print it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
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
HASSE_BODY std::string shortened(const std::vector<std::string>& names, std::size_t count, std::size_t most = most_named);
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
  std::size_t count_of(std::string_view what) const;

  /// A few lines for a terminal.
  std::vector<std::string> lines() const;

 private:
  static void count(std::vector<left_out_files>& list, const std::string& why, std::string_view name);
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/description.inl>
#endif
