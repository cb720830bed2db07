// Which model tells the latency of whole networks: sums of rows, sums with pairs of neighbours, monotone trees over totals of stages, monotone trees
// over all counts and the sum. On measured tables of others, by how many networks a model was made of.
//
//   bench_latency_models --data FOLDER --out bench/results/latency-models.json
//
// FOLDER holds ofa-latency/ofa.csv, fbnet-latency/fbnet.csv, nasbench201/nb201.csv and accel-nasbench/anb_train.csv.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/random.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/fit.hpp>
#include <hasse/latency/monotone_trees.hpp>
#include <hasse/program/guarded.hpp>

namespace {
using namespace hasse;

struct measured_networks {
  std::string name;
  std::vector<std::vector<int>> choices;   ///< per network and position; -1: nothing is there
  std::vector<std::vector<float>> stages;  ///< totals of stages: more is more work
  std::vector<std::vector<float>> counts;  ///< of single positions, besides
  std::vector<std::string> devices;
  std::vector<std::vector<double>> milliseconds;  ///< by device; NaN: not measured
};

std::vector<std::vector<std::string>> read_csv(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw error(path + " cannot be read; give the folder of the tables (--data)");
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string>& words = lines.emplace_back();
    std::istringstream stream(line);
    for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  }
  return lines;
}

/// `network(row, columns by name)` fills choices, stages and counts.
template <class Network>
measured_networks read(const std::string& name, const std::string& path, const std::string& latency, Network&& network) {
  const auto lines = read_csv(path);
  measured_networks made{.name = name, .choices = {}, .stages = {}, .counts = {}, .devices = {}, .milliseconds = {}};
  std::map<std::string, std::size_t> columns;
  std::vector<std::size_t> measured;
  for (std::size_t column = 0; column < lines[0].size(); ++column) {
    columns[lines[0][column]] = column;
    if (lines[0][column].starts_with(latency) || lines[0][column].starts_with("throughput_")) made.devices.push_back(lines[0][column]), measured.push_back(column);
  }
  made.milliseconds.resize(measured.size());
  for (std::size_t line = 1; line < lines.size(); ++line) {
    network(made, [&](const std::string& column) { return lines[line].at(columns.at(column)); });
    for (std::size_t device = 0; device < measured.size(); ++device) {
      const std::string& text = measured[device] < lines[line].size() ? lines[line][measured[device]] : "";
      const double value = text.empty() ? 0 : std::stod(text);
      made.milliseconds[device].push_back(!(value > 0) ? NAN : made.devices[device].starts_with("throughput_") ? 1000 / value : value);
    }
  }
  return made;
}

std::vector<measured_networks> read_all(const std::string& folder) {
  std::vector<measured_networks> all;
  all.push_back(read("ofa", folder + "/ofa-latency/ofa.csv", "lat_", [](measured_networks& to, auto&& at) {
    const std::string ks = at("ks"), es = at("e"), ds = at("d");
    const auto side = std::stof(at("r"));
    std::vector<int> choice;
    std::vector<float> stages{side}, counts;
    for (int stage = 0; stage < 5; ++stage) {
      float totals[3] = {};
      for (int block = 0; block < 4; ++block) {
        const auto place = static_cast<std::size_t>(4 * stage + block);
        const bool is_there = block < ds[static_cast<std::size_t>(stage)] - '0';
        const int k = is_there ? ks[place] - '0' : 0, e = is_there ? es[place] - '0' : 0;
        choice.push_back(is_there ? 9 * (k - 3) / 2 + e : -1);
        counts.push_back(static_cast<float>(k)), counts.push_back(static_cast<float>(e));
        totals[0] += is_there, totals[1] += static_cast<float>(e), totals[2] += static_cast<float>(k * e);
      }
      stages.insert(stages.end(), totals, totals + 3);
    }
    choice.push_back(static_cast<int>(side));
    to.choices.push_back(choice), to.stages.push_back(stages), to.counts.push_back(counts);
  }));
  all.push_back(read("fbnet", folder + "/fbnet-latency/fbnet.csv", "lat_", [](measured_networks& to, auto&& at) {
    constexpr int kernel[] = {3, 3, 3, 3, 5, 5, 5, 5, 0}, expansion[] = {2, 1, 6, 12, 2, 1, 6, 12, 0};  // halved by two groups
    constexpr int depth[] = {1, 4, 4, 4, 4, 4, 1};
    const std::string ops = at("ops");
    std::vector<int> choice;
    std::vector<float> stages, counts;
    std::size_t place = 0;
    for (const int blocks : depth) {
      float totals[3] = {};
      for (int block = 0; block < blocks; ++block, ++place) {
        const int op = ops[place] - '0';
        choice.push_back(op);
        counts.push_back(static_cast<float>(kernel[op])), counts.push_back(static_cast<float>(expansion[op]));
        totals[0] += op != 8, totals[1] += static_cast<float>(expansion[op]), totals[2] += static_cast<float>(kernel[op] * expansion[op]);
      }
      stages.insert(stages.end(), totals, totals + 3);
    }
    to.choices.push_back(choice), to.stages.push_back(stages), to.counts.push_back(counts);
  }));
  all.push_back(read("nb201", folder + "/nasbench201/nb201.csv", "lat_", [](measured_networks& to, auto&& at) {
    constexpr int work[] = {0, 1, 3, 4, 2};  // none, skip, 1x1, 3x3, pool
    constexpr int from[] = {0, 0, 1, 0, 1, 2}, into[] = {1, 2, 2, 3, 3, 3};
    const std::string ops = at("ops");
    // What leads to no output, or gets no input, is never computed.
    bool fed[4] = {true}, used[4] = {false, false, false, true};
    for (int edge = 0; edge < 6; ++edge)
      if (ops[static_cast<std::size_t>(edge)] != '0' && fed[from[edge]]) fed[into[edge]] = true;
    for (int edge = 6; edge-- > 0;)
      if (ops[static_cast<std::size_t>(edge)] != '0' && used[into[edge]]) used[from[edge]] = true;
    std::vector<int> choice;
    std::vector<float> stages(5), counts;
    for (int edge = 0; edge < 6; ++edge) {
      const int op = ops[static_cast<std::size_t>(edge)] - '0';
      const bool runs = op != 0 && fed[from[edge]] && used[into[edge]];
      choice.push_back(op);
      counts.push_back(static_cast<float>(runs ? work[op] : 0));
      if (runs)
        for (int least = 0; least <= work[op]; ++least) stages[static_cast<std::size_t>(least)] += 1;
    }
    to.choices.push_back(choice), to.stages.push_back(stages), to.counts.push_back(counts);
  }));
  all.push_back(read("accel", folder + "/accel-nasbench/anb_train.csv", "latency_", [](measured_networks& to, auto&& at) {
    std::vector<int> choice;
    std::vector<float> stages, counts;
    for (int stage = 0; stage < 7; ++stage) {
      const std::string of = "b" + std::to_string(stage) + "_";
      const int e = std::stoi(at(of + "e")), k = std::stoi(at(of + "k")), l = std::stoi(at(of + "l")), se = std::stoi(at(of + "se"));
      choice.push_back(((e * 2 + k / 5) * 4 + l) * 2 + se);
      for (const int each : {e, k, se}) counts.push_back(static_cast<float>(each));
      for (const int each : {l, l * e, l * e * k}) stages.push_back(static_cast<float>(each));
    }
    to.choices.push_back(choice), to.stages.push_back(stages), to.counts.push_back(counts);
  }));
  return all;
}

/// Which networks a model is made of, and which it is judged by.
struct division {
  std::vector<std::size_t> train, test;
};

struct judgement {
  double r2 = 0, tau = 0, mape = 0;
  double error_of_mean = 0;  ///< mean absolute error as a share of the mean latency: where some networks take almost nothing
};

/// Kendall's tau-a: concordant less discordant pairs, of all that are not tied in truth.
double kendall(const std::vector<double>& truth, const std::vector<double>& told) {
  std::int64_t concordant = 0, pairs = 0;
  for (std::size_t a = 0; a < truth.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      if (truth[a] == truth[b]) continue;
      ++pairs;
      if (told[a] != told[b]) concordant += (truth[a] < truth[b]) == (told[a] < told[b]) ? 1 : -1;
    }
  return pairs > 0 ? static_cast<double>(concordant) / static_cast<double>(pairs) : 0;
}

judgement judge(const std::vector<double>& truth, const std::vector<double>& told) {
  judgement made;
  const auto n = static_cast<double>(truth.size());
  const double mean = std::accumulate(truth.begin(), truth.end(), 0.0) / n;
  double squares = 0, spread = 0;
  for (std::size_t at = 0; at < truth.size(); ++at) {
    squares += (told[at] - truth[at]) * (told[at] - truth[at]), spread += (truth[at] - mean) * (truth[at] - mean);
    made.mape += std::abs(told[at] / truth[at] - 1) / n, made.error_of_mean += std::abs(told[at] - truth[at]) / n / mean;
  }
  made.r2 = 1 - squares / spread;
  made.tau = kendall(truth, told);
  return made;
}

/// Rows by position and choice, none below 0, as tables of spaces are made of whole networks.
class sums_model {
 public:
  sums_model(const measured_networks& of, const std::vector<double>& times, const std::vector<std::size_t>& train) {
    for (const std::size_t at : train)
      for (std::size_t position = 0; position < of.choices[at].size(); ++position)
        if (of.choices[at][position] >= 0) rows_.try_emplace({position, of.choices[at][position]}, rows_.size());
    observed_sums sums{.unknowns = rows_.size() + 1};
    double mean = 0;
    for (const std::size_t at : train) sums.add(counts_of(of.choices[at]), times[at]), mean += times[at] / static_cast<double>(train.size());
    // What is expected of a row is its share of a network; a table trusts that little.
    values_ = fit_nonnegative(sums, std::vector<double>(rows_.size() + 1, mean / static_cast<double>(of.choices[0].size() + 1)), 0.1);
  }
  double operator()(const std::vector<int>& choice) const { return std::max(1e-9, sum_of(counts_of(choice), values_)); }

 private:
  std::vector<double> counts_of(const std::vector<int>& choice) const {
    std::vector<double> counts(rows_.size() + 1);
    for (std::size_t position = 0; position < choice.size(); ++position)
      if (const auto row = rows_.find({position, choice[position]}); row != rows_.end()) counts[row->second] += 1;
    counts.back() = 1;  // of every network
    return counts;
  }
  std::map<std::pair<std::size_t, int>, std::size_t> rows_;
  std::vector<double> values_;
};

/// Besides, a factor for each pair of neighbouring choices: ridge regression of what sums leave, as logarithms. Not monotone by construction.
class pairs_model {
 public:
  pairs_model(const sums_model& sums, const measured_networks& of, const std::vector<double>& times, const std::vector<std::size_t>& train) : sums_(&sums) {
    std::vector<std::vector<std::size_t>> pairs_of;
    std::vector<double> rest;
    std::vector<std::vector<std::size_t>> networks_of;
    for (const std::size_t at : train) {
      std::vector<std::size_t>& own = pairs_of.emplace_back();
      rest.push_back(std::log(times[at] / sums(of.choices[at])));
      for_each_pair(of.choices[at], [&](const pair& which) {
        const std::size_t id = ids_.try_emplace(which, ids_.size()).first->second;
        if (id == networks_of.size()) networks_of.emplace_back();
        own.push_back(id), networks_of[id].push_back(rest.size() - 1);
      });
    }
    constexpr double ridge = 10;
    constexpr int sweeps = 30;
    values_.assign(ids_.size(), 0);
    for (int sweep = 0; sweep < sweeps; ++sweep)
      for (std::size_t id = 0; id < values_.size(); ++id) {
        double sum = 0;
        for (const std::size_t network : networks_of[id]) sum += rest[network];
        const double next = (sum + static_cast<double>(networks_of[id].size()) * values_[id]) / (static_cast<double>(networks_of[id].size()) + ridge);
        for (const std::size_t network : networks_of[id]) rest[network] -= next - values_[id];
        values_[id] = next;
      }
  }
  double operator()(const std::vector<int>& choice) const {
    double sum = 0;
    for_each_pair(choice, [&](const pair& which) {
      if (const auto id = ids_.find(which); id != ids_.end()) sum += values_[id->second];
    });
    return (*sums_)(choice)*std::exp(sum);
  }

 private:
  using pair = std::tuple<std::size_t, int, int>;
  template <class Visit>
  static void for_each_pair(const std::vector<int>& choice, Visit&& visit) {
    for (std::size_t position = 0; position + 1 < choice.size(); ++position) visit(pair(position, choice[position], choice[position + 1]));
  }
  const sums_model* sums_;
  std::map<pair, std::size_t> ids_;
  std::vector<double> values_;
};

/// The logarithm of the latency by monotone trees.
class trees_model {
 public:
  template <class Features>
  trees_model(const std::vector<double>& times, const std::vector<std::size_t>& train, Features&& features) {
    std::vector<float> rows;
    std::vector<double> targets;
    std::size_t width = 0;
    for (const std::size_t at : train) {
      const std::vector<float> row = features(at);
      width = row.size();
      rows.insert(rows.end(), row.begin(), row.end()), targets.push_back(std::log(times[at]));
    }
    trees_ = monotone_trees::fitted(rows, width, targets);
  }
  double operator()(const std::vector<float>& row) const { return std::exp(trees_(row)); }

 private:
  monotone_trees trees_;
};

const char* const model_names[] = {"sums", "pairs of neighbours", "monotone trees over stages", "monotone trees over counts and sum"};

/// What each of the four says of some networks.
std::vector<std::vector<double>> told_by_models(const measured_networks& of, const std::vector<double>& times, const std::vector<std::size_t>& train, const std::vector<std::size_t>& asked) {
  const sums_model sums(of, times, train);
  const pairs_model pairs(sums, of, times, train);
  const auto stages_of = [&](std::size_t at) { return of.stages[at]; };
  const auto all_of = [&](std::size_t at) {
    std::vector<float> row = of.stages[at];
    row.insert(row.end(), of.counts[at].begin(), of.counts[at].end());
    row.push_back(static_cast<float>(sums(of.choices[at])));
    return row;
  };
  const trees_model over_stages(times, train, stages_of), over_all(times, train, all_of);
  std::vector<std::vector<double>> told(4);
  for (const std::size_t at : asked) {
    told[0].push_back(sums(of.choices[at])), told[1].push_back(pairs(of.choices[at]));
    told[2].push_back(over_stages(stages_of(at))), told[3].push_back(over_all(all_of(at)));
  }
  return told;
}

json measured_on(const measured_networks& of, std::size_t device, const std::vector<std::size_t>& sizes) {
  const std::vector<double>& times = of.milliseconds[device];
  std::vector<std::size_t> known;
  for (std::size_t at = 0; at < times.size(); ++at)
    if (std::isfinite(times[at])) known.push_back(at);
  random_source random(1);
  shuffle(known.begin(), known.end(), random);
  constexpr std::size_t judged = 1500;
  const std::vector<std::size_t> test(known.end() - static_cast<std::ptrdiff_t>(std::min(judged, known.size() / 3)), known.end());
  std::vector<double> truth;
  for (const std::size_t at : test) truth.push_back(times[at]);
  json result{{"set", of.name}, {"device", of.devices[device]}, {"judged_by", test.size()}, {"sizes", json::array()}};
  for (const std::size_t size : sizes) {
    if (size + test.size() > known.size()) continue;
    const std::vector<std::size_t> train(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(size));
    const auto told = told_by_models(of, times, train, test);
    // Which model a device asks for: the one that misses a quarter of its own networks least when it is made of the rest.
    const std::vector<std::size_t> most(train.begin(), train.end() - static_cast<std::ptrdiff_t>(size / 4)), rest(train.end() - static_cast<std::ptrdiff_t>(size / 4), train.end());
    std::vector<double> truth_of_rest;
    for (const std::size_t at : rest) truth_of_rest.push_back(times[at]);
    const auto tried = told_by_models(of, times, most, rest);
    std::size_t chosen = 0;
    for (std::size_t model = 1; model < 4; ++model)
      if (judge(truth_of_rest, tried[model]).error_of_mean < judge(truth_of_rest, tried[chosen]).error_of_mean) chosen = model;
    json row{{"networks", size}, {"chosen", model_names[chosen]}};
    for (std::size_t model = 0; model < 4; ++model) {
      const judgement found = judge(truth, told[model]);
      row["models"][model_names[model]] = {{"r2", found.r2}, {"tau", found.tau}, {"mape", found.mape}, {"error_of_mean", found.error_of_mean}};
    }
    const auto error_of = [&](std::size_t model) { return 100 * judge(truth, told[model]).mape; };
    std::printf("%-6s %-22s %5zu networks  MAPE: %6.2f  %6.2f  %6.2f  %6.2f %%  chosen: %s\n", of.name.c_str(), of.devices[device].c_str(), size, error_of(0), error_of(1), error_of(2), error_of(3),
                model_names[chosen]);
    flush_output();
    result["sizes"].push_back(std::move(row));
  }
  return result;
}
}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares models of the latency of whole networks on tables that others measured", "bench_latency_models");
  std::string data, out, only;
  app.add_option("--data", data, "folder of the tables")->required();
  app.add_option("--out", out, "JSON of all numbers")->required();
  app.add_option("--only", only, "devices whose name has this in it");
  return guarded(app, argc, argv, [&] {
    json all = json::array(), names = json::array();
    for (const char* name : model_names) names.push_back(name);
    for (const measured_networks& each : read_all(data))
      for (std::size_t device = 0; device < each.devices.size(); ++device)
        if ((each.name + " " + each.devices[device]).find(only) != std::string::npos) {
          all.push_back(measured_on(each, device, {100, 300, 1000, 3000}));
          write_json(out, {{"models", names}, {"tables", all}});
        }
  });
}
