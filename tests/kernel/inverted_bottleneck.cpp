// The fused inverted bottleneck against its layers one by one in double: odd sides, every window, squeeze-excite, asymmetric
// padding, every instruction set, one to 64 threads.
#include <hasse/kernel/cpu/inverted_bottleneck.hpp>
#include <hasse/kernel/reference.hpp>

#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

struct bottleneck {
  feature_shape in;
  int expanded, out;  ///< expanded 0: no expansion
  int kernel = 3, stride = 1;
  activation act = activation::relu6;
  padding rule = padding::symmetric;
  int squeezed = 0;
  activation gate = activation::hard_sigmoid;
  activation last = activation::none;
  bool residual = false, in_place = false;
  int batch = 1;
};

std::vector<layer> layers_of(const bottleneck& use) {
  layer_list list{.input = use.in, .items = {}};
  layer_builder<layer_list> builder{list};
  const auto acted = [&](value_id value, activation act) {
    list.items.back().act = act;
    return value;
  };
  value_id at = 0;
  if (use.expanded) at = acted(builder.convolution(at, use.expanded, 1, 1, 0, 1, true), use.act);
  const int channels = list.shape_of(at).c;
  at = acted(builder.convolution(at, channels, use.kernel, use.stride, -1, channels, true, use.rule), use.act);
  if (use.squeezed) {
    value_id gate = builder.global_average_pool(at);
    gate = acted(builder.convolution(gate, use.squeezed, 1, 1, 0, 1, true), activation::relu);
    gate = acted(builder.convolution(gate, channels, 1, 1, 0, 1, true), use.gate);
    at = builder.scale(at, gate);
  }
  acted(builder.convolution(at, use.out, 1, 1, 0, 1, true), use.last);
  return {list.items.begin(), list.items.end()};
}

std::string text_of(const bottleneck& use) {
  std::string text;
  for (const layer& item : layers_of(use)) text += detail::describe(item) + "; ";
  return text + "batch " + std::to_string(use.batch) + (use.residual ? ", residual" : "") + (use.in_place ? ", in place" : "");
}

template <class To, class From>
buffer<To> copied(const buffer<From>& values) {
  buffer<To> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result[i] = static_cast<To>(values[i]);
  return result;
}

/// Operands of all layers, and what the layers give one by one in double.
struct bottleneck_fixture {
  std::vector<layer> run;
  buffer<float> src, other;
  std::vector<buffer<float>> weights, biases;
  buffer<double> expected;

  explicit bottleneck_fixture(const bottleneck& use) : run(layers_of(use)) {
    const auto batch = static_cast<std::size_t>(use.batch);
    src = random_values<float>(batch * static_cast<std::size_t>(use.in.size()), 1);
    if (use.residual) other = random_values<float>(batch * static_cast<std::size_t>(run.back().out.size()), 2);
    reference<double> plain;
    buffer<double> value = copied<double>(src), kept, extra = copied<double>(other);
    for (std::size_t i = 0; i < run.size(); ++i) {
      const layer& item = run[i];
      const auto inputs = static_cast<double>(item.kernel * item.kernel * item.in.c / item.groups);
      weights.push_back(random_values<float>(weight_count(item), derive(3, i), 1 / std::sqrt(inputs)));
      biases.push_back(item.bias ? random_values<float>(static_cast<std::size_t>(item.out.c), derive(4, i)) : buffer<float>());
      const buffer<double> weight = copied<double>(weights.back()), bias = copied<double>(biases.back());
      buffer<double> result(batch * static_cast<std::size_t>(item.out.size()));
      inference_operands<double> at{.src = value.data(), .dst = result.data(), .weights = weight.data()};
      if (item.bias) at.bias = bias.data();
      if (item.kind == layer_kind::global_average_pool) kept = value;
      if (item.kind == layer_kind::scale) at.src = kept.data(), at.other = value.data();
      if (i + 1 == run.size() && use.residual) at.other = extra.data();
      plain.make_inference(item, use.batch, at).run();
      value = std::move(result);
    }
    expected = std::move(value);
  }
};

double worst_error(const bottleneck& use, const bottleneck_fixture& fixture, int threads, simd_level level) {
  const detail::inverted_bottleneck kernel(fixture.run, use.batch, threads, level);
  std::vector<inference_operands<float>> operands(fixture.run.size());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    operands[i].weights = fixture.weights[i].data();
    if (!fixture.biases[i].empty()) operands[i].bias = fixture.biases[i].data();
  }
  buffer<float> packed = poison<float>(kernel.packed_floats()), scratch = poison<float>(kernel.scratch_bytes() / sizeof(float));
  kernel.pack(operands, packed.data());
  double worst = 0;
  for (int round = 0; round < 2; ++round) {  // the second finds what the first left in the scratch memory
    buffer<float> dst = use.in_place ? fixture.other : poison<float>(fixture.expected.size());
    const float* const other = use.in_place ? dst.data() : use.residual ? fixture.other.data() : nullptr;
    kernel.run(fixture.src.data(), other, dst.data(), packed.data(), reinterpret_cast<std::byte*>(scratch.data()));
    for (std::size_t i = 0; i < dst.size(); ++i) {
      const double error = std::abs(static_cast<double>(dst[i]) - fixture.expected[i]) / (4 + std::abs(fixture.expected[i]));
      if (!(error <= worst)) worst = std::isfinite(error) ? error : 1e300;
    }
  }
  return worst;
}

void check(const bottleneck& use, std::initializer_list<int> teams = {1, 2, 3}) {
  const bottleneck_fixture fixture(use);
  for (const simd_level level : simd_levels) {
    if (!has_simd_level(level) || level > best_simd_level()) continue;
    for (const int threads : teams) {
      INFO(text_of(use) << ", " << name_of(level) << ", " << threads << " threads");
      CHECK(worst_error(use, fixture, threads, level) < 1e-5);
    }
  }
}

}  // namespace

TEST_CASE("a fused bottleneck computes what its layers do, for every window", "[inverted_bottleneck]") {
  for (const int kernel : {3, 5, 7})
    for (const int stride : {1, 2})
      for (const padding rule : {padding::symmetric, padding::same}) {
        check({.in = {11, 9, 6}, .expanded = 37, .out = 10, .kernel = kernel, .stride = stride, .rule = rule});
        check({.in = {8, 16, 24}, .expanded = 0, .out = 24, .kernel = kernel, .stride = stride, .rule = rule});
        check({.in = {20, 14, 8}, .expanded = 48, .out = 16, .kernel = kernel, .stride = stride, .rule = rule, .squeezed = 5});
      }
}

TEST_CASE("a fused bottleneck computes what its layers do, for every side", "[inverted_bottleneck]") {
  for (int side = 1; side <= 17; ++side) {
    check({.in = {side, 18 - side, 5}, .expanded = 20, .out = 9});
    check({.in = {18 - side, side, 5}, .expanded = 0, .out = 9, .kernel = 5, .stride = 2, .batch = 2});
  }
}

TEST_CASE("a fused bottleneck goes through tall and wide images in strips", "[inverted_bottleneck]") {
  for (const int kernel : {3, 5})
    for (const int stride : {1, 2}) {
      check({.in = {203, 10, 4}, .expanded = 16, .out = 8, .kernel = kernel, .stride = stride});
      check({.in = {21, 230, 4}, .expanded = 70, .out = 8, .kernel = kernel, .stride = stride, .squeezed = 3});
      check({.in = {130, 9, 20}, .expanded = 0, .out = 8, .kernel = kernel, .stride = stride});
    }
}

TEST_CASE("a fused bottleneck computes what its layers do, for every activation", "[inverted_bottleneck]") {
  for (const activation act : {activation::none, activation::relu, activation::relu6, activation::hard_swish, activation::swish})
    for (const int squeezed : {0, 8}) {
      const activation gate = act == activation::swish ? activation::sigmoid : activation::hard_sigmoid;
      check({.in = {7, 7, 16}, .expanded = 72, .out = 24, .act = act, .squeezed = squeezed, .gate = gate, .last = act, .batch = 3});
    }
}

TEST_CASE("a fused bottleneck adds a residual, in place too", "[inverted_bottleneck]") {
  for (const int squeezed : {0, 10})
    for (const int batch : {1, 2})
      for (const bool in_place : {false, true}) {
        check({.in = {14, 14, 24},
               .expanded = 144,
               .out = 24,
               .squeezed = squeezed,
               .residual = true,
               .in_place = in_place,
               .batch = batch});
        check({.in = {30, 30, 8},
               .expanded = 24,
               .out = 8,
               .squeezed = squeezed,
               .residual = true,
               .in_place = in_place,
               .batch = batch});
      }
}

TEST_CASE("a fused bottleneck takes many channels", "[inverted_bottleneck]") {
  check({.in = {7, 7, 160}, .expanded = 960, .out = 160, .residual = true});
  check({.in = {4, 4, 40}, .expanded = 240, .out = 320, .squeezed = 10});
}

TEST_CASE("a fused bottleneck computes the same with more threads than it has channels or rows to share", "[inverted_bottleneck]") {
  const auto sweep = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 32, 64};
  check({.in = {14, 14, 96}, .expanded = 576, .out = 96, .residual = true}, {4, 8, 13, 16, 64});  // of MobileNetV2
  for (const bool in_place : {false, true})
    for (const int batch : {1, 2, 3, 5}) {
      check({.in = {7, 5, 9},
             .expanded = 70,
             .out = 9,
             .last = activation::relu,
             .residual = true,
             .in_place = in_place,
             .batch = batch},
            sweep);
      check({.in = {13, 3, 24}, .expanded = 0, .out = 24, .residual = true, .in_place = in_place, .batch = batch}, sweep);
      check({.in = {5, 6, 10}, .expanded = 33, .out = 10, .squeezed = 3, .residual = true, .in_place = in_place, .batch = batch},
            sweep);
      check({.in = {17, 2, 6}, .expanded = 18, .out = 6, .residual = true, .in_place = in_place, .batch = batch}, sweep);
    }
}

TEST_CASE("the fused bottleneck refuses other layers in a sentence", "[inverted_bottleneck]") {
  std::vector<layer> run = layers_of({.in = {8, 8, 8}, .expanded = 16, .out = 8});
  CHECK(detail::inverted_bottleneck::refuses(run).empty());
  run[1].kernel = 9;
  CHECK_THROWS_WITH(detail::inverted_bottleneck(run, 1, 1, best_simd_level()), ContainsSubstring("kernel is not 3, 5 or 7"));
  run.pop_back();
  CHECK_FALSE(detail::inverted_bottleneck::refuses(run).empty());
}
