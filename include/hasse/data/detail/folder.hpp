// The entries of a directory in one order on every machine, with refusals in sentences.
// Used by the readers of this stage that look for files.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <hasse/core/error.hpp>

namespace hasse::detail {

template <class Iterator>
std::vector<std::filesystem::path> sorted_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> result;
  std::error_code problem;
  for (Iterator item(folder, problem), end; !problem && item != end; item.increment(problem)) {
    std::error_code vanished;
    if (item->is_regular_file(vanished)) result.push_back(item->path());
  }
  if (problem) throw file_error(folder.string(), "cannot be listed (" + problem.message() + ")", "name a folder that can be read");
  std::sort(result.begin(), result.end());
  return result;
}

/// The regular files directly in `folder`.
inline std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  return sorted_files<std::filesystem::directory_iterator>(folder);
}

/// The regular files in `folder` and below; links to directories are not followed.
inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  return sorted_files<std::filesystem::recursive_directory_iterator>(folder);
}

}  // namespace hasse::detail
