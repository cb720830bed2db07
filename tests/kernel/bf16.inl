// Body of tests/kernel/bf16.cpp, compiled once per instruction set.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

inline void widen_all(const bfloat16* from, int count, float* to) {
  for (int i = 0; i < count; i += lanes)
    if (const int rest = count - i; rest < lanes)
      store_first(to + i, load_first(from + i, rest), rest);
    else
      store(to + i, load(from + i));
}

inline void narrow_all(const float* from, int count, bfloat16* to) {
  for (int i = 0; i < count; i += lanes)
    if (const int rest = count - i; rest < lanes)
      store_first(to + i, load_first(from + i, rest), rest);
    else if (i % (2 * lanes) == 0)
      stream(to + i, load(from + i));
    else
      store(to + i, load(from + i));
  end_stream();
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
