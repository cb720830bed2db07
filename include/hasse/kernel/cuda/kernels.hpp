// All kernels of our own for the GPU, for those files of a program that nvcc compiles (hasse_add_cuda_kernels makes them: one for
// float, one for bfloat16, one for float16). A kernel that is missing here is an undefined `launch` at link time.
#pragma once

#include <hasse/kernel/cuda/launch.hpp>
#include <hasse/kernel/cuda/programs/augmentation.hpp>
#include <hasse/kernel/cuda/programs/batch_norm.hpp>
#include <hasse/kernel/cuda/programs/bottleneck.hpp>
#include <hasse/kernel/cuda/programs/depthwise.hpp>
#include <hasse/kernel/cuda/programs/descent.hpp>
#include <hasse/kernel/cuda/programs/elementwise.hpp>
#include <hasse/kernel/cuda/programs/filter.hpp>
#include <hasse/kernel/cuda/programs/loss.hpp>
#include <hasse/kernel/cuda/programs/product.hpp>
#include <hasse/kernel/cuda/programs/reduction.hpp>
#include <hasse/kernel/cuda/programs/slices.hpp>

#if defined(__CUDACC__)
namespace hasse::detail::gpu {

#define HASSE_KERNEL(...) template cudaError_t launch(const __VA_ARGS__&, cudaStream_t);
#define HASSE_DEPTHWISE(Scalar, Kernel, Stride)                 \
  HASSE_KERNEL(depthwise_forward<Scalar, Kernel, Stride>)       \
  HASSE_KERNEL(depthwise_data_gradient<Scalar, Kernel, Stride>) \
  HASSE_KERNEL(depthwise_weight_gradient<Scalar, Kernel, Stride>)
#define HASSE_KERNELS_OF(Scalar)                               \
  HASSE_DEPTHWISE(Scalar, 3, 1)                                \
  HASSE_DEPTHWISE(Scalar, 3, 2)                                \
  HASSE_DEPTHWISE(Scalar, 5, 1)                                \
  HASSE_DEPTHWISE(Scalar, 5, 2)                                \
  HASSE_DEPTHWISE(Scalar, 7, 1)                                \
  HASSE_DEPTHWISE(Scalar, 7, 2)                                \
  HASSE_KERNEL(product<Scalar, product_result::output>)        \
  HASSE_KERNEL(product<Scalar, product_result::source>)        \
  HASSE_KERNEL(product<Scalar, product_result::weights>)       \
  HASSE_KERNEL(channel_reduction<summed_values<Scalar>>)            \
  HASSE_KERNEL(channel_reduction<summed_products<Scalar>>)          \
  HASSE_KERNEL(channel_reduction<summed_deviations<Scalar>>)        \
  HASSE_KERNEL(channel_reduction<summed_norm_gradients<Scalar>>)    \
  HASSE_KERNEL(combine<batch_statistics<Scalar>>)              \
  HASSE_KERNEL(combine<stored_sum<Scalar>>)                    \
  HASSE_KERNEL(for_each_pack<normalised<Scalar>>)              \
  HASSE_KERNEL(for_each_pack<normalised_gradient<Scalar>>)     \
  HASSE_KERNEL(for_each_pack<activated_sum<Scalar>>)           \
  HASSE_KERNEL(for_each_pack<activated_sum_gradient<Scalar>>)  \
  HASSE_KERNEL(for_each_pack<gated<Scalar>>)                   \
  HASSE_KERNEL(for_each_pack<shared_out<Scalar>>)              \
  HASSE_KERNEL(for_each_pack<max_pooled<Scalar>>)              \
  HASSE_KERNEL(for_each_pack<max_pooled_gradient<Scalar>>)     \
  HASSE_KERNEL(for_each_pack<average_pooled<Scalar>>)          \
  HASSE_KERNEL(for_each_pack<average_pooled_gradient<Scalar>>) \
  HASSE_KERNEL(for_each_pack<resized<Scalar>>)                 \
  HASSE_KERNEL(for_each_pack<resized_gradient<Scalar>>)        \
  HASSE_KERNEL(for_each_pack<moved_channels<Scalar>>)          \
  HASSE_KERNEL(for_each_pack<moved_to_space<Scalar>>)          \
  HASSE_KERNEL(fused_bottleneck<Scalar, 3>)                    \
  HASSE_KERNEL(fused_bottleneck<Scalar, 5>)                    \
  HASSE_KERNEL(fused_bottleneck<Scalar, 7>)                    \
  HASSE_KERNEL(fused_block<Scalar>)                            \
  HASSE_KERNEL(softmax_loss<Scalar>)                           \
  HASSE_KERNEL(augmented_batch<Scalar>)                        \
  HASSE_KERNEL(totals<answered<Scalar>>)

#if defined(HASSE_CUDA_KERNELS_FLOAT)
HASSE_KERNELS_OF(float)
HASSE_KERNEL(combine<norm_gradient_means>)
HASSE_KERNEL(combine<stored_taps>)
HASSE_KERNEL(totals<batch_total>)
HASSE_KERNEL(moved_filter<float, float>)
HASSE_KERNEL(totals<squares>)
HASSE_KERNEL(totals<gradient_scale>)
HASSE_KERNEL(nesterov)
HASSE_KERNEL(totals<summed_partials>)
HASSE_KERNEL(moved_slice<slice_move::gather>)
HASSE_KERNEL(moved_slice<slice_move::add>)
HASSE_KERNEL(moved_slice<slice_move::mix>)
#endif
#if defined(HASSE_CUDA_KERNELS_BFLOAT16)
HASSE_KERNELS_OF(bfloat16)
HASSE_KERNEL(moved_filter<float, bfloat16>)
HASSE_KERNEL(moved_filter<bfloat16, float>)
#endif
#if defined(HASSE_CUDA_KERNELS_FLOAT16)
HASSE_KERNELS_OF(float16)
HASSE_KERNEL(moved_filter<float, float16>)
HASSE_KERNEL(moved_filter<float16, float>)
#endif

#undef HASSE_KERNELS_OF
#undef HASSE_DEPTHWISE
#undef HASSE_KERNEL

}  // namespace hasse::detail::gpu
#endif
