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
#include <hasse/price/layer_table.hpp>
#include <hasse/program/detect.hpp>
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
#include <hasse/supernet/masked_derive.hpp>
#include <hasse/supernet/masked_search.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

namespace hasse {

/// The command line of hasse_detect search. The recipe is that of each training alone; the search through masks has steps and a rate of its own.
struct detect_search_options : detector_options, target_options {
  std::string space = "det-micro-cpu", method = "tunas", quality = "loss";
  std::vector<std::string> beside{};
  int width = 1000, search_epochs = 0, codes = 4, random = 0, trainings = 10;
  double search_rate = 0.02, reward_weight = -0.1, margin = 0, least_share = 0;
};

namespace detail {
/// Measures what every layer of the space can be on this device, inside whole networks: their widths go through all pairs of neighbours.
inline void measure_layers(const masked_space& space, layer_table& own, const progress_sink& progress) {
  std::size_t widths = 1, choices = 1;
  for (int block = 0; block < space.blocks(); ++block) {
    widths = std::max(widths, space.block(block).filters.size());
    for (int layer = 0; layer < static_cast<int>(space.block(block).layers.size()); ++layer) choices = std::max(choices, space.choices_of(block, layer).size());
  }
  remaining_time left;
  const double networks = static_cast<double>(widths * widths * choices);
  std::size_t done = 0;
  for (std::size_t first = 0; first < widths; ++first)
    for (std::size_t step = 0; step < widths; ++step)
      for (std::size_t taken = 0; taken < choices; ++taken, ++done) {
        std::vector<int> code(space.decisions().size(), 0);
        for (int block = 0; block < space.blocks(); ++block) {
          const std::size_t turn = (first + static_cast<std::size_t>(block) * step) % widths;
          space.set_filters(code, block, static_cast<int>(turn % space.block(block).filters.size()));
          for (int layer = 0; layer < static_cast<int>(space.block(block).layers.size()); ++layer) {
            const std::vector<layer_choice> all = space.choices_of(block, layer);
            space.set(code, block, layer, all[taken % all.size()]);
          }
        }
        const layer_list network = network_of(space, code);
        if (own.knows(network)) continue;
        own.latency_of(network, [&](const progress_event& event) {
          if (!progress) return;
          const double fraction = (static_cast<double>(done) + event.fraction) / networks;
          progress({fraction, "measuring the layers of the space: " + event.doing, left(fraction)});
        });
      }
}

/// The latency of layers as a price: of this device, kept in `own`, or of another device by its table.
inline any_price latency_price(const masked_space& space, const std::string& table, layer_table& own, const progress_sink& progress) {
  if (!table.empty()) return layer_table_price(layer_table::load(table));
  measure_layers(space, own, progress);
  return layer_table_price(own, progress);
}

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
  double target;  ///< in the price's unit, 0: none
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
  std::printf("%-10s %s\n           %.4g M MACs, %.4g k parameters, %s by the sum of its layers, %.4f ms measured whole here\n"
              "           validation mAP %s, AP50 %s; test mAP %s, AP50 %s\n",
              (name + ":").c_str(), made.shown.choice.c_str(), made.shown.macs / 1e6, made.shown.parameters / 1e3,
              run.text(made.shown.summed * run.price.unit().factor).c_str(), made.shown.milliseconds, precision_text(made.shown.accuracy).c_str(),
              precision_text(made.validation_half).c_str(), precision_text(made.shown.test_accuracy).c_str(), precision_text(made.test_half).c_str());
  flush_output();
  return made;
}

/// Trains what a policy of search asks for, one network after the other. Models Evaluator.
struct detector_evaluator {
  const detect_search_run* run;
  std::vector<trained_detector>* trained;

  static std::string name(std::size_t ordinal) { return "network " + std::to_string(ordinal + 1); }
  /// Models Evaluator: validation pictures alone decide.
  outcome evaluate(const std::vector<int>& code, std::size_t ordinal) {
    trained_detector made = trained_alone(*run, name(ordinal), gated_role::tried, code,
                                          "training " + std::to_string(ordinal + 1) + " of at most " + std::to_string(run->options.trainings));
    const outcome found = made.trouble.empty() ? outcome{made.shown.accuracy} : outcome{std::nullopt, made.trouble};
    trained->push_back(std::move(made));
    return found;
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
