// Networks of masked codes: each is the plain network of the parameters cut out of the shared ones, averages are means, memory is that
// of one network.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/supernet/masked_network.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
template <class Scalar>
void fill(Scalar* values, std::size_t count, random_source& random) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<Scalar>(2 * random.uniform() - 1);
}
template <class Scalar>
parameters<Scalar> random_parameters(const masked_space& space, random_source& random) {
  parameters<Scalar> made(masked_shared(space).layout());
  for (const parameter_tensor& tensor : made.layout.trainable) fill(made.of(tensor).data(), tensor.size, random);
  return made;
}

masked_option inverted() { return {masked_operation::inverted, {3, 5}, {2, 3}}; }
masked_option fused() { return {masked_operation::fused, {3, 5}, {2, 3}}; }
masked_option tucked() { return {masked_operation::tucker, {3}, {25, 75}, {50, 100}}; }

/// Every operation, searched squeeze-excite, a dense layer of two kernels, and heads on two ends: one a predictor as detectors have.
masked_space every_kind() {
  masked_design made{.input = {9, 8, 3}, .blocks = {}, .head = {}};
  masked_layer layer{.options = {inverted(), fused(), tucked(), {masked_operation::skip}}, .residual = true, .act = activation::hard_swish};
  layer.se = {.percent = 25}, layer.squeeze = squeeze_choice::searched;
  made.blocks.push_back({.name = "stem", .filters = {4, 8}, .layers = {detail::dense_layer({3, 5}, 1, activation::relu6)}});
  made.blocks.push_back(detail::masked_block_of("first", {8, 12, 16}, layer, 3, 2));
  made.blocks.push_back(detail::masked_block_of("second", {10, 16}, layer, 2, 1));
  made.head = [](layer_builder<layer_list> list, std::span<const value_id> ends) {
    const int channels = list.shape_of(ends[1]).c;
    const value_id moved = list.conv_bn(ends[1], channels, 3, 1, activation::relu6, {}, channels);
    list.output("boxes", list.convolution(moved, 6, 1, 1, 0, 1, true));
    list.output("scores", list.linear(ends[2], 5));
  };
  return masked_space(std::move(made));
}

/// One pass of a code against its plain network.
template <class Engine>
void check_code(Engine& backend, masked_network<Engine>& network, const parameters<parameter_of<typename Engine::scalar>>& values,
                const std::vector<int>& code, random_source& random, double margin) {
  using parameter = parameter_of<typename Engine::scalar>;
  const masked_space& space = network.space();
  INFO(space.text(code));
  const int batch = network.batch();
  parameters<parameter> alone = network.cut_out(code);
  const masked_layers made = layers_of(space, code);
  training_network<Engine> plain(backend, made.layers, batch, alone);
  network.select(code);
  const auto inputs = static_cast<std::size_t>(batch * network.input_shape().size());
  fill(network.input(), inputs, random);
  std::copy_n(network.input(), inputs, plain.input());
  network.forward(), plain.forward();
  const auto near = [&](auto left, auto right) {
    return std::abs(static_cast<double>(left) - static_cast<double>(right)) <= margin * (1 + std::abs(static_cast<double>(right)));
  };
  for (int i = 0; i < plain.output_count(); ++i) {
    REQUIRE(network.output_shape(i) == plain.output_shape(i));
    const auto count = static_cast<std::size_t>(batch * plain.output_shape(i).size());
    CHECK(std::equal(network.output(i), network.output(i) + count, plain.output(i), near));
    fill(network.output_gradient(i), count, random);
    std::copy_n(network.output_gradient(i), count, plain.output_gradient(i));
  }
  network.backward(), plain.backward();
  // All gradients in one array: those of the plain network where it has parameters, zero elsewhere.
  parameters<parameter> wanted(values.layout), found(values.layout);
  for (const parameter_tensor& tensor : alone.layout.trainable)
    if (const int place = network.shared().place_of(made, tensor.layer); place >= 0)
      detail::leading_slice(network.shared().layers().items[static_cast<std::size_t>(place)], made.layers.items[static_cast<std::size_t>(tensor.layer)],
                            tensor.role)
          .add_to(wanted.of(place, tensor.role).data(), plain.gradients() + tensor.offset);
  const parameter* next = network.gradients();
  std::size_t before = 0;
  for (const parameter_range& each : network.active()) {
    CHECK((each.begin >= before && each.begin < each.end && each.begin % 16 == 0 && each.end % 16 == 0));
    std::copy_n(next, each.end - each.begin, found.values.begin() + static_cast<std::ptrdiff_t>(each.begin));
    next += each.end - each.begin, before = each.end;
  }
  CHECK(std::equal(found.values.begin(), found.values.end(), wanted.values.begin(), near));
  CHECK(std::any_of(wanted.values.begin(), wanted.values.end(), [](parameter each) { return each != 0; }));
}

template <class Engine>
void check_codes(Engine& backend, int rounds, double margin) {
  using parameter = parameter_of<typename Engine::scalar>;
  random_source random(6);
  const masked_space space = every_kind();
  parameters<parameter> values = random_parameters<parameter>(space, random);
  masked_network<Engine> network(backend, space, 3, values);
  const controller policy({space.decisions().begin(), space.decisions().end()});
  for (int round = 0; round < rounds; ++round) check_code(backend, network, values, space.any_code(random), random, margin);
  for (int round = 0; round < rounds; ++round) check_code(backend, network, values, policy.draw(random, {0.4, 0.4}).options, random, margin);
  check_code(backend, network, values, space.everything(), random, margin);
  check_code(backend, network, values, space.parse("4: dense-k5 | 8: k3e2-se zero zero | 10: tucker-k3i25o100 zero"), random, margin);
}
}  // namespace

TEST_CASE("the leading channels of a layer are those of every window and every pixel", "[masked]") {
  const auto part = [](const layer& full, const layer& narrow) {
    const auto size = static_cast<std::size_t>(parameters_of(full));
    std::vector<int> all(size), some(size);
    for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<int>(i);
    const detail::tensor_slice slice = detail::leading_slice(full, narrow, parameter_role::weight);
    slice.gather(all.data(), some.data());
    some.resize(slice.size());
    return some;
  };
  layer full{.kind = layer_kind::linear, .in = {2, 1, 3}, .out = {1, 1, 2}}, narrow = full;
  narrow.in.c = 2;
  CHECK(part(full, narrow) == std::vector<int>{0, 1, 3, 4, 6, 7, 9, 10});
  full = {.kind = layer_kind::convolution, .in = {4, 4, 3}, .out = {4, 4, 2}}, full.kernel = 2, narrow = full;
  narrow.in.c = 1, narrow.out.c = 1;
  CHECK(part(full, narrow) == std::vector<int>{0, 1, 2, 3});
  narrow.out.c = 2;
  CHECK(part(full, narrow) == std::vector<int>{0, 1, 2, 3, 12, 13, 14, 15});
  full.groups = full.in.c = full.out.c = 3, narrow = full;
  narrow.groups = narrow.in.c = narrow.out.c = 2;
  CHECK(part(full, narrow) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a code of shared parameters is the plain network of what it uses, forward and backward", "[masked]") {
  SECTION("reference, double") {
    reference<double> backend;
    check_codes(backend, 6, 1e-12);
  }
  SECTION("cpu") {
    cpu backend;
    check_codes(backend, 12, 1e-5);
  }
}

TEST_CASE("an average is the mean of its candidates, zero among them", "[masked]") {
  reference<double> backend;
  random_source random(2);
  masked_layer layer{.options = {{masked_operation::inverted, {3}, {2}}, {masked_operation::fused, {3}, {2}}, {masked_operation::tucker, {3}, {25}, {50}},
                                 {masked_operation::skip}},
                     .residual = true};
  masked_design design{.input = {6, 6, 3}, .blocks = {}, .head = backbone_alone()};
  design.blocks.push_back({.name = "stem", .filters = {8}, .layers = {detail::dense_layer({3, 5}, 1, activation::relu6), layer}});
  const masked_space space(std::move(design));
  parameters<double> values = random_parameters<double>(space, random);
  masked_network<reference<double>> network(backend, space, 2, values);
  std::vector<double> image(2 * 6 * 6 * 3), sum(2 * 6 * 6 * 8);
  fill(image.data(), image.size(), random);
  const auto answer = [&](const std::vector<int>& code) {
    network.select(code, masked_pass::forward);
    std::copy(image.begin(), image.end(), network.input());
    network.forward();
    return std::vector<double>(network.output(), network.output() + sum.size());
  };
  const auto check_mean = [&](std::vector<int> code, std::size_t decision, int options) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (code[decision] = 0; code[decision] < options; ++code[decision]) {
      const std::vector<double> one = answer(code);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i] / options;
    }
    code[decision] = all_options;
    const std::vector<double> found = answer(code);
    for (std::size_t i = 0; i < sum.size(); ++i) REQUIRE(found[i] == Approx(sum[i]).margin(1e-12));
  };
  REQUIRE(space.decisions().size() == 2);
  check_mean({0, 0}, 1, 4);
  check_mean({1, 0}, 1, 4);
  check_mean({0, 3}, 0, 2);  // two kernels of a layer without anything behind it

  // Branches that answer with nothing leave the shortcut.
  const masked_layers all = layers_of(space, space.everything());
  for (int i = 0; i < static_cast<int>(all.layers.size()); ++i)
    if (all.layers.items[static_cast<std::size_t>(i)].kind == layer_kind::batch_norm && all.origins[static_cast<std::size_t>(i)].name.ends_with("project 1"))
      for (const parameter_role role : {parameter_role::scale, parameter_role::shift}) {
        const auto of = values.of(network.shared().place_of(all, i), role);
        std::fill(of.begin(), of.end(), 0.0);
      }
  const std::vector<double> shortcut = answer({0, 3}), averaged = answer({0, all_options});
  for (std::size_t i = 0; i < sum.size(); ++i) REQUIRE(averaged[i] == Approx(shortcut[i]).margin(1e-14));
}

TEST_CASE("inside of an average a channel counts by the share of widths that have it, a kernel by its own", "[masked]") {
  const masked_space space = every_kind();
  const masked_layers all = layers_of(space, space.everything());
  std::vector<std::vector<double>> masks;
  for (std::size_t i = 0; i < all.origins.size(); ++i)
    if (!all.origins[i].constant.empty()) masks.push_back(all.origins[i].constant);
  // Stem of two kernels; then the first layer of 8 channels: inverted with 16 or 24 inside and two kernels, its squeeze-excite or not.
  REQUIRE(masks.size() > 4);
  CHECK(masks[0] == std::vector<double>(8, 0.5));
  std::vector<double> inside(24, 0.25);
  std::fill_n(inside.begin(), 16, 0.5);
  CHECK(masks[1] == inside);
  CHECK(masks[2] == std::vector<double>(24, 0.5));
  CHECK(masks[3] == inside);  // fused
  CHECK(masks[4] == std::vector<double>(24, 0.5));
  // Tucker: both ranks of the input are 8, those of the output 8 and 16.
  std::vector<double> ranks(16, 0.5);
  std::fill_n(ranks.begin(), 8, 1.0);
  CHECK(masks[5] == ranks);
  CHECK(masks[6] == std::vector<double>(16, 1 / 3.0));  // three operations, no zero
}

TEST_CASE("a step on one code needs the memory of one network, and averages that of their branches", "[masked]") {
  cpu backend;
  const auto shaped = [](feature_shape input) {
    return masked_space(mobiledet_space(mobiledet_micro(mobiledet_target::edgetpu, mobiledet_operations::and_tucker, input), classifying(3)));
  };
  const masked_space space = shaped({160, 160, 3});
  parameters<float> values(masked_shared(space).layout());
  masked_network<cpu> network(backend, space, 8, values);
  random_source random(9);
  std::vector<int> widest;
  for (const decision& each : space.decisions()) widest.push_back(each.kind == decision_kind::filters ? each.options - 1 : 0);
  for (int round = 0; round < 6; ++round) {
    const std::vector<int> code = round == 0 ? widest : space.any_code(random);
    network.select(code);
    parameters<float> alone = network.cut_out(code);
    const training_network<cpu> plain(backend, layers_of(space, code).layers, 8, alone);
    CHECK(network.arena_bytes() == plain.arena_bytes());
    CHECK(static_cast<double>(network.arena_bytes() + network.slice_bytes()) <= 1.15 * static_cast<double>(plain.arena_bytes()));
  }
  const masked_space small = shaped({32, 32, 3});
  masked_network<cpu> averaging(backend, small, 4, values);
  averaging.select(widest);
  const double one = static_cast<double>(averaging.arena_bytes());
  averaging.select(small.everything());
  INFO(static_cast<double>(averaging.arena_bytes()) / one);
  CHECK(static_cast<double>(averaging.arena_bytes()) < 4.5 * one);
  averaging.select(widest, masked_pass::forward);
  CHECK(static_cast<double>(averaging.arena_bytes()) < 0.6 * one);
}

TEST_CASE("masked networks say what they cannot run", "[masked]") {
  cpu backend;
  const masked_space space = every_kind(), other(mobiledet_space(mobiledet_micro(mobiledet_target::dsp, mobiledet_operations::inverted)));
  parameters<float> values(masked_shared(space).layout());
  CHECK_THROWS_WITH((masked_network<cpu>(backend, other, 2, values)), ContainsSubstring("belong to another space"));
  masked_design open{.input = {8, 8, 3}, .blocks = {{.name = "b", .filters = {8, 16}, .layers = {detail::dense_layer({3}, 1, activation::relu)}}},
                     .head = backbone_alone()};
  const masked_space wide(open);
  parameters<float> of_wide(masked_shared(wide).layout());
  masked_network<cpu> network(backend, wide, 2, of_wide);
  CHECK_NOTHROW(network.select(std::vector<int>{1}));
  CHECK_THROWS_WITH(network.select(std::vector<int>{0}), ContainsSubstring("has another shape in 8: dense-k3"));
  open.head = [](layer_builder<layer_list> list, std::span<const value_id> ends) {
    value_id value = ends[0];
    if (list.shape_of(value).c > 8) value = list.batch_norm(value);
    list.convolution(value, 4, 1);
  };
  const masked_space changing(open);
  parameters<float> of_changing(masked_shared(changing).layout());
  masked_network<cpu> second(backend, changing, 2, of_changing);
  CHECK_THROWS_WITH(second.select(std::vector<int>{0}), ContainsSubstring("another layer in a narrow network than in the widest"));
}
