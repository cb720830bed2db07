// bench_workers: what many workers on one run cost. How many trainings and how much time a policy needs with W workers, simulated on a
// table of trained networks; what a claim costs when many processes make them; how long the journals of many take to be merged and followed.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <hasse/file/worker.hpp>
#include <hasse/program/guarded.hpp>
#include <hasse/search/any_policy.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/search/replay.hpp>
#include <hasse/search/tabular.hpp>

namespace {
namespace fs = std::filesystem;
using namespace hasse;
using watch = std::chrono::steady_clock;

double seconds_since(watch::time_point start) { return std::chrono::duration<double>(watch::now() - start).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Trainings begun and the time until so many percent of the hypervolume.
struct reached {
  std::size_t trainings = 0;
  double time = 0;
};

/// W workers, each of which hears at once what the others trained. A training takes as long as its network's share of the mean FLOPs, half of
/// it, and a half for what all have alike.
std::vector<reached> simulate(const tabular_benchmark& table, const tabular_domain& domain, any_policy<tabular_domain> policy, std::size_t workers, const std::vector<int>& marks) {
  const hypervolume_reference reference = table.reference();
  const double full = full_hypervolume(table);
  double mean = 0;
  for (const tabular_network& each : table.networks) mean += static_cast<double>(each.flops) / static_cast<double>(table.networks.size());
  struct under_way {
    double ends;
    tabular_candidate x;
    bool operator<(const under_way& other) const { return ends > other.ends; }
  };
  std::priority_queue<under_way> busy;
  frontier<std::size_t> front;
  std::vector<reached> found;
  std::size_t begun = 0;
  double now = 0;
  for (;;) {
    while (busy.size() < workers)
      if (const auto x = policy.ask()) {
        busy.push({now + 0.5 + 0.5 * static_cast<double>(domain.cost(*x).count) / mean, *x});
        ++begun;
      } else {
        break;
      }
    if (busy.empty() || found.size() == marks.size()) return found;
    const under_way next = busy.top();
    busy.pop();
    now = next.ends;
    policy.tell(next.x, {domain.accuracy(next.x)});
    if (!front.add({0, domain.cost(next.x), domain.accuracy(next.x)})) continue;
    while (found.size() < marks.size() && 100 * front.hypervolume(reference) >= marks[found.size()] * full) found.push_back({begun, now});
  }
}

any_policy<tabular_domain> policy_of(const std::string& name, const tabular_domain& domain, std::uint64_t seed) {
  if (name == "pop") return any_policy<tabular_domain>(partial_order_pruning(domain, {.seed = seed}));
  if (name == "random") return any_policy<tabular_domain>(random_search(domain, {.seed = seed}));
  if (name == "evolution") return any_policy<tabular_domain>(regularised_evolution(domain, {.seed = seed}));
  return any_policy<tabular_domain>(model_guided_search(domain, {.seed = seed, .best = 100.0}));
}

json simulated(const std::string& path, const std::vector<std::string>& policies, const std::vector<std::size_t>& workers, std::uint64_t seeds) {
  const tabular_benchmark table = read_benchmark(path);
  const tabular_domain domain(table);
  json rows = json::array();
  for (const std::string& policy : policies) {
    std::array<double, 2> time_of_first{};
    for (const std::size_t count : workers) {
      std::array<std::vector<double>, 2> trainings, times;
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto found = simulate(table, domain, policy_of(policy, domain, seed), count, {90, 95});
        for (std::size_t mark = 0; mark < 2; ++mark) trainings[mark].push_back(static_cast<double>(found.at(mark).trainings)), times[mark].push_back(found.at(mark).time);
      }
      json row{{"policy", policy}, {"workers", count}, {"seeds", seeds}};
      for (std::size_t mark = 0; mark < 2; ++mark) {
        const std::string which = mark == 0 ? "90" : "95";
        const double time = median(times[mark]);
        if (count == workers.front()) time_of_first[mark] = time;
        row["trainings_" + which] = median(trainings[mark]), row["time_" + which] = time;
        row["efficiency_" + which] = time_of_first[mark] / time / static_cast<double>(count) * static_cast<double>(workers.front());
      }
      std::printf("%-10s %5zu workers: 90 %%: %7.1f trainings, time %7.2f, efficiency %.2f; 95 %%: %7.1f, %7.2f, %.2f\n", policy.c_str(), count, row["trainings_90"].get<double>(), row["time_90"].get<double>(),
                  row["efficiency_90"].get<double>(), row["trainings_95"].get<double>(), row["time_95"].get<double>(), row["efficiency_95"].get<double>());
      flush_output();
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

json record_of(std::size_t number) {
  return {{"number", number}, {"term", 0}, {"candidate", "[(32),(64,64),(128,256)]+" + std::to_string(number)}, {"latency_ticks", 12345 + number}, {"accuracy", 0.7}, {"note", ""}};
}

/// Journals of so many writers with so many records in all, merged, and followed by one more.
json merged(const fs::path& folder, std::size_t writers, std::size_t records) {
  create_folder(folder);
  std::vector<std::ofstream> files;
  for (std::size_t each = 0; each < writers; ++each) files.emplace_back(folder / ("w" + std::to_string(each) + ".jsonl"), std::ios::binary);
  for (std::size_t number = 0; number < records; ++number) {
    const std::size_t writer = number % writers;
    files[writer] << detail::journal_line({number / writers + 1, "w" + std::to_string(writer), "trained", record_of(number)}) << '\n';
  }
  std::uintmax_t bytes = 0;
  for (std::ofstream& each : files) bytes += static_cast<std::uintmax_t>(each.tellp()), each.close();
  auto start = watch::now();
  std::clock_t worked = std::clock();
  const std::size_t count = replay_journal(folder).size();
  const double merge = seconds_since(start), merge_worked = static_cast<double>(std::clock() - worked) / CLOCKS_PER_SEC;
  journal_follower follower(folder);
  (void)follower.news();
  start = watch::now(), worked = std::clock();
  for (int i = 0; i < 20; ++i) (void)follower.news();
  const double look = seconds_since(start) / 20, look_worked = static_cast<double>(std::clock() - worked) / CLOCKS_PER_SEC / 20;
  std::printf("%zu records of %zu writers, %.1f MB: merged in %.2f s (%.2f s of a processor); a look at what is new %.2f ms (%.2f)\n", count, writers, static_cast<double>(bytes) / 1e6, merge, merge_worked,
              1e3 * look, 1e3 * look_worked);
  flush_output();
  return {{"records", count}, {"writers", writers}, {"bytes", bytes}, {"merge_seconds", merge}, {"merge_processor_seconds", merge_worked},
          {"look_milliseconds", 1e3 * look}, {"look_processor_milliseconds", 1e3 * look_worked}};
}

/// So many processes claim the same numbers, one after the other, as fast as they can; each claims what it can get.
json claimed(const fs::path& folder, std::size_t processes, std::size_t claims) {
  create_folder(folder);
  const auto start = watch::now();
  std::vector<::pid_t> children;
  for (std::size_t each = 0; each < processes; ++each) {
    const ::pid_t child = ::fork();
    if (child < 0) throw error("no further process could be started after " + std::to_string(each));
    if (child == 0) {
      const claim_folder mine(folder, "w" + std::to_string(each));
      double longest = 0, made_for = 0;
      std::size_t made = 0;
      for (std::size_t number = 0; number < claims; ++number) {
        const auto begin = watch::now();
        if (!mine.make("training-" + std::to_string(number), 0, {{"candidate", "[(32),(64,64),(128,256)]"}})) continue;
        ++made, made_for += seconds_since(begin), longest = std::max(longest, seconds_since(begin));
      }
      std::ofstream(folder / ("w" + std::to_string(each) + ".took")) << made << ' ' << made_for << ' ' << longest << '\n';
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const ::pid_t child : children) ::waitpid(child, nullptr, 0);
  const double whole = seconds_since(start);
  std::size_t made = 0;
  double made_for = 0, longest = 0;
  for (std::size_t each = 0; each < processes; ++each) {
    std::size_t own = 0;
    double took = 0, most = 0;
    std::ifstream(folder / ("w" + std::to_string(each) + ".took")) >> own >> took >> most;
    made += own, made_for += took, longest = std::max(longest, most);
  }
  if (made != claims) throw error(std::to_string(made) + " of " + std::to_string(claims) + " numbers were claimed");
  std::printf("%zu processes claim %zu numbers: %.2f ms between two claims, %.2f ms in the mean for who makes one, %.2f ms at worst\n", processes, claims, 1e3 * whole / static_cast<double>(claims),
              1e3 * made_for / static_cast<double>(claims), 1e3 * longest);
  flush_output();
  return {{"processes", processes}, {"claims", claims}, {"milliseconds_between_claims", 1e3 * whole / static_cast<double>(claims)},
          {"milliseconds_of_a_claim", 1e3 * made_for / static_cast<double>(claims)}, {"milliseconds_at_worst", 1e3 * longest}};
}
}  // namespace

int main(int argc, char** argv) {
  std::string table, out, place = (fs::temp_directory_path() / ("hasse_bench_workers_" + std::to_string(::getpid()))).string();
  std::vector<std::string> policies{"pop", "evolution", "model"};
  std::vector<std::size_t> workers{1, 2, 4, 8}, processes{1, 8, 64, 256};
  std::uint64_t seeds = 20;
  CLI::App app("Measures what many workers on one run cost", "bench_workers");
  app.add_option("--table", table, "nas-bench-macro_cifar10.json or a table of channel-bench-macro, to simulate on; without, nothing is simulated");
  app.add_option("--policies", policies, "to simulate: pop, random, evolution, model")->delimiter(',')->capture_default_str()->check(CLI::IsMember({"pop", "random", "evolution", "model"}));
  app.add_option("--workers", workers, "to simulate; efficiencies are those beside the first")->delimiter(',')->capture_default_str();
  app.add_option("--seeds", seeds, "for each policy")->capture_default_str();
  app.add_option("--processes", processes, "that claim; 0: none")->delimiter(',')->capture_default_str();
  app.add_option("--folder", place, "where files are made and removed")->capture_default_str();
  app.add_option("--out", out, "file for the figures, as JSON");
  return guarded(app, argc, argv, [&] {
    json figures = json::object();
    if (!table.empty()) figures["simulated"] = simulated(table, policies, workers, seeds);
    if (fs::exists(place)) throw error("the folder " + place + " is there already; name another, which is removed in the end");
    json merging = json::array(), claiming = json::array();
    for (const std::size_t writers : {8, 100, 1000}) merging.push_back(merged(fs::path(place) / ("journal" + std::to_string(writers)), writers, 100'000));
    for (const std::size_t each : processes)
      if (each > 0) claiming.push_back(claimed(fs::path(place) / ("claims" + std::to_string(each)), each, 500));
    figures["merging"] = std::move(merging), figures["claiming"] = std::move(claiming);
    fs::remove_all(place);
    if (!out.empty()) write_json(out, figures);
  });
}
