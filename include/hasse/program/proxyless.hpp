// The program hasse_proxyless as a function: searches the block of every layer for a device, trains what it found, hands it over.
// Used by examples/hasse_proxyless.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/file/journal.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/price/budget.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/proxyless_run.hpp>
#include <hasse/program/detail/training_records.hpp>
#include <hasse/program/method_reports.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/gated_report.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/gated_search.hpp>
#include <hasse/supernet/proxyless_space.hpp>
#include <hasse/train/trainer.hpp>

namespace hasse {

/// The command line of hasse_proxyless. The recipe is that of the last training; the search has epochs and rates of its own.
struct proxyless_options : recipe_options, device_options {
  std::string space = "proxyless-cifar-tiny", table = {}, loss = "add#absolute", method = "gradient-two";
  std::vector<std::string> beside{};
  double target_latency = 0, target_macs = 0, target_memory = 0;  ///< ms, millions, KB; 0: none. One of them at most
  double tolerance = 0.05;
  int side = 0, latency_side = 0;  ///< of the images that train, and of those whose latency counts; 0: the space's
  int search_epochs = 12, warmup_epochs = 4, period = 5, random = 0;
  double lambda = 1, power = 0.3, search_rate = 0.025, warmup_rate = 0.05, gate_rate = 0.006;
};

namespace detail {
inline gate_method method_named(const std::string& name) {
  for (const gate_method each : {gate_method::gradient_full, gate_method::gradient_two, gate_method::reinforce})
    if (name_of(each) == name) return each;
  throw error("the method " + in_quotes(name) + " is not known; name one of gradient-full, gradient-two, reinforce");
}

/// What decides a run's results; --random and --beside add to it and may change.
inline json settings_of(const proxyless_options& it, const recipe& how, const device_facts& measured) {
  json all{{"program", "hasse_proxyless"},
          {"data", place_of(it.data)},
          {"train_images", it.train_images},
          {"space", it.space},
          {"side", it.side},
          {"latency_side", it.latency_side},
          {"target_latency", it.target_latency},
          {"target_macs", it.target_macs},
          {"target_memory", it.target_memory},
          {"tolerance", it.tolerance},
          {"table", it.table},
          {"loss", it.loss},
          {"lambda", it.lambda},
          {"power", it.power},
          {"method", it.method},
          {"warmup_epochs", it.warmup_epochs},
          {"search_epochs", it.search_epochs},
          {"warmup_rate", it.warmup_rate},
          {"search_rate", it.search_rate},
          {"gate_rate", it.gate_rate},
          {"period", it.period},
          {"crop_padding", it.crop_padding},
          {"recipe", to_text(how)},
          {"threads", it.threads},
          {"device_threads", it.device_threads},
          {"seed", it.seed}};
  add_training_device(all, it.training());
  add_measured_device(all, measured);
  return all;
}

/// What the target limits, and to what; without one, latency is what is looked at.
struct limit {
  price_unit unit = in_milliseconds;
  double target = 0;
};
inline limit limit_of(const proxyless_options& it) {
  if (it.target_macs > 0) return {in_macs, it.target_macs * in_macs.factor};
  if (it.target_memory > 0) return {in_bytes, it.target_memory * in_bytes.factor};
  return {in_milliseconds, it.target_latency};
}
/// Sets the target that a text such as "2.5M" names.
inline void aim_at(const std::string& text, proxyless_options& it) {
  const budgets one = parse_budgets({text});
  if (one.targets.size() != 1) throw error("the target " + in_quotes(text) + " names several budgets; search for one of them at a time");
  (one.unit == in_macs ? it.target_macs : one.unit == in_bytes ? it.target_memory : it.target_latency) =
      one.targets.front() / one.unit.factor;
}

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
/// The curve of a journal's record, which has at least one epoch and a probability for every candidate in each.
inline std::vector<gated_epoch> curve_from(const json& payload, std::size_t candidates, const std::string& where,
                                           const std::string& line) {
  std::vector<gated_epoch> curve;
  for (const json& each : require_array(payload, "curve", where, line)) {
    const auto number = [&](const char* key) { return require<double>(each, key, where, line); };
    gated_epoch epoch;
    epoch.training = {.epoch = require<int>(each, "epoch", where, line),
                      .loss = maybe<double>(each, "loss", where, line).value_or(unknown),
                      .train_correct = number("train_accuracy"),
                      .validation_score = number("validation_accuracy"),
                      .learning_rate = number("learning_rate"),
                      .seconds = 0};
    epoch.entropy = number("entropy"), epoch.expected = number("expected_cost"), epoch.likeliest = number("likeliest_cost");
    epoch.accuracy_pull = number("accuracy_pull"), epoch.cost_pull = number("cost_pull");
    for (const json& share : require_array(each, "probabilities", where, line))
      epoch.probabilities.push_back(share.is_number() ? share.get<double>() : unknown);
    curve.push_back(std::move(epoch));
  }
  const auto fits = [&](const gated_epoch& each) {
    return each.probabilities.size() == candidates &&
           std::all_of(each.probabilities.begin(), each.probabilities.end(), [](double share) { return std::isfinite(share); });
  };
  if (curve.empty() || !std::all_of(curve.begin(), curve.end(), fits))
    throw file_error(where, line + " has a curve without the probabilities of this space", "start a new run in another folder");
  return curve;
}

/// A run of hasse_proxyless between its parts: what all of them look at.
struct proxyless_run {
  const proxyless_options& options;
  const recipe& how;
  mbconv_space space;   ///< as it trains
  mbconv_space priced;  ///< as it is priced: other images, perhaps other classes
  gated_list list, priced_list;
  any_price price;
  gated_costs costs;  ///< by that price
  double target;      ///< in its unit, 0: none
  run_folder& folder;
  journal& book;
  layer_table& table;
  any_backend<float>& backend;
  const splits& images;
  const training_data<>& data;
  stoppable_printer& printer;

  /// What the files of a network say.
  network_metadata metadata(const std::string& choice) const {
    network_metadata said = metadata_of(images.train, data.scale);
    said.insert({{"choice", choice}, {"space", options.space}, {"seed", std::to_string(options.seed)}});
    return said;
  }
  /// True where the network can be measured as it will run.
  bool measures() const { return price.unit() == in_milliseconds && options.table.empty(); }
  double whole(const std::vector<int>& choice) const {
    const double found =
        to_milliseconds(table.measured_whole(priced_list.path(choice), priced_list.text(choice), std::ref(printer)).latency());
    printer.finish();
    return found;
  }
  /// What the target limits, as it really is.
  double real(const std::vector<int>& choice) const {
    if (price.gathering() == cost_gathering::largest) return price.of(priced_list.path(choice));
    return measures() ? whole(choice) : costs.of(list.path_of(choice));
  }
  /// What the candidates of a network cost together, as it is shown.
  double shown_cost(const std::vector<int>& choice) const { return costs.of(list.path_of(choice)) / price.unit().factor; }
};

/// What the search left: from the journal, or searched for now.
inline gated_outcome searched(const proxyless_run& run, const gated_recipe& how) {
  for (const journal_record& record : run.book.records())
    if (record.operation == "searched") {
      const std::string line = "record " + std::to_string(record.sequence), where = run.book.path().string();
      return {.choice = run.list.parse(require<std::string>(record.payload, "choice", where, line)),
              .cost = require<double>(record.payload, "cost", where, line),
              .curve = curve_from(record.payload, run.costs.flat().size(), where, line),
              .diverged = false,
              .note = require<std::string>(record.payload, "note", where, line)};
    }
  gated_search<any_backend<float>> search(run.backend, run.options.space, run.list, run.costs, run.data.with({.label_smoothing = 0.1}), how,
                           {.folder = run.folder.checkpoints(), .every_seconds = 60});
  const gated_outcome outcome = search.run(std::ref(run.printer));
  run.printer.finish();
  if (outcome.diverged) throw diverged("the search", outcome.note, run.folder, trained_before::nothing);
  run.book.append("searched", {{"choice", run.list.text(outcome.choice)},
                               {"cost", outcome.cost},
                               {"note", outcome.note},
                               {"curve", curve_json(outcome.curve)}});
  return outcome;
}

/// The network that the run goes on with: from the journal, or derived now. Without a target it is the likeliest.
inline derived_choice derived(const proxyless_run& run, const gated_outcome& outcome, const wanted_cost& wanted) {
  for (const journal_record& record : run.book.records())
    if (record.operation == "found") {
      const std::string line = "record " + std::to_string(record.sequence), where = run.book.path().string();
      return {run.list.parse(require<std::string>(record.payload, "choice", where, line)),
              require<double>(record.payload, "aim", where, line), require<double>(record.payload, "cost", where, line)};
    }
  const derived_choice found =
      run.target > 0 ? derive_choice(run.list, run.costs, outcome.curve.back().probabilities, outcome.choice, wanted)
                     : derived_choice{outcome.choice, outcome.cost, wanted.real(outcome.choice)};
  run.book.append("found", {{"choice", run.list.text(found.choice)}, {"aim", found.aim}, {"cost", found.real}});
  return found;
}

inline void print_probabilities(const gated_list& list, const gated_outcome& outcome) {
  std::size_t at = 0;
  for (const int place : list.searched()) {
    const int taken = outcome.choice[static_cast<std::size_t>(place)];
    std::printf("  %-18s %-6s", list.block(place).name.c_str(), list.candidate(place, taken).text.c_str());
    for (const gated_candidate& each : list.block(place).candidates)
      std::printf("  %s %4.1f %%", each.text.c_str(), 100 * outcome.curve.back().probabilities[at++]);
    std::printf("\n");
  }
}

/// A network, trained from scratch by the recipe and judged: found in the journal, or trained now. "" where its training diverged.
inline std::string trained_alone(const proxyless_run& run, const std::string& name, const std::vector<int>& choice,
                                 gated_report_network& shown) {
  const std::string text = run.list.text(choice);
  const layer_list layers = run.list.path(choice);
  const auto path = run.folder.networks() / (file_name_of(name) + ".safetensors");
  const auto said = [&](std::string_view operation) -> const journal_record* {
    for (const journal_record& record : run.book.records())
      if (record.operation == operation && record.payload.value("network", json()) == json(name) &&
          record.payload.value("choice", json()) == json(text))
        return &record;
    return nullptr;
  };
  shown.name = name, shown.choice = text, shown.blocks = drawn_blocks(run.priced_list, choice);
  const cost costs = cost_of(run.priced_list.path(choice));
  shown.macs = static_cast<double>(costs.macs), shown.parameters = static_cast<double>(costs.parameters());
  shown.summed = run.shown_cost(choice);
  shown.peak_bytes = static_cast<double>(peak_bytes_of(run.priced_list.path(choice)));
  shown.milliseconds = run.whole(choice);
  if (run.price.unit() == in_milliseconds) shown.costs.emplace_back(run.price.device(), shown.summed);
  if (!said("judged") || !file_exists(path)) {
    trainer<any_backend<float>> training(run.backend, name, layers, run.data, run.how, derive(run.options.seed, 1),
                          {.folder = run.folder.checkpoints(), .every_seconds = 60});
    const training_outcome outcome = training.run([&](const progress_event& event) {
      run.printer({event.fraction, "training " + name + ": " + event.doing, event.seconds_left});
    });
    run.printer.finish();
    if (outcome.diverged) return diverged("the training of " + name, outcome.note, run.folder, trained_before::something).what();
    const model network = training.result();
    write_weights(path, network, run.metadata(text));
    run.book.append("judged",
                    {{"network", name},
                     {"choice", text},
                     {"validation", accuracy(run.backend, layers, network.weights, run.images.validation, run.data.scale)},
                     {"test", accuracy(run.backend, layers, network.weights, run.images.test, run.data.scale)},
                     {"milliseconds", shown.milliseconds},
                     {"epochs", curve_json(outcome.curve)}});
  }
  const journal_record& judged = *said("judged");
  const auto share = [&](const char* key) {
    return require<double>(judged.payload, key, run.book.path().string(), "record " + std::to_string(judged.sequence));
  };
  shown.accuracy = share("validation"), shown.test_accuracy = share("test");
  std::printf("%-9s %s\n          %.4g M MACs, %s by the table, %.4f ms measured whole here, validation %.2f %%, test %.2f %%\n",
              (name + ":").c_str(), text.c_str(), shown.macs / 1e6, run.price.unit().text(shown.summed * run.price.unit().factor).c_str(),
              shown.milliseconds, 100 * shown.accuracy, 100 * shown.test_accuracy);
  flush_output();
  return {};
}

inline void hand_over(const proxyless_run& run, const std::vector<int>& choice, gated_report_network& shown) {
  const layer_list layers = run.list.path(choice);
  const auto stem = run.folder.networks() / "found";
  const model found{"found", layers, read_weights(stem.string() + ".safetensors", layers)};
  write_onnx(stem.string() + ".onnx", found, {.metadata = run.metadata(shown.choice)});
  write_cpp_header(stem.string() + ".hpp",
                   {.type = network_type_text(run.space, choice),
                    .weights_file = "found.safetensors",
                    .facts = {"choice: " + shown.choice, percent_text(shown.accuracy) + " of the validation images, " +
                                                             milliseconds_text(shown.milliseconds)},
                    .classes = run.images.train.classes});
  for (const char* ending : {"onnx", "safetensors", "hpp"})
    shown.files.emplace_back(ending, "networks/found." + std::string(ending));
}

/// What other runs found, and the latency of every network on every device that a run has a table of.
inline void add_elsewhere(const proxyless_run& run, const std::vector<found_elsewhere>& others, gated_data& page) {
  for (const found_elsewhere& other : others) {
    gated_report_network shown{.name = other.run, .role = gated_role::other, .choice = run.list.text(other.choice)};
    shown.blocks = drawn_blocks(run.priced_list, other.choice);
    const cost costs = cost_of(run.priced_list.path(other.choice));
    shown.macs = static_cast<double>(costs.macs), shown.parameters = static_cast<double>(costs.parameters());
    shown.summed = run.shown_cost(other.choice);
    shown.milliseconds = run.whole(other.choice), shown.peak_bytes = static_cast<double>(peak_bytes_of(run.priced_list.path(other.choice)));
    shown.accuracy = other.validation, shown.test_accuracy = other.test;
    if (run.price.unit() == in_milliseconds) shown.costs.emplace_back(run.price.device(), shown.summed);
    page.networks.push_back(std::move(shown));
  }
  std::vector<std::string> devices{run.price.device()};
  for (const found_elsewhere& other : others) {
    const bool is_known = std::find(devices.begin(), devices.end(), other.device) != devices.end();
    if (other.unit != in_milliseconds.suffix || is_known) continue;
    devices.push_back(other.device);
    for (gated_report_network& each : page.networks)
      each.costs.emplace_back(other.device, other.costs.of(run.list.path_of(run.list.parse(each.choice))));
  }
}

/// frontier.json has the networks that were trained here; those that none of them beats are its frontier. Latency is that of the
/// device that was searched for: measured here, or by another device's table. Test images decide: the gates have seen the
/// validation images.
inline report_data frontier_of(const gated_data& page) {
  report_data data{.title = page.title, .facts = page.facts};
  for (const gated_report_network& each : page.networks) {
    if (each.role == gated_role::other) continue;
    report_network network{.name = each.choice, .cost = page.is_measured ? each.milliseconds : each.summed};
    network.score = each.accuracy, network.test_score = each.test_accuracy;
    if (page.is_measured) network.whole_cost = each.milliseconds;
    network.macs = each.macs, network.parameters = each.parameters, network.files = each.files;
    data.networks.push_back(std::move(network));
  }
  for (report_network& each : data.networks)
    each.on_frontier = std::none_of(data.networks.begin(), data.networks.end(), [&](const report_network& other) {
      return other.cost <= each.cost && other.test_score >= each.test_score && (other.cost < each.cost || other.test_score > each.test_score);
    });
  return data;
}

inline void add_curve(gated_data& page, const gated_outcome& outcome, int warmup_epochs, double scale) {
  for (const gated_epoch& each : outcome.curve)
    page.epochs.push_back({.epoch = each.training.epoch,
                           .is_warmup = each.training.epoch <= warmup_epochs,
                           .loss = each.training.loss,
                           .train_accuracy = each.training.train_correct,
                           .validation_accuracy = each.training.validation_score,
                           .entropy = each.entropy,
                           .expected = each.expected / scale,
                           .likeliest = each.likeliest / scale,
                           .learning_rate = each.training.learning_rate,
                           .loss_pull = each.accuracy_pull,
                           .cost_pull = each.cost_pull,
                           .probabilities = each.probabilities});
}
}  // namespace detail

/// hasse_proxyless without its command line: prints what it does, leaves a run folder, goes on where it was killed.
inline void search_proxyless(const proxyless_options& options) {
  const auto [unit, target] = detail::limit_of(options);
  if (!options.table.empty() && unit != in_milliseconds)
    throw error("a latency table was given with a target that is no latency; leave --table out, or give --target-latency");
  recipe how = detail::recipe_of(options, options.epochs);
  gated_recipe search{.warmup_epochs = options.warmup_epochs,
                      .epochs = options.search_epochs,
                      .batch = options.batch,
                      .warmup_rate = options.warmup_rate,
                      .rate = options.search_rate,
                      .method = detail::method_named(options.method),
                      .gates = {.rate = options.gate_rate},
                      .period = options.period,
                      .loss = latency_loss_named(options.loss),
                      .tolerance = options.tolerance,
                      .seed = options.seed};
  if (auto* additive = std::get_if<additive_latency>(&search.loss)) additive->lambda = options.lambda;
  if (auto* distance = std::get_if<absolute_latency>(&search.loss)) distance->lambda = options.lambda;
  if (auto* product = std::get_if<multiplicative_latency>(&search.loss)) product->power = options.power;
  const any_device device = device_of(options.measured(), options.device_threads);
  any_backend<float> backend = backend_of(options.training(), options.threads);
  mbconv_space space = proxyless_space(options.space);
  mbconv_space priced = space;
  if (options.side > 0) space.input.h = space.input.w = priced.input.h = priced.input.w = options.side;
  if (options.latency_side > 0) priced.input.h = priced.input.w = options.latency_side;
  run_folder folder(options.run, detail::settings_of(options, how, device.facts()));
  stoppable_printer printer;
  const splits images = detail::open_images(options, space.input, how, printer);
  space.classes = priced.classes = static_cast<int>(images.train.classes.size());
  const gated_list list = gated_list_of(space);
  check_images(images.train, list.input, list.output());
  std::vector<detail::found_elsewhere> elsewhere;
  for (const std::string& each : options.beside) elsewhere.push_back(detail::read_found(each, options.space, list));
  search.augment = how.augment ? *how.augment : usual_augmentation(images.train);
  folder.bind_images(identity_of(images));
  const training_data data(detail::task_of(options), images.train, images.validation);
  check(list, search, data);

  // Until config.json is written, a start that is refused binds nothing; a table that it measured is good for whichever follows.
  layer_table table = layer_table::load_or_begin(folder.table(), device);
  const any_price price =
      price_in(unit, [&] { return detail::latency_price(priced, options.table, table, std::ref(printer)); });
  const gated_costs costs = gated_costs_of(gated_list_of(priced), price);
  printer.finish();
  if (options.latency_side > 0 && priced.input.h != options.latency_side)
    throw error("a latency of images of " + std::to_string(options.latency_side) + " x " + std::to_string(options.latency_side) +
                " was asked for, and " + options.table + " is about images of " + std::to_string(priced.input.h) + " x " +
                std::to_string(priced.input.w) + "; leave --latency-side out, or give a table of that size");
  search.target = target;
  check(costs, search);
  folder.begin();
  journal book(folder.journal());
  write_labels(folder.labels(), images.train.classes);
  const detail::proxyless_run run{options, how,     space,  priced, list,   gated_list_of(priced), price, costs, target, folder, book,
                                  table,   backend, images, data,   printer};
  std::printf("space: %s, %zu searched blocks, %s networks\n", options.space.c_str(), list.searched().size(),
              list.cardinality_text().c_str());
  std::printf("  %s to %s%s at %d x %d, %s with all candidates alike\n", unit.text(costs.least()).c_str(),
              unit.text(costs.most()).c_str(), price.device().empty() ? "" : (" on " + price.device()).c_str(), priced.input.h,
              priced.input.w, unit.text(costs.uniform()).c_str());
  detail::bind_trainings(book, {{"images", hex64(identity_of(images)).view()}});
  detail::bind_backend(book, backend);
  detail::bind_prices(book, price, costs);
  flush_output();

  const gated_outcome outcome = detail::searched(run, search);
  detail::print_probabilities(list, outcome);
  gated_data page{.title = "A network, searched block by block", .cost = std::string(unit.suffix), .tolerance = options.tolerance};
  const auto warn = [&](const std::string& sentence) {
    std::printf("note: %s\n", sentence.c_str());
    page.warnings.push_back(sentence + ".");
  };
  if (!outcome.note.empty()) warn(outcome.note);
  const wanted_cost wanted{target, options.tolerance, [&](const std::vector<int>& choice) { return run.real(choice); }};
  const derived_choice derived = detail::derived(run, outcome, wanted);
  if (target > 0) {
    char text[320];
    std::snprintf(text, sizeof text, "%s takes %s%s, %+.1f %% of the target of %s",
                  derived.choice == outcome.choice ? "the likeliest network" : "the likeliest network near the target",
                  unit.text(derived.real).c_str(), run.measures() ? " measured whole" : "", 100 * (derived.real / target - 1),
                  unit.text(target).c_str());
    if (wanted.met(derived.real))
      std::printf("%s\n", text);
    else
      warn(std::string(text) + ", more than the tolerance; search longer, or change the weight of the cost");
  }

  // Measured before anything trains, which would disturb it. Without a target, they cost what the found network costs.
  const wanted_cost alike{target > 0 ? target : derived.real, options.tolerance, wanted.real};
  const auto others = random_choices(list, costs, derived, alike, options.random, derive(options.seed, 8));
  printer.finish();
  page.networks.emplace_back();
  if (const std::string trouble = detail::trained_alone(run, "found", derived.choice, page.networks.front()); !trouble.empty())
    throw error(trouble);
  detail::hand_over(run, derived.choice, page.networks.front());
  if (static_cast<int>(others.size()) < options.random)
    warn("only " + std::to_string(others.size()) + " of " + std::to_string(options.random) + " random networks of " +
         (target > 0 ? "the target's" : "the found network's") + " cost were found");
  for (std::size_t i = 0; i < others.size(); ++i) {
    gated_report_network shown{.role = gated_role::random};
    if (const std::string trouble = detail::trained_alone(run, "random " + std::to_string(i + 1), others[i], shown);
        trouble.empty())
      page.networks.push_back(std::move(shown));
    else
      warn(trouble);
  }
  detail::add_elsewhere(run, elsewhere, page);

  page.facts = {{"space", options.space + ", " + list.cardinality_text() + " networks"},
                {"data", options.data + ", images of " + std::to_string(space.input.h) + " x " + std::to_string(space.input.w)},
                {"classes", classes_text(images.train.classes)}};
  if (!price.device().empty())
    page.facts.emplace_back(
        "latency", price.device() + ", images of " + std::to_string(priced.input.h) + " x " + std::to_string(priced.input.w));
  if (target > 0) page.facts.emplace_back("target", unit.text(target));
  page.facts.emplace_back("search", to_text(search));
  page.facts.emplace_back("training", to_text(how));
  page.facts.emplace_back("seed", std::to_string(options.seed));
  if (target > 0) page.target = target / unit.factor;
  page.is_measured = options.table.empty();
  add_supernet(page, list);
  detail::add_curve(page, outcome, options.warmup_epochs, unit.factor);
  write_gated_report(folder.report(), page);
  write_frontier(folder.frontier(), detail::frontier_of(page));
  std::printf("networks: %s\nreport: %s\n", folder.networks().c_str(), folder.report().c_str());
}

/// The program: parses, searches. Returns the exit code: 0, or 2 after one sentence on stderr.
inline int proxyless_search(int argc, char** argv) {
  proxyless_options options;
  options.batch = 64;
  std::string spaces;
  for (const std::string_view each : proxyless_space_names) spaces += (spaces.empty() ? "" : ", ") + std::string(each);
  CLI::App app("Searches the block of every layer on the task and for a device at once (ProxylessNAS), and trains what it found",
               "hasse_proxyless");
  detail::describe(app, static_cast<recipe_options&>(options));
  detail::describe(app, static_cast<device_options&>(options));
  app.add_option("--space", options.space, "one of: " + spaces)->capture_default_str();
  add_number(app, "--side", options.side, 0, 4096, "side of the images that train; 0: that of the space");
  auto* latency = app.add_option_group("target", "what the network may cost; without, only accuracy counts");
  latency->require_option(0, 1);
  std::string target;
  latency->add_option("--target", target, "any of those below, by its unit: 0.25ms, 2.5M multiply-accumulates, 150KB");
  latency->add_option("--target-latency", options.target_latency, "milliseconds on the device")
      ->transform(number_between(1e-6, 1e6));
  latency->add_option("--target-macs", options.target_macs, "millions of multiply-accumulates")
      ->transform(number_between(1e-6, 1e6));
  latency->add_option("--target-memory", options.target_memory, "KB of values in use at once")
      ->transform(number_between(1e-3, 1e9));
  add_number(app, "--tolerance", options.tolerance, 0.001, 1, "share by which the target may be missed");
  app.add_option("--table", options.table,
                 "latencies of another device: a table of ProxylessNAS or Once-for-All (YAML or JSON), or the latency.json of a run of this program; without, "
                 "this machine is measured");
  add_number(app, "--latency-side", options.latency_side, 0, 4096,
                     "side of the images whose latency counts; 0: that of the space, or of the table");
  app.add_option("--loss", options.loss, "how the cost enters: add#absolute, add#linear or mul#log")->capture_default_str();
  add_number(app, "--lambda", options.lambda, 0, 1e6, "weight of the cost in add#absolute and add#linear");
  add_number(app, "--power", options.power, 0, 1e3, "weight of the cost in mul#log");
  app.add_option("--method", options.method, "gradient-full, gradient-two or reinforce")->capture_default_str();
  add_number(app, "--warmup-epochs", options.warmup_epochs, 0, 100'000, "epochs of weights alone, all candidates alike");
  add_number(app, "--search-epochs", options.search_epochs, 2, 100'000,
                     "epochs of weights and gates in turn; gates begin with the second");
  using detail::least_rate, detail::most_rate;
  add_number(app, "--warmup-rate", options.warmup_rate, least_rate, most_rate, "learning rate of the weights in the warm-up");
  add_number(app, "--search-rate", options.search_rate, least_rate, most_rate, "learning rate of the weights behind it");
  add_number(app, "--gate-rate", options.gate_rate, least_rate, most_rate, "learning rate of the gates");
  add_number(app, "--period", options.period, 1, 100'000, "weight steps to a step of the gates");
  add_number(app, "--random", options.random, 0, 1000, "networks of equal cost, drawn at random, to train and compare with");
  app.add_option("--beside", options.beside, "folders of ended runs in the same space, to compare with in the report");
  return guarded(app, argc, argv, [&] {
    if (!target.empty()) detail::aim_at(target, options);
    search_proxyless(options);
  });
}

}  // namespace hasse
