// hasse_detect search as a function: the detector of a space that finds most within what it may cost on a device, by one of several
// methods, trained and handed over. Used by examples/hasse_detect/search.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <hasse/file/recall.hpp>
#include <hasse/network/training.hpp>
#include <hasse/price/budget.hpp>
#include <hasse/program/detail/detect_search_run.hpp>
#include <hasse/program/detail/gated_curve.hpp>
#include <hasse/program/detector_gates.hpp>
#include <hasse/program/masked_domain.hpp>
#include <hasse/program/masked_report.hpp>
#include <hasse/program/method_reports.hpp>
#include <hasse/program/run.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/gated_report.hpp>
#include <hasse/search/diagnostics.hpp>
#include <hasse/search/model_guided_search.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/session.hpp>
#include <hasse/supernet/gated_search.hpp>
#include <hasse/supernet/masked_search.hpp>
#include <hasse/train/sgd.hpp>

namespace hasse {

namespace detail {
/// What decides a run's results; --random, --trainings and --beside add to it and may change.
inline json settings_of(const detect_search_options& it, const recipe& how, const any_backend<float>& backend, const device_facts& measured) {
  json all = settings_of(static_cast<const detector_options&>(it), how);
  all.update({{"space", it.space},
              {"space_width", it.width},
              {"method", it.method},
              {"price_model", it.price_model},
              {"device_threads", it.devices.device_threads},
              {"trains", backend.identity()}});
  if (it.method == "tunas")
    all.update({{"search_epochs", it.search_epochs}, {"search_rate", it.search_rate}, {"codes", it.codes}, {"quality", it.quality}, {"reward_weight", it.reward_weight}});
  else if (it.method == "proxyless")
    all.update({{"search_epochs", it.search_epochs}, {"search_rate", it.search_rate}, {"gate_rate", it.gate_rate}, {"gate_period", it.gate_period}, {"cost_weight", it.cost_weight}});
  else
    all.update({{"margin", it.margin}, {"least_share", it.least_share}});
  if (it.price_model == "regression") all["price_networks"] = it.price_networks;
  add_target(all, it);
  add_measured_device(all, measured);
  return all;
}

/// Of --search-epochs 0: as many as make so many steps.
inline constexpr std::size_t usual_search_steps = 3000;

inline int epochs_of_search(const detect_search_options& it, std::size_t train_pictures) {
  const std::size_t steps = std::max<std::size_t>(1, train_pictures / static_cast<std::size_t>(it.batch));
  return it.search_epochs > 0 ? it.search_epochs : static_cast<int>((usual_search_steps + steps - 1) / steps);
}

inline masked_recipe masked_recipe_of(const detect_search_options& it, std::size_t train_pictures, double target) {
  return {.epochs = epochs_of_search(it, train_pictures),
          .batch = it.batch,
          .rate = it.search_rate,
          .decay = it.decay,
          .codes = it.codes,
          .quality = it.quality == "loss" ? masked_quality::loss : masked_quality::metric,
          .reward = absolute_reward{.weight = it.reward_weight},
          .target = target,
          .tolerance = it.tolerance,
          .seed = it.seed};
}

/// The network that a search goes on with: the likeliest that really costs the target.
inline derived_choice derived(const detect_search_run& run, const masked_outcome& outcome) {
  if (run.target > 0) return derive_code(run.space, run.costs, outcome.curve.back().probabilities, outcome.code, run.wanted(run.target));
  return {outcome.code, run.costs.of(outcome.code), run.real(outcome.code)};
}
/// Those that it is compared with.
inline std::vector<std::vector<int>> others(const detect_search_run& run, const derived_choice& found) {
  const double cost = run.target > 0 ? run.target : found.real;
  return random_codes(run.space, run.costs, found, run.wanted(cost), run.options.random, derive(run.options.seed, 8));
}

/// What the search through masks left: from the journal, or searched for now. Once it has ended, the journal also says what its shared
/// weights make of the networks that will be trained; its outcome first, since a stop in between may cost these looks but not the search.
template <class Type>
masked_outcome searched(const detect_search_run& run, const masked_recipe& how, const training_data<Type>& data) {
  if (const auto before = recall(run.here.book(), "searched"))
    return {.code = run.space.parse(before->get<std::string>("code")),
            .cost = before->get<double>("cost"),
            .curve = curve_of(*before, run.space),
            .diverged = false,
            .note = before->get<std::string>("note")};
  masked_search<any_backend<float>, Type, nesterov_descent> search(run.backend, run.options.space, run.space, run.costs, data, how, run.here.saving());
  const masked_outcome outcome = run.here.train(search);
  if (outcome.diverged) throw diverged("the search", outcome.note, run.here.folder(), trained_before::nothing);
  run.here.book().append("searched", {{"code", run.space.text(outcome.code)}, {"cost", outcome.cost}, {"note", outcome.note}, {"curve", curve_json(outcome.curve)}});
  const derived_choice found = derived(run, outcome);
  std::vector<std::vector<int>> codes = others(run, found);
  codes.push_back(found.choice);
  const layer_list alone = network_of(run.space, found.choice);
  parameters<float> weights(alone);
  const std::size_t trained = training_network<any_backend<float>>(run.backend, alone, how.batch, weights).arena_bytes() + 3 * sizeof(float) * weights.values.size();
  run.here.book().append("memory", {{"step", search.step_bytes(found.choice)}, {"averaged", search.step_bytes(run.space.everything())}, {"alone", trained}});
  for (const std::vector<int>& each : codes) {
    const evaluation judged = search.judged(each);
    run.here.book().append("shared", {{"code", run.space.text(each)}, {"loss", number_or_null(judged.loss)}, {"score", judged.score}});
  }
  return outcome;
}

/// What a step of the search keeps in memory beside training one network.
inline void tell_memory(const detect_search_run& run, gated_data& page) {
  const auto said = recall(run.here.book(), "memory");
  if (!said) return;
  const double step = said->get<double>("step"), averaged = said->get<double>("averaged"), alone = said->get<double>("alone");
  char text[240];
  std::snprintf(text, sizeof text, "%.1f MB for a step on the found network, %.2f times the %.1f MB of training it alone; %.1f MB while all operations are averaged",
                step / 1e6, step / alone, alone / 1e6, averaged / 1e6);
  std::printf("memory: %s\n", text);
  page.facts.emplace_back("memory", text);
}

/// How far the shared weights order networks as trainings do.
inline void tell_agreement(const detect_search_run& run, const std::vector<trained_detector>& all, gated_data& page) {
  std::vector<double> quality, trained;
  for (const trained_detector& each : all)
    if (const auto shared = recall(run.here.book(), "shared", {{"code", each.shown.choice}}); shared && shared->maybe<double>("loss"))
      quality.push_back(-shared->get<double>("loss")), trained.push_back(each.shown.accuracy);
  if (quality.size() < 3) {
    const auto unseen = std::count_if(all.begin(), all.end(), [&](const trained_detector& each) { return !recall(run.here.book(), "shared", {{"code", each.shown.choice}}); });
    if (all.size() >= 3 && unseen > 0)
      std::printf("how far shared weights order networks is not known: the search was stopped before it had tried %td of them\n", static_cast<std::ptrdiff_t>(unseen));
    return;
  }
  char text[200];
  std::snprintf(text, sizeof text, "Kendall's tau of %.2f over %zu networks, between the loss on shared weights and mAP after training, both on validation pictures",
                kendall_tau(quality, trained), quality.size());
  std::printf("%s\n", text);
  page.facts.emplace_back("shared weights", text);
}

/// By rewards on shared weights, then the likeliest network that really costs the target, and random ones of its cost. The found one first.
template <class Warn>
std::vector<trained_detector> by_masks(const detect_search_run& run, const masked_recipe& how, gated_data& page, const Warn& warn) {
  const detection_set &train = run.pictures.train, &validation = run.pictures.validation;
  const masked_outcome outcome = run.options.quality == "mAP"       ? searched(run, how, training_data<exact_detection>(exact_detection{run.data.task}, train, validation))
                                 : run.options.quality == "anchors" ? searched(run, how, training_data<anchor_detection>(anchor_detection{run.data.task}, train, validation))
                                                                    : searched(run, how, run.data);
  add_supernet(page, run.space);
  add_curve(page, run.space, outcome.curve, how.policy.warm_up, run.price.unit().factor);
  const derived_choice found = found_once(run, [&] { return derived(run, outcome); });
  tell_memory(run, page);
  tell_found(run, outcome.code, found, "--reward-weight", warn);
  // Measured before anything trains, which would disturb it.
  std::vector<trained_detector> all = train_found(run, found, others(run, found), warn);
  tell_agreement(run, all, page);
  return all;
}

/// The recipe of a search through gates: a quarter of its epochs trains weights alone.
inline gated_recipe gated_recipe_of(const detect_search_options& it, std::size_t train_pictures, double target) {
  const int epochs = epochs_of_search(it, train_pictures), warmup = epochs / 4;
  return {.warmup_epochs = warmup,
          .epochs = std::max(epochs - warmup, 2),
          .batch = it.batch,
          .warmup_rate = it.search_rate,
          .rate = it.search_rate,
          .decay = it.decay,
          .gates = {.rate = it.gate_rate},
          .period = it.gate_period,
          .loss = absolute_latency{.lambda = it.cost_weight},
          .target = target,
          .tolerance = it.tolerance,
          .seed = it.seed};
}

/// What the search through gates left: from the journal, or searched for now.
inline gated_outcome searched(const detect_search_run& run, const gated_detectors& gates, const gated_costs& costs, const gated_recipe& how) {
  if (const auto before = recall(run.here.book(), "searched"))
    return {.choice = choice_of(gates, run.space, run.space.parse(before->get<std::string>("code"))),
            .cost = before->get<double>("cost"),
            .curve = curve_of(*before, costs.flat().size()),
            .diverged = false,
            .note = before->get<std::string>("note")};
  gated_search<any_backend<float>, detection> search(run.backend, run.options.space, gates.list, costs, run.data, how, run.here.saving());
  const gated_outcome outcome = run.here.train(search);
  if (outcome.diverged) throw diverged("the search", outcome.note, run.here.folder(), trained_before::nothing);
  run.here.book().append("searched", {{"code", run.space.text(gates.code_of(run.space, outcome.choice))},
                                      {"cost", outcome.cost},
                                      {"note", outcome.note},
                                      {"curve", curve_json(outcome.curve)}});
  return outcome;
}

/// By gates that learn which candidate each layer takes: ProxylessNAS, at one width per block. Random networks have those widths, too.
template <class Warn>
std::vector<trained_detector> by_gates(const detect_search_run& run, const gated_detectors& gates, const gated_costs& costs, const gated_recipe& how, gated_data& page,
                                       const Warn& warn) {
  const gated_outcome outcome = searched(run, gates, costs, how);
  add_supernet(page, gates.list);
  add_curve(page, outcome.curve, how.warmup_epochs, run.price.unit().factor);
  const auto code_of = [&](const std::vector<int>& choice) { return gates.code_of(run.space, choice); };
  const auto wanted = [&](double cost) {
    return wanted_cost{cost, run.options.tolerance, [&](const std::vector<int>& choice) { return run.real(code_of(choice)); }};
  };
  const derived_choice found = found_once(run, [&] {
    derived_choice made{outcome.choice, outcome.cost, 0};
    if (run.target > 0) made = derive_choice(gates.list, costs, outcome.curve.back().probabilities, outcome.choice, wanted(run.target));
    else made.real = wanted(0).real(made.choice);
    return derived_choice{code_of(made.choice), made.aim, made.real};
  });
  tell_found(run, code_of(outcome.choice), found, "--cost-weight", warn);
  const derived_choice of_gates{choice_of(gates, run.space, found.choice), found.aim, found.real};
  std::vector<std::vector<int>> beside;
  for (const std::vector<int>& each :
       random_choices(gates.list, costs, of_gates, wanted(run.target > 0 ? run.target : found.real), run.options.random, derive(run.options.seed, 8)))
    beside.push_back(code_of(each));
  return train_found(run, found, beside, warn);
}

/// What networks that are trained one by one may cost.
inline price_window window_of(const detect_search_options& it, double target) {
  const double least = it.least_share > 0 ? it.least_share : it.method != "random" ? 0.5 : 1 - it.tolerance;
  return target > 0 ? price_window{least * target, (1 + it.tolerance) * target} : price_window{};
}

/// By training networks one by one, as a policy asks for them: Partial Order Pruning, a model, or at random. The found one first: the best on the
/// validation pictures of those that really cost what is wanted, or less.
template <class Warn>
std::vector<trained_detector> by_training(const detect_search_run& run, gated_data& page, const Warn& warn) {
  const masked_domain<masked_costs> domain(run.space, run.costs, run.price.unit(), window_of(run.options, run.target));
  std::vector<trained_detector> all;
  detector_evaluator evaluator{&run, &all};
  const stop_rule stop{.trainings = static_cast<std::size_t>(run.options.trainings)};
  constexpr std::size_t most_listed = masked_domain<masked_costs>::most_counted;
  const auto search = [&](auto policy, const std::string& what) {
    const auto result = run_search(domain, policy, evaluator, &run.here.book(),
                                   {.configuration = what + ", " + evaluator.configuration(),
                                    .words = journal_words::of(run.price.unit(), "mAP"),
                                    .progress = run.here.progress()});
    run.here.end_line();
    evaluator.tell_before(result.done.size());
    std::printf("%zu trained, %s\n", result.done.size(), std::string(to_text(result.end)).c_str());
    page.facts.emplace_back("trained", std::to_string(result.done.size()) + " networks, " + std::string(to_text(result.end)));
    if constexpr (requires { policy.expected(); })
      if (const auto expected = policy.expected())
        page.facts.emplace_back("model", "expects that " + percent_text(expected->outlook.middle, 1) + " of the hypervolume is found, nine tenths sure of " +
                                             percent_text(expected->outlook.low, 1));
  };
  const std::uint64_t seed = derive(run.options.seed, 8);
  if (run.options.method == "pop")
    search(partial_order_pruning(domain, {.seed = seed, .margin = run.options.margin, .stop = stop, .list_up_to = most_listed}), "pruning by " + number_text(run.options.margin));
  else if (run.options.method == "model")  // few are trained, so that the model is asked early
    search(model_guided_search(domain, {.seed = seed, .best = exact_detection::measure.best_merit(), .beginning = 5, .stop = stop, .list_up_to = most_listed}), "by a model that begins with 5 draws");
  else
    search(random_search(domain, {.seed = seed, .stop = stop, .list_up_to = most_listed}), "at random");

  std::erase_if(all, [&](const trained_detector& each) {
    if (!each.trouble.empty()) warn(each.trouble);
    return !each.trouble.empty();
  });
  const auto is_within = [&](const trained_detector& each) { return run.target <= 0 || each.real <= (1 + run.options.tolerance) * run.target; };
  const auto better = [&](const trained_detector& one, const trained_detector& other) {
    return is_within(one) != is_within(other) ? is_within(one) : one.shown.accuracy > other.shown.accuracy;
  };
  if (all.empty()) throw error("none of the networks could be trained; give a lower --learning-rate, in another folder (--run)");
  const auto best = std::min_element(all.begin(), all.end(), better);
  std::rotate(all.begin(), best, best + 1);
  trained_detector& found = all.front();
  if (!is_within(found)) warn("no network that was trained really costs the target or less; found is the best of all");
  found.shown.role = gated_role::found;
  journal& book = run.here.book();
  if (const auto before = recall(book, "found"); !before || before->get<std::string>("code") != found.shown.choice)
    book.append("found", {{"code", found.shown.choice}, {"aim", run.target}, {"cost", found.real}});
  std::printf("found: %s, the best on the validation pictures\n", found.shown.name.c_str());
  return all;
}

/// The trained weights of the found network, under the name that every method hands over.
inline void hand_over_found(const detect_search_run& run, trained_detector& found, gated_data& page) {
  const layer_list layers = network_of(run.space, found.code);
  const model network{"found", layers, read_weights(weights_of(run.here.folder(), found.shown.name), layers)};
  std::vector<std::string> outputs;
  for (int i = 0; i < layers.output_count(); ++i) outputs.emplace_back(layers.output_name(i));
  const run_folder& folder = run.here.folder();
  const network_metadata said = run.metadata(found.shown.choice);
  if (found.shown.name != "found") write_weights(weights_of(folder, "found"), network, said);
  found.shown.files = hand_over_detector(folder, "found", network, run.data.task, said);
  write_cpp_header(folder.networks() / "found.hpp",
                   {.type = network_type_text(run.designed, run.space, found.code),
                    .headers = {"hasse/network/ssdlite_chain.hpp"},
                    .weights_file = "found.safetensors",
                    .facts = {"backbone: " + found.shown.choice, "classes: " + classes_text(run.pictures.train.classes), "anchors: " + to_text(run.data.task.anchors),
                              "mAP " + precision_text(found.shown.accuracy) + " % on validation pictures, " + milliseconds_text(found.shown.milliseconds)},
                    .outputs = outputs,
                    .scale = run.data.scale});
  found.shown.files.emplace_back("hpp", "networks/found.hpp");
  for (const auto& [split, set] : {std::pair{"validation", &run.pictures.validation}, {"test", &run.pictures.test}}) {
    std::printf("%s:\n", split);
    print(judge_detector(run.backend, run.data.task, network, *set, run.data.scale), run.pictures.train.classes);
  }
  detector_at_work<any_backend<float>> at_work(run.backend, run.data.task, network, run.pictures.test, run.data.scale);
  const double decoding = at_work.decoding_milliseconds(run.pictures.test.pictures.front());
  char text[160];
  std::snprintf(text, sizeof text, "%.4f ms a picture, and %.4f ms to decode and suppress what it answers", found.shown.milliseconds, decoding);
  std::printf("found: %s\n", text);
  page.facts.emplace_back("found network", text);
}

/// What other runs found, and whether this one was better.
inline void add_elsewhere(const detect_search_run& run, const std::vector<found_elsewhere_detector>& others, gated_data& page) {
  for (const found_elsewhere_detector& other : others) {
    const std::vector<int> code = run.space.parse(other.code);
    gated_report_network shown{.name = other.name, .role = gated_role::other, .choice = other.code};
    shown.blocks = drawn_blocks(run.space, code);
    show_costs(shown, network_of(run.space, code));
    shown.summed = run.costs.of(code) / run.price.unit().factor, shown.milliseconds = run.whole(code);
    shown.accuracy = other.validation, shown.test_accuracy = other.test;
    page.networks.push_back(std::move(shown));
  }
}
}  // namespace detail

/// hasse_detect search without its command line: prints what it does, leaves a run folder, goes on where it was killed.
inline void search_detector(const detect_search_options& options) {
  const auto [unit, target] = detail::limit_of(options);
  detail::check(static_cast<const target_options&>(options));
  const feature_shape size = detail::checked_size(options);
  const recipe how = detail::recipe_of(options);
  const mobiledet_form form = mobiledet_form_named(options.space, size, options.width);
  const bool by_masks = options.method == "tunas", by_gates = options.method == "proxyless";
  if (!by_masks && !by_gates && options.random > 0)
    throw error("random networks to compare with were asked for, and --method " + options.method + " trains nothing else; leave --random out, and say with --trainings how many");
  if (options.price_model == "regression" && !options.table.empty())
    throw error("a regression is made of whole networks that are measured here, and --table has layers of another device; leave --table out, or take --price-model sums");
  if (options.price_networks > 0 && (options.price_model == "sums" || options.price_networks < 5))
    throw error("prices by " + options.price_model + " of " + std::to_string(options.price_networks) + " networks were asked for; give --price-model regression, and at least 5 networks");
  if (options.least_share > 1) throw error("networks of at least " + number_text(options.least_share) + " times the target were asked for; give a share up to 1");
  const any_device device = device_of(options.devices.measured(), options.devices.device_threads);
  any_backend<float> backend = backend_of(options.devices.training(), options.threads);
  const json settings = detail::settings_of(options, how, backend, device.facts());
  program_run here(options.run, settings);
  run_folder& folder = here.folder();
  detail::say_threads(options.threads);
  const detection_splits pictures = detail::open_pictures(options, size, here);
  const detection_set& train = pictures.train;
  const searched_detectors made = design_detectors(form, options.anchors, train, options.finest);
  const masked_space space(made.design);
  const training_data<detection> data(made.task, train, pictures.validation);
  const masked_recipe search = detail::masked_recipe_of(options, train.size(), target);
  std::printf("space: %s at %d x %d, %s\n", options.space.c_str(), size.h, size.w, space.size_text().c_str());
  std::vector<int> widest = space.everything();
  std::replace(widest.begin(), widest.end(), all_options, 0);
  detail::print_fit({network_of(space, widest), made.task}, train);
  const gated_recipe of_gates = detail::gated_recipe_of(options, train.size(), target);
  gated_detectors gates;
  if (by_masks) (void)checked(search, space, data);
  if (by_gates) gates = gates_of(made, space, form), check(gates.list, of_gates, data);
  folder.bind_images(derive(data.identity, identity_of(pictures.test)));

  // Until config.json is written, a start that is refused binds nothing; a table that it measured is good for whichever follows.
  layer_table table = layer_table::load_or_begin(folder.table(), device);
  const any_price price = price_in(unit, [&] { return detail::latency_price(space, options.table, table, here.progress()); });
  here.end_line();
  const masked_costs sums(space, price);
  detail::fitted_costs fitted;
  if (options.price_model == "regression") {
    const bool measures = unit == in_milliseconds;
    fitted = detail::fit_costs(
        space, options.price_networks, derive(options.seed, 9),
        [&](const std::vector<int>& code) {
          const layer_list network = network_of(space, code);
          return measures ? to_milliseconds(table.measured_whole(network, space.text(code)).latency()) : price.of(network);
        },
        here.progress());
    here.end_line();
    std::printf("  prices: %s\n", fitted.text().c_str());
    if (!(fitted.quality.r_squared >= 0.98)) std::printf("note: that is less than an R2 of 0.98; price more networks (--price-networks), or take sums\n");
  }
  const masked_costs costs = fitted.model ? sums.by([model = fitted.model](std::span<const int> code) { return model->of(code); }) : sums;
  const double least = costs.of(costs.cheapest()), most = costs.of(costs.dearest());
  std::printf("  %s to %s%s\n", unit.text(least).c_str(), unit.text(most).c_str(), price.device().empty() ? "" : (" on " + price.device()).c_str());
  flush_output();
  if (target > 0) costs.require_reachable(target);
  gated_costs of_candidates;
  if (by_gates) {
    of_candidates = costs_of(gates, space, costs);
    check(of_candidates, of_gates);
    std::printf("  %s networks at one width per block, %s to %s\n", gates.list.cardinality_text().c_str(), unit.text(of_candidates.least()).c_str(),
                unit.text(of_candidates.most()).c_str());
  }
  if (!by_masks && !by_gates) {  // refused now where draws find nothing
    random_source random(options.seed);
    (void)masked_domain<masked_costs>(space, costs, unit, detail::window_of(options, target)).sample(random);
  }
  std::vector<detail::found_elsewhere_detector> elsewhere;
  for (const std::string& each : options.beside)
    for (detail::found_elsewhere_detector& one : detail::read_detectors(each, settings, costs)) elsewhere.push_back(std::move(one));
  folder.begin();
  journal& book = here.book();
  write_labels(folder.labels(), train.classes);
  detail::bind_backend(book, backend);
  detail::bind_trainings(book, {{"device", price.device()}, {"unit", std::string(unit.suffix)}, {"cheapest network's cost", least}, {"dearest network's cost", most}}, "prices");

  const detail::detect_search_run run{options, how, made, space, price, costs, fitted.model ? "by the regression" : "by the sum of its layers", target, here, table, backend, pictures, data};
  gated_data page{.title = "A detector, searched for a device",
                  .measure = exact_detection::measure,
                  .cost = std::string(unit.suffix),
                  .tolerance = options.tolerance};
  page.facts = {{"space", options.space + (options.width != 1000 ? ", " + std::to_string(options.width) + " thousandths as wide" : "") + ", " + space.size_text()},
                {"data", options.data + ", pictures of " + std::to_string(size.h) + " x " + std::to_string(size.w)},
                {"classes", classes_text(train.classes)},
                {"anchors", to_text(made.task.anchors)},
                {"method", options.method}};
  const auto warn = [&](const std::string& sentence) {
    std::printf("note: %s\n", sentence.c_str());
    page.warnings.push_back(sentence + ".");
  };
  std::vector<detail::trained_detector> all = by_masks   ? detail::by_masks(run, search, page, warn)
                                               : by_gates ? detail::by_gates(run, gates, of_candidates, of_gates, page, warn)
                                                          : detail::by_training(run, page, warn);
  detail::hand_over_found(run, all.front(), page);
  for (detail::trained_detector& each : all) page.networks.push_back(std::move(each.shown));
  detail::add_elsewhere(run, elsewhere, page);

  if (!price.device().empty()) page.facts.emplace_back("latency", price.device());
  if (fitted.model) page.facts.emplace_back("prices", fitted.text());
  if (target > 0) page.facts.emplace_back("target", unit.text(target)), page.target = target / unit.factor;
  if (by_masks) page.facts.emplace_back("search", to_text(search));
  if (by_gates) page.facts.emplace_back("search", to_text(of_gates));
  page.facts.emplace_back("training", to_text(how));
  page.facts.emplace_back("seed", std::to_string(options.seed));
  page.is_measured = options.table.empty();
  write_gated_report(folder.report(), page);
  write_frontier(folder.frontier(), frontier_of(page));
  std::printf("networks: %s\nreport: %s\n", folder.networks().c_str(), folder.report().c_str());
}

}  // namespace hasse
