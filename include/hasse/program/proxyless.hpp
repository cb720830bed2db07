// The program hasse_proxyless as a function: searches the block of every layer for this machine, trains what it found, hands it
// over. Used by examples/hasse_proxyless.cpp.
#pragma once

#include <algorithm>
#include <charconv>
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
#include <hasse/kernel/cpu.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/on_cpu.hpp>
#include <hasse/network/gated_costs.hpp>
#include <hasse/network/proxyless_space.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/training_records.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/train/gated_search.hpp>
#include <hasse/train/trainer.hpp>

namespace hasse {

/// The command line of hasse_proxyless. The recipe is that of the last training; the search has epochs and rates of its own.
struct proxyless_options : recipe_options {
  std::string space = "proxyless-cifar-tiny", target = {}, loss = "add#linear", method = "gradient-two";
  int search_epochs = 12, warmup_epochs = 4, period = 5, device_threads = 1;
  double lambda = 1, search_rate = 0.025, warmup_rate = 0.05, gate_rate = 0.006;
};

namespace detail {
/// What the target limits, and to what.
struct proxyless_target_cost {
  bool is_latency = true;
  double value = 0;  ///< ms, or MACs; 0: no target
};

inline proxyless_target_cost read_target(const std::string& text) {
  if (text.empty()) return {};
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (problem != std::errc() || !(value > 0) || value > 1e9 || (unit != "ms" && unit != "M"))
    throw error("the target " + in_quotes(text) +
                " cannot be read; give milliseconds (0.4ms) or millions of multiply-accumulates (2.5M)");
  return {unit == "ms", unit == "ms" ? value : value * 1e6};
}

inline gate_method method_named(const std::string& name) {
  for (const gate_method each : {gate_method::gradient_full, gate_method::gradient_two, gate_method::reinforce})
    if (name_of(each) == name) return each;
  throw error("the method " + in_quotes(name) + " is not known; name one of gradient-full, gradient-two, reinforce");
}

inline json settings_of(const proxyless_options& it, const recipe& how) {
  return {{"program", "hasse_proxyless"},
          {"data", it.data},
          {"train_images", it.train_images},
          {"space", it.space},
          {"target", it.target},
          {"loss", it.loss},
          {"lambda", it.lambda},
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
}

inline json curve_json(const std::vector<gated_epoch>& curve) {
  json list = json::array();
  for (const gated_epoch& each : curve)
    list.push_back({{"epoch", each.training.epoch},
                    {"loss", number_or_null(each.training.loss)},
                    {"train_accuracy", each.training.train_accuracy},
                    {"validation_accuracy", each.training.validation_accuracy},
                    {"entropy", each.entropy},
                    {"expected_cost", each.expected},
                    {"likeliest_cost", each.likeliest},
                    {"probabilities", each.probabilities}});
  return list;
}

/// The choice that the search ended with: from the journal, or searched for now.
inline std::vector<int> searched_choice(const proxyless_options& options, const gated_list& list, const gated_costs& costs,
                                        const training_data& data, cpu& backend, const gated_recipe& how, run_folder& folder,
                                        journal& book, progress_printer& printer) {
  for (const journal_record& record : book.records())
    if (record.operation == "found")
      return list.parse(
          require<std::string>(record.payload, "choice", book.path().string(), "record " + std::to_string(record.sequence)));
  gated_search<cpu> search(backend, options.space, list, costs, data, how, {.folder = folder.checkpoints(), .every_seconds = 60});
  const gated_outcome outcome = search.run(std::ref(printer));
  printer.finish();
  if (outcome.diverged) throw error("the search diverged: " + outcome.note);
  if (!outcome.note.empty()) std::printf("note: %s\n", outcome.note.c_str());
  std::vector<double> shares;
  for (int block = 0; block < search.gates().blocks(); ++block) {
    std::vector<double> all(static_cast<std::size_t>(search.gates().candidates(block)));
    search.gates().probabilities(block, all);
    const int place = list.searched()[static_cast<std::size_t>(block)], taken = outcome.choice[static_cast<std::size_t>(place)];
    std::printf("  %-18s %-6s", list.block(place).name.c_str(), list.candidate(place, taken).text.c_str());
    for (std::size_t i = 0; i < all.size(); ++i)
      std::printf("  %s %4.1f %%", list.candidate(place, static_cast<int>(i)).text.c_str(), 100 * all[i]);
    std::printf("\n");
  }
  book.append("found", {{"choice", list.text(outcome.choice)}, {"cost", outcome.cost}, {"curve", curve_json(outcome.curve)}});
  return outcome.choice;
}
}  // namespace detail

/// hasse_proxyless without its command line: prints what it does, leaves a run folder, goes on where it was killed.
inline void search_proxyless(const proxyless_options& options) {
  const detail::proxyless_target_cost target = detail::read_target(options.target);
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
                      .target = target.value,
                      .seed = options.seed};
  if (auto* additive = std::get_if<additive_latency>(&search.loss)) additive->lambda = options.lambda;
  mbconv_space space = proxyless_space(options.space);
  run_folder folder(options.run, detail::settings_of(options, how));
  progress_printer printer;
  const splits images = detail::open_images(options, space.input, how, printer);
  space.classes = static_cast<int>(images.train.classes.size());
  const gated_list list = gated_list_of(space);
  check_images(images.train, list.input, list.output());
  search.augment = how.augment ? *how.augment : usual_augmentation(images.train);
  folder.begin();
  journal book(folder.journal());
  folder.remove_torn();
  const training_data data(images.train, images.validation);

  layer_table table = layer_table::load_or_begin(folder.table(), on_cpu{.threads = options.device_threads});
  int most = 0;
  for (const gated_block& block : list.blocks) most = std::max(most, block.count());
  for (int candidate = 0; target.is_latency && candidate < most; ++candidate) {  // inside whole networks, as they will run
    std::vector<int> choice;
    for (const gated_block& block : list.blocks) choice.push_back(std::min(candidate, block.count() - 1));
    table.latency_of(list.path(choice), std::ref(printer));
  }
  printer.finish();
  const double unit = target.is_latency ? 1 : 1e6;
  const gated_costs costs = gated_costs_of(list, [&](const layer_list& layers) {
    return target.is_latency ? to_milliseconds(table.latency_of(layers)) : static_cast<double>(cost_of(layers).macs);
  });
  const char* const name = target.is_latency ? "ms" : "M MACs";
  std::printf("space: %s, %zu searched blocks, %s networks of %.4g to %.4g %s, %.4g with all candidates alike\n",
              options.space.c_str(), list.searched().size(), list.cardinality_text().c_str(), costs.least() / unit,
              costs.most() / unit, name, costs.uniform() / unit);
  if (target.value > 0) costs.require_reachable(target.value);
  std::fflush(stdout);

  cpu backend({.threads = options.threads});
  const std::vector<int> choice = detail::searched_choice(options, list, costs, data, backend, search, folder, book, printer);
  const std::string text = list.text(choice);
  const layer_list layers = list.path(choice);
  const auto path = folder.networks() / "found.safetensors";
  bool trained = false;
  for (const journal_record& record : book.records()) trained |= record.operation == "trained";
  if (!trained || !std::filesystem::exists(path)) {
    trainer<cpu> training(backend, "found", layers, data, how, derive(options.seed, 1),
                          {.folder = folder.checkpoints(), .every_seconds = 60});
    const training_outcome outcome = training.run([&](const progress_event& event) {
      printer({event.fraction, "training what was found: " + event.doing, event.seconds_left});
    });
    printer.finish();
    if (outcome.diverged) throw error("the training of the network that was found diverged: " + outcome.note);
    write_weights(path, training.result(), {{"choice", text}, {"seed", std::to_string(options.seed)}});
    book.append("trained", {{"accuracy", outcome.accuracy}, {"epochs", detail::curve_json(outcome.curve)}});
  }
  const model found{"found", layers, read_weights(path, layers)};
  const double validation = accuracy(backend, layers, found.weights, images.validation, data.scale),
               test = accuracy(backend, layers, found.weights, images.test, data.scale);
  const double whole = to_milliseconds(table.measured_whole(layers, "found", std::ref(printer)).latency());
  printer.finish();
  write_onnx(folder.networks() / "found.onnx", found,
             {.metadata = {{"choice", text}}, .mean = data.scale.mean, .deviation = data.scale.deviation});
  write_cpp_header(folder.networks() / "found.hpp",
                   {.type = network_type_text(space, choice), .weights_file = "found.safetensors", .facts = {"choice: " + text}});
  std::printf("found: %s\n  %.4g M MACs, %.4f ms measured whole", text.c_str(), static_cast<double>(cost_of(layers).macs) / 1e6,
              whole);
  if (target.value > 0 && target.is_latency) std::printf(" (%+.1f %% of the target)", 100 * (whole / target.value - 1));
  std::printf(", validation %.2f %%, test %.2f %%\nnetworks: %s\n", 100 * validation, 100 * test, folder.networks().c_str());
}

/// The program: parses, searches. Returns the exit code: 0, or 2 after one sentence on stderr.
inline int proxyless_search(int argc, char** argv) {
  proxyless_options options;
  options.batch = 64;
  std::string spaces;
  for (const std::string_view each : proxyless_space_names) spaces += (spaces.empty() ? "" : ", ") + std::string(each);
  CLI::App app("Searches the block of every layer on the task and this machine at once (ProxylessNAS), and trains what it found",
               "hasse_proxyless");
  detail::describe(app, options);
  app.add_option("--space", options.space, "one of: " + spaces)->capture_default_str();
  app.add_option("--target", options.target,
                 "latency on this machine (0.4ms) or multiply-accumulates (2.5M); without, only accuracy counts");
  app.add_option("--loss", options.loss, "how the cost enters: add#linear or mul#log")->capture_default_str();
  app.add_option("--lambda", options.lambda, "weight of the cost in add#linear")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--method", options.method, "gradient-full, gradient-two or reinforce")->capture_default_str();
  app.add_option("--warmup-epochs", options.warmup_epochs, "epochs of weights alone, all candidates alike")
      ->capture_default_str()
      ->check(CLI::Range(0, 100'000));
  app.add_option("--search-epochs", options.search_epochs, "epochs of weights and gates in turn")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--warmup-rate", options.warmup_rate, "learning rate of the weights in the warm-up")->capture_default_str();
  app.add_option("--search-rate", options.search_rate, "learning rate of the weights behind it")->capture_default_str();
  app.add_option("--gate-rate", options.gate_rate, "learning rate of the gates")->capture_default_str();
  app.add_option("--period", options.period, "weight steps to a step of the gates")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--device-threads", options.device_threads, "threads of the device whose latency counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  return detail::guarded(app, argc, argv, [&] { search_proxyless(options); });
}

}  // namespace hasse
