// Every layer kind and fused form of the readable backend against finite differences, in double.
#include <hasse/kernel/reference.hpp>

#include <utility>

#include "../support/catch.hpp"
#include "../support/gradient_check.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

/// loss = sum of dst * d_dst, so that the gradient of dst is d_dst.
void check(const layer_use& use) {
  reference<double> backend;
  layer_fixture<double> fixture(use);
  const buffer<double> coefficients = fixture.d_dst, before_src = fixture.d_src, before_other = fixture.d_other;
  auto step = backend.make_training(use.item, use.batch, fixture.training(backend));
  const auto loss = [&] {
    step.forward();
    double sum = 0;
    for (std::size_t i = 0; i < coefficients.size(); ++i) sum += fixture.dst[i] * coefficients[i];
    return sum;
  };
  loss();
  step.backward();
  if (use.accumulate) {
    for (std::size_t i = 0; i < fixture.d_src.size(); ++i) fixture.d_src[i] -= before_src[i];
    for (std::size_t i = 0; i < fixture.d_other.size(); ++i) fixture.d_other[i] -= before_other[i];
  }
  gradient_report report;
  const auto compare = [&](const char* label, buffer<double>& values, const buffer<double>& gradients) {
    if (!values.empty()) check_gradient(report, label, values, std::as_const(gradients), loss);
  };
  if (use.wants_d_src) compare("src", fixture.src, fixture.d_src);
  compare("other", fixture.other, fixture.d_other);
  compare("weights", fixture.weights, fixture.d_weights);
  compare("bias", fixture.bias, fixture.d_bias);
  INFO(use.text() << ": " << report.where << ", error " << report.worst << ", corners " << report.kinks << " of "
                  << report.checked);
  CHECK(report.within(1e-6));
}

template <class Write>
void check_all(feature_shape input, bool residual, Write&& write) {
  layer_use use{.item = make_layer(input, write), .residual = residual};
  for (int batch : {1, 7})
    for (bool accumulate : {false, true}) {
      use.batch = batch, use.accumulate = accumulate, ++use.seed;
      check(use);
    }
}

constexpr activation every_activation[] = {activation::none,    activation::relu,         activation::relu6, activation::hard_swish,
                                           activation::sigmoid, activation::hard_sigmoid, activation::swish};

}  // namespace

TEST_CASE("convolution gradients") {
  check_all({5, 7, 3}, false, [](auto b) { b.convolution(0, 4, 3); });
  check_all({7, 5, 4}, false, [](auto b) { b.convolution(0, 6, 3, 2, -1, 2, true); });
  check_all({6, 5, 5}, false, [](auto b) { b.convolution(0, 5, 5, 2, -1, 5); });
  check_all({5, 5, 4}, false, [](auto b) { b.convolution(0, 3, 1, 2, 0, 1, true); });
  check_all({6, 6, 2}, false, [](auto b) { b.convolution(0, 3, 4, 3, 2); });
  check({.item = make_layer({5, 5, 3}, [](auto b) { b.convolution(0, 2, 3); }), .wants_d_src = false});
}

TEST_CASE("batch norm gradients, alone and fused") {
  for (activation act : every_activation)
    for (bool residual : {false, true})
      check_all({3, 5, 3}, residual, [&](auto b) {
        b.batch_norm(0, {.epsilon_millionths = 100});
        b.list.items.back().act = act;
      });
}

TEST_CASE("activation and add gradients") {
  for (activation act : every_activation) {
    if (act != activation::none) check_all({3, 5, 3}, false, [&](auto b) { b.activate(0, act); });
    check_all({3, 5, 3}, true, [&](auto b) {
      b.add(0, 0);
      b.list.items.back().act = act;
    });
  }
}

TEST_CASE("scale gradients") {
  check_all({3, 5, 4}, true, [](auto b) { b.scale(0, b.global_average_pool(0)); });
  check_all({1, 1, 7}, true, [](auto b) { b.scale(0, 0); });
}

TEST_CASE("gradients of what moves channels") {
  check_all({3, 5, 4}, true, [](auto b) { b.concat(0, b.convolution(0, 3, 1)); });
  check_all({2, 3, 2}, true, [](auto b) { b.concat(0, b.convolution(0, 5, 1)); });
  check_all({3, 5, 4}, false, [](auto b) { b.pad_channels(0, 7); });
  check_all({3, 5, 4}, false, [](auto b) { b.pad_channels(0, 4); });
  check_all({3, 2, 12}, false, [](auto b) { b.depth_to_space(0, 2); });
  check_all({2, 3, 9}, false, [](auto b) { b.depth_to_space(0, 3); });
}

TEST_CASE("gradients of SAME windows") {
  check_all({6, 5, 3}, false, [](auto b) { b.convolution(0, 4, 3, 2, -1, 1, false, padding::same); });
  check_all({7, 8, 4}, false, [](auto b) { b.convolution(0, 4, 5, 2, -1, 4, false, padding::same); });
  check_all({8, 6, 3}, false, [](auto b) { b.max_pool(0, 3, 2, 0, padding::same); });
  check_all({8, 6, 3}, false, [](auto b) { b.average_pool(0, 3, 2, 0, padding::same); });
}

TEST_CASE("pooling, linear and resize gradients") {
  check_all({7, 6, 3}, false, [](auto b) { b.max_pool(0, 3, 2, 1); });
  check_all({7, 6, 3}, false, [](auto b) { b.average_pool(0, 3, 2, 1); });
  check_all({6, 6, 2}, false, [](auto b) { b.average_pool(0, 2, 2, 0); });
  check_all({5, 3, 4}, false, [](auto b) { b.global_average_pool(0); });
  check_all({3, 2, 4}, false, [](auto b) { b.linear(0, 5); });
  check_all({1, 1, 7}, false, [](auto b) { b.linear(0, 3, false); });
  check_all({3, 4, 3}, false, [](auto b) { b.resize(0, 7, 5); });
  check_all({7, 5, 2}, false, [](auto b) { b.resize(0, 3, 4); });
  check_all({3, 4, 3}, false, [](auto b) { b.corner_resize(0, 7, 5); });
  check_all({7, 1, 2}, false, [](auto b) { b.corner_resize(0, 1, 4); });
  check_all({3, 4, 3}, false, [](auto b) { b.upsample(0, 2); });
  check_all({1, 3, 2}, false, [](auto b) { b.upsample(0, 3); });
  check_all({7, 5, 3}, false, [](auto b) { b.adaptive_average_pool(0, 3, 5); });
  check_all({2, 5, 3}, false, [](auto b) { b.adaptive_average_pool(0, 3, 2); });
  check_all({7, 5, 3}, false, [](auto b) { b.average_pool_rounding_up(0, 3); });
}

TEST_CASE("a gradient may be written over the one it came from") {
  for (activation act : every_activation) {
    layer_use use{.item = make_layer({3, 5, 4},
                                     [&](auto b) {
                                       b.batch_norm(0);
                                       b.list.items.back().act = act;
                                     }),
                  .batch = 2,
                  .residual = true};
    for (layer_kind kind : {layer_kind::batch_norm, layer_kind::add}) {
      use.item.kind = kind, use.in_place = true;
      check(use);
    }
  }
  check({.item = make_layer({3, 5, 4}, [](auto b) { b.scale(0, b.global_average_pool(0)); }),
         .batch = 2,
         .residual = true,
         .in_place = true});
}
