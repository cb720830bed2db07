// The counting heap, in a file of its own so that no compiler pairs half of it with the standard one.
#include "allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

std::atomic<long> test::allocations{0};

namespace {
void* counted(std::size_t size, std::size_t alignment) {
  ++test::allocations;
  if (void* memory = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(size, static_cast<std::size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
