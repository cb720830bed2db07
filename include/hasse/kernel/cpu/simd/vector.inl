// Short vectors of the compiler (vector_size), which g++ and clang turn into the instructions of the namespace they stand in:
// + - * / and comparisons work element by element, a * b + c becomes one fused multiply-add.
// Compiled once per instruction set by for_each_target.inl; never included by itself.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

inline constexpr int lanes = HASSE_SIMD_LANES;
inline constexpr simd_level level = simd_level::HASSE_SIMD_NAMESPACE;
/// Vectors that the processor holds: how large a tile of sums may be.
inline constexpr int registers = level == simd_level::avx512 || level == simd_level::neon ? 32 : 16;

typedef float vec __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
typedef int int_vec __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
typedef unsigned bits_vec __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
typedef float loose_vec __attribute__((vector_size(HASSE_SIMD_LANES * 4), aligned(4), may_alias));  // at any float's address
typedef unsigned short packed_vec __attribute__((vector_size(HASSE_SIMD_LANES * 2)));                 // bits of bfloat16
typedef unsigned short loose_packed_vec __attribute__((vector_size(HASSE_SIMD_LANES * 2), aligned(2), may_alias));

inline vec load(const float* from) { return *reinterpret_cast<const loose_vec*>(from); }
inline void store(float* to, vec value) { *reinterpret_cast<loose_vec*>(to) = value; }
inline vec broadcast(float value) { return value - vec{}; }
// Where one of the two is a NaN the answer is the second, as of the instruction: values go second, limits first.
inline vec larger(vec one, vec other) { return one > other ? one : other; }
inline vec smaller(vec one, vec other) { return one < other ? one : other; }

/// The first `count` (0 to lanes) floats; the rest is 0 and not touched.
inline vec load_first(const float* from, int count) {
#if HASSE_SIMD_LANES == 16
  return reinterpret_cast<vec>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), from));
#else
  if (count >= lanes) return load(from);
  vec value{};
  for (int i = 0; i < count; ++i) value[i] = from[i];
  return value;
#endif
}
inline void store_first(float* to, vec value, int count) {
#if HASSE_SIMD_LANES == 16
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1u), reinterpret_cast<__m512>(value));
#else
  if (count >= lanes) return store(to, value);
  for (int i = 0; i < count; ++i) to[i] = value[i];
#endif
}

// The same of bfloat16; stores round to the nearest, ties to even, and a NaN stays one.

inline vec widened(packed_vec bits) { return reinterpret_cast<vec>(__builtin_convertvector(bits, bits_vec) << 16); }
inline packed_vec narrowed(vec value) {
  const bits_vec word = reinterpret_cast<bits_vec>(value), nearest = word + 0x7fffu + ((word >> 16) & 1u);
  return __builtin_convertvector((value == value ? nearest : word | 0x400000u) >> 16, packed_vec);
}
inline vec load(const bfloat16* from) { return widened(*reinterpret_cast<const loose_packed_vec*>(from)); }
inline void store(bfloat16* to, vec value) { *reinterpret_cast<loose_packed_vec*>(to) = narrowed(value); }
inline vec load_first(const bfloat16* from, int count) {
#if HASSE_SIMD_LANES == 16
  return widened(reinterpret_cast<packed_vec>(_mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << count) - 1u), from)));
#else
  if (count >= lanes) return load(from);
  packed_vec bits{};
  for (int i = 0; i < count; ++i) bits[i] = from[i].bits;
  return widened(bits);
#endif
}
inline void store_first(bfloat16* to, vec value, int count) {
#if HASSE_SIMD_LANES == 16
  _mm256_mask_storeu_epi16(to, static_cast<__mmask16>((1u << count) - 1u), reinterpret_cast<__m256i>(narrowed(value)));
#else
  if (count >= lanes) return store(to, value);
  const packed_vec bits = narrowed(value);
  for (int i = 0; i < count; ++i) to[i].bits = bits[i];
#endif
}

/// Stores past the cache; `to` starts a vector. Followed by `end_stream` before another thread reads it.
inline void stream(float* to, vec value) {
#if HASSE_SIMD_LANES == 16
  _mm512_stream_ps(to, reinterpret_cast<__m512>(value));
#elif HASSE_SIMD_LANES == 8
  _mm256_stream_ps(to, reinterpret_cast<__m256>(value));
#else
  store(to, value);
#endif
}
inline void stream(bfloat16* to, vec value) {
#if HASSE_SIMD_LANES == 16
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(narrowed(value)));
#elif HASSE_SIMD_LANES == 8
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<__m128i>(narrowed(value)));
#else
  store(to, value);
#endif
}
inline void end_stream() {
#if HASSE_SIMD_LANES > 4
  _mm_sfence();
#endif
}

/// Keeps a loaded vector in its register: g++ otherwise folds the load into every multiply-add that uses it.
inline void pin([[maybe_unused]] vec& value) {
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#if HASSE_SIMD_LANES == 4
  asm("" : "+x"(value));
#else
  asm("" : "+v"(value));
#endif
#elif defined(__GNUC__) && defined(__aarch64__)
  asm("" : "+w"(value));
#endif
}

/// 1 / (1 + e^-x); the exponential is that of kernel/detail/elementwise.hpp, element by element.
inline vec sigmoid(vec x) {
  const vec least = broadcast(-87.3f), most = broadcast(89.0f), above = -x < least ? least : -x, bounded = above > most ? most : above;
  const vec shifted = bounded * 1.44269504f + 12582912.0f, whole = shifted - 12582912.0f;
  const vec rest = (bounded - whole * 0.693359375f) + whole * 2.12194440e-4f;
  vec sum = broadcast(1.9875691500e-4f);
  sum = sum * rest + 1.3981999507e-3f;
  sum = sum * rest + 8.3334519073e-3f;
  sum = sum * rest + 4.1665795894e-2f;
  sum = sum * rest + 1.6666665459e-1f;
  sum = sum * rest + 5.0000001201e-1f;
  const vec power = reinterpret_cast<vec>((reinterpret_cast<bits_vec>(shifted) << 23) + 0x3f800000u);
  return 1.0f / ((sum * rest * rest + rest + 1.0f) * power + 1.0f);
}

/// x from 0 on; a NaN stays one and -0 becomes 0.
inline vec positive(vec x) { return x <= vec{} ? vec{} : x; }

/// none, relu and relu6 are limits; hard_sigmoid is clip(x + 3, 0, 6) / 6, hard_swish and swish are x times a sigmoid.
inline vec activated(activation act, vec x) {
  const vec six = broadcast(6.0f);
  switch (act) {
    case activation::relu:
      return positive(x);
    case activation::relu6:
      return smaller(six, positive(x));
    case activation::hard_swish:
      return x * smaller(six, positive(x + 3.0f)) * (1.0f / 6.0f);
    case activation::hard_sigmoid:
      return smaller(six, positive(x + 3.0f)) * (1.0f / 6.0f);
    case activation::sigmoid:
      return sigmoid(x);
    case activation::swish:
      return x * sigmoid(x);
    default:
      return x;
  }
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
