// The latency of any layer list on a device, as a sum over its pieces: measured inside the first network that asks for them, kept
// in a file. Used by the slimming of channels, whose networks are no space's. How good the sums are: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/kernel/run_text.hpp>
#include <hasse/latency/detail/laps.hpp>
#include <hasse/latency/layer_record.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/join.hpp>
#include <hasse/network/origin.hpp>

namespace hasse {

namespace detail {
/// A run of folded layers that may be one step; `end` counts the folded layers up to its last.
struct layer_piece {
  std::string text;
  int end = 0;
};

/// The pieces of an unfused list, as inference_network groups them; `bodies` are the stretches of the folded list that run as bodies of their
/// blocks.
HASSE_BODY std::vector<layer_piece> pieces_of(const layer_list& layers, std::span<const stretch> bodies = {});
/// What the piece of a body is called.
inline std::string body_text(const stretch& of) { return "body of " + of.origin->text(); }

/// Step counts at the ends of the pieces, in a network that may run some of them as one step.
template <class Network>
std::vector<int> ends_of(const Network& network, const std::vector<layer_piece>& pieces) {
  std::vector<int> steps;
  const std::span<const int> done = network.step_ends();
  for (const layer_piece& piece : pieces)
    steps.push_back(static_cast<int>(std::lower_bound(done.begin(), done.end(), piece.end) - done.begin()) + 1);
  return steps;
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
      std::vector<int> steps = ends_of(network, pieces);
      if (pieces.empty()) steps.push_back(static_cast<int>(network.step_ends().size()));
      result.implementations = implementations_of(network, backend_, steps);
      return steps;
    };
    result.rounds = visits_of(layers, backend_, watch_, record.rules, ends, begin_round);
    if constexpr (chooses) record.kernels = backend_.choices();
    return result;
  }
  /// The stretches of the folded list for which the backend has bodies.
  std::vector<stretch> bodies_of(const layer_list& layers) const {
    return layers.stretches.empty() ? std::vector<stretch>() : stretches_with_body(backend_, layers, fold_for_inference(layers), fusion::inference);
  }

 private:
  backend_on<Device> backend_;
  stopwatch_on<Device> watch_;
};
/// The same on a device that is asked for whole networks: laps are estimates, wholes are answers.
class asked_timer {
 public:
  using questions = std::function<std::vector<timed_answer>(const std::vector<layer_list>&, const std::vector<std::string>&)>;
  asked_timer(questions ask, std::size_t at_once, std::filesystem::path answers, std::string device,
              std::function<std::vector<layer_list>()> survey, progress_sink progress)
      : ask_(std::move(ask)), at_once_(at_once), answers_(std::move(answers)), device_(std::move(device)), survey_(std::move(survey)), progress_(std::move(progress)) {}

  timed_network operator()(const layer_list& layers, const std::vector<layer_piece>& pieces, layer_record& record,
                           const std::function<void(int)>& begin_round);

 private:
  std::vector<double> pieces_of_time(const layer_list& layers, const std::vector<layer_piece>& pieces) const;
  void prepare(layer_record& record);

  timed_answer ask_one(const layer_list& layers, const std::string& name) const { return ask_({layers}, {name}).front(); }

  questions ask_;
  std::size_t at_once_;
  std::filesystem::path answers_;
  std::string device_;
  std::function<std::vector<layer_list>()> survey_;
  progress_sink progress_;
  std::vector<double> prices_;           // of features; empty before the survey
  std::map<std::string, double> seen_;   // pieces that several networks have, by their text
  std::size_t asked_ = 0;
};

/// By what a list of layers is known in a file.
HASSE_BODY std::string identity_of(const layer_list& layers);
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
    layer_table table = begun(path, device.facts(), rules);
    const auto timer = std::make_shared<detail::network_timer<Device>>(device);
    table.time_ = [timer](auto&&... arguments) { return (*timer)(arguments...); };
    table.bodies_ = [timer](const layer_list& layers) { return timer->bodies_of(layers); };
    return table;
  }
  /// The same on a device that is asked for whole networks. Before the first latency is told, it is asked for those of `survey`: pieces
  /// are estimated from them, by what they compute, and a piece that is in several by these, too. The last fourth of the survey only tells
  /// how far sums are off. Its answers are kept beside the table, so that a killed program goes on.
  template <NetworkTimer Device>
  static layer_table load_or_begin(const std::filesystem::path& path, const Device& device, std::function<std::vector<layer_list>()> survey,
                                   const progress_sink& progress = {}, const protocol& rules = many_networks) {
    layer_table table = begun(path, device.facts(), rules);
    table.time_ = [timer = std::make_shared<detail::asked_timer>(
                       [device](const std::vector<layer_list>& networks, const std::vector<std::string>& names) { return detail::answers_of(device, networks, names); },
                       most_at_once(device),
                       std::filesystem::path(path).replace_extension("answers"), table.record_.device.name, std::move(survey), progress)](auto&&... arguments) {
      return (*timer)(arguments...);
    };
    return table;
  }
  /// The table at `path`, of whatever device: knows what was measured and measures nothing more.
  static layer_table load(const std::filesystem::path& path);

  /// True when the sum needs no further measurement.
  bool knows(const layer_list& layers) const;

  /// The sum over the pieces of an unfused list, for one image. Pieces that nobody asked for before are measured, which takes one
  /// visit per round to this network, and saved.
  ticks latency_of(const layer_list& layers, const progress_sink& progress = {}) {
    return {(nanoseconds_of(layers, progress) + 50) / 100};
  }

  /// The network measured whole, as finalists are reported: once per list, then from the file. Beside it the file keeps the sum.
  /// Where its pieces take longer at that time than their rows say, as on a machine whose clock wanders, it is measured again.
  const measurement& measured_whole(const layer_list& layers, const std::string& name, const progress_sink& progress = {});

  /// The device and when it was first measured: what is concluded from this table is not concluded from one that was measured anew.
  std::string identity() const;

  /// How well sums predict the networks that were measured whole.
  hasse::additivity additivity() const;

  /// Needed by nobody who measures: what is measured is saved at once.
  void save() const { replace_file(path_, to_text(record_)); }
  const layer_record& record() const { return record_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  layer_table(std::filesystem::path path, layer_record record) : path_(std::move(path)), record_(std::move(record)) {}

  static layer_table begun(const std::filesystem::path& path, const device_facts& facts, const protocol& rules);

  void require_device(const std::string& what) const;

  /// What runs as a body is one piece. Without a device: what the table knows as one.
  std::vector<detail::layer_piece> pieces_of(const layer_list& layers) const { return detail::pieces_of(layers, bodies_of(layers)); }
  std::vector<stretch> bodies_of(const layer_list& layers) const;
  std::string identity_of(const layer_list& layers) const;

  std::int64_t nanoseconds_of(const layer_list& layers, const progress_sink& progress);

  detail::lap_reader laps_of(const detail::timed_network& found) const {
    return {detail::pointers_to(found.rounds), record_.rules.disturbed_percent};
  }

  /// By how many percent the pieces that are known took longer now than their rows say: what is measured now would be kept for
  /// good. 0 when they are less than a quarter of the network, and so say little.
  std::int64_t slowdown_of(const detail::timed_network& found, const std::vector<detail::layer_piece>& pieces) const;

  void measure_pieces(const layer_list& layers, const std::vector<detail::layer_piece>& pieces, const progress_sink& progress);

  detail::timed_network timed(const layer_list& layers, const std::vector<detail::layer_piece>& pieces, const std::string& doing,
                              const progress_sink& progress);

  static constexpr int most_repeats = 3;

  std::filesystem::path path_;
  layer_record record_;
  std::function<detail::timed_network(const layer_list&, const std::vector<detail::layer_piece>&, layer_record&,
                                      const std::function<void(int)>&)>
      time_;
  std::function<std::vector<stretch>(const layer_list&)> bodies_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/asked_timer.inl>
#include <hasse/latency/layer_table.inl>
#endif
