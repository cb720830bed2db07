// The CUDA backend: every layer on an NVIDIA GPU, in float, bfloat16 or float16 with sums in float.
// Needs the CUDA Toolkit, and cuDNN 9 for dense layers that are fast (the CMake target hasse::cuda defines HASSE_CUDNN where it is
// found); programs link the kernels that hasse_add_cuda_kernels compiles (cmake/hasse-kernels.cmake).
#pragma once

#include <string>

#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/cuda/stream.hpp>
#if defined(HASSE_CUDNN)
#include <hasse/kernel/cuda/library.hpp>
#endif

namespace hasse {

#if defined(HASSE_CUDNN)
using cuda_backend_stream = cuda_library_stream;
#else
using cuda_backend_stream = cuda_stream;
inline std::string cuda_library() { return "own kernels"; }
#endif

/// The first GPU unless the options say otherwise. Operands live in its memory(); runs return before the GPU is done
/// (stream().wait()).
using cuda = basic_cuda<float, cuda_backend_stream>;
using cuda_bf16 = basic_cuda<bfloat16, cuda_backend_stream>;
/// Gradients in half precision need a scaled loss (loss_scaling).
using cuda_fp16 = basic_cuda<float16, cuda_backend_stream>;

static_assert(JoinsLayers<cuda> && JoinsLayers<cuda_bf16> && JoinsLayers<cuda_fp16>);

}  // namespace hasse
