// The bodies of latency/layer_record.hpp, as core/apart.hpp says.
#pragma once

#include <string>
#include <utility>

#include <hasse/file/json.hpp>
#include <hasse/latency/layer_record.hpp>
#include <hasse/latency/record.hpp>
#include <hasse/latency/whole.hpp>

namespace hasse {

namespace detail {
inline constexpr int layer_table_schema = 2;
inline constexpr const char* layer_table_kind = "hasse layer table";
}  // namespace detail

HASSE_BODY std::string to_text(const layer_record& record) {
  json pieces = json::array(), wholes = json::array();
  for (const auto& [text, row] : record.pieces) pieces.push_back(detail::row_json(row));
  for (const auto& [identity, each] : record.wholes)
    wholes.push_back({{"layers", identity},
                      {"network", each.name},
                      {"sum_ns", each.sum},
                      {"whole_ns", each.whole.median},
                      {"p10_ns", each.whole.p10},
                      {"p90_ns", each.whole.p90},
                      {"noise_ns", each.whole.noise},
                      {"samples", each.whole.samples},
                      {"rejected", detail::rejections_json(each.whole.rejected)}});
  json content = {{"kind", detail::layer_table_kind},
                  {"schema", detail::layer_table_schema},
                  {"unit", detail::unit_of(record.device.scalar)},
                  {"device", detail::device_json(record.device)},
                  {"protocol", detail::protocol_json(record.rules)},
                  {"date", record.date},
                  {"kernels", record.kernels},
                  {"pieces", std::move(pieces)},
                  {"networks", std::move(wholes)}};
  content["checksum"] = detail::checksum_of(content);
  return json_text(content, 1) + '\n';
}

HASSE_BODY layer_record parse_layer_record(std::string_view text, const std::string& path) {
  const json content = detail::checked_content(text, path, detail::layer_table_kind, detail::layer_table_schema);
  const detail::member_reader read(content, path, "the table",
                                   {"kind", "schema", "unit", "device", "protocol", "date", "kernels", "pieces", "networks"});
  layer_record record{.device = detail::read_device(content, path),
                      .rules = detail::read_protocol(content, path),
                      .date = read.text("date", 64),
                      .pieces = {},
                      .wholes = {},
                      .kernels = detail::read_kernels(content, path)};
  for (const json& each : require_array(content, "pieces", path, "", 100'000)) {
    latency_row row = detail::read_row(each, path, "piece " + std::to_string(record.pieces.size() + 1));
    if (row.state != row_state::measured)
      throw file_error(path, "has a piece without a latency, " + detail::in_quotes(row.part), detail::table_remedy);
    const std::string name = row.part;
    if (!record.pieces.emplace(name, std::move(row)).second)
      throw file_error(path, "has two rows for the piece " + detail::in_quotes(name), detail::table_remedy);
  }
  for (const json& each : require_array(content, "networks", path, "", 100'000)) {
    const detail::member_reader network(
        each, path, "network " + std::to_string(record.wholes.size() + 1),
        {"layers", "network", "sum_ns", "whole_ns", "p10_ns", "p90_ns", "noise_ns", "samples", "rejected"});
    const whole_network found{network.text("network"),
                              network.time("sum_ns", 1),
                              {.median = network.time("whole_ns", 1),
                               .p10 = network.time("p10_ns"),
                               .p90 = network.time("p90_ns"),
                               .noise = network.time("noise_ns"),
                               .samples = network.count("samples", 1, INT32_MAX),
                               .rejected = network.rejected()}};
    if (const std::string identity = network.text("layers", 16); !record.wholes.emplace(identity, found).second)
      throw file_error(path, "has the network " + detail::in_quotes(identity) + " twice", detail::table_remedy);
  }
  return record;
}

}  // namespace hasse
