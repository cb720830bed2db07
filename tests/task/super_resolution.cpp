// Super-resolution: what PSNR and L1 are, that one width is plain training, and that further widths learn from the widest.
#include <hasse/supernet/slimmable_trainer.hpp>
#include <hasse/task/super_resolution.hpp>

#include <cmath>
#include <utility>
#include <vector>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/training.hpp>

#include "../support/catch.hpp"
#include "../support/gradient_check.hpp"
#include "../train/edges.hpp"

using namespace hasse;

namespace {
double squared_distance(const aligned_vector<double>& one, const aligned_vector<double>& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.size(); ++i) sum += (one[i] - other[i]) * (one[i] - other[i]);
  return sum;
}
}  // namespace

TEST_CASE("known values of PSNR and L1", "[super_resolution]") {
  CHECK(psnr_of(65.025) == Approx(30));
  CHECK(psnr_of(1) == Approx(48.1308).epsilon(1e-6));
  CHECK(psnr_of(0) == 100);
  CHECK(std::isnan(psnr_of(std::nan(""))));
  // Two patches of 9 x 10 x 1 have two pixels inside of the border each.
  std::vector<double> answers(2 * 90, 7.0), wanted(2 * 90, -1.0), gradient(2 * 90, 5.0), expected(2 * 90, 0.0);
  const std::size_t inside[] = {44, 45, 134, 135};
  const double each[] = {1, -2, 0.5, 3}, right[] = {1, 0, 1.5, -1}, slope[] = {0, -0.25, -0.25, 0.25};
  for (std::size_t i = 0; i < 4; ++i) answers[inside[i]] = each[i], wanted[inside[i]] = right[i], expected[inside[i]] = slope[i];
  CHECK(mean_absolute_error(answers.data(), wanted.data(), 2, {9, 10, 1}, gradient.data()) == 7.0 / 4);
  CHECK(gradient == expected);
}

TEST_CASE("PSNR leaves four pixels at the border out and clips what no pixel can be", "[super_resolution]") {
  const normalisation scale{{0.5f, 0.25f}, {0.5f, 0.125f}};
  const feature_shape shape{10, 11, 2};
  std::vector<double> wanted(static_cast<std::size_t>(shape.size())), answers(wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::size_t y = i / 22, x = i / 2 % 11;
    const bool inside = y >= 4 && y < 6 && x >= 4 && x < 7;
    wanted[i] = i % 2 == 0 ? 0.2 : 0.4;                         // levels 153 and 76.5
    answers[i] = !inside ? 1e3 : i % 2 == 0 ? 0.2 + 0.04 : -9;  // 5.1 levels above, and black
  }
  detail::reconstruction found(scale);
  found.add(answers.data(), wanted.data(), 1, shape);
  CHECK(found.result().score == Approx(psnr_of((5.1 * 5.1 + 76.5 * 76.5) / 2)).epsilon(1e-6));
}

TEST_CASE("the gradient of L1 through the network is that of differences", "[super_resolution]") {
  reference<double> backend;
  const layer_list layers = problem::enlarging({.width = 4, .blocks = 1, .expand = 2}, 7);
  parameters<double> weights = detail::first_weights<double>(layers, 3);
  training_network<reference<double>> network(backend, layers, 2, weights);
  random_source random(4);
  std::vector<double> wanted(static_cast<std::size_t>(2 * network.output_shape().size()));
  for (double& value : wanted) value = 2 * random.normal();
  for (std::ptrdiff_t i = 0; i < 2 * layers.input.size(); ++i) network.input()[i] = random.normal();
  const auto loss = [&] {
    network.forward();
    return mean_absolute_error(network.output(), wanted.data(), 2, network.output_shape(), network.output_gradient());
  };
  loss();
  network.backward();
  const parameters<double> gradients = [&] {
    parameters<double> made(weights.layout);
    std::copy_n(network.gradients(), made.values.size(), made.values.begin());
    return made;
  }();
  gradient_report report;
  for (const parameter_tensor& tensor : weights.layout.trainable)
    check_gradient(report, tensor.name, weights.of(tensor), gradients.of(tensor), loss, 40);
  INFO(report.where);
  CHECK(report.within(1e-4));
}

TEST_CASE("a network begins as bicubic interpolation", "[super_resolution]") {
  reference<double> backend;
  const layer_list layers = problem::enlarging(problem::tiny, 8);
  const parameters<double> weights =
      detail::begun_by(super_resolution{}, layers, first_slimmable_weights<double>(layers, 0, 3));
  inference_network<reference<double>> network(backend, layers, 1, weights);
  random_source random(4);
  for (std::ptrdiff_t i = 0; i < layers.input.size(); ++i) network.input()[i] = random.normal();
  std::vector<double> large(static_cast<std::size_t>(network.output_shape().size()));
  bicubic_resampler<double>().twice(network.input(), layers.input, 1, large.data());
  network.run();
  for (int y = 4; y < 12; ++y)
    for (int i = 4 * 3; i < 12 * 3; ++i)
      CHECK(network.output()[y * 48 + i] == Approx(large[static_cast<std::size_t>(y * 48 + i)]).margin(1e-12));
}

TEST_CASE("one width is plain L1 training; further widths add what they learn from the widest", "[super_resolution]") {
  reference<double> backend;
  const width_family family(problem::enlarging(problem::tiny, 8));
  const image_set patches = problem::edges(8, 1);
  const recipe settled{.batch = 3, .augment = augmentation{}};
  const auto fill = [&](double* to) {
    random_source random(8);
    for (int i = 0; i < 3 * 16 * 16 * 3; ++i) to[i] = random.normal();
  };
  // By hand: the loss and the gradient of one width, against the truth or against what is given.
  const parameters<double> first = detail::first_weights<double>(family.layers(), 5);
  const auto by_hand = [&](int width, const std::vector<double>* teacher, std::vector<double>& answers) {
    parameters<double> weights = first;
    slimmable_network<reference<double>> network(backend, family.layers(), 3, weights);
    std::vector<double> high(3 * 16 * 16 * 3);
    fill(high.data());
    bicubic_resampler<double>().halve(high.data(), {16, 16, 3}, 3, network.input());
    network.select(family.at(width));
    network.forward();
    answers.assign(network.output(), network.output() + high.size());
    const double loss = mean_absolute_error(network.output(), (teacher ? *teacher : high).data(), 3, network.output_shape(),
                                            network.output_gradient());
    network.backward();
    for (const parameter_role role : {parameter_role::weight, parameter_role::bias}) {  // bicubic interpolation stays
      const parameter_tensor& kept = *first.layout.find(static_cast<int>(family.layers().size()) - 3, role);
      std::fill_n(network.gradients() + kept.offset, kept.size, 0.0);
    }
    return std::pair(loss, aligned_vector<double>(network.gradients(), network.gradients() + first.values.size()));
  };
  const auto trained = [&](const predefined_widths& rule) {
    detail::many_widths<reference<double>, super_resolution, predefined_widths> trainee(backend, family, rule, {}, settled, 5);
    trainee.weights() = first;  // its own make all widths alike
    std::vector<double> high(3 * 16 * 16 * 3);
    fill(high.data());
    bicubic_resampler<double>().halve(high.data(), {16, 16, 3}, 3, trainee.input());
    const batch_loss result = trainee.step(high.data(), 0);
    return std::pair(result.loss, aligned_vector<double>(trainee.gradients(), trainee.gradients() + first.values.size()));
  };
  std::vector<double> wide, narrow;
  const auto alone = by_hand(1000, nullptr, wide);
  const auto one = trained({.list = {family.at(1000)}});
  CHECK(one.first == alone.first);
  CHECK(one.second == alone.second);

  auto both = trained({.list = {family.at(1000), family.at(500)}});
  CHECK(both.first == alone.first);
  auto sum = by_hand(500, &wide, narrow).second;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += alone.second[i];
  CHECK(squared_distance(both.second, sum) < 1e-24);
  both = trained({.list = {family.at(1000), family.at(500)}, .distils = false});
  CHECK(squared_distance(both.second, sum) > 1e-6);
}
