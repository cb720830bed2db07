// The bodies of result/detail/score.hpp, as core/apart.hpp says.
#pragma once

#include <hasse/file/json.hpp>
#include <hasse/result/detail/score.hpp>

namespace hasse::detail {

HASSE_BODY json places_json(const report_words& words, const report_network& network) {
  json places = json::array();
  for (const report_place& each : network.places) {
    json place{{words.cost_key(), number_or_null(each.cost)}, {words.whole_key(), number_or_null(each.whole_cost)}, {words.whole_key() + "_noise", number_or_null(each.whole_noise)}, {"on_frontier", each.on_frontier}};
    if (!each.beaten_by.empty()) place["beaten_by"] = each.beaten_by;
    places.push_back(std::move(place));
  }
  return places;
}
HASSE_BODY json certificate_json(const report_data& data, const report_certificate& claim) {
  json made{{"pruned", claim.pruned.empty() ? json(nullptr) : json(claim.pruned)}, {"above", claim.above}, {"instead", claim.instead}};
  if (claim.device < data.devices.size()) made["device"] = data.devices[claim.device];
  return made;
}
HASSE_BODY json price_json(const price_unit& unit) { return {{"name", unit.name}, {"suffix", unit.suffix}, {"factor", unit.factor}}; }
HASSE_BODY json metric_json(const metric& of) {
  return {{"name", of.name}, {"unit", of.unit}, {"factor", of.factor}, {"larger_is_better", of.larger_is_better}};
}

}  // namespace hasse::detail
