// Order queries per second and core: the budget is 10^8 (docs/explanation/design.md).
#include <vector>

#include <benchmark/benchmark.h>

#include <hasse/space.hpp>
#include <hasse/space/count.hpp>

namespace {
template <class Space, class Order>
void order_queries(benchmark::State& state) {
  hasse::random_source random(1);
  const hasse::counter<Space> all;
  std::vector<hasse::order_signature<Space>> signatures;
  for (int i = 0; i < 1024; ++i) signatures.push_back(Order::signature(all.sample(random)));
  std::int64_t ordered = 0;
  for (auto _ : state) {
    for (const auto& x : signatures)
      for (const auto& y : signatures) ordered += x.below(y);
    benchmark::DoNotOptimize(ordered);
  }
  state.SetItemsProcessed(state.iterations() * 1024 * 1024);
}

template <class Space>
void signatures(benchmark::State& state) {
  hasse::random_source random(1);
  const hasse::counter<Space> all;
  std::vector<hasse::architecture<Space>> choices;
  for (int i = 0; i < 1024; ++i) choices.push_back(all.sample(random));
  for (auto _ : state)
    for (const auto& choice : choices) benchmark::DoNotOptimize(hasse::strict_order::signature(choice));
  state.SetItemsProcessed(state.iterations() * 1024);
}

template <class Space>
void uniform_draws(benchmark::State& state) {
  hasse::random_source random(1);
  const hasse::counter<Space> all;
  for (auto _ : state) benchmark::DoNotOptimize(all.sample(random));
  state.SetItemsProcessed(state.iterations());
}
}  // namespace

BENCHMARK(order_queries<hasse::df, hasse::strict_order>);
BENCHMARK(order_queries<hasse::df, hasse::embedding_order>);
BENCHMARK(order_queries<hasse::df_small, hasse::strict_order>);
BENCHMARK(signatures<hasse::df>);
BENCHMARK(uniform_draws<hasse::df>);
