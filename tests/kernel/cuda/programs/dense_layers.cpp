// Dense layers through libraries, with plain loops for a library that has everything, or little: what is packed, what is left for a
// pass behind, what is added where, against the readable backend.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "distance.hpp"
#include "layer_fixture.hpp"
#include "plain_libraries.hpp"

namespace {

template <class Scalar>
using backend_type = basic_cuda<Scalar, dense_stream<host_stream, plain_libraries>>;

template <class Scalar>
constexpr double tolerance = sizeof(Scalar) == 4 ? 1e-5 : (std::is_same_v<Scalar, float16> ? 3e-3 : 2e-2);

template <class Scalar>
std::vector<std::string> compare_inference(const layer_use& use, const abilities& can) {
  INFO(use.text());
  backend_type<Scalar> backend;
  backend.stream().libraries().can = can;
  layer_fixture<Scalar> found(use);
  layer_fixture<float> expected = rounded<Scalar>(use);
  auto step = backend.make_inference(use.item, use.batch, found.inference());
  if (can.has_anything) {  // packed when the step was made, or read where they are
    backend.stream().reserve(1 << 20);
    std::memset(backend.stream().scratch(), 0xff, 1 << 20);
  }
  step.run();
  reference<float>().make_inference(use.item, use.batch, expected.inference()).run();
  CHECK(distance(found.dst, expected.dst) < tolerance<Scalar>);
  return backend.stream().libraries().log.problems;
}

template <class Scalar>
std::vector<std::string> compare_training(const layer_use& use, const abilities& can) {
  INFO(use.text());
  backend_type<Scalar> backend;
  backend.stream().libraries().can = can;
  layer_fixture<Scalar> found(use);
  layer_fixture<float> expected = rounded<Scalar>(use);
  reference<float> plain;
  auto step = backend.make_training(use.item, use.batch, found.training(backend));
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  step.forward(), truth.forward();
  CHECK(distance(found.dst, expected.dst) < tolerance<Scalar>);
  std::memset(backend.stream().scratch(), 0xff, 100);  // nothing is kept there from forward to backward
  step.backward(), truth.backward();
  CHECK(distance(found.d_src, expected.d_src) < tolerance<Scalar>);
  CHECK(distance(found.d_weights, expected.d_weights) < tolerance<Scalar>);
  CHECK(distance(found.d_bias, expected.d_bias) < tolerance<Scalar>);
  // Other weights in the same place, as after a step of an optimiser.
  for (float& weight : found.weights) weight *= -2;
  expected.weights = found.weights;
  auto other = plain.make_training(use.item, use.batch, expected.training(plain));
  step.forward(), other.forward();
  CHECK(distance(found.dst, expected.dst) < tolerance<Scalar>);
  return backend.stream().libraries().log.problems;
}

const layer dense_items[] = {
    make_layer({6, 7, 16}, [](auto b) { b.convolution(0, 24, 3, 1, -1, 1, true); }),
    make_layer({6, 8, 6}, [](auto b) { b.convolution(0, 9, 3, 2, -1, 3, false, padding::same); }),
    make_layer({7, 5, 20}, [](auto b) { b.convolution(0, 12, 1, 1, 0, 1, true); }),
    make_layer({3, 4, 5}, [](auto b) { b.linear(0, 10); }),
};

constexpr abilities kinds[] = {{},
                               {.fuses_activation = false},
                               {.fuses_activation = false, .fuses_sums = false},
                               {.adds = false, .widens = false},
                               {.has_anything = false},
                               {.measures = true},
                               {.fuses_sums = false, .adds = false, .widens = false, .measures = true}};

}  // namespace

TEST_CASE("dense layers run through whatever a library has") {
  for (const layer& item : dense_items)
    for (const abilities& can : kinds) {
      for (const activation act : {activation::none, activation::relu, activation::hard_swish})
        for (const bool residual : {false, true})
          for (const bool in_place : {false, true}) {
            layer_use use{.item = item, .batch = 2, .residual = residual, .in_place = residual && in_place};
            use.item.act = act;
            compare_inference<float>(use, can);
            compare_inference<bfloat16>(use, can);
            compare_inference<float16>(use, can);
          }
      for (const bool accumulate : {false, true}) {
        const layer_use use{.item = item, .batch = 3, .accumulate = accumulate};
        compare_training<float>(use, can);
        compare_training<bfloat16>(use, can);
        compare_training<float16>(use, can);
      }
    }
}

TEST_CASE("the library gets as much as it can do, and nothing where it can do nothing") {
  layer_use use{.item = dense_items[0], .batch = 2, .residual = true};
  use.item.act = activation::relu;
  const auto asked = [&](const abilities& can) {
    const std::vector<std::string> log = compare_inference<float>(use, can);
    return log.empty() ? std::string() : log.back();
  };
  CHECK_THAT(asked({}), Catch::Matchers::EndsWith("groups 1, bias, residual, relu"));
  CHECK_THAT(asked({.fuses_activation = false}), Catch::Matchers::EndsWith("groups 1, bias, residual"));
  CHECK_THAT(asked({.fuses_activation = false, .fuses_sums = false}), Catch::Matchers::EndsWith("groups 1"));
  CHECK(asked({.has_anything = false}).empty());
  CHECK(asked({.measures = true}) == asked({}));

  use = {.item = dense_items[0], .batch = 2, .accumulate = true};
  const std::vector<std::string> log = compare_training<bfloat16>(use, {});
  const std::set<std::string> ran(log.begin(), log.end());
  CHECK(ran.size() == 3);
  CHECK(ran.count("source bf16 2x6x7x16 to 2x6x7x24, 3x3 stride 1 pad 1,1,1,1 groups 1, adds") == 1);
  CHECK(ran.count("weights bf16 2x6x7x16 to 2x6x7x24, 3x3 stride 1 pad 1,1,1,1 groups 1, in f32") == 1);
}
