// The depthwise kernels of the GPU: sides, channels and paddings around every limit of the tiles.
#include "compare.hpp"

namespace {

/// A depthwise layer with any padding before and behind.
layer depthwise(feature_shape in, int kernel, int stride, int top, int left, int bottom, int right) {
  layer item{.kind = layer_kind::convolution, .in = in};
  item.kernel = kernel, item.stride = stride, item.groups = in.c, item.pad_top = top, item.pad_left = left;
  item.out = {(in.h + top + bottom - kernel) / stride + 1, (in.w + left + right - kernel) / stride + 1, in.c};
  return item;
}

template <class Scalar>
void compare_depthwise() {
  int number = 0;
  for (const int kernel : {3, 5, 7})
    for (const int stride : {1, 2}) {
      const int pad = kernel / 2;
      const auto compare = [&](feature_shape in, int batch, int top, int left, int bottom, int right) {
        if (in.h + top + bottom < kernel || in.w + left + right < kernel) return;
        layer item = depthwise(in, kernel, stride, top, left, bottom, right);
        layer_use use{.item = item, .batch = batch, .seed = static_cast<std::uint64_t>(++number)};
        compare_training_in_every_way<Scalar>(use);
        item.act = static_cast<activation>(number % 7), item.bias = number % 2 == 0;
        use.item = item, use.residual = number % 3 != 0, use.in_place = number % 3 == 1;
        compare_inference<Scalar>(use);
        use.residual = use.in_place = false, use.item.act = activation::none;
        compare_training<Scalar>(use);
      };
      compare({1, 1, 3}, 1, pad, pad, pad, pad);
      compare({2, 3, 1}, 2, pad, pad, pad, pad);
      compare({7, 7, 24}, 3, pad, pad, pad, pad);
      compare({9, 17, 72}, 2, pad, pad, pad, pad);
      compare({8, 12, 33}, 1, pad - 1, pad - 1, pad, pad);
      compare({13, 18, 8}, 1, 0, 0, 0, 0);
      compare({6, 10, 12}, 1, kernel - 1, kernel - 1, kernel - 1, kernel - 1);
      compare({5, 15, 66}, 1, 0, pad, 1, pad);
      compare({3, 2, 9}, 1, kernel, kernel + 1, kernel + 1, kernel + 1);
    }
}

}  // namespace

TEST_CASE("depthwise kernels of the GPU agree with the readable ones, in float") { compare_depthwise<float>(); }
TEST_CASE("depthwise kernels of the GPU agree with the readable ones, in bfloat16") { compare_depthwise<bfloat16>(); }
TEST_CASE("depthwise kernels of the GPU agree with the readable ones, in float16") { compare_depthwise<float16>(); }
