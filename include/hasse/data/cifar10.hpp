// The original CIFAR-10 binary batches: records of a label byte and 3 x 1024 colour bytes, plane by plane.
// Used by open_data for `cifar10:DIR`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// Appends the records of one batch to `set`, which must be of shape 32 x 32 x 3; `where` names the file in errors.
HASSE_BODY void append_cifar10(std::string_view bytes, const std::string& where, image_set& set);

/// Reads data_batch_1..5.bin and test_batch.bin from `folder` or its subfolder cifar-10-batches-bin.
HASSE_BODY train_and_test read_cifar10(const std::filesystem::path& folder);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/cifar10.inl>
#endif
