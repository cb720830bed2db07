// The bodies of latency/layer_table.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/json.hpp>
#include <hasse/kernel/run_text.hpp>
#include <hasse/latency/detail/laps.hpp>
#include <hasse/latency/layer_record.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/join.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<layer_piece> pieces_of(const layer_list& layers, std::span<const stretch> bodies) {
  check(layers);
  const layer_list folded = fold_for_inference(layers).layers;
  const std::vector<int> runs = joined_runs(folded, bodies);
  std::vector<layer_piece> pieces;
  for (int first = 0; first < static_cast<int>(folded.size()); first = pieces.back().end) {
    const auto own = std::find_if(bodies.begin(), bodies.end(), [&](const stretch& each) { return each.first == first; });
    if (own != bodies.end()) {
      pieces.push_back({body_text(*own), first + own->count});
      continue;
    }
    const std::span<const layer> run = std::span(folded.items).subspan(at(first), at(runs[at(first)]));
    pieces.push_back({text_of_run(run, run.back().adds_other()), first + runs[at(first)]});
  }
  return pieces;
}

}  // namespace detail

namespace detail {
HASSE_BODY std::string identity_of(const layer_list& layers) {
  std::string numbers;
  for (const layer& item : layers) numbers += numbers_of(item);
  numbers += outputs_text(layers);
  return std::string(hex64(fnv1a(numbers)).view());
}
}  // namespace detail

HASSE_BODY layer_table layer_table::begun(const std::filesystem::path& path, const device_facts& facts, const protocol& rules) {
  hasse::check(rules);
  layer_record record{.device = facts, .rules = rules, .date = detail::time_text(), .pieces = {}, .wholes = {}, .kernels = {}};
  warn_before_measuring(record.device);
  if (file_exists(path)) {
    layer_record found = parse_layer_record(read_file(path, detail::largest_table), path.string());
    detail::check_same(found.device, record.device, found.rules, rules, path.string());
    record = std::move(found);
  }
  return layer_table(path, std::move(record));
}

HASSE_BODY layer_table layer_table::load(const std::filesystem::path& path) {
  return layer_table(path, parse_layer_record(read_file(path, detail::largest_table), path.string()));
}

HASSE_BODY std::vector<stretch> layer_table::bodies_of(const layer_list& layers) const {
  if (bodies_) return bodies_(layers);
  std::vector<stretch> found;
  if (layers.stretches.empty()) return found;
  const fused<layer_list> folded = fold_for_inference(layers);
  for (const stretch& each : layers.stretches)
    if (record_.pieces.contains(detail::body_text(each)))
      if (const stretch here = detail::fused_stretch(layers, folded, each); here.count > 0) found.push_back(here);
  return found;
}

HASSE_BODY std::string layer_table::identity_of(const layer_list& layers) const {
  std::string identity = detail::identity_of(layers), bodies;
  for (const stretch& each : bodies_of(layers)) bodies += detail::body_text(each) + " at " + std::to_string(each.first) + ';';
  return bodies.empty() ? identity : std::string(hex64(fnv1a(bodies, fnv1a(identity))).view());
}

HASSE_BODY bool layer_table::knows(const layer_list& layers) const {
  const auto pieces = pieces_of(layers);
  return std::all_of(pieces.begin(), pieces.end(), [&](const auto& piece) { return record_.pieces.contains(piece.text); });
}

HASSE_BODY const measurement& layer_table::measured_whole(const layer_list& layers, const std::string& name, const progress_sink& progress) {
  const std::string identity = identity_of(layers);
  if (const auto known = record_.wholes.find(identity); known != record_.wholes.end()) return known->second.whole;
  require_device("the whole network " + name);
  const std::int64_t sum = nanoseconds_of(layers, progress);
  const std::vector<detail::layer_piece> pieces = pieces_of(layers);
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

HASSE_BODY std::string layer_table::identity() const {
  return std::string(hex64(fnv1a(json_text(detail::device_json(record_.device)))).view()) + " of " + record_.date;
}

HASSE_BODY hasse::additivity layer_table::additivity() const {
  hasse::additivity result;
  for (const auto& [identity, each] : record_.wholes) result.networks.push_back({each.name, each.sum, each.whole.median});
  return result;
}

HASSE_BODY void layer_table::require_device(const std::string& what) const {
  if (!time_)
    throw error(path_.string() + " knows no latency of " + detail::clipped(what, 400) +
                "; measure it with load_or_begin on the table's device");
}

HASSE_BODY std::int64_t layer_table::nanoseconds_of(const layer_list& layers, const progress_sink& progress) {
  const std::vector<detail::layer_piece> pieces = pieces_of(layers);
  const auto is_new = [&](const detail::layer_piece& piece) { return !record_.pieces.contains(piece.text); };
  if (const auto first = std::find_if(pieces.begin(), pieces.end(), is_new); first != pieces.end()) {
    require_device(first->text);
    measure_pieces(layers, pieces, progress);
  }
  std::int64_t sum = 0;
  for (const detail::layer_piece& piece : pieces) sum += record_.pieces.at(piece.text).p50;
  return sum;
}

HASSE_BODY std::int64_t layer_table::slowdown_of(const detail::timed_network& found, const std::vector<detail::layer_piece>& pieces) const {
  const detail::lap_reader read = laps_of(found);
  std::int64_t known = 0, now = 0, all = 0;
  for (std::size_t at = 0; at < pieces.size(); ++at) {
    const std::int64_t lap = read.lap(at);
    all += lap;
    if (const auto row = record_.pieces.find(pieces[at].text); row != record_.pieces.end()) known += row->second.p50, now += lap;
  }
  return now * 4 < all || known == 0 ? 0 : (now - known) * 100 / known;
}

HASSE_BODY void layer_table::measure_pieces(const layer_list& layers, const std::vector<detail::layer_piece>& pieces, const progress_sink& progress) {
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

HASSE_BODY detail::timed_network layer_table::timed(const layer_list& layers, const std::vector<detail::layer_piece>& pieces, const std::string& doing,
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

}  // namespace hasse
