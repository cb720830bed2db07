// Supernets of gated blocks: a path is the plain network that it names, gates have the gradient that they should, memory is that of
// one path.
#include <algorithm>
#include <cmath>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/supernet/gated_network.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;

namespace {
template <class Scalar>
void fill(Scalar* values, std::size_t count, random_source& random) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<Scalar>(2 * random.uniform() - 1);
}

/// A stem, `depth` searched blocks (the first one changes the shape), a head. With taps, what the stem and the last block give are
/// outputs beside the head's.
gated_list supernet(int candidates, int depth = 3, feature_shape input = {8, 7, 3}, int width = 6, bool taps = false) {
  gated_list made{.input = input, .blocks = {}};
  const auto block = [&](std::string name, int stage, feature_shape in, auto... specs) {
    gated_block one{std::move(name), stage, {}};
    const auto add = [&](const std::string& text, const auto& spec) {
      gated_candidate each{text, {.input = in, .items = {}}};
      spec.lower(layer_builder<layer_list>{each.layers}, 0);
      one.candidates.push_back(std::move(each));
    };
    (add(specs.first, specs.second), ...);
    made.blocks.push_back(std::move(one));
  };
  block("stem", -1, input, std::pair{"conv", conv{.out = width, .act = activation::relu6}});
  if (taps) block("tap", -1, made.output(), std::pair{"tap", tap<"c2">{}});
  for (int at = 0; at < depth; ++at) {
    const int stride = at == 0 ? 2 : 1;
    const feature_shape in = made.output();
    gated_block one{"block " + std::to_string(at), 0, {}};
    for (int i = 0; i < candidates; ++i) {
      gated_candidate each{"c" + std::to_string(i), {.input = in, .items = {}}};
      const bool skip = i == candidates - 1 && stride == 1 && candidates > 2;
      if (!skip)
        mbconv{.out = width, .stride = stride, .kernel = 3 + 2 * (i % 2), .expand = 2}.lower(layer_builder<layer_list>{each.layers},
                                                                                             0);
      one.candidates.push_back(std::move(each));
    }
    made.blocks.push_back(std::move(one));
  }
  gated_block head{"head", -1, {{"head", {.input = made.output(), .items = {}}}}};
  layer_builder<layer_list> list{head.candidates[0].layers};
  if (taps) list.output("c3", 0);
  const value_id scores = list.linear(list.global_average_pool(0), 4);
  if (taps) list.output("scores", scores);
  made.blocks.push_back(std::move(head));
  return made;
}

template <class Engine>
parameters<parameter_of<typename Engine::scalar>> random_parameters(const gated_list& gates, random_source& random) {
  parameters<parameter_of<typename Engine::scalar>> made(gated_layout(gates));
  for (const parameter_tensor& tensor : made.layout.trainable) fill(made.of(tensor).data(), tensor.size, random);
  for (const parameter_tensor& tensor : made.layout.statistics) std::fill_n(made.of(tensor).data(), tensor.size, 1);
  return made;
}

std::vector<int> any_choice(const gated_list& gates, random_source& random) {
  std::vector<int> choice;
  for (const gated_block& block : gates.blocks)
    choice.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(block.count()))));
  return choice;
}
std::vector<std::vector<int>> all_others(const gated_list& gates, const std::vector<int>& choice) {
  std::vector<std::vector<int>> others(gates.blocks.size());
  for (std::size_t b = 0; b < others.size(); ++b)
    for (int i = 0; i < gates.block(static_cast<int>(b)).count(); ++i)
      if (i != choice[b]) others[b].push_back(i);
  return others;
}

template <class Engine>
void check_paths(Engine& backend, const gated_list& gates, int rounds) {
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;
  const int batch = 3;
  random_source random(4);
  parameters<parameter> values = random_parameters<Engine>(gates, random);
  gated_network<Engine> network(backend, gates, batch, values);
  const auto inputs = static_cast<std::size_t>(batch * gates.input.size());
  for (int round = 0; round < rounds; ++round) {
    const auto choice = any_choice(gates, random);
    INFO(gates.text(choice));
    parameters<parameter> alone = network.cut_out(choice);
    const parameters<parameter> before = values;
    training_network<Engine> plain(backend, gates.path(choice), batch, alone);
    network.select(choice);
    fill(network.input(), inputs, random);
    std::copy_n(network.input(), inputs, plain.input());
    network.forward(), plain.forward();
    REQUIRE(network.output_count() == plain.output_count());
    for (int i = 0; i < plain.output_count(); ++i) {
      REQUIRE(network.output_shape(i) == plain.output_shape(i));
      const auto count = static_cast<std::size_t>(batch * plain.output_shape(i).size());
      CHECK(std::equal(network.output(i), network.output(i) + count, plain.output(i)));
      fill(network.output_gradient(i), count, random);
      std::copy_n(network.output_gradient(i), count, plain.output_gradient(i));
    }
    network.backward(), plain.backward();
    CHECK(network.cut_out(choice).statistics == alone.statistics);  // moved as in the plain network
    // Gradients of the path are those of the plain network, and no statistics but its own have moved.
    const auto origins = gates.origins(choice);
    std::vector<int> owners;
    const layer_list all = gated_layers(gates);
    for (const gated_origin& origin : origins) {
      int owner = origin.layer;
      for (int b = 0; b <= origin.block; ++b)
        for (int c = 0; c < (b == origin.block ? origin.candidate : gates.block(b).count()); ++c)
          owner += static_cast<int>(gates.candidate(b, c).layers.size());
      owners.push_back(owner);
    }
    CHECK(std::equal(plain.gradients(), plain.gradients() + alone.layout.trainable_size, network.gradients()));
    // Where the ranges say that a gradient belongs, its parameter is.
    std::vector<std::size_t> places;
    for (const parameter_range& range : network.active())
      for (std::size_t at = range.begin; at < range.end; ++at) places.push_back(at);
    CHECK(places.size() == alone.layout.trainable_size);
    CHECK(std::is_sorted(places.begin(), places.end()));
    for (const parameter_tensor& tensor : alone.layout.trainable)
      CHECK(places.at(tensor.offset) == values.layout.find(owners[static_cast<std::size_t>(tensor.layer)], tensor.role)->offset);
    for (const parameter_tensor& tensor : values.layout.statistics)
      if (std::find(owners.begin(), owners.end(), tensor.layer) == owners.end())
        CHECK(std::equal(values.of(tensor).begin(), values.of(tensor).end(), before.of(tensor).begin()));
  }
}
}  // namespace

TEST_CASE("a path of a supernet is the plain network, bit by bit", "[gated]") {
  reference<double> slow;
  check_paths(slow, supernet(4), 8);
  cpu fast;
  check_paths(fast, supernet(7), 12);
  check_paths(slow, supernet(4, 3, {8, 7, 3}, 6, true), 8);
  check_paths(fast, supernet(7, 3, {8, 7, 3}, 6, true), 8);
}

TEST_CASE("the gradient of a gate has what an output says of its block", "[gated]") {
  reference<double> backend;
  const gated_list gates = supernet(4, 2, {8, 7, 3}, 6, true);  // stem, tap, block 0, block 1, head: c3 is what block 1 gives
  const int batch = 2, last = 3, scores = 2, c3 = 1;
  random_source random(10);
  parameters<double> values = random_parameters<reference<double>>(gates, random);
  gated_network<reference<double>> network(backend, gates, batch, values);
  std::vector<double> images(static_cast<std::size_t>(batch * gates.input.size())), slope(static_cast<std::size_t>(batch * 4)),
      tapped(static_cast<std::size_t>(batch * gates.out_of(last).size()));
  for (auto* each : {&images, &slope, &tapped}) fill(each->data(), each->size(), random);
  for (int chosen = 0; chosen < 4; ++chosen) {
    const std::vector<int> choice{0, 0, 1, chosen, 0};
    std::vector<std::vector<double>> answers;  // of all candidates; zero's is what the block reads
    for (int candidate = 0; candidate < 4; ++candidate) {
      network.select(std::vector<int>{0, 0, 1, candidate, 0}, gated_pass::gates);
      std::copy(images.begin(), images.end(), network.input());
      network.forward();
      answers.emplace_back(network.output(c3), network.output(c3) + tapped.size());
    }
    network.select(choice, gated_pass::gates, all_others(gates, choice));
    std::copy(images.begin(), images.end(), network.input());
    network.forward();
    std::fill_n(network.output_gradient(0), batch * network.output_shape(0).size(), 0.0);
    std::copy(tapped.begin(), tapped.end(), network.output_gradient(c3));
    std::copy(slope.begin(), slope.end(), network.output_gradient(scores));
    std::vector<double> heard(4, NAN);
    network.backward([&](int block, int candidate, double gate) {
      if (block == last) heard[static_cast<std::size_t>(candidate)] = gate;
    });
    // d loss / d y is what comes back through the head, and what the output says.
    layer_list head = gates.candidate(4, 0).layers;
    head.outputs.clear();
    parameters<double> behind{std::span<const layer>(head)};
    const auto whole = network.cut_out(choice);
    std::copy_n(whole.of(whole.layout.trainable.rbegin()[1]).begin(), behind.layout.trainable[0].size, behind.of(behind.layout.trainable[0]).begin());
    training_network<reference<double>> net(backend, head, batch, behind, {.input_gradient = true});
    net.forward();
    std::copy(slope.begin(), slope.end(), net.output_gradient());
    net.backward();
    for (std::size_t candidate = 0; candidate < 4; ++candidate) {
      double expected = 0;
      for (std::size_t i = 0; i < tapped.size(); ++i)
        expected += (net.input_gradient()[i] + tapped[i]) * (answers[candidate][i] - answers[3][i]);
      CAPTURE(chosen, candidate);
      CHECK(heard[candidate] == Approx(expected).margin(1e-9));
    }
  }
}

TEST_CASE("the gradient of a gate is what its candidate's answer says, and asking changes nothing else", "[gated]") {
  reference<double> backend;
  const gated_list gates = supernet(4, 4);
  const int batch = 2;
  random_source random(9);
  parameters<double> values = random_parameters<reference<double>>(gates, random);
  const parameters<double> before = values;
  gated_network<reference<double>> network(backend, gates, batch, values);
  std::vector<double> images(static_cast<std::size_t>(batch * gates.input.size())), slope(8);
  fill(images.data(), images.size(), random);
  fill(slope.data(), slope.size(), random);
  // The answers of all candidates on the path's own values, by networks that are cut off behind the block.
  const auto value_behind = [&](std::vector<int> choice, int block) {
    gated_list head = gates;
    head.blocks.resize(static_cast<std::size_t>(block) + 1);
    choice.resize(head.blocks.size());
    parameters<double> cut(head.path(choice));
    const auto whole = network.cut_out([&] {
      std::vector<int> full = choice;
      full.resize(gates.blocks.size(), 0);
      return full;
    }());
    for (const parameter_tensor& tensor : cut.layout.trainable) {
      const auto from = whole.of(tensor.layer, tensor.role);
      std::copy(from.begin(), from.end(), cut.of(tensor).begin());
    }
    for (const parameter_tensor& tensor : cut.layout.statistics) std::fill_n(cut.of(tensor).data(), tensor.size, 1.0);
    training_network<reference<double>> net(backend, head.path(choice), batch, cut);
    std::copy(images.begin(), images.end(), net.input());
    net.forward();
    return std::vector<double>(net.output(), net.output() + batch * head.output().size());
  };
  for (int round = 0; round < 12; ++round) {
    auto choice = any_choice(gates, random);
    if (round % 3 == 0) choice[2] = choice[3] = choice[4] = 3;  // zero after zero
    INFO(gates.text(choice));
    network.select(choice, gated_pass::gates, all_others(gates, choice));
    std::copy(images.begin(), images.end(), network.input());
    network.forward();
    std::copy(slope.begin(), slope.end(), network.output_gradient());
    std::vector<std::vector<double>> heard(gates.blocks.size(), std::vector<double>(4, NAN));
    network.backward([&](int block, int candidate, double gate) {
      heard[static_cast<std::size_t>(block)][static_cast<std::size_t>(candidate)] = gate;
    });
    CHECK(values == before);  // no weight and no statistic moved
    if (round < 2) {          // a way back that goes on for the weights hears the same
      network.select(choice, gated_pass::weights, all_others(gates, choice));
      std::copy(images.begin(), images.end(), network.input());
      network.forward();
      std::copy(slope.begin(), slope.end(), network.output_gradient());
      network.backward([&](int block, int candidate, double gate) {
        CHECK(gate == heard[static_cast<std::size_t>(block)][static_cast<std::size_t>(candidate)]);
      });
      values = before;
    }

    // By differences: y = y + e (o_j - x) at one block, everything behind it run on.
    for (int block = 1; block <= 4; ++block) {
      const auto x = value_behind(choice, block - 1);
      const bool has_zero = block > 1;
      gated_list tail{.input = gates.out_of(block), .blocks = {}};
      tail.blocks.assign(gates.blocks.begin() + block + 1, gates.blocks.end());
      std::vector<int> rest(choice.begin() + block + 1, choice.end());
      parameters<double> behind(tail.path(rest));
      const auto whole = network.cut_out(choice);
      const int offset = static_cast<int>(gates.path(choice).size() - tail.path(rest).size());
      for (const auto* tensors : {&behind.layout.trainable, &behind.layout.statistics})
        for (const parameter_tensor& tensor : *tensors) {
          const auto from = whole.of(tensor.layer + offset, tensor.role);
          std::copy(from.begin(), from.end(), behind.of(tensor).begin());
        }
      training_network<reference<double>> net(backend, tail.path(rest), batch, behind);
      const auto loss_at = [&](const std::vector<double>& y) {
        std::copy(y.begin(), y.end(), net.input());
        net.forward();
        double loss = 0;
        for (std::size_t i = 0; i < slope.size(); ++i) loss += slope[i] * net.output()[i];
        return loss;
      };
      const auto y = value_behind(choice, block);
      for (int candidate = 0; candidate < gates.block(block).count(); ++candidate) {
        auto other = choice;
        other[static_cast<std::size_t>(block)] = candidate;
        auto answer = value_behind(other, block);
        auto up = y, down = y;
        const double step = 1e-6;
        for (std::size_t i = 0; i < y.size(); ++i) {
          const double direction = answer[i] - (has_zero ? x[i] : 0.0);
          up[i] += step * direction, down[i] -= step * direction;
        }
        const double expected = (loss_at(up) - loss_at(down)) / (2 * step);
        const double found = heard[static_cast<std::size_t>(block)][static_cast<std::size_t>(candidate)];
        CAPTURE(block, candidate);
        CHECK(std::abs(found - expected) < 1e-5 * (1 + std::abs(expected)));
        if (gates.candidate(block, candidate).is_zero()) CHECK(found == 0);
      }
    }
  }
}

TEST_CASE("asking all candidates takes the memory of one path", "[gated]") {
  cpu backend;
  std::vector<double> weights, gates_bytes;
  for (const int candidates : {2, 4, 7}) {
    const gated_list gates = supernet(candidates, 6, {32, 32, 3}, 24);
    random_source random(3);
    parameters<float> values = random_parameters<cpu>(gates, random);
    gated_network<cpu> network(backend, gates, 8, values);
    std::vector<int> choice(gates.blocks.size(), 0);
    network.select(choice);
    weights.push_back(static_cast<double>(network.arena_bytes()));
    network.select(choice, gated_pass::gates, all_others(gates, choice));
    gates_bytes.push_back(static_cast<double>(network.arena_bytes()));
    parameters<float> alone(gates.path(choice));
    training_network<cpu> plain(backend, gates.path(choice), 8, alone);
    CHECK(weights.back() == static_cast<double>(plain.arena_bytes()));
    CHECK(gates_bytes.back() <= 1.10 * static_cast<double>(plain.arena_bytes()));
  }
  CHECK(weights[2] == weights[0]);
  CHECK(gates_bytes[2] <= 1.05 * gates_bytes[0]);

  // A sum over all candidates (DARTS) grows with each of them.
  std::vector<double> sums;
  for (const int candidates : {2, 4, 7}) {
    layer_list all{.input = {32, 32, 3}, .items = {}};
    layer_builder<layer_list> list{all};
    value_id at = conv{.out = 24, .act = activation::relu6}.lower(list, 0);
    for (int block = 0; block < 6; ++block) {
      const auto answer = [&, from = at] { return mbconv{.out = 24, .stride = block == 0 ? 2 : 1, .expand = 2}.lower(list, from); };
      value_id sum = answer();
      for (int i = 1; i < candidates; ++i) sum = list.add(answer(), sum);
      at = sum;
    }
    list.linear(list.global_average_pool(at), 4);
    parameters<float> values(all);
    sums.push_back(static_cast<double>(training_network<cpu>(backend, all, 8, values).arena_bytes()));
  }
  CHECK((sums[2] - sums[1]) / 3 == Approx((sums[1] - sums[0]) / 2).epsilon(0.1));
  CHECK(sums[2] > 3 * gates_bytes[2]);
}

TEST_CASE("what a gated network cannot do is said in a sentence", "[gated]") {
  cpu backend;
  const gated_list gates = supernet(4);
  parameters<float> values(gated_layout(gates)), other(gates.path(std::vector<int>(5, 0)));
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(gated_network<cpu>(backend, gates, 2, other), Contains("another supernet"));
  gated_network<cpu> network(backend, gates, 2, values);
  const std::vector<int> choice(5, 0);
  CHECK_THROWS_AS(network.select(std::vector<int>{0, 9, 0, 0, 0}), error);
  std::vector<std::vector<int>> self(5);
  self[1] = {0};
  CHECK_THROWS_WITH(network.select(choice, gated_pass::gates, self), Contains("not on the path"));
}

namespace {
using blocks_or_none = choices<mbconv{.kernel = 3, .expand = 2}, mbconv{.kernel = 5, .expand = 2}, zero{}>;
using two_maps = gated_space<input<3, 8, 8>, stem<conv{.out = 6}>, mixed_stage<blocks_or_none, stage_shape{.out = 6, .blocks = 2}>, mixed_stage<blocks_or_none, stage_shape{.out = 8, .blocks = 2, .stride = 2}>,
                             head<fixed_layer<conv{.out = 4, .kernel = 1}>, with_stage<1, testing::lateral>, tap<"fine">, from_stage<2>, global_average_pool, linear<3>, tap<"classes">>>;
}  // namespace

TEST_CASE("gates hear of all that a head reads of their stage", "[gated]") {
  reference<double> backend;
  const gated_list gates = gated_list_of<two_maps>();
  check_paths(backend, gates, 6);
  const int batch = 2;
  random_source random(8);
  parameters<double> values = random_parameters<reference<double>>(gates, random);
  gated_network<reference<double>> network(backend, gates, batch, values);
  std::vector<double> images(static_cast<std::size_t>(batch * gates.input.size()));
  fill(images.data(), images.size(), random);
  std::vector<std::vector<double>> slopes;
  for (int i = 0; i < 2; ++i) {
    slopes.emplace_back(static_cast<std::size_t>(batch * network.output_shape(i).size()));
    fill(slopes.back().data(), slopes.back().size(), random);
  }
  const detail::gated_places places(gates);
  for (const std::vector<int>& path : {std::vector<int>{0, 1, 0, 1}, {1, 0, 1, 0}}) {
    const std::vector<int> choice = gates.choice_of(path);
    network.select(choice, gated_pass::gates, all_others(gates, choice));
    std::copy(images.begin(), images.end(), network.input());
    network.forward();
    for (int i = 0; i < 2; ++i) std::copy(slopes[static_cast<std::size_t>(i)].begin(), slopes[static_cast<std::size_t>(i)].end(), network.output_gradient(i));
    std::vector<double> heard(gates.blocks.size());
    network.backward([&](int block, int candidate, double gate) {
      if (candidate == choice[static_cast<std::size_t>(block)]) heard[static_cast<std::size_t>(block)] = gate;
    });
    network.select(choice, gated_pass::forward);
    const auto loss = [&] {
      std::copy(images.begin(), images.end(), network.input());
      network.forward();
      double sum = 0;
      for (int i = 0; i < 2; ++i)
        for (std::size_t k = 0; k < slopes[static_cast<std::size_t>(i)].size(); ++k) sum += slopes[static_cast<std::size_t>(i)][k] * network.output(i)[k];
      return sum;
    };
    for (const int block : {1, 2, 4}) {  // those that have a shortcut: their gate is a factor of the last batch norm
      const int chosen = choice[static_cast<std::size_t>(block)];
      const layer_list& layers = gates.candidate(block, chosen).layers;
      int norm = static_cast<int>(layers.size()) - 1;
      while (layers.items[static_cast<std::size_t>(norm)].kind != layer_kind::batch_norm) --norm;
      const parameters<double> before = values;
      const auto loss_at = [&](double gate) {
        for (const parameter_role role : {parameter_role::scale, parameter_role::shift})
          for (double& each : values.of(places.of({block, chosen, norm}), role)) each *= gate;
        const double found = loss();
        values.values = before.values;
        return found;
      };
      CAPTURE(block);
      CHECK(heard[static_cast<std::size_t>(block)] == Approx((loss_at(1 + 1e-5) - loss_at(1 - 1e-5)) / 2e-5).epsilon(1e-5));
    }
  }
}
