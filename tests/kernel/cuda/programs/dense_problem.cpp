// What the GPU's libraries are told about dense layers: dimensions, distances, texts, and weights in their order.
#include <hasse/kernel/cuda/programs/dense_problem.hpp>
#include <hasse/kernel/cuda/programs/filter.hpp>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "layer_fixture.hpp"

namespace {

using namespace hasse;
using namespace hasse::detail::gpu;
using four = std::array<std::int64_t, 4>;

}  // namespace

TEST_CASE("a convolution is lowered to what cuDNN counts") {
  const layer item = make_layer({8, 6, 32}, [](auto b) { b.convolution(0, 48, 3, 2, -1, 4, false, padding::same); });
  dense_problem problem(product_result::output, number_type::bfloat16, item, 5);
  CHECK(problem.source().dims == four{5, 32, 8, 6});
  CHECK(problem.source().strides == four{8 * 6 * 32, 1, 6 * 32, 32});
  CHECK(problem.output().dims == four{5, 48, 4, 3});
  CHECK(problem.weights().dims == four{48, 8, 3, 3});
  CHECK(problem.weights().strides == four{72, 1, 24, 8});
  CHECK(problem.bias().dims == four{1, 48, 1, 1});
  CHECK(problem.pixels() == 60);
  CHECK(problem.operations() == 2.0 * 48 * 72 * 60);
  CHECK(problem.bytes() == 2.0 * (5 * (8 * 6 * 32 + 4 * 3 * 48) + 48 * 72));
  CHECK_FALSE(problem.is_matrix());
  CHECK(problem.key() == "output bf16 5x8x6x32 to 5x4x3x48, 3x3 stride 2 pad 0,0,1,1 groups 4");
  problem.fused = {.bias = true, .residual = true, .act = activation::relu6};
  CHECK_THAT(problem.key(), Catch::Matchers::EndsWith("groups 4, bias, residual, relu6"));
}

TEST_CASE("a linear layer and a 1x1 convolution are products of matrices") {
  const layer item = make_layer({3, 4, 5}, [](auto b) { b.linear(0, 10); });
  for (const product_result result : {product_result::output, product_result::source, product_result::weights}) {
    const dense_problem problem(result, number_type::float32, item, 7);
    REQUIRE(problem.is_matrix());
    const matrix_problem matrix(problem);
    const std::int64_t in = 60, out = 10, images = 7;
    // The matrices as they lie: weights are in x out, source in x images, output out x images, all column by column.
    const bool weights_left = result != product_result::weights;
    const std::int64_t left_lies = matrix.left_turned ? matrix.depth : matrix.rows;
    const std::int64_t right_lies = matrix.right_turned ? matrix.columns : matrix.depth;
    CHECK(matrix.rows * matrix.columns * matrix.depth == in * out * images);
    CHECK(left_lies == matrix.left_stride);
    CHECK(right_lies == matrix.right_stride);
    CHECK(matrix.rows == matrix.result_stride);
    CHECK(matrix.left_stride == in);
    CHECK(matrix.right_stride == (result == product_result::output ? in : out));
    CHECK(matrix.result_stride == (result == product_result::output ? out : in));
    CHECK((weights_left ? matrix.columns : matrix.depth) == images);
  }
  const auto matrix = [](auto&& write) {
    return dense_problem(product_result::output, number_type::tf32, make_layer({6, 6, 8}, write), 1).is_matrix();
  };
  CHECK(matrix([](auto b) { b.convolution(0, 16, 1); }));
  CHECK_FALSE(matrix([](auto b) { b.convolution(0, 16, 1, 2, 0); }));
  CHECK_FALSE(matrix([](auto b) { b.convolution(0, 16, 1, 1, 0, 2); }));
  CHECK_FALSE(matrix([](auto b) { b.convolution(0, 16, 1, 1, 1); }));
}

TEST_CASE("problems that need different plans have different texts") {
  std::set<std::string> keys;
  std::size_t count = 0;
  const auto add = [&](const dense_problem& problem) { keys.insert(problem.key()), ++count; };
  for (const product_result result : {product_result::output, product_result::source, product_result::weights})
    for (const number_type type : {number_type::float32, number_type::tf32, number_type::bfloat16, number_type::float16})
      for (const int batch : {1, 2})
        for (const padding rule : {padding::symmetric, padding::same})
          for (const int stride : {1, 2})
            for (const int groups : {1, 2}) {
              const layer item = make_layer({8, 8, 16}, [&](auto b) { b.convolution(0, 16, 3, stride, -1, groups, false, rule); });
              if (rule == padding::same && stride == 1) continue;  // which is the symmetric one
              dense_problem problem(result, type, item, batch);
              add(problem);
              problem.fused.bias = true, add(problem);
              problem.fused.residual = true, add(problem);
              problem.fused.act = activation::relu, add(problem);
              problem.adds = true, add(problem);
              problem.widens = true, add(problem);
            }
  CHECK(keys.size() == count);
}

TEST_CASE("weights are moved to the order of the libraries and back") {
  constexpr int outputs = 5, inputs = 3, taps = 9, count = outputs * inputs * taps;
  const buffer<float> weights = random_values<float>(count, 3);
  buffer<float> there = poison<float>(count), back = poison<float>(count);
  run_on_host(moved_filter<float, float>{weights.data(), there.data(), inputs, taps, count, true});
  CHECK(there[(2 * taps + 4) * inputs + 1] == weights[(2 * inputs + 1) * taps + 4]);
  run_on_host(moved_filter<float, float>{there.data(), back.data(), inputs, taps, count, false});
  CHECK(back == weights);
  buffer<bfloat16> small = poison<bfloat16>(count);
  run_on_host(moved_filter<float, bfloat16>{weights.data(), small.data(), inputs, taps, count, true});
  run_on_host(moved_filter<bfloat16, float>{small.data(), back.data(), inputs, taps, count, false});
  for (std::size_t i = 0; i < count; ++i) CHECK(back[i] == static_cast<float>(bfloat16(weights[i])));
}
