// The bodies of data/detail/folder.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/data/detail/folder.hpp>

namespace hasse::detail {

HASSE_BODY std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> result;
  std::error_code problem;
  for (std::filesystem::directory_iterator item(folder, problem), end; !problem && item != end; item.increment(problem))
    result.push_back(item->path());
  if (problem)
    throw file_error(printable(folder.string()), "cannot be listed (" + problem.message() + ")", "name a folder that can be read");
  std::sort(result.begin(), result.end());
  return result;
}

HASSE_BODY std::string first_bytes_of(const std::filesystem::path& path) {
  std::string bytes(kind_bytes, '\0');
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const ::ssize_t got = file.number < 0 ? 0 : ::read(file.number, bytes.data(), bytes.size());
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

HASSE_BODY std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> result = entries_of(folder);
  std::erase_if(result, [](const auto& path) {
    std::error_code vanished;
    return !std::filesystem::is_regular_file(path, vanished);
  });
  return result;
}

HASSE_BODY folder_walk::folder_walk(const std::filesystem::path& root) : root_(root) {
  enter(root, 0);
  std::sort(tree_.files.begin(), tree_.files.end());
}

HASSE_BODY void folder_walk::enter(const std::filesystem::path& folder, int links) {
  struct ::stat facts {};
  if (::stat(folder.c_str(), &facts) != 0) facts = {};  // then it cannot be listed, either
  above_.emplace_back(facts.st_dev, facts.st_ino);
  for (const auto& path : entries_of(folder)) {
    const std::string inside = path.lexically_relative(root_).string();
    if (hidden_name(path.filename().string())) {
      tree_.about.leave_out(as_hidden, inside);
      continue;
    }
    std::error_code unknown;
    const bool linked = std::filesystem::is_symlink(path, unknown);
    if (::stat(path.c_str(), &facts) != 0) {
      if (linked && !named_as_image(inside))  // maybe a whole class
        throw file_error(printable(path.string()), "is a link that leads nowhere", "mend it or take it away");
      tree_.files.push_back(path);
      continue;
    }
    if (S_ISREG(facts.st_mode)) {
      tree_.files.push_back(path);
    } else if (!S_ISDIR(facts.st_mode)) {
      tree_.about.leave_out(as_special, inside);
    } else if (links + linked > most_links ||
               std::find(above_.begin(), above_.end(), std::pair{facts.st_dev, facts.st_ino}) != above_.end()) {
      tree_.about.leave_out(as_loop, inside);
    } else {
      tree_.folders.push_back(path);
      enter(path, links + linked);
    }
  }
  above_.pop_back();
}

}  // namespace hasse::detail
