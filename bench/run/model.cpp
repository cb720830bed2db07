// What a proposal and a fit of a model-guided search take (docs/explanation/model-guided-search.md): one thread, processor time.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <hasse/search/model_guided_search.hpp>
#include <hasse/search/space_domain.hpp>
#include <hasse/space.hpp>

namespace {
// Thirteen layers of four levels, six counts: twenty coordinates with the cost.
hasse::model_point drawn(hasse::random_source& random) {
  hasse::model_point point;
  double sum = 0;
  for (int i = 0; i < 13; ++i) point.place.levels.push_back(static_cast<double>(random.below(4)) / 3), sum += point.place.levels.back();
  for (int i = 0; i < 6; ++i) point.place.counts.push_back(random.uniform());
  point.cost = {static_cast<std::int64_t>(1e6 * (1 + sum) + 1e5 * random.uniform())};
  return point;
}
std::vector<hasse::model_point> drawn(hasse::random_source& random, std::int64_t count) {
  std::vector<hasse::model_point> points;
  for (std::int64_t i = 0; i < count; ++i) points.push_back(drawn(random));
  return points;
}

/// Of so many candidates after so many trainings.
void proposal(benchmark::State& state) {
  hasse::random_source random(1);
  hasse::search_model model({.seed = 1, .scale = {100.0}}, drawn(random, 2048));
  for (const auto& point : drawn(random, state.range(0))) model.tell(point, 70 + static_cast<double>(point.cost.count) / 1e6 + 0.3 * random.normal());
  const auto candidates = drawn(random, state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(model.gains(candidates));
}

/// The scales of so many rows: at most 250 are looked at.
void fit(benchmark::State& state) {
  hasse::random_source random(1);
  hasse::process_inputs inputs;
  std::vector<double> values;
  for (const auto& point : drawn(random, state.range(0))) {
    std::vector<double> smooth = point.place.levels, linear = point.place.levels;
    smooth.insert(smooth.end(), point.place.counts.begin(), point.place.counts.end()), smooth.push_back(static_cast<double>(point.cost.count) / 1e7);
    linear.push_back(1);
    inputs.append(smooth, linear), values.push_back(static_cast<double>(point.cost.count) / 1e6 - 7 + 0.3 * random.normal());
  }
  for (auto _ : state) benchmark::DoNotOptimize(hasse::most_likely_scales(inputs, values, hasse::process_scales::prior_mean(20)));
}

/// A whole ask, with draws and children, in a space that cannot be listed.
template <int... Stage>
using stages = hasse::search_space<hasse::input<3, 32, 32>, hasse::stem<hasse::conv{.out = 16}>,
                                   hasse::stage<hasse::basic{.stride = Stage}, hasse::widths<16, 24, 32, 48, 64, 96, 128, 192>, hasse::depth<1, 6>>...,
                                   hasse::head<hasse::global_average_pool, hasse::linear<10>>>;
void ask_in_a_large_space(benchmark::State& state) {
  // More than 10^15 architectures.
  using space = stages<1, 1, 2, 1, 2, 1, 1, 1, 1, 1>;
  hasse::random_source random(1);
  std::vector<hasse::ticks> costs;
  for (int part = 0; part < hasse::part_count<space>; ++part) costs.push_back({static_cast<std::int64_t>(1 + random.below(20))});
  const hasse::space_domain<space> domain(costs, {});
  hasse::model_guided_search policy(domain, {.seed = 1, .best = 1.0});
  for (int i = 0; i < state.range(0); ++i) {
    const auto x = domain.sample(random);
    try {
      policy.tell(x, {0.5 + 0.3 * random.uniform()});
    } catch (const hasse::error&) {  // drawn before
    }
  }
  for (auto _ : state) {
    const auto x = policy.ask();
    benchmark::DoNotOptimize(x);
    policy.release(*x);
  }
}

BENCHMARK(proposal)->Args({200, 1024})->Args({1000, 8192})->Unit(benchmark::kMillisecond);
BENCHMARK(fit)->Arg(60)->Arg(250)->Unit(benchmark::kMillisecond);
BENCHMARK(ask_in_a_large_space)->Arg(200)->Unit(benchmark::kMillisecond);
}  // namespace
