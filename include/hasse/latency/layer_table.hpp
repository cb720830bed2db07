// The latency of any layer list on a device, as a sum over its pieces: measured inside the first network that asks for them, kept
// in a file. Used by the slimming of channels, whose networks are no space's. How good the sums are: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/progress.hpp>
#include <hasse/kernel/run_text.hpp>
#include <hasse/latency/detail/laps.hpp>
#include <hasse/latency/layer_record.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/join.hpp>

namespace hasse {

namespace detail {
/// A run of folded layers that may be one step; `end` counts the folded layers up to its last.
struct layer_piece {
  std::string text;
  int end = 0;
};

/// The pieces of an unfused list, as inference_network groups them.
inline std::vector<layer_piece> pieces_of(const layer_list& layers) {
  check(layers);
  const layer_list folded = fold_for_inference(layers).layers;
  const std::vector<int> runs = joined_runs(folded);
  std::vector<layer_piece> pieces;
  for (int first = 0; first < static_cast<int>(folded.size()); first = pieces.back().end) {
    const std::span<const layer> run = std::span(folded.items).subspan(at(first), at(runs[at(first)]));
    pieces.push_back({text_of_run(run, run.back().adds_other()), first + runs[at(first)]});
  }
  return pieces;
}

/// What visits to one network found, one lap per piece; one lap in all where no pieces were asked for.
struct timed_network {
  std::vector<visit> rounds;
  std::vector<std::string> implementations;
};

/// A backend and its clock, behind one call: a layer table has no type of its own per device.
template <DevicePolicy Device>
class network_timer {
 public:
  explicit network_timer(const Device& device) : backend_(device.make_backend()), watch_(device.make_stopwatch(backend_)) {}

  timed_network operator()(const layer_list& layers, const std::vector<layer_piece>& pieces, layer_record& record,
                           const std::function<void(int)>& begin_round) {
    constexpr bool chooses = requires { backend_.choices(); };
    if constexpr (chooses) backend_.choices() = record.kernels;
    timed_network result;
    const auto ends = [&](auto& network) {
      std::vector<int> steps;
      const std::span<const int> done = network.step_ends();
      for (const layer_piece& piece : pieces)
        steps.push_back(static_cast<int>(std::lower_bound(done.begin(), done.end(), piece.end) - done.begin()) + 1);
      if (pieces.empty()) steps.push_back(static_cast<int>(done.size()));
      result.implementations = implementations_of(network, backend_, steps);
      return steps;
    };
    result.rounds = visits_of(layers, backend_, watch_, record.rules, ends, begin_round);
    if constexpr (chooses) record.kernels = backend_.choices();
    return result;
  }

 private:
  backend_on<Device> backend_;
  stopwatch_on<Device> watch_;
};
}  // namespace detail

/// The sums are exact in what was measured: a piece has one row for good, so one list has one latency. Each piece is measured in a
/// network that really runs, not alone, where its weights would stay in the nearest cache. Every network's rows are in the file
/// before the next is looked at.
class layer_table {
 public:
  layer_table(layer_table&&) = default;  // no copies: each would replace the other's file
  layer_table& operator=(layer_table&&) = default;

  /// The table at `path` if it was measured on this device under these rules, an empty one when there is no file. Anything else at
  /// `path` is refused. The rules' `contexts` and `checked` have no meaning here.
  template <DevicePolicy Device>
  static layer_table load_or_begin(const std::filesystem::path& path, const Device& device, const protocol& rules = {}) {
    hasse::check(rules);
    layer_record record{
        .device = device.facts(), .rules = rules, .date = detail::time_text(), .pieces = {}, .wholes = {}, .kernels = {}};
    warn_where_unoptimised(record.device);
    if (file_exists(path)) {
      layer_record found = parse_layer_record(read_file(path, detail::largest_table), path.string());
      detail::check_same(found.device, record.device, found.rules, rules, path.string());
      record = std::move(found);
    }
    layer_table table(path, std::move(record));
    table.time_ = [timer = std::make_shared<detail::network_timer<Device>>(device)](auto&&... arguments) {
      return (*timer)(arguments...);
    };
    return table;
  }
  /// The table at `path`, of whatever device: knows what was measured and measures nothing more.
  static layer_table load(const std::filesystem::path& path) {
    return layer_table(path, parse_layer_record(read_file(path, detail::largest_table), path.string()));
  }

  /// True when the sum needs no further measurement.
  bool knows(const layer_list& layers) const {
    const auto pieces = detail::pieces_of(layers);
    return std::all_of(pieces.begin(), pieces.end(), [&](const auto& piece) { return record_.pieces.contains(piece.text); });
  }

  /// The sum over the pieces of an unfused list, for one image. Pieces that nobody asked for before are measured, which takes one
  /// visit per round to this network, and saved.
  ticks latency_of(const layer_list& layers, const progress_sink& progress = {}) {
    return {(nanoseconds_of(layers, progress) + 50) / 100};
  }

  /// The network measured whole, as finalists are reported: once per list, then from the file. Beside it the file keeps the sum.
  /// Where its pieces take longer at that time than their rows say, as on a machine whose clock wanders, it is measured again.
  const measurement& measured_whole(const layer_list& layers, const std::string& name, const progress_sink& progress = {}) {
    std::string numbers;
    for (const layer& item : layers) numbers += detail::numbers_of(item);
    numbers += outputs_text(layers);
    const std::string identity(hex64(fnv1a(numbers)).view());
    if (const auto known = record_.wholes.find(identity); known != record_.wholes.end()) return known->second.whole;
    require_device("the whole network " + name);
    const std::int64_t sum = nanoseconds_of(layers, progress);
    const std::vector<detail::layer_piece> pieces = detail::pieces_of(layers);
    measurement whole;
    std::int64_t slowest = std::numeric_limits<std::int64_t>::max();
    for (int again = 0; again <= most_repeats && slowest > record_.rules.disturbed_percent; ++again) {
      const char* const doing = again > 0 ? "measuring a network again, the device was slow" : "measuring a network";
      const detail::timed_network found = timed(layers, {}, doing, progress);
      const std::int64_t slow = slowdown_of(timed(layers, pieces, "comparing the device with its table", progress), pieces);
      if (slow < slowest) slowest = slow, whole = detail::join(detail::pointers_to(found.rounds), record_.rules.disturbed_percent);
    }
    whole.median = std::max<std::int64_t>(1, whole.median);
    const auto place = record_.wholes.emplace(identity, whole_network{name.substr(0, 4096), sum, whole}).first;
    save();
    return place->second.whole;
  }

  /// The device and when it was first measured: what is concluded from this table is not concluded from one that was measured anew.
  std::string identity() const {
    return std::string(hex64(fnv1a(json_text(detail::device_json(record_.device)))).view()) + " of " + record_.date;
  }

  /// How well sums predict the networks that were measured whole.
  hasse::additivity additivity() const {
    hasse::additivity result;
    for (const auto& [identity, each] : record_.wholes) result.networks.push_back({each.name, each.sum, each.whole.median});
    return result;
  }

  /// Needed by nobody who measures: what is measured is saved at once.
  void save() const { replace_file(path_, to_text(record_)); }
  const layer_record& record() const { return record_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  layer_table(std::filesystem::path path, layer_record record) : path_(std::move(path)), record_(std::move(record)) {}

  void require_device(const std::string& what) const {
    if (!time_)
      throw error(path_.string() + " knows no latency of " + detail::clipped(what, 400) +
                  "; measure it with load_or_begin on the table's device");
  }

  std::int64_t nanoseconds_of(const layer_list& layers, const progress_sink& progress) {
    const std::vector<detail::layer_piece> pieces = detail::pieces_of(layers);
    const auto is_new = [&](const detail::layer_piece& piece) { return !record_.pieces.contains(piece.text); };
    if (const auto first = std::find_if(pieces.begin(), pieces.end(), is_new); first != pieces.end()) {
      require_device(first->text);
      measure_pieces(layers, pieces, progress);
    }
    std::int64_t sum = 0;
    for (const detail::layer_piece& piece : pieces) sum += record_.pieces.at(piece.text).p50;
    return sum;
  }

  detail::lap_reader laps_of(const detail::timed_network& found) const {
    return {detail::pointers_to(found.rounds), record_.rules.disturbed_percent, detail::quiet_by::lap};
  }

  /// By how many percent the pieces that are known took longer now than their rows say: what is measured now would be kept for
  /// good. 0 when they are less than a quarter of the network, and so say little.
  std::int64_t slowdown_of(const detail::timed_network& found, const std::vector<detail::layer_piece>& pieces) const {
    const detail::lap_reader read = laps_of(found);
    std::int64_t known = 0, now = 0, all = 0;
    for (std::size_t at = 0; at < pieces.size(); ++at) {
      const std::int64_t lap = read.lap(at);
      all += lap;
      if (const auto row = record_.pieces.find(pieces[at].text); row != record_.pieces.end()) known += row->second.p50, now += lap;
    }
    return now * 4 < all || known == 0 ? 0 : (now - known) * 100 / known;
  }

  void measure_pieces(const layer_list& layers, const std::vector<detail::layer_piece>& pieces, const progress_sink& progress) {
    detail::timed_network found = timed(layers, pieces, "measuring layers", progress);
    for (int again = 0; again < most_repeats && slowdown_of(found, pieces) > record_.rules.disturbed_percent; ++again) {
      detail::timed_network other = timed(layers, pieces, "measuring layers again, the device was slow", progress);
      if (slowdown_of(other, pieces) < slowdown_of(found, pieces)) found = std::move(other);
    }
    const detail::lap_reader read = laps_of(found);
    std::map<std::string, detail::part_laps> laps;
    std::map<std::string, std::string> implementations;
    for (std::size_t at = 0; at < pieces.size(); ++at) {
      if (record_.pieces.contains(pieces[at].text)) continue;
      read.into(laps[pieces[at].text], at);
      implementations[pieces[at].text] = found.implementations[at];
    }
    for (const auto& [text, each] : laps) {
      // The mean of its places, so that they add up to what they took together.
      std::int64_t sum = 0;
      for (const std::int64_t place : each.contexts) sum += place;
      const auto places = static_cast<std::int64_t>(each.contexts.size());
      latency_row row = each.row((sum + places / 2) / places);
      row.part = text, row.implementation = implementations[text];
      record_.pieces.emplace(text, std::move(row));
    }
    save();
  }

  detail::timed_network timed(const layer_list& layers, const std::vector<detail::layer_piece>& pieces, const std::string& doing,
                              const progress_sink& progress) {
    remaining_time left;
    const auto report = [&](int round) {
      const double fraction = static_cast<double>(round) / record_.rules.rounds;
      if (progress)
        progress({fraction, doing + ", round " + std::to_string(round + 1) + " of " + std::to_string(record_.rules.rounds),
                  left(fraction)});
    };
    return time_(layers, pieces, record_, report);
  }

  static constexpr int most_repeats = 3;

  std::filesystem::path path_;
  layer_record record_;
  std::function<detail::timed_network(const layer_list&, const std::vector<detail::layer_piece>&, layer_record&,
                                      const std::function<void(int)>&)>
      time_;
};

}  // namespace hasse
