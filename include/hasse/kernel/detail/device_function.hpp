// Marks small functions and kernel bodies that nvcc also compiles for the GPU; to every other compiler they are plain functions.
// Used by kernel/detail/elementwise.hpp and kernel/cuda/programs.
#pragma once

#if defined(__CUDACC__)
#define HASSE_DEVICE __host__ __device__ __forceinline__
#define HASSE_UNROLL _Pragma("unroll")
#else
#define HASSE_DEVICE inline
#define HASSE_UNROLL
#endif
