// hasse_tabular: how many trainings does a policy need? Replays it on a table in which every network has been trained.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/progress.hpp>
#include <hasse/program/guarded.hpp>
#include <hasse/search/replay.hpp>

namespace {

std::string number(const std::optional<double>& value) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof text, *value == std::floor(*value) ? "%.0f" : "%.1f", *value);
  return text;
}

void print_row(const std::string& label, std::span<const hasse::tabular_replay> replays) {
  std::printf("%-7s", label.c_str());
  for (const auto& [name, value] : hasse::medians(replays)) std::printf(" %7s", number(value).c_str());
  std::printf("\n");
}

constexpr const char* explanation = R"(Reads nas-bench-macro_cifar10.json and the JSON files of channel-bench-macro; equal networks under different
keys are one network, and the cost is FLOPs. Full hypervolume: that of all networks of the table, measured from the
largest FLOPs and the median accuracy. Each seed runs until nothing lives.

Keys of --json: table, keys and networks (in the file, distinct), reference {flops, accuracy}, hypervolume, policy,
order and margin (null unless the policy is pop), seeds [one object per seed] and medians, both with
  trainings_until_80, _90, _95, _99  trainings until that percentage of the full hypervolume; null: never reached
  living_after_50, _100, _200, _500  networks neither trained nor pruned after so many trainings
  trainings_until_nothing_lives      trainings of the whole run
and, per seed, seed and hypervolume_share (at the end, from 0 to 1).)";

struct options {
  std::string table, policy = "pop", order = "strict";
  double margin = 0;
  std::uint64_t seeds = 1;
  bool as_json = false, steers_pruning = false;
};

void run(const options& how) {
  const auto& [table, policy_name, order_name, margin, seeds, as_json, steers_pruning] = how;
  using hasse::tabular_order, hasse::tabular_policy;
  const tabular_policy policy = policy_name == "pop" ? tabular_policy::pop : policy_name == "random" ? tabular_policy::random : tabular_policy::evolution;
  const tabular_order order =
      order_name == "strict" ? tabular_order::strict : order_name == "embedding" ? tabular_order::embedding : tabular_order::product;
  if (policy != tabular_policy::pop && steers_pruning)
    throw hasse::error("--order and --margin steer pruning, but the policy is " + policy_name + "; leave them out or use --policy pop");

  const hasse::tabular_benchmark benchmark = hasse::read_benchmark(table);
  const hasse::tabular_domain domain(benchmark, order);
  std::vector<hasse::tabular_replay> replays;
  hasse::progress_printer progress;
  hasse::remaining_time clock;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const double fraction = static_cast<double>(seed - 1) / static_cast<double>(seeds);
    progress({fraction, "seed " + std::to_string(seed) + " of " + std::to_string(seeds), clock(fraction)});
    replays.push_back(hasse::replay_table(benchmark, domain, policy, margin, seed));
  }
  progress.finish();

  if (as_json) {
    std::printf("%s\n", hasse::json_text(hasse::to_json(benchmark, policy, order, margin, replays), 2).c_str());
    return;
  }
  const auto reference = benchmark.reference();
  std::printf("%s: %zu keys, %zu networks; reference %lld FLOPs, %.3f %%\n", std::string(benchmark.format->name).c_str(), benchmark.keys,
              benchmark.networks.size(), static_cast<long long>(reference.cost.count), reference.merit);
  std::printf("policy %s", policy_name.c_str());
  if (policy == tabular_policy::pop) std::printf(", order %s, margin %g", order_name.c_str(), margin);
  std::printf("\n%-7s %31s %31s %7s\n%-7s", "", "trainings until % of hypervolume", "living after trainings", "until", "seed");
  for (const int mark : hasse::hypervolume_marks) std::printf(" %7d", mark);
  for (const std::size_t mark : hasse::training_marks) std::printf(" %7zu", mark);
  std::printf(" %7s\n", "none");
  for (const auto& replay : replays) print_row(std::to_string(replay.seed), std::span(&replay, 1));
  print_row("median", replays);
}

}  // namespace

int main(int argc, char** argv) {
  options how;
  CLI::App app("Replay a search policy on a table of trained networks", "hasse_tabular");
  app.footer(explanation);
  app.add_option("--table", how.table, "JSON file of the table")->required()->check(hasse::not_empty("a file"));
  app.add_option("--policy", how.policy, "pop (Partial Order Pruning), random or evolution")
      ->capture_default_str()
      ->check(CLI::IsMember({"pop", "random", "evolution"}));
  app.add_option("--order", how.order, "how pop compares networks: strict, embedding or product")
      ->capture_default_str()
      ->check(CLI::IsMember({"strict", "embedding", "product"}));
  hasse::add_number(app, "--margin", how.margin, 0, 100, "points of accuracy by which a pruning network must be better");
  hasse::add_number(app, "--seeds", how.seeds, 1, 10'000, "run with seeds 1 to N");
  app.add_flag("--json", how.as_json, "print one JSON object instead of a table");
  return hasse::guarded(app, argc, argv, [&] {
    how.steers_pruning = app.count("--order") > 0 || app.count("--margin") > 0;
    run(how);
  });
}
