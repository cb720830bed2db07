// What this process may use of its machine: processors by affinity and by the quota of its control groups (those of a container),
// memory by their limit, by the shell's and by what is free. Used by programs, and before much memory is taken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>

namespace hasse {

/// `reason` says who limits it, as a sentence without its end; empty: nobody does.
struct processor_limit {
  int processors = 1;  ///< whole ones, at least one
  std::string reason{};
  double quota = std::numeric_limits<double>::infinity();  ///< of its control group, in processors: it need not be whole, and may be less than one
};
struct memory_limit {
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();  ///< that may still be taken
  std::string reason{};
};

namespace detail {
HASSE_BODY std::vector<std::string> words_of(const std::string& text, char between);

/// The first number of a file that has one: "max" and -1, which stand for no limit, are none.
HASSE_BODY std::optional<std::uint64_t> number_in(const std::filesystem::path& path, std::string_view key = {});

/// The folders of the control groups of this process for that controller, version 1 and 2, each before those that contain it.
HASSE_BODY std::vector<std::filesystem::path> control_groups(const std::filesystem::path& root, const std::string& controller);

inline std::string mebibytes(std::uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }
}  // namespace detail

/// `root` is where the files of the system begin: another than "/" is for tests.
HASSE_BODY processor_limit usable_processors(const std::filesystem::path& root = "/");

HASSE_BODY memory_limit usable_memory(const std::filesystem::path& root = "/");

/// Before much memory is taken: throws when there is not so much. `what` takes it, as in "600 images of 224x224 pixels".
HASSE_BODY void require_memory(std::uint64_t bytes, const std::string& what, const std::string& remedy,
                           const std::filesystem::path& root = "/");

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/core/limits.inl>
#endif
