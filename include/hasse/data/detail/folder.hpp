// What lies in a directory, in one order on every machine, with refusals in sentences.
// Used by the readers of this stage that look for files.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/image_kind.hpp>

namespace hasse::detail {

/// The entries of one directory, sorted.
HASSE_BODY std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

/// The first bytes of a file; none where it cannot be read.
HASSE_BODY std::string first_bytes_of(const std::filesystem::path& path);

/// The regular files directly in `folder`, hidden ones among them.
HASSE_BODY std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

/// What lies in a folder and below. Links are followed; what is left out is said.
struct folder_tree {
  std::vector<std::filesystem::path> files;    ///< sorted; links that lead nowhere are among them, since reading says why
  std::vector<std::filesystem::path> folders;  ///< every folder that was entered, but for the root
  data_description about;
};

class folder_walk {
 public:
  explicit folder_walk(const std::filesystem::path& root);
  folder_tree take() { return std::move(tree_); }

 private:
  static constexpr int most_links = 4;  ///< links inside of linked folders: a net of links has more paths than anyone can walk

  void enter(const std::filesystem::path& folder, int links);

  const std::filesystem::path& root_;
  std::vector<std::pair<::dev_t, ::ino_t>> above_;  ///< the folders from the root to here
  folder_tree tree_;
};

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/data/detail/folder.inl>
#endif
