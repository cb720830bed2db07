// Arrays whose first element starts a cache line, so that every tensor in them can.
// Used by network (parameters, arenas) and by whoever keeps one value per parameter (optimisers).
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace hasse {

/// Every tensor begins at a multiple of this many bytes: a cache line, and the widest vector register.
inline constexpr std::size_t tensor_alignment = 64;

constexpr std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

/// Models the allocator requirements; memory comes from the aligned operator new.
template <class Item>
struct aligned_allocator {
  using value_type = Item;
  aligned_allocator() = default;
  template <class Other>
  constexpr aligned_allocator(const aligned_allocator<Other>&) {}
  Item* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(Item)) throw std::bad_array_new_length();
    return static_cast<Item*>(::operator new(count * sizeof(Item), std::align_val_t{tensor_alignment}));
  }
  void deallocate(Item* memory, std::size_t) { ::operator delete(memory, std::align_val_t{tensor_alignment}); }
  template <class Other>
  friend constexpr bool operator==(const aligned_allocator&, const aligned_allocator<Other>&) {
    return true;
  }
};

template <class Item>
using aligned_vector = std::vector<Item, aligned_allocator<Item>>;

}  // namespace hasse
