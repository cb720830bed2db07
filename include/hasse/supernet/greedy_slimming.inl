// The bodies of supernet/greedy_slimming.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <hasse/supernet/greedy_slimming.hpp>

namespace hasse {

namespace detail {

HASSE_BODY slimming::slimming(const width_family& family, const std::vector<double>& targets, const slimming_error& error_of,
         const std::function<double(const channel_configuration&)>& cost_of, const slimming_options& options) : family_(family), targets_(targets), error_of_(error_of), cost_of_(cost_of), options_(options) {
  check_options();
  now_ = result_.start = family.full();
  channel_configuration least = now_;
  for (int g = 0; g < family.groups().size(); ++g) {
    const int bin = slimming_bin(family.groups()[g].channels, options.bins, options.multiple, family.groups()[g].parts);
    bins_.push_back(bin);
    int& count = least.counts[at(g)];
    while (count - bin >= bin) count -= bin;
  }
  const double smallest = price(least);
  if (smallest > targets.back())
    throw error("the last target is " + number(targets.back()) + ", but the smallest configuration, " +
                detail::clipped(to_text(least)) + ", costs " + number(smallest) +
                "; give targets from there up, or fewer channels per bin");
}

HASSE_BODY slimming_result slimming::run(journal* book) {
  if (book) replay(*book);
  if (!started_) {
    const double first_error = score(now_), first_cost = price(now_);
    if (book) book->append("slimming start", {{"error", first_error}, {"cost", first_cost}});
    start(first_error, first_cost);
  }
  while (result_.found.size() < targets_.size()) {
    if (options_.interrupted && options_.interrupted()) return std::move(result_);
    slimming_step next = best_removal();
    if (book) book->append("slimmed", record_of(next));
    commit(std::move(next));
  }
  result_.complete = true;
  report(std::to_string(result_.steps.size()) + " removals, " + std::to_string(targets_.size()) + " configurations");
  return std::move(result_);
}

HASSE_BODY std::string slimming::number(double value) {
  char text[400];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr};
}

HASSE_BODY void slimming::check_options() const {
  if (options_.bins < 1 || options_.multiple < 1 || options_.bins > 1'000'000 || options_.multiple > 1'000'000)
    throw error("slimming in " + std::to_string(options_.bins) + " bins of a multiple of " + std::to_string(options_.multiple) +
                " channels was asked for; give both from 1 to 1000000");
  if (targets_.empty()) throw error("greedy slimming was given no target; give at least one budget to slim down to");
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (!std::isfinite(targets_[i]) || (i > 0 && targets_[i] >= targets_[i - 1]))
      throw error("target " + std::to_string(i + 1) + " of greedy slimming is " + number(targets_[i]) +
                  (i > 0 ? " after " + number(targets_[i - 1]) : std::string()) + "; give finite numbers in descending order");
}

HASSE_BODY double slimming::finite(double value, const char* what, const channel_configuration& configuration) {
  if (std::isfinite(value)) return value;
  throw error("the " + std::string(what) + " of the configuration " + detail::clipped(to_text(configuration)) +
              " is no finite number; return one for every configuration");
}

HASSE_BODY channel_configuration slimming::without(int group) const {
  channel_configuration narrower = now_;
  narrower.counts[at(group)] -= bins_[at(group)];
  return narrower;
}

HASSE_BODY slimming_step slimming::best_removal() {
  slimming_step best{.step = static_cast<int>(result_.steps.size()) + 1};
  const int groups = static_cast<int>(now_.size());
  double least = std::numeric_limits<double>::infinity();
  for (int g = 0; g < groups; ++g) {
    if (!is_live(g)) continue;
    report("removal " + std::to_string(best.step) + ", group " + std::to_string(g + 1) + " of " + std::to_string(groups));
    const channel_configuration narrower = without(g);
    const double found = score(narrower);
    best.candidates.push_back({g, found});
    const double badness = options_.criterion == slimming_criterion::error ? found : slope(found, narrower);
    if (best.candidates.size() > 1 && !(badness < least)) continue;
    least = badness;
    best.group = g, best.from = now_[at(g)], best.to = narrower[at(g)], best.error = found;
  }
  if (best.candidates.empty())
    throw error("no channels are left to take away, and the cost is still " + number(cost_now_) + " where " +
                number(targets_[result_.found.size()]) + " is the target; the cost of a configuration must stay the same");
  best.cost = price(without(best.group));
  return best;
}

HASSE_BODY double slimming::slope(double found, const channel_configuration& narrower) const {
  const double saved = cost_now_ - price(narrower);
  return saved > 0 ? (found - error_now_) / saved : std::numeric_limits<double>::infinity();
}

HASSE_BODY void slimming::start(double first_error, double first_cost) {
  started_ = true;
  result_.start_error = first_error, result_.start_cost = first_cost;
  arrive(first_error, first_cost);
}

HASSE_BODY void slimming::commit(slimming_step step) {
  now_ = without(step.group);
  const double error = step.error, cost = step.cost;
  result_.steps.push_back(std::move(step));
  arrive(error, cost);
}

HASSE_BODY void slimming::arrive(double error, double cost) {
  error_now_ = error, cost_now_ = cost;
  while (result_.found.size() < targets_.size() && cost <= targets_[result_.found.size()])
    result_.found.push_back({targets_[result_.found.size()], now_, error, cost, static_cast<int>(result_.steps.size())});
}

HASSE_BODY void slimming::report(const std::string& doing) {
  if (!options_.progress) return;
  const double way = result_.start_cost - targets_.back();
  const double fraction = result_.complete || way <= 0 ? 1 : std::clamp((result_.start_cost - cost_now_) / way, 0.0, 1.0);
  options_.progress({fraction, doing, clock_(fraction)});
}

HASSE_BODY json slimming::identity() const {
  const cost all = cost_of(family_.layers());
  return {{"layers", family_.layers().size()},
          {"macs", all.macs},
          {"parameters", all.parameters()},
          {"channels", to_text(result_.start)},
          {"bins", to_text(channel_configuration{bins_})},
          {"targets", targets_},
          {"criterion", std::string(to_text(options_.criterion))},
          {"configuration", options_.configuration}};
}

HASSE_BODY json slimming::record_of(const slimming_step& step) {
  json tried = json::array();
  for (const auto& each : step.candidates) tried.push_back({each.group, each.error});
  return {{"step", step.step}, {"group", step.group},           {"from", step.from}, {"to", step.to}, {"error", step.error},
          {"cost", step.cost}, {"candidates", std::move(tried)}};
}

HASSE_BODY void slimming::replay(journal& book) {
  const json own = identity();
  bool bound = false;
  for (const journal_record& record : book.records()) {
    const std::string path = book.path().string(), place = "record " + std::to_string(record.sequence);
    const auto other = [&](const std::string& what) {
      return file_error(path, "is the journal of another slimming (" + place + " " + what + ")",
                        "start with the settings that it was begun with, or choose another folder");
    };
    if (record.operation == "slimming") {
      for (const auto& [key, value] : own.items())
        if (!record.payload.contains(key) || record.payload.at(key) != value)
          throw other("has other " + key + ": " + shown(record.payload.value(key, json())) +
                      ", this run has " + shown(value));
      bound = true;
    } else if (record.operation == "slimming start") {
      if (!bound || started_) throw other("starts a second time, or before its settings");
      start(require<double>(record.payload, "error", path, place), require<double>(record.payload, "cost", path, place));
    } else if (record.operation == "slimmed") {
      slimming_step step = step_of(record, path, place);
      const bool fits = started_ && result_.found.size() < targets_.size() &&
                        step.step == static_cast<int>(result_.steps.size()) + 1 && step.group >= 0 &&
                        step.group < static_cast<int>(now_.size()) && is_live(step.group) && step.from == now_[at(step.group)] &&
                        step.to == step.from - bins_[at(step.group)];
      if (!fits) throw other("takes channels away that are not there to be taken");
      commit(std::move(step));
    }
  }
  result_.replayed = result_.steps.size();
  if (!bound) book.append("slimming", own);
}

HASSE_BODY slimming_step slimming::step_of(const journal_record& record, const std::string& path, const std::string& place) {
  const json& from = record.payload;
  slimming_step step{.step = require<int>(from, "step", path, place),
                     .group = require<int>(from, "group", path, place),
                     .from = require<int>(from, "from", path, place),
                     .to = require<int>(from, "to", path, place),
                     .error = require<double>(from, "error", path, place),
                     .cost = require<double>(from, "cost", path, place)};
  const auto refuse = [&] {
    return file_error(path, place + " has no list of [group, error] pairs", "restore the file from a copy");
  };
  if (!from.contains("candidates") || !from.at("candidates").is_array()) throw refuse();
  for (const json& pair : from.at("candidates")) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_number()) throw refuse();
    step.candidates.push_back({pair[0].get<int>(), pair[1].get<double>()});
  }
  return step;
}

}  // namespace detail

}  // namespace hasse
