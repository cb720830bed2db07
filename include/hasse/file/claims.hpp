// Who does what among processes that share a folder and nothing else: a claim is a file that appears whole, once, and never changes.
// Used by file/worker.hpp; what is assumed of the file system stands in docs/explanation/workers.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/file/json.hpp>

namespace hasse {

/// Somebody's claim on something. Whoever takes over from a worker that was lost makes the next term.
struct claim {
  std::string worker;
  std::uint64_t term = 0;
  json about = json::object();
};

/// The claims of a folder, as one worker makes and reads them.
class claim_folder {
 public:
  /// Makes the folder where it is missing. `worker` is a plain name that nobody else has, as of a journal's writer.
  claim_folder(std::filesystem::path folder, std::string worker);

  /// Claims a term of `what`, a plain name. False where somebody has it; of several who want it at once one gets it. On disk when it returns.
  bool make(const std::string& what, std::uint64_t term, const json& about = json::object()) const;

  /// Who claimed that term; nothing: nobody.
  std::optional<claim> at(const std::string& what, std::uint64_t term) const;

  /// Who has `what`: the claim of the last term, which is looked for from `from` on. Nothing where nobody claimed it.
  std::optional<claim> holder(const std::string& what, std::uint64_t from = 0) const;

  /// What the first said who claimed `what`, which may be this call.
  json agreed(const std::string& what, const json& about) const;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path_of(const std::string& what, std::uint64_t term) const { return folder_ / (what + '.' + std::to_string(term)); }

 private:
  std::filesystem::path folder_;
  std::string worker_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/claims.inl>
#endif
