// Greedy slimming (AutoSlim, Yu & Huang 2019, §3.3): channels are taken away where the error grows least, down to a list of
// budgets. Used by programs, which say how a configuration is scored and what it costs; nothing is trained here.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/price/price.hpp>
#include <hasse/space/cost.hpp>

namespace hasse {

/// How many channels one removal takes from a group of so many: a twelfth, in whole `multiple`s and never less than one (ties to
/// the even number of them; AutoSlim, released lists). What a grouped convolution reads or writes loses a multiple of its `parts`.
constexpr int slimming_bin(int channels, int bins = 12, int multiple = 8, int parts = 1) {
  const std::int64_t unit = std::lcm(std::int64_t{multiple}, std::int64_t{parts}), divisor = bins * unit;
  const std::int64_t whole = channels / divisor, rest = 2 * (channels % divisor);
  const std::int64_t units = whole + (rest > divisor || (rest == divisor && whole % 2 == 1) ? 1 : 0);
  return static_cast<int>(std::min(unit * std::max(std::int64_t{1}, units), std::int64_t{std::numeric_limits<int>::max()}));
}

/// Which removal is committed.
enum class slimming_criterion : std::uint8_t {
  error,                ///< the one with the smallest error (AutoSlim)
  error_per_saved_cost  ///< the one whose error grows least per unit of cost that it saves
};

constexpr std::string_view to_text(slimming_criterion criterion) {
  return criterion == slimming_criterion::error ? "error" : "error per saved cost";
}

struct slimming_options {
  int bins = 12, multiple = 8;  ///< of slimming_bin; small networks want fewer channels at a time
  slimming_criterion criterion = slimming_criterion::error;
  /// Says what errors and costs depend on: weights, images, seed, device. A journal that says otherwise is refused.
  std::string configuration = {};
  progress_sink progress = {};
  /// Asked before each step; true ends the call early, and a later call with the same journal goes on.
  std::function<bool()> interrupted = {};
};

/// One committed removal: `group` went from `from` to `to` channels, which left this error and this cost.
struct slimming_step {
  /// What a removal that was tried would have left.
  struct candidate {
    int group = 0;
    double error = 0;
    friend bool operator==(const candidate&, const candidate&) = default;
  };
  int step = 0;  ///< from 1
  int group = 0, from = 0, to = 0;
  double error = 0, cost = 0;
  std::vector<candidate> candidates{};  ///< one per group that could still lose channels, in their order
  friend bool operator==(const slimming_step&, const slimming_step&) = default;
};

/// The first configuration on the way whose cost is within the target.
struct slimmed {
  double target = 0;
  channel_configuration configuration;
  double error = 0, cost = 0;
  int step = 0;  ///< after so many steps
  friend bool operator==(const slimmed&, const slimmed&) = default;
};

struct slimming_result {
  channel_configuration start;  ///< all channels
  double start_error = 0, start_cost = 0;
  std::vector<slimming_step> steps;
  std::vector<slimmed> found;  ///< one per target, in their order; each has at most the channels of the one before
  std::size_t replayed = 0;    ///< of `steps`, from the journal
  bool complete = false;       ///< false: interrupted
};

/// Top-1 error (0..1) of a configuration: on one fixed batch, with the statistics of that batch, so that it is reproducible.
using slimming_error = std::function<double(const channel_configuration&)>;
namespace detail {

/// The state of a slimming: what is left, and what may still go.
class slimming {
 public:
  slimming(const width_family& family, const std::vector<double>& targets, const slimming_error& error_of,
           const std::function<double(const channel_configuration&)>& cost_of, const slimming_options& options)
      : family_(family), targets_(targets), error_of_(error_of), cost_of_(cost_of), options_(options) {
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

  slimming_result run(journal* book) {
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

 private:
  static std::string number(double value) {
    char text[400];
    return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr};
  }

  void check_options() const {
    if (options_.bins < 1 || options_.multiple < 1 || options_.bins > 1'000'000 || options_.multiple > 1'000'000)
      throw error("slimming in " + std::to_string(options_.bins) + " bins of a multiple of " + std::to_string(options_.multiple) +
                  " channels was asked for; give both from 1 to 1000000");
    if (targets_.empty()) throw error("greedy slimming was given no target; give at least one budget to slim down to");
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (!std::isfinite(targets_[i]) || (i > 0 && targets_[i] >= targets_[i - 1]))
        throw error("target " + std::to_string(i + 1) + " of greedy slimming is " + number(targets_[i]) +
                    (i > 0 ? " after " + number(targets_[i - 1]) : std::string()) + "; give finite numbers in descending order");
  }
  double score(const channel_configuration& configuration) const {
    return finite(error_of_(configuration), "error", configuration);
  }
  double price(const channel_configuration& configuration) const { return finite(cost_of_(configuration), "cost", configuration); }
  static double finite(double value, const char* what, const channel_configuration& configuration) {
    if (std::isfinite(value)) return value;
    throw error("the " + std::string(what) + " of the configuration " + detail::clipped(to_text(configuration)) +
                " is no finite number; return one for every configuration");
  }

  bool is_live(int group) const { return now_[at(group)] - bins_[at(group)] >= bins_[at(group)]; }
  channel_configuration without(int group) const {
    channel_configuration narrower = now_;
    narrower.counts[at(group)] -= bins_[at(group)];
    return narrower;
  }

  slimming_step best_removal() {
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
  /// Growth of the error per unit of cost that is saved; what saves nothing comes last.
  double slope(double found, const channel_configuration& narrower) const {
    const double saved = cost_now_ - price(narrower);
    return saved > 0 ? (found - error_now_) / saved : std::numeric_limits<double>::infinity();
  }

  void start(double first_error, double first_cost) {
    started_ = true;
    result_.start_error = first_error, result_.start_cost = first_cost;
    arrive(first_error, first_cost);
  }
  void commit(slimming_step step) {
    now_ = without(step.group);
    const double error = step.error, cost = step.cost;
    result_.steps.push_back(std::move(step));
    arrive(error, cost);
  }
  void arrive(double error, double cost) {
    error_now_ = error, cost_now_ = cost;
    while (result_.found.size() < targets_.size() && cost <= targets_[result_.found.size()])
      result_.found.push_back({targets_[result_.found.size()], now_, error, cost, static_cast<int>(result_.steps.size())});
  }

  void report(const std::string& doing) {
    if (!options_.progress) return;
    const double way = result_.start_cost - targets_.back();
    const double fraction = result_.complete || way <= 0 ? 1 : std::clamp((result_.start_cost - cost_now_) / way, 0.0, 1.0);
    options_.progress({fraction, doing, clock_(fraction)});
  }

  /// What the steps depend on, as far as it can be seen here.
  json identity() const {
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
  static json record_of(const slimming_step& step) {
    json tried = json::array();
    for (const auto& each : step.candidates) tried.push_back({each.group, each.error});
    return {{"step", step.step}, {"group", step.group},           {"from", step.from}, {"to", step.to}, {"error", step.error},
            {"cost", step.cost}, {"candidates", std::move(tried)}};
  }

  void replay(journal& book) {
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
  static slimming_step step_of(const journal_record& record, const std::string& path, const std::string& place) {
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

  const width_family& family_;
  const std::vector<double>& targets_;
  const slimming_error& error_of_;
  const std::function<double(const channel_configuration&)>& cost_of_;
  const slimming_options& options_;
  std::vector<int> bins_;
  channel_configuration now_;
  double error_now_ = 0, cost_now_ = 0;
  bool started_ = false;
  slimming_result result_;
  remaining_time clock_;
};

}  // namespace detail

/// Starts with all channels of the family; takes one bin away from the group where `error_of` says that it hurts least (ties: the
/// first), again and again, and hands over the first configuration within each target. A group keeps at least one bin. `targets`
/// descend, in the unit of `price`; one above the cost of all channels is met by the start. Impossible targets are refused before
/// any error is asked for. With a `book` every step is on disk before the next begins, and a killed call goes on after the last.
template <Price By>
slimming_result greedy_slimming(const width_family& family, const std::vector<double>& targets, const slimming_error& error_of,
                                const By& price, const slimming_options& options = {}, journal* book = nullptr) {
  const std::function<double(const channel_configuration&)> cost_at = [&](const channel_configuration& it) {
    return static_cast<double>(price.of(family.layers_at(it)));
  };
  return detail::slimming(family, targets, error_of, cost_at, options).run(book);
}

/// The uniform width, in thousandths, whose cost is nearest to that: what a slimmed network is compared with.
template <Price By>
int uniform_of_cost(const width_family& family, double wanted, const By& price) {
  int low = 1, high = family.most();
  const auto cost = [&](int width) { return static_cast<double>(price.of(family.layers_at(family.at(width)))); };
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (cost(middle) <= wanted ? low : high) = middle;
  }
  return std::abs(cost(low) - wanted) <= std::abs(cost(high) - wanted) ? low : high;
}

}  // namespace hasse
