// Marks small functions and kernel bodies that nvcc also compiles for the GPU; to every other compiler they are plain functions.
// Used by kernel/detail/elementwise.hpp and kernel/cuda/programs.
#pragma once

#if defined(__CUDACC__)
#define HASSE_DEVICE __host__ __device__ __forceinline__
#define HASSE_UNROLL _Pragma("unroll")
#define HASSE_LOOP _Pragma("unroll 1")
#else
#define HASSE_DEVICE inline
#define HASSE_UNROLL
#define HASSE_LOOP
#endif
