// Convolutions and linear layers as the libraries of the GPU see them: dimensions, strides, what is fused, and a text that names
// the plan. Plain numbers, so that lowering is tested without a GPU. Used by kernel/cuda/cudnn.hpp, cublas.hpp and library.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/bfloat16.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::gpu {

/// What is computed from the other two.
enum class product_result : std::uint8_t { output, source, weights };

constexpr std::string_view name_of(product_result result) {
  constexpr std::string_view names[] = {"output", "source", "weights"};
  return names[static_cast<int>(result)];
}

/// How tensors are stored and how exactly they are multiplied; sums are float always.
enum class number_type : std::uint8_t { float32, tf32, bfloat16, float16 };

constexpr std::string_view name_of(number_type type) {
  constexpr std::string_view names[] = {"f32", "tf32", "bf16", "f16"};
  return names[static_cast<int>(type)];
}
constexpr int bytes_of(number_type type) { return type == number_type::float32 || type == number_type::tf32 ? 4 : 2; }

/// What happens to an output before it is written.
struct product_fusion {
  bool bias = false, residual = false;
  activation act = activation::none;
  bool anything() const { return bias || residual || act != activation::none; }
  friend bool operator==(const product_fusion&, const product_fusion&) = default;
};

/// N, C, H, W in this order, as cuDNN counts them, with the distances of N, H, W, C memory.
struct tensor_shape {
  std::array<std::int64_t, 4> dims{}, strides{};
};

constexpr tensor_shape channels_last(std::int64_t images, std::int64_t channels, std::int64_t height, std::int64_t width) {
  return {{images, channels, height, width}, {height * width * channels, 1, width * channels, channels}};
}

/// A convolution or linear layer on a batch. A linear layer is a convolution of 1x1 over images of one pixel. Weights lie as
/// O, H, W, I.
struct dense_problem {
  product_result result = product_result::output;
  number_type type = number_type::float32;
  layer item{};
  int batch = 1;
  product_fusion fused{};  ///< outputs only
  bool adds = false;       ///< added to what is there: sources only
  bool widens = false;     ///< gradients of weights only: float beside activations of two bytes

  dense_problem(product_result wanted, number_type numbers, const layer& of, int images)
      : result(wanted), type(numbers), item(of), batch(images) {
    if (item.kind != layer_kind::linear) return;
    item.kind = layer_kind::convolution;
    item.in = {1, 1, static_cast<int>(of.in.size())};
  }

  tensor_shape source() const { return channels_last(batch, item.in.c, item.in.h, item.in.w); }
  tensor_shape output() const { return channels_last(batch, item.out.c, item.out.h, item.out.w); }
  tensor_shape weights() const { return channels_last(item.out.c, item.in.c / item.groups, item.kernel, item.kernel); }
  tensor_shape bias() const { return channels_last(1, item.out.c, 1, 1); }
  std::int64_t weight_count() const { return std::int64_t{item.out.c} * (item.in.c / item.groups) * item.kernel * item.kernel; }

  /// A product of two matrices: a pixel is a column, and every pixel is read once.
  bool is_matrix() const {
    return item.kernel == 1 && item.stride == 1 && item.groups == 1 && item.pad_top == 0 && item.pad_left == 0;
  }
  std::int64_t pixels() const { return batch * item.out.pixels(); }

  /// Multiplications and additions, two operations each.
  double operations() const { return 2.0 * static_cast<double>(weight_count()) * static_cast<double>(pixels()); }
  /// Bytes that have to move, each operand once.
  double bytes() const {
    const double tensors = static_cast<double>(batch * (item.in.size() + item.out.size()) + weight_count());
    return bytes_of(type) *
           (tensors + (fused.residual || adds ? static_cast<double>(batch * (adds ? item.in : item.out).size()) : 0));
  }

  /// Two problems with one text have one plan: "output bf16 32x56x56x64 to 32x28x28x128, 3x3 stride 2 pad 1,1,0,0 groups 1, bias,
  /// relu".
  std::string key() const {
    std::string made;
    const auto words = [&made](const auto&... parts) { (made.append(parts), ...); };
    const auto number = [](int value) { return std::to_string(value); };
    const auto shape = [&](feature_shape of) { words(number(batch), "x", number(of.h), "x", number(of.w), "x", number(of.c)); };
    words(name_of(result), " ", name_of(type), " "), shape(item.in), words(" to "), shape(item.out);
    words(", ", number(item.kernel), "x", number(item.kernel), " stride ", number(item.stride), " pad ", number(item.pad_top), ",",
          number(item.pad_left), ",", number(item.pad_bottom()), ",", number(item.pad_right()), " groups ", number(item.groups));
    if (fused.bias) words(", bias");
    if (fused.residual) words(", residual");
    if (fused.act != activation::none) words(", ", name_of(fused.act));
    if (adds) words(", adds");
    if (widens) words(", in f32");
    return made;
  }
};

/// Activations that cuDNN's graphs have behind a convolution. The others are a pass of ours.
constexpr bool graph_has(activation act) {
  return act == activation::none || act == activation::relu || act == activation::relu6 || act == activation::sigmoid ||
         act == activation::swish;
}

/// Activations that cuBLASLt has behind a product.
constexpr bool matrix_has(activation act) { return act == activation::none || act == activation::relu; }

/// A product of matrices in BLAS terms, all column by column: rows x columns of sums over depth. N, H, W, C is one column per
/// pixel.
struct matrix_problem {
  bool left_turned = false, right_turned = false;
  std::int64_t rows = 0, columns = 0, depth = 0;
  std::int64_t left_stride = 0, right_stride = 0, result_stride = 0;  ///< from column to column, of what lies in memory

  /// left and right: weights and source; weights and output's gradient; source and output's gradient.
  explicit matrix_problem(const dense_problem& of) {
    const std::int64_t in = of.item.in.c, out = of.item.out.c, pixels = of.pixels();
    switch (of.result) {
      case product_result::output:
        left_turned = true, rows = out, columns = pixels, depth = in;
        left_stride = in, right_stride = in, result_stride = out;
        break;
      case product_result::source:
        rows = in, columns = pixels, depth = out;
        left_stride = in, right_stride = out, result_stride = in;
        break;
      case product_result::weights:
        right_turned = true, rows = in, columns = out, depth = pixels;
        left_stride = in, right_stride = out, result_stride = in;
        break;
    }
  }
};

}  // namespace hasse::detail::gpu
