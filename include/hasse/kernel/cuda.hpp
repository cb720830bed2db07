// The CUDA backend: every layer on an NVIDIA GPU, in float or bfloat16 with sums in float.
// Needs the CUDA Toolkit; programs link the kernels that hasse_add_cuda_kernels compiles (cmake/hasse-kernels.cmake).
#pragma once

#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/cuda/stream.hpp>

namespace hasse {

/// `cuda(1)` is the second GPU. Operands live in its memory (device_array); runs return before the GPU is done (stream().wait()).
using cuda = basic_cuda<float, cuda_stream>;
using cuda_bf16 = basic_cuda<bfloat16, cuda_stream>;

static_assert(Backend<cuda> && Backend<cuda_bf16>);

}  // namespace hasse
