// What a file was compiled with, as far as that decides how fast its code is. Used by kernel and latency: tables keep it.
#pragma once

#define HASSE_TEXT_OF(...) HASSE_TEXT_OF_EXPANDED(__VA_ARGS__)
#define HASSE_TEXT_OF_EXPANDED(...) #__VA_ARGS__

#if defined(__clang__)
#define HASSE_BUILD_COMPILER "clang " HASSE_TEXT_OF(__clang_major__)
#elif defined(__GNUC__)
#define HASSE_BUILD_COMPILER "g++ " HASSE_TEXT_OF(__GNUC__)
#else
#define HASSE_BUILD_COMPILER "unknown compiler"
#endif

#if !defined(__OPTIMIZE__)
#define HASSE_BUILD_OPTIMISATION "not optimised"
#elif defined(__OPTIMIZE_SIZE__)
#define HASSE_BUILD_OPTIMISATION "optimised for size"
#else
#define HASSE_BUILD_OPTIMISATION "optimised"
#endif

#if defined(NDEBUG)
#define HASSE_BUILD_ASSERTIONS ""
#else
#define HASSE_BUILD_ASSERTIONS " with assertions"
#endif

#if defined(__AVX512F__)
#define HASSE_BUILD_VECTORS "avx512"
#elif defined(__AVX2__)
#define HASSE_BUILD_VECTORS "avx2"
#elif defined(__ARM_NEON)
#define HASSE_BUILD_VECTORS "neon"
#else
#define HASSE_BUILD_VECTORS "baseline"
#endif

/// Compiler, optimisation and vector instructions of the file that says it: "g++ 12, optimised, avx512". A macro, since an inline
/// function would be that of any one file of a program.
#define HASSE_BUILD_TEXT HASSE_BUILD_COMPILER ", " HASSE_BUILD_OPTIMISATION HASSE_BUILD_ASSERTIONS ", " HASSE_BUILD_VECTORS
