// What a search learned, as a report tells it: every network once, what the order settles, what a model expects. Used by program/search.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <hasse/core/number_text.hpp>
#include <hasse/price/price.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/search.hpp>
#include <hasse/space/architecture.hpp>
#include <hasse/task/metric.hpp>

namespace hasse::detail {

/// "1234 pruned, 5678 left, 2.20 pruned per training, 3.20 settled per training".
template <class Candidate>
std::string pruned_text(const search_result<Candidate>& found) {
  if (!found.pruned || !found.living) return "pruned: not counted";
  char ratios[96];
  std::snprintf(ratios, sizeof ratios, ", %.2f pruned per training, %.2f settled per training", *found.pruned_per_training(), *found.settled_per_training());
  return to_text(*found.pruned) + " pruned, " + to_text(*found.living) + " left" + ratios;
}

template <class Policy, class Held>
const Policy* as_policy(const Held& held) {
  if constexpr (std::is_same_v<Held, Policy>)
    return &held;
  else if constexpr (requires { held.template as<Policy>(); })
    return held.template as<Policy>();
  else
    return nullptr;
}

/// Every candidate once, in the order of its first training; of several trainings the best, whose weights are kept.
template <class Space>
std::vector<trained<typename Space::candidate>> each_once(const Space& domain, const std::vector<trained<typename Space::candidate>>& done) {
  std::vector<trained<typename Space::candidate>> once;
  std::map<std::string, std::size_t> places;
  for (const auto& each : done) {
    const auto [place, is_new] = places.try_emplace(domain.text(each.candidate), once.size());
    if (is_new) once.push_back(each);
    else if (each.merit && (!once[place->second].merit || *each.merit > *once[place->second].merit)) once[place->second].merit = each.merit;
  }
  return once;
}

/// Networks that a search which repeats trainings may yet hand over: all that are not more than two deviations below what others are taken to
/// be worth, at no higher cost on any device. Their weights are kept; nothing, as long as the model knows nothing: those of all are.
template <class Space>
std::optional<std::vector<std::string>> within_reach(const Space& domain, const model_guided_search<Space>& model) {
  std::vector<std::string> names;
  const auto judged = model.judged();
  if (judged.empty()) return std::nullopt;
  for (const auto& each : judged) {
    const std::vector<std::int64_t> further = further_ticks(domain, each.value);
    const double most = each.merit.middle + 2 * (each.merit.high - each.merit.middle);
    const bool is_beaten = std::any_of(judged.begin(), judged.end(), [&](const auto& other) {
      const std::vector<std::int64_t> costs = further_ticks(domain, other.value);
      return other.merit.middle > most && domain.cost(other.value) <= domain.cost(each.value) && std::equal(costs.begin(), costs.end(), further.begin(), std::less_equal<>());
    });
    if (!is_beaten) names.push_back(domain.text(each.value));
  }
  return names;
}

/// Sets of up to so many candidates are read whole for what the order settles of a search that does not prune; of larger ones the rules are told.
inline constexpr std::size_t most_read = 100'000;

/// What the order settles: by the search, where it prunes, else by what it trained.
template <class Space, class Held>
void tell_settled(report_data& report, const Space& domain, const Held& policy, const std::vector<trained<typename Space::candidate>>& once, const pruning_options& reading) {
  using pruner = partial_order_pruning<Space>;
  const pruner* settled = as_policy<pruner>(policy);
  report.prunes = settled != nullptr;
  std::optional<pruner> read;
  if (!settled) {
    read.emplace(domain, reading);
    for (const auto& each : once) read->tell(each.candidate, {each.merit});
    settled = &*read;
  }
  for (std::size_t i = 0; i < settled->pruned_after().size(); ++i) {
    const auto trained_then = static_cast<double>(i + 1), pruned_then = static_cast<double>(settled->pruned_after()[i]);
    report.pruning.push_back({trained_then, pruned_then, report.admissible - trained_then - pruned_then});
  }
  for (const auto& each : settled->certificates()) report.certificates.push_back({domain.text(each.pruned), domain.text(each.above), domain.text(each.instead), each.device});
  if (report.pruning.empty()) {  // too many to list: how many at the end, and by which rules
    const auto number = [](const std::optional<count_type>& count) { return count ? static_cast<double>(*count) : unknown; };
    if (!once.empty()) report.pruning.push_back({static_cast<double>(once.size()), number(settled->pruned()), number(settled->living())});
    for (const auto& each : settled->rules()) report.certificates.push_back({"", domain.text(each.above), domain.text(each.instead), each.device});
  }
}

/// What a model expects, and expected while the search went on.
template <class Space>
void tell_forecast(report_data& report, const model_guided_search<Space>& model, const price_scale& scale, const metric& judged_by) {
  const auto expected = model.expected();
  if (!expected) return;
  report_forecast& forecast = report.forecast.emplace();
  forecast.found = expected->outlook.middle, forecast.surely_found = expected->outlook.low, forecast.chance = expected->outlook.chance;
  const auto shown = [&](const auto& each, double gain) {
    report_expectation made{to_text(each.value), scale.of(each.cost), judged_by.merit(each.merit.low), judged_by.merit(each.merit.middle), judged_by.merit(each.merit.high), gain};
    for (const ticks cost : each.elsewhere) made.elsewhere.push_back(scale.of(cost));
    return made;
  };
  for (const auto& each : expected->frontier) forecast.frontier.push_back(shown(each, unknown));
  for (const auto& front : expected->elsewhere) {
    auto& list = forecast.elsewhere.emplace_back();
    for (const auto& each : front) list.push_back(shown(each, unknown));
  }
  for (const auto& each : expected->next) forecast.next.push_back(shown(each, each.gain));
  forecast.run_deviation = expected->run_deviation;
  if (model.repeats()) forecast.luck_deviation = expected->luck_deviation;
  for (const auto& each : model.looks()) forecast.looks.push_back({static_cast<double>(each.trainings), each.outlook.middle, each.outlook.low, each.outlook.chance});
  report.facts.emplace_back("model", "expects that " + percent_text(forecast.found, 1) + " of the hypervolume is found, nine tenths sure of " + percent_text(forecast.surely_found, 1));
}

}  // namespace hasse::detail
