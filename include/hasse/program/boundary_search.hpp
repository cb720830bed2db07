// The search of hasse_boundary: measures the device, searches a space, prints the frontier and writes a report.
// Used by program/boundary.hpp, and by a file for each space: examples/hasse_boundary/df_small.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hasse/core/quoted.hpp>
#include <hasse/data.hpp>
#include <hasse/program/boundary_options.hpp>
#include <hasse/program/detail/image_wish.hpp>
#include <hasse/program/detail/open_images.hpp>
#include <hasse/program/detail/training_time.hpp>
#include <hasse/program/output.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/search.hpp>
#include <hasse/program/search_devices.hpp>
#include <hasse/program/settings.hpp>

namespace hasse {

namespace detail {
/// "0.1..2.0ms" or "0.1..2.0"; nothing for "auto".
inline std::optional<latency_window> read_window(std::string_view text) {
  if (text == "auto") return std::nullopt;
  const auto refuse = [&]() -> error {
    return error("the latency window " + in_quotes(text) + " cannot be read; write the least and the most milliseconds, for instance 0.1..2.0ms");
  };
  std::string_view numbers = text;
  if (numbers.ends_with("ms")) numbers.remove_suffix(2);
  const std::size_t dots = numbers.find("..");
  if (dots == std::string_view::npos) throw refuse();
  const auto number = [&](std::string_view digits) {
    double value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (problem != std::errc() || end != digits.data() + digits.size() || !(value >= 0) || value > 1e9) throw refuse();
    return value;
  };
  const latency_window window{from_milliseconds(number(numbers.substr(0, dots))), from_milliseconds(number(numbers.substr(dots + 2)))};
  if (window.most <= window.least)
    throw error("the latency window " + in_quotes(text) + " is empty; its first number must be less than its second");
  return window;
}

/// From the fastest architecture to four times its latency: what can be searched in minutes.
template <class Space>
latency_window usual_window(std::span<const ticks> latencies) {
  std::int64_t low = 0, high = 1;  // nothing takes at most `low`, something takes at most `high`
  while (counter<Space>(latencies, {{0}, {high}}).size() == 0) low = high, high *= 2;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (counter<Space>(latencies, {{0}, {middle}}).size() == 0 ? low : high) = middle;
  }
  return {{high}, {4 * high}};
}

/// The configuration that a run folder has; null where there is none.
inline json begun_with(const boundary_options& options) {
  const std::filesystem::path config = std::filesystem::path(options.run) / "config.json";
  return file_exists(config) ? read_json(config) : json();
}
/// The policy that was asked for; of `auto` that of the run folder, so that what was begun goes on, and the model in a new one. (Folders
/// were begun by pop before there was a choice.)
inline std::string policy_of(const boundary_options& options) {
  if (options.policy != "auto") return options.policy;
  const json before = begun_with(options);
  if (before.is_null()) return "model";
  const auto is = [&](const char* policy) { return before.is_object() && before.value("policy", json()) == policy; };
  return is("model") ? "model" : is("random") ? "random" : is("evolution") ? "evolution" : "pop";
}

/// What only a model does is asked of no other policy.
inline void check_asks_model(const boundary_options& options, const std::string& policy) {
  if (policy == "model") return;
  const char* const asked = options.enough > 0 ? "--enough" : options.repeats ? "--repeats" : nullptr;
  if (asked)
    throw error(std::string(asked) + " asks a model, but the policy is " + policy + (options.policy == "auto" ? ", by which the folder was begun; leave it out or name another folder with --run" : "; leave it out or use --policy model"));
}

inline shipped_proposer proposer_of(const boundary_options& options, std::string_view policy) {
  if (policy == "random") return {at_random{.seed = options.seed}};
  if (policy == "evolution") return {evolution{.seed = options.seed}};
  if (policy == "model") {
    model_guided how{.enough = options.enough / 100, .margin = options.margin, .seed = options.seed};
    if (options.repeats) how.own_noise = 1.0 / 3, how.learns_noise = how.repeats = true;
    return {how};
  }
  return {pruning{.margin = options.margin, .seed = options.seed}};
}

/// Says what this process trained of a run that is shared; true where another one writes the answer.
inline bool others_answer(const run_folder& folder, const search_answer& answer) {
  if (folder.crew()) std::printf("%s trained %zu networks\n", folder.crew()->name().c_str(), answer.own);
  if (answer.written_by.empty()) return false;
  std::printf("the search has ended; %s writes the answer into %s\n", answer.written_by.c_str(), folder.root().c_str());
  return true;
}

/// Says on the terminal what a table is like, does to it what was asked for, and returns what a report warns of.
template <class Space, class Order>
std::vector<std::string> show_table(latency_table<Space>& table, const boundary_options& options, const Order& order, order_policy contradictions, const std::string& where) {
  std::printf("  %d parts measured%s; sums of parts miss whole networks by %.1f %% in the median, %.1f %% at worst (%zu networks)\n", part_count<Space>, where.c_str(),
              100 * table.record().additivity.median_error(), 100 * table.record().additivity.worst_error(), table.record().additivity.networks.size());
  std::vector<std::string> warnings;
  if (const std::string doubt = doubt_of(table, where); !doubt.empty()) {
    std::printf("  warning: %s\n", doubt.c_str());
    warnings.push_back(doubt);
  }
  if (options.speed == "typical") {
    table.use(table_speed::typical);
    std::printf("  latencies of the machine as it typically was: %.2f times those of the undisturbed one\n", table.factor());
  }
  std::size_t real = 0;
  const auto violations = table.violations(order);
  for (const order_violation& each : violations) {
    real += each.beyond_noise();
    warnings.push_back("Faster" + where + " although the order says slower: " + each.move.text + " by " + uncertainty_text(static_cast<double>(each.size) / 1e6) +
                       (each.beyond_noise() ? ", beyond" : ", within") + " the noise of " + uncertainty_text(static_cast<double>(each.noise) / 1e6) + ".");
  }
  if (!violations.empty())
    std::printf("  %zu steps up in the order are faster on this device, %zu of them by more than the noise; the report lists them\n", violations.size(), real);
  table.apply(contradictions, order);
  if (!table.repairs().empty()) std::printf("  %zu parts are searched with other latencies than measured, so that no step is; the report lists them\n", table.repairs().size());
  for (const row_repair& each : table.repairs())
    warnings.push_back("Searched" + where + " with " + milliseconds_text(to_milliseconds(each.repaired)) + " instead of the measured " + milliseconds_text(to_milliseconds(each.measured)) +
                       ", so that the table keeps the order: " + table.rows()[static_cast<std::size_t>(each.part)].part + ".");
  return warnings;
}

/// What finalists taught of the table, in the file, in the report and on the terminal.
template <class Space>
void correct_table(latency_table<Space>& table, const search_answer& answer, report_data& report, const run_folder& folder) {
  std::vector<measured_whole> found;
  const auto quiet = [&](double milliseconds) { return std::llround(milliseconds * 1e6 / table.factor()); };
  for (const finalist& each : answer.finalists) found.push_back({each.architecture, 0, quiet(each.whole), quiet(each.noise)});
  const std::size_t outside = table.correct(std::move(found));
  const std::string stated = percent_text(table.stated_error(), 1);
  if (outside == 0) {
    report.facts.emplace_back("table", "nine of ten sums were said to be within " + stated + " of whole networks, and no more of the " + std::to_string(answer.finalists.size()) + " finalists are beyond that than luck explains");
    return;
  }
  table.save(folder.table());
  for (report_network& each : report.networks) each.corrected_cost = table.corrected_milliseconds(parse<Space>(each.name));
  const table_correction& made = table.record().corrections.back();
  report.facts.emplace_back("table", "nine of ten sums were said to be within " + stated + " of whole networks, and " + std::to_string(outside) + " of " + std::to_string(answer.finalists.size()) +
                                         " finalists are not: " + std::to_string(made.rows.size()) + " rows of latency.json were corrected by all of them");
  std::string others;
  for (const report_network& each : report.networks) {
    if (each.on_frontier || !each.beaten_by.empty() || std::isnan(each.score)) continue;
    const bool is_beaten = std::any_of(answer.finalists.begin(), answer.finalists.end(), [&](const finalist& other) { return other.whole <= each.corrected_cost && report.measure.merit(other.score) >= report.measure.merit(each.score); });
    if (!is_beaten) others += (others.empty() ? "" : ", ") + each.name;
  }
  report.warnings.push_back("Latencies of the search are those of the table as it was; the column \"corrected\" has the sums by the corrected one, which a search in another folder uses that begins with a copy of this latency.json." +
                            (others.empty() ? "" : " By them these would be on the frontier: " + others + "."));
}

/// What the search is going to do, and how long that takes: the time of a training is that of a network of middle latency.
template <class Space, class Train>
void say_plan(const latency_table<Space>& table, const latency_window& within, const Train& train, const run_folder& folder, std::size_t trainings) {
  const counter<Space> admissible(table.ticks_per_part(), within);
  if (admissible.size() == 0) return;  // refused by the search
  double seconds = file_exists(folder.journal()) ? seconds_in(replay_journal(folder.journal())) : 0;
  if (seconds == 0) {
    random_source random(1);
    std::vector<architecture<Space>> some;
    for (int i = 0; i < 15; ++i) some.push_back(admissible.sample(random));
    std::nth_element(some.begin(), some.begin() + 7, some.end(), [&](const auto& one, const auto& other) { return table.estimate(one) < table.estimate(other); });
    seconds = seconds_of_training(train, layers_of(some[7], table.space()));
  }
  const auto most = static_cast<double>(std::min<count_type>(trainings, admissible.size()));
  std::printf("plan: at most %.0f trainings of %d epochs", most, train.how().epochs);
  if (seconds > 0) std::printf(", each about %s, all of them about %s", duration_text(seconds).c_str(), duration_text(seconds * most).c_str());
  std::printf("\n");
}

inline order_policy contradictions_of(std::string_view text) {
  for (const order_policy each : {order_policy::warn, order_policy::isotonic, order_policy::exclude})
    if (text == to_text(each)) return each;
  throw error("--contradictions " + in_quotes(text) + " is not known; choose warn, isotonic or exclude");
}

}  // namespace detail

template <class Space>
void search_boundary(const boundary_options& options, const space_name& named) {
  const auto window = detail::read_window(options.latency);
  recipe how = detail::recipe_of(options, options.epochs);
  if (!(options.margin >= 0 && options.margin <= 1))
    throw error("a margin of " + number_text(options.margin) + " cannot be used; give a difference in accuracy from 0 to 1");
  const std::string policy = detail::policy_of(options);
  detail::check_asks_model(options, policy);
  const chosen_order order{options.order};
  const order_policy contradictions = detail::contradictions_of(options.contradictions);
  const json before = detail::begun_with(options);
  const bool is_wished = detail::has_image_wish(options, before);
  const data_options wanted = detail::image_wish<Space>(options, is_wished);
  detail::listed_tables<Space> on(detail::devices_of(options));
  const bool is_alone = on.size() == 1;
  any_backend<float> trainer = backend_of(options.training(), options.threads);
  if (options.finish_epochs > 0) (void)detail::recipe_of(options, options.finish_epochs);  // refused before anything is measured
  const device_facts& device_facts = on.device(0).facts;
  json settings_of_run{{"program", "hasse_boundary"}, {"space", options.space}, {"parts", space_identity<Space>()}, {"data", detail::place_of(options.data)},
                                  {"train_images", options.train_images}, {"latency", options.latency}, {"policy", policy}, {"order", options.order}, {"contradictions", options.contradictions},
                                  {"margin", options.margin}, {"seed", options.seed},
                                  {"recipe", to_text(how)}, {"crop_padding", options.crop_padding}, {"threads", options.threads},
                                  {"device_threads", options.device_threads}};
  if (before.is_object() && !before.contains("policy") && policy == "pop") settings_of_run.erase("policy");
  if (is_wished) settings_of_run["side"] = options.side, settings_of_run["fit"] = options.fit;
  const bool is_measured = is_alone && on.device(0).there;
  const std::size_t corrections = is_measured ? detail::corrections_of(options.run) : 0;
  on.add_to(settings_of_run, corrections);
  if (options.repeats) settings_of_run["repeats"] = true;
  if (options.speed != "quiet") settings_of_run["speed"] = options.speed;
  detail::add_training_device(settings_of_run, options.training());
  program_run here(options.run, settings_of_run, options.workers ? folder_use::workers : folder_use::alone, true);
  run_folder& folder = here.folder();
  const splits images = detail::open_images(options, wanted, how, here);
  folder.bind_images(identity_of(images));
  const space_at<Space> space(images.train.shape(), static_cast<int>(images.train.classes.size()));
  check_images(images.train, space.image(), space.answer());
  std::printf("  as %s\n", detail::shape_text(space.image(), wanted.fit).c_str());
  on.serve(space);
  on.open(folder, here);
  auto& table = on.table(0);
  if (is_measured) table.believe(corrections);
  std::vector<std::string> contradicted;  // what the report says of them
  for (std::size_t at = 0; at < on.size(); ++at) {
    const std::vector<std::string> more = detail::show_table(on.table(at), options, order, contradictions, is_alone ? "" : " on " + on.device(at).name());
    contradicted.insert(contradicted.end(), more.begin(), more.end());
  }
  if (corrections > 0) std::printf("  corrected %zu times by whole networks\n", corrections);
  if (contradictions == order_policy::exclude) std::printf("  pairs of networks that the latencies contradict prune nothing\n");

  const latency_window within = window ? *window : detail::usual_window<Space>(table.ticks_per_part());
  std::optional<finishing> finish;
  if (options.finish_epochs > 0) {
    finish.emplace(finishing{.how = detail::recipe_of(options, options.finish_epochs)});
    finish->how.augment = how.augment;
    if (options.finish_networks > 0) finish->most = options.finish_networks;
  }
  const std::string admissible = to_text(counter<Space>(table.ticks_per_part(), within).size());
  std::printf("search: %s of %s architectures take %.4f to %.4f ms%s\n", admissible.c_str(), to_text(cardinality<Space>()).c_str(),
              to_milliseconds(within.least), to_milliseconds(within.most), is_alone ? "" : (" on " + on.device(0).name()).c_str());
  const auto train = train_on(trainer, training_data(detail::task_of(options), images.train, images.validation), how, here.saving());
  detail::say_plan(table, within, train, folder, options.trainings);
  flush_output();

  search_answer answer = detail::search_by<Space>(on.first(), space, train, images.test, folder, detail::proposer_of(options, policy),
                                                  stop_rule{.trainings = options.trainings, .unchanged = options.unchanged}, within, order, on.others(), finish, named,
                                                  handing_over{parse_pixel_form(options.pixels, "--pixels")}, here.progress());
  here.end_line();
  if (detail::others_answer(folder, answer)) return;

  report_data& report = answer.report;
  report.title = is_alone ? "The speed/accuracy boundary of this device" : "The speed/accuracy boundaries of " + std::to_string(on.size()) + " devices";
  report.facts.insert(report.facts.begin(), {{is_alone ? "device" : "device 1", text_of(device_facts) + (is_alone && !is_measured ? ", which is elsewhere: latencies are sums of its table, " + options.table + ", and no network was measured whole" : "")},
                                             {"library", device_facts.library + ", " + device_facts.compiler}, {"system", device_facts.notes},
                                             {"data", options.data + ", " + std::to_string(images.train.size()) + " training images, " + detail::shape_text(space.image(), wanted.fit)},
                                             {"space", options.space + ", " + to_text(cardinality<Space>()) + " architectures, " + admissible + " of them admissible"},
                                             {"policy", policy + ", " + options.order + " order, contradictions: " + options.contradictions}, {"recipe", to_text(how)},
                                             {"seed", std::to_string(options.seed)}, {"latency", "batch 1, " + number_text(device_facts) + ", batch norm folded, median; table measured " + table.record().date +
                                                         (options.speed == "typical" ? "; of the machine as it typically was, " + number_text(table.factor()) + " times its undisturbed latencies" : "")}});
  for (std::size_t at = 1; at < on.size(); ++at)
    report.facts.insert(report.facts.begin() + 2 + static_cast<std::ptrdiff_t>(at), {"device " + std::to_string(at + 1), on.device(at).name() + ", " + on.device(at).facts.library + (on.device(at).there ? "" : ", by the table " + on.device(at).said)});
  if (is_measured && !answer.finalists.empty()) detail::correct_table(table, answer, report, folder);
  std::vector<std::int64_t> noise;
  for (const latency_row& row : table.rows()) noise.push_back(row.noise);
  std::nth_element(noise.begin(), noise.begin() + static_cast<std::ptrdiff_t>(noise.size() / 2), noise.end());
  if (finish) report.facts.emplace_back("frontier", "the " + std::to_string(std::min(finish->most, answer.finalists.size())) + " most accurate trained again from scratch: " + to_text(finish->how));
  report.noise_floor_milliseconds = static_cast<double>(noise[noise.size() / 2]) / 1e6;
  report.warnings.insert(report.warnings.end(), contradicted.begin(), contradicted.end());
  write_report(folder.report(), report);
  write_frontier(folder.frontier(), report);
  replace_file(folder.root() / "frontier.svg", frontier_svg(report));

  std::printf("\n%s\n", frontier_table(report).c_str());
  for (std::size_t at = 0; at < on.size(); ++at) {
    const report_data shown = is_alone ? report : detail::on_device(report, at);
    for (const report_network& each : shown.networks)
      if (!each.beaten_by.empty())
        std::printf("beaten: %s, measured whole: %.4f ms%s, by %s, which takes less and is better\n", each.name.c_str(), each.whole_cost, is_alone ? "" : (" on device " + std::to_string(at + 1)).c_str(), each.beaten_by.c_str());
  }
  for (const auto& [name, value] : report.facts)
    if (name == "trainings" || name == "table") std::printf("%s: %s\n", name.c_str(), value.c_str());
  if (!answer.finalists.empty()) {
    const ticks middle{(within.least.count + within.most.count) / 2};
    if (const finalist* best = answer.best_within(middle))
      std::printf("most accurate within %.4f ms%s, the middle of the window: %s, %.2f %%\n", to_milliseconds(middle), is_alone ? "" : " on device 1", best->architecture.c_str(), 100 * best->score);
    double level = 0;
    for (const finalist& each : answer.finalists) level = std::max(level, each.score - 0.02);
    for (std::size_t at = 0; at < on.size(); ++at)
      if (const finalist* fast = answer.cheapest_reaching(level, at))
        std::printf("fastest reaching %.2f %%%s, two points below the best: %s, %.4f ms\n", 100 * level, is_alone ? "" : (" on device " + std::to_string(at + 1)).c_str(), fast->architecture.c_str(), fast->whole_on(at));
  }
  std::printf("networks: %s\nreport: %s\n", folder.networks().c_str(), std::filesystem::absolute(folder.report()).c_str());
  const auto failed = std::count_if(report.networks.begin(), report.networks.end(), [](const report_network& each) { return std::isnan(each.score); });
  if (answer.finalists.empty() && failed > 0) {
    folder.unbind();
    throw error("all " + std::to_string(failed) + " trainings diverged, so that there is no network to hand over; lower --learning-rate (" +
                number_text(options.learning_rate) + ") or train for more --epochs");
  }
  if (failed > 0) std::printf("note: %td of %zu trainings diverged; the report names them\n", failed, report.networks.size());
}

}  // namespace hasse
