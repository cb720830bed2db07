// Launches block programs on a stream of the GPU. nvcc compiles the kernels in one file of a program (kernel/cuda/kernels.hpp);
// every other file, whatever its compiler, only calls `launch`.
// Used by kernel/cuda/stream.hpp.
#pragma once

#include <cuda_runtime_api.h>

#include <utility>

#include <hasse/kernel/cuda/language.hpp>
#include <hasse/kernel/cuda/programs/block_program.hpp>

namespace hasse::detail::gpu {

/// Queues a program; the error of the launch, not of the run.
template <class Program>
cudaError_t launch(const Program& program, cudaStream_t stream);

#if defined(__CUDACC__)
template <int... Phase, class Program>
__device__ __forceinline__ void run_phases(std::integer_sequence<int, Phase...>, const Program& program, const place& at,
                                           typename Program::local& local, typename Program::shared& shared) {
  ((Phase > 0 ? __syncthreads() : void(), program.template phase<Phase>(at, local, shared)), ...);
}

template <class Program>
__global__ void __launch_bounds__(Program::threads) run_program(const __grid_constant__ Program program) {
  __shared__ typename Program::shared shared;
  typename Program::local local;
  place at{static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y), static_cast<int>(blockIdx.z), static_cast<int>(threadIdx.x),
           0};
  for (; at.turn < turns_of(program); ++at.turn) {
    if (at.turn > 0) __syncthreads();
    run_phases(std::make_integer_sequence<int, Program::phases>{}, program, at, local, shared);
  }
}

template <class Program>
cudaError_t launch(const Program& program, cudaStream_t stream) {
  static_assert(BlockProgram<Program> && sizeof(typename Program::shared) <= largest_shared);
  const grid_extent blocks = program.blocks();
  const dim3 grid(static_cast<unsigned>(blocks.x), static_cast<unsigned>(blocks.y), static_cast<unsigned>(blocks.z));
  void* operands[] = {const_cast<Program*>(&program)};
  // Says what became of this launch, and nothing of what failed before.
  return cudaLaunchKernel(&run_program<Program>, grid, dim3(Program::threads), operands, 0, stream);
}
#endif

}  // namespace hasse::detail::gpu
