// The library's passes of a training beside the readable ones, in memory that is full of NaN, with a watch on what lies around it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/cpu/context.hpp>
#include <hasse/kernel/cpu/products.hpp>
#include <hasse/kernel/cpu/team.hpp>
#include <hasse/kernel/reference.hpp>

#include "../support/catch.hpp"
#include "../support/distance.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

constexpr int mark = 0xff;  ///< of every byte: a number of such bytes is NaN
bool is_marked(const void* from, std::size_t bytes) {
  const auto* const at = static_cast<const unsigned char*>(from);
  return std::all_of(at, at + bytes, [](unsigned char each) { return each == mark; });
}

/// A copy of a tensor between stretches of NaN, the bytes of which are looked at afterwards.
template <class Value>
class watched {
 public:
  explicit watched(const buffer<Value>& values) : size_(values.size()), all_(values.size() + 2 * margin) {
    std::memset(static_cast<void*>(all_.data()), mark, all_.size() * sizeof(Value));
    std::copy(values.begin(), values.end(), data());
  }
  Value* data() { return all_.data() + margin; }
  Value* given() { return size_ == 0 ? nullptr : data(); }
  std::size_t size() const { return size_; }
  bool is_alone() const {
    return is_marked(all_.data(), margin * sizeof(Value)) && is_marked(all_.data() + margin + size_, margin * sizeof(Value));
  }

 private:
  static constexpr std::size_t margin = 1024;
  std::size_t size_;
  buffer<Value> all_;
};

/// Runs one pass in scratch memory of NaN; whether nothing was written behind what the pass asked for.
template <class Bind>
bool stays_in_scratch(int threads, std::string& implementation, Bind&& bind) {
  constexpr std::size_t behind = 1 << 16;
  detail::cpu_context context;
  context.threads = threads;
  detail::bound_kernel pass = bind(context);
  implementation = pass.implementation;
  const std::size_t asked = context.scratch.size();
  context.scratch.reserve(asked + behind);
  std::memset(context.scratch.data(), mark, asked + behind);
  pass.run(context);
  return is_marked(context.scratch.data() + asked, behind);
}

template <class Scalar>
void check_passes(const layer_use& use, int threads) {
  reference<float> plain;
  detail::use_threads(threads);
  layer_fixture<float> expected = rounded<Scalar>(use);
  layer_fixture<Scalar> made(use);
  watched<Scalar> src(made.src), dst(made.dst), d_dst(made.d_dst), d_src(made.d_src);
  watched<float> weights(made.weights), bias(made.bias), d_weights(made.d_weights), d_bias(made.d_bias);
  const double near = sizeof(Scalar) == sizeof(float) ? 1e-5 : 0.02;
  training_operands<Scalar> at{.src = src.data(), .dst = dst.data(), .weights = weights.data(), .bias = bias.given()};
  at.d_dst = d_dst.data(), at.d_src = d_src.data(), at.accumulate_d_src = use.accumulate;
  at.d_weights = d_weights.data(), at.d_bias = d_bias.given();
  auto step = plain.make_training(use.item, use.batch, expected.training(plain));
  step.forward(), step.backward();

  std::string implementation;
  const auto run = [&](const char* pass, auto& found, const buffer<float>& wanted, auto&& bind) {
    const bool stays = stays_in_scratch(threads, implementation, bind);
    INFO(use.text() << ", " << threads << " threads: " << pass << " by " << implementation);
    CHECK(stays);
    CHECK(distance(found.data(), wanted.data(), wanted.size()) < near);
    for (const watched<Scalar>* each : {&src, &dst, &d_dst, &d_src}) CHECK(each->is_alone());
    for (const watched<float>* each : {&weights, &bias, &d_weights, &d_bias}) CHECK(each->is_alone());
  };
  run("forward", dst, expected.dst,
      [&](detail::cpu_context& context) { return detail::onednn::forward(context, use.item, use.batch, at); });
  run("backward weights", d_weights, expected.d_weights,
      [&](detail::cpu_context& context) { return detail::onednn::backward_weights(context, use.item, use.batch, at); });
  if (use.item.bias) CHECK(distance(d_bias.data(), expected.d_bias.data(), d_bias.size()) < near);
  run("backward data", d_src, expected.d_src,
      [&](detail::cpu_context& context) { return detail::onednn::backward_data(context, use.item, use.batch, at); });
}

}  // namespace

// Run once at every level of instructions that oneDNN can be held to (DNNL_MAX_CPU_ISA): each has other implementations.
TEMPLATE_TEST_CASE("the library's training passes agree with the readable ones and write nothing else", "[levels]", float,
                   bfloat16) {
  if (!detail::onednn::multiplies<TestType>(dnnl::engine(dnnl::engine::kind::cpu, 0))) return;  // kernel/bf16.cpp: it is refused
  layer_use use;
  const auto check = [&](feature_shape input, int out, int kernel, int stride, int groups) {
    for (const int threads : {1, 2}) {
      ++use.seed;
      use.batch = 1 + static_cast<int>(use.seed % 3);
      use.accumulate = use.seed % 2 == 0;
      use.item = make_layer(input, [&](auto b) { b.convolution(0, out, kernel, stride, -1, groups, use.seed % 4 < 2); });
      check_passes<TestType>(use, threads);
    }
  };
  for (const auto& [in, out, groups] : {std::array{3, 16, 1},
                                        {5, 7, 1},
                                        {6, 14, 1},
                                        {7, 32, 1},
                                        {8, 12, 2},
                                        {12, 8, 4},
                                        {10, 10, 10},
                                        {13, 26, 13},
                                        {11, 5, 1},
                                        {16, 24, 1},
                                        {37, 33, 1}})
    for (const int kernel : {1, 3})
      for (const int stride : {1, 2})
        for (const auto& [height, width] : {std::array{16, 12}, {7, 9}, {5, 6}, {5, 1}})
          check({height, width, in}, out, kernel, stride, groups);
  for (const auto& [in, out] : {std::array{5, 3}, {17, 10}, {64, 33}})
    for (const int threads : {1, 2}) {
      ++use.seed;
      use.item = make_layer({1, 3, in}, [&](auto b) { b.linear(0, out); });
      check_passes<TestType>(use, threads);
    }
}
