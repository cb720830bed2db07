// hasse_tabular: how many trainings does a policy need? Replays it on a table in which every network has been trained.
#include <algorithm>
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
largest FLOPs and the median accuracy. Each seed runs until nothing lives, or for so many --trainings; with --policy
model until 99 % of the hypervolume are reached, or --until.

Keys of --json: table, keys and networks (in the file, distinct), reference {flops, accuracy}, hypervolume, policy,
order and margin (null unless the policy is pop), under_way, single_runs, repeats, pool, until and enough (as given), seeds [one object per seed] and medians, both with
  trainings_until_80, _90, _95, _99  trainings until that percentage of the full hypervolume; null: never reached
  living_after_50, _100, _200, _500  networks neither trained nor pruned after so many trainings; null: it ended before
  trainings_until_nothing_lives      trainings of the whole run; null: it ended before
  chosen_after_50, _100, _200, _500, chosen_last
                                     share of the full hypervolume (0 to 1) of the networks that the policy would hand over: the
                                     frontier of what it was told, of a model that of what it takes the means to be
and, per seed, seed, trainings, repeats (of trainings, with --repeats) and hypervolume_share (at the end, from 0 to 1, of all trained ones).)";

struct options {
  std::string table, policy = "model", order = "strict";
  hasse::replay_options replay;
  double enough = 0;
  std::uint64_t seeds = 1;
  bool as_json = false, steers_pruning = false;
};

void run(const options& how) {
  const auto& [table, policy_name, order_name, replay_given, enough, seeds, as_json, steers_pruning] = how;
  hasse::replay_options replay = replay_given;
  replay.enough = enough / 100;
  using hasse::tabular_order, hasse::tabular_policy;
  tabular_policy policy = tabular_policy::model;
  for (const tabular_policy each : {tabular_policy::pop, tabular_policy::random, tabular_policy::evolution})
    if (policy_name == hasse::to_text(each)) policy = each;
  const tabular_order order =
      order_name == "strict" ? tabular_order::strict : order_name == "embedding" ? tabular_order::embedding : tabular_order::product;
  if (policy != tabular_policy::pop && steers_pruning)
    throw hasse::error("--order and --margin steer pruning, but the policy is " + policy_name + "; leave them out or use --policy pop");
  if (policy != tabular_policy::model && enough > 0) throw hasse::error("--enough is for --policy model, but the policy is " + policy_name + "; leave it out");
  if (replay.repeats && (policy != tabular_policy::model || !replay.single_runs))
    throw hasse::error("--repeats is for --policy model with --single-runs, where a network trained again gives another run; give both or leave it out");
  if (policy != tabular_policy::model && replay.pool) throw hasse::error("--pool is for --policy model, but the policy is " + policy_name + "; leave it out");

  const hasse::tabular_benchmark benchmark = hasse::read_benchmark(table);
  const hasse::tabular_domain domain(benchmark, order);
  std::vector<hasse::tabular_replay> replays;
  hasse::progress_printer progress;
  hasse::remaining_time clock;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const double fraction = static_cast<double>(seed - 1) / static_cast<double>(seeds);
    progress({fraction, "seed " + std::to_string(seed) + " of " + std::to_string(seeds), clock(fraction)});
    replays.push_back(hasse::replay_table(benchmark, domain, policy, seed, replay));
  }
  progress.finish();

  if (as_json) {
    std::printf("%s\n", hasse::json_text(hasse::to_json(benchmark, policy, order, replay, replays), 2).c_str());
    return;
  }
  const auto reference = benchmark.reference();
  std::printf("%s: %zu keys, %zu networks; reference %lld FLOPs, %.3f %%\n", std::string(benchmark.format->name).c_str(), benchmark.keys,
              benchmark.networks.size(), static_cast<long long>(reference.cost.count), reference.merit);
  std::printf("policy %s", policy_name.c_str());
  if (policy == tabular_policy::pop) std::printf(", order %s, margin %g", order_name.c_str(), replay.margin);
  if (replay.under_way > 1) std::printf(", %zu under way", replay.under_way);
  if (replay.single_runs) std::printf(replay.repeats ? ", single runs, repeated where it is worth it" : ", single runs");
  if (replay.pool) std::printf(", from a pool");
  if (enough > 0) std::printf(", until %g %% are expected to be found", enough);
  std::printf("\n%-7s %31s %31s %7s\n%-7s", "", "trainings until % of hypervolume", "living after trainings", "until", "seed");
  for (const int mark : hasse::hypervolume_marks) std::printf(" %7d", mark);
  for (const std::size_t mark : hasse::training_marks) std::printf(" %7zu", mark);
  std::printf(" %7s\n", "none");
  for (const auto& each : replays) print_row(std::to_string(each.seed), std::span(&each, 1));
  print_row("median", replays);
  std::printf("%-7s", "worst");
  for (std::size_t m = 0; m < hasse::hypervolume_marks.size(); ++m) {
    std::optional<double> worst = 0;
    for (const auto& each : replays)
      worst = worst && each.reached[m] ? std::optional(std::max(*worst, static_cast<double>(*each.reached[m]))) : std::nullopt;
    std::printf(" %7s", number(worst).c_str());
  }
  std::printf("\n");
  if (replay.single_runs) {
    std::printf("median share of the hypervolume, of the networks that would be handed over:");
    for (const auto& [name, value] : hasse::chosen_medians(replays))
      if (value) std::printf(" %s %.1f %%%s", name == "chosen_last" ? "at the end" : ("after " + name.substr(13)).c_str(), 100 * *value, name == "chosen_last" ? "\n" : ",");
  }
}

}  // namespace

int main(int argc, char** argv) {
  options how;
  CLI::App app("Replay a search policy on a table of trained networks", "hasse_tabular");
  app.footer(explanation);
  app.add_option("--table", how.table, "JSON file of the table")->required()->check(hasse::not_empty("a file"));
  app.add_option("--policy", how.policy, "model (what a Gaussian process expects to add most), pop (Partial Order Pruning), random or evolution")
      ->capture_default_str()
      ->check(CLI::IsMember({"model", "pop", "random", "evolution"}));
  app.add_option("--order", how.order, "how pop compares networks: strict, embedding or product")
      ->capture_default_str()
      ->check(CLI::IsMember({"strict", "embedding", "product"}));
  hasse::add_number(app, "--margin", how.replay.margin, 0, 100, "points of accuracy by which a pruning network must be better");
  hasse::add_number(app, "--trainings", how.replay.trainings, 0, 1'000'000, "end each seed after so many; 0: when nothing lives, by model when 99 % are reached");
  hasse::add_number(app, "--under-way", how.replay.under_way, 1, 1000, "ask for so many networks before the first of them is told");
  app.add_flag("--single-runs", how.replay.single_runs, "tell one run of the table, drawn by the seed, instead of the mean over its runs; hypervolumes are those of the means");
  app.add_option("--until", how.replay.until, "model: end each seed when so many percent of the hypervolume are found: 80, 90, 95 or 99")->capture_default_str()->check(CLI::IsMember({80, 90, 95, 99}));
  app.add_flag("--repeats", how.replay.repeats, "model, with --single-runs: train a network again, which tells another run, where that is worth more than a new one");
  hasse::add_number(app, "--enough", how.enough, 0, 99.99, "model: end each seed when it is nine tenths sure that so many percent of the hypervolume are found; 0: never");
  app.add_flag("--pool", how.replay.pool, "model: propose from 512 children of the frontier and 512 draws, as where a space is too large to be considered whole");
  hasse::add_number(app, "--seeds", how.seeds, 1, 10'000, "run with seeds 1 to N");
  app.add_flag("--json", how.as_json, "print one JSON object instead of a table");
  return hasse::guarded(app, argc, argv, [&] {
    how.steers_pruning = app.count("--order") > 0 || app.count("--margin") > 0;
    run(how);
  });
}
