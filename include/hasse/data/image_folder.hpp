// The images of a folder, of an archive of one (tar, tar.gz, zip), or of a directory of such archives: which there are, of which class
// and split. Nothing is decoded.
// Used by open_data for `folder:PATH`: listing comes first, so that only images which are wanted get decoded.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/limits.hpp>
#include <hasse/data/archive.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/layout.hpp>
#include <hasse/data/tar.hpp>
#include <hasse/data/zip.hpp>

namespace hasse {

/// One image that was found but not read.
struct listed_image {
  std::string where;                                   ///< the path of a file; of a member of an archive, what errors call it
  std::shared_ptr<const byte_source> archive = {};     ///< null: a file
  archive_member member = {};
  std::uint16_t label = 0;
};

/// The file's bytes.
HASSE_BODY std::string read_image(const listed_image& image);

/// What a folder holds. A split that the folder does not name is empty; without any split everything is `train`.
struct folder_listing {
  std::vector<std::string> classes;  ///< sorted; the label is the index
  std::vector<listed_image> train, validation, test;
  data_description about;  ///< what was left out; the counts come with the splits
};

namespace detail {
/// The images of one root, a folder or some archives that belong together, and what their folders mean.
struct found_images {
  folder_layout layout;
  struct entry {
    std::string path;  ///< below the root
    listed_image image;
    std::size_t number;  ///< among all that were found, of other roots, too
  };
  std::vector<entry> images;
  std::vector<std::filesystem::path> archives;  ///< files of the folder that an image set may be packed in

  explicit found_images(const std::string& root) : layout(root) {}

  /// Takes one file by its path below the root; `first_bytes` is called where the name does not promise an image.
  template <class FirstBytes>
  void take(const std::string& path, listed_image image, FirstBytes first_bytes, std::size_t& number, data_description& about) {
    if (!named_as_image(path)) {
      const file_kind kind = kind_of(first_bytes());
      if (kind.use == file_use::unread_image || ending_of(path) == ".webp") {
        layout.add_unread(path);
        return about.leave_out(as_unread, path);
      }
      if (kind.use != file_use::image) return about.leave_out(kind.use == file_use::archive ? as_archive : as_other, path);
    }
    layout.add_image(path);
    images.push_back({path, std::move(image), number++});
  }
};

HASSE_BODY bool named_as_archive(std::string_view name);

/// The split that an archive's name says: my-train.tar.
HASSE_BODY folder_split split_of_archive(const std::string& name);

/// A name that may or may not say a split, such as mytest.tar or latest.tar.
HASSE_BODY bool unclear_split(const std::string& name);

/// The members of one archive, in its order. What it is, its first bytes say.
class archive_lister {
 public:
  archive_lister(std::shared_ptr<const byte_source> archive, std::string where, found_images& found, std::size_t& number,
                 data_description& about)
      : archive_(std::move(archive)), where_(std::move(where)), found_(found), number_(number), about_(about) {}

  void list();

 private:
  void list_zip();

  void list_tar(bool packed);

  static bool is_image(const std::string& path, std::string_view content);

  /// A path that was there before takes the place of the earlier member, as it does when the archive is unpacked.
  void add(archive_member member);

  void link(tar_entry entry);

  static std::string normal(std::string_view path);

  void take(const archive_member& member);

  std::shared_ptr<const byte_source> archive_;
  std::string where_;
  found_images& found_;
  std::size_t& number_;
  data_description& about_;
  std::vector<archive_member> members_;
  std::unordered_map<std::string, std::size_t> places_;
};

HASSE_BODY void take_folder(const std::filesystem::path& root, found_images& found, std::size_t& number, data_description& about);

/// An image, and where it belongs.
struct placed_image {
  placement place;
  listed_image image;
  std::size_t number;
};

HASSE_BODY void place_images(found_images found, folder_split otherwise, std::vector<placed_image>& placed, data_description& about);

/// What there is where images were looked for.
HASSE_BODY std::string left_instead(const data_description& about);

/// Sorts placed images into the listing; `root` is for errors.
HASSE_BODY void sort_images(std::vector<placed_image> images, const std::string& root, folder_listing& listing);
}  // namespace detail

/// Lists the images of one archive; `where` names it in errors.
HASSE_BODY folder_listing list_archive(std::shared_ptr<const byte_source> archive, const std::string& where);

/// Lists a directory of images, an archive of one, or a directory that holds such archives and no loose image (all of them are merged; an
/// archive's name may say a split that its paths do not).
HASSE_BODY folder_listing list_folder(const std::filesystem::path& root);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/image_folder.inl>
#endif
