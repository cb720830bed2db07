// Products on the plain cores of the GPU: what runs where no library takes a layer.
#include "compare.hpp"

TEST_CASE("products on the GPU's plain cores agree with the readable ones") {
  const layer items[] = {
      make_layer({9, 7, 3}, [](auto b) { b.convolution(0, 16, 3, 1); }),
      make_layer({9, 7, 3}, [](auto b) { b.convolution(0, 16, 3, 2, -1, 1, true); }),
      make_layer({7, 5, 24}, [](auto b) { b.convolution(0, 70, 1); }),
      make_layer({7, 5, 20}, [](auto b) { b.convolution(0, 12, 1, 2, 0, 1, true); }),
      make_layer({6, 7, 16}, [](auto b) { b.convolution(0, 24, 3, 1, -1, 4); }),
      make_layer({5, 5, 6}, [](auto b) { b.convolution(0, 9, 3, 2, -1, 3, true); }),
      make_layer({6, 6, 2}, [](auto b) { b.convolution(0, 3, 4, 3, 2); }),
      make_layer({9, 8, 6}, [](auto b) { b.convolution(0, 6, 3, 3, 1, 6); }),
      make_layer({8, 6, 16}, [](auto b) { b.convolution(0, 16, 3, 2, -1, 1, false, padding::same); }),
      make_layer({3, 4, 5}, [](auto b) { b.linear(0, 10); }),
      make_layer({1, 1, 130}, [](auto b) { b.linear(0, 67, false); }),
  };
  for (const layer& item : items) {
    layer_use use{.item = item, .batch = 3};
    compare_training_in_every_way<float>(use);
    compare_training_in_every_way<bfloat16>(use);
    compare_training_in_every_way<float16>(use);
    for (const activation act : {activation::none, activation::hard_swish}) {
      use.item.act = act, use.residual = use.in_place = act != activation::none;
      compare_inference<float>(use);
      compare_inference<bfloat16>(use);
      compare_inference<float16>(use);
    }
  }
}
