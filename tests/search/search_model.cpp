#include <catch.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/search/expected_improvement.hpp>
#include <hasse/search/gaussian_process.hpp>
#include <hasse/search/search_model.hpp>

namespace {
double between(hasse::random_source& random, double from, double to) { return from + (to - from) * random.uniform(); }

hasse::process_inputs drawn_inputs(std::size_t rows, std::size_t smooth, std::size_t linear, hasse::random_source& random) {
  hasse::process_inputs inputs;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<double> z(smooth), l(linear);
    for (double& each : z) each = random.uniform();
    for (double& each : l) each = between(random, -1, 1);
    inputs.append(z, l);
  }
  return inputs;
}
hasse::process_scales drawn_scales(std::size_t smooth, hasse::random_source& random) {
  hasse::process_scales scales{between(random, -2, 0), between(random, -1, 0.5), between(random, -4, -1), std::vector<double>(smooth)};
  for (double& each : scales.lengths) each = between(random, -1, 0.5);
  return scales;
}
std::vector<double> drawn_values(std::size_t count, hasse::random_source& random) {
  std::vector<double> values(count);
  for (double& each : values) each = random.normal();
  return values;
}

// The textbook, number by number: covariances, elimination without pivots, which also gives the determinant.
double covariance(const hasse::process_inputs& a, std::size_t i, const hasse::process_inputs& b, std::size_t j, const hasse::process_scales& scales) {
  double distance = 0, product = 0;
  for (std::size_t k = 0; k < a.smooth_columns; ++k)
    distance += std::pow((a.smooth[i * a.smooth_columns + k] - b.smooth[j * b.smooth_columns + k]) / std::exp(scales.lengths[k]), 2);
  for (std::size_t k = 0; k < a.linear_columns; ++k) product += a.linear[i * a.linear_columns + k] * b.linear[j * b.linear_columns + k];
  return std::exp(scales.linear) * product + std::exp(scales.smooth) * std::exp(-distance / 2);
}
struct textbook {
  std::vector<std::vector<double>> kernel;
  explicit textbook(const hasse::process_inputs& inputs, const hasse::process_scales& scales) : kernel(inputs.rows, std::vector<double>(inputs.rows)) {
    for (std::size_t i = 0; i < inputs.rows; ++i)
      for (std::size_t j = 0; j < inputs.rows; ++j) kernel[i][j] = covariance(inputs, i, inputs, j, scales) + (i == j ? std::exp(scales.noise) : 0);
  }
  std::vector<double> solve(std::vector<double> right, double* log_determinant = nullptr) const {
    auto left = kernel;
    const std::size_t n = right.size();
    if (log_determinant) *log_determinant = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (log_determinant) *log_determinant += std::log(left[i][i]);
      for (std::size_t row = i + 1; row < n; ++row) {
        const double factor = left[row][i] / left[i][i];
        for (std::size_t k = i; k < n; ++k) left[row][k] -= factor * left[i][k];
        right[row] -= factor * right[i];
      }
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) right[i] -= left[i][k] * right[k];
      right[i] /= left[i][i];
    }
    return right;
  }
};
double dot(const std::vector<double>& one, const std::vector<double>& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.size(); ++i) sum += one[i] * other[i];
  return sum;
}
}  // namespace

TEST_CASE("a Gaussian process agrees with the textbook, built at once or row by row", "[model]") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    hasse::random_source random(seed);
    const std::size_t rows = 3 + 9 * seed;
    const auto inputs = drawn_inputs(rows, 3, 4, random), places = drawn_inputs(7, 3, 4, random);
    const auto values = drawn_values(rows, random);
    const auto scales = drawn_scales(3, random);
    const textbook book(inputs, scales);
    double log_determinant = 0;
    const auto weights = book.solve(values, &log_determinant);

    double prior = 0;
    const auto off = [&](double at, double mean, double deviation) { prior += std::pow((at - mean) / deviation, 2) / 2; };
    off(scales.linear, std::log(0.3), 1.5), off(scales.smooth, std::log(0.5), 1), off(scales.noise, std::log(0.05), 1.5);
    for (const double length : scales.lengths) off(length, 0, 0.8);
    CHECK(hasse::log_posterior(inputs, values, scales) == Approx(-dot(values, weights) / 2 - log_determinant / 2 - prior).epsilon(1e-9));

    std::vector<std::size_t> first{0, 1};
    hasse::gaussian_process grown(inputs.at(first), {values[0], values[1]}, scales);
    for (std::size_t i = 2; i < rows; ++i) grown.append(std::span(inputs.smooth).subspan(3 * i, 3), std::span(inputs.linear).subspan(4 * i, 4), values[i]);
    for (const auto& process : {hasse::gaussian_process(inputs, values, scales), grown}) {
      const auto found = process.predict(places);
      const auto means = process.means(places), own = process.weights();
      for (std::size_t i = 0; i < rows; ++i) CHECK(own[i] == Approx(weights[i]).epsilon(1e-7).margin(1e-9));
      for (std::size_t m = 0; m < places.rows; ++m) {
        std::vector<double> cross(rows);
        for (std::size_t i = 0; i < rows; ++i) cross[i] = covariance(inputs, i, places, m, scales);
        CHECK(found.mean[m] == Approx(dot(cross, weights)).epsilon(1e-7).margin(1e-9));
        CHECK(means[m] == Approx(found.mean[m]).epsilon(1e-7).margin(1e-9));
        CHECK(found.variance[m] == Approx(covariance(places, m, places, m, scales) - dot(cross, book.solve(cross))).epsilon(1e-6).margin(1e-9));
      }
    }
  }
}

TEST_CASE("the gradient of the posterior is its slope, and its optimum has none", "[model]") {
  hasse::random_source random(5);
  const auto inputs = drawn_inputs(25, 4, 3, random);
  std::vector<double> values;
  for (std::size_t i = 0; i < 25; ++i) values.push_back(std::sin(4 * inputs.smooth[4 * i]) + inputs.linear[3 * i] + 0.1 * random.normal());
  const auto scales = drawn_scales(4, random);
  const auto slope_at = [&](const hasse::process_scales& at, std::size_t which) {
    const auto moved = [&](double by) {
      auto other = at;
      (which == 0 ? other.linear : which == 1 ? other.smooth : which == 2 ? other.noise : other.lengths[which - 3]) += by;
      return hasse::log_posterior(inputs, values, other);
    };
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  };
  std::vector<double> gradient;
  (void)hasse::log_posterior(inputs, values, scales, &gradient);
  REQUIRE(gradient.size() == 7);
  for (std::size_t k = 0; k < 7; ++k) CHECK(gradient[k] == Approx(slope_at(scales, k)).epsilon(1e-5).margin(1e-5));
  const auto best = hasse::most_likely_scales(inputs, values, scales, 200);
  for (std::size_t k = 0; k < 7; ++k) CHECK(std::abs(slope_at(best, k)) < 1e-3);
  CHECK(best.noise < -2);                         // the deviation of a run was 0.1
  CHECK(best.lengths[0] < best.lengths[2] - 0.5);  // the values vary along the first coordinate only
}

TEST_CASE("scales too extreme to compute with are no optimum, and equal rows no obstacle", "[model]") {
  hasse::random_source random(6);
  auto inputs = drawn_inputs(6, 2, 2, random);
  const auto values = drawn_values(12, random);
  for (std::size_t i = 0; i < 6; ++i) inputs.append(std::span(inputs.smooth).subspan(2 * i, 2), std::span(inputs.linear).subspan(2 * i, 2));
  CHECK(hasse::log_posterior(inputs, values, {0, 0, -800, {0, 0}}) == -INFINITY);
  const auto predicted = hasse::gaussian_process(inputs, values, {0, 0, -800, {0, 0}}).predict(inputs);
  for (std::size_t i = 0; i < 6; ++i) CHECK(predicted.mean[i] == Approx((values[i] + values[i + 6]) / 2).margin(0.01));
}

TEST_CASE("the expected gain of a point is the mean gain of its draws", "[model]") {
  hasse::random_source random(7);
  for (const hasse::merit_scale scale : {hasse::merit_scale{100.0}, hasse::merit_scale{}}) {
    hasse::staircase stairs(70, 50);
    stairs.add({{30, 90}, {10, 80}, {20, 79}, {10, 75}, {45, 60}, {60, 99}});
    CHECK(stairs.area() == 20 * 10 + 20 * 20);  // 10 to 30: 80; 30 to 50: 90
    for (const double cost : {5.0, 10.0, 25.0, 40.0, 50.0})
      for (const double merit : {75.0, 89.0, 95.0}) {
        const double mean = scale.in(merit), deviation = scale.best ? 0.4 : 6.0;
        double sum = 0, squares = 0;
        constexpr int draws = 20000;
        for (int i = 0; i < draws; ++i) {
          hasse::staircase more(70, 50);
          more.add({{30, 90}, {10, 80}, {cost, scale.out(mean + deviation * random.normal())}});
          const double gain = more.area() - stairs.area();
          sum += gain, squares += gain * gain;
        }
        const double average = sum / draws, error = std::sqrt((squares / draws - average * average) / draws);
        INFO("cost " << cost << ", merit " << merit);
        CHECK(std::abs(stairs.expected_gain(scale, cost, mean, deviation) - average) <= 4.5 * error + 1e-12);
      }
    CHECK(stairs.expected_gain(scale, 20, scale.in(95), 1e-9) == Approx(10 * 15 + 20 * 5));  // what is certain is no expectation
  }
  CHECK(hasse::merit_scale{100.0}.out(hasse::merit_scale{100.0}.in(93.5)) == Approx(93.5));
  CHECK(std::isfinite(hasse::merit_scale{1.0}.in(1)));
}

TEST_CASE("a model that was told a line knows what lies on it, and asks where the frontier can move", "[model]") {
  // Costs and merits of a chain: 40 places, each dearer and better than the one before.
  const auto point = [](int i) { return hasse::model_point{{.levels = {i / 40.0}}, {100 + 10 * i}}; };
  std::vector<hasse::model_point> all;
  for (int i = 0; i <= 40; ++i) all.push_back(point(i));
  hasse::search_model model({.seed = 1}, all);
  CHECK_THROWS_WITH(model.gains(all), ContainsSubstring("tell it a training first"));
  model.tell(point(39), std::nullopt);  // a failure before any success says nothing
  for (const int i : {0, 3, 7, 8, 12, 15, 18, 22, 25, 27, 29, 31}) model.tell(point(i), 50.0 + i);
  const auto expected = model.expected(all);
  for (int i = 0; i <= 40; ++i) {
    CHECK(expected[static_cast<std::size_t>(i)].middle == Approx(50 + i).margin(0.5));
    CHECK(expected[static_cast<std::size_t>(i)].low < expected[static_cast<std::size_t>(i)].high);
  }
  const auto gains = model.gains(all);
  CHECK(gains[40] == 0);           // the dearest: nothing is measured beyond
  CHECK(gains[36] > 3 * gains[25]);  // trained already
  CHECK(*std::max_element(gains.begin(), gains.end()) == *std::max_element(gains.begin() + 32, gains.begin() + 40));
  const std::vector<hasse::model_point> busy{point(36)};
  CHECK(model.gains(all, busy)[36] < 0.1 * gains[36]);

  // What is under way also makes its surroundings known: without that, 0.137 and 0.89 of the gains would be left.
  hasse::search_model unsure({.seed = 1, .own_noise = 0}, all);
  for (const int i : {0, 3, 7, 8, 12, 15, 18, 22, 25, 27, 29, 31}) unsure.tell(point(i), 50.0 + i + (i % 3) * 4);
  const auto before = unsure.gains(all), after = unsure.gains(all, busy);
  CHECK(after[36] < 0.115 * before[36]);
  CHECK(after[30] < 0.82 * before[30]);
}

TEST_CASE("runs of one network count as their mean, whose noise is less", "[model]") {
  hasse::random_source random(8);
  auto inputs = drawn_inputs(14, 3, 3, random);
  const auto values = drawn_values(14, random);
  const auto scales = drawn_scales(3, random);
  // Two rows at one place with the noise of a run each say what one row says of their mean with half the noise.
  auto twice = inputs;
  twice.append(std::span(inputs.smooth).subspan(15, 3), std::span(inputs.linear).subspan(15, 3));
  auto two_values = values, mean = values;
  two_values.push_back(values[5] + 1), mean[5] += 0.5;
  inputs.noise.assign(14, 1), inputs.noise[5] = 0.5;
  const hasse::gaussian_process one(inputs, mean, scales), two(twice, two_values, scales);
  const auto places = drawn_inputs(5, 3, 3, random);
  const auto by_one = one.predict(places), by_two = two.predict(places);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(by_one.mean[i] == Approx(by_two.mean[i]).epsilon(1e-9));
    CHECK(by_one.variance[i] == Approx(by_two.variance[i]).epsilon(1e-9));
  }
  // The diagonal of the inverse: what a column of it, solved for, has there.
  const auto precisions = one.precisions();
  for (std::size_t i = 0; i < 14; ++i) {
    std::vector<double> unit(14, 0);
    unit[i] = 1;
    CHECK(precisions[i] == Approx(hasse::gaussian_process(inputs, unit, scales).weights()[i]).epsilon(1e-9));
  }
  std::vector<double> gradient;
  (void)hasse::log_posterior(inputs, mean, scales, &gradient);
  auto more = scales, less = scales;
  more.noise += 1e-5, less.noise -= 1e-5;
  CHECK(gradient[2] == Approx((hasse::log_posterior(inputs, mean, more) - hasse::log_posterior(inputs, mean, less)) / 2e-5).epsilon(1e-5));
}

TEST_CASE("what one more run of a network is worth is what its draws gain, and a model of two runs believes their mean", "[model]") {
  const auto point = [](int i) { return hasse::model_point{{.levels = {i / 40.0}}, {100 + 10 * i}}; };
  std::vector<hasse::model_point> all;
  for (int i = 0; i <= 40; ++i) all.push_back(point(i));
  hasse::random_source random(3);
  const auto model_of = [&](double own) { return hasse::search_model({.seed = 1, .own_noise = own}, all); };
  hasse::search_model model = model_of(0.2), trusting = model_of(1);
  std::vector<double> told;
  for (const int i : {0, 3, 7, 8, 12, 15, 18, 22, 25, 27, 29, 31, 34}) {
    told.push_back(50 + 0.5 * i + 4 * random.normal());
    model.tell(point(i), told.back()), trusting.tell(point(i), told.back());
  }
  for (const double gain : trusting.repeat_gains()) CHECK(gain == 0);
  const auto worth = [](hasse::search_model& of) {
    std::vector<double> middles;
    for (const auto& each : of.judged()) middles.push_back(each.middle);
    return middles;
  };
  CHECK(worth(trusting) == told);
  const auto gains = model.repeat_gains();
  const auto before = worth(model);
  REQUIRE(gains.size() == told.size());
  CHECK(*std::max_element(gains.begin(), gains.end()) > 0);
  CHECK(*std::min_element(gains.begin(), gains.end()) == 0);  // far below the frontier
  const auto likeliest = static_cast<std::size_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
  const double lucky = *std::max_element(told.begin(), told.end());
  const auto luckiest = static_cast<std::size_t>(std::find(told.begin(), told.end(), lucky) - told.begin());
  CHECK(before[luckiest] < lucky);

  // Another run, far below the first: the network is believed to be worse, and it is known better.
  hasse::search_model again = model;
  again.tell_again(likeliest, told[likeliest] - 10);
  CHECK(worth(again)[likeliest] < before[likeliest] - 1);
  const auto first = model.judged()[likeliest], second = again.judged()[likeliest];
  CHECK(second.high - second.low < first.high - first.low);
  CHECK(again.repeat_gains()[likeliest] < gains[likeliest]);
  CHECK_THROWS_WITH(again.tell_again(99, 1.0), ContainsSubstring("tell the first run first"));
  CHECK(model.run_deviation(60) > 1);
  CHECK(model.run_deviation(60) < 10);
}

TEST_CASE("repeated trainings tell how much of the noise is luck", "[model]") {
  const auto point = [](int i) { return hasse::model_point{{.levels = {i / 40.0}}, {100 + 10 * i}}; };
  std::vector<hasse::model_point> all;
  for (int i = 0; i <= 40; ++i) all.push_back(point(i));
  const auto luck_where = [&](double own, double luck, std::size_t repeats, bool learns = true) {
    hasse::random_source random(5);
    hasse::search_model model({.seed = 1, .own_noise = 1.0 / 3, .learns_noise = learns}, all);
    std::vector<double> truth;
    for (int i = 0; i <= 40; ++i) {
      truth.push_back(50 + 0.5 * i + own * random.normal());
      model.tell(point(i), truth.back() + luck * random.normal());
    }
    for (std::size_t i = 0; i < repeats; ++i) model.tell_again(i, truth[i] + luck * random.normal());
    return model.luck_deviation(60) / model.run_deviation(60);
  };
  const double guessed = std::sqrt(2.0 / 3);
  CHECK(luck_where(4, 0.5, 0) == Approx(guessed));  // nothing was repeated
  CHECK(luck_where(4, 0.5, 30, false) == Approx(guessed));
  CHECK(luck_where(4, 0.5, 30) < 0.45);
  CHECK(luck_where(0.2, 4, 30) > 0.85);
  CHECK(luck_where(4, 0.5, 3) > luck_where(4, 0.5, 30));  // the guess counts less and less
}
