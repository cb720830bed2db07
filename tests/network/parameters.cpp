// The layout of parameters is the names of checkpoints: unique, aligned, and the same for ever; initialisation has the moments it
// promises.
#include <cmath>
#include <set>

#include <hasse/network/parameter_tensors.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/cost.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

TEST_CASE("tensors have unique names and aligned places that do not overlap") {
  for (const layer_list& layers : {testing::small_residual<layer_list>(), testing::odd_shapes<layer_list>()}) {
    const parameter_layout layout = layout_of(layers);
    std::set<std::string> names;
    std::size_t end = 0, elements = 0;
    for (const parameter_tensor& tensor : layout.trainable) {
      CHECK(names.insert(tensor.name).second);
      CHECK(tensor.offset % 16 == 0);
      CHECK(tensor.offset >= end);
      std::size_t product = 1;
      for (const int dim : tensor.dims) product *= static_cast<std::size_t>(dim);
      CHECK(product == tensor.size);
      CHECK(layout.find(tensor.layer, tensor.role) == &tensor);
      end = tensor.offset + tensor.size, elements += tensor.size;
    }
    CHECK(end <= layout.trainable_size);
    CHECK(elements == static_cast<std::size_t>(cost_of(layers).parameters()));
    for (const parameter_tensor& tensor : layout.statistics) CHECK(names.insert(tensor.name).second);
    CHECK(layout.find(0, parameter_role::running_mean) == nullptr);
    CHECK(layout.find(999, parameter_role::weight) == nullptr);
  }
}

TEST_CASE("names and shapes stay what files already hold") {
  const parameter_layout layout = layout_of(testing::odd_shapes<layer_list>());
  REQUIRE(layout.trainable.size() == 8);
  CHECK(layout.trainable[0].name == "001.batch_norm.scale");
  CHECK(layout.trainable[1].name == "001.batch_norm.shift");
  CHECK(layout.trainable[2].name == "003.convolution.weight");
  CHECK(layout.trainable[2].dims == std::vector<int>{4, 1, 3, 3});
  CHECK(layout.trainable[2].depthwise);
  CHECK(layout.trainable[3].name == "003.convolution.bias");
  CHECK(layout.trainable[6].name == "015.linear.weight");
  CHECK(layout.trainable[6].dims == std::vector<int>{6, 4 * 3 * 4});
  CHECK_FALSE(layout.trainable[6].depthwise);
  REQUIRE(layout.statistics.size() == 4);
  CHECK(layout.statistics[0].name == "001.batch_norm.running_mean");
  CHECK(layout.statistics[1].name == "001.batch_norm.running_variance");
}

TEST_CASE("initialisation has the deviation of He by fan-out and repeats with the seed") {
  layer_list layers{.input = {4, 4, 64}, .items = {}};
  layer_builder<layer_list> list{layers};
  list.linear(list.conv_bn(0, 128, 3, 1, activation::relu, {}), 10);
  parameters<float> first{std::span<const layer>(layers)}, second(first);
  random_source random(4), same(4);
  initialise<float>(first, layers, random), initialise<float>(second, layers, same);
  CHECK(first == second);
  initialise<float>(second, layers, same);
  CHECK_FALSE(first == second);

  double sum = 0, square = 0;
  const auto weights = first.of(0, parameter_role::weight);
  for (const float value : weights) sum += double(value), square += double(value) * double(value);
  const double count = static_cast<double>(weights.size());
  CHECK(sum / count == Approx(0).margin(0.001));
  CHECK(std::sqrt(square / count) == Approx(std::sqrt(2.0 / (9 * 128))).epsilon(0.02));
  for (const float value : first.of(3, parameter_role::weight)) CHECK(std::abs(value) <= 1 / std::sqrt(float(4 * 4 * 128)));
  for (const float value : first.of(1, parameter_role::scale)) CHECK(value == 1);
  for (const float value : first.of(1, parameter_role::running_variance)) CHECK(value == 1);
  for (const float value : first.of(3, parameter_role::bias)) CHECK(value == 0);

  parameters<float> foreign{std::span<const layer>(testing::odd_shapes<layer_list>())};
  CHECK_THROWS_AS(initialise<float>(foreign, layers, random), error);
}

TEST_CASE("parameters become named tensors of a file and come back, and another network's are refused by name") {
  const layer_list layers = testing::small_residual<layer_list>();
  parameters<float> made(layers), back(layers);
  for (std::size_t i = 0; i < made.values.size(); ++i) made.values[i] = static_cast<float>(i);
  tensor_file file;
  hasse::detail::append_tensors<float>(file, "weights.", made.layout.trainable, made.values);
  REQUIRE(file.tensors.size() == made.layout.trainable.size());
  CHECK(file.tensors.front().name == "weights." + made.layout.trainable.front().name);
  hasse::detail::copy_tensors<float>(file, "weights.", back.layout.trainable, back.values, "a file");
  for (const parameter_tensor& tensor : made.layout.trainable)
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) REQUIRE(back.values[i] == made.values[i]);
  CHECK_THROWS_WITH(hasse::detail::copy_tensors<float>(file, "momentum.", back.layout.trainable, back.values, "a file"),
                    ContainsSubstring("a file: lacks the tensor \"momentum." + made.layout.trainable.front().name + "\""));
}
