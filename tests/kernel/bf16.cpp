// The CPU backend with bfloat16 activations against the readable one in float, which is given the same rounded values; and the
// conversions of every instruction set against core/bfloat16.hpp.
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../support/bf16.hpp"
#include "../support/catch.hpp"
#include "../support/distance.hpp"
#include "../support/layer_fixture.hpp"

// The body of this test is compiled here, wherever those of the kernels are.
#undef HASSE_KERNEL_BODIES
#define HASSE_KERNEL_BODIES 1
#define HASSE_SIMD_BODY "../../../../../tests/kernel/bf16.inl"
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace {

using namespace hasse;

void widen_with(simd_level level, const bfloat16* from, int count, float* to) { HASSE_SIMD_CALL(level, widen_all(from, count, to)) }

void narrow_with(simd_level level, const float* from, int count, bfloat16* to) {
  HASSE_SIMD_CALL(level, narrow_all(from, count, to))
}

void compare_inference(cpu_bf16& backend, const layer_use& use) {
  INFO("inference: " << use.text());
  reference<float> plain;
  layer_fixture<bfloat16> found(use);
  layer_fixture<float> expected = rounded<bfloat16>(use);
  backend.make_inference(use.item, use.batch, found.inference()).run();
  plain.make_inference(use.item, use.batch, expected.inference()).run();
  CHECK(distance(found.dst, expected.dst) < 2e-2);
}

void compare_training(cpu_bf16& backend, const layer_use& use) {
  INFO("training: " << use.text());
  reference<float> plain;
  layer_fixture<bfloat16> found(use);
  layer_fixture<float> expected = rounded<bfloat16>(use);
  auto step = backend.make_training(use.item, use.batch, found.training(backend));
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  step.forward(), step.backward();
  truth.forward(), truth.backward();
  const auto check = [&](const char* what, const auto& one, const buffer<float>& other) {
    INFO(what);
    CHECK(distance(one, other) < 2e-2);
  };
  check("dst", found.dst, expected.dst);
  if (use.wants_d_src) check("d_src", found.d_src, expected.d_src);
  check("d_other", found.d_other, expected.d_other);
  check("d_weights", found.d_weights, expected.d_weights);
  check("d_bias", found.d_bias, expected.d_bias);
  check("running mean", found.running_mean, expected.running_mean);
  check("running variance", found.running_variance, expected.running_variance);
}

struct window {
  feature_shape input;
  int out, kernel, stride, pad = -1, groups = 1;
  bool bias = false;
  padding rule = padding::symmetric;
};

layer convolution(const window& w) {
  return make_layer(w.input, [&](auto b) { b.convolution(0, w.out, w.kernel, w.stride, w.pad, w.groups, w.bias, w.rule); });
}

constexpr activation every_activation[] = {activation::none,    activation::relu,         activation::relu6, activation::hard_swish,
                                           activation::sigmoid, activation::hard_sigmoid, activation::swish};

}  // namespace

TEST_CASE("bfloat16 is converted alike on every instruction set") {
  std::vector<bfloat16> all(0x10000);
  std::vector<float> values;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    all[bits].bits = static_cast<std::uint16_t>(bits);
    for (const std::uint32_t below : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
      values.push_back(std::bit_cast<float>(bits << 16 | below));
  }
  for (const simd_level level : simd_levels) {
    if (!has_simd_level(level) || level > best_simd_level()) continue;
    INFO(name_of(level));
    for (const int left_out : {0, 1, 7, 15}) {
      buffer<float> wide(all.size() - static_cast<std::size_t>(left_out));
      widen_with(level, all.data(), static_cast<int>(wide.size()), wide.data());
      int wrong = 0;
      for (std::size_t i = 0; i < wide.size(); ++i)
        wrong += std::bit_cast<std::uint32_t>(wide[i]) != std::uint32_t{all[i].bits} << 16;
      CHECK(wrong == 0);

      buffer<bfloat16> narrow(values.size() - static_cast<std::size_t>(left_out));
      narrow_with(level, values.data(), static_cast<int>(narrow.size()), narrow.data());
      wrong = 0;
      for (std::size_t i = 0; i < narrow.size(); ++i) wrong += narrow[i].bits != bfloat16(values[i]).bits;
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("bf16 convolutions agree with the readable ones") {
  if (testing::bf16_is_refused()) return;
  cpu_bf16 backend({.threads = 2});
  layer_use use;
  for (const window& w : {window{{9, 7, 3}, 16, 3, 1},
                          {{9, 7, 3}, 16, 3, 2, -1, 1, true},
                          {{8, 8, 32}, 48, 3, 1},
                          {{7, 5, 24}, 40, 1, 1},
                          {{7, 5, 20}, 12, 1, 2, 0, 1, true},
                          {{7, 7, 24}, 24, 3, 1, -1, 24, true},
                          {{10, 7, 13}, 13, 7, 2, -1, 13},
                          {{6, 7, 32}, 64, 3, 1, -1, 4},
                          {{13, 11, 5}, 7, 7, 2},
                          {{8, 7, 16}, 16, 5, 2, -1, 16, false, padding::same}}) {
    use = {.item = convolution(w), .batch = 3, .seed = use.seed + 1};
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

TEST_CASE("bf16 linear layers agree with the readable ones") {
  if (testing::bf16_is_refused()) return;
  cpu_bf16 backend({.threads = 2});
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

TEST_CASE("bf16 batch norm, activation and add agree with the readable ones on every instruction set") {
  if (testing::bf16_is_refused()) return;
  for (const simd_level level : simd_levels) {
    if (!has_simd_level(level) || level > best_simd_level()) continue;
    INFO(name_of(level));
    cpu_bf16 backend({.threads = 2, .simd = level});
    layer_use use;
    use.seed = 100;  // few sums of these round to a limit, where the gradient jumps
    for (feature_shape shape :
         {feature_shape{5, 7, 3}, feature_shape{9, 8, 48}, feature_shape{1, 1, 1500}, feature_shape{13, 15, 5}})
      for (activation act : every_activation)
        for (int variant = 0; variant < 4; ++variant) {
          use = {.item = make_layer(shape, [](auto b) { b.batch_norm(0); }), .batch = variant % 2 ? 7 : 2, .seed = use.seed + 1};
          use.item.act = act, use.item.other = variant > 0 ? 0 : no_value;
          use.residual = variant > 0, use.accumulate = variant == 2, use.in_place = variant == 3;
          compare_training(backend, use);
          compare_inference(backend, use);
          if (level != best_simd_level()) continue;
          use.item.kind = layer_kind::activation, use.residual = use.in_place = false;
          compare_training(backend, use);
          compare_inference(backend, use);
          use.item.kind = layer_kind::add, use.residual = true, use.in_place = variant == 3;
          compare_training(backend, use);
          compare_inference(backend, use);
        }
  }
}

TEST_CASE("a bf16 batch norm beyond the cache takes other paths to the same result") {
  if (testing::bf16_is_refused()) return;
  cpu_bf16 backend({.threads = 2});
  compare_training(backend, {.item = make_layer({63, 65, 48}, [](auto b) { b.batch_norm(0); }), .batch = 11});
}

TEST_CASE("bf16 scale, pools and resize agree with the readable ones") {
  if (testing::bf16_is_refused()) return;
  for (int threads : {1, 2}) {
    cpu_bf16 backend({.threads = threads});
    for (feature_shape shape : {feature_shape{5, 7, 3}, feature_shape{9, 8, 48}, feature_shape{33, 35, 70}})
      for (int variant = 0; variant < 4; ++variant) {
        layer_use use{
            .item = make_layer(shape, [](auto b) { b.scale(0, b.global_average_pool(0)); }), .batch = 3, .residual = true};
        compare_inference(backend, use);
        use.accumulate = variant == 1, use.in_place = variant == 2, use.wants_d_src = variant != 3;
        compare_training(backend, use);
      }
    for (const layer& item :
         {make_layer({9, 7, 5}, [](auto b) { b.max_pool(0, 3, 2, 1); }),
          make_layer({8, 8, 132}, [](auto b) { b.max_pool(0, 2, 2, 0); }),
          make_layer({9, 7, 5}, [](auto b) { b.average_pool(0, 3, 2, 1); }),
          make_layer({7, 6, 132}, [](auto b) { b.average_pool(0, 2, 1, 0); }),
          make_layer({8, 6, 5}, [](auto b) { b.max_pool(0, 3, 2, 0, padding::same); }),
          make_layer({5, 7, 133}, [](auto b) { b.global_average_pool(0); }),
          make_layer({5, 4, 70}, [](auto b) { b.resize(0, 9, 11); }), make_layer({9, 11, 16}, [](auto b) { b.resize(0, 5, 4); }),
          make_layer({5, 4, 7}, [](auto b) { b.corner_resize(0, 9, 11); }), make_layer({5, 4, 7}, [](auto b) { b.upsample(0, 2); }),
          make_layer({9, 11, 7}, [](auto b) { b.adaptive_average_pool(0, 4, 3); })})
      for (int batch : {1, 5}) {
        layer_use use{.item = item, .batch = batch};
        compare_inference(backend, use);
        for (bool accumulate : {false, true}) {
          use.accumulate = accumulate;
          compare_training(backend, use);
        }
      }
  }
}

TEST_CASE("bf16 concat, padding and depth to space agree with the readable ones") {
  if (testing::bf16_is_refused()) return;
  cpu_bf16 backend({.threads = 2});
  for (const layer& item : {make_layer({5, 7, 3}, [](auto b) { b.concat(0, b.convolution(0, 5, 1)); }),
                            make_layer({33, 35, 20}, [](auto b) { b.concat(0, b.convolution(0, 7, 1)); }),
                            make_layer({5, 7, 3}, [](auto b) { b.pad_channels(0, 8); }),
                            make_layer({5, 7, 12}, [](auto b) { b.depth_to_space(0, 2); })})
    for (int batch : {1, 3})
      for (bool accumulate : {false, true}) {
        layer_use use{.item = item, .batch = batch, .residual = item.kind == layer_kind::concat, .accumulate = accumulate};
        compare_inference(backend, use);
        compare_training(backend, use);
      }
}

TEST_CASE("no main shape falls to a slow implementation of bf16") {
  if (testing::bf16_is_refused()) return;
  cpu_bf16 backend;
  const auto is_fast = [](const std::string& name) {
    INFO(name);
    CHECK(name.find("ref") == std::string::npos);
    CHECK(name.find("gemm:jit") == std::string::npos);
  };
  for (const window& w : {window{{32, 32, 3}, 32, 3, 1},
                          {{64, 64, 3}, 64, 7, 2},
                          {{16, 16, 64}, 64, 3, 1},
                          {{8, 8, 128}, 256, 3, 2},
                          {{16, 16, 64}, 128, 1, 2},
                          {{8, 8, 256}, 64, 1, 1},
                          {{16, 16, 96}, 96, 3, 1, -1, 96},
                          {{16, 16, 96}, 96, 5, 2, -1, 96}}) {
    layer_use use{.item = convolution(w), .batch = 8};
    INFO(use.text());
    layer_fixture<bfloat16> training(use);
    for (const std::string& name : backend.make_training(use.item, use.batch, training.training(backend)).implementations())
      is_fast(name);
    for (activation act : every_activation)
      for (int variant = 0; variant < 3; ++variant) {
        use.batch = 1, use.item.bias = true, use.item.act = act, use.residual = variant > 0, use.in_place = variant == 2;
        layer_fixture<bfloat16> inference(use);
        is_fast(backend.make_inference(use.item, use.batch, inference.inference()).implementation());
      }
  }
}

TEST_CASE("bf16 is refused where the processor cannot multiply it") {
  const char* narrowed = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (narrowed && std::string_view(narrowed) == "AVX2") {
    CHECK_THROWS_WITH(cpu_bf16(), ContainsSubstring("cpu bf16: this processor lacks") && ContainsSubstring("use cpu"));
    return;
  }
  // oneDNN reads it once, before its first call.
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  CHECK(std::system(("ONEDNN_MAX_CPU_ISA=AVX2 '" + self + "' 'bf16 is refused*' > /dev/null").c_str()) == 0);
}
