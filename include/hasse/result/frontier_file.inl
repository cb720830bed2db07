// The bodies of result/frontier_file.hpp, as core/apart.hpp says.
#pragma once

#include <filesystem>

#include <hasse/file/json.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/report_data.hpp>

namespace hasse {

HASSE_BODY json frontier_json(const report_data& data) {
  const detail::report_words words(data);
  json result = {{"schema", words.has_latency && words.has_accuracy ? 1 : 2}, {"facts", detail::facts_json(data.facts)}, {"trained", data.networks.size()},
                 {"pruned", data.pruning.empty() ? json(nullptr) : number_or_null(data.pruning.back().pruned)},
                 {"admissible", number_or_null(data.admissible)}, {"certificates", json::array()}};
  if (!words.has_latency) result["price"] = detail::price_json(data.price);
  if (!words.has_accuracy) result["metric"] = detail::metric_json(data.measure);
  const auto entry_of = [&](const report_network& network) {
    json files = json::object();
    for (const auto& [label, path] : network.files) files[label] = path;
    json entry{{"architecture", network.name}, {words.cost_key(), number_or_null(network.cost)},
                {words.whole_key(), number_or_null(network.whole_cost)}, {words.whole_key() + "_noise", number_or_null(network.whole_noise)},
                {"corrected_" + words.cost_key(), number_or_null(network.corrected_cost)}, {words.score_key(), number_or_null(network.score)},
                {words.score_key("finished_"), number_or_null(network.finished_score)}, {words.score_key("test_"), number_or_null(network.test_score)}, {"macs", number_or_null(network.macs)},
                {"parameters", number_or_null(network.parameters)}, {"files", files}};
    if (data.judges) {
      entry[words.score_key() + "_low"] = number_or_null(network.score_low), entry[words.score_key() + "_high"] = number_or_null(network.score_high);
      entry[words.score_key("kept_")] = number_or_null(network.kept_score), entry["runs"] = network.runs;
    }
    return entry;
  };
  const auto add_frontier = [&](json& to, const report_data& of) {
    to["frontier"] = json::array();
    for (const std::size_t i : detail::frontier_order(of)) to["frontier"].push_back(entry_of(of.networks[i]));
    for (const report_network& network : of.networks)
      if (!network.beaten_by.empty()) {
        json entry = entry_of(network);
        entry["beaten_by"] = network.beaten_by;
        to["beaten"].push_back(std::move(entry));
      }
  };
  add_frontier(result, data);
  for (std::size_t device = 0; device < data.devices.size(); ++device) {
    json one = {{"name", data.devices[device]}};
    add_frontier(one, detail::on_device(data, device));
    result["devices"].push_back(std::move(one));
  }
  if (!data.devices.empty())
    for (const std::size_t i : detail::union_order(data))
      result["serving"].push_back({{"architecture", data.networks[i].name}, {words.score_key(), number_or_null(data.networks[i].score)}, {"places", detail::places_json(words, data.networks[i])}});
  for (const report_certificate& claim : data.certificates) result["certificates"].push_back(detail::certificate_json(data, claim));
  return result;
}

HASSE_BODY void write_frontier(const std::filesystem::path& path, const report_data& data) { write_json(path, frontier_json(data)); }

}  // namespace hasse
