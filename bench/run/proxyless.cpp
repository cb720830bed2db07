// A supernet of gated blocks (ProxylessNAS) against training one of its paths as a network of its own: steps of weights and of
// gates on the same paths, in turns; and their memory with 2, 4 and 7 candidates per block, beside the sum of all candidates
// (DARTS). Ratios are medians over the rounds.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <hasse/kernel/cpu.hpp>
#include <hasse/network/training.hpp>
#include <hasse/supernet/gated_network.hpp>
#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/proxyless_space.hpp>
#include <hasse/task/loss.hpp>
#include <hasse/train/sgd.hpp>

namespace {
using namespace hasse;

/// Images and labels of one batch, which every step copies in as if it had read them.
struct drawn_batch {
  std::vector<float> images;
  std::vector<int> labels;

  drawn_batch(feature_shape input, int classes, int batch) : images(static_cast<std::size_t>(batch * input.size())) {
    random_source random(5);
    for (float& each : images) each = static_cast<float>(random.uniform()) - 0.5f;
    for (int i = 0; i < batch; ++i) labels.push_back(i % classes);
  }
  /// Forward, loss and, by `back`, the way back.
  template <class Network, class Back>
  void pass(Network& network, Back&& back) const {
    std::copy(images.begin(), images.end(), network.input());
    network.forward();
    softmax_cross_entropy(network.output(), labels.data(), network.batch(), static_cast<int>(network.output_shape().size()), 0.0,
                          network.output_gradient());
    back();
  }
};

parameters<float> first_weights(const layer_list& layers) {
  parameters<float> made(layers);
  random_source random(1);
  initialise(made, layers, random);
  return made;
}

/// A step of one network alone.
struct plain_step {
  parameters<float> weights;
  training_network<cpu> network;
  nesterov_descent<float> descent;
  drawn_batch data;

  plain_step(cpu& backend, const layer_list& layers, int batch)
      : weights(first_weights(layers)),
        network(backend, layers, batch, weights),
        descent(weights.layout, {}),
        data(network.input_shape(), static_cast<int>(network.output_shape().size()), batch) {}
  void run() {
    data.pass(network, [&] { network.backward(); });
    descent.step(weights.values.data(), network.gradients(), 1e-6);
  }
};

/// The steps of a search, from the choice of a path to the descent.
struct gated_steps {
  const gated_list& list;
  std::vector<int> searched = list.searched();
  gate_parameters gates{counts(), 1};
  gate_descent descent_of_gates{gates};
  parameters<float> weights = first_weights(gated_layers(list));
  nesterov_descent<float> descent{weights.layout, {}};
  gated_network<cpu> network;
  drawn_batch data;
  std::vector<double> slopes = std::vector<double>(gates.size()), gradient = slopes;

  gated_steps(cpu& backend, const gated_list& gated, int batch)
      : list(gated), network(backend, gated, batch, weights), data(gated.input, static_cast<int>(gated.output().size()), batch) {}

  std::vector<int> counts() const {
    std::vector<int> made;
    for (const int block : searched) made.push_back(list.block(block).count());
    return made;
  }
  std::vector<int> active(std::span<const gate_pair> pairs) const {
    std::vector<int> choice(list.blocks.size(), 0);
    for (std::size_t b = 0; b < searched.size(); ++b) choice[static_cast<std::size_t>(searched[b])] = pairs[b].active;
    return choice;
  }

  void step_weights(std::span<const gate_pair> pairs) {
    network.select(active(pairs));
    data.pass(network, [&] { network.backward(); });
    descent.step(weights.values.data(), network.gradients(), 1e-6, network.active());
  }
  /// Its floor: the path forward, the gradients of its values (of weights none, they are skipped) back to the first searched block,
  /// and the idle candidates forward; about as many products as a plain step.
  void step_two(std::span<const gate_pair> pairs) {
    std::vector<std::vector<int>> others(list.blocks.size());
    for (std::size_t b = 0; b < searched.size(); ++b) others[static_cast<std::size_t>(searched[b])] = {pairs[b].idle};
    ask(pairs, others);
    add_gate_gradient(gates, pairs, slopes, 1, gradient);
    descent_of_gates.step(gates, pairs, gradient);
  }
  void step_full(std::span<const gate_pair> pairs) {
    std::vector<std::vector<int>> others(list.blocks.size());
    for (std::size_t b = 0; b < searched.size(); ++b)
      for (int i = 0; i < gates.candidates(static_cast<int>(b)); ++i)
        if (i != pairs[b].active) others[static_cast<std::size_t>(searched[b])].push_back(i);
    ask(pairs, others);
    add_gate_gradient(gates, slopes, 1, gradient);
    descent_of_gates.step(gates, gradient);
  }

 private:
  void ask(std::span<const gate_pair> pairs, std::span<const std::vector<int>> others) {
    network.select(active(pairs), gated_pass::gates, others);
    data.pass(network, [&] {
      network.backward([&](int block, int candidate, double gate) {
        const auto place = std::lower_bound(searched.begin(), searched.end(), block) - searched.begin();
        slopes[gates.entry(static_cast<int>(place), candidate)] = gate;
      });
    });
    std::fill(gradient.begin(), gradient.end(), 0.0);
  }
};

/// The blocks of proxyless-cifar-small with `count` candidates of one size.
gated_list equal_candidates(int count) {
  gated_list list = gated_list_of(proxyless_space("proxyless-cifar-small"));
  for (gated_block& block : list.blocks) {
    if (!block.searched()) continue;
    block.candidates.assign(static_cast<std::size_t>(count), gated_candidate(block.candidates[2]));
    for (int i = 0; i < count; ++i) block.candidates[static_cast<std::size_t>(i)].text = "c" + std::to_string(i);
  }
  return list;
}

/// The network in which every block is the sum of its candidates. DARTS also weighs them, which needs no less.
layer_list sum_of_all(const gated_list& list) {
  layer_list all{.input = list.input, .items = {}};
  for (const gated_block& block : list.blocks) {
    const auto from = static_cast<value_id>(all.size());
    value_id sum = no_value;
    for (const gated_candidate& each : block.candidates) {
      const auto shift = static_cast<value_id>(all.size());
      const auto moved = [&](value_id value) { return value == no_value ? no_value : value == 0 ? from : value + shift; };
      for (layer item : each.layers) {
        item.input = moved(item.input), item.other = moved(item.other);
        all.append(item);
      }
      const auto answer = static_cast<value_id>(all.size());
      sum = sum == no_value ? answer : layer_builder<layer_list>{all}.add(answer, sum);
    }
  }
  return all;
}

/// What a step needs, in MB: as planned, and at the peak of a process that does nothing else.
struct step_memory {
  double arena = 0, process = 0;
};

/// What a process does that only measures its memory, as HASSE_PEAK_OF says: "CANDIDATES BATCH
/// single|weights|two|full|sum|nothing". Returns the bytes of the arena.
std::size_t work_for_peak(const std::string& what) {
  std::istringstream words(what);
  std::string kind;
  int candidates = 0, batch = 0;
  words >> candidates >> batch >> kind;
  if (kind == "nothing") return 0;
  cpu backend({.threads = 1});
  const gated_list list = equal_candidates(candidates);
  if (kind == "single" || kind == "sum") {
    plain_step step(backend, kind == "sum" ? sum_of_all(list) : list.path(std::vector<int>(list.blocks.size(), 0)), batch);
    for (int i = 0; i < 3; ++i) step.run();
    return step.network.arena_bytes();
  }
  gated_steps steps(backend, list, batch);
  random_source random(2);
  std::vector<gate_pair> pairs;
  for (int i = 0; i < 3; ++i) {
    steps.gates.draw(random, pairs);
    if (kind == "weights")
      steps.step_weights(pairs);
    else if (kind == "two")
      steps.step_two(pairs);
    else
      steps.step_full(pairs);
  }
  return steps.network.arena_bytes();
}

/// This program: a shell that starts it has a /proc/self of its own.
std::string program_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// Of a process of its own. It is started anew: a fork takes no threads along.
step_memory memory_of(const std::string& what) {
  ::setenv("HASSE_PEAK_OF", what.c_str(), 1);
  std::FILE* const child = ::popen(program_path().c_str(), "r");
  step_memory found;
  if (!child || std::fscanf(child, "%lf %lf", &found.arena, &found.process) != 2) found = {};
  if (child) ::pclose(child);
  ::unsetenv("HASSE_PEAK_OF");
  return found;
}

/// Before main: a process that was started to be measured does that and ends.
[[maybe_unused]] const bool measured = [] {
  const char* const what = std::getenv("HASSE_PEAK_OF");
  if (!what) return false;
  const std::size_t arena = work_for_peak(what);
  ::rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%f %f\n", static_cast<double>(arena) / (1 << 20), static_cast<double>(usage.ru_maxrss) / 1024);
  std::fflush(stdout);
  std::_Exit(0);
}();

double median(std::vector<double> of) {
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

/// Rounds over five paths that the gates drew as they begin; each does all four steps before the next path does.
void steps(benchmark::State& state, const std::string& name, int batch) {
  cpu backend({.threads = static_cast<int>(state.range(0))});
  const gated_list list = gated_list_of(proxyless_space(name));
  gated_steps supernet(backend, list, batch);
  std::vector<std::vector<gate_pair>> drawn(5);
  std::vector<std::unique_ptr<plain_step>> alone;
  random_source random(7);
  for (auto& pairs : drawn) {
    supernet.gates.draw(random, pairs);
    alone.push_back(std::make_unique<plain_step>(backend, list.path(supernet.active(pairs)), batch));
  }
  enum { plain, weights, two, full, kinds };
  using clock = std::chrono::steady_clock;
  const auto milliseconds = [](auto&& work) {
    const auto start = clock::now();
    work();
    return std::chrono::duration<double, std::milli>(clock::now() - start).count();
  };
  const auto round = [&](double(&took)[kinds]) {
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      took[plain] += milliseconds([&] { alone[i]->run(); });
      took[weights] += milliseconds([&] { supernet.step_weights(drawn[i]); });
      took[two] += milliseconds([&] { supernet.step_two(drawn[i]); });
      took[full] += milliseconds([&] { supernet.step_full(drawn[i]); });
    }
  };
  double first[kinds] = {};
  round(first);  // kernels are made
  std::vector<double> times[kinds], ratios[kinds];
  for (auto _ : state) {
    double took[kinds] = {}, sum = 0;
    round(took);
    for (int kind = 0; kind < kinds; ++kind) {
      times[kind].push_back(took[kind] / static_cast<double>(drawn.size()));
      ratios[kind].push_back(took[kind] / took[plain]);
      sum += took[kind];
    }
    state.SetIterationTime(sum / 1000);
  }
  state.counters["plain_ms"] = median(times[plain]);
  state.counters["weights_ms"] = median(times[weights]);
  state.counters["two_ms"] = median(times[two]);
  state.counters["full_ms"] = median(times[full]);
  state.counters["weights_ratio"] = median(ratios[weights]);
  state.counters["two_ratio"] = median(ratios[two]);
  state.counters["full_ratio"] = median(ratios[full]);
}

/// Memory over that of the path alone; `process` is less what this program needs to do nothing.
void memory(benchmark::State& state, int batch) {
  const std::string what = std::to_string(state.range(0)) + ' ' + std::to_string(batch) + ' ';
  for (auto _ : state) {
    const double nothing = memory_of(what + "nothing").process;
    const step_memory single = memory_of(what + "single");
    state.counters["single_arena_MB"] = single.arena, state.counters["single_process_MB"] = single.process - nothing;
    for (const char* const kind : {"weights", "two", "full", "sum"}) {
      const step_memory found = memory_of(what + kind);
      state.counters[std::string(kind) + "_arena"] = found.arena / single.arena;
      state.counters[std::string(kind) + "_process"] = (found.process - nothing) / (single.process - nothing);
    }
  }
}
}  // namespace

BENCHMARK_CAPTURE(steps, proxyless_cifar_tiny, "proxyless-cifar-tiny", 64)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Iterations(15)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(steps, proxyless_cifar_small, "proxyless-cifar-small", 64)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Iterations(9)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(steps, proxyless_cifar, "proxyless-cifar", 8)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Iterations(7)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(memory, equal_candidates, 64)->Arg(2)->Arg(4)->Arg(7)->Iterations(1)->Unit(benchmark::kMillisecond);
