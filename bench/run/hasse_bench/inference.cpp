// Whole networks of one image, and their steps one by one.
#include <cstring>
#include <numeric>

#include <hasse/kernel/cpu.hpp>
#include <hasse/latency/probe.hpp>
#include <hasse/network.hpp>
#include <hasse/space/cost.hpp>

#include "backend.hpp"
#include "bench.hpp"

namespace bench {

using namespace hasse;

namespace {

std::vector<float> floats_in(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

/// An exported network on the CPU backend, its input in place.
template <class Engine>
struct loaded_network {
  loaded_network(const settings& how, const std::string& name)
      : layers(network_named(name)),
        backend(options_of(how)),
        network(backend, layers, 1, exported_weights(how.folder / (name + ".weights"), layers)) {
    for (std::int64_t i = 0; i < layers.input.size(); ++i)
      network.input()[i] = typename Engine::scalar(drawn(static_cast<std::uint32_t>(i)));
    network.run();
    const std::vector<float> expected = floats_in(how.folder / (name + ".output"));
    const std::vector<float> output(network.output(), network.output() + expected.size());
    const std::vector<float> found = by_channel(network.output_shape(), output);
    double largest = 1, apart = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      apart = std::max(apart, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
    }
    difference = apart / largest;
  }

  layer_list layers;
  Engine backend;
  inference_network<Engine> network;
  double difference = 0;  ///< from the exported output, against its largest value or 1
};

template <class Engine>
class whole_network : public measurement {
 public:
  whole_network(const settings& how, const std::string& name) : it_(how, name) {
    timed([&] { it_.network.run(); }, 100);
  }

  json visit(double milliseconds) override {
    it_.network.run();
    json answer{{"ns", timed([&] { it_.network.run(); }, milliseconds)}};
    if (std::exchange(first_, false))
      answer.update({{"difference", it_.difference},
                     {"arena_bytes", it_.network.arena_bytes()},
                     {"weight_bytes", it_.network.weight_bytes()}});
    return answer;
  }

 private:
  loaded_network<Engine> it_;
  bool first_ = true;
};

/// The whole, every step inside it, and every step alone, again and again, in the same arena: what lies between the whole and the
/// sum of the last is what joining kernels costs.
class network_steps : public measurement {
 public:
  network_steps(const settings& how, const std::string& name) : it_(how, name) {
    timed([&] { it_.network.run(); }, 100);
  }

  json visit(double milliseconds) override {
    auto& steps = it_.network.steps();
    json ns{{"whole", timed([&] { it_.network.run(); }, milliseconds / 2)}};
    std::vector<std::int64_t> alone;
    for (auto& step : steps) {
      step.run();
      alone.push_back(median(timed([&] { step.run(); }, milliseconds / 2 / static_cast<double>(steps.size()))));
    }
    std::vector<std::vector<std::int64_t>> laps(steps.size());
    steady_stopwatch watch;
    timed(
        [&] {
          watch.start();
          for (auto& step : steps) step.run(), watch.lap();
          for (std::size_t i = 0; i < steps.size(); ++i) laps[i].push_back(watch.nanoseconds(i));
        },
        milliseconds / 2);
    std::vector<std::int64_t> inside;
    for (std::vector<std::int64_t>& each : laps) inside.push_back(median(std::move(each)));
    ns["sum of steps"] = {std::accumulate(alone.begin(), alone.end(), std::int64_t{0})};
    return {{"ns", ns}, {"steps_ns", inside}, {"alone_ns", alone}, {"steps", descriptions()}};
  }

 private:
  json descriptions() {
    json steps = json::array();
    const layer_list& folded = it_.network.folded_layers();
    const auto ends = it_.network.step_ends();
    int first = 0;
    for (std::size_t step = 0; step < ends.size(); first = ends[step++]) {
      const std::span<const layer> run(folded.data() + first, static_cast<std::size_t>(ends[step] - first));
      const work all = work_of(run, 1);
      steps.push_back({{"layers", text_of(run)},
                       {"implementation", it_.network.steps()[step].implementation()},
                       {"operations", all.operations},
                       {"bytes", all.bytes}});
    }
    return steps;
  }

  loaded_network<cpu> it_;
};

}  // namespace

parameters<float> exported_weights(const std::filesystem::path& path, const layer_list& layers) {
  parameters<float> weights(layers.items);
  const std::vector<float> values = floats_in(path);
  if (values.size() != weights.values.size() + weights.statistics.size())
    throw error(path.string() + " has weights of another network; export the networks again");
  std::copy_n(values.begin(), weights.values.size(), weights.values.begin());
  std::copy(values.begin() + static_cast<std::ptrdiff_t>(weights.values.size()), values.end(), weights.statistics.begin());
  return weights;
}

work work_of(std::span<const layer> run, int batch) {
  work all;
  const value_id before = run.front().input;
  all.bytes += run.front().in.size() + run.back().out.size();
  for (const layer& item : run) {
    all.operations += 2 * macs_of(item);
    if (item.other != no_value && item.other <= before) all.bytes += item.other_shape().size();
  }
  all.operations *= batch, all.bytes *= batch;
  for (const layer& item : run) all.bytes += parameters_of(item);
  all.bytes *= static_cast<std::int64_t>(sizeof(float));
  return all;
}

std::string text_of(std::span<const layer> run) {
  std::string text;
  for (const layer& item : run) text += (text.empty() ? "" : " + ") + detail::describe(item);
  return text;
}

std::unique_ptr<measurement> load_network(const settings& how, const std::string& name) {
  if (how.bf16) return std::make_unique<whole_network<cpu_bf16>>(how, name);
  return std::make_unique<whole_network<cpu>>(how, name);
}
std::unique_ptr<measurement> load_steps(const settings& how, const std::string& name) {
  return std::make_unique<network_steps>(how, name);
}

}  // namespace bench
