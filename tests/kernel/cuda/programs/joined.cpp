// Inverted bottlenecks and Fused blocks as one kernel of the GPU, against their layers one by one.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>

#include <cmath>
#include <cstring>
#include <vector>

#include "catch.hpp"
#include "layer_fixture.hpp"

namespace {

using namespace hasse;
using detail::gpu::host_stream;
using detail::gpu::thread_order;

struct run_use {
  std::vector<layer> run;
  int batch = 1;
  bool residual = false, in_place = false;
};

template <class Write>
run_use used(feature_shape input, int batch, bool residual, Write&& write) {
  layer_list list{.input = input, .items = {}};
  write(layer_builder<layer_list>{list});
  return {list.items, batch, residual, residual && batch % 2 == 0};
}

/// Expands `wide` times (0: not at all).
run_use bottleneck(feature_shape in, int wide, int out, int kernel, int stride, int batch, bool residual, int pad = -1,
                   padding rule = padding::symmetric) {
  run_use use = used(in, batch, residual, [&](auto b) {
    const int channels = wide ? wide : in.c;
    const value_id first = wide ? b.convolution(0, wide, 1) : 0;
    b.convolution(b.convolution(first, channels, kernel, stride, pad, channels, false, rule), out, 1);
  });
  for (std::size_t i = 0; i + 1 < use.run.size(); ++i) use.run[i].act = i ? activation::relu6 : activation::hard_swish;
  use.run.back().act = residual ? activation::relu : activation::none;
  return use;
}

template <class Scalar>
void compare(const run_use& use) {
  const char* const name = basic_cuda<Scalar, host_stream>::name;
  INFO(name << ", " << detail::describe(use.run[0]) << " to " << detail::describe(use.run.back()) << ", batch " << use.batch);
  const auto in = static_cast<std::size_t>(use.batch * use.run[0].in.size()),
             out = static_cast<std::size_t>(use.batch * use.run.back().out.size());
  const buffer<Scalar> src = random_values<Scalar>(in, 1), other = random_values<Scalar>(out, 2);
  std::vector<buffer<float>> weights, biases, values;
  for (std::size_t i = 0; i < use.run.size(); ++i) {
    weights.push_back(random_values<float>(weight_count(use.run[i]), derive(3, i), 0.2));
    biases.push_back(random_values<float>(static_cast<std::size_t>(use.run[i].out.c), derive(4, i)));
  }
  // One by one, in float.
  reference<float> plain;
  values.push_back(buffer<float>(src.begin(), src.end()));
  const buffer<float> residual(other.begin(), other.end());
  for (std::size_t i = 0; i < use.run.size(); ++i) {
    const bool last = i + 1 == use.run.size();
    values.push_back(poison<float>(static_cast<std::size_t>(use.batch * use.run[i].out.size())));
    plain
        .make_inference(use.run[i], use.batch,
                        {.src = values[i].data(),
                         .other = last && use.residual ? residual.data() : nullptr,
                         .dst = values.back().data(),
                         .weights = weights[i].data(),
                         .bias = i == 1 ? nullptr : biases[i].data()})
        .run();
  }
  buffer<Scalar> first;
  for (const thread_order order : {thread_order::ascending, thread_order::descending}) {
    basic_cuda<Scalar, host_stream> backend(order);
    backend.join_layers(true);
    buffer<Scalar> found = use.in_place ? other : poison<Scalar>(out);
    std::vector<inference_operands<Scalar>> operands(use.run.size());
    for (std::size_t i = 0; i < use.run.size(); ++i)
      operands[i].weights = weights[i].data(), operands[i].bias = i == 1 ? nullptr : biases[i].data();
    operands.front().src = src.data(), operands.back().dst = found.data();
    if (use.residual) operands.back().other = use.in_place ? found.data() : other.data();
    auto step = backend.make_joined(use.run, use.batch, operands);
    REQUIRE(step);
    step->run();
    double error = 0, norm = 1e-20;
    for (std::size_t i = 0; i < out; ++i) {
      const double expected = static_cast<double>(values.back()[i]);
      error += std::pow(static_cast<double>(found[i]) - expected, 2), norm += expected * expected;
    }
    CHECK(std::sqrt(error / norm) < (sizeof(Scalar) == 4 ? 1e-5 : (std::is_same_v<Scalar, float16> ? 2e-3 : 1e-2)));
    if (first.empty()) first = found;
    CHECK(std::memcmp(first.data(), found.data(), out * sizeof(Scalar)) == 0);
  }
}

}  // namespace

TEST_CASE("inverted bottlenecks as one kernel agree with their layers") {
  for (const int kernel : {3, 5, 7})
    for (const int stride : {1, 2}) {
      for (const run_use& use :
           {bottleneck({9, 11, 16}, 40, 24, kernel, stride, 1, false), bottleneck({7, 7, 13}, 50, 19, kernel, stride, 2, false),
            bottleneck({8, 8, 24}, 0, 16, kernel, stride, 1, false),
            bottleneck({8, 9, 5}, 16, 9, kernel, stride, 1, false, 0, padding::same)}) {
        compare<float>(use);
        compare<bfloat16>(use);
        compare<float16>(use);
      }
    }
  for (const int batch : {1, 2}) {
    compare<float>(bottleneck({6, 10, 24}, 72, 24, 3, 1, batch, true));
    compare<bfloat16>(bottleneck({6, 10, 320}, 17, 320, 3, 1, batch, true));
    compare<float16>(bottleneck({6, 10, 320}, 17, 320, 3, 1, batch, true));
  }
}

TEST_CASE("Fused blocks as one kernel agree with their layers") {
  const auto fused = [](feature_shape in, int wide, int out, int kernel, int stride, int batch, bool residual) {
    run_use use = used(in, batch, residual, [&](auto b) { b.convolution(b.convolution(0, wide, kernel, stride), out, 1); });
    use.run[0].act = activation::swish;
    return use;
  };
  for (const run_use& use : {fused({9, 7, 3}, 24, 16, 3, 2, 1, false), fused({6, 9, 16}, 33, 16, 3, 1, 2, true),
                             fused({5, 5, 8}, 16, 40, 1, 1, 1, false), fused({8, 8, 9}, 20, 11, 5, 1, 3, false)}) {
    compare<float>(use);
    compare<bfloat16>(use);
    compare<float16>(use);
  }
}

TEST_CASE("layers are joined only where that was asked for and is possible") {
  const run_use use = bottleneck({8, 8, 8}, 16, 8, 3, 1, 1, false);
  const std::vector<inference_operands<float>> operands(3);
  basic_cuda<float, host_stream> backend;
  CHECK_FALSE(backend.make_joined(use.run, 1, operands));
  backend.join_layers(true);
  CHECK(backend.make_joined(use.run, 1, operands));
  CHECK_FALSE(backend.make_joined(bottleneck({8, 8, 8}, 16, 328, 3, 1, 1, false).run, 1, operands));
  CHECK_FALSE(backend.make_joined(bottleneck({8, 8, 8}, 16, 8, 3, 3, 1, false).run, 1, operands));
  CHECK_FALSE(backend.make_joined(std::span(use.run).first(1), 1, operands));
}
