// What every stage throws when it cannot go on: one sentence for the person at the keyboard.
// Used by all stages; programs catch it once, print the sentence and leave with exit code 2.
#pragma once

#include <stdexcept>
#include <string>

namespace hasse {

/// A refusal: `what()` is a sentence that says what was given, what is needed and what to do.
class error : public std::runtime_error {
 public:
  explicit error(const std::string& sentence) : std::runtime_error(sentence) {}
};

/// What `make` gives; an error of it is told behind `where`.
template <class Make>
auto refused_as(const std::string& where, Make make) {
  try {
    return make();
  } catch (const error& refused) {
    throw error(where + ": " + refused.what());
  }
}

/// A refusal about a file: the sentence begins with the path and ends with the remedy.
class file_error : public error {
 public:
  file_error(const std::string& path, const std::string& problem, const std::string& remedy)
      : error(path + ": " + problem + "; " + remedy) {}
};

}  // namespace hasse
