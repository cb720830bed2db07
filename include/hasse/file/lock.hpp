// A file that one holder at a time has, or several who agreed to: of two processes, or two objects of one process, that want the same folder, one goes on.
// Used by file/journal.hpp (one writer of a journal) and result/run_folder.hpp (one user of a run).
#pragma once

#include <filesystem>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/core/file.hpp>

namespace hasse {

/// Who may hold a lock at the same time: nobody else, or all that hold it `together`.
enum class lock_use : bool { alone, together };

/// Holds the file at `path`, which is created where there is none, until it is destroyed or the process ends, however it ends.
/// Whoever comes meanwhile is refused with the number of the process that holds it (of several the last), where that can be known, and
/// with `remedy`. Nobody waits for the lock.
class file_lock {
 public:
  explicit file_lock(const std::filesystem::path& path, lock_use use = lock_use::alone,
                     const std::string& remedy = "wait until it ends, or choose another folder");

  /// Whether somebody holds it. False, too, where there is no such file or it cannot be looked at.
  static bool is_held(const std::filesystem::path& path);

 private:
  void sign() const;
  // A holder locks first and signs then: whoever reads in between finds nobody's number, or that of a holder which was killed. It waits
  // a moment for the signature of one that lives (another user's process lives, too: EPERM), and names nobody where none comes.
  std::string holder() const;

  detail::descriptor file_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/lock.inl>
#endif
