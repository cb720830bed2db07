// Replays a policy on a table of trained networks and measures how fast it gets to the table's frontier.
// Used by the program hasse_tabular and by tests.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/search/model_guided_search.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/regularised_evolution.hpp>
#include <hasse/search/tabular.hpp>

namespace hasse {

enum class tabular_policy : std::uint8_t { pop, random, evolution, model };

constexpr std::string_view to_text(tabular_policy policy) {
  switch (policy) {
    case tabular_policy::pop: return "pop";
    case tabular_policy::random: return "random";
    case tabular_policy::evolution: return "evolution";
    case tabular_policy::model: return "model";
  }
  return "";
}

/// How a policy is replayed.
struct replay_options {
  double margin = 0;             ///< of pop
  std::size_t trainings = 0;     ///< stop after so many; 0: when nothing lives, by model when `until` is reached
  std::size_t under_way = 1;     ///< so many are asked for before the first of them is told
  bool single_runs = false;      ///< tell one run of the table, drawn by the seed, instead of the mean; hypervolumes are those of the means
  bool repeats = false;          ///< model, with single runs: train a network again, which tells another run, where that is worth more than a new one
  double enough = 0;             ///< model: as model_guided_options; 0: until `until`
  int until = 99;                ///< model: the one of hypervolume_marks at which a replay ends that has no other end
  bool pool = false;             ///< model: propose from draws, as in a space that is too large to be considered whole
};

inline constexpr std::array<int, 4> hypervolume_marks{80, 90, 95, 99};               ///< percent of the table's full hypervolume
inline constexpr std::array<std::size_t, 4> training_marks{50, 100, 200, 500};

/// What one seed gave. Nothing: not reached, or not come to.
struct tabular_replay {
  std::uint64_t seed = 0;
  std::array<std::optional<std::size_t>, 4> reached{};  ///< trainings until each of `hypervolume_marks`
  std::array<std::optional<std::size_t>, 4> living{};   ///< candidates living after each of `training_marks` (0 once nothing lives)
  std::optional<std::size_t> whole = {};                   ///< trainings until nothing lives
  std::size_t trainings = 0;
  double share = 0;                                     ///< of the full hypervolume, at the end
  std::array<std::optional<double>, 4> chosen{};        ///< the same after each of `training_marks`, only of what the policy believes to be the frontier
  std::optional<double> chosen_last = {};               ///< at the end
  std::size_t repeats = 0;                              ///< of the trainings, of a network that was trained before
};

/// The hypervolume of all networks of the table.
inline double full_hypervolume(const tabular_benchmark& benchmark) {
  frontier<std::size_t> all;
  for (const tabular_network& n : benchmark.networks) all.add({0, ticks{n.flops}, n.accuracy});
  return all.hypervolume(benchmark.reference());
}

/// Runs a fresh policy.
template <Policy<tabular_domain> Search>
tabular_replay replay_table(const tabular_benchmark& benchmark, const tabular_domain& domain, Search policy, std::uint64_t seed, const replay_options& how = {}, bool until_marks = false) {
  tabular_replay result{.seed = seed};
  const hypervolume_reference reference = benchmark.reference();
  const double full = full_hypervolume(benchmark);
  frontier<std::size_t> front;
  random_source luck(derive(seed, 0x72756e73));
  std::vector<tabular_candidate> under_way;
  std::map<std::uint32_t, std::vector<double>> left;  // runs of networks that were trained before
  const auto run_of = [&](tabular_candidate x) {
    const auto [found, is_new] = left.try_emplace(x.index, domain.runs(x));
    result.repeats += !is_new;
    std::vector<double>& runs = found->second;
    if (runs.empty()) runs = domain.runs(x);
    if (runs.empty()) throw error("the table has no single runs; leave out --single-runs");
    const auto drawn = runs.begin() + static_cast<std::ptrdiff_t>(luck.below(runs.size()));
    const double run = *drawn;
    runs.erase(drawn);
    return run;
  };
  const auto chosen = [&] {
    frontier<std::size_t> handed_over;
    const auto add = [&](tabular_candidate x) { handed_over.add({0, domain.cost(x), domain.accuracy(x)}); };
    if constexpr (requires { policy.believed(); })
      for (const tabular_candidate x : policy.believed()) add(x);
    else
      for (const auto& point : policy.boundary().points()) add(point.candidate);
    return full > 0 ? handed_over.hypervolume(reference) / full : 1;
  };
  const auto told = [&](tabular_candidate x) {
    policy.tell(x, {how.single_runs ? run_of(x) : domain.accuracy(x)});
    ++result.trainings;
    if (front.add({0, domain.cost(x), domain.accuracy(x)})) {
      result.share = full > 0 ? front.hypervolume(reference) / full : 1;
      for (std::size_t m = 0; m < hypervolume_marks.size(); ++m)
        if (!result.reached[m] && 100 * result.share >= hypervolume_marks[m]) result.reached[m] = result.trainings;
    }
    for (std::size_t m = 0; m < training_marks.size(); ++m)
      if (result.trainings == training_marks[m]) result.living[m] = static_cast<std::size_t>(policy.living().value()), result.chosen[m] = chosen();  // a table is always listed
  };
  const auto until = static_cast<std::size_t>(std::find(hypervolume_marks.begin(), hypervolume_marks.end() - 1, how.until) - hypervolume_marks.begin());
  const auto enough = [&] { return (how.trainings > 0 && result.trainings >= how.trainings) || (until_marks && result.reached[until]); };
  while (!enough()) {
    while (under_way.size() < how.under_way)
      if (const auto x = policy.ask()) under_way.push_back(*x);
      else break;
    if (under_way.empty()) break;
    for (const tabular_candidate x : under_way)
      if (!enough()) told(x);
    under_way.clear();
  }
  result.chosen_last = chosen();
  if (policy.living() == count_type{0}) {
    result.whole = result.trainings;
    for (auto& living : result.living) living = living.value_or(0);
  }
  return result;
}

inline tabular_replay replay_table(const tabular_benchmark& benchmark, const tabular_domain& domain, tabular_policy policy, std::uint64_t seed, const replay_options& how = {}) {
  switch (policy) {
    case tabular_policy::random: return replay_table(benchmark, domain, random_search(domain, {.seed = seed}), seed, how);
    case tabular_policy::evolution: return replay_table(benchmark, domain, regularised_evolution(domain, {.seed = seed}), seed, how);
    case tabular_policy::pop: return replay_table(benchmark, domain, partial_order_pruning(domain, {.seed = seed, .margin = how.margin}), seed, how);
    case tabular_policy::model: break;
  }
  // A mean of three runs is judged, of which one is told.
  model_guided_options options{.seed = seed, .best = 100, .own_noise = how.single_runs ? 1.0 / 3 : 1, .repeats = how.repeats, .enough = how.enough};
  if (how.pool) options.consider_all = 0;
  return replay_table(benchmark, domain, model_guided_search(domain, options), seed, how, how.trainings == 0 && how.enough <= 0);
}

/// The middle of the values (mean of the middle two); what was never reached counts as later than everything, and may be the middle.
inline std::optional<double> median(std::vector<std::optional<double>> values) {
  if (values.empty()) return std::nullopt;
  const auto later = [](const auto& one, const auto& other) { return one && (!other || *one < *other); };
  std::sort(values.begin(), values.end(), later);
  const auto low = values[(values.size() - 1) / 2], high = values[values.size() / 2];
  if (!low || !high) return std::nullopt;
  return (*low + *high) / 2;
}

/// The columns of a report over seeds, in order: name and median.
inline std::vector<std::pair<std::string, std::optional<double>>> medians(std::span<const tabular_replay> replays) {
  std::vector<std::pair<std::string, std::optional<double>>> columns;
  const auto add = [&](const std::string& name, auto value) {
    std::vector<std::optional<double>> values;
    for (const tabular_replay& r : replays) {
      const auto one = value(r);
      values.push_back(one ? std::optional(static_cast<double>(*one)) : std::nullopt);
    }
    columns.emplace_back(name, median(std::move(values)));
  };
  for (std::size_t m = 0; m < hypervolume_marks.size(); ++m)
    add("trainings_until_" + std::to_string(hypervolume_marks[m]), [m](const tabular_replay& r) { return r.reached[m]; });
  for (std::size_t m = 0; m < training_marks.size(); ++m)
    add("living_after_" + std::to_string(training_marks[m]), [m](const tabular_replay& r) { return r.living[m]; });
  add("trainings_until_nothing_lives", [](const tabular_replay& r) { return r.whole; });
  return columns;
}
/// More of them, which say how good the networks are that a policy would hand over.
inline std::vector<std::pair<std::string, std::optional<double>>> chosen_medians(std::span<const tabular_replay> replays) {
  std::vector<std::pair<std::string, std::optional<double>>> columns;
  const auto add = [&](const std::string& name, auto value) {
    std::vector<std::optional<double>> values;
    for (const tabular_replay& r : replays) values.push_back(value(r));
    columns.emplace_back(name, median(std::move(values)));
  };
  for (std::size_t m = 0; m < training_marks.size(); ++m)
    add("chosen_after_" + std::to_string(training_marks[m]), [m](const tabular_replay& r) { return r.chosen[m]; });
  add("chosen_last", [](const tabular_replay& r) { return r.chosen_last; });
  return columns;
}

/// All of it as one object; keys as in the help of hasse_tabular.
inline json to_json(const tabular_benchmark& benchmark, tabular_policy policy, tabular_order order, const replay_options& how, std::span<const tabular_replay> replays) {
  const hypervolume_reference reference = benchmark.reference();
  const auto object_of = [](const auto& columns) {
    json object = json::object();
    for (const auto& [name, value] : columns) object[name] = value ? json(*value) : json(nullptr);
    return object;
  };
  json seeds = json::array();
  for (const tabular_replay& r : replays) {
    json row = object_of(medians(std::span(&r, 1)));
    row.update(object_of(chosen_medians(std::span(&r, 1))));
    row["seed"] = r.seed, row["trainings"] = r.trainings, row["hypervolume_share"] = r.share, row["repeats"] = r.repeats;
    seeds.push_back(std::move(row));
  }
  json all = object_of(medians(replays));
  all.update(object_of(chosen_medians(replays)));
  const bool pop = policy == tabular_policy::pop;
  return {{"table", benchmark.format->name},
          {"keys", benchmark.keys},
          {"networks", benchmark.networks.size()},
          {"reference", {{"flops", reference.cost.count}, {"accuracy", reference.merit}}},
          {"hypervolume", full_hypervolume(benchmark)},
          {"policy", to_text(policy)},
          {"order", pop ? json(to_text(order)) : json(nullptr)},
          {"margin", pop ? json(how.margin) : json(nullptr)},
          {"under_way", how.under_way},
          {"single_runs", how.single_runs},
          {"repeats", how.repeats},
          {"pool", how.pool},
          {"until", how.until},
          {"enough", how.enough},
          {"seeds", std::move(seeds)},
          {"medians", std::move(all)}};
}

}  // namespace hasse
