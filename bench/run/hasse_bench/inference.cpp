// Whole networks of one image, and their steps one by one.
#include <cstring>
#include <numeric>

#include <hasse/kernel/run_text.hpp>
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

/// An exported network, its input in place.
template <class Scalar>
struct loaded_network {
  loaded_network(const settings& how, const std::string& name)
      : layers(network_named(name)),
        backend(backend_of<Scalar>(how)),
        network(backend, layers, 1, exported_weights(how.folder / (name + ".weights"), layers)) {
    network.write_input(drawn_values<Scalar>(layers.input.size()));
    network.run();
    const std::vector<float> expected = floats_in(how.folder / (name + ".output"));
    std::vector<Scalar> answers(expected.size());
    network.read_output(answers);
    const std::vector<float> found = by_channel(network.output_shape(), std::vector<float>(answers.begin(), answers.end()));
    double largest = 1, apart = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      const double here = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
      apart = here <= apart ? apart : here;  // keeps what is not a number
    }
    difference = apart / largest;
  }

  /// Nanoseconds of whole runs.
  std::vector<std::int64_t> runs(double milliseconds) {
    return timed([this] { network.run(); }, milliseconds, network.memory());
  }

  layer_list layers;
  any_backend<Scalar> backend;
  inference_network<any_backend<Scalar>> network;
  double difference = 0;  ///< from the exported output, against its largest value or 1
};

template <class Scalar>
class whole_network : public measurement {
 public:
  whole_network(const settings& how, const std::string& name) : it_(how, name) { it_.runs(100); }

  json visit(double milliseconds) override {
    it_.network.run();
    json answer{{"ns", it_.runs(milliseconds)}};
    if (device_memory* const where = it_.network.memory()) {
      const auto waited = [&] { it_.network.run(), where->wait(); };
      waited();
      answer["waited_ns"] = median(timed(waited, milliseconds / 4));
    }
    if (std::exchange(first_, false)) {
      answer.update({{"difference", it_.difference},
                     {"arena_bytes", it_.network.arena_bytes()},
                     {"weight_bytes", it_.network.weight_bytes()}});
      if (it_.network.memory()) answer["timing"] = device_timing;
    }
    return answer;
  }

 private:
  loaded_network<Scalar> it_;
  bool first_ = true;
};

/// The whole, every step inside it, and every step alone, again and again, in the same arena: what lies between the whole and the
/// sum of the last is what joining kernels costs. Steps that a device queues are not timed inside.
template <class Scalar>
class network_steps : public measurement {
 public:
  network_steps(const settings& how, const std::string& name) : it_(how, name) { it_.runs(100); }

  json visit(double milliseconds) override {
    auto& steps = it_.network.steps();
    json ns{{"whole", it_.runs(milliseconds / 2)}};
    std::vector<std::int64_t> alone;
    for (auto& step : steps) {
      step.run();
      alone.push_back(
          median(timed_copies([&] { step.run(); }, milliseconds / 2 / static_cast<double>(steps.size()), it_.network.memory())));
    }
    ns["sum of steps"] = {std::accumulate(alone.begin(), alone.end(), std::int64_t{0})};
    json answer{{"ns", ns}, {"alone_ns", alone}, {"steps", descriptions()}};
    if (!it_.network.memory()) answer["steps_ns"] = inside(milliseconds / 2);
    return answer;
  }

 private:
  std::vector<std::int64_t> inside(double milliseconds) {
    auto& steps = it_.network.steps();
    std::vector<std::vector<std::int64_t>> laps(steps.size());
    steady_stopwatch watch;
    timed(
        [&] {
          watch.start();
          for (auto& step : steps) step.run(), watch.lap();
          for (std::size_t i = 0; i < steps.size(); ++i) laps[i].push_back(watch.nanoseconds(i));
        },
        milliseconds);
    std::vector<std::int64_t> found;
    for (std::vector<std::int64_t>& each : laps) found.push_back(median(std::move(each)));
    return found;
  }
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

  loaded_network<Scalar> it_;
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
  return with_scalar(
      how, [&](auto zero) -> std::unique_ptr<measurement> { return std::make_unique<whole_network<decltype(zero)>>(how, name); });
}
std::unique_ptr<measurement> load_steps(const settings& how, const std::string& name) {
  return with_scalar(
      how, [&](auto zero) -> std::unique_ptr<measurement> { return std::make_unique<network_steps<decltype(zero)>>(how, name); });
}

}  // namespace bench
