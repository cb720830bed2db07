// A whole search in one call: policy, price, training and a folder to keep it in; it goes on where a killed one stopped.
// Used by hasse_boundary and by programs of users' own: examples/02_boundary.cpp, examples/13_own_price.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/catalogue.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/latency/together.hpp>
#include <hasse/price/parts.hpp>
#include <hasse/price/price.hpp>
#include <hasse/program/detail/search_arguments.hpp>
#include <hasse/program/detail/search_report.hpp>
#include <hasse/program/detail/search_trainer.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/space_name.hpp>
#include <hasse/result.hpp>
#include <hasse/search.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/search/shared_session.hpp>
#include <hasse/train/candidate_trainer.hpp>
#include <hasse/train/evaluate.hpp>

namespace hasse {

/// Trains networks of the frontier once more, from scratch and longer, before they are handed over.
struct finishing {
  using role = hasse::role::finishing;
  recipe how;
  std::size_t most = SIZE_MAX;  ///< only so many, those of most merit
};

/// What the networks of the frontier are handed over as, beside weights and headers.
struct handing_over {
  using role = hasse::role::handing;
  pixel_form pixels = pixel_form::unit;  ///< what their ONNX files read
};

/// One network of the answer. Costs are in the unit of the search's price: of a latency table, milliseconds.
struct finalist {
  std::string architecture;
  double sum = 0;         ///< over its parts: what the search saw
  double whole = 0;       ///< as a whole network: measured, or priced; the sum where nobody can say
  double noise = 0;       ///< how far `whole` may be off; 0: not at all
  double score = 0;       ///< the task's metric on the validation samples, of the weights that are handed over (with `finishing`: those trained again); where trainings are repeated, what the network is taken to be worth
  double test_score = 0;  ///< the same on samples that the search never saw
  cost costs{};
  /// What it costs on a further device; `whole` is the sum where the device cannot be asked.
  struct place {
    double sum = 0, whole = 0, noise = 0;
  };
  std::vector<place> elsewhere{};  ///< on further devices, in their order
  double whole_on(std::size_t device) const { return device == 0 ? whole : elsewhere.at(device - 1).whole; }
};

/// The answer, with everything that a report shows.
struct search_answer {
  std::vector<finalist> finalists;  ///< from cheap to good; of several devices those of each, from cheap to dear on the first
  report_data report;
  std::string written_by = {};  ///< of a run that is shared: the other worker that writes the answer, so that nothing is in this one; "": none
  std::size_t own = 0;          ///< of the trainings, by this process

  /// The best network that costs at most this as a whole, on a device from 0; null when there is none.
  const finalist* best_within(double most, std::size_t device = 0) const {
    const finalist* best = nullptr;
    for (const finalist& each : finalists)
      if (each.whole_on(device) <= most && (!best || report.measure.merit(each.score) > report.measure.merit(best->score))) best = &each;
    return best;
  }
  const finalist* best_within(ticks latency, std::size_t device = 0) const { return best_within(to_milliseconds(latency), device); }
  /// The cheapest network that is at least this good on the validation samples; null when there is none.
  const finalist* cheapest_reaching(double score, std::size_t device = 0) const {
    const finalist* best = nullptr;
    for (const finalist& each : finalists)
      if (report.measure.merit(each.score) >= report.measure.merit(score) && (!best || each.whole_on(device) < best->whole_on(device))) best = &each;
    return best;
  }
};

namespace detail {
/// "accuracy 97.80 % on validation samples, 97.12 % on test samples"
inline std::string judged_text(metric measure, double validation, double test) {
  measure.decimals = 2;  // as reports have them
  return std::string(measure.name) + " " + measure.text(validation) + " on validation samples, " + measure.text(test) + " on test samples";
}

inline std::string whole_text(const price_unit& unit, double cost) { return unit == in_milliseconds ? milliseconds_text(cost) : unit.text(cost); }

/// What a search knows of its price.
struct searched_price {
  std::vector<ticks> parts;  ///< in ticks of `scale`
  price_scale scale;
  std::string text;                                   ///< what the sequence of the search depends on besides; "": the parts say it
  std::string device;                                 ///< "": of none
  std::string called{};                               ///< beside further devices; "": as `device`, or as its unit
  std::function<std::vector<whole_price>(const std::vector<layer_list>&)> of_wholes;  ///< of whole networks, in the unit; empty: nobody can be asked
  std::vector<report_sum> sums;
  bool contradicts = false;  ///< pairs that costs contradict shall prune nothing
  bool is_measured = false;  ///< of_wholes measures networks in turns, which takes time
};

/// Sums let networks onto the frontier, which costs more the better it is. A finalist that costs more as a whole, beyond what is
/// uncertain, than one that the search found better is beaten. (Longer trainings of some of them make no two comparable that were not.)
/// `front`: the finalists that the search found on the frontier of the device, from cheap to good; `prices` are there of all finalists.
inline void mark_beaten(search_answer& answer, const std::vector<whole_price>& prices, const std::vector<std::size_t>& front, std::size_t device = 0) {
  for (auto at = front.begin(); at != front.end(); ++at) {
    std::optional<std::size_t> better;
    for (auto other = std::next(at); other != front.end(); ++other)
      if (prices[*other].price + prices[*other].noise + prices[*at].noise < prices[*at].price && (!better || prices[*other].price < prices[*better].price)) better = *other;
    if (!better) continue;
    const std::string &name = answer.finalists[*at].architecture, &winner = answer.finalists[*better].architecture;
    for (report_network& shown : answer.report.networks)
      if (shown.name == name) {
        if (device < shown.places.size()) shown.places[device].on_frontier = false, shown.places[device].beaten_by = winner;
        if (device == 0) shown.on_frontier = false, shown.beaten_by = winner;
      }
    answer.report.warnings.push_back(name + " is beaten by " + winner + ", which costs " + answer.report.price.text(prices[*better].price) + " instead of " +
                                     answer.report.price.text(prices[*at].price) + " as a whole network" + (answer.report.devices.empty() ? "" : " on " + answer.report.devices[device]) +
                                     " and is better; the sums of their parts said otherwise.");
  }
}

/// What the parts cost on every device.
inline std::vector<std::vector<ticks>> device_costs(const std::vector<ticks>& first, const further_devices& further) {
  std::vector<std::vector<ticks>> all = further.parts();
  all.insert(all.begin(), first);
  return all;
}

/// The C++ type of a network where that of the space is `net`.
template <class Space>
std::string type_of(const space_at<Space>& space, const std::string& net) {
  const space_at<Space> written;
  return at_type(net, space.image() == written.image() ? feature_shape{} : space.image(), space.classes() == written.classes() ? 0 : space.classes());
}

/// A search by any price whose pieces add up, of the networks as `space` has them.
template <class Space, Backend Engine, class Type, class... Parts>
search_answer search_by(const searched_price& price, const space_at<Space>& space, const candidate_trainer<Engine, Type>& train, const typename Type::samples& test, run_folder& folder,
                        const Parts&... parts) {
  const auto order = play_order<Space>(strict_order{}, parts...);
  auto proposer = play<role::proposing>(model_guided{}, parts...);
  if constexpr (requires { proposer = proposer.excluding(); })
    if (price.contradicts) proposer = proposer.excluding();
  if constexpr (requires { proposer = proposer.towards(1.0); })
    if (const auto best = Type::measure.best_merit()) proposer = proposer.towards(*best);
  const stop_rule stop = play<role::stopping>(stop_rule{}, parts...);
  const latency_window within = in_ticks(play<role::admitting>(price_window{}, parts...), price.scale);
  const space_name named = play<role::naming>(space_name{}, parts...);
  const handing_over handing = play<role::handing>(handing_over{}, parts...);
  const progress_sink progress = play<role::watching>(progress_sink{}, parts...);
  const further_devices further = play<role::serving>(further_devices{}, parts...);
  const std::optional<finishing> finish = play<role::finishing>(std::optional<finishing>{}, parts...);
  constexpr metric judged_by = Type::measure;
  Engine& backend = train.backend();

  using domain_type = space_domain<Space, std::remove_cvref_t<decltype(order)>>;
  const domain_type domain(price.parts, within, order, price.scale, further.parts());
  if (domain.size() == 0)
    throw error("no architecture of this space costs between " + price.scale.text(within.least) + " and " + price.scale.text(within.most) +
                (price.device.empty() ? "" : " on " + price.device) + "; widen the window");
  session_options options{.configuration = proposer.text() + ", order " + std::string(order.name) + price.text + further.text(), .words = journal_words::of(price.scale.unit, judged_by.name), .most = stop.trainings};
  using candidate = architecture<Space>;
  auto policy = proposer.on(domain, stop);

  folder.begin();
  program_run here(folder, progress);
  worker* const crew = folder.crew();
  bind_trainings(here, {{"task", train.data().task.text()}, {"recipe", to_text(train.how())}, {"seed", train.how().seed}, {"images", hex64(train.data().identity).view()}});
  bind_backend(here, backend);
  const std::vector<std::string> classes = classes_of(*train.data().train);
  write_labels(folder.labels(), classes);
  const count_type most = stop.trainings > 0 ? std::min<count_type>(stop.trainings, domain.size()) : domain.size();
  search_trainer<Space, candidate_trainer<Engine, Type>> trainer(train, space, here, device_costs(price.parts, further), options.words, static_cast<std::size_t>(most));
  if (const auto* model = as_policy<model_guided_search<domain_type>>(policy); model && model->repeats())
    trainer.also_keep([model, &domain] { return within_reach(domain, *model); });
  if (crew) options.progress = here.progress();
  const search_result<candidate> found = crew ? run_shared_search(domain, policy, [&] { return proposer.on(domain, stop); }, trainer, *crew, options)
                                              : run_search(domain, policy, trainer, &here.book(), options);
  worker::turn answering{.is_mine = true};
  if (crew) answering = crew->answers(here.progress());
  if (!answering.is_mine) return {.finalists = {}, .report = {}, .written_by = answering.other, .own = found.own};
  trainer.drop_dominated_weights();
  const run_history history(here, crew ? std::optional(answering.term) : std::nullopt);

  // Every network once. Where trainings are repeated its merit is what the model takes it to be worth; its weights are those of its best run.
  const std::vector<trained<candidate>> best_runs = each_once(domain, found.done);
  std::vector<trained<candidate>> once = best_runs;
  std::map<std::string, search_model::expectation> worth;
  if (const auto* model = as_policy<model_guided_search<domain_type>>(policy); model && model->repeats())
    for (const auto& each : model->judged()) worth.emplace(domain.text(each.value), each.merit);
  for (trained<candidate>& each : once)
    if (const auto known = worth.find(domain.text(each.candidate)); known != worth.end()) each.merit = known->second.middle;

  // The frontier of each device, and the networks that are on one.
  std::vector<frontier<candidate>> fronts(1);
  for (const trained<candidate>& each : once)
    if (each.merit) fronts[0].add({each.candidate, each.cost, *each.merit});
  for (frontier<candidate>& front : boundaries_elsewhere(domain, once)) fronts.push_back(std::move(front));
  fronts.resize(1 + further.all.size());
  std::vector<frontier_point<candidate>> chosen;
  for (const frontier<candidate>& front : fronts)
    for (const auto& point : front.points())
      if (std::none_of(chosen.begin(), chosen.end(), [&](const auto& each) { return each.candidate == point.candidate; })) chosen.push_back({point.candidate, domain.cost(point.candidate), point.merit});
  std::stable_sort(chosen.begin(), chosen.end(), [](const auto& one, const auto& other) { return one.cost < other.cost; });
  const auto places_on = [&](std::size_t device) {  // in `chosen`
    std::vector<std::size_t> places;
    for (const auto& point : fronts[device].points())
      places.push_back(static_cast<std::size_t>(std::find_if(chosen.begin(), chosen.end(), [&](const auto& each) { return each.candidate == point.candidate; }) - chosen.begin()));
    return places;
  };

  // What the search learned, for the report.
  search_answer answer;
  answer.own = found.own;
  report_data& report = answer.report;
  report.measure = judged_by, report.price = price.scale.unit;
  if (const bool times = report.price == in_milliseconds; !times || judged_by.name != "accuracy")
    report.title = "The boundary of " + std::string(times ? "latency" : report.price.name) + " and " + std::string(judged_by.name);
  if (!further.all.empty()) {
    report.devices.push_back(!price.called.empty() ? price.called : !price.device.empty() ? price.device : std::string(price.scale.unit.name));
    for (const further_device& each : further.all) report.devices.push_back(each.name);
  }
  const auto curves = curves_of(history);
  report.judges = !worth.empty();
  const auto precedents = precedent_counts(domain, once);
  for (const trained<candidate>& each : once) {
    const cost costs = cost_of(each.candidate, space);
    report_network network{.name = to_text(each.candidate), .cost = price.scale.of(each.cost)};
    if (each.merit) network.score = judged_by.merit(*each.merit);
    if (!further.all.empty()) {
      network.places.push_back({.cost = network.cost});
      for (const ticks cost : domain.costs_elsewhere(each.candidate)) network.places.push_back({.cost = price.scale.of(cost)});
    }
    network.macs = static_cast<double>(costs.macs), network.parameters = static_cast<double>(costs.parameters());
    if (const auto& below = precedents[report.networks.size()]) network.precedents = static_cast<double>(*below);
    if (const auto curve = curves.find(network.name); curve != curves.end()) network.curve = curve->second;
    if (!each.merit) report.warnings.push_back("The training of " + network.name + " diverged; it counts as trained and prunes nothing.");
    if (const auto known = worth.find(network.name); known != worth.end()) {
      network.score_low = judged_by.merit(known->second.low), network.score_high = judged_by.merit(known->second.high);
      network.kept_score = judged_by.merit(*best_runs[report.networks.size()].merit);
    }
    if (report.judges || once.size() < found.done.size())
      for (const trained<candidate>& run : found.done)
        if (run.candidate == each.candidate && run.merit) network.runs.push_back(judged_by.merit(*run.merit));
    report.networks.push_back(std::move(network));
  }
  const order_diagnostics diagnosed = diagnose_order(domain, once);
  for (const comparable_pair& pair : diagnosed.pairs) report.pairs.push_back({pair.lower, pair.upper});
  report.cost_tau = diagnosed.cost_tau, report.merit_tau = diagnosed.merit_tau;
  report.admissible = static_cast<double>(domain.size());
  tell_settled(report, domain, policy, once, {.margin = margin_of(proposer), .exclude = price.contradicts, .list_up_to = most_read});
  if (const auto* model = as_policy<model_guided_search<domain_type>>(policy)) tell_forecast(report, *model, price.scale, judged_by);
  if (report.forecast) report.forecast->repeats = static_cast<double>(found.done.size() - once.size());
  report.sums = price.sums;

  if (!classes.empty()) report.facts.emplace_back("classes", classes_text(classes));

  // The finalists: measured whole, judged on images that the search never saw, and written in forms that load elsewhere.
  std::optional<candidate_trainer<Engine, Type>> again;
  const auto finish_folder = folder.checkpoints() / ("finish_" + std::string(finish ? hex64(fnv1a(to_text(finish->how))).view() : ""));  // one per recipe
  if (finish) again.emplace(backend, train.data(), finish->how, checkpoint_policy{.folder = finish_folder, .every_seconds = 60});
  const int judging_batch = static_cast<int>(std::clamp<std::int64_t>(2'000'000 / space.image().pixels(), std::min(train.how().batch, 128), 128));  // large pictures: what memory bears
  const std::size_t count = chosen.size();
  std::vector<layer_list> wholes;
  for (const auto& point : chosen) wholes.push_back(layers_of(point.candidate, space));
  std::vector<std::vector<whole_price>> whole_prices;  // by device; none where nobody can be asked
  for (std::size_t device = 0; device < fronts.size(); ++device) {
    const auto& of_wholes = device == 0 ? price.of_wholes : further.all[device - 1].of_wholes;
    if (progress && count > 0 && of_wholes) progress({1.0, (price.is_measured ? "measuring " : "pricing ") + std::to_string(count) + (count == 1 ? " finalist" : price.is_measured ? " finalists in turns" : " finalists"), -1});
    whole_prices.push_back(count > 0 && of_wholes ? of_wholes(wholes) : std::vector<whole_price>());
  }
  const auto place_of = [&](std::size_t device, std::size_t at) {
    const double sum = price.scale.of(device == 0 ? chosen[at].cost : domain.costs_elsewhere(chosen[at].candidate)[device - 1]);
    return whole_prices[device].empty() ? finalist::place{sum, sum, 0} : finalist::place{sum, whole_prices[device][at].price, whole_prices[device][at].noise};
  };
  for (const auto& point : chosen) {
    const std::size_t at = answer.finalists.size();
    const std::string name = to_text(point.candidate);
    const layer_list layers = layers_of(point.candidate, space);
    const auto better = static_cast<std::size_t>(std::count_if(chosen.begin(), chosen.end(), [&](const auto& other) { return other.merit > point.merit; }));
    const bool longer = again && finish->most > better;
    const double kept = *std::find_if(best_runs.begin(), best_runs.end(), [&](const auto& each) { return each.candidate == point.candidate; })->merit;
    const finisher<candidate_trainer<Engine, Type>> finisher{longer ? &*again : nullptr, &here, [&] {
      const auto place = std::find_if(found.done.begin(), found.done.end(), [&](const auto& each) { return each.candidate == point.candidate && each.merit == kept; });
      trainer.restore_weights(point.candidate, static_cast<std::size_t>(place - found.done.begin()));
    }, &history};
    const auto [network, finished] = finisher(name, layers, at + 1, count);
    if (longer && !finished) report.warnings.push_back("The longer training of " + name + " diverged; it is handed over as the search trained it.");
    const finalist::place first = place_of(0, at);
    finalist each{.architecture = name, .sum = first.sum, .whole = first.whole, .noise = first.noise, .score = finished.value_or(judged_by.merit(point.merit))};
    each.test_score = evaluate(backend, train.data().task, network, test, train.data().scale, judging_batch).score;
    each.costs = cost_of(point.candidate, space);
    for (std::size_t device = 1; device < fronts.size(); ++device) each.elsewhere.push_back(place_of(device, at));

    handover how{.said = metadata_of(train.data()), .pixels = handing.pixels};
    how.said.insert({{"space", space_identity(space)}, {"seed", std::to_string(train.how().seed)}});
    std::string devices = price.device;
    for (const further_device& other : further.all) devices += (devices.empty() ? "" : "; ") + other.name;
    if (!devices.empty()) how.said.emplace("device", devices);
    if (!named.type.empty()) {
      how.header = {.type = type_of(space, network_type(named.type, name)), .headers = {named.header}, .facts = {}, .classes = classes};
      for (std::size_t device = 0; device < fronts.size(); ++device) {
        const std::string on = report.devices.empty() ? price.device : report.devices[device];
        how.header->facts.push_back(whole_text(price.scale.unit, each.whole_on(device)) + (on.empty() ? "" : " on " + on) + (whole_prices[device].empty() ? ", the sum of its parts" : ""));
      }
      how.header->facts.push_back(judged_text(judged_by, finished.value_or(judged_by.merit(kept)), each.test_score));
    }
    const auto files = hand_over(folder, file_name_of(name), network, std::move(how));
    for (report_network& shown : report.networks)
      if (shown.name == name) {
        for (std::size_t device = 0; device < fronts.size(); ++device) {
          const std::vector<std::size_t> places = places_on(device);
          report_place place{.cost = place_of(device, at).sum, .on_frontier = std::find(places.begin(), places.end(), at) != places.end()};
          if (!whole_prices[device].empty()) place.whole_cost = whole_prices[device][at].price;
          if (!whole_prices[device].empty() && whole_prices[device][at].noise > 0) place.whole_noise = whole_prices[device][at].noise;
          if (device == 0) shown.on_frontier = place.on_frontier, shown.whole_cost = place.whole_cost, shown.whole_noise = place.whole_noise;
          if (!shown.places.empty()) shown.places[device] = place;
        }
        shown.test_score = each.test_score, shown.finished_score = finished.value_or(unknown), shown.files = files;
      }
    answer.finalists.push_back(std::move(each));
  }
  for (std::size_t device = 0; device < fronts.size(); ++device)
    if (!whole_prices[device].empty()) mark_beaten(answer, whole_prices[device], places_on(device), device);
  std::error_code still_used;
  if (finish) std::filesystem::remove(finish_folder, still_used);

  const auto counted = [](double number) { return std::isfinite(number) ? count_text(number) : std::string("not counted"); };
  const report_progress settled = report.pruning.empty() ? report_progress{} : report.pruning.back();
  const std::size_t repeats = found.done.size() - once.size();
  report.facts.emplace_back("trainings", std::to_string(found.done.size()) + (repeats > 0 ? ", " + std::to_string(repeats) + " of them of networks that were trained before" : "") + ", " + std::string(to_text(found.end)) + "; " +
                                             (report.prunes ? pruned_text(found) : "settled by the order without training: " + counted(settled.pruned) + ", left: " + counted(settled.living)));
  if (crew) folder.answered(answering.term);
  return answer;
}
}  // namespace detail

/// A search over `Space` on real trainings, kept in `folder`: journal, weights, networks for use elsewhere. Report and frontier are written by
/// write_report(folder.report(), answer.report) and write_frontier(folder.frontier(), answer.report). After a kill the same call goes on
/// with the same remaining sequence; the training that was under way goes on where its last checkpoint was, if `train` was made with
/// {.folder = folder.checkpoints()}, else from its start. Trainings that diverged are in answer.report.warnings.
/// `parts`, in any order, each at most once, are how it proposes (default: model_guided{}), a price_window, a stop_rule, an order of the
/// space (default: strict), further_devices, finishing, a space_name, handing_over, a progress_sink. `train` trains candidates (train_on); `test` is only looked at
/// when the search has ended. `price` is any whose pieces add up: a part that it refuses is named, and a price that keeps the largest
/// of its pieces is refused. What a tick of it is, within the window, says price_per_tick.
template <class Space, Price By, Backend Engine, class Type, class... Parts>
search_answer search(const By& price, const candidate_trainer<Engine, Type>& train, const typename Type::samples& test, run_folder& folder,
                     const Parts&... parts) {
  static_assert(detail::check_parts<Space, Parts...>());
  if constexpr (!detail::are_parts<Space, Parts...>()) {
    return {};
  } else {
    const price_scale scale{price.unit(), price_per_tick<Space>(price, detail::most_of(detail::play<role::admitting>(price_window{}, parts...)))};
    const std::string device = price.device();
    return detail::search_by<Space>({.parts = part_prices<Space>(price, scale.per_tick),
                                     .scale = scale,
                                     .text = ", price in " + std::string(scale.unit.name) + (device.empty() ? "" : " of " + device) + ", a tick " + exact_text(scale.per_tick),
                                     .device = device,
                                     .of_wholes = [&](const std::vector<layer_list>& networks) {
                                       std::vector<whole_price> prices;
                                       for (const layer_list& layers : networks) prices.push_back({price.of(layers), 0});
                                       return prices;
                                     },
                                     .sums = {}},
                                    space_at<Space>(), train, test, folder, parts...);
  }
}

namespace detail {
/// Whole networks in turns on the device of a table, in milliseconds that are comparable with its rows. Both must outlive it.
template <class Space, class Device>
std::function<std::vector<whole_price>(const std::vector<layer_list>&)> wholes_on(const latency_table<Space>& table, const Device& device) {
  return [&](const std::vector<layer_list>& networks) {
    const beat_record& of_table = table.record().beat;
    beat_of_table beat{.quiet = of_table.quiet};
    if (beat.quiet > 0) beat.layers = layers_of(hasse::parse<Space>(of_table.network), table.space());
    std::vector<whole_price> prices;
    for (const measurement& each : measure_together(networks, device, table.record().rules, table.record().kernels, beat))
      prices.push_back({static_cast<double>(each.median) * table.factor() / 1e6, static_cast<double>(each.noise) * table.factor() / 1e6});
    return prices;
  };
}

/// What a table says; nobody is asked.
template <class Space>
searched_price price_by(const latency_table<Space>& table) {
  searched_price price{.parts = {table.ticks_per_part().begin(), table.ticks_per_part().end()},
                       .scale = {},
                       .text = {},
                       .device = table.record().device.name,
                       .called = text_of(table.record().device),
                       .of_wholes = {},
                       .sums = {},
                       .contradicts = table.policy() == order_policy::exclude};
  for (const additivity_pair& pair : table.record().additivity.networks)
    price.sums.push_back({pair.network, static_cast<double>(pair.sum) * table.factor() / 1e6, static_cast<double>(pair.whole) * table.factor() / 1e6});
  return price;
}
}  // namespace detail

/// A further device of a search by its latency table alone: finalists are known by their sums there. Refuses a device on which some part of the
/// space does not run: what has no latency is on no frontier.
template <class Space>
further_device also_for(const latency_table<Space>& table) {
  for (const latency_row& row : table.rows())
    if (row.state == row_state::unsupported)
      throw error(text_of(table.record().device) + " cannot run " + row.part + " (" + row.reason + "), so that not every network of the space can serve it; name it first, where what has no latency is left out, or search for it alone");
  return {.name = text_of(table.record().device), .parts = {table.ticks_per_part().begin(), table.ticks_per_part().end()}};
}
/// The same by a device that is there: finalists are measured on it as whole networks. Both must outlive the search.
template <class Space, class Device>
  requires DevicePolicy<Device> || NetworkTimer<Device>
further_device also_for(const latency_table<Space>& table, const Device& device) {
  further_device made = also_for<Space>(table);
  made.of_wholes = detail::wholes_on(table, device);
  return made;
}

/// The same by measured latencies. What is to be done where the table contradicts the order was said to `table.apply`; the window may
/// be a latency_window; `device` is the table's, and finalists are measured on it as whole networks. Further devices come from also_for.
template <class Space, class Device, Backend Engine, class Type, class... Parts>
  requires DevicePolicy<Device> || NetworkTimer<Device>
search_answer search(const latency_table<Space>& table, const Device& device, const candidate_trainer<Engine, Type>& train,
                     const typename Type::samples& test, run_folder& folder, const Parts&... parts) {
  static_assert(detail::check_parts<Space, Parts...>());
  if constexpr (!detail::are_parts<Space, Parts...>()) {
    return {};
  } else {
    table.require_order(detail::play_order<Space>(strict_order{}, parts...).name);
    detail::searched_price price = detail::price_by(table);
    price.of_wholes = detail::wholes_on(table, device), price.is_measured = true;
    return detail::search_by<Space>(price, table.space(), train, test, folder, parts...);
  }
}

}  // namespace hasse
