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

#include <hasse/core/apart.hpp>
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
           const std::function<double(const channel_configuration&)>& cost_of, const slimming_options& options);

  slimming_result run(journal* book);

 private:
  static std::string number(double value);

  void check_options() const;
  double score(const channel_configuration& configuration) const {
    return finite(error_of_(configuration), "error", configuration);
  }
  double price(const channel_configuration& configuration) const { return finite(cost_of_(configuration), "cost", configuration); }
  static double finite(double value, const char* what, const channel_configuration& configuration);

  bool is_live(int group) const { return now_[at(group)] - bins_[at(group)] >= bins_[at(group)]; }
  channel_configuration without(int group) const;

  slimming_step best_removal();
  /// Growth of the error per unit of cost that is saved; what saves nothing comes last.
  double slope(double found, const channel_configuration& narrower) const;

  void start(double first_error, double first_cost);
  void commit(slimming_step step);
  void arrive(double error, double cost);

  void report(const std::string& doing);

  /// What the steps depend on, as far as it can be seen here.
  json identity() const;
  static json record_of(const slimming_step& step);

  void replay(journal& book);
  static slimming_step step_of(const journal_record& record, const std::string& path, const std::string& place);

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

#if HASSE_BODIES_INLINE
#include <hasse/supernet/greedy_slimming.inl>
#endif
