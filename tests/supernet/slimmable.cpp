// Slimmable networks: every width is the network that would be cut out there, forward and backward, and switching costs nothing.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/published/df_seg.hpp>
#include <hasse/supernet/slimmable.hpp>

#include "../support/catch.hpp"
#include "../support/difference.hpp"
#include "../network/networks.hpp"

using namespace hasse;

namespace {
template <class Scalar>
void fill(Scalar* values, std::size_t count, random_source& random) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<Scalar>(2 * random.uniform() - 1);
}

/// A concat, a padded head, a grouped convolution, a squeeze-excite and a residual, small.
layer_list everything() {
  layer_list layers{.input = {7, 6, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id left = list.conv_bn(0, 8, 3, 1, activation::relu, {});
  const value_id right = mbconv{.out = 8, .expand = 3, .se = {.percent = 50}}.lower(list, left);
  const value_id joined = list.conv_bn(list.concat(left, right), 12, 3, 2, activation::relu, {});
  const value_id grouped = list.conv_bn(joined, 12, 3, 1, activation::relu, {}, 3);
  const value_id again = list.activate(list.batch_norm(list.concat(grouped, joined)), activation::hard_swish);
  const value_id deep = basic{.out = 10, .stride = 2}.lower(list, again);
  list.linear(list.convolution(list.pad_channels(deep, 16), 5, 1, 1, 0, 1, true), 4);
  return layers;
}

/// A detector, small: two maps of a backbone that slims, one of them also an output itself, each with a layer for boxes and scores.
layer_list two_heads() {
  layer_list layers{.input = {8, 6, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id stem = list.conv_bn(0, 8, 3, 1, activation::relu, {});
  const value_id fine = mbconv{.out = 12, .stride = 2, .expand = 2}.lower(list, stem);
  const value_id coarse = list.output("c5", list.conv_bn(basic{.out = 10, .stride = 2}.lower(list, fine), 7, 1, 1, activation::relu, {}));
  for (const auto& [name, map] : {std::pair{"fine", fine}, std::pair{"coarse", coarse}}) {
    const value_id spatial = list.conv_bn(map, list.shape_of(map).c, 3, 1, activation::relu6, {}, list.shape_of(map).c);
    list.output(std::string("boxes-") + name, list.convolution(spatial, 4, 1, 1, 0, 1, true));
    list.output(std::string("scores-") + name, list.convolution(list.conv_bn(map, 6, 1, 1, activation::relu, {}), 3, 1, 1, 0, 1, true));
  }
  return layers;
}

/// Pyramid pooling, controllers, fusion nodes and enlargements behind a backbone of stride 32.
layer_list a_segmenter() {
  layer_list layers{.input = {64, 32, 3}, .items = {}};
  df_seg_spec{.backbone = df_backbone::lite, .classes = 3, .decoder = {9, 10, 17}, .width = 125}.lower(layer_builder<layer_list>{layers}, 0);
  return layers;
}

channel_configuration any_configuration(const channel_groups<layer_list>& groups, random_source& random) {
  channel_configuration made;
  for (int g = 0; g < groups.size(); ++g)
    made.counts.push_back(groups[g].parts *
                          (1 + static_cast<int>(random.below(static_cast<std::uint64_t>(groups[g].channels / groups[g].parts)))));
  return made;
}

template <class Engine>
parameters<parameter_of<typename Engine::scalar>> random_parameters(const layer_list& layers, random_source& random,
                                                                    int norms = 1) {
  parameters<parameter_of<typename Engine::scalar>> made(slimmable_layout(layers, norms));
  for (const parameter_tensor& tensor : made.layout.trainable) fill(made.of(tensor).data(), tensor.size, random);
  return made;
}

/// A training network leaves the statistics of its last batch.
layer_list with_batch_statistics(layer_list layers) {
  for (layer& item : layers.items) item.norm.keep_percent = 0;
  return layers;
}

/// The narrow network on its own, with a copy of its slices: same input, same output gradient.
template <class Engine>
struct alone {
  using parameter = parameter_of<typename Engine::scalar>;
  layer_list layers;
  parameters<parameter> values;
  training_network<Engine> network;
  alone(Engine& backend, slimmable_network<Engine>& wide, const parameters<parameter>& shared, int norms = 0)
      : layers(with_batch_statistics(with_channels(wide.layers(), wide.groups(), wide.configuration().counts))),
        values(cut_out(wide.layers(), wide.groups(), shared, wide.configuration(), norms)),
        network(backend, layers, wide.batch(), values) {}
};

template <class Engine>
void check_slices(Engine& backend, const layer_list& layers, int batch, int rounds) {
  using parameter = parameter_of<typename Engine::scalar>;
  random_source random(11);
  parameters<parameter> shared = random_parameters<Engine>(layers, random);
  slimmable_network<Engine> wide(backend, layers, batch, shared);
  const std::size_t inputs = static_cast<std::size_t>(batch * layers.input.size());
  const auto size_of = [&](int output) { return static_cast<std::size_t>(batch * wide.output_shape(output).size()); };
  for (int round = 0; round < rounds; ++round) {
    wide.select(round == 0 ? wide.full() : any_configuration(wide.groups(), random));
    INFO(to_text(wide.configuration()));
    alone<Engine> narrow(backend, wide, shared);
    const auto before = narrow.values.statistics;
    fill(wide.input(), inputs, random);
    std::copy_n(wide.input(), inputs, narrow.network.input());
    wide.forward(), narrow.network.forward();
    REQUIRE(narrow.network.output_count() == wide.output_count());
    for (int i = 0; i < wide.output_count(); ++i)
      CHECK(std::equal(wide.output(i), wide.output(i) + size_of(i), narrow.network.output(i)));
    aligned_vector<parameter> statistics(narrow.values.statistics.size());
    wide.statistics(statistics);
    CHECK(difference(statistics, narrow.values.statistics) == "");
    const auto after = cut_out(wide.layers(), wide.groups(), shared, wide.configuration()).statistics;
    double astray = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const double moved = 0.9 * static_cast<double>(before[i]) + 0.1 * static_cast<double>(statistics[i]);
      astray = std::max(astray, std::abs(static_cast<double>(after[i]) - moved) / (1 + std::abs(moved)));
    }
    CHECK(astray < 1e-6);

    for (int i = 0; i < wide.output_count(); ++i) {
      fill(wide.output_gradient(i), size_of(i), random);
      std::copy_n(wide.output_gradient(i), size_of(i), narrow.network.output_gradient(i));
    }
    wide.clear_gradients();
    wide.backward(), narrow.network.backward();
    // What the narrow network has is in its slice, bit by bit; all else is zero.
    parameters<parameter> found(shared.layout), own(narrow.values.layout);
    std::copy_n(wide.gradients(), found.values.size(), found.values.begin());
    std::copy_n(narrow.network.gradients(), own.values.size(), own.values.begin());
    const auto cut = cut_out(wide.layers(), wide.groups(), found, wide.configuration());
    for (const parameter_tensor& tensor : own.layout.trainable)
      if (const std::string why = difference(cut.of(tensor), own.of(tensor)); !why.empty())
        FAIL_CHECK("gradient of " << tensor.name << ": " << why);
    double sum = 0, cut_sum = 0;
    for (const parameter each : found.values) sum += std::abs(static_cast<double>(each));
    for (const parameter each : cut.values) cut_sum += std::abs(static_cast<double>(each));
    CHECK(sum == Approx(cut_sum));
  }
}
}  // namespace

TEST_CASE("a width of the reference is the network that is cut out there", "[slimmable]") {
  reference<double> backend;
  check_slices(backend, everything(), 2, 12);
  check_slices(backend, testing::mobile_blocks(), 2, 8);
  check_slices(backend, testing::small_residual<layer_list>(), 3, 8);
  check_slices(backend, two_heads(), 2, 12);
  check_slices(backend, a_segmenter(), 2, 3);
}

TEST_CASE("a width of the cpu is the network that is cut out there, bit by bit", "[slimmable]") {
  for (const int threads : {1, 2}) {
    cpu backend({.threads = threads});
    check_slices(backend, everything(), 3, 12);
    check_slices(backend, testing::mobile_blocks(), 3, 8);
    check_slices(backend, two_heads(), 3, 12);
    check_slices(backend, a_segmenter(), 2, 4);
    check_slices(backend, named_network("mobilenet_v2", {.input = {32, 32, 3}}), 2, 2);
    check_slices(backend, named_network("resnet20"), 4, 4);
  }
}

TEST_CASE("bottlenecks, depthwise layers and fast-downsampling blocks are sliced bit by bit", "[slimmable]") {
  cpu backend({.threads = 1});
  for (const char* const name : {"resnet50", "mobilenet_v1", "df1"}) {
    INFO(name);
    check_slices(backend, width_family(named_network(name, {.input = {32, 32, 3}}), 250).layers(), 2, 3);
  }
}

TEST_CASE("gradients of several widths add up", "[slimmable]") {
  reference<double> backend;
  random_source random(3);
  const layer_list layers = named_network("resnet20", {.input = {8, 8, 3}});
  parameters<double> shared = random_parameters<reference<double>>(layers, random, 2);
  slimmable_network<reference<double>> network(backend, layers, 2, shared);
  fill(network.input(), 2 * static_cast<std::size_t>(layers.input.size()), random);
  const auto pass = [&](int width, int norms) {
    network.select(uniform_width(network.layers(), network.groups(), width), norms);
    network.forward();
    for (int i = 0; i < 20; ++i) network.output_gradient()[i] = network.output()[i] - i % 3;
    network.backward();
  };
  const auto gradient_of = [&](auto... passes) {
    network.clear_gradients();
    (passes(), ...);
    return std::vector<double>(network.gradients(), network.gradients() + shared.values.size());
  };
  const auto wide = [&] { pass(1000, 0); };
  const auto narrow = [&] { pass(500, 1); };
  const auto one = gradient_of(wide), other = gradient_of(narrow), both = gradient_of(wide, narrow);
  double largest = 0;
  for (std::size_t i = 0; i < both.size(); ++i) largest = std::max(largest, std::abs(both[i] - one[i] - other[i]));
  CHECK(largest < 1e-9);
  // Each width has batch norms of its own.
  const parameter_tensor& second = *shared.layout.find(1 + static_cast<int>(layers.size()), parameter_role::scale);
  CHECK(one[second.offset] == 0);
  CHECK(other[second.offset] != 0);
  CHECK(other[shared.layout.find(1, parameter_role::scale)->offset] == 0);
}

TEST_CASE("a network cut out with statistics infers as it does alone", "[slimmable]") {
  cpu backend;
  random_source random(5);
  const layer_list layers = everything();
  const parameters<float> shared = random_parameters<cpu>(layers, random);
  const auto groups = channel_groups_of(layers);
  const channel_configuration at = any_configuration(groups, random);
  const layer_list narrow = with_channels(layers, groups, at.counts);
  parameters<float> cut = cut_out(layers, groups, shared, at), twin(narrow);
  CHECK(cut.layout == twin.layout);
  twin.values = cut.values, twin.statistics = cut.statistics;
  inference_network<cpu> one(backend, narrow, 2, cut), other(backend, narrow, 2, twin);
  fill(one.input(), 2 * static_cast<std::size_t>(layers.input.size()), random);
  std::copy_n(one.input(), 2 * layers.input.size(), other.input());
  one.run(), other.run();
  CHECK(std::equal(one.output(), one.output() + 8, other.output()));
}

TEST_CASE("a step of a shape is made once, and memory is that of the full width", "[slimmable]") {
  cpu backend;
  random_source random(6);
  const layer_list layers = named_network("resnet20");
  parameters<float> shared = random_parameters<cpu>(layers, random);
  slimmable_network<cpu> network(backend, layers, 8, shared);
  training_network<cpu> full(backend, network.layers(), 8, *std::make_unique<parameters<float>>(network.layers()));
  CHECK(static_cast<double>(network.arena_bytes()) <= 1.01 * static_cast<double>(full.arena_bytes()));
  const std::vector<channel_configuration> some{network.full(), uniform_width(layers, network.groups(), 500),
                                                any_configuration(network.groups(), random)};
  for (const auto& each : some) network.select(each);
  const std::size_t made = network.step_count();
  for (int round = 0; round < 3; ++round)
    for (const auto& each : some) network.select(each);
  CHECK(network.step_count() == made);
}

TEST_CASE("the steps that are kept are bounded, and one that was dropped computes the same again", "[slimmable]") {
  cpu backend;
  random_source random(8);
  layer_list wide{.input = {3, 3, 3}, .items = {}};
  layer_builder<layer_list> list{wide};
  list.linear(list.global_average_pool(list.convolution(list.convolution(0, 64, 1), 64, 1)), 2);
  parameters<float> weights = random_parameters<cpu>(wide, random);
  slimmable_network<cpu> many(backend, wide, 2, weights);
  fill(many.input(), 2 * 27, random);
  std::vector<float> first(4);
  for (int round = 0; round < 2; ++round)
    for (int width = 1; width <= 64; ++width) {
      many.select({{width, 65 - width}});
      many.forward();
      if (width == 7 && round == 0) std::copy_n(many.output(), 4, first.begin());
      if (width == 7 && round == 1) CHECK(std::equal(first.begin(), first.end(), many.output()));
      CHECK(many.step_count() <= 4 * slimmable_network<cpu>::most_steps);
    }
}

TEST_CASE("a forward pass alone plans no memory for a backward pass", "[slimmable]") {
  cpu backend;
  random_source random(6);
  const layer_list layers = named_network("mobilenet_v2_cifar");
  parameters<float> shared = random_parameters<cpu>(layers, random);
  slimmable_network<cpu> both(backend, layers, 4, shared), forward(backend, layers, 4, shared, {.forward_only = true});
  CHECK(2 * forward.arena_bytes() < both.arena_bytes());
  for (int round = 0; round < 3; ++round) {
    const auto at = any_configuration(both.groups(), random);
    both.select(at), forward.select(at);
    fill(both.input(), 4 * 32 * 32 * 3, random);
    std::copy_n(both.input(), 4 * 32 * 32 * 3, forward.input());
    both.forward(), forward.forward();
    CHECK(std::equal(both.output(), both.output() + 40, forward.output()));
  }
}

TEST_CASE("what a slimmable network cannot do is said in a sentence", "[slimmable]") {
  cpu backend;
  random_source random(6);
  const layer_list layers = named_network("resnet20");
  parameters<float> shared = random_parameters<cpu>(layers, random), other(layers);
  slimmable_network<cpu> network(backend, layers, 2, shared);
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(network.select({{16}}), Contains("12 channel groups"));
  CHECK_THROWS_WITH(network.select({{16, 16, 16, 16, 32, 32, 32, 32, 64, 64, 64, 65}}),
                    Contains("group 11") && Contains("1 to 64"));
  CHECK_THROWS_WITH(network.select(network.full(), 1), Contains("no such set"));
  parameters<float> foreign(slimmable_layout(everything()));
  CHECK_THROWS_WITH(slimmable_network<cpu>(backend, layers, 2, foreign), Contains("another layer list"));
}
