// nvcc compiles what links hasse::cuda as C++20: specs as template arguments, concepts, consteval.
// A kernel itself takes plain numbers: nvcc 13.0 cannot write the host stub of one whose template argument is a namespace's struct.
#include <concepts>

#include <hasse/kernel/cuda/language.hpp>

namespace {

struct spec {
  int kernel, stride;
};

consteval int taps(spec given) { return given.kernel * given.kernel; }

template <spec Spec>
__device__ constexpr int taps_of() {
  return taps(Spec);
}

template <int Kernel, std::floating_point Scalar>
__global__ void fill(Scalar* out) {
  out[threadIdx.x] = Scalar(taps_of<spec{.kernel = Kernel, .stride = 1}>());
}

}  // namespace

/// Nine, computed on the device; a negative number is the CUDA error.
int nine_on_device() {
  float* memory = nullptr;
  float first = 0;
  if (const cudaError_t state = cudaMalloc(&memory, 32 * sizeof(float)); state != cudaSuccess) return -int(state);
  fill<3><<<1, 32>>>(memory);
  const cudaError_t state = cudaMemcpy(&first, memory, sizeof(float), cudaMemcpyDeviceToHost);
  cudaFree(memory);
  return state == cudaSuccess ? int(first) : -int(state);
}
