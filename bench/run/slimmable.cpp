// One iteration of a universally slimmable network (four passes, one step of descent) against the steps of four separate networks
// of those widths, in turns; and its memory against that of a step at full width. Ratios are medians over the rounds.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <hasse/kernel/cpu.hpp>
#include <hasse/network/named.hpp>
#include <hasse/space/spaces.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>

namespace {
using namespace hasse;

layer_list network_of(const std::string& name) {
  if (name == "df_small") return layers_of(parse<df_small>("[(32),(64),(128)]"), df_small::image);
  return named_network(name);
}

/// The widths of an iteration: both ends, and the quartiles in the stead of what would be drawn between them.
struct four_widths {
  bool distils = true;
  int norms() const { return 0; }
  void check(const width_family&) const {}
  void draw(const width_family& family, random_source&, std::vector<width_pass>& to) const {
    to.clear();
    for (const int width : {1000, 250, 438, 813}) to.push_back({family.at(width), 0});
  }
  std::string text() const { return "both ends and two between"; }
};

std::vector<int> labels_for(int batch, int classes) {
  std::vector<int> labels;
  for (int i = 0; i < batch; ++i) labels.push_back(i % classes);
  return labels;
}
void fill(float* images, std::size_t count) {
  random_source random(5);
  for (std::size_t i = 0; i < count; ++i) images[i] = static_cast<float>(random.uniform()) - 0.5f;
}

/// Forward, loss, backward, descent of one network that was made for its width.
struct separate_step {
  parameters<float> weights;
  training_network<cpu> network;
  nesterov_descent<float> descent;
  std::vector<int> labels;

  separate_step(cpu& backend, const layer_list& layers, int batch)
      : weights(first(layers)),
        network(backend, layers, batch, weights),
        descent(weights.layout, {}),
        labels(labels_for(batch, static_cast<int>(network.output_shape().size()))) {
    fill(network.input(), static_cast<std::size_t>(batch) * static_cast<std::size_t>(layers.input.size()));
  }
  static parameters<float> first(const layer_list& layers) {
    parameters<float> made(layers);
    random_source random(1);
    initialise(made, layers, random);
    return made;
  }
  void run() {
    network.forward();
    softmax_cross_entropy(network.output(), labels.data(), network.batch(), static_cast<int>(network.output_shape().size()), 0.0,
                          network.output_gradient());
    network.backward();
    descent.step(weights.values.data(), network.gradients(), 1e-6);
  }
};

/// An iteration of the slimmable network.
struct slimmable_step {
  width_family family;
  four_widths rule;
  detail::many_widths<cpu, classification, four_widths> widths;
  nesterov_descent<float> descent;
  std::vector<int> labels;

  slimmable_step(cpu& backend, const layer_list& layers, int batch)
      : family(layers),
        widths(backend, family, rule, {}, {.batch = batch}, 1),
        descent(widths.weights().layout, {}),
        labels(labels_for(batch, static_cast<int>(layers.items.back().out.size()))) {
    fill(widths.input(), static_cast<std::size_t>(batch) * static_cast<std::size_t>(layers.input.size()));
  }
  void run() {
    widths.step(labels, 0);
    descent.step(widths.weights().values.data(), widths.gradients(), 1e-6);
  }
};

/// What a process does that only measures its memory, as HASSE_PEAK_OF says: "NETWORK BATCH THREADS full|slimmable|nothing".
void work_for_peak(const std::string& what) {
  std::istringstream words(what);
  std::string name, kind;
  int batch = 0, threads = 0;
  words >> name >> batch >> threads >> kind;
  if (kind == "nothing") return;
  cpu backend({.threads = threads});
  const auto run_twice = [](auto&& step) {
    for (int i = 0; i < 2; ++i) step.run();
  };
  if (kind == "full")
    run_twice(separate_step(backend, network_of(name), batch));
  else
    run_twice(slimmable_step(backend, network_of(name), batch));
}

/// This program: a shell that starts it has a /proc/self of its own.
std::string program_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// The resident memory of a process of its own at its peak, in MB. It is started anew: a fork takes no threads along.
double peak_of(const std::string& what) {
  ::setenv("HASSE_PEAK_OF", what.c_str(), 1);
  std::FILE* const child = ::popen(program_path().c_str(), "r");
  double found = 0;
  if (!child || std::fscanf(child, "%lf", &found) != 1) found = 0;
  if (child) ::pclose(child);
  ::unsetenv("HASSE_PEAK_OF");
  return found;
}

double median(std::vector<double> of) {
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

void iteration(benchmark::State& state, const std::string& name, int batch) {
  const layer_list layers = network_of(name);
  const int threads = static_cast<int>(state.range(0));
  const std::string what = name + ' ' + std::to_string(batch) + ' ' + std::to_string(threads) + ' ';
  const double nothing = peak_of(what + "nothing"), full = peak_of(what + "full"), many = peak_of(what + "slimmable");

  cpu backend({.threads = threads});
  slimmable_step together(backend, layers, batch);
  std::vector<std::unique_ptr<separate_step>> apart;
  for (const int width : {1000, 250, 438, 813})
    apart.push_back(std::make_unique<separate_step>(backend, together.family.layers_at(together.family.at(width)), batch));
  using clock = std::chrono::steady_clock;
  const auto milliseconds = [](auto&& work) {
    const auto start = clock::now();
    work();
    return std::chrono::duration<double, std::milli>(clock::now() - start).count();
  };
  std::vector<double> ours, theirs, ratios;
  for (auto _ : state) {
    ours.push_back(milliseconds([&] { together.run(); }));
    theirs.push_back(milliseconds([&] {
      for (auto& each : apart) each->run();
    }));
    ratios.push_back(ours.back() / theirs.back());
    state.SetIterationTime((ours.back() + theirs.back()) / 1000);
  }
  state.counters["slimmable_ms"] = median(ours);
  state.counters["separate_ms"] = median(theirs);
  state.counters["ratio"] = median(ratios);
  state.counters["slimmable_MB"] = many - nothing;
  state.counters["full_width_MB"] = full - nothing;
  state.counters["memory_ratio"] = (many - nothing) / (full - nothing);
}

/// Before main: a process that was started to be measured does that and ends.
[[maybe_unused]] const bool measured = [] {
  const char* const what = std::getenv("HASSE_PEAK_OF");
  if (!what) return false;
  work_for_peak(what);
  ::rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%f\n", static_cast<double>(usage.ru_maxrss) / 1024);
  std::fflush(stdout);
  std::_Exit(0);
}();
}  // namespace

BENCHMARK_CAPTURE(iteration, df_small, "df_small", 128)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Iterations(15)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(iteration, resnet20, "resnet20", 64)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Iterations(9)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(iteration, mobilenet_v2, "mobilenet_v2_cifar", 64)
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Iterations(7)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(iteration, resnet18, "resnet18_cifar", 64)->Arg(2)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
