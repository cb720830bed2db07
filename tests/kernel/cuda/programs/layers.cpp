// Batch norms, activations and layers without parameters on the GPU.
#include "compare.hpp"

namespace {

template <class Scalar>
void compare_batch_norms() {
  for (const activation act : every_activation)
    for (const bool residual : {false, true})
      for (const feature_shape shape : {feature_shape{5, 7, 16}, {3, 3, 13}, {1, 1, 40}, {17, 23, 3}}) {
        layer item = make_layer(shape, [](auto b) { b.batch_norm(0); });
        item.act = act, item.other = residual ? 0 : no_value;
        layer_use use{.item = item, .batch = 3, .residual = residual};
        compare_training_in_every_way<Scalar>(use);
        use.in_place = true;
        compare_training<Scalar>(use);
        compare_inference<Scalar>({.item = item, .batch = 2, .residual = residual, .in_place = residual});
      }
}

}  // namespace

TEST_CASE("batch norms of the GPU agree with the readable ones") {
  compare_batch_norms<float>();
  compare_batch_norms<bfloat16>();
  compare_batch_norms<float16>();
}

TEST_CASE("activations and sums of the GPU agree with the readable ones") {
  for (const activation act : every_activation)
    for (const feature_shape shape : {feature_shape{5, 7, 3}, {4, 4, 8}, {9, 31, 40}}) {
      layer one = make_layer(shape, [](auto b) { b.activate(0, activation::relu); });
      layer two = make_layer(shape, [](auto b) { b.add(0, 0); });
      one.act = two.act = act;
      for (const layer& item : {one, two}) {
        compare_both<float>(item, 2, true);
        compare_both<bfloat16>(item, 2, true);
        compare_both<float16>(item, 2, true);
      }
    }
}

TEST_CASE("layers without parameters on the GPU agree with the readable ones") {
  const layer items[] = {
      make_layer({9, 7, 5}, [](auto b) { b.max_pool(0, 3, 2, 1); }),
      make_layer({8, 8, 32}, [](auto b) { b.max_pool(0, 2, 2, 0); }),
      make_layer({9, 7, 5}, [](auto b) { b.average_pool(0, 3, 2, 1); }),
      make_layer({7, 6, 32}, [](auto b) { b.average_pool(0, 2, 1, 0); }),
      make_layer({9, 9, 8}, [](auto b) { b.average_pool(0, 2, 3, 0); }),
      make_layer({8, 6, 5}, [](auto b) { b.max_pool(0, 3, 2, 0, padding::same); }),
      make_layer({8, 6, 5}, [](auto b) { b.average_pool(0, 3, 2, 0, padding::same); }),
      make_layer({5, 7, 33}, [](auto b) { b.global_average_pool(0); }),
      make_layer({13, 11, 48}, [](auto b) { b.global_average_pool(0); }),
      make_layer({5, 4, 7}, [](auto b) { b.resize(0, 9, 11); }),
      make_layer({9, 11, 16}, [](auto b) { b.resize(0, 5, 4); }),
      make_layer({1, 1, 8}, [](auto b) { b.resize(0, 3, 5); }),
      make_layer({5, 4, 7}, [](auto b) { b.corner_resize(0, 9, 11); }),
      make_layer({9, 11, 16}, [](auto b) { b.corner_resize(0, 5, 4); }),
      make_layer({1, 4, 8}, [](auto b) { b.corner_resize(0, 3, 1); }),
      make_layer({5, 4, 7}, [](auto b) { b.upsample(0, 2); }),
      make_layer({1, 3, 16}, [](auto b) { b.upsample(0, 8); }),
      make_layer({9, 11, 7}, [](auto b) { b.adaptive_average_pool(0, 4, 3); }),
      make_layer({3, 8, 16}, [](auto b) { b.adaptive_average_pool(0, 5, 4); }),
      make_layer({7, 8, 5}, [](auto b) { b.average_pool_rounding_up(0, 3); }),
      make_layer({5, 4, 7}, [](auto b) { b.concat(0, 0); }),
      make_layer({5, 4, 8}, [](auto b) { b.concat(0, 0); }),
      make_layer({3, 4, 7}, [](auto b) { b.pad_channels(0, 16); }),
      make_layer({3, 4, 8}, [](auto b) { b.pad_channels(0, 16); }),
      make_layer({3, 5, 12}, [](auto b) { b.depth_to_space(0, 2); }),
      make_layer({3, 5, 32}, [](auto b) { b.depth_to_space(0, 2); }),
  };
  for (const layer& item : items) {
    compare_both<float>(item, 3);
    compare_both<bfloat16>(item, 3);
    compare_both<float16>(item, 3);
  }
  for (const feature_shape shape : {feature_shape{5, 7, 9}, {6, 6, 24}}) {
    layer item{.kind = layer_kind::scale, .other = 0, .in = shape, .out = shape};
    compare_both<float>(item, 3, true);
    compare_both<bfloat16>(item, 3, true);
    compare_both<float16>(item, 3, true);
  }
  layer activated = make_layer({4, 5, 6}, [](auto b) { b.average_pool(0, 2, 1, 0); });
  activated.act = activation::hard_swish;
  compare_inference<float>({.item = activated, .batch = 2});
}
