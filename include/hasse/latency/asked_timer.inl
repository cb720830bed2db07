// The bodies of the asked_timer of latency/layer_table.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <hasse/core/progress.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/network/fuse.hpp>

namespace hasse::detail {

HASSE_BODY std::vector<double> asked_timer::pieces_of_time(const layer_list& layers, const std::vector<layer_piece>& pieces) const {
  const layer_list folded = fold_for_inference(layers).layers;
  std::vector<double> times;
  int first = 0;
  for (const layer_piece& piece : pieces) {
    const auto run = std::span<const layer>(folded.items).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(piece.end - first));
    const auto seen = seen_.find(piece.text);
    times.push_back(seen != seen_.end() ? seen->second : sum_of(features_of(run), prices_));
    first = piece.end;
  }
  return times;
}

HASSE_BODY void asked_timer::prepare(layer_record& record) {
  const std::vector<layer_list> networks = survey_();
  const std::size_t fitted = networks.size() - networks.size() / 4;
  journal book(answers_);
  remaining_time left;
  if (!recall(book, "answered", {{"device", device_}}))
    refuse_doubtful_answers([&](const layer_list& layers, const std::string& name) { return ask_one(layers, name); }, device_);
  std::vector<timed_answer> answers(networks.size());
  std::vector<std::size_t> open;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    const auto known = recall(book, "answered", {{"network", identity_of(networks[at])}, {"device", device_}});
    if (!known) {
      open.push_back(at);
      continue;
    }
    timed_answer& answer = answers[at];
    for (const json& each : known->array("milliseconds")) answer.milliseconds.push_back(json_as<double>(each).value_or(-1));
    answer.failure = known->get<std::string>("failure");
    const auto is_time = [](double time) { return time > 0 && time < 1e7; };
    if (answer.failure.empty() && (answer.milliseconds.empty() || !std::all_of(answer.milliseconds.begin(), answer.milliseconds.end(), is_time)))
      throw file_error(known->path(), known->place() + " is no answer of a device", table_remedy);
  }
  for (std::size_t begin = 0; begin < open.size(); begin += at_once_) {
    const std::size_t known = networks.size() - open.size() + begin;
    const double fraction = static_cast<double>(known) / static_cast<double>(networks.size());
    if (progress_) progress_({fraction, "timing network " + std::to_string(known + 1) + " of " + std::to_string(networks.size()), left(fraction)});
    std::vector<layer_list> lists;
    std::vector<std::string> names;
    const std::size_t end = std::min(begin + at_once_, open.size());
    for (std::size_t i = begin; i < end; ++i) lists.push_back(networks[open[i]]), names.push_back("network " + std::to_string(open[i] + 1));
    std::vector<timed_answer> found = ask_(lists, names);
    for (std::size_t i = begin; i < end; ++i) {
      timed_answer& answer = answers[open[i]] = std::move(found[i - begin]);
      book.append("answered", {{"network", identity_of(networks[open[i]])}, {"device", device_}, {"milliseconds", answer.milliseconds}, {"failure", answer.failure}});
    }
  }
  std::vector<visit> visits;
  for (const timed_answer& each : answers) visits.push_back(visit_of(each));
  const std::size_t failed = static_cast<std::size_t>(std::count_if(visits.begin(), visits.end(), [](const visit& each) { return !each.failure.empty(); }));
  if (2 * failed > visits.size())
    throw error(std::to_string(failed) + " of " + std::to_string(visits.size()) + " networks could not be timed on " + device_ + ", for instance: " +
                std::find_if(visits.begin(), visits.end(), [](const visit& each) { return !each.failure.empty(); })->failure +
                "; mend the command, and remove " + answers_.string());

  observed_sums sums{.unknowns = feature_count};
  std::map<std::string, std::vector<std::size_t>> in;  // networks by piece
  std::map<std::string, double> expected;
  for (std::size_t at = 0; at < fitted; ++at)
    if (visits[at].failure.empty()) sums.add(features_of(networks[at]), static_cast<double>(visits[at].total));
  prices_ = prices_of_features(sums), asked_ = sums.size();
  for (std::size_t at = 0; at < fitted; ++at) {
    if (!visits[at].failure.empty()) continue;
    const std::vector<layer_piece> pieces = pieces_of(networks[at]);
    const std::vector<double> times = pieces_of_time(networks[at], pieces);
    for (std::size_t i = 0; i < pieces.size(); ++i) in[pieces[i].text].push_back(at), expected[pieces[i].text] = std::max(1.0, times[i]);
  }
  // Pieces that few networks have are what they compute; the others may differ from that.
  constexpr std::size_t several = 4;
  std::vector<std::string> texts;
  std::vector<double> rows;
  for (const auto& [text, networks_of_it] : in)
    if (networks_of_it.size() >= several) texts.push_back(text), rows.push_back(expected[text]);
  observed_sums rest{.unknowns = texts.size()};
  for (std::size_t at = 0; at < fitted; ++at) {
    if (!visits[at].failure.empty()) continue;
    std::vector<double> counts(texts.size());
    double others = 0;
    for (const layer_piece& piece : pieces_of(networks[at]))
      if (const auto place = std::lower_bound(texts.begin(), texts.end(), piece.text); place != texts.end() && *place == piece.text)
        counts[static_cast<std::size_t>(place - texts.begin())] += 1;
      else
        others += expected[piece.text];
    if (const double time = static_cast<double>(visits[at].total) - others; time > 0 && sum_of(counts, rows) > 0) rest.add(counts, time);
  }
  if (!texts.empty()) rows = fit_nonnegative(rest, rows, 0.3);
  for (std::size_t at = 0; at < texts.size(); ++at) seen_[texts[at]] = std::max(1.0, rows[at]);

  for (std::size_t at = fitted; at < networks.size(); ++at) {
    if (!visits[at].failure.empty()) continue;
    double sum = 0;
    for (const double time : pieces_of_time(networks[at], pieces_of(networks[at]))) sum += time;
    record.wholes.emplace(identity_of(networks[at]), whole_network{"network " + std::to_string(at + 1) + " of the survey", std::llround(sum), join({&visits[at]}, record.rules.disturbed_percent)});
  }
}

HASSE_BODY timed_network asked_timer::operator()(const layer_list& layers, const std::vector<layer_piece>& pieces, layer_record& record,
                                                 const std::function<void(int)>& begin_round) {
  timed_network found;
  if (pieces.empty()) {
    for (int round = 0; round < record.rules.rounds; ++round) {
      begin_round(round);
      found.rounds.push_back(visit_of(ask_one(layers, "network")));
      if (const std::string& why = found.rounds.back().failure; !why.empty()) throw error("a network could not be timed on " + device_ + ": " + why);
    }
    return found;
  }
  if (prices_.empty()) prepare(record);
  visit estimated;
  for (const double time : pieces_of_time(layers, pieces)) estimated.laps.push_back(std::max<std::int64_t>(1, std::llround(time)));
  for (const std::int64_t lap : estimated.laps) estimated.total += lap;
  estimated.p10 = estimated.p90 = estimated.total, estimated.accepted = static_cast<int>(asked_);
  found.rounds.push_back(std::move(estimated));
  found.implementations.assign(pieces.size(), "estimated from " + std::to_string(asked_) + " whole networks");
  return found;
}

}  // namespace hasse::detail
