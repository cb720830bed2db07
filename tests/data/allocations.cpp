// The counting heap, in a file of its own so that no compiler pairs half of it with the standard one.
#include "allocations.hpp"

#include <cstdlib>
#include <new>

std::atomic<long> test::allocations{0};

void* operator new(std::size_t size) {
  ++test::allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
