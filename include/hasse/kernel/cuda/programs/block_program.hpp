// How a kernel of the GPU is written here: a block program, a struct whose phases all threads of a block run one after the other.
// kernel/cuda/launch.hpp runs one on a GPU; run_on_host runs the same source on the processor, which is how the tests hold every
// kernel against the readable backend without a GPU.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/kernel/detail/device_function.hpp>

namespace hasse::detail::gpu {

/// The blocks of a launch; y and z at most 65535.
struct grid_extent {
  int x = 1, y = 1, z = 1;
};

/// Where a thread stands: its block, its number in the block, and the turn of a program that repeats its phases.
struct place {
  int x = 0, y = 0, z = 0, thread = 0, turn = 0;
};

/// A kernel as data: its members are the operands, plain numbers and pointers. `phase<P>` is what one thread does in phase P; all
/// threads of a block have ended phase P before one begins the next, and `shared` is what they have in common; `local` is what a
/// thread keeps from phase to phase. Neither is initialised. A program with a member `turns()` runs all its phases that often.
/// Blocks run in any order and never wait for each other.
template <class Type>
concept BlockProgram = std::is_trivially_copyable_v<Type> && std::is_trivially_copyable_v<typename Type::local> &&
    std::is_trivially_copyable_v<typename Type::shared> &&
    requires(const Type& program, typename Type::local& local, typename Type::shared& shared) {
  { Type::threads } -> std::convertible_to<int>;
  { Type::phases } -> std::convertible_to<int>;
  { program.blocks() } -> std::same_as<grid_extent>;
  program.template phase<0>(place{}, local, shared);
};

/// For programs that have no such memory.
struct nothing {};

/// What a block may have without asking the driver for more.
inline constexpr std::size_t largest_shared = 48 * 1024;

template <class Program>
HASSE_DEVICE int turns_of(const Program& program) {
  if constexpr (requires { program.turns(); })
    return program.turns();
  else
    return 1;
}

/// The order in which the processor takes the threads of a block. A result that depends on it is a race.
enum class thread_order { ascending, descending };

/// Runs all blocks of a program on the processor, thread after thread. Memory of blocks and threads starts as NaN.
template <BlockProgram Program>
void run_on_host(const Program& program, thread_order order = thread_order::ascending) {
  static_assert(sizeof(typename Program::shared) <= largest_shared,
                "hasse: a block has 48 KiB of shared memory; choose a smaller tile");
  const auto poisoned = [](auto& memory) { std::memset(static_cast<void*>(&memory), 0xff, sizeof memory); };
  const auto shared = std::make_unique<typename Program::shared>();
  std::vector<typename Program::local> locals(static_cast<std::size_t>(Program::threads));
  const grid_extent blocks = program.blocks();
  place at;
  const auto run_phase = [&]<int Phase>(std::integral_constant<int, Phase>) {
    for (int i = 0; i < Program::threads; ++i) {
      at.thread = order == thread_order::ascending ? i : Program::threads - 1 - i;
      program.template phase<Phase>(at, locals[static_cast<std::size_t>(at.thread)], *shared);
    }
  };
  const auto run_phases = [&]<int... Phase>(std::integer_sequence<int, Phase...>) {
    (run_phase(std::integral_constant<int, Phase>{}), ...);
  };
  for (at.z = 0; at.z < blocks.z; ++at.z)
    for (at.y = 0; at.y < blocks.y; ++at.y)
      for (at.x = 0; at.x < blocks.x; ++at.x) {
        poisoned(*shared);
        for (auto& local : locals) poisoned(local);
        for (at.turn = 0; at.turn < turns_of(program); ++at.turn) run_phases(std::make_integer_sequence<int, Program::phases>{});
      }
}

HASSE_DEVICE constexpr int ceil_divide(int value, int step) { return (value + step - 1) / step; }

/// Division of 0 <= n < 2^31 by a number that the launch knows: a multiplication (Granlund and Montgomery 1994).
struct divisor {
  std::uint32_t by = 1, factor = 0, shift = 0;

  divisor() = default;
  explicit divisor(int value) : by(static_cast<std::uint32_t>(value)) {
    if (by == 1) return;
    std::uint32_t log = 0;
    while ((std::uint64_t{1} << log) < by) ++log;
    factor = static_cast<std::uint32_t>(((std::uint64_t{1} << (31 + log)) + by - 1) / by);
    shift = log - 1;
  }
  HASSE_DEVICE int quotient(int number) const {
    const auto wide = static_cast<std::uint64_t>(static_cast<std::uint32_t>(number)) * factor;
    return by == 1 ? number : static_cast<int>(static_cast<std::uint32_t>(wide >> 32) >> shift);
  }
  HASSE_DEVICE int remainder(int number) const { return number - quotient(number) * static_cast<int>(by); }
};

}  // namespace hasse::detail::gpu
