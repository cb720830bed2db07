// How files of networks are named and marked, for whoever writes one kind and whoever meets another where it wants its own.
// Used by train (checkpoints), supernet (slimmable networks) and result (weights, run folders).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/file/safetensors.hpp>

namespace hasse {

/// The file name of an architecture: its text, or a hash of it where the text cannot be a name.
HASSE_BODY std::string file_name_of(const std::string& architecture);

namespace detail {
/// What the metadata of a file that is no network says under "format".
inline constexpr std::string_view checkpoint_format = "hasse training checkpoint 2";
inline constexpr std::string_view slimmable_format = "hasse slimmable network 1";

/// Over all that a tensor file says, in an order that does not depend on where its tensors lie.
HASSE_BODY std::uint64_t content_hash(const tensor_file& file);
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/formats.inl>
#endif
