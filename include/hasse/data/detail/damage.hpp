// Images of a set that could not be read: all of them are told at once.
// Used by the readers of this stage.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>

namespace hasse::detail {

/// Images that could not be read, and why.
class damage {
 public:
  void add(const error& problem) {
    if (count_++ < most_said) sentences_.push_back(problem.what());
  }
  std::size_t count() const { return count_; }

  /// All of them at once, so that one start is enough to learn them.
  [[noreturn]] void refuse(const std::string& place, std::size_t images) const {
    if (count_ == 1) throw error(sentences_[0] + ", or go on without it (--skip-damaged)");
    std::string list;
    for (const std::string& sentence : sentences_) list += "\n  " + sentence;
    if (count_ > sentences_.size()) list += "\n  and " + std::to_string(count_ - sentences_.size()) + " more";
    throw file_error(place, std::to_string(count_) + " of " + std::to_string(images) + " images cannot be read",
                     "mend them, take them away, or go on without them (--skip-damaged):" + list);
  }

 private:
  static constexpr std::size_t most_said = 50;
  std::size_t count_ = 0;
  std::vector<std::string> sentences_;
};

}  // namespace hasse::detail
