// How a search through gates went, as a journal keeps it. Used by hasse_proxyless and hasse_detect search.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/supernet/gated_recipe.hpp>

namespace hasse::detail {

inline json curve_json(const std::vector<gated_epoch>& curve) {
  json list = json::array();
  for (const gated_epoch& each : curve)
    list.push_back({{"epoch", each.training.epoch},
                    {"loss", number_or_null(each.training.loss)},
                    {"train_accuracy", each.training.train_correct},
                    {"validation_accuracy", each.training.validation_score},
                    {"learning_rate", each.training.learning_rate},
                    {"entropy", each.entropy},
                    {"expected_cost", each.expected},
                    {"likeliest_cost", each.likeliest},
                    {"accuracy_pull", each.accuracy_pull},
                    {"cost_pull", each.cost_pull},
                    {"probabilities", each.probabilities}});
  return list;
}
/// The curve of a record, which has at least one epoch and a probability for every candidate in each.
inline std::vector<gated_epoch> curve_of(const recalled& record, std::size_t candidates) {
  std::vector<gated_epoch> curve;
  for (const json& each : record.array("curve")) {
    const auto number = [&](const char* key) { return require<double>(each, key, record.path(), record.place()); };
    gated_epoch epoch;
    epoch.training = {.epoch = require<int>(each, "epoch", record.path(), record.place()),
                      .loss = maybe<double>(each, "loss", record.path(), record.place()).value_or(unknown),
                      .train_correct = number("train_accuracy"),
                      .validation_score = number("validation_accuracy"),
                      .learning_rate = number("learning_rate"),
                      .seconds = 0};
    epoch.entropy = number("entropy"), epoch.expected = number("expected_cost"), epoch.likeliest = number("likeliest_cost");
    epoch.accuracy_pull = number("accuracy_pull"), epoch.cost_pull = number("cost_pull");
    for (const json& share : require_array(each, "probabilities", record.path(), record.place()))
      epoch.probabilities.push_back(share.is_number() ? share.get<double>() : unknown);
    curve.push_back(std::move(epoch));
  }
  const auto fits = [&](const gated_epoch& each) {
    return each.probabilities.size() == candidates &&
           std::all_of(each.probabilities.begin(), each.probabilities.end(), [](double share) { return std::isfinite(share); });
  };
  if (curve.empty() || !std::all_of(curve.begin(), curve.end(), fits))
    throw file_error(record.path(), record.place() + " has a curve without the probabilities of this space", "start a new run in another folder");
  return curve;
}

}  // namespace hasse::detail
