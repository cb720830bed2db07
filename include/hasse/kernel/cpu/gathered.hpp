// Products without oneDNN: in inference the window of every pixel is gathered into a row, and the rows are multiplied by our 1x1
// kernel; convolutions of several groups, and training, are the readable backend's. Used by kernel/cpu.hpp through
// kernel/cpu/library.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/bound_kernel.hpp>
#include <hasse/kernel/cpu/context.hpp>
#include <hasse/kernel/cpu/pointwise.hpp>
#include <hasse/kernel/reference.hpp>

namespace hasse::detail {

/// A folded convolution of one group. Weights are packed once; nothing is allocated in `run`.
class gathered_convolution {
 public:
  /// Why a layer cannot be had, as a sentence fragment; "" when it can.
  static std::string refuses(const layer& item) {
    return item.kind == layer_kind::convolution && item.groups == 1 ? "" : "it is not a convolution of one group";
  }

  gathered_convolution(const layer& item, int batch, int threads, simd_level level)
      : item_(item), batch_(batch), threads_(threads), rows_(row_of(item), batch, threads, level) {}

  std::size_t packed_floats() const { return rows_.packed_floats(); }
  /// `packed` is 64-byte aligned.
  void pack(const float* weights, const float* bias, float* packed) const;
  std::size_t scratch_bytes() const { return static_cast<std::size_t>(batch_ * item_.out.pixels() * depth()) * sizeof(float); }
  void run(const inference_operands<float>& at, const float* packed, float* gathered) const;

 private:
  std::ptrdiff_t depth() const { return std::ptrdiff_t{item_.kernel} * item_.kernel * item_.in.c; }
  /// The 1x1 convolution of the gathered windows.
  static layer row_of(layer item) {
    item.in = {item.out.h, item.out.w, item.kernel * item.kernel * item.in.c};
    item.kernel = item.stride = 1, item.pad_top = item.pad_left = 0;
    return item;
  }

  layer item_;
  int batch_, threads_;
  pointwise_convolution rows_;
};

namespace without_onednn {

inline constexpr const char* no_bfloat16 = "this program was built without oneDNN, which multiplies bfloat16; use cpu";

inline std::string identity() { return "no oneDNN"; }
template <class Scalar>
std::string refuses(const cpu_context&) {
  return std::is_same_v<Scalar, float> ? "" : no_bfloat16;
}
inline void keep_primitives() {}

HASSE_BODY bound_kernel inference(cpu_context& context, const layer& item, int batch, const inference_operands<float>& at);
HASSE_BODY bound_kernel forward(cpu_context& context, const layer& item, int batch, const training_operands<float>& at);
HASSE_BODY bound_kernel backward_data(cpu_context& context, const layer& item, int batch, const training_operands<float>& at);
HASSE_BODY bound_kernel backward_weights(cpu_context& context, const layer& item, int batch, const training_operands<float>& at);

// No backend of bfloat16 is made that could ask for these.
inline bound_kernel inference(cpu_context&, const layer&, int, const inference_operands<bfloat16>&) { throw error(no_bfloat16); }
inline bound_kernel forward(cpu_context&, const layer&, int, const training_operands<bfloat16>&) { throw error(no_bfloat16); }
inline bound_kernel backward_data(cpu_context&, const layer&, int, const training_operands<bfloat16>&) { throw error(no_bfloat16); }
inline bound_kernel backward_weights(cpu_context&, const layer&, int, const training_operands<bfloat16>&) { throw error(no_bfloat16); }

}  // namespace without_onednn

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/gathered.inl>
#endif
