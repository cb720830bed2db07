// hasse_bench: measures kernels, blocks, whole networks and training steps; bench/peers/run.py drives it beside its peers.
//
//   hasse_bench --export FOLDER [--net NAME ...]                              the files that all contestants read
//   hasse_bench --what networks --net resnet18 --threads 2 --rounds 10        one measurement, for the reader
//   hasse_bench --what networks --net resnet18 --device cuda --number bf16    the same on a GPU
//   hasse_bench --what kernels                                                the names that there are
//   hasse_bench --networks FOLDER                                             lines in ("networks NAME MS"), JSON out
#include <omp.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>

#include <hasse/program/guarded.hpp>

#include "backend.hpp"
#include "bench.hpp"

namespace {

using namespace bench;

constexpr double least_milliseconds = 1e-3, most_milliseconds = 1e7;
constexpr int most_batch = 65'536;

/// What stands there, as strictly as options are read.
template <class Number>
bool read_number(std::string text, Number least, Number most, Number& value) {
  return hasse::number_between(least, most)(text).empty() &&
         std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

/// A line of output that has arrived.
void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  hasse::flush_output();
}

/// The measurement that a line asks for; the last one stays loaded.
class desk {
 public:
  explicit desk(settings how) : how_(std::move(how)) {}

  json answer(const std::string& line) {
    std::istringstream words(line);
    std::string what, name, images = "1", time, more;
    double milliseconds = 0;
    int batch = 1;
    words >> what >> name;
    if (what == "training") words >> images;
    if (!(words >> time) || words >> more || !read_number(images, 1, most_batch, batch) ||
        !(time == "0" || read_number(time, least_milliseconds, most_milliseconds, milliseconds)))
      throw hasse::error(hasse::detail::in_quotes(line) +
                         " is no request; write WHAT NAME MILLISECONDS, or training NAME BATCH MILLISECONDS");
    const std::string key = what + " " + name + " " + std::to_string(batch);
    if (key != key_) {
      loaded_.reset();
      loaded_ = load(what, name, batch);
      key_ = key;
    }
    return loaded_->visit(milliseconds);
  }

 private:
  std::unique_ptr<measurement> load(const std::string& what, const std::string& name, int batch) const {
    if (what == "networks") return load_network(how_, name);
    if (what == "steps") return load_steps(how_, name);
    if (what == "training") return load_training(how_, name, batch);
    if (what == "kernels") return load_kernel(how_, name);
    if (what == "blocks") return load_block(how_, name);
    if (what == "machine") return load_machine(how_);
    throw hasse::error(hasse::detail::in_quotes(what) + " cannot be measured; give networks, steps, training, kernels, blocks or machine");
  }

  settings how_;
  std::unique_ptr<measurement> loaded_;
  std::string key_;
};

json facts(const settings& how) {
  const hasse::device_facts device = facts_of(how);
  return {{"versions", {{"hasse", device.compiler}, {"library", device.library}}},
          {"machine", {{"name", device.name}, {"features", device.features}, {"cores", device.cores}, {"notes", device.notes}}}};
}

void print_medians(const json& samples) {
  for (const auto& [contestant, values] : samples.items()) {
    auto sorted = values.get<std::vector<double>>();
    std::sort(sorted.begin(), sorted.end());
    const auto quantile = [&](double share) {
      return sorted[static_cast<std::size_t>(std::lround(share * static_cast<double>(sorted.size() - 1)))] / 1e6;
    };
    std::printf("%-48s %10.4f ms  (%.4f .. %.4f, %zu runs)\n", contestant.c_str(), quantile(0.5), quantile(0.1), quantile(0.9),
                sorted.size());
  }
}

/// A measurement for the reader: medians over all rounds.
void show(desk& at, const std::string& request, int rounds) {
  json samples = json::object();
  for (int round = 0; round < rounds; ++round) {
    json answer = at.answer(request);
    if (answer.contains("ns") && answer["ns"].is_array()) answer["ns"] = {{"hasse", answer["ns"]}};
    const json visited = answer.value("ns", json::object());
    for (const auto& [contestant, values] : visited.items())
      for (const json& value : values) samples[contestant].push_back(value);
    answer.erase("ns");
    if (round == 0) say(json_text(answer));
    std::fprintf(stderr, "\rround %d of %d", round + 1, rounds);
  }
  std::fputc('\n', stderr);
  print_medians(samples);
}

void list(const settings& how, const std::string& what) {
  for (const std::string& name : what == "kernels" ? kernel_names(how) : what == "blocks" ? block_names() : network_names())
    std::printf("%s\n", name.c_str());
}

}  // namespace

int main(int count, char** words) {
  CLI::App program("Measures kernels, blocks, whole networks and training steps.", "hasse_bench");
  settings how;
  std::string exported, what, device = "cpu";
  std::vector<std::string> names;
  int rounds = 10, batch = 0;
  double milliseconds = 100;
  const std::map<std::string, hasse::kernel_policy> policies{{"library", hasse::kernel_policy::library},
                                                             {"rule", hasse::kernel_policy::by_rule},
                                                             {"measured", hasse::kernel_policy::by_measurement}};
  const std::map<std::string, number> numbers{
      {"float", number::float32}, {"tf32", number::tf32}, {"bf16", number::bf16}, {"fp16", number::fp16}};
  program.add_option("--export", exported, "write the files of the networks into this folder");
  program.add_option("--what", what, "networks, steps, training, kernels, blocks, machine");
  program.add_option("--net", names, "which; without it the names are listed");
  hasse::add_number(program, "--threads", how.threads, 1, 4096, "of the processor");
  hasse::add_number(program, "--rounds", rounds, 1, 1'000'000, "of a measurement");
  hasse::add_number(program, "--batch", batch, 0, most_batch, "of training, and of kernels on a device; 0: 64 and 256");
  hasse::add_number(program, "--milliseconds", milliseconds, least_milliseconds, most_milliseconds, "of a contestant in one round");
  program.add_option("--kernels", how.kernels, "how kernels are chosen: library, rule, measured")
      ->transform(CLI::CheckedTransformer(policies));
  program.add_option("--device", device, "cpu, cuda or cuda:N");
  program.add_option("--number", how.numbers, "what activations are: float, tf32, bf16, fp16")
      ->transform(CLI::CheckedTransformer(numbers));
  program.add_option("--networks", how.folder, "where --export wrote");
  return hasse::guarded(program, count, words, [&] {
    if (batch > 0) how.batch = batch;
    how.device = hasse::parse_device(device);
    if (!exported.empty()) {
      const auto wanted = names.empty() ? network_names() : names;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        std::fprintf(stderr, "%zu of %zu: %s\n", i + 1, wanted.size(), wanted[i].c_str());
        export_networks(exported, {wanted[i]});
      }
      return;
    }
    hasse::require_device(how.device);
    if (const std::string problem = hasse::problem_of_threads(how.threads); !problem.empty()) throw hasse::error(problem);
    desk at(how);
    if (what == "machine") return say(json_text(at.answer("machine all 0"), 2));
    if (!what.empty() && names.empty()) return list(how, what);
    if (!what.empty()) {
      for (const std::string& name : names)
        show(at,
             what + " " + name + (what == "training" ? " " + std::to_string(batch > 0 ? batch : 64) : "") + " " +
                 hasse::number_text(milliseconds),
             rounds);
      return;
    }
    say(json_text(facts(how)));
    for (std::string line; std::getline(std::cin, line);) {
      json answer;
      try {
        answer = at.answer(line);
      } catch (const std::exception& problem) {
        answer = {{"error", problem.what()}};
      }
      say(json_text(answer));
    }
  });
}
