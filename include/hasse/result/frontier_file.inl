// The bodies of result/frontier_file.hpp, as core/apart.hpp says.
#pragma once

#include <filesystem>

#include <hasse/file/json.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/report_data.hpp>

namespace hasse {

HASSE_BODY json frontier_json(const report_data& data) {
  json result = {{"schema", 1}, {"facts", json::object()}, {"frontier", json::array()}, {"trained", data.networks.size()},
                 {"pruned", data.pruning.empty() ? json(nullptr) : number_or_null(data.pruning.back().pruned)},
                 {"admissible", number_or_null(data.admissible)}, {"certificates", json::array()}};
  for (const auto& [key, value] : data.facts) result["facts"][key] = value;
  for (const std::size_t i : detail::frontier_order(data)) {
    const report_network& network = data.networks[i];
    json files = json::object();
    for (const auto& [label, path] : network.files) files[label] = path;
    result["frontier"].push_back({{"architecture", network.name}, {"milliseconds", number_or_null(network.milliseconds)},
                                  {"whole_milliseconds", number_or_null(network.whole_milliseconds)}, {"accuracy", number_or_null(network.accuracy)},
                                  {"finished_accuracy", number_or_null(network.finished_accuracy)}, {"test_accuracy", number_or_null(network.test_accuracy)}, {"macs", number_or_null(network.macs)},
                                  {"parameters", number_or_null(network.parameters)}, {"files", files}});
  }
  for (const report_certificate& claim : data.certificates)
    result["certificates"].push_back({{"pruned", claim.pruned.empty() ? json(nullptr) : json(claim.pruned)}, {"above", claim.above}, {"instead", claim.instead}});
  return result;
}

HASSE_BODY void write_frontier(const std::filesystem::path& path, const report_data& data) { write_json(path, frontier_json(data)); }

}  // namespace hasse
