// Short vectors of the compiler (vector_size), which g++ and clang turn into the instructions of the namespace they stand in:
// + - * / and comparisons work element by element, a * b + c becomes one fused multiply-add.
// Compiled once per instruction set by for_each_target.inl; never included by itself.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

inline constexpr int lanes = HASSE_SIMD_LANES;
inline constexpr simd_level level = lanes == 16 ? simd_level::avx512 : lanes == 8 ? simd_level::avx2 : simd_level::plain;

typedef float vec __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
typedef float loose_vec __attribute__((vector_size(HASSE_SIMD_LANES * 4), aligned(4), may_alias));  // at any float's address

inline vec load(const float* from) { return *reinterpret_cast<const loose_vec*>(from); }
inline void store(float* to, vec value) { *reinterpret_cast<loose_vec*>(to) = value; }
inline vec broadcast(float value) { return value - vec{}; }
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

/// Keeps a loaded vector in its register: g++ otherwise folds the load into every multiply-add that uses it.
inline void pin([[maybe_unused]] vec& value) {
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#if HASSE_SIMD_LANES == 4
  asm("" : "+x"(value));
#else
  asm("" : "+v"(value));
#endif
#endif
}

/// none, relu and relu6 are limits; hard-swish x * clip(x + 3, 0, 6) / 6 and its parts are taken from `act`.
inline vec activated(activation act, vec x) {
  const vec zero{}, six = broadcast(6.0f);
  switch (act) {
    case activation::relu:
      return larger(x, zero);
    case activation::relu6:
      return smaller(larger(x, zero), six);
    case activation::hard_swish:
      return x * smaller(larger(x + 3.0f, zero), six) * (1.0f / 6.0f);
    default:
      return x;
  }
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
