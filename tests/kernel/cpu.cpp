// The CPU backend against the readable one, over odd sizes, strides, groups, batches, and outputs that start as NaN.
#include <dnnl.h>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/distance.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

void compare_inference(cpu& backend, const layer_use& use) {
  INFO("inference: " << use.text());
  reference<float> plain;
  layer_fixture<float> found(use), expected(use);
  backend.make_inference(use.item, use.batch, found.inference()).run();
  plain.make_inference(use.item, use.batch, expected.inference()).run();
  CHECK(distance(found.dst, expected.dst) < 1e-4);
}

void compare_training(cpu& backend, const layer_use& use) {
  INFO("training: " << use.text());
  reference<float> plain;
  layer_fixture<float> found(use), expected(use);
  auto step = backend.make_training(use.item, use.batch, found.training(backend));
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  step.forward(), step.backward();
  truth.forward(), truth.backward();
  const auto check = [&](const char* what, const buffer<float>& one, const buffer<float>& other) {
    INFO(what);
    CHECK(distance(one, other) < 1e-4);
  };
  check("dst", found.dst, expected.dst);
  if (use.wants_d_src) check("d_src", found.d_src, expected.d_src);
  check("d_other", found.d_other, expected.d_other);
  check("d_weights", found.d_weights, expected.d_weights);
  check("d_bias", found.d_bias, expected.d_bias);
  check("running mean", found.running_mean, expected.running_mean);
  check("running variance", found.running_variance, expected.running_variance);
}

template <class Write>
layer with_activation_of(activation act, feature_shape input, Write&& write) {
  layer item = make_layer(input, write);
  item.act = act;
  return item;
}

struct window {
  feature_shape input;
  int out, kernel, stride, pad = -1, groups = 1;
  bool bias = false;
  padding rule = padding::symmetric;
};

const window windows[] = {
    {{9, 7, 3}, 16, 3, 1},
    {{9, 7, 3}, 16, 3, 2, -1, 1, true},
    {{8, 8, 32}, 48, 3, 1},
    {{7, 9, 32}, 32, 3, 2},
    {{7, 5, 24}, 40, 1, 1},
    {{7, 5, 20}, 12, 1, 2, 0, 1, true},
    {{11, 9, 16}, 16, 5, 2, -1, 16},
    {{7, 7, 24}, 24, 3, 1, -1, 24, true},
    {{10, 7, 13}, 13, 7, 2, -1, 13},
    {{6, 7, 32}, 64, 3, 1, -1, 4},
    {{5, 5, 6}, 9, 3, 2, -1, 3, true},
    {{13, 11, 5}, 7, 7, 2},
    {{6, 6, 2}, 3, 4, 3, 2},
    {{8, 6, 16}, 16, 3, 2, -1, 1, false, padding::same},
    {{8, 7, 16}, 16, 5, 2, -1, 16, false, padding::same},
    {{6, 8, 5}, 7, 3, 2, -1, 1, true, padding::same},
};

layer convolution(const window& w) {
  return make_layer(w.input, [&](auto b) { b.convolution(0, w.out, w.kernel, w.stride, w.pad, w.groups, w.bias, w.rule); });
}

constexpr activation every_activation[] = {activation::none,    activation::relu,         activation::relu6, activation::hard_swish,
                                           activation::sigmoid, activation::hard_sigmoid, activation::swish};

/// The layers that have no weights.
std::vector<layer> plain_layers() {
  return {make_layer({9, 7, 5}, [](auto b) { b.max_pool(0, 3, 2, 1); }),
          make_layer({8, 8, 32}, [](auto b) { b.max_pool(0, 2, 2, 0); }),
          make_layer({9, 7, 5}, [](auto b) { b.average_pool(0, 3, 2, 1); }),
          make_layer({7, 6, 32}, [](auto b) { b.average_pool(0, 2, 1, 0); }),
          make_layer({8, 6, 5}, [](auto b) { b.max_pool(0, 3, 2, 0, padding::same); }),
          make_layer({8, 6, 5}, [](auto b) { b.average_pool(0, 3, 2, 0, padding::same); }),
          make_layer({5, 7, 33}, [](auto b) { b.global_average_pool(0); }),
          make_layer({5, 4, 7}, [](auto b) { b.resize(0, 9, 11); }),
          make_layer({9, 11, 16}, [](auto b) { b.resize(0, 5, 4); }),
          make_layer({5, 4, 7}, [](auto b) { b.corner_resize(0, 9, 11); }),
          make_layer({1, 9, 70}, [](auto b) { b.corner_resize(0, 5, 1); }),
          make_layer({5, 4, 11}, [](auto b) { b.upsample(0, 8); }),
          make_layer({3, 1, 70}, [](auto b) { b.upsample(0, 2); }),
          make_layer({9, 11, 70}, [](auto b) { b.adaptive_average_pool(0, 4, 3); }),
          make_layer({7, 8, 5}, [](auto b) { b.average_pool_rounding_up(0, 3); })};
}

}  // namespace

TEST_CASE("cpu convolutions agree with the readable ones") {
  cpu backend({.threads = 2});
  layer_use use;
  for (const window& w : windows)
    for (int batch : {1, 7}) {
      use = {.item = convolution(w), .batch = batch, .seed = use.seed + 1};
      compare_training(backend, use);
      use.accumulate = true;
      compare_training(backend, use);
      use.accumulate = false, use.wants_d_src = false;
      compare_training(backend, use);
      for (activation act : every_activation) {
        use.item.act = act, use.item.bias = true;
        compare_inference(backend, use);
        for (bool in_place : {false, true}) {
          use.residual = true, use.in_place = in_place;
          compare_inference(backend, use);
        }
        use.residual = use.in_place = false;
      }
    }
}

TEST_CASE("cpu linear layers agree with the readable ones") {
  cpu backend({.threads = 2});
  for (feature_shape input : {feature_shape{1, 1, 64}, feature_shape{3, 5, 7}})
    for (bool bias : {false, true})
      for (int batch : {1, 7}) {
        layer_use use{.item = make_layer(input, [&](auto b) { b.linear(0, 10, bias); }), .batch = batch};
        for (bool accumulate : {false, true}) {
          use.accumulate = accumulate;
          compare_training(backend, use);
        }
        for (activation act : every_activation) {
          use.item.act = act;
          compare_inference(backend, use);
        }
      }
}

TEST_CASE("cpu batch norm, activation and add agree with the readable ones") {
  for (int threads : {1, 2}) {
    cpu backend({.threads = threads});
    layer_use use;
    for (feature_shape shape :
         {feature_shape{5, 7, 3}, feature_shape{9, 8, 48}, feature_shape{1, 1, 1500}, feature_shape{33, 35, 5}})
      for (activation act : every_activation)
        for (int batch : {1, 7})
          for (int variant = 0; variant < 4; ++variant) {
            use = {.item = with_activation_of(act, shape, [](auto b) { b.batch_norm(0); }), .batch = batch, .seed = use.seed + 1};
            use.item.other = variant > 0 ? 0 : no_value;
            use.residual = variant > 0, use.accumulate = variant == 2, use.in_place = variant == 3;
            if (shape.pixels() * batch > 1) compare_training(backend, use);
            compare_inference(backend, use);
            use.item.kind = layer_kind::activation, use.residual = use.in_place = false;
            compare_training(backend, use);
            compare_inference(backend, use);
            use.item.kind = layer_kind::add, use.residual = true, use.in_place = variant == 3;
            compare_training(backend, use);
            compare_inference(backend, use);
          }
  }
}

TEST_CASE("cpu scale agrees with the readable one") {
  for (int threads : {1, 2}) {
    cpu backend({.threads = threads});
    for (feature_shape shape :
         {feature_shape{5, 7, 3}, feature_shape{9, 8, 48}, feature_shape{1, 1, 130}, feature_shape{33, 35, 20}})
      for (int batch : {1, 7})
        for (int variant = 0; variant < 4; ++variant) {
          layer_use use{
              .item = make_layer(shape, [](auto b) { b.scale(0, b.global_average_pool(0)); }), .batch = batch, .residual = true};
          compare_inference(backend, use);
          use.accumulate = variant == 1, use.in_place = variant == 2, use.wants_d_src = variant != 3;
          compare_training(backend, use);
        }
  }
}

TEST_CASE("cpu pools and resize agree with the readable ones") {
  cpu backend({.threads = 2});
  for (const layer& item : plain_layers())
    for (int batch : {1, 7}) {
      layer_use use{.item = item, .batch = batch};
      compare_inference(backend, use);
      for (bool accumulate : {false, true}) {
        use.accumulate = accumulate;
        compare_training(backend, use);
      }
    }
}

TEST_CASE("cpu concat, padding and depth to space agree with the readable ones") {
  for (int threads : {1, 2}) {
    cpu backend({.threads = threads});
    for (const layer& item :
         {make_layer({5, 7, 3}, [](auto b) { b.concat(0, b.convolution(0, 5, 1)); }),
          make_layer({33, 35, 20}, [](auto b) { b.concat(0, b.convolution(0, 7, 1)); }),
          make_layer({5, 7, 3}, [](auto b) { b.pad_channels(0, 8); }), make_layer({5, 7, 3}, [](auto b) { b.pad_channels(0, 3); }),
          make_layer({33, 35, 20}, [](auto b) { b.pad_channels(0, 21); }),
          make_layer({5, 7, 12}, [](auto b) { b.depth_to_space(0, 2); }),
          make_layer({3, 4, 18}, [](auto b) { b.depth_to_space(0, 3); }),
          make_layer({33, 35, 5}, [](auto b) { b.depth_to_space(0, 1); })})
      for (int batch : {1, 3})
        for (int variant = 0; variant < 3; ++variant) {
          layer_use use{.item = item, .batch = batch, .residual = item.kind == layer_kind::concat};
          compare_inference(backend, use);
          use.accumulate = variant == 1, use.wants_d_src = variant != 2;
          compare_training(backend, use);
        }
  }
}

TEST_CASE("cpu layers agree with the readable ones for every number of threads") {
  const int teams[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 32, 64};
  std::vector<layer> items = plain_layers();
  for (const feature_shape shape : {feature_shape{5, 7, 3}, feature_shape{33, 35, 20}}) {
    items.push_back(with_activation_of(activation::relu6, shape, [](auto b) { b.batch_norm(0); }));
    items.back().other = 0;
    items.push_back(make_layer(shape, [](auto b) { b.add(0, 0); }));
    items.push_back(make_layer(shape, [](auto b) { b.scale(0, b.global_average_pool(0)); }));
    items.push_back(make_layer(shape, [](auto b) { b.concat(0, b.convolution(0, 5, 1)); }));
    items.push_back(make_layer(shape, [](auto b) { b.pad_channels(0, 23); }));
  }
  items.push_back(make_layer({33, 35, 12}, [](auto b) { b.depth_to_space(0, 2); }));
  items.push_back(make_layer({3, 5, 7}, [](auto b) { b.linear(0, 10, true); }));
  for (const window& w : windows) items.push_back(convolution(w));
  std::uint64_t seed = 1;
  for (const int threads : teams) {
    cpu backend({.threads = threads});
    for (std::size_t at = static_cast<std::size_t>(threads) % 2; at < items.size(); at += 2, ++seed) {  // the others with the next number
      const layer& item = items[at];
      INFO(threads << " threads");
      const int batch = 1 + static_cast<int>(seed % 5);
      layer_use use{.item = item, .batch = batch, .residual = item.other != no_value, .seed = seed};
      compare_training(backend, use);
      if (item.kind == layer_kind::convolution) use.residual = seed % 3 == 0, use.in_place = seed % 9 == 0;
      compare_inference(backend, use);
    }
  }
}

TEST_CASE("batch norm keeps its accuracy when the mean is large") {
  layer_use use{.item = make_layer({16, 16, 4}, [](auto b) { b.batch_norm(0); }), .batch = 8};
  cpu backend;
  reference<double> exact;
  layer_fixture<float> found(use);
  layer_fixture<double> expected(use);
  for (std::size_t i = 0; i < found.src.size(); ++i) expected.src[i] = static_cast<double>(found.src[i] += 300);
  backend.make_training(use.item, use.batch, found.training(backend)).forward();
  exact.make_training(use.item, use.batch, expected.training(exact)).forward();
  for (std::size_t c = 0; c < 4; ++c) CHECK(found.running_variance[c] == Approx(expected.running_variance[c]).epsilon(1e-5));
}

TEST_CASE("no main shape falls to a slow implementation") {
  cpu backend;
  constexpr auto wide = static_cast<unsigned>(dnnl_cpu_isa_avx2);  // without it, the library multiplies matrices
  const bool is_wide = (static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & wide) == wide;
  const auto is_fast = [&](const std::string& name) {
    INFO(name);
    CHECK(name.find("ref") == std::string::npos);
    if (is_wide) CHECK(name.find("gemm") == std::string::npos);
  };
  const window main_shapes[] = {{{32, 32, 3}, 32, 3, 1},         {{64, 64, 3}, 32, 3, 2},  {{32, 32, 32}, 64, 3, 2},
                                {{16, 16, 64}, 64, 3, 1},        {{8, 8, 128}, 256, 3, 2}, {{4, 4, 256}, 256, 3, 1},
                                {{16, 16, 64}, 128, 1, 2},       {{8, 8, 256}, 64, 1, 1},  {{16, 16, 96}, 96, 3, 1, -1, 96},
                                {{16, 16, 96}, 96, 5, 2, -1, 96}};
  for (const window& w : main_shapes) {
    layer_use use{.item = convolution(w), .batch = 8};
    INFO(use.text());
    layer_fixture<float> training(use);
    for (const std::string& name : backend.make_training(use.item, use.batch, training.training(backend)).implementations())
      is_fast(name);
    for (activation act : every_activation)
      for (int variant = 0; variant < 3; ++variant) {
        use.batch = 1, use.item.bias = true, use.item.act = act, use.residual = variant > 0, use.in_place = variant == 2;
        layer_fixture<float> inference(use);
        is_fast(backend.make_inference(use.item, use.batch, inference.inference()).implementation());
      }
  }
}

TEST_CASE("what cannot run is refused with a sentence") {
  cpu backend;
  layer broken = convolution({{8, 8, 6}, 8, 3, 1});
  broken.groups = 4;
  CHECK_THROWS_WITH(backend.make_inference(broken, 1, {}),
                    ContainsSubstring("groups divide") && ContainsSubstring("convolution 3x3"));
  CHECK_THROWS_WITH(backend.make_inference(convolution({{8, 8, 6}, 8, 3, 1}), 0, {}), ContainsSubstring("at least 1"));
  CHECK_THROWS_WITH(cpu({.threads = 0}), ContainsSubstring("at least 1"));
  CHECK_THROWS_WITH(cpu({.threads = 1'000'000}), ContainsSubstring("1000000 threads were asked for on a machine of"));
  // The builder refuses these itself; a list may come from elsewhere.
  const auto spoilt = [&](auto write, auto spoil) {
    layer item = make_layer({4, 4, 8}, write);
    spoil(item);
    return backend.supports(item);
  };
  const auto to_space = [](auto b) { b.depth_to_space(0, 2); };
  CHECK_THAT(spoilt(to_space, [](layer& item) { item.in.c = 6; }), ContainsSubstring("squared divides"));
  CHECK_THAT(spoilt(to_space, [](layer& item) { item.out.h = 0; }), ContainsSubstring("empty"));
  CHECK_THAT(spoilt([](auto b) { b.pad_channels(0, 9); }, [](layer& item) { item.out.c = 5; }), ContainsSubstring("fewer channels"));
  layer uneven = make_layer({4, 4, 8}, [](auto b) { b.depth_to_space(0, 2); });
  uneven.out.w = 9;
  CHECK_THAT(backend.supports(uneven), ContainsSubstring("its block does not give"));
  layer narrow = make_layer({4, 4, 8}, [](auto b) { b.concat(0, 0); });
  narrow.out.c = 8;
  CHECK_THAT(backend.supports(narrow), ContainsSubstring("more channels"));
  narrow.out = {4, 5, 16};
  CHECK_THAT(backend.supports(narrow), ContainsSubstring("height and width"));
}
