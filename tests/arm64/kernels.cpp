// What differs on a 64-bit Arm, in one program: the kernels of our own for NEON and the backend without oneDNN against the readable
// backend, a network, and a table that is written and read again. Run by an emulator, where times mean nothing: tests/arm64.cmake.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <hasse/kernel/cpu/candidates.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/on_cpu.hpp>

#include "../support/distance.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

int checks = 0, failures = 0;

void check(const std::string& what, bool holds) {
  ++checks;
  if (holds) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

void check_alike(const std::string& what, const buffer<float>& found, const buffer<float>& expected) {
  const double apart = distance(found, expected);
  check(what + ": " + std::to_string(apart) + " apart", apart < 1e-4);
}

/// Every code that there is for a product.
void check_inference(const layer_use& use, int threads) {
  layer_fixture<float> expected(use);
  reference<float>().make_inference(use.item, use.batch, expected.inference()).run();
  detail::cpu_context context{.scratch = {}, .threads = threads, .level = best_simd_level()};
  for (const detail::kernel_candidate& each : detail::product_candidates(context, use.item, use.batch)) {
    layer_fixture<float> found(use);
    const inference_operands<float> operands = found.inference();
    each.bind({&operands, 1}).run(context);
    check_alike(use.text() + ", " + each.name + ", " + std::to_string(threads) + " threads", found.dst, expected.dst);
  }
}

void check_training(const layer_use& use) {
  cpu backend({.threads = 2});
  reference<float> plain;
  layer_fixture<float> found(use), expected(use);
  auto step = backend.make_training(use.item, use.batch, found.training(backend));
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  step.forward(), step.backward();
  truth.forward(), truth.backward();
  const std::string what = use.text() + ", training, ";
  check_alike(what + "dst", found.dst, expected.dst);
  check_alike(what + "d_src", found.d_src, expected.d_src);
  check_alike(what + "d_weights", found.d_weights, expected.d_weights);
  check_alike(what + "d_bias", found.d_bias, expected.d_bias);
}

struct window {
  feature_shape in;
  int out, kernel, stride, groups;
  activation act;
};

layer layer_of(const window& use) {
  layer item = make_layer(use.in, [&](auto& builder) { builder.convolution(0, use.out, use.kernel, use.stride, -1, use.groups, true); });
  item.act = use.act;
  return item;
}

/// An inverted bottleneck with a residual, another that shrinks, and what stands around them.
layer_list small_network() {
  layer_list list{.input = {20, 20, 3}, .items = {}};
  layer_builder<layer_list> build{list};
  const value_id stem = build.conv_bn(0, 12, 3, 2, activation::relu6, {});
  value_id at = build.conv_bn(stem, 40, 1, 1, activation::relu6, {});
  at = build.conv_bn(at, 40, 3, 1, activation::relu6, {}, 40);
  at = build.add(build.conv_bn(at, 12, 1, 1, activation::none, {}), stem);
  at = build.conv_bn(at, 24, 3, 1, activation::relu, {});
  build.linear(build.global_average_pool(at), 10);
  return list;
}

template <class Engine>
buffer<float> answer_of(Engine& backend, const layer_list& layers) {
  parameters<float> weights(layers);
  random_source random(1);
  initialise(weights, layers, random);
  inference_network network(backend, layers, 1, weights);
  network.write_input(random_values<float>(static_cast<std::size_t>(layers.input.size()), 2));
  network.run();
  buffer<float> answer(10);
  network.read_output(answer);
  return answer;
}

}  // namespace

int main(int, char** arguments) {
  const std::string level(name_of(best_simd_level()));
  check("the level is " + level, level == "neon");
  for (const window& use : {window{{5, 9, 19}, 37, 1, 1, 1, activation::relu}, window{{1, 1, 30}, 100, 1, 1, 1, activation::hard_swish},
                            window{{9, 7, 8}, 12, 1, 2, 1, activation::none}, window{{13, 11, 5}, 18, 3, 1, 1, activation::relu6},
                            window{{13, 11, 3}, 10, 3, 2, 1, activation::swish}, window{{9, 9, 6}, 7, 5, 1, 1, activation::relu},
                            window{{15, 15, 3}, 16, 7, 2, 1, activation::relu}, window{{8, 8, 12}, 8, 3, 1, 4, activation::none},
                            window{{11, 14, 13}, 13, 3, 1, 13, activation::relu6}, window{{11, 9, 16}, 16, 5, 2, 16, activation::sigmoid},
                            window{{9, 9, 6}, 6, 7, 1, 6, activation::hard_swish}})
    for (const bool residual : {false, true})
      for (const int threads : {1, 2}) check_inference({.item = layer_of(use), .batch = threads, .residual = residual}, threads);
  for (const window& use : {window{{6, 7, 12}, 20, 1, 1, 1, activation::none}, window{{9, 8, 9}, 14, 3, 1, 1, activation::none},
                            window{{9, 8, 12}, 12, 3, 2, 12, activation::none}, window{{7, 7, 6}, 9, 5, 2, 3, activation::none}})
    check_training({.item = layer_of(use), .batch = 2});
  layer norm = make_layer({6, 5, 13}, [](auto& builder) { builder.batch_norm(0, {}); });
  norm.act = activation::relu;
  check_training({.item = norm, .batch = 3});

  const layer_list layers = small_network();
  cpu backend({.threads = 2});
  reference<float> plain;
  check("it says that it has no oneDNN: " + backend.identity(), backend.identity().find("no oneDNN, own kernels for neon") != std::string::npos);
  check_alike("a network", answer_of(backend, layers), answer_of(plain, layers));
  try {
    cpu_bf16 refused;
    check("bfloat16 is refused", false);
  } catch (const error& why) {
    check(why.what(), std::string(why.what()).find("without oneDNN") != std::string::npos);
  }

  const std::filesystem::path path = arguments[1];
  std::filesystem::remove(path);
  const ticks told = layer_table::load_or_begin(path, on_cpu{}, {.rounds = 2, .warm_up = 1, .samples = 3}).latency_of(layers);
  layer_table again = layer_table::load(path);
  check("a table tells again what it told", told.count > 0 && again.latency_of(layers) == told);
  check("a table says what it was measured with: " + again.record().device.compiler, again.record().device.compiler.find("neon") != std::string::npos);
  std::printf("%d checks, %d failed; %s\n", checks, failures, backend.identity().c_str());
  return failures == 0 ? 0 : 1;
}
