// The latency table of a space on a device: one row per part, measured in real networks of the space, kept in latency.json.
// Used by search (costs), result (reports) and the programs. A program also includes catalogue/shard.hpp once.
#pragma once

#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <hasse/catalogue/space_at.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/latency/correction.hpp>
#include <hasse/latency/detail/estimate.hpp>
#include <hasse/latency/detail/laps.hpp>
#include <hasse/latency/detail/survey.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/latency/order_check.hpp>
#include <hasse/latency/record.hpp>
#include <hasse/latency/row_names.hpp>
#include <hasse/latency/whole.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/count.hpp>

namespace hasse {

/// What a search does where the table contradicts the order. Nothing happens unless it is asked for, and what was changed can be listed.
enum class order_policy : std::uint8_t {
  warn,      ///< the rows stay as they were measured; `violations` lists what breaks the order
  isotonic,  ///< the nearest latencies that break nothing; `repairs()` lists every changed row
  exclude    ///< as warn, and a pair of architectures that the latencies contradict prunes nothing
};

constexpr std::string_view to_text(order_policy policy) {
  return policy == order_policy::warn ? "warn" : policy == order_policy::isotonic ? "isotonic" : "exclude";
}

/// Two questions: what the device is at its best, and what it was like while its table was measured.
enum class table_speed : std::uint8_t {
  quiet,   ///< when nothing disturbed it: as rows are in the file
  typical  ///< half of the time it was slower than so
};
constexpr std::string_view to_text(table_speed speed) { return speed == table_speed::quiet ? "quiet" : "typical"; }

/// A row that isotonic repair changed.
struct row_repair {
  part_id part = 0;
  ticks measured, repaired;
};

/// How a device is measured where nothing else is said.
template <class Device>
inline constexpr protocol usual_protocol = NetworkTimer<Device> ? many_networks : many_visits;

/// Models what a search needs of latencies: `ticks_per_part()` and `estimate`.
template <class Space>
class latency_table {
 public:
  static constexpr std::size_t parts = static_cast<std::size_t>(part_count<Space>);
  /// Stands for "no latency": beyond every window, and sums of it do not overflow.
  static constexpr ticks unsupported{1'000'000'000'000'000};

  /// From a complete record of this space; `source` is named in refusals.
  explicit latency_table(latency_record record, const std::string& source = "latency table", space_at<Space> at = {})
      : space_(std::move(at)), record_(std::move(record)) {
    detail::require_space(record_, space_, source);
    if (!record_.complete()) throw file_error(source, "is not measured to its end", "measure on with load_or_measure");
    const auto names = row_names(space_);
    std::vector<latency_row> ordered;
    std::string missing;
    int count = 0;
    for (const std::string& name : names) {
      const auto row =
          std::find_if(record_.rows.begin(), record_.rows.end(), [&](const latency_row& each) { return each.part == name; });
      if (row != record_.rows.end())
        ordered.push_back(*row);
      else if (++count <= 5)
        missing += (count > 1 ? ", \"" : " \"") + name + '"';
    }
    if (count > 0)
      throw file_error(
          source,
          "lacks " + std::to_string(count) + " of " + std::to_string(parts) + " rows:" + missing + (count > 5 ? ", ..." : ""),
          detail::table_remedy);
    if (record_.rows.size() != parts) throw file_error(source, "has rows for parts that this space has not", detail::table_remedy);
    record_.rows = std::move(ordered);
    believed_ = record_.corrections.size();
    refresh();
  }

  /// Reads a complete table of this space, of whatever device: for reports and comparisons.
  static latency_table load(const std::filesystem::path& path, const space_at<Space>& space = {}) {
    return latency_table(parse_latency_record(read_file(path, detail::largest_table), path.string()), path.string(), space);
  }

  /// The table at `path` if it was measured on this device under these rules; measures it when there is no file, and goes on where
  /// an interrupted measurement stopped. Anything else at `path` is refused.
  template <class Device>
    requires DevicePolicy<Device> || NetworkTimer<Device>
  static latency_table load_or_measure(const std::filesystem::path& path, const Device& device,
                                       const protocol& rules = usual_protocol<Device>,
                                       const progress_sink& progress = {}, const space_at<Space>& space = {}) {
    check(rules);
    latency_record record{.space = space_identity(space),
                          .device = facts_of(device, space),
                          .rules = rules,
                          .date = detail::time_text(),
                          .rounds = {},
                          .rows = {},
                          .additivity = {},
                          .kernels = {}};
    if (file_exists(path)) {
      latency_record found = parse_latency_record(read_file(path, detail::largest_table), path.string());
      detail::require_space(found, space, path.string());
      detail::check_same(found.device, record.device, found.rules, rules, path.string());
      if (found.complete()) return latency_table(std::move(found), path.string(), space);
      record = std::move(found);
    }
    measure_rounds(record, device, space, path, progress);
    return latency_table(std::move(record), path.string(), space);
  }

  /// Writes the measured rows; what `apply` did is not written.
  void save(const std::filesystem::path& path) const { replace_file(path, to_text(record_)); }

  /// What it is of.
  const space_at<Space>& space() const { return space_; }
  const latency_record& record() const { return record_; }
  std::span<const latency_row> rows() const { return record_.rows; }
  const hasse::additivity& additivity() const { return record_.additivity; }
  int resolution() const { return record_.resolution; }

  /// One latency per part, a multiple of `resolution()` ticks; `unsupported` where there is none.
  std::span<const ticks> ticks_per_part() const { return ticks_; }

  /// Why the device cannot run this architecture, or "".
  std::string refusal(const architecture<Space>& choice) const {
    std::string why;
    for_each_part(choice, [&](part_id part) {
      const latency_row& row = record_.rows[static_cast<std::size_t>(part)];
      if (why.empty() && row.state == row_state::unsupported) why = row.part + ": " + row.reason;
    });
    return why;
  }

  /// The sum over the parts. Throws where a part has no latency.
  ticks estimate(const architecture<Space>& choice) const {
    if (const std::string why = refusal(choice); !why.empty())
      throw error("no latency of " + to_text(choice) + " is known: " + why + "; leave it out of the search");
    return latency_of(choice, ticks_per_part());
  }

  /// Latencies at this speed. Refused where none is known: a device without a beat has one speed.
  void use(table_speed speed) {
    if (speed == table_speed::typical && record_.beat.quiet == 0)
      throw error("typical latencies are not known of " + record_.device.name + ", beside whose visits no network ran that tells its speed; use quiet ones");
    speed_ = speed;
    refresh();
  }
  table_speed speed() const { return speed_; }
  /// What a quiet latency is multiplied by at that speed.
  double factor() const { return speed_ == table_speed::quiet ? 1 : record_.beat.slowdown(); }

  /// Of so many of the corrections in the file: all of them where nothing else is said. A search keeps to those that it began with.
  void believe(std::size_t corrections) {
    if (corrections > record_.corrections.size())
      throw error("a table with " + std::to_string(record_.corrections.size()) + " corrections was to be read with " + std::to_string(corrections) + "; give the table that has them");
    believed_ = corrections;
    refresh();
  }

  /// What the table states of its sums: nine of ten of them are no further from whole networks, as a share of these.
  double stated_error() const { return std::max(least_stated, additivity().error_at(0.9)); }

  /// Where more of these networks than luck explains, by their times at quiet speed, are further from their sums than the table states and
  /// the measurement is uncertain, or one is further than any network that was checked, all of them correct the rows that they are made
  /// of. Latencies stay those that are believed, and other corrections behind these go. Returns how many are outside; 0: nothing is changed.
  /// (`sum` is filled in.)
  std::size_t correct(std::vector<measured_whole> networks) {
    const std::vector<std::int64_t> before = detail::times_of_rows(record_, believed_);
    std::vector<std::vector<std::size_t>> rows_of;
    std::size_t outside = 0;
    bool is_far = false;
    for (measured_whole& each : networks) {
      std::vector<std::size_t>& own = rows_of.emplace_back();
      for_each_part(parse<Space>(each.network), [&](part_id part) { own.push_back(static_cast<std::size_t>(part)); });
      each.sum = std::accumulate(own.begin(), own.end(), std::int64_t{0}, [&](std::int64_t sum, std::size_t row) { return sum + before[row]; });
      outside += detail::is_outside(each, stated_error());
      is_far = is_far || detail::is_outside(each, std::max(least_stated, additivity().worst_error()));
    }
    if (!is_far && !detail::is_beyond_luck(outside, networks.size())) return 0;
    const std::vector<std::int64_t> after = detail::corrected_rows(before, networks, rows_of);
    record_.corrections.resize(believed_);
    table_correction& made = record_.corrections.emplace_back(table_correction{detail::time_text(), std::move(networks), {}});
    for (std::size_t part = 0; part < parts; ++part)
      if (after[part] != before[part]) made.rows.push_back({record_.rows[part].part, before[part], after[part]});
    return outside;
  }
  /// The sum in milliseconds with all corrections in the file, at the speed in use.
  double corrected_milliseconds(const architecture<Space>& choice) const {
    const std::vector<std::int64_t> times = detail::times_of_rows(record_, record_.corrections.size());
    std::int64_t sum = 0;
    for_each_part(choice, [&](part_id part) { sum += times[static_cast<std::size_t>(part)]; });
    return static_cast<double>(sum) * factor() / 1e6;
  }

  /// The median over rows of noise / latency: two latencies closer than this are equal.
  double noise_floor() const {
    std::vector<std::int64_t> millionths;
    for (const latency_row& row : record_.rows)
      if (row.state == row_state::measured) millionths.push_back(row.noise * 1'000'000 / row.p50);
    return static_cast<double>(median(std::move(millionths))) * 1e-6;
  }

  /// The elementary moves along `order` that the measured rows call faster, largest first.
  template <NamesSteps Order>
  std::vector<order_violation> violations(const Order& order) const {
    std::vector<std::int64_t> latency = detail::times_of_rows(record_, believed_), noise;
    for (std::size_t part = 0; part < parts; ++part) {
      noise.push_back(record_.rows[part].noise);
      if (record_.rows[part].state != row_state::measured) latency[part] = -1;
    }
    return violations_of<std::int64_t>(elementary_moves<Space>(order), latency, noise);
  }

  /// Chooses what to do about them. Searches over this table do it, and refuse one that was repaired for another order than theirs.
  template <class Order>
  void apply(order_policy policy, const Order& order) {
    if constexpr (NamesSteps<Order>) {
      apply(policy, order.name, policy == order_policy::isotonic ? elementary_moves<Space>(order) : std::vector<elementary_move>());
    } else {
      if (policy == order_policy::isotonic)
        throw error("the order '" + std::string(order.name) + "' does not say of which steps it is made, so a table cannot be repaired along it; "
                    "give it a member takes(order_step), or choose warn or exclude");
      apply(policy, order.name, {});
    }
  }
  order_policy policy() const { return policy_; }
  std::span<const row_repair> repairs() const { return repairs_; }

  /// Refuses a search in `order` on rows that were repaired along another one.
  void require_order(std::string_view order) const {
    if (policy_ == order_policy::isotonic && order_ != order)
      throw error("the table was repaired along the " + order_ + " order, and this search uses the " + std::string(order) + " order; apply the repair for that one");
  }

 private:
  using survey = detail::space_survey<Space>;

  /// Those of the device. Where entries carry bodies they say for how many blocks its backend has one, and which: another table's rows are
  /// of other code.
  template <class Device>
  static device_facts facts_of(const Device& device, const space_at<Space>& space) {
    device_facts facts = device.facts();
    if constexpr (DevicePolicy<Device> && !std::is_same_v<std::remove_const_t<decltype(engines_of<Space>)>, engines<>>) {
      const auto backend = device.make_backend();
      int count = 0;
      std::string which;
      for (const entry& each : space.entries())
        if (detail::bodies_on(detail::body_mark_of(backend), each.bodies).inference) ++count, which += each.text() + ';';
      if (count > 0) facts.library += (facts.library.empty() ? "" : ", ") + std::string("bodies of ") + std::to_string(count) + " blocks (" + std::string(hex64(fnv1a(which)).view()) + ')';
    }
    return facts;
  }

  void apply(order_policy policy, std::string_view order, const std::vector<elementary_move>& moves) {
    policy_ = policy, order_ = order;
    refresh();
    if (policy != order_policy::isotonic) return;
    std::array<std::int64_t, parts> units{};
    for (std::size_t part = 0; part < parts; ++part)
      units[part] = ticks_[part] == unsupported ? -1 : ticks_[part].count / record_.resolution;
    const std::vector<std::int64_t> repaired = isotonic(moves, units);
    for (std::size_t part = 0; part < parts; ++part)
      if (repaired[part] != units[part]) {
        const ticks now{repaired[part] * record_.resolution};
        repairs_.push_back({static_cast<part_id>(part), ticks_[part], now});
        ticks_[part] = now;
      }
  }

  template <DevicePolicy Device>
  static void measure_rounds(latency_record& record, const Device& device, const space_at<Space>& space, const std::filesystem::path& path,
                             const progress_sink& progress) {
    warn_before_measuring(record.device);
    auto backend = device.make_backend();
    auto watch = device.make_stopwatch(backend);
    constexpr bool chooses = requires { backend.choices(); };
    if constexpr (chooses) backend.choices() = record.kernels;
    std::vector<std::string> reasons = survey::reasons_against(backend, space);
    const auto networks = survey::draw(record.rules, reasons);
    std::vector<std::string> implementations(parts);
    check_rounds(record, networks, path.string());
    const architecture<Space> of_the_beat = survey::beat_of(networks, space);
    detail::beat_runner beat(backend, layers_of(of_the_beat, space), watch, record.rules);
    const double steps = static_cast<double>(networks.size()) * record.rules.rounds;
    remaining_time left;
    const auto rounds = static_cast<std::size_t>(record.rules.rounds);
    for (std::size_t round = record.rounds.size(); round < rounds && !is_good_enough(record, networks, space); ++round) {
      std::vector<std::size_t> order(networks.size());
      for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
      random_source random(derive(record.rules.seed, 1000 + round));
      shuffle(order.begin(), order.end(), random);
      std::vector<visit> visits(networks.size());
      std::size_t done = 0;
      for (const std::size_t at : order) {
        if (progress) {
          const double fraction = (static_cast<double>(round * networks.size() + done++)) / steps;
          progress({fraction, "measuring latencies, round " + std::to_string(round + 1) + " of at most " + std::to_string(rounds),
                    left(fraction)});
        }
        random_source own(derive(random(), at));
        const layer_list layers = layers_of(networks[at].choice, space);
        auto network = network_for_timing(backend, layers, own);
        const std::int64_t before = beat();
        visits[at] = measure(network, networks[at].ends(network, space), record.rules, watch);
        visits[at].beat = std::min(before, beat());
      }
      record.rounds.push_back(std::move(visits));
      if constexpr (chooses) record.kernels = backend.choices();
      replace_file(path, to_text(record));
    }
    for (const typename survey::visitable& each : networks)
      if (!each.whole) survey::name_implementations(backend, each, space, implementations);
    finish(record, networks, space, reasons, implementations);
    if (record.beat.quiet > 0) record.beat.network = to_text(of_the_beat);
    replace_file(path, to_text(record));
    if (progress) progress({1, "latencies measured", 0});
  }

  /// By answers of whole networks. The file is replaced after each; a network that failed is not asked again.
  template <NetworkTimer Device>
  static void measure_rounds(latency_record& record, const Device& device, const space_at<Space>& space, const std::filesystem::path& path,
                             const progress_sink& progress) {
    std::vector<std::string> reasons(parts);
    const auto networks = survey::draw(record.rules, reasons);
    const auto rounds = static_cast<std::size_t>(record.rules.rounds), calls = networks.size() * rounds;
    check_answers(record, networks.size(), has_beat(device), path.string());
    const architecture<Space> of_the_beat = survey::beat_of(networks, space);
    const layer_list beat = layers_of(of_the_beat, space);
    if (record.rounds.empty()) {
      detail::refuse_doubtful_answers([&](const layer_list& layers, const std::string& name) { return device.time(layers, name); }, record.device.name);
      record.rounds.emplace_back();
    }
    remaining_time left;
    std::size_t answered = std::accumulate(record.rounds.begin(), record.rounds.end(), std::size_t{0},
                                           [](std::size_t sum, const auto& round) { return sum + round.size(); });
    while (answered < calls) {
      if (record.rounds.back().size() == networks.size()) record.rounds.emplace_back();
      std::vector<visit>& round = record.rounds.back();
      const double fraction = static_cast<double>(answered) / static_cast<double>(calls);
      if (progress)
        progress({fraction, "timing network " + std::to_string(answered + 1) + " of " + std::to_string(calls), left(fraction)});
      std::vector<visit> next;
      std::vector<std::size_t> asked;
      std::vector<layer_list> lists;
      std::vector<std::string> names;
      for (std::size_t at = round.size(); at < networks.size() && lists.size() < most_at_once(device); ++at) {
        next.push_back(record.rounds.size() > 1 ? record.rounds.front()[at] : visit());
        if (!next.back().failure.empty()) continue;
        const architecture<Space>& choice = networks[(at * stride_of(networks.size())) % networks.size()].choice;
        asked.push_back(next.size() - 1), lists.push_back(layers_of(choice, space)), names.push_back(to_text(choice));
      }
      std::vector<visit> found = detail::asked_visits(device, lists, names, has_beat(device) ? &beat : nullptr);
      for (std::size_t at = 0; at < asked.size(); ++at) next[asked[at]] = std::move(found[at]);
      answered += next.size();
      round.insert(round.end(), next.begin(), next.end());
      const auto failed = [](const visit& each) { return !each.failure.empty(); };
      const bool all_failed = record.rounds.size() == 1 && std::all_of(round.begin(), round.end(), failed);
      if (all_failed && round.size() >= std::min<std::size_t>(3, networks.size()))
        throw error("none of the first " + std::to_string(round.size()) + " networks could be timed on " + record.device.name + ": " +
                    round.back().failure);
      if (!all_failed) replace_file(path, to_text(record));
    }
    for (std::vector<visit>& round : record.rounds) {
      std::vector<visit> in_order(round.size());
      for (std::size_t at = 0; at < round.size(); ++at) in_order[at * stride_of(round.size()) % round.size()] = std::move(round[at]);
      round = std::move(in_order);
    }
    for (std::size_t at = 0; at < networks.size(); ++at)  // parts of which no network was timed
      for (const part_id part : networks[at].parts())
        if (std::string& why = reasons[static_cast<std::size_t>(part)]; why.empty()) why = record.rounds.front()[at].failure;
    for (std::size_t at = 0; at < networks.size(); ++at)
      if (record.rounds.front()[at].failure.empty() && !networks[at].whole)
        for (const part_id part : networks[at].parts()) reasons[static_cast<std::size_t>(part)].clear();
    finish(record, networks, space, reasons, std::vector<std::string>(parts, record.device.library));
    if (record.beat.quiet > 0) record.beat.network = to_text(of_the_beat);
    replace_file(path, to_text(record));
    if (progress) progress({1, "networks timed", 0});
  }

  /// Networks are asked for in steps of about the golden section, so that neighbours of the survey, which share parts, are far apart in time.
  static std::size_t stride_of(std::size_t networks) {
    std::size_t stride = std::max<std::size_t>(1, networks * 618 / 1000);
    while (std::gcd(stride, networks) != 1) ++stride;
    return stride;
  }

  static void check_answers(const latency_record& record, std::size_t networks, bool beats, const std::string& path) {
    for (std::size_t round = 0; round < record.rounds.size(); ++round) {
      const auto& visits = record.rounds[round];
      const bool fits = round < static_cast<std::size_t>(record.rules.rounds) && visits.size() <= networks &&
                        (round + 1 == record.rounds.size() || visits.size() == networks);
      const auto is_answer = [](const visit& each) { return !each.failure.empty() || each.laps.size() == 1; };
      const auto fits_beat = [&](const visit& each) { return !each.failure.empty() || (each.beat > 0) == beats; };
      if (!fits || !std::all_of(visits.begin(), visits.end(), is_answer))
        throw file_error(path, "was begun by another version of this program", detail::table_remedy);
      if (!std::all_of(visits.begin(), visits.end(), fits_beat))
        throw file_error(path, beats ? "was begun without a network beside the others that tells the speed" : "was begun with a network beside the others that tells the speed",
                         "go on as it was begun, or name another path");
    }
  }

  /// Few rounds find a small error by luck: four at least.
  static bool is_good_enough(const latency_record& record, const std::vector<typename survey::visitable>& networks, const space_at<Space>& space) {
    constexpr std::size_t fewest_rounds = 4;
    if (record.rules.error_percent == 0 || record.rounds.size() < fewest_rounds) return false;
    return 100 * detail::estimate(record.rounds, survey::visited(networks), survey::features(space)).additivity.median_error() <= record.rules.error_percent;
  }

  /// An interrupted table must have the visits that this program would have made.
  static void check_rounds(const latency_record& record, const std::vector<typename survey::visitable>& networks, const std::string& path) {
    const auto fits = [&](const std::vector<visit>& round) {
      if (round.size() != networks.size()) return false;
      for (std::size_t at = 0; at < round.size(); ++at)
        if (round[at].laps.size() != (networks[at].whole ? 1 : networks[at].parts().size())) return false;
      return true;
    };
    if (record.rounds.size() > static_cast<std::size_t>(record.rules.rounds) ||
        !std::all_of(record.rounds.begin(), record.rounds.end(), fits))
      throw file_error(path, "was begun by another version of this program", detail::table_remedy);
  }

  /// Turns rounds into rows and the additivity record.
  static void finish(latency_record& record, const std::vector<typename survey::visitable>& networks, const space_at<Space>& space, const std::vector<std::string>& reasons,
                     const std::vector<std::string>& implementations) {
    detail::table_estimate found = detail::estimate(record.rounds, survey::visited(networks), survey::features(space));
    const auto names = row_names(space);
    for (std::size_t part = 0; part < parts; ++part) {
      latency_row& row = found.rows[part];
      if (reasons[part].empty())
        row.implementation = implementations[part];
      else
        row = {.part = {}, .state = row_state::unsupported, .reason = reasons[part], .implementation = {}};
      row.part = names[part];
    }
    record.failures = std::move(found.failures);
    record.resolution = resolution_for(found.rows);
    record.rows = std::move(found.rows), record.additivity = std::move(found.additivity), record.beat = found.beat;
    record.rounds.clear();
  }

  /// One tick, or coarser when the slowest architecture takes more than 60 000 ticks (6 ms): counting walks over distinct sums.
  static int resolution_for(const std::vector<latency_row>& rows) {
    std::vector<std::int64_t> typical;
    for (const latency_row& row : rows) typical.push_back(row.p50);
    return static_cast<int>(std::max<std::int64_t>(1, detail::largest_sum<Space>(typical) / 100 / 60'000));
  }

  void refresh() {
    const std::int64_t unit = std::int64_t{record_.resolution} * 100;
    const std::vector<std::int64_t> times = detail::times_of_rows(record_, believed_);
    for (std::size_t part = 0; part < parts; ++part) {
      const std::int64_t time = speed_ == table_speed::quiet ? times[part] : std::llround(static_cast<double>(times[part]) * factor());
      ticks_[part] = record_.rows[part].state == row_state::measured ? ticks{std::max<std::int64_t>(1, (time + unit / 2) / unit) * record_.resolution}
                                                                      : unsupported;
    }
    repairs_.clear();
  }

  static constexpr double least_stated = 0.01;  // nobody corrects a hundredth

  space_at<Space> space_;
  latency_record record_;
  std::array<ticks, parts> ticks_{};
  order_policy policy_ = order_policy::warn;
  std::string order_;  // that `apply` was for
  table_speed speed_ = table_speed::quiet;
  std::size_t believed_ = 0;  // corrections
  std::vector<row_repair> repairs_;
};

}  // namespace hasse
