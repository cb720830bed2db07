// The folder that a run leaves behind, and the rule that only the same run may go on in it.
// Used by programs; design and contents: docs/reference/run-folder.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/lock.hpp>
#include <hasse/file/worker.hpp>

namespace hasse {

/// Who may work in a folder at a time: one process, or all that say `workers`.
enum class folder_use : bool { alone, workers };

/// Paths of a run, held by this object alone (unless all who hold it are `workers` that share it): of two starts in one folder one goes on, before anything is written. A folder
/// that was begun with another configuration is refused, key by key.
class run_folder {
 public:
  /// Creates and locks the folder; compares with `config.json` where there is one. `configuration` is a flat object of everything
  /// that decides the results, and of `data`, where the images lie: that may change, since `bind_images` knows which they are.
  /// `offers_workers`: whether the refusal of a second process may name the option --workers.
  run_folder(std::filesystem::path root, const json& configuration, folder_use use = folder_use::alone, bool offers_workers = false);

  /// This process among those that share the folder, or that shared it once; null where it was never shared. (It is no part of what the
  /// folder is: who may only look at paths may work.)
  worker* crew() const { return crew_.get(); }

  /// This process has written the answer that it was to write, and removes what lost workers left behind.
  void answered(std::uint64_t term) const;

  /// The images, by a hash of all that they are. Others than those that the run was begun with are refused, wherever they lie.
  void bind_images(std::uint64_t identity);

  /// Writes `config.json` and removes what kills left of files that were being replaced. From here on the folder belongs to this
  /// configuration: until then a mistyped start leaves nothing that binds.
  void begin() const;

  /// Lets the next start have other settings, where all that this one trained diverged. The journal goes first: without it, the
  /// settings of a start that was killed in between are met by the same command alone, which diverges again.
  void unbind() const;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path config() const { return root_ / "config.json"; }
  std::filesystem::path table() const { return root_ / "latency.json"; }
  std::filesystem::path journal() const { return root_ / "journal"; }
  std::filesystem::path checkpoints() const { return root_ / "checkpoints"; }
  std::filesystem::path networks() const { return root_ / "networks"; }
  /// The class names, one a line, in the order of the networks' outputs.
  std::filesystem::path labels() const { return networks() / "labels.txt"; }
  std::filesystem::path frontier() const { return root_ / "frontier.json"; }
  std::filesystem::path report() const { return root_ / "report.html"; }
  /// The weights of a trained architecture that is, or was, on the frontier.
  std::filesystem::path weights(const std::string& architecture) const { return checkpoints() / (file_name_of(architecture) + ".safetensors"); }

 private:
  /// As the file will say it.
  static json as_written(const json& configuration);
  void compare() const;
  void clean() const;

  /// A start of another configuration never holds the lock of a folder that has one: for that moment it would refuse the right one.
  const std::filesystem::path& compared_and_prepared() const;

  static const std::filesystem::path& prepared(const std::filesystem::path& root);

  std::filesystem::path root_;
  json configuration_;
  folder_use use_;
  file_lock lock_;
  std::unique_ptr<worker> crew_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/run_folder.inl>
#endif
