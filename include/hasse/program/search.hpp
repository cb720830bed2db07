// A whole search in one call: policy, table, training and a folder to keep it in; it goes on where a killed one stopped.
// Used by hasse_boundary and by programs of users' own: examples/02_boundary.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/catalogue.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/tensorboard.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/program/detail/search_trainer.hpp>
#include <hasse/program/detail/training_records.hpp>
#include <hasse/result.hpp>
#include <hasse/search.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/train/candidate_trainer.hpp>
#include <hasse/train/evaluate.hpp>

namespace hasse {

/// How a space is called: on the command line, and in C++ for the headers of found networks (no type: none are written).
struct space_name {
  using role = hasse::role::naming;
  std::string name = {}, type = {};
  std::string header = "hasse/space/spaces.hpp";  ///< that declares the type
};

/// Trains networks of the frontier once more, from scratch and longer, before they are handed over.
struct finishing {
  using role = hasse::role::finishing;
  recipe how;
  std::size_t most = SIZE_MAX;  ///< only so many, those of most merit
};

/// One network of the answer.
struct finalist {
  std::string architecture;
  ticks sum{};                  ///< by the table
  measurement whole{};          ///< measured as a whole network
  double accuracy = 0;          ///< the task's metric on the validation samples, of the weights that are handed over (with `finishing`: those trained again)
  double test_accuracy = 0;     ///< the same on samples that the search never saw
  cost costs{};
};

/// The answer, with everything that a report shows.
struct search_answer {
  std::vector<finalist> finalists;  ///< from fast to accurate
  report_data report;

  /// The most accurate network within a latency, as measured whole; null when there is none.
  const finalist* best_within(ticks latency) const {
    const finalist* best = nullptr;
    for (const finalist& each : finalists)
      if (each.whole.latency() <= latency && (!best || report.measure.merit(each.accuracy) > report.measure.merit(best->accuracy))) best = &each;
    return best;
  }
  /// The fastest network that is at least this good on the validation samples; null when there is none.
  const finalist* fastest_reaching(double accuracy) const {
    const finalist* best = nullptr;
    for (const finalist& each : finalists)
      if (report.measure.merit(each.accuracy) >= report.measure.merit(accuracy) && (!best || each.whole.median < best->whole.median)) best = &each;
    return best;
  }
};

namespace detail {
/// "1234 pruned, 5678 left, 2.20 pruned per training, 3.20 settled per training".
template <class Candidate>
std::string pruned_text(const search_result<Candidate>& found) {
  if (!found.pruned || !found.living) return "pruned: not counted";
  char ratios[96];
  std::snprintf(ratios, sizeof ratios, ", %.2f pruned per training, %.2f settled per training", *found.pruned_per_training(), *found.settled_per_training());
  return to_text(*found.pruned) + " pruned, " + to_text(*found.living) + " left" + ratios;
}

template <class Policy, class Held>
const Policy* as_policy(const Held& held) {
  if constexpr (std::is_same_v<Held, Policy>)
    return &held;
  else if constexpr (requires { held.template as<Policy>(); })
    return held.template as<Policy>();
  else
    return nullptr;
}
/// "accuracy 97.80 % on validation samples, 97.12 % on test samples"
inline std::string judged_text(metric measure, double validation, double test) {
  measure.decimals = 2;  // as reports have them
  return std::string(measure.name) + " " + measure.text(validation) + " on validation samples, " + measure.text(test) + " on test samples";
}
}  // namespace detail

/// A search over `Space` on real trainings, kept in `folder`. After a kill the same call goes on with the same remaining sequence.
/// `parts`, in any order, each at most once, are how it proposes (default: pruning{}), a latency_window, a stop_rule, an order of the
/// space (default: strict), finishing, a space_name, a progress_sink. What is to be done where the table contradicts the order was said
/// to `table.apply`. `device` is the table's; `train` trains candidates (train_on); `test` is only looked at when the search has ended.
template <class Space, DevicePolicy Device, Backend Engine, class Type, class... Parts>
search_answer search(const latency_table<Space>& table, const Device& device, const candidate_trainer<Engine, Type>& train,
                     const typename Type::samples& test, run_folder& folder, const Parts&... parts) {
  detail::check_parts<Space, Parts...>();
  const auto order = detail::play_order<Space>(strict_order{}, parts...);
  auto proposer = detail::play<role::proposing>(pruning{}, parts...);
  if constexpr (requires { proposer = proposer.excluding(); })
    if (table.policy() == order_policy::exclude) proposer = proposer.excluding();
  const stop_rule stop = detail::play<role::stopping>(stop_rule{}, parts...);
  const latency_window within = detail::play<role::admitting>(latency_window{}, parts...);
  const space_name named = detail::play<role::naming>(space_name{}, parts...);
  const progress_sink progress = detail::play<role::watching>(progress_sink{}, parts...);
  const std::optional<finishing> finish = detail::play<role::finishing>(std::optional<finishing>{}, parts...);
  constexpr metric judged_by = Type::measure;
  Engine& backend = train.backend();

  table.require_order(order.name);
  const std::vector<ticks> latencies(table.ticks_per_part().begin(), table.ticks_per_part().end());
  using domain_type = space_domain<Space, std::remove_cvref_t<decltype(order)>>;
  const domain_type domain(latencies, within, order);
  if (domain.size() == 0)
    throw error("no architecture of this space takes between " + std::to_string(to_milliseconds(within.least)) + " and " +
                std::to_string(to_milliseconds(within.most)) + " ms on this device; widen the latency window");
  static_assert(Proposer<std::remove_cvref_t<decltype(proposer)>, domain_type>,
                "hasse: a part with the role proposing needs on(domain, stop), which makes a Policy, and text(); the smallest one is at_random");
  const session_options options{.configuration = proposer.text() + ", order " + std::string(order.name)};
  using candidate = architecture<Space>;
  auto policy = proposer.on(domain, stop);

  folder.begin();
  journal book(folder.journal());
  detail::bind_trainings(book, {{"task", train.data().task.text()}, {"recipe", to_text(train.how())}, {"seed", train.how().seed}, {"images", hex64(train.data().identity).view()}});
  detail::bind_backend(book, backend);
  const std::vector<std::string> classes = detail::classes_of(*train.data().train);
  write_labels(folder.labels(), classes);
  const count_type most = stop.trainings > 0 ? std::min<count_type>(stop.trainings, domain.size()) : domain.size();
  detail::search_trainer<Space, candidate_trainer<Engine, Type>> trainer(train, folder, book, latencies, static_cast<std::size_t>(most), progress);
  const search_result<candidate> found = run_search(domain, policy, trainer, &book, options);
  trainer.drop_dominated_weights();

  // What the search learned, for the report.
  search_answer answer;
  report_data& report = answer.report;
  report.measure = judged_by;
  const auto curves = detail::curves_of(book);
  const auto precedents = precedent_counts(domain, found.done);
  for (const trained<candidate>& each : found.done) {
    const cost costs = cost_of(each.candidate);
    report_network network{.name = to_text(each.candidate), .milliseconds = to_milliseconds(each.latency)};
    if (each.accuracy) network.accuracy = judged_by.merit(*each.accuracy);
    network.macs = static_cast<double>(costs.macs), network.parameters = static_cast<double>(costs.parameters());
    if (const auto& below = precedents[report.networks.size()]) network.precedents = static_cast<double>(*below);
    if (const auto curve = curves.find(network.name); curve != curves.end()) network.curve = curve->second;
    if (!each.accuracy) report.warnings.push_back("The training of " + network.name + " diverged; it counts as trained and prunes nothing.");
    report.networks.push_back(std::move(network));
  }
  const order_diagnostics diagnosed = diagnose_order(domain, found.done);
  for (const comparable_pair& pair : diagnosed.pairs) report.pairs.push_back({pair.lower, pair.upper});
  report.latency_tau = diagnosed.latency_tau, report.accuracy_tau = diagnosed.accuracy_tau;
  report.admissible = static_cast<double>(domain.size());
  if (const auto* pruning = detail::as_policy<partial_order_pruning<domain_type>>(policy)) {
    for (std::size_t i = 0; i < pruning->pruned_after().size(); ++i) {
      const auto trained_then = static_cast<double>(i + 1), pruned_then = static_cast<double>(pruning->pruned_after()[i]);
      report.pruning.push_back({trained_then, pruned_then, report.admissible - trained_then - pruned_then});
    }
    for (const auto& each : pruning->certificates()) report.certificates.push_back({to_text(each.pruned), to_text(each.above), to_text(each.instead)});
    if (report.pruning.empty()) {  // too many to list: how many at the end, and by which rules
      const auto number = [](const std::optional<count_type>& count) { return count ? static_cast<double>(*count) : unknown; };
      if (!found.done.empty()) report.pruning.push_back({static_cast<double>(found.done.size()), number(found.pruned), number(found.living)});
      for (const auto& each : pruning->rules()) report.certificates.push_back({"", to_text(each.above), to_text(each.instead)});
    }
  }
  for (const additivity_pair& pair : table.record().additivity.networks)
    report.sums.push_back({pair.network, static_cast<double>(pair.sum) / 1e6, static_cast<double>(pair.whole) / 1e6});

  if (!classes.empty()) report.facts.emplace_back("classes", classes_text(classes));

  // The finalists: measured whole, judged on images that the search never saw, and written in forms that load elsewhere.
  const auto facts_of_table = table.record().device;
  std::optional<candidate_trainer<Engine, Type>> again;
  const auto finish_folder = folder.checkpoints() / ("finish_" + std::string(finish ? hex64(fnv1a(to_text(finish->how))).view() : ""));  // one per recipe
  if (finish) again.emplace(backend, train.data(), finish->how, checkpoint_policy{.folder = finish_folder, .every_seconds = 60});
  const std::size_t count = found.boundary.points().size();
  for (const auto& point : found.boundary.points()) {
    const std::string name = to_text(point.candidate);
    const layer_list layers = layers_of(point.candidate);
    const bool longer = again && finish->most > count - answer.finalists.size() - 1;
    const detail::finisher<candidate_trainer<Engine, Type>> finisher{longer ? &*again : nullptr, &folder, &book, progress, [&] {
      const auto place = std::find_if(found.done.begin(), found.done.end(), [&](const auto& each) { return each.candidate == point.candidate; });
      trainer.restore_weights(point.candidate, static_cast<std::size_t>(place - found.done.begin()));
    }};
    const auto [network, finished] = finisher(name, layers, answer.finalists.size() + 1, count);
    if (longer && !finished) report.warnings.push_back("The longer training of " + name + " diverged; it is handed over as the search trained it.");
    if (progress) progress({1.0, "measuring finalist " + std::to_string(answer.finalists.size() + 1) + " of " + std::to_string(count) + ", " + name, -1});
    finalist each{.architecture = name, .sum = point.latency, .whole = measure(layers, device, table.record().rules, table.record().kernels), .accuracy = finished.value_or(judged_by.merit(point.accuracy))};
    each.test_accuracy = evaluate(backend, train.data().task, network, test, train.data().scale).score;
    each.costs = cost_of(point.candidate);

    const auto stem = folder.networks() / file_name_of(name);
    network_metadata metadata = detail::metadata_of_data(train.data());
    metadata.insert({{"space", table.record().space}, {"seed", std::to_string(train.how().seed)}, {"device", facts_of_table.name}});
    write_onnx(stem.string() + ".onnx", network, {.metadata = metadata});
    write_onnx(stem.string() + ".batch.onnx", network, {.symbolic_batch = true, .metadata = metadata});
    write_weights(stem.string() + ".safetensors", network, metadata);
    std::vector<std::pair<std::string, std::string>> files;
    for (const char* ending : {".onnx", ".safetensors"}) files.emplace_back(ending + 1, "networks/" + file_name_of(name) + ending);
    if (!named.type.empty()) {
      write_cpp_header(stem.string() + ".hpp",
                       {.type = network_type(named.type, name), .headers = {named.header}, .weights_file = file_name_of(name) + ".safetensors",
                        .facts = {detail::milliseconds_text(to_milliseconds(each.whole.latency())) + " on " + facts_of_table.name,
                                  detail::judged_text(judged_by, each.accuracy, each.test_accuracy)},
                        .classes = classes});
      files.emplace_back("hpp", "networks/" + file_name_of(name) + ".hpp");
    }
    for (report_network& shown : report.networks)
      if (shown.name == name) {
        shown.on_frontier = true, shown.whole_milliseconds = to_milliseconds(each.whole.latency()), shown.test_accuracy = each.test_accuracy;
        shown.finished_accuracy = finished.value_or(unknown), shown.files = files;
      }
    answer.finalists.push_back(std::move(each));
  }
  std::error_code still_used;
  if (finish) std::filesystem::remove(finish_folder, still_used);

  report.facts.emplace_back("trainings", std::to_string(found.done.size()) + ", " + std::string(to_text(found.end)) + "; " + detail::pruned_text(found));
  return answer;
}

}  // namespace hasse
