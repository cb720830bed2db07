// Layers of every kind on the GPU against the readable backend: fresh random operands, outputs that start as NaN. On a machine
// without a GPU only the refusal is looked at; the same kernels run on the processor in programs/.
#include <hasse/kernel/cuda.hpp>
#include <hasse/kernel/reference.hpp>

#include <vector>

#include "catch.hpp"
#include "distance.hpp"
#include "layer_fixture.hpp"
#include "mirror.hpp"

namespace {

using namespace hasse;

template <class Scalar>
constexpr double tolerance = sizeof(Scalar) == 4 ? 1e-4 : (std::is_same_v<Scalar, float16> ? 5e-3 : 3e-2);

template <class Scalar>
constexpr const char* cuda_name = basic_cuda<Scalar, cuda_backend_stream>::name;

template <class Scalar>
void compare_inference(const layer_use& use) {
  INFO("inference on " << cuda_name<Scalar> << ": " << use.text());
  basic_cuda<Scalar, cuda_backend_stream> backend;
  layer_fixture<Scalar> found(use);
  found.inference();
  mirror gpu;
  inference_operands<Scalar> at{.src = gpu.moved(found.src), .dst = gpu.moved(found.dst)};
  at.other = use.in_place ? at.dst : gpu.moved(found.other);
  at.weights = gpu.moved(found.weights), at.bias = gpu.moved(found.bias);
  auto step = backend.make_inference(use.item, use.batch, at);
  step.run();
  backend.stream().wait();
  gpu.fetch();
  layer_fixture<float> expected = rounded<Scalar>(use);
  reference<float>().make_inference(use.item, use.batch, expected.inference()).run();
  CHECK(distance(found.dst, expected.dst) < tolerance<Scalar>);
}

template <class Scalar>
void compare(const layer_use& use) {
  INFO("training on " << cuda_name<Scalar> << ": " << use.text());
  basic_cuda<Scalar, cuda_backend_stream> backend;
  layer_fixture<Scalar> found(use);
  found.training(backend);
  mirror gpu;
  training_operands<Scalar> at{.src = gpu.moved(found.src), .other = gpu.moved(found.other), .dst = gpu.moved(found.dst)};
  at.weights = gpu.moved(found.weights), at.bias = gpu.moved(found.bias);
  at.running_mean = gpu.moved(found.running_mean), at.running_variance = gpu.moved(found.running_variance);
  at.d_dst = gpu.moved(found.d_dst), at.d_src = gpu.moved(found.d_src), at.d_other = gpu.moved(found.d_other);
  at.d_weights = gpu.moved(found.d_weights), at.d_bias = gpu.moved(found.d_bias), at.saved = gpu.moved(found.saved);
  at.accumulate_d_src = at.accumulate_d_other = use.accumulate;
  auto step = backend.make_training(use.item, use.batch, at);
  step.forward(), step.backward();
  backend.stream().wait();
  gpu.fetch();

  layer_fixture<float> expected = rounded<Scalar>(use);
  reference<float> plain;
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  truth.forward(), truth.backward();
  CHECK(distance(found.dst, expected.dst) < tolerance<Scalar>);
  CHECK(distance(found.d_src, expected.d_src) < tolerance<Scalar>);
  CHECK(distance(found.d_other, expected.d_other) < tolerance<Scalar>);
  CHECK(distance(found.d_weights, expected.d_weights) < tolerance<Scalar>);
  CHECK(distance(found.d_bias, expected.d_bias) < tolerance<Scalar>);
  CHECK(distance(found.running_mean, expected.running_mean) < tolerance<Scalar>);
  CHECK(distance(found.running_variance, expected.running_variance) < tolerance<Scalar>);
}

std::vector<layer> every_kind() {
  std::vector<layer> all;
  for (const int channels : {24, 13}) {
    const feature_shape shape{17, 15, channels};
    for (const int kernel : {3, 5, 7})
      for (const int stride : {1, 2})
        all.push_back(make_layer(shape, [&](auto b) { b.convolution(0, channels, kernel, stride, -1, channels); }));
    const auto add = [&](auto&& write) { all.push_back(make_layer(shape, write)); };
    add([](auto b) { b.convolution(0, 40, 3, 2, -1, 1, true); });
    add([](auto b) { b.convolution(0, 40, 1, 1); });
    add([](auto b) { b.linear(0, 10); });
    add([](auto b) { b.batch_norm(0); });
    add([](auto b) { b.activate(0, activation::hard_swish); });
    add([](auto b) { b.add(0, 0); });
    add([](auto b) { b.max_pool(0, 3, 2, 1); });
    add([](auto b) { b.average_pool(0, 3, 2, 1); });
    add([](auto b) { b.global_average_pool(0); });
    add([](auto b) { b.resize(0, 9, 20); });
    add([](auto b) { b.corner_resize(0, 9, 20); });
    add([](auto b) { b.upsample(0, 2); });
    add([](auto b) { b.adaptive_average_pool(0, 3, 2); });
    add([](auto b) { b.average_pool_rounding_up(0, 3); });
    add([](auto b) { b.concat(0, 0); });
    add([](auto b) { b.pad_channels(0, 48); });
    all.push_back({.kind = layer_kind::scale, .other = 0, .in = shape, .out = shape});
  }
  all.push_back(make_layer({7, 5, 32}, [](auto b) { b.depth_to_space(0, 2); }));
  return all;
}

}  // namespace

TEST_CASE("every layer on the GPU agrees with the readable one") {
  if (!has_device()) {
    REQUIRE_THROWS_WITH(cuda(), ContainsSubstring("no CUDA device answers"));
    return skip("no CUDA device answers");
  }
  CHECK_THROWS_WITH(cuda(cuda_options{.device = 99}), ContainsSubstring("they are counted from 0"));
  std::uint64_t seed = 0;
  for (const layer& item : every_kind())
    for (const bool accumulate : {false, true}) {
      const layer_use use{.item = item, .batch = 5, .residual = item.other != no_value, .accumulate = accumulate, .seed = ++seed};
      compare<float>(use);
      compare<bfloat16>(use);
      compare<float16>(use);
    }
  for (layer item : every_kind())
    for (const activation act : {activation::none, activation::relu, activation::relu6, activation::hard_swish}) {
      item.act = act;
      const bool adds = item.kind == layer_kind::convolution;
      const layer_use use{.item = item, .batch = 3, .residual = adds || item.other != no_value, .in_place = adds, .seed = ++seed};
      compare_inference<float>(use);
      compare_inference<bfloat16>(use);
      compare_inference<float16>(use);
    }
}
