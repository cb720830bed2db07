// The idx files of the MNIST family (digits, fashion, letters), plain or packed by gzip.
// Used by open_data for `idx:DIR`; programs that include it link z.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/data/archive.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// An array of bytes with its extents; `content` points into the file's bytes.
struct idx_array {
  std::vector<std::size_t> dims;
  std::string_view content;
};

namespace detail {
HASSE_BODY std::vector<std::size_t> idx_extents(std::string_view header, std::size_t dimensions, const std::string& where);
}  // namespace detail

/// The bytes of an idx file, unpacked where gzip packed it. The header comes first: no more is read than it claims.
HASSE_BODY std::string read_idx_file(const byte_source& file, std::size_t dimensions, const std::string& where);

/// Checks an idx file of bytes with that many dimensions, and that its length is what the header says.
HASSE_BODY idx_array parse_idx(std::string_view bytes, std::size_t dimensions, const std::string& where);

/// Appends images and labels of one idx pair to `set`, which takes its shape from the first pair.
HASSE_BODY void append_idx(std::string_view images, const std::string& images_where, std::string_view labels,
                       const std::string& labels_where, image_set& set);

namespace detail {
/// The one file of `folder` whose name contains one of the words; an unpacked file wins over its packed twin.
HASSE_BODY std::filesystem::path find_idx(const std::filesystem::path& folder, std::string_view word, std::string_view other_word);

/// Labels become indices of the classes that have images, in order; a class is named by its label.
HASSE_BODY void name_labels(train_and_test& data);
}  // namespace detail

/// Reads the four files of a set of the MNIST family from `folder`: train and t10k (or test), images and labels.
HASSE_BODY train_and_test read_idx(const std::filesystem::path& folder);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/idx.inl>
#endif
