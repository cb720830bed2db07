// Body of tests/kernel/activations.cpp, compiled once per instruction set.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

inline void activate_vectors(activation act, const float* src, int count, float* dst) {
  for (int i = 0; i < count; i += lanes)
    store_first(dst + i, activated(act, load_first(src + i, count - i < lanes ? count - i : lanes)),
                count - i < lanes ? count - i : lanes);
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
