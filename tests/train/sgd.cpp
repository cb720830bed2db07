// The optimiser against steps worked out by hand in PyTorch's form, its groups, and gradient-norm clipping.
#include <hasse/train/rmsprop.hpp>
#include <hasse/train/sgd.hpp>

#include <cmath>
#include <vector>

#include <hasse/space/layer_list.hpp>
#include "../support/catch.hpp"

using namespace hasse;

namespace {
layer_list small_network() {
  layer_list list{.input = {4, 4, 3}};
  layer_builder<layer_list> build{list};
  value_id value = build.conv_bn(0, 8, 3, 1, activation::relu, {});
  value = build.convolution(value, 8, 3, 1, 1, 8, true);
  build.linear(build.global_average_pool(value), 5);
  return list;
}
}  // namespace

TEST_CASE("two Nesterov steps give the values that PyTorch gives", "[train][sgd]") {
  layer_list list{.input = {1, 1, 2}};
  layer_builder<layer_list>{list}.linear(0, 1);
  parameters<double> values(list);
  values.of(0, parameter_role::weight)[0] = 1.0;
  values.of(0, parameter_role::bias)[0] = 1.0;
  std::vector<double> gradients(values.values.size());
  const std::size_t weight = values.layout.find(0, parameter_role::weight)->offset,
                    bias = values.layout.find(0, parameter_role::bias)->offset;
  nesterov_descent<double> descent(values.layout, {.momentum = 0.9, .decay = 0.1});

  // weight: g = 0.5 + 0.1 * 1 = 0.6, v = 0.6,  w = 1 - 0.2 * (0.6 + 0.54) = 0.772
  // bias:   g = 0.5,                v = 0.5,  w = 1 - 0.2 * (0.5 + 0.45) = 0.81
  gradients[weight] = gradients[bias] = 0.5;
  descent.step(values.values.data(), gradients.data(), 0.2);
  CHECK(values.values[weight] == Approx(0.772).epsilon(1e-14));
  CHECK(values.values[bias] == Approx(0.81).epsilon(1e-14));
  // weight: g = -1 + 0.0772 = -0.9228, v = 0.54 - 0.9228 = -0.3828, w = 0.772 - 0.1 * (-0.9228 - 0.34452) = 0.898732
  // bias:   g = -1,                    v = 0.45 - 1 = -0.55,        w = 0.81 - 0.1 * (-1 - 0.495) = 0.9595
  gradients[weight] = gradients[bias] = -1;
  descent.step(values.values.data(), gradients.data(), 0.1);
  CHECK(values.values[weight] == Approx(0.898732).epsilon(1e-14));
  CHECK(values.values[bias] == Approx(0.9595).epsilon(1e-14));
  CHECK(descent.velocity()[weight] == Approx(-0.3828).epsilon(1e-14));
}

TEST_CASE("two RMSProp steps give the values that TensorFlow gives", "[train][rmsprop]") {
  layer_list list{.input = {1, 1, 1}};
  layer_builder<layer_list>{list}.linear(0, 1);
  parameters<double> values(list);
  values.of(0, parameter_role::weight)[0] = 2.0;
  values.of(0, parameter_role::bias)[0] = 1.0;
  std::vector<double> gradients(values.values.size());
  const std::size_t weight = values.layout.find(0, parameter_role::weight)->offset,
                    bias = values.layout.find(0, parameter_role::bias)->offset;
  rmsprop_descent<double> descent(values.layout, {.momentum = 0.9, .decay = 0.1});
  // weight: g = 0.8 + 0.1 * 2 = 1, s = 0.9 + 0.1 = 1, v = 0.2 / sqrt(2); bias: g = 3, s = 0.9 + 0.9 = 1.8, v = 0.6 / sqrt(2.8)
  gradients[weight] = 0.8, gradients[bias] = 3;
  descent.step(values.values.data(), gradients.data(), 0.2);
  CHECK(values.values[weight] == Approx(2 - 0.2 / std::sqrt(2.0)).epsilon(1e-14));
  CHECK(values.values[bias] == Approx(1 - 0.6 / std::sqrt(2.8)).epsilon(1e-14));
  // bias: g = 0, s = 1.62, v = 0.9 v
  gradients[bias] = 0;
  const parameter_range only{bias, bias + 1};
  descent.step(values.values.data(), gradients.data() + bias, 0.1, {&only, 1});
  CHECK(values.values[bias] == Approx(1 - 1.9 * 0.6 / std::sqrt(2.8)).epsilon(1e-14));
  CHECK(values.values[weight] == Approx(2 - 0.2 / std::sqrt(2.0)).epsilon(1e-14));
}

TEST_CASE("only dense weights decay", "[train][sgd]") {
  const layer_list list = small_network();
  parameters<float> values(list);
  for (const parameter_tensor& tensor : values.layout.trainable)
    for (float& value : values.of(tensor)) value = 1.0f;
  const std::vector<float> gradients(values.values.size());
  nesterov_descent<float> descent(values.layout, {.momentum = 0, .decay = 0.5});
  descent.step(values.values.data(), gradients.data(), 1.0);
  int shrunk = 0;
  for (const parameter_tensor& tensor : values.layout.trainable) {
    const bool dense = tensor.role == parameter_role::weight && tensor.layer != 3;
    shrunk += dense;
    INFO(tensor.name);
    for (const float value : values.of(tensor)) REQUIRE(value == (dense ? 0.5f : 1.0f));
  }
  CHECK(shrunk == 2);
}

TEST_CASE("a step of some ranges is that of the whole with everything else left alone", "[train][sgd]") {
  const layer_list list = small_network();
  parameters<float> whole(list), some(list);
  std::vector<float> gradients(whole.values.size()), packed;
  for (std::size_t i = 0; i < whole.values.size(); ++i)
    whole.values[i] = some.values[i] = std::sin(static_cast<float>(i)), gradients[i] = std::cos(static_cast<float>(i));
  const std::size_t end = whole.values.size();
  REQUIRE(end >= 80);
  const parameter_range where[] = {{16, 48}, {64, end}};
  for (const parameter_range& each : where)
    packed.insert(packed.end(), gradients.begin() + static_cast<std::ptrdiff_t>(each.begin),
                  gradients.begin() + static_cast<std::ptrdiff_t>(each.end));
  for (const double limit : {0.0, 1e-3}) {
    const parameters<float> before = some;
    nesterov_descent<float> all(whole.layout, {.decay = 0.1, .largest_norm = limit}),
        few(some.layout, {.decay = 0.1, .largest_norm = limit});
    whole = before;
    if (limit > 0)  // the norm is that of what takes part
      for (std::size_t i = 0; i < end; ++i)
        if (i < 16 || (i >= 48 && i < 64)) gradients[i] = 0;
    for (int i = 0; i < 2; ++i) {
      all.step(whole.values.data(), gradients.data(), 0.1);
      few.step(some.values.data(), packed.data(), 0.1, where);
    }
    for (std::size_t i = 0; i < end; ++i) {
      INFO(i);
      const bool moved = (i >= 16 && i < 48) || i >= 64;
      REQUIRE(some.values[i] == Approx(moved ? whole.values[i] : before.values[i]).epsilon(1e-6));
      if (!moved) REQUIRE(some.values[i] == before.values[i]);
      REQUIRE((moved || few.velocity()[i] == 0));
    }
  }
}

TEST_CASE("a gradient that is too long is scaled down to the largest norm, a short one is left alone", "[train][sgd]") {
  const layer_list list = small_network();
  parameters<double> values(list);
  std::vector<double> gradients(values.values.size());
  double squares = 0;
  for (const parameter_tensor& tensor : values.layout.trainable)
    for (std::size_t i = 0; i < tensor.size; ++i) squares += gradients[tensor.offset + i] = 1.0;
  for (const double limit : {2.0, 1000.0}) {
    std::fill(values.values.begin(), values.values.end(), 0.0);
    nesterov_descent<double> descent(values.layout, {.momentum = 0, .decay = 0, .largest_norm = limit});
    descent.step(values.values.data(), gradients.data(), 1.0);
    double moved = 0;
    for (const double value : values.values) moved += value * value;
    CHECK(std::sqrt(moved) == Approx(std::min(limit, std::sqrt(squares))));
  }
}
