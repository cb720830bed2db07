// Random numbers that are the same on every machine and compiler, and whose state fits in a file.
// Used by every stage that draws: the standard distributions are not portable, so none is used.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace hasse {

/// One step of SplitMix64: turns any 64-bit value into a well mixed one. Used to derive independent seeds.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

/// A seed for a purpose: `derive(seed, 3)` and `derive(seed, 4)` start unrelated sequences.
constexpr std::uint64_t derive(std::uint64_t seed, std::uint64_t purpose) { return mix(mix(seed) ^ purpose); }

/// xoshiro256** by Blackman and Vigna. `state` is public: a checkpoint stores it and puts it back.
struct random_source {
  std::array<std::uint64_t, 4> state{};

  constexpr explicit random_source(std::uint64_t seed = 1) {
    for (std::uint64_t& word : state) word = seed = mix(seed);
  }

  constexpr std::uint64_t operator()() {
    const std::uint64_t result = std::rotl(state[1] * 5, 7) * 9;
    const std::uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = std::rotl(state[3], 45);
    return result;
  }

  /// Uniform in [0, bound), exactly (rejection); bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t limit = -bound % bound;  // 2^64 mod bound
    for (;;)
      if (const std::uint64_t draw = (*this)(); draw >= limit) return draw % bound;
  }

  /// Uniform in [0, 1) with 53 bits.
  constexpr double uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

  /// Standard normal (Box-Muller, one of the pair; the other is dropped so that the state is the whole state).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586476925 * uniform());
  }

  friend constexpr bool operator==(const random_source&, const random_source&) = default;
};

/// Fisher-Yates with `random_source`: the same permutation everywhere.
template <class RandomAccess>
constexpr void shuffle(RandomAccess first, RandomAccess last, random_source& random) {
  for (auto left = last - first; left > 1; --left) {
    const auto other = static_cast<decltype(left)>(random.below(static_cast<std::uint64_t>(left)));
    auto kept = first[left - 1];
    first[left - 1] = first[other];
    first[other] = kept;
  }
}

}  // namespace hasse
