// nvcc compiles what linking hasse::cuda hands it as C++20: specs as template arguments, concepts, consteval.
#include <concepts>

#include "hasse/core/shape.hpp"
#include "hasse/kernel/cuda/language.hpp"

// A named namespace: nvcc 13.0 cannot write the stub of a kernel whose template argument lives in an unnamed one.
namespace cuda_language {

struct spec {
  int kernel, stride;
};

consteval int taps(spec given) { return given.kernel * given.kernel; }

template <spec Spec, std::floating_point Scalar>
__global__ void fill(Scalar* out) {
  static_assert(taps(Spec) == 9);
  out[threadIdx.x] = Scalar(taps(Spec));
}

}  // namespace cuda_language

/// Nine, computed on the device; a negative number is the CUDA error.
int nine_on_device() {
  using namespace cuda_language;
  float* memory = nullptr;
  float first = 0;
  if (const cudaError_t state = cudaMalloc(&memory, 32 * sizeof(float)); state != cudaSuccess) return -int(state);
  fill<spec{.kernel = 3, .stride = 1}><<<1, 32>>>(memory);
  const cudaError_t state = cudaMemcpy(&first, memory, sizeof(float), cudaMemcpyDeviceToHost);
  cudaFree(memory);
  return state == cudaSuccess ? int(first) : -int(state);
}
