// Which vector instructions this processor has, and how a kernel is compiled once for each of them from one source.
// Used by the kernels of our own in kernel/cpu/.
//
// A kernel's body is a file kernel/cpu/simd/<name>.inl, written with the short vectors of simd/vector.inl. Its header
// compiles the body for every instruction set and names the functions that choose one of them at run time:
//
//   #define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/<name>.inl>
//   #include <hasse/kernel/cpu/simd/for_each_target.inl>      // defines detail::avx512::f, detail::avx2::f, detail::plain::f (on Arm detail::neon::f)
//   ...
//   HASSE_SIMD_FUNCTION(run_f, (simd_level level, int arguments), f(arguments))      // void run_f(simd_level, int)
//
// All bodies together take a compiler half a minute. A program of several files can compile them in one: define
// HASSE_KERNELS_APART for all files, and in one more also HASSE_KERNELS_HERE before it includes kernel/cpu/kernels.hpp
// (CMake: hasse_add_kernels).
#pragma once

#include <cstdint>
#include <string_view>

#include <hasse/core/bfloat16.hpp>
#include <hasse/core/build.hpp>

#if defined(HASSE_KERNELS_APART) && !defined(HASSE_KERNELS_HERE)
#define HASSE_KERNEL_BODIES 0
#else
#define HASSE_KERNEL_BODIES 1
#endif
#if defined(HASSE_KERNELS_APART)
#define HASSE_KERNEL
#else
#define HASSE_KERNEL inline
#endif

// With the wide instructions allowed everywhere (-march=native) there is nothing to choose: one copy is compiled. Nor is there on
// 64-bit Arm, where every processor has NEON.
#if defined(__aarch64__)
#define HASSE_SIMD_NEON 1
#elif !defined(__x86_64__)
#define HASSE_SIMD_PLAIN 1
#elif defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__) && defined(__AVX512DQ__)
#define HASSE_SIMD_AVX512 1
#else
#define HASSE_SIMD_AVX512 1
#define HASSE_SIMD_AVX2 1
#if !defined(__AVX2__) || !defined(__FMA__)
#define HASSE_SIMD_PLAIN 1
#endif
#endif

namespace hasse {

/// Instruction sets for which own kernels are compiled; of one processor's, in increasing order.
enum class simd_level : std::uint8_t { plain, neon, avx2, avx512 };

inline constexpr simd_level simd_levels[] = {simd_level::plain, simd_level::neon, simd_level::avx2, simd_level::avx512};

constexpr std::string_view name_of(simd_level level) {
  constexpr std::string_view names[] = {"plain", "neon", "avx2", "avx512"};
  return names[static_cast<int>(level)];
}

/// Whether this program has code for that level (not whether the processor runs it).
HASSE_KERNEL bool has_simd_level(simd_level level);
/// What the kernels of our own were compiled with.
HASSE_KERNEL const char* kernel_build();

#if HASSE_KERNEL_BODIES
HASSE_KERNEL const char* kernel_build() { return HASSE_BUILD_TEXT; }
HASSE_KERNEL bool has_simd_level(simd_level level) {
#if defined(HASSE_SIMD_AVX512)
  if (level == simd_level::avx512) return true;
#endif
#if defined(HASSE_SIMD_AVX2)
  if (level == simd_level::avx2) return true;
#endif
#if defined(HASSE_SIMD_NEON)
  if (level == simd_level::neon) return true;
#endif
#if defined(HASSE_SIMD_PLAIN)
  if (level == simd_level::plain) return true;
#endif
  return false;
}
#endif

/// The best one that this program has and this processor can run.
inline simd_level best_simd_level() {
  static const simd_level found = [] {
#if defined(__x86_64__)
    const bool fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (fused && has_simd_level(simd_level::avx512) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
      return simd_level::avx512;
    if (fused && has_simd_level(simd_level::avx2)) return simd_level::avx2;
#endif
    return has_simd_level(simd_level::neon) ? simd_level::neon : simd_level::plain;
  }();
  return found;
}

/// Floats in one vector of that level.
constexpr int lanes_of(simd_level level) { return level == simd_level::avx512 ? 16 : level == simd_level::avx2 ? 8 : 4; }

}  // namespace hasse

#if defined(HASSE_SIMD_AVX512)
#define HASSE_SIMD_CASE_AVX512(...) \
  case ::hasse::simd_level::avx512: \
    return ::hasse::detail::avx512::__VA_ARGS__;
#else
#define HASSE_SIMD_CASE_AVX512(...)
#endif
#if defined(HASSE_SIMD_AVX2)
#define HASSE_SIMD_CASE_AVX2(...) \
  case ::hasse::simd_level::avx2: \
    return ::hasse::detail::avx2::__VA_ARGS__;
#else
#define HASSE_SIMD_CASE_AVX2(...)
#endif
#if defined(HASSE_SIMD_NEON)
#define HASSE_SIMD_CASE_NEON(...) \
  case ::hasse::simd_level::neon: \
    return ::hasse::detail::neon::__VA_ARGS__;
#else
#define HASSE_SIMD_CASE_NEON(...)
#endif
#if defined(HASSE_SIMD_PLAIN)
#define HASSE_SIMD_CASE_PLAIN(...) \
  case ::hasse::simd_level::plain: \
    return ::hasse::detail::plain::__VA_ARGS__;
#else
#define HASSE_SIMD_CASE_PLAIN(...)
#endif

// The call in the namespace of that level; levels that were not compiled in are not reached.
#define HASSE_SIMD_CALL(level, ...)     \
  switch (level) {                      \
    HASSE_SIMD_CASE_AVX512(__VA_ARGS__) \
    HASSE_SIMD_CASE_AVX2(__VA_ARGS__)   \
    HASSE_SIMD_CASE_NEON(__VA_ARGS__)   \
    HASSE_SIMD_CASE_PLAIN(__VA_ARGS__)  \
    default:                            \
      __builtin_unreachable();          \
  }

/// Defines (or, with the bodies elsewhere, declares) `void name(parameters)`, which calls the body of `level`, one of the
/// parameters.
#if HASSE_KERNEL_BODIES
#define HASSE_SIMD_FUNCTION(name, parameters, ...) \
  HASSE_KERNEL void name parameters;               \
  HASSE_KERNEL void name parameters { HASSE_SIMD_CALL(level, __VA_ARGS__) }
#else
#define HASSE_SIMD_FUNCTION(name, parameters, ...) void name parameters;
#endif
