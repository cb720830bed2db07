// How the folders of a data set are read: [ANYTHING/]CLASS/[ANYTHING/]IMAGE or [ANYTHING/]SPLIT/CLASS/[ANYTHING/]IMAGE. The whole tree
// decides, not each path alone; what could be meant in two ways is refused.
// Used by the image-folder reader.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/image_kind.hpp>

namespace hasse {

enum class folder_split { none, train, validation, test };

namespace detail {
inline constexpr const char* known_layouts =
    "arrange the images as CLASS/IMAGE or SPLIT/CLASS/IMAGE, where SPLIT is train or training; val, valid, validation or dev; test or "
    "testing (case, digits, and set, data or images in the name do not matter)";

/// The words of a name in lower case, digits and marks between them dropped, and with them what says nothing of a split.
HASSE_BODY std::vector<std::string> words_of(std::string_view name);

HASSE_BODY folder_split split_word(std::string_view word);

/// The split that a folder's name says and nothing else: train, Test, val2017, training_set.
HASSE_BODY folder_split split_named(std::string_view name);

/// Has to do with splits, though which one is not known: birds_train, eval, trainval.
HASSE_BODY bool resembles_split(std::string_view name);

HASSE_BODY std::vector<std::string> path_parts(std::string_view path);

HASSE_BODY bool hidden_path(std::string_view path);

/// The folders of a data set and what is in them.
struct folder_node {
  std::map<std::string, folder_node> folders;
  std::size_t images = 0, unread = 0;  ///< directly in it
  std::string first_image;

  std::size_t all_images() const;
  std::size_t all_unread() const;
  /// The folders with images in or below them.
  std::vector<std::pair<std::string, const folder_node*>> used() const;
};

struct placement {
  folder_split split = folder_split::none;
  std::string class_name;
};

/// Takes the paths of all images of a set, then says of each where it belongs.
class folder_layout {
 public:
  /// `root` is for errors.
  explicit folder_layout(std::string root) : root_(std::move(root)) {}

  void add_image(std::string_view path);
  /// An image of a kind that is not read: a class that has no other must not vanish.
  void add_unread(std::string_view path) { ++folder_of(path).unread; }
  void add_folder(std::string_view path) {
    if (!hidden_path(path)) folder_of(std::string(path) + "/.");
  }

  /// Decides what the folders mean; notes go to `about`.
  void resolve(data_description& about);

  placement place(std::string_view path) const;

 private:
  folder_node& folder_of(std::string_view path);

  [[noreturn]] void refuse(const std::string& problem, const std::string& remedy = known_layouts) const {
    throw file_error(printable(root_), problem, remedy);
  }
  static std::string quoted(std::string_view name) { return "'" + printable(clipped(name)) + "'"; }
  static std::string said_number(std::size_t images) { return std::to_string(images) + (images == 1 ? " image lies" : " images lie"); }
  static std::string said(std::size_t images, std::string_view first) {
    return "has images of no class: " + said_number(images) + " (" + quoted(first) + (images > 1 ? ", …)" : ")");
  }

  /// No folder whose images are all of unread kinds may vanish where classes or splits are told apart.
  void check_unread(const folder_node& node) const;

  void take_whole(const std::string& name, folder_split split, const folder_node& folder);

  [[noreturn]] void refuse_flat(const std::string& name, const folder_node& folder) const;

  void find_classes(const folder_node& node);

  void add_split(const std::string& name, const folder_node& folder);

  const folder_node& class_level(const std::string& name, const folder_node& folder) const;

  /// Class folders that hold folders: which of the two is the class must be clear.
  void check_unsplit(const folder_node& node, bool plain) const;

  void check_class(const std::string& name, const folder_node& folder);

  void check_inside(const std::string& name, const folder_node& folder) const;

  void report_empty(const folder_node& node, const std::string& above, data_description& about) const;

  static constexpr std::size_t most_folders = 64;

  std::string root_;
  folder_node tree_;
  std::size_t depth_ = 0, nested_ = 0;
  folder_split whole_ = folder_split::none;
  std::map<std::string, std::pair<folder_split, std::size_t>> splits_;
};
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/layout.inl>
#endif
