// The program hasse_proxyless as a function: searches the block of every layer for a device, trains what it found, hands it over.
// Used by examples/hasse_proxyless.cpp.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/latency/layer_table.hpp>
#include <hasse/price/budget.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/open_images.hpp>
#include <hasse/program/detail/proxyless_run.hpp>
#include <hasse/program/measured_device.hpp>
#include <hasse/program/method_reports.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/program/target.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/gated_report.hpp>
#include <hasse/supernet/gated_search.hpp>
#include <hasse/supernet/proxyless_space.hpp>

namespace hasse {

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
  add_target(all, it);
  add_training_device(all, it.training());
  add_measured_device(all, measured);
  return all;
}
}  // namespace detail

/// hasse_proxyless without its command line: prints what it does, leaves a run folder, goes on where it was killed.
inline void search_proxyless(const proxyless_options& options) {
  const auto [unit, target] = detail::limit_of(options);
  detail::check(static_cast<const target_options&>(options));
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
  const measured_device device(options.measured(), options.device_threads);
  any_backend<float> backend = backend_of(options.training(), options.threads);
  mbconv_space space = proxyless_space(options.space);
  mbconv_space priced = space;
  if (options.side > 0) space.input.h = space.input.w = priced.input.h = priced.input.w = options.side;
  if (options.latency_side > 0) priced.input.h = priced.input.w = options.latency_side;
  program_run here(options.run, detail::settings_of(options, how, device.facts()));
  run_folder& folder = here.folder();
  const splits images = detail::open_images(options, {.wanted = space.input}, how, here);
  space.classes = priced.classes = static_cast<int>(images.train.classes.size());
  const gated_list list = gated_list_of(space);
  check_images(images.train, list.input, list.output());
  std::vector<detail::found_elsewhere> elsewhere;
  for (const std::string& each : options.beside) elsewhere.push_back(detail::read_found(each, options.space, list));
  search.augment = how.augment ? *how.augment : usual_augmentation(images.train);
  folder.bind_images(identity_of(images));
  const training_data data(detail::task_of(options), images.train, images.validation);
  check(list, search, data);

  if (!file_exists(folder.table())) device.require_latencies();  // a search by another price asks for latencies in the end only
  // Until config.json is written, a start that is refused binds nothing; a table that it measured is good for whichever follows.
  layer_table table = device.visit([&]<class Device>(const Device& on) {
    if constexpr (NetworkTimer<Device>)
      return layer_table::load_or_begin(folder.table(), on, [&priced] { return detail::surveyed(priced); }, here.progress());
    else
      return layer_table::load_or_begin(folder.table(), on);
  });
  const any_price price =
      price_in(unit, [&] { return detail::latency_price(priced, options.table, table, here.progress()); });
  const gated_costs costs = gated_costs_of(gated_list_of(priced), price);
  here.end_line();
  if (options.latency_side > 0 && priced.input.h != options.latency_side)
    throw error("a latency of images of " + std::to_string(options.latency_side) + " x " + std::to_string(options.latency_side) +
                " was asked for, and " + options.table + " is about images of " + std::to_string(priced.input.h) + " x " +
                std::to_string(priced.input.w) + "; leave --latency-side out, or give a table of that size");
  search.target = target;
  check(costs, search);
  folder.begin();
  journal& book = here.book();
  write_labels(folder.labels(), images.train.classes);
  const detail::proxyless_run run{options, how, space, priced, list, gated_list_of(priced), price, costs, target, here, table, backend, images, data};
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
  here.end_line();
  if (const std::string trouble = detail::trained_alone(run, "found", gated_role::found, derived.choice, page.networks); !trouble.empty())
    throw error(trouble);
  detail::hand_over_found(run, derived.choice, page.networks.front());
  if (static_cast<int>(others.size()) < options.random)
    warn("only " + std::to_string(others.size()) + " of " + std::to_string(options.random) + " random networks of " +
         (target > 0 ? "the target's" : "the found network's") + " cost were found");
  for (std::size_t i = 0; i < others.size(); ++i)
    if (const std::string trouble =
            detail::trained_alone(run, "random " + std::to_string(i + 1), gated_role::random, others[i], page.networks);
        !trouble.empty())
      warn(trouble);
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
  add_curve(page, outcome.curve, options.warmup_epochs, unit.factor);
  write_gated_report(folder.report(), page);
  write_frontier(folder.frontier(), frontier_of(page));
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
  std::string target;
  detail::describe(app, options, target);
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
  detail::describe_pixels(app, options.pixels);
  return guarded(app, argc, argv, [&] {
    detail::aim_at(target, options);
    search_proxyless(options);
  });
}

}  // namespace hasse
