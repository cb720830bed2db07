// A run of hasse_detect search: the space, what its networks cost, and what becomes of those that are trained.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/price/any_price.hpp>
#include <hasse/program/detail/detect_search_prices.hpp>
#include <hasse/program/detect.hpp>
#include <hasse/program/detect_search_options.hpp>
#include <hasse/program/detection_options.hpp>
#include <hasse/program/detector.hpp>
#include <hasse/program/detector_space.hpp>
#include <hasse/program/masked_report.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/target.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/search/session.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/masked_derive.hpp>
#include <hasse/supernet/masked_search.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

namespace hasse {

namespace detail {
inline json curve_json(const std::vector<masked_epoch>& curve) {
  json list = json::array();
  for (const masked_epoch& each : curve)
    list.push_back({{"epoch", each.training.epoch},
                    {"loss", number_or_null(each.training.loss)},
                    {"validation", each.training.validation_score},
                    {"learning_rate", each.training.learning_rate},
                    {"reward", each.reward},
                    {"quality", each.quality},
                    {"cost", each.cost},
                    {"likeliest_cost", each.likeliest},
                    {"probabilities", each.probabilities}});
  return list;
}
/// The curve of a record, which has at least one epoch and a probability for every option of every decision in each.
inline std::vector<masked_epoch> curve_of(const recalled& record, const masked_space& space) {
  std::size_t options = 0;
  for (const decision& each : space.decisions()) options += static_cast<std::size_t>(each.options);
  std::vector<masked_epoch> curve;
  for (const json& each : record.array("curve")) {
    const auto number = [&](const char* key) { return require<double>(each, key, record.path(), record.place()); };
    masked_epoch epoch;
    epoch.training.epoch = require<int>(each, "epoch", record.path(), record.place());
    epoch.training.loss = maybe<double>(each, "loss", record.path(), record.place()).value_or(unknown);
    epoch.training.validation_score = number("validation"), epoch.training.learning_rate = number("learning_rate");
    epoch.reward = number("reward"), epoch.quality = number("quality"), epoch.cost = number("cost"), epoch.likeliest = number("likeliest_cost");
    for (const json& share : require_array(each, "probabilities", record.path(), record.place()))
      epoch.probabilities.push_back(share.is_number() ? share.get<double>() : unknown);
    curve.push_back(std::move(epoch));
  }
  const auto fits = [&](const masked_epoch& each) {
    return each.probabilities.size() == options && std::all_of(each.probabilities.begin(), each.probabilities.end(), [](double share) { return share >= 0 && share <= 1; });
  };
  if (curve.empty() || !std::all_of(curve.begin(), curve.end(), fits))
    throw file_error(record.path(), record.place() + " has a curve without the probabilities of this space", "start a new run in another folder");
  return curve;
}

/// A run of hasse_detect search between its parts: what all of them look at.
struct detect_search_run {
  const detect_search_options& options;
  const recipe& how;
  const searched_detectors& designed;
  const masked_space& space;
  const any_price& price;
  const masked_costs& costs;
  std::string priced_by;  ///< "by the sum of its layers"
  double target;          ///< in the price's unit, 0: none
  program_run& here;
  layer_table& table;
  any_backend<float>& backend;
  const detection_splits& pictures;
  const training_data<detection>& data;

  /// What the files of a network say.
  network_metadata metadata(const std::string& code) const {
    network_metadata said = detector_metadata(data.task, pictures.train, data.scale);
    said.insert({{"code", code}, {"space", options.space}, {"method", options.method}, {"seed", std::to_string(options.seed)}});
    return said;
  }
  /// True where the network can be measured as it will run.
  bool measures() const { return price.unit() == in_milliseconds && options.table.empty(); }
  double whole(const std::vector<int>& code) const {
    const double found = to_milliseconds(table.measured_whole(network_of(space, code), space.text(code), here.progress()).latency());
    here.end_line();
    return found;
  }
  /// What the target limits, as it really is.
  double real(const std::vector<int>& code) const { return measures() ? whole(code) : costs.of(code); }
  wanted_cost wanted(double cost) const {
    return {cost, options.tolerance, [this](const std::vector<int>& code) { return real(code); }};
  }
  std::string text(double cost) const { return price.unit().text(cost); }
};

/// A network as the report shows it, with all that was found out about it.
struct trained_detector {
  std::vector<int> code;
  gated_report_network shown;
  double real = 0;                                      ///< what the target limits
  double validation_half = unknown, test_half = unknown;  ///< AP50
  std::string trouble{};                                ///< why there is no network
};

/// A network, trained from scratch by the recipe and judged on validation and test pictures: found in the journal, or trained now.
inline trained_detector trained_alone(const detect_search_run& run, const std::string& name, gated_role role, const std::vector<int>& code, const std::string& doing = {}) {
  const layer_list layers = network_of(run.space, code);
  trained_detector made{.code = code, .shown = {.name = name, .role = role, .choice = run.space.text(code)}, .real = run.real(code)};
  made.shown.blocks = drawn_blocks(run.space, code);
  show_costs(made.shown, layers);
  made.shown.summed = run.costs.of(code) / run.price.unit().factor, made.shown.milliseconds = run.whole(code);
  journal& book = run.here.book();
  const json which{{"network", name}, {"code", made.shown.choice}};
  if (!recall(book, "judged", which) || !file_exists(weights_of(run.here.folder(), name))) {
    if (!doing.empty()) std::printf("%s\n", doing.c_str()), flush_output();
    const lone_training trained = train_alone(run.here, run.backend, run.data,
                                              {.name = name, .layers = layers, .how = run.how, .seed = derive(run.options.seed, 1), .said = run.metadata(made.shown.choice)},
                                              curve_records::none);
    if (!trained.network) {
      made.trouble = diverged("the training of " + name, trained.outcome.note, run.here.folder(), trained_before::something).what();
      return made;
    }
    json record = which;
    for (const auto& [split, set] : {std::pair{"validation", &run.pictures.validation}, {"test", &run.pictures.test}}) {
      const coco_result found = judge_detector(run.backend, run.data.task, *trained.network, *set, run.data.scale);
      record[split] = std::max(found.ap, 0.0), record[std::string(split) + "_ap50"] = std::max(found.ap50, 0.0);
    }
    record["milliseconds"] = made.shown.milliseconds;
    record["cost"] = made.real;
    record["seconds"] = trained.outcome.seconds;
    record["epochs"] = curve_json(trained.outcome.curve);
    book.append("judged", std::move(record));
  }
  const recalled judged = *recall(book, "judged", which);
  made.shown.accuracy = judged.get<double>("validation"), made.shown.test_accuracy = judged.get<double>("test");
  made.validation_half = judged.get<double>("validation_ap50"), made.test_half = judged.get<double>("test_ap50");
  std::printf("%-10s %s\n           %.4g M MACs, %.4g k parameters, %s %s, %.4f ms measured whole here\n"
              "           validation mAP %s, AP50 %s; test mAP %s, AP50 %s\n",
              (name + ":").c_str(), made.shown.choice.c_str(), made.shown.macs / 1e6, made.shown.parameters / 1e3,
              run.text(made.shown.summed * run.price.unit().factor).c_str(), run.priced_by.c_str(), made.shown.milliseconds, precision_text(made.shown.accuracy).c_str(),
              precision_text(made.validation_half).c_str(), precision_text(made.shown.test_accuracy).c_str(), precision_text(made.test_half).c_str());
  flush_output();
  return made;
}

/// The network that a search of one supernet goes on with: from the journal, or derived now.
template <class Derive>
derived_choice found_once(const detect_search_run& run, const Derive& derive) {
  journal& book = run.here.book();
  if (const auto before = recall(book, "found"))
    return {run.space.parse(before->get<std::string>("code")), before->get<double>("aim"), before->get<double>("cost")};
  const derived_choice found = derive();
  book.append("found", {{"code", run.space.text(found.choice)}, {"aim", found.aim}, {"cost", found.real}});
  return found;
}

/// How near the target it is; `weight` is the option by which the cost weighs more.
template <class Warn>
void tell_found(const detect_search_run& run, const std::vector<int>& likeliest, const derived_choice& found, const char* weight, const Warn& warn) {
  std::printf("likeliest: %s, %s\n", run.space.text(likeliest).c_str(), run.text(run.costs.of(likeliest)).c_str());
  if (run.target <= 0) return;
  char text[320];
  std::snprintf(text, sizeof text, "%s takes %s%s, %+.1f %% of the target of %s", found.choice == likeliest ? "the likeliest network" : "the likeliest network near the target",
                run.text(found.real).c_str(), run.measures() ? " measured whole" : "", 100 * (found.real / run.target - 1), run.text(run.target).c_str());
  if (run.wanted(run.target).met(found.real)) std::printf("%s\n", text);
  else warn(std::string(text) + ", more than the tolerance; search longer, or let the cost weigh more (" + weight + ")");
}

/// The found network, trained alone, and the random ones of its cost behind it.
template <class Warn>
std::vector<trained_detector> train_found(const detect_search_run& run, const derived_choice& found, const std::vector<std::vector<int>>& beside, const Warn& warn) {
  run.here.end_line();
  if (static_cast<int>(beside.size()) < run.options.random)
    warn("only " + std::to_string(beside.size()) + " of " + std::to_string(run.options.random) + " random networks of " +
         (run.target > 0 ? "the target's" : "the found network's") + " cost were found");
  std::vector<trained_detector> all{trained_alone(run, "found", gated_role::found, found.choice)};
  if (!all.front().trouble.empty()) throw error(all.front().trouble);
  for (std::size_t i = 0; i < beside.size(); ++i) {
    trained_detector one = trained_alone(run, "random " + std::to_string(i + 1), gated_role::random, beside[i]);
    if (one.trouble.empty()) all.push_back(std::move(one));
    else warn(one.trouble);
  }
  return all;
}

/// Trains what a policy of search asks for, one network after the other. Models Evaluator.
struct detector_evaluator {
  const detect_search_run* run;
  std::vector<trained_detector>* trained;
  std::size_t told = 0;  ///< networks that it has come to

  static std::string name(std::size_t ordinal) { return "network " + std::to_string(ordinal + 1); }
  /// Models Evaluator: validation pictures alone decide.
  outcome evaluate(const std::vector<int>& code, std::size_t ordinal) {
    tell_before(ordinal);
    told = ordinal + 1;
    trained_detector made = trained_alone(*run, name(ordinal), gated_role::tried, code,
                                          "training " + std::to_string(ordinal + 1) + " of at most " + std::to_string(run->options.trainings));
    const outcome found = made.trouble.empty() ? outcome{made.shown.accuracy} : outcome{std::nullopt, made.trouble};
    trained->push_back(std::move(made));
    return found;
  }
  /// Those from before a restart come out of the journal, in their order; those whose trainings diverged are not in it.
  void tell_before(std::size_t end) {
    for (; told < end; ++told)
      if (const auto judged = recall(run->here.book(), "judged", {{"network", name(told)}}))
        trained->push_back(trained_alone(*run, name(told), gated_role::tried, run->space.parse(judged->get<std::string>("code"))));
  }
  std::string configuration() const { return to_text(run->how); }
};

/// What another run of the same space found.
struct found_elsewhere_detector {
  std::string name, code;
  double validation = unknown, test = unknown;
};

/// The networks of another run that none of its own beats in cost and validation; its found one first.
inline std::vector<found_elsewhere_detector> read_detectors(const std::filesystem::path& run, const json& settings, const masked_costs& costs) {
  const std::string where = run.string();
  const json theirs = read_json(run / "config.json");
  for (const char* key : {"program", "space", "space_width", "size", "anchors", "finest"})
    if (!theirs.is_object() || theirs.value(key, json()) != settings.value(key, json()))
      throw file_error(where, "is no run of hasse_detect search with the same " + std::string(key), "name runs of the same space, size and anchors with --beside");
  std::string found;
  std::vector<found_elsewhere_detector> all;
  for (const journal_record& record : replay_journal(run / "journal")) {
    const std::string line = "record " + std::to_string(record.sequence);
    if (record.operation == "found") found = require<std::string>(record.payload, "code", where, line);
    if (record.operation != "judged") continue;
    found_elsewhere_detector one{.name = run.filename().string() + ", " + require<std::string>(record.payload, "network", where, line),
                                 .code = require<std::string>(record.payload, "code", where, line)};
    one.validation = require<double>(record.payload, "validation", where, line), one.test = require<double>(record.payload, "test", where, line);
    all.push_back(std::move(one));
  }
  if (found.empty() || all.empty()) throw file_error(where, "is a run that has not ended", "let it end, then name it with --beside");
  std::vector<found_elsewhere_detector> best;
  std::vector<double> cost;
  for (const found_elsewhere_detector& each : all) cost.push_back(costs.of(costs.space().parse(each.code)));
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool beaten = false;
    for (std::size_t j = 0; j < all.size(); ++j)
      beaten = beaten || (j != i && cost[j] <= cost[i] && all[j].validation >= all[i].validation && (cost[j] < cost[i] || all[j].validation > all[i].validation || j < i));
    if (!beaten || all[i].code == found) best.push_back(all[i]);
  }
  return best;
}
}  // namespace detail

}  // namespace hasse
