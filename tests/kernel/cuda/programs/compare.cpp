// The comparison itself, compiled once.
#include "compare.hpp"
#include "distance.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>

namespace {

using detail::gpu::host_stream;
using detail::gpu::thread_order;

template <class Scalar>
bool same_bits(const buffer<Scalar>& one, const buffer<Scalar>& other) {
  return one.size() == other.size() && (one.empty() || std::memcmp(one.data(), other.data(), one.size() * sizeof(Scalar)) == 0);
}

template <class Scalar>
constexpr const char* name = basic_cuda<Scalar, host_stream>::name;

template <class Scalar>
constexpr double tolerance = sizeof(Scalar) == 4 ? 1e-5 : (std::is_same_v<Scalar, float16> ? 3e-3 : 2e-2);

}  // namespace

template <class Scalar>
void compare_inference(const layer_use& use) {
  INFO("inference in " << name<Scalar> << ": " << use.text());
  layer_fixture<Scalar> found(use), turned(use);
  basic_cuda<Scalar, host_stream> backend, other(thread_order::descending);
  backend.make_inference(use.item, use.batch, found.inference()).run();
  other.make_inference(use.item, use.batch, turned.inference()).run();
  layer_fixture<float> expected = rounded<Scalar>(use);
  reference<float> plain;
  plain.make_inference(use.item, use.batch, expected.inference()).run();
  CHECK(distance(found.dst, expected.dst) < tolerance<Scalar>);
  CHECK(same_bits(found.dst, turned.dst));
}

template <class Scalar>
void compare_training(const layer_use& use) {
  INFO("training in " << name<Scalar> << ": " << use.text());
  layer_fixture<Scalar> found(use), turned(use);
  basic_cuda<Scalar, host_stream> backend, other(thread_order::descending);
  auto step = backend.make_training(use.item, use.batch, found.training(backend));
  step.forward(), step.backward();
  auto again = other.make_training(use.item, use.batch, turned.training(other));
  again.forward(), again.backward();
  layer_fixture<float> expected = rounded<Scalar>(use);
  reference<float> plain;
  auto truth = plain.make_training(use.item, use.batch, expected.training(plain));
  truth.forward(), truth.backward();
  const auto check = [&](const char* what, const auto& one, const auto& two, const buffer<float>& wanted) {
    INFO(what);
    CHECK(distance(one, wanted) < tolerance<Scalar>);
    CHECK(same_bits(one, two));
  };
  check("dst", found.dst, turned.dst, expected.dst);
  if (use.wants_d_src) check("d_src", found.d_src, turned.d_src, expected.d_src);
  check("d_other", found.d_other, turned.d_other, expected.d_other);
  check("d_weights", found.d_weights, turned.d_weights, expected.d_weights);
  check("d_bias", found.d_bias, turned.d_bias, expected.d_bias);
  check("running mean", found.running_mean, turned.running_mean, expected.running_mean);
  check("running variance", found.running_variance, turned.running_variance, expected.running_variance);
}

template void compare_inference<float>(const layer_use&);
template void compare_inference<bfloat16>(const layer_use&);
template void compare_inference<float16>(const layer_use&);
template void compare_training<float>(const layer_use&);
template void compare_training<bfloat16>(const layer_use&);
template void compare_training<float16>(const layer_use&);

namespace {
/// Where the readable layer makes a NaN or an infinity of these sources, so does the GPU, in inference and in training.
template <class Scalar>
void check_not_finite(const layer& item) {
  const layer_use use{.item = item, .batch = 2, .residual = item.other != no_value};
  basic_cuda<Scalar, host_stream> backend;
  reference<float> plain;
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    INFO(use.text() << ", " << value << " in " << name<Scalar>);
    layer_fixture<Scalar> found(use);
    layer_fixture<float> expected = rounded<Scalar>(use);
    const std::size_t place = expected.src.size() / 2;
    found.src[place] = detail::gpu::narrowed<Scalar>(value), expected.src[place] = value;
    const auto check = [](const auto& made, const buffer<float>& wanted) {
      bool same = true;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const float number = detail::gpu::widened(made[i]);
        same = same && std::isnan(number) == std::isnan(wanted[i]) && std::isfinite(number) == std::isfinite(wanted[i]);
      }
      CHECK(same);
    };
    backend.make_inference(item, use.batch, found.inference()).run();
    plain.make_inference(item, use.batch, expected.inference()).run();
    check(found.dst, expected.dst);
    if (item.act != activation::none && item.kind == layer_kind::convolution) continue;  // joined by inference alone
    auto step = backend.make_training(item, use.batch, found.training(backend));
    auto truth = plain.make_training(item, use.batch, expected.training(plain));
    step.forward(), truth.forward();
    check(found.dst, expected.dst);
    check(found.running_mean, expected.running_mean);
    check(found.running_variance, expected.running_variance);
    step.backward(), truth.backward();
    check(found.d_src, expected.d_src);
    check(found.d_weights, expected.d_weights);
  }
}
}  // namespace

TEST_CASE("what is not finite is not finite behind any layer on the GPU") {
  const auto all = [](const layer& item) {
    check_not_finite<float>(item);
    check_not_finite<bfloat16>(item);
    check_not_finite<float16>(item);
  };
  for (const activation act : every_activation) {
    layer items[] = {make_layer({5, 4, 8}, [](auto b) { b.convolution(0, 12, 3); }),
                     make_layer({5, 4, 8}, [](auto b) { b.convolution(0, 8, 3, 1, -1, 8); }),
                     make_layer({5, 4, 8}, [](auto b) { b.batch_norm(0); }),
                     make_layer({5, 4, 8}, [](auto b) { b.activate(0, activation::relu); }),
                     make_layer({5, 4, 8}, [](auto b) { b.add(0, 0); })};
    for (layer& item : items) item.act = act, all(item);
  }
  for (const layer& item : {make_layer({5, 4, 8}, [](auto b) { b.max_pool(0, 3, 2, 1); }),
                            make_layer({5, 4, 8}, [](auto b) { b.average_pool(0, 3, 2, 1); }),
                            make_layer({5, 4, 8}, [](auto b) { b.global_average_pool(0); }),
                            make_layer({5, 4, 8}, [](auto b) { b.resize(0, 7, 3); }), make_layer({1, 2, 8}, [](auto b) {
                              b.linear(0, 10);
                            })})
    all(item);
}

TEST_CASE("the CUDA backend says what it cannot run") {
  basic_cuda<float, host_stream> backend;
  const layer big = make_layer({1024, 1024, 64}, [](auto b) { b.activate(0, activation::relu); });
  CHECK_THROWS_WITH(backend.make_inference(big, 32, {}),
                    ContainsSubstring("cuda: activation, 1024x1024x64") && ContainsSubstring("take a smaller batch"));
  CHECK_THROWS_WITH(backend.make_training(big, 0, {}), ContainsSubstring("a batch of 0 was asked for"));
  const layer small = make_layer({1, 1, 1}, [](auto b) { b.activate(0, activation::relu); });
  CHECK_THROWS_WITH(backend.make_inference(small, 70000, {}), ContainsSubstring("beyond 65535"));
  const layer pool = make_layer({32, 32, 4}, [](auto b) { b.max_pool(0, 16, 16, 0); });
  CHECK_THAT(backend.supports(pool), ContainsSubstring("backend cuda does not pool"));
  CHECK(backend.supports(small).empty());
}
