// Sixteen bytes at a time: 4 floats, or 8 values of two bytes, of neighbouring channels, read and written as one word and computed
// on as floats. Used by the block programs of kernel/cuda/programs.
#pragma once

#include <cstdint>
#include <cstring>

#include <hasse/core/bfloat16.hpp>
#include <hasse/core/float16.hpp>
#include <hasse/kernel/cuda/programs/block_program.hpp>
#include <hasse/kernel/detail/elementwise.hpp>

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace hasse::detail::gpu {

/// How many values of a type lie in 16 bytes.
template <class Scalar>
inline constexpr int lanes_of = static_cast<int>(16 / sizeof(Scalar));

HASSE_DEVICE float widened(float value) { return value; }
HASSE_DEVICE float widened(bfloat16 value) { return __builtin_bit_cast(float, static_cast<std::uint32_t>(value.bits) << 16); }
HASSE_DEVICE float widened(float16 value) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(value.bits));
#elif defined(__CUDACC__)
  return value.bits;  // the host never runs what nvcc compiled
#else
  return value;
#endif
}

template <class Scalar>
HASSE_DEVICE Scalar narrowed(float value) {
  if constexpr (std::is_same_v<Scalar, float>) {
    return value;
  } else {
#if defined(__CUDA_ARCH__)
    Scalar made;
    if constexpr (std::is_same_v<Scalar, bfloat16>)
      made.bits = __bfloat16_as_ushort(__float2bfloat16_rn(value));
    else
      made.bits = __half_as_ushort(__float2half_rn(value));
    return made;
#elif defined(__CUDACC__)
    return Scalar{};
#else
    return Scalar(value);
#endif
  }
}

/// How many values of a type lie in 4 bytes; the first is in the lower bits.
template <class Scalar>
inline constexpr int values_in_four = static_cast<int>(4 / sizeof(Scalar));

template <class Scalar>
HASSE_DEVICE void unpack(std::uint32_t bits, float* to) {
  if constexpr (sizeof(Scalar) == 4) {
    to[0] = __builtin_bit_cast(float, bits);
  } else {
    Scalar low, high;
    low.bits = static_cast<std::uint16_t>(bits), high.bits = static_cast<std::uint16_t>(bits >> 16);
    to[0] = widened(low), to[1] = widened(high);
  }
}

template <class Scalar>
HASSE_DEVICE std::uint32_t packed(const float* from) {
  if constexpr (sizeof(Scalar) == 4) {
    return __builtin_bit_cast(std::uint32_t, from[0]);
  } else {
    const std::uint32_t low = narrowed<Scalar>(from[0]).bits, high = narrowed<Scalar>(from[1]).bits;
    return low | high << 16;
  }
}

/// One 16-byte word of memory.
struct alignas(16) word {
  std::uint32_t bits[4];
};

HASSE_DEVICE word load_word(const void* from) {
#if defined(__CUDA_ARCH__)
  const uint4 found = *static_cast<const uint4*>(from);
  return {{found.x, found.y, found.z, found.w}};
#else
  word made;
  std::memcpy(&made, from, sizeof made);
  return made;
#endif
}
HASSE_DEVICE void store_word(void* to, const word& value) {
#if defined(__CUDA_ARCH__)
  *static_cast<uint4*>(to) = make_uint4(value.bits[0], value.bits[1], value.bits[2], value.bits[3]);
#else
  std::memcpy(to, &value, sizeof value);
#endif
}

/// The values of a word, as floats in registers.
template <class Scalar>
struct pack {
  static constexpr int lanes = lanes_of<Scalar>;
  float of[lanes];

  HASSE_DEVICE float& operator[](int lane) { return of[lane]; }
  HASSE_DEVICE float operator[](int lane) const { return of[lane]; }
};

template <class Scalar>
HASSE_DEVICE void add(pack<Scalar>& sum, const pack<Scalar>& more) {
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; ++lane) sum[lane] += more[lane];
}

template <class Scalar>
HASSE_DEVICE void multiply_add(pack<Scalar>& sum, const pack<Scalar>& one, const pack<Scalar>& other) {
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; ++lane) sum[lane] += one[lane] * other[lane];
}

template <class Scalar>
HASSE_DEVICE pack<Scalar> unpacked(const word& from) {
  pack<Scalar> made;
  HASSE_UNROLL
  for (int i = 0; i < 4; ++i) unpack<Scalar>(from.bits[i], made.of + i * values_in_four<Scalar>);
  return made;
}

template <class Scalar>
HASSE_DEVICE word packed(const pack<Scalar>& from) {
  word made;
  HASSE_UNROLL
  for (int i = 0; i < 4; ++i) made.bits[i] = packed<Scalar>(from.of + i * values_in_four<Scalar>);
  return made;
}

/// Which part of a pack exists. `whole` packs are 16-byte aligned and read as one word; of others the first `count` values are.
struct part {
  int count;
  bool whole;
};

/// Rows of `channels` values each, dense in memory, cut into packs: the last pack of a row may be short, and rows that are no
/// multiple of a pack are never aligned.
template <class Scalar>
struct row_packs {
  int channels = 0, per_row = 0;
  bool aligned = false;

  row_packs() = default;
  explicit row_packs(int row) : channels(row), per_row(ceil_divide(row, lanes_of<Scalar>)), aligned(row % lanes_of<Scalar> == 0) {}
  /// The pack that begins at `channel` of a row.
  HASSE_DEVICE part at(int channel) const {
    const int rest = channels - channel;
    return {rest < 0 ? 0 : (rest < lanes_of<Scalar> ? rest : lanes_of<Scalar>), aligned && rest >= lanes_of<Scalar>};
  }
};

/// Where values lie in a dense tensor of N, H, W, C.
struct image_tensor {
  int h, w, channels;

  HASSE_DEVICE std::size_t at(int image, int y, int x, int channel) const {
    const auto size = [](int value) { return static_cast<std::size_t>(value); };
    return ((size(image) * size(h) + size(y)) * size(w) + size(x)) * size(channels) + size(channel);
  }
};

/// The word at `from`; zeros where it does not exist.
template <class Scalar>
HASSE_DEVICE word load_word(const Scalar* from, part which) {
  if (which.whole) return load_word(static_cast<const void*>(from));
  word made{};
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
    if (lane < which.count) {
      if constexpr (sizeof(Scalar) == 4)
        made.bits[lane] = __builtin_bit_cast(std::uint32_t, from[lane]);
      else
        made.bits[lane / 2] |= static_cast<std::uint32_t>(from[lane].bits) << (lane % 2 * 16);
    }
  return made;
}

template <class Scalar>
HASSE_DEVICE pack<Scalar> load(const Scalar* from, part which) {
  return unpacked<Scalar>(load_word(from, which));
}

template <class Scalar>
HASSE_DEVICE void store(Scalar* to, part which, const pack<Scalar>& values) {
  if (which.whole) return store_word(to, packed(values));
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
    if (lane < which.count) to[lane] = narrowed<Scalar>(values[lane]);
}

/// Stores, or adds to what is there.
template <class Scalar>
HASSE_DEVICE void store(Scalar* to, part which, pack<Scalar> values, bool accumulate) {
  if (accumulate) add(values, load<Scalar>(to, which));
  store(to, which, values);
}

/// Float parameters, one per value of a pack: those of channels that do not exist are zero.
template <class Scalar>
HASSE_DEVICE pack<Scalar> load_parameters(const float* from, part which) {
  pack<Scalar> made;
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; lane += 4) {
    const pack<float> four = load<float>(from + lane, {which.count - lane < 4 ? which.count - lane : 4, which.whole});
    HASSE_UNROLL
    for (int i = 0; i < 4; ++i) made[lane + i] = four[i];
  }
  return made;
}

template <class Scalar>
HASSE_DEVICE pack<Scalar> zeros() {
  pack<Scalar> made;
  HASSE_UNROLL
  for (int lane = 0; lane < lanes_of<Scalar>; ++lane) made[lane] = 0;
  return made;
}

/// The choice is made outside the loop over the values; it is the same for a whole launch, so no thread waits for another.
template <class Scalar>
HASSE_DEVICE void activate(activation act, pack<Scalar>& values) {
  with_activation(act, [&values](auto kind) {
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) values[lane] = activated<kind>(values[lane]);
  });
}

/// Turns gradients behind the activation into those before it; `before` holds what the activation was applied to.
template <class Scalar>
HASSE_DEVICE void pass_back(activation act, pack<Scalar>& gradients, const pack<Scalar>& before) {
  with_activation(act, [&gradients, &before](auto kind) {
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) gradients[lane] = passed_back<kind>(gradients[lane], before[lane]);
  });
}

}  // namespace hasse::detail::gpu
