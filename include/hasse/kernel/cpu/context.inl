// The bodies of kernel/cpu/context.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>

#include <hasse/kernel/cpu/context.hpp>

namespace hasse::detail {

HASSE_BODY void scratch_memory::reserve(std::size_t bytes) {
  if (bytes <= size_) return;
  data_.reset();
  size_ = 0;  // should there be no memory
  data_.reset(static_cast<std::byte*>(::operator new(bytes, alignment)));
  size_ = bytes;
}

}  // namespace hasse::detail
