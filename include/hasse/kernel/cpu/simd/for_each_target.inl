// Compiles HASSE_SIMD_BODY once per instruction set, each in a namespace of its own below hasse::detail. Included by kernel
// headers at namespace scope, after everything that the body needs; see kernel/cpu/simd_level.hpp.
// (No include guard: it is meant to be included many times.)

#if HASSE_KERNEL_BODIES

#if defined(__x86_64__)
#include <immintrin.h>  // before any target is named
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(HASSE_SIMD_AVX512)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,prefer-vector-width=512")
#endif
#define HASSE_SIMD_NAMESPACE avx512
#define HASSE_SIMD_LANES 16
#if !defined(HASSE_SIMD_VECTOR_AVX512)
#define HASSE_SIMD_VECTOR_AVX512
#include <hasse/kernel/cpu/simd/vector.inl>
#endif
#include HASSE_SIMD_BODY
#undef HASSE_SIMD_NAMESPACE
#undef HASSE_SIMD_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#if defined(HASSE_SIMD_AVX2)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define HASSE_SIMD_NAMESPACE avx2
#define HASSE_SIMD_LANES 8
#if !defined(HASSE_SIMD_VECTOR_AVX2)
#define HASSE_SIMD_VECTOR_AVX2
#include <hasse/kernel/cpu/simd/vector.inl>
#endif
#include HASSE_SIMD_BODY
#undef HASSE_SIMD_NAMESPACE
#undef HASSE_SIMD_LANES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#if defined(HASSE_SIMD_NEON)
#define HASSE_SIMD_NAMESPACE neon
#define HASSE_SIMD_LANES 4
#if !defined(HASSE_SIMD_VECTOR_NEON)
#define HASSE_SIMD_VECTOR_NEON
#include <hasse/kernel/cpu/simd/vector.inl>
#endif
#include HASSE_SIMD_BODY
#undef HASSE_SIMD_NAMESPACE
#undef HASSE_SIMD_LANES
#endif

#if defined(HASSE_SIMD_PLAIN)
#define HASSE_SIMD_NAMESPACE plain
#define HASSE_SIMD_LANES 4
#if !defined(HASSE_SIMD_VECTOR_PLAIN)
#define HASSE_SIMD_VECTOR_PLAIN
#include <hasse/kernel/cpu/simd/vector.inl>
#endif
#include HASSE_SIMD_BODY
#undef HASSE_SIMD_NAMESPACE
#undef HASSE_SIMD_LANES
#endif

#endif

#undef HASSE_SIMD_BODY
