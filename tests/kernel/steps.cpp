// What every backend promises of its steps: folding changes nothing, statistics follow the rule, running allocates nothing,
// and the same numbers come out again.
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/space/cost.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

#include "../support/catch.hpp"
#include "../support/difference.hpp"
#include "../support/distance.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

std::atomic<std::size_t> largest_allocation = 0;

void* counted(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (size > largest_allocation) largest_allocation = size;
  void* const memory = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

/// One layer of every kind.
std::vector<layer> every_kind() {
  return {make_layer({9, 9, 16}, [](auto b) { b.convolution(0, 32, 3, 2, -1, 1, true); }),
          make_layer({9, 9, 16}, [](auto b) { b.batch_norm(0); }),
          make_layer({9, 9, 16}, [](auto b) { b.activate(0, activation::relu); }),
          make_layer({9, 9, 16}, [](auto b) { b.add(0, 0); }),
          make_layer({9, 9, 16}, [](auto b) { b.max_pool(0, 3, 2, 1); }),
          make_layer({9, 9, 16}, [](auto b) { b.average_pool(0, 3, 2, 1); }),
          make_layer({9, 9, 16}, [](auto b) { b.global_average_pool(0); }),
          make_layer({9, 9, 16}, [](auto b) { b.linear(0, 10); }),
          make_layer({9, 9, 16}, [](auto b) { b.resize(0, 5, 13); }),
          make_layer({9, 9, 16}, [](auto b) { b.concat(0, 0); }),
          make_layer({9, 9, 16}, [](auto b) { b.pad_channels(0, 20); }),
          make_layer({9, 9, 16}, [](auto b) { b.depth_to_space(0, 2); }),
          make_layer({9, 9, 16}, [](auto b) { b.corner_resize(0, 5, 13); }),
          make_layer({9, 9, 16}, [](auto b) { b.upsample(0, 2); }),
          make_layer({9, 9, 16}, [](auto b) { b.adaptive_average_pool(0, 4, 2); })};
}

layer_use use_of(const layer& item) { return {.item = item, .batch = 3, .residual = item.other != no_value}; }

/// A folded convolution must equal convolution, scale and shift, add and activation run one by one.
template <class Backend>
void check_folding(Backend& backend, activation act) {
  using Scalar = typename Backend::scalar;
  layer conv = make_layer({7, 9, 8}, [](auto b) { b.convolution(0, 12, 3, 1, -1, 2); });
  const int batch = 2;
  const std::size_t size = batch * static_cast<std::size_t>(conv.out.size()), channels = 12, fan = weight_count(conv) / channels;
  layer_use use{.item = conv, .batch = batch, .residual = true};
  layer_fixture<Scalar> plain(use);
  const buffer<Scalar> scale = random_values<Scalar>(channels, 20), shift = random_values<Scalar>(channels, 21);

  backend.make_inference(conv, batch, {.src = plain.src.data(), .dst = plain.dst.data(), .weights = plain.weights.data()}).run();
  layer norm{.kind = layer_kind::batch_norm, .in = conv.out, .out = conv.out};
  buffer<Scalar> normed = poison<Scalar>(size), sum = poison<Scalar>(size), expected = poison<Scalar>(size);
  backend
      .make_inference(norm, batch, {.src = plain.dst.data(), .dst = normed.data(), .weights = scale.data(), .bias = shift.data()})
      .run();
  layer add{.kind = layer_kind::add, .other = 0, .in = conv.out, .out = conv.out};
  backend.make_inference(add, batch, {.src = normed.data(), .other = plain.other.data(), .dst = sum.data()}).run();
  layer last{.kind = layer_kind::activation, .in = conv.out, .out = conv.out, .act = act};
  backend.make_inference(last, batch, {.src = sum.data(), .dst = expected.data()}).run();

  for (std::size_t i = 0; i < plain.weights.size(); ++i) plain.weights[i] *= scale[i / fan];
  conv.bias = true, conv.act = act;
  buffer<Scalar> folded = poison<Scalar>(size);
  backend
      .make_inference(conv, batch,
                      {.src = plain.src.data(),
                       .other = plain.other.data(),
                       .dst = folded.data(),
                       .weights = plain.weights.data(),
                       .bias = shift.data()})
      .run();
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double difference = std::abs(static_cast<double>(folded[i] - expected[i]));
    worst = std::isfinite(difference) ? std::max(worst, difference) : 1e300;
  }
  INFO(Backend::name << ", " << name_of(act));
  CHECK(worst < (sizeof(Scalar) == 8 ? 1e-13 : 1e-4));
}

template <class Backend>
void check_statistics(Backend& backend) {
  using Scalar = typename Backend::scalar;
  // Four values of one channel: mean 2.5, unbiased variance 5 / 3.
  const buffer<Scalar> src{1, 2, 3, 4};
  buffer<Scalar> dst = poison<Scalar>(4), scale{2}, shift{1}, mean{10}, variance{20};
  buffer<std::byte> saved;
  layer norm{.kind = layer_kind::batch_norm, .in = {2, 1, 1}, .out = {2, 1, 1}};
  norm.norm = {.epsilon_millionths = 250000, .keep_percent = 75};
  saved.resize(backend.saved_bytes(norm, 2));
  training_operands<Scalar> at{.src = src.data(), .dst = dst.data(), .weights = scale.data(), .bias = shift.data()};
  at.running_mean = mean.data(), at.running_variance = variance.data(), at.saved = saved.data();
  backend.make_training(norm, 2, at).forward();
  INFO(Backend::name);
  CHECK(mean[0] == Approx(0.75 * 10 + 0.25 * 2.5));
  CHECK(variance[0] == Approx(0.75 * 20 + 0.25 * 5 / 3));
  for (std::size_t i = 0; i < 4; ++i) CHECK(dst[i] == Approx((src[i] - 2.5) / std::sqrt(1.25 + 0.25) * 2 + 1).epsilon(1e-5));
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(size, static_cast<std::size_t>(alignment)); }
// Not inlined: the compiler would pair free with the operator new that it knows, and warn.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a folded step equals the layers that were folded") {
  reference<double> exact;
  cpu backend;
  for (activation act : {activation::none, activation::relu, activation::relu6, activation::hard_swish}) {
    check_folding(exact, act);
    check_folding(backend, act);
  }
}

// Run once at every level of instructions that oneDNN can be held to (DNNL_MAX_CPU_ISA): each has other implementations.
TEST_CASE("the library's products with everything fused agree with the readable ones", "[levels]") {
  reference<float> plain;
  cpu backend({.threads = 2, .kernels = kernel_policy::library});
  layer_use use;
  use.batch = 2;
  const auto compare = [&] {
    ++use.seed;
    layer_fixture<float> found(use), expected(use);
    auto step = backend.make_inference(use.item, use.batch, found.inference());
    step.run();
    if (!use.in_place) step.run();  // what a run reads it must not have changed
    plain.make_inference(use.item, use.batch, expected.inference()).run();
    INFO(use.text() << ": " << step.implementation());
    CHECK(distance(found.dst, expected.dst) < 1e-5);
  };
  const auto compare_fused = [&] {
    for (const activation act : {activation::none, activation::relu, activation::relu6, activation::hard_swish, activation::sigmoid,
                                 activation::hard_sigmoid, activation::swish})
      for (int variant = 0; variant < 6; ++variant) {
        use.item.act = act, use.item.bias = variant % 2;
        use.residual = variant > 1, use.in_place = variant > 3;
        compare();
      }
  };
  for (const auto& [in, out, groups] : {std::array{8, 12, 2}, {12, 8, 4}, {6, 9, 3}, {32, 32, 2}, {10, 10, 10}, {13, 26, 13},
                                        {48, 48, 48}, {5, 7, 1}, {3, 16, 1}, {16, 24, 1}, {37, 33, 1}})
    for (const int kernel : {1, 3})
      for (const int stride : {1, 2}) {
        use.item = make_layer({7, 9, in}, [&](auto b) { b.convolution(0, out, kernel, stride, -1, groups); });
        compare_fused();
      }
}

TEST_CASE("running statistics follow the rule") {
  reference<double> exact;
  reference<float> plain;
  cpu backend;
  check_statistics(exact);
  check_statistics(plain);
  check_statistics(backend);
}

TEST_CASE("resize samples at half pixels") {
  const buffer<double> src{0, 8};
  buffer<double> wide(4), narrow(1);
  reference<double> exact;
  exact.make_inference(make_layer({1, 2, 1}, [](auto b) { b.resize(0, 1, 4); }), 1, {.src = src.data(), .dst = wide.data()}).run();
  CHECK(wide == buffer<double>{0, 2, 6, 8});
  exact.make_inference(make_layer({1, 2, 1}, [](auto b) { b.resize(0, 1, 1); }), 1, {.src = src.data(), .dst = narrow.data()})
      .run();
  CHECK(narrow == buffer<double>{4});
}

TEST_CASE("corners stay, upsampling fades, windows cover") {
  reference<double> exact;
  const auto along = [&](const buffer<double>& src, auto write, bool down) {  // along rows, or columns
    const int side = static_cast<int>(src.size());
    const layer item = make_layer(down ? feature_shape{side, 1, 1} : feature_shape{1, side, 1}, write);
    buffer<double> dst(static_cast<std::size_t>(item.out.size()));
    exact.make_inference(item, 1, {.src = src.data(), .dst = dst.data()}).run();
    return dst;
  };
  const buffer<double> four{1, 4, 2, 8}, seven{1, 2, 3, 4, 5, 6, 7}, eleven{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  for (const bool down : {false, true}) {
    const auto sided = [&](int side, auto write) { return [=](auto b) { down ? write(b, side, 1) : write(b, 1, side); }; };
    const auto corners = [](auto b, int h, int w) { b.corner_resize(0, h, w); };
    const auto windows = [](auto b, int h, int w) { b.adaptive_average_pool(0, h, w); };
    CHECK(along(four, sided(7, corners), down) == buffer<double>{1, 2.5, 4, 3, 2, 5, 8});
    CHECK(along({5}, sided(3, corners), down) == buffer<double>{5, 5, 5});
    CHECK(along(four, sided(1, corners), down) == buffer<double>{1});
    CHECK(along(four, sided(4, corners), down) == four);
    CHECK(along(eleven, sided(4, windows), down) == buffer<double>{1, 3.5, 6.5, 9});
    CHECK(along(seven, [](auto b) { b.average_pool_rounding_up(0, 3); }, down) == buffer<double>{2, 5, 7});
  }
  // An upsampling fades along both axes; one pixel wide, its middle columns show what the rows make.
  const auto upsampled = [&](const buffer<double>& src, int factor) {
    const layer item = make_layer({3, static_cast<int>(src.size()), 1}, [&](auto b) { b.upsample(0, factor); });
    buffer<double> rows, dst(static_cast<std::size_t>(item.out.size()));
    for (int row = 0; row < 3; ++row) rows.insert(rows.end(), src.begin(), src.end());
    exact.make_inference(item, 1, {.src = rows.data(), .dst = dst.data()}).run();
    CHECK(dst[0] == dst[static_cast<std::size_t>(item.out.w * factor)] * (factor + 1) / (2 * factor));  // a corner: 3/4 once more at 2
    return buffer<double>(dst.begin() + item.out.w * factor, dst.begin() + item.out.w * (factor + 1));
  };
  CHECK(upsampled(four, 2) == buffer<double>{0.75, 1.75, 3.25, 3.5, 2.5, 3.5, 6.5, 6});
  CHECK(upsampled({1, 3}, 8) == buffer<double>{0.5625, 0.6875, 0.8125, 0.9375, 1.125, 1.375, 1.625, 1.875,
                                               2.125, 2.375, 2.625, 2.875, 2.8125, 2.4375, 2.0625, 1.6875});
  CHECK(macs_of(make_layer({5, 4, 7}, [](auto b) { b.upsample(0, 2); })) == 5 * 4 * 7 * 16);
  CHECK(macs_of(make_layer({5, 4, 7}, [](auto b) { b.upsample(0, 3); })) == 5 * 4 * 7 * 25);
}

TEST_CASE("the gradients of resizes, upsampling and pools are their adjoints for every size") {
  reference<double> exact;
  random_source random(5);
  const auto check_adjoint = [&](const layer& item) {
    const auto size = [](feature_shape shape) { return static_cast<std::size_t>(shape.size()); };
    const buffer<double> x = random_values<double>(size(item.in), 1), y = random_values<double>(size(item.out), 2);
    buffer<double> forward(y.size()), back(x.size());
    auto step = exact.make_training(item, 1, {.src = x.data(), .dst = forward.data(), .d_dst = y.data(), .d_src = back.data()});
    step.forward(), step.backward();
    double above = 0, below = 0;
    for (std::size_t i = 0; i < y.size(); ++i) above += y[i] * forward[i];
    for (std::size_t i = 0; i < x.size(); ++i) below += back[i] * x[i];
    INFO(detail::describe(item));
    CHECK(above == Approx(below).epsilon(1e-12).margin(1e-12));
  };
  for (int h = 1; h <= 17; ++h)
    for (int w = 1; w <= 17; ++w) {
      const feature_shape in{h, w, 2};
      const int to_h = 1 + static_cast<int>(random.below(17)), to_w = 1 + static_cast<int>(random.below(17));
      check_adjoint(make_layer(in, [&](auto b) { b.resize(0, to_h, to_w); }));
      check_adjoint(make_layer(in, [&](auto b) { b.corner_resize(0, to_h, to_w); }));
      check_adjoint(make_layer(in, [&](auto b) { b.adaptive_average_pool(0, to_h, to_w); }));
      check_adjoint(make_layer(in, [&](auto b) { b.average_pool_rounding_up(0, 1 + static_cast<int>(random.below(9))); }));
      check_adjoint(make_layer(in, [&](auto b) { b.upsample(0, 1 + static_cast<int>(random.below(4))); }));
    }
}

TEST_CASE("channels move as their layers say") {
  const buffer<double> src{1, 2, 3, 4, 5, 6, 7, 8}, other{10, 20};
  reference<double> exact;
  const auto moved = [&](feature_shape input, auto write) {
    const layer item = make_layer(input, write);
    buffer<double> dst(static_cast<std::size_t>(item.out.size()));
    exact.make_inference(item, 1, {.src = src.data(), .other = other.data(), .dst = dst.data()}).run();
    return dst;
  };
  CHECK(moved({1, 2, 2}, [](auto b) { b.concat(0, b.convolution(0, 1, 1)); }) == buffer<double>{1, 2, 10, 3, 4, 20});
  CHECK(moved({1, 2, 2}, [](auto b) { b.pad_channels(0, 3); }) == buffer<double>{1, 2, 0, 3, 4, 0});
  // Two pixels of a square each: 1 2 over 3 4, and 5 6 over 7 8.
  CHECK(moved({1, 2, 4}, [](auto b) { b.depth_to_space(0, 2); }) == buffer<double>{1, 2, 5, 6, 3, 4, 7, 8});
  // Two channels: (1 2) (3 4) over (5 6) (7 8).
  CHECK(moved({1, 1, 8}, [](auto b) { b.depth_to_space(0, 2); }) == src);
}

TEST_CASE("an average does not count padding") {
  const buffer<double> src{2, 4, 6};
  buffer<double> dst(3);
  reference<double> exact;
  exact.make_inference(make_layer({1, 3, 1}, [](auto b) { b.average_pool(0, 3, 1, 1); }), 1, {.src = src.data(), .dst = dst.data()})
      .run();
  CHECK(dst == buffer<double>{3, 4, 5});
}

TEST_CASE("running a cpu step allocates nothing") {
  cpu backend({.threads = 2});
  for (const layer& item : every_kind()) {
    const layer_use use = use_of(item);
    layer_fixture<float> inference(use), training(use);
    auto run = backend.make_inference(item, use.batch, inference.inference());
    auto train = backend.make_training(item, use.batch, training.training(backend));
    run.run(), train.forward(), train.backward();
    largest_allocation = 0;
    run.run(), train.forward(), train.backward();
    const std::size_t largest = largest_allocation;
    INFO(use.text());
    // The library keeps a small map of arguments while a primitive runs; we add nothing to it.
    const bool library = item.kind == layer_kind::convolution || item.kind == layer_kind::linear;
    CHECK(largest <= (library ? 256 : 0));
  }
  largest_allocation = 0;
  const buffer<float> seen(1000);  // aligned memory is counted, too
  CHECK(largest_allocation == 4000);
}

TEST_CASE("a cpu step gives the same bits every time, after others used the scratch memory") {
  cpu backend({.threads = 2});
  for (const layer& item : every_kind()) {
    const layer_use use = use_of(item);
    layer_fixture<float> one(use), two(use);
    auto first = backend.make_training(item, use.batch, one.training(backend));
    first.forward(), first.backward();
    layer_use larger = use_of(make_layer({20, 20, 64}, [](auto b) { b.convolution(0, 128, 5); }));
    larger.accumulate = true;
    layer_fixture<float> other(larger);
    auto between = backend.make_training(larger.item, larger.batch, other.training(backend));
    between.forward(), between.backward();
    const buffer<float> dst = one.dst, d_src = one.d_src, d_weights = one.d_weights;
    first.forward(), first.backward();
    INFO(use.text());
    CHECK(difference(dst, one.dst) == "");
    CHECK(difference(d_src, one.d_src) == "");
    CHECK(difference(d_weights, one.d_weights) == "");
  }
}

TEST_CASE("batch norm sums do not depend on the threads") {
  layer_use use{.item = make_layer({15, 13, 24}, [](auto b) { b.batch_norm(0); }), .batch = 9, .residual = true};
  use.item.other = 0;
  layer_fixture<float> one(use), two(use);
  cpu alone({.threads = 1}), pair({.threads = 2});
  auto first = alone.make_training(use.item, use.batch, one.training(alone));
  auto second = pair.make_training(use.item, use.batch, two.training(pair));
  first.forward(), first.backward();
  second.forward(), second.backward();
  CHECK(difference(one.dst, two.dst) == "");
  CHECK(difference(one.d_src, two.d_src) == "");
  CHECK(difference(one.d_weights, two.d_weights) == "");
}

TEST_CASE("a NaN among the inputs of any kind of layer reaches its output") {
  const auto check = [](auto& backend) {
    using Scalar = typename std::remove_reference_t<decltype(backend)>::scalar;
    for (const layer& item : every_kind()) {
      layer_fixture<Scalar> at(use_of(item));
      at.src[(4 * 9 + 4) * 16] = std::numeric_limits<Scalar>::quiet_NaN();
      backend.make_inference(item, 3, at.inference()).run();
      bool found = false;
      for (Scalar value : at.dst) found = found || std::isnan(value);
      INFO(std::remove_reference_t<decltype(backend)>::name << ", layer kind " << static_cast<int>(item.kind));
      CHECK(found);
    }
  };
  reference<float> readable;
  cpu fast;
  check(readable);
  check(fast);
}
