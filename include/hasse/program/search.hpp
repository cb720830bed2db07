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
#include <hasse/program/detail/training_records.hpp>
#include <hasse/result.hpp>
#include <hasse/search.hpp>
#include <hasse/search/any_policy.hpp>
#include <hasse/train.hpp>

namespace hasse {

/// Which policy asks. Random search and regularised evolution are there to compare with.
enum class search_policy : std::uint8_t { pop, random, evolution };

constexpr std::string_view to_text(search_policy policy) {
  return policy == search_policy::pop ? "pop" : policy == search_policy::random ? "random" : "evolution";
}

/// How a space is called: on the command line, and in C++ for the headers of found networks (no type: none are written).
struct space_name {
  std::string name = {}, type = {};
  std::string header = "hasse/space/spaces.hpp";  ///< that declares the type
};

/// What is searched and when it ends.
struct search_settings {
  latency_window within{};     ///< the admissible latencies, by the table
  search_policy policy = search_policy::pop;
  std::size_t trainings = 60;  ///< at most
  std::size_t unchanged = 0;   ///< stop when the frontier stayed the same for so many trainings; 0: never
  double margin = 0;           ///< of Partial Order Pruning, in units of accuracy (0..1)
  std::uint64_t seed = 1;
  std::optional<recipe> finish = {};  ///< trains networks of the frontier once more, from scratch and longer; empty: they stay as searched
  std::size_t finish_most = SIZE_MAX;  ///< only so many of them, the most accurate ones
};

/// One network of the answer.
struct finalist {
  std::string architecture;
  ticks sum{};                  ///< by the table
  measurement whole{};          ///< measured as a whole network
  double accuracy = 0;          ///< on the validation images, 0..1, of the weights that are handed over (with `finish`: those trained again)
  double test_accuracy = 0;     ///< the same on images that the search never saw
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
      if (each.whole.latency() <= latency && (!best || each.accuracy > best->accuracy)) best = &each;
    return best;
  }
  /// The fastest network with at least this validation accuracy (0..1); null when there is none.
  const finalist* fastest_reaching(double accuracy) const {
    const finalist* best = nullptr;
    for (const finalist& each : finalists)
      if (each.accuracy >= accuracy && (!best || each.whole.median < best->whole.median)) best = &each;
    return best;
  }
};

namespace detail {
/// Trains what a search asks for; keeps the curve in the journal, the weights while they are on the frontier, scalars for viewing.
template <class Space, Backend Engine>
class search_trainer {
 public:
  /// `most`: trainings that there can be, for the progress.
  search_trainer(const candidate_trainer<Engine>& train, run_folder& folder, journal& book, const std::vector<ticks>& latencies, std::size_t most,
                 progress_sink progress)
      : train_(&train), folder_(&folder), book_(&book), latencies_(latencies), most_(most), progress_(std::move(progress)), events_(folder.root()) {
    for (const journal_record& record : book.records()) {
      if (record.operation != "trained") continue;
      const std::string path = book.path().string(), place = "record " + std::to_string(record.sequence);
      if (const auto accuracy = maybe<double>(record.payload, "accuracy", path, place))
        front_.add({require<std::string>(record.payload, "candidate", path, place), {require<std::int64_t>(record.payload, "latency_ticks", path, place)}, *accuracy});
    }
  }

  outcome evaluate(const architecture<Space>& choice, std::size_t ordinal) {
    drop_dominated_weights();
    const std::string name = to_text(choice);
    model trained;
    const training_outcome result = (*train_)(name, layers_of(choice), ordinal, [&](const progress_event& event) {
      if (!progress_) return;
      const double fraction = (static_cast<double>(ordinal) + event.fraction) / static_cast<double>(most_);
      progress_({fraction, "training " + std::to_string(ordinal + 1) + " of at most " + std::to_string(most_) + ", " + name + ": " + event.doing, clock_(fraction)});
    }, &trained);
    book_->append("curve", {{"candidate", name}, {"seconds", result.seconds}, {"diverged", result.diverged}, {"epochs", curve_json(result.curve)}});
    for (const epoch_record& epoch : result.curve)
      events_.scalar("validation accuracy/" + name, epoch.epoch, epoch.validation_accuracy);
    if (result.diverged) return {std::nullopt, result.note};
    events_.scalar("accuracy", static_cast<std::int64_t>(ordinal), result.accuracy);
    if (front_.add({name, latency_of<Space>(choice, latencies_), result.accuracy}))
      write_weights(folder_->weights(name), trained, metadata_of(*train_->data().train, train_->data().scale));
    return {result.accuracy, result.note};
  }

  /// Weights that were lost, trained again: the same seed and ordinal give the same bits.
  void restore_weights(const architecture<Space>& choice, std::size_t ordinal) const {
    const std::string name = to_text(choice);
    model trained;
    const training_outcome result = (*train_)(name, layers_of(choice), ordinal, [&](const progress_event& event) {
      if (progress_) progress_({event.fraction, "training " + name + " again, whose weights are gone: " + event.doing, event.seconds_left});
    }, &trained);
    if (result.diverged)
      throw file_error(folder_->weights(name).string(), "is missing, and its training diverged when it was done again", "restore it from a copy or start in another folder");
    write_weights(folder_->weights(name), trained, metadata_of(*train_->data().train, train_->data().scale));
  }

  /// Bounded disk: only members of the frontier keep their weights. Not before the journal knows what dominates them.
  void drop_dominated_weights() const {
    std::vector<std::filesystem::path> kept;
    for (const auto& point : front_.points()) kept.push_back(folder_->weights(point.candidate));
    for (const auto& path : files_in(folder_->checkpoints()))
      if (const std::string file = path.filename().string();
          file.ends_with(".safetensors") && !file.ends_with(".training.safetensors") && std::find(kept.begin(), kept.end(), path) == kept.end())
        remove_file(path);
  }

 private:
  const candidate_trainer<Engine>* train_;
  run_folder* folder_;
  journal* book_;
  std::vector<ticks> latencies_;
  std::size_t most_;
  progress_sink progress_;
  event_writer events_;
  frontier<std::string> front_;
  remaining_time clock_;
};

/// The network of a frontier point as it is handed over: as the search trained it, or trained once more by `finish`. What was
/// finished before a kill is read back; where the longer training diverges, the network stays as searched.
template <Backend Engine>
struct finisher {
  const candidate_trainer<Engine>* train;  ///< null: nothing is trained again
  run_folder* folder;
  journal* book;
  progress_sink progress;
  std::function<void()> restore;  ///< makes the weights of the search again where they are missing

  /// The network, and its validation accuracy if it was trained again. `number` of `count` is shown. The seed follows from the name, so
  /// that nothing changes when a larger budget moves the network along the frontier.
  std::pair<model, std::optional<double>> operator()(const std::string& name, const layer_list& layers, std::size_t number, std::size_t count) const {
    const auto as_searched = [&] {
      if (!file_exists(folder->weights(name))) restore();
      return std::pair(model{name, layers, read_weights(folder->weights(name), layers)}, std::optional<double>());
    };
    if (!train) return as_searched();
    const std::string recipe = to_text(train->how());
    const auto kept = folder->checkpoints() / (file_name_of(name) + ".finished");
    for (auto record = book->records().rbegin(); record != book->records().rend(); ++record) {  // the last one tells what the file holds
      if (record->operation != "finished") continue;
      const std::string path = book->path().string(), place = "record " + std::to_string(record->sequence);
      if (require<std::string>(record->payload, "candidate", path, place) != name) continue;
      if (require<std::string>(record->payload, "recipe", path, place) != recipe) break;
      const auto accuracy = maybe<double>(record->payload, "accuracy", path, place);
      if (!accuracy) return as_searched();
      if (!file_exists(kept)) break;
      return {model{name, layers, read_weights(kept, layers)}, accuracy};
    }
    model network;
    const training_outcome result = (*train)(name, layers, fnv1a(name), [&](const progress_event& event) {
      if (progress) progress({event.fraction, "training finalist " + std::to_string(number) + " of " + std::to_string(count) + " again, " + name + ": " + event.doing, event.seconds_left});
    }, &network);
    if (!result.diverged) write_weights(kept, network, metadata_of(*train->data().train, train->data().scale));
    book->append("finished", {{"candidate", name}, {"recipe", recipe}, {"accuracy", result.diverged ? json(nullptr) : json(result.accuracy)}, {"seconds", result.seconds}});
    if (result.diverged) return as_searched();
    return {std::move(network), result.accuracy};
  }
};

/// "1234 pruned, 5678 left, 2.20 pruned per training, 3.20 settled per training".
template <class Candidate>
std::string pruned_text(const search_result<Candidate>& found) {
  if (!found.pruned || !found.living) return "pruned: not counted";
  char ratios[96];
  std::snprintf(ratios, sizeof ratios, ", %.2f pruned per training, %.2f settled per training", *found.pruned_per_training(), *found.settled_per_training());
  return to_text(*found.pruned) + " pruned, " + to_text(*found.living) + " left" + ratios;
}

/// The training curves that a journal holds, by architecture.
inline std::map<std::string, std::vector<epoch_record>> curves_of(const journal& book) {
  std::map<std::string, std::vector<epoch_record>> curves;
  for (const journal_record& record : book.records()) {
    if (record.operation != "curve") continue;
    const std::string path = book.path().string(), place = "record " + std::to_string(record.sequence);
    auto& curve = curves[require<std::string>(record.payload, "candidate", path, place)];
    curve.clear();
    for (const json& epoch : require_array(record.payload, "epochs", path, place)) {
      const auto number = [&](std::size_t at) { return epoch.at(at).is_number() ? epoch.at(at).template get<double>() : unknown; };
      if (!epoch.is_array() || epoch.size() != 6 || !(number(0) >= 0 && number(0) <= 1e6)) throw file_error(path, place + " has a damaged training curve", "restore the journal from a copy or start in another folder");
      curve.push_back({static_cast<int>(number(0)), number(1), number(2), number(3), number(4), number(5)});
    }
  }
  return curves;
}
}  // namespace detail

/// Partial Order Pruning, random search or evolution over `Space`, on real trainings, kept in `folder`. After a kill the same call
/// goes on with the same remaining sequence. What is to be done where the table contradicts the order was said to `table.apply`.
/// `device` is the table's; `test` is only looked at when the search has ended.
template <class Space, class Order = strict_order, Backend Engine, DevicePolicy Device>
search_answer search(const search_settings& settings, const latency_table<Space>& table, const Device& device, Engine& backend,
                     const candidate_trainer<Engine>& train, const image_set& test, run_folder& folder, const space_name& named = {},
                     const progress_sink& progress = {}, Order order = {}) {
  table.require_order(order.name);
  const bool exclude = table.policy() == order_policy::exclude;
  const std::vector<ticks> latencies(table.ticks_per_part().begin(), table.ticks_per_part().end());
  const space_domain<Space, Order> domain(latencies, settings.within, order);
  if (domain.size() == 0)
    throw error("no architecture of this space takes between " + std::to_string(to_milliseconds(settings.within.least)) + " and " +
                std::to_string(to_milliseconds(settings.within.most)) + " ms on this device; widen the latency window");
  const session_options options{.configuration = "policy " + std::string(to_text(settings.policy)) + (exclude ? ", contradictions excluded" : "") + ", order " + std::string(order.name) + ", seed " +
                                                 std::to_string(settings.seed) + ", margin " + std::to_string(settings.margin)};
  const stop_rule stop{.trainings = settings.trainings, .unchanged = settings.unchanged};
  using candidate = architecture<Space>;

  using domain_type = space_domain<Space, Order>;
  const auto made = [&] {
    if (settings.policy == search_policy::random) return any_policy<domain_type>(random_search(domain, {.seed = settings.seed, .stop = stop}));
    if (settings.policy == search_policy::evolution) return any_policy<domain_type>(regularised_evolution(domain, {.seed = settings.seed, .stop = stop}));
    return any_policy<domain_type>(partial_order_pruning(domain, {.seed = settings.seed, .margin = settings.margin, .exclude = exclude, .stop = stop}));
  };
  any_policy<domain_type> policy = made();

  folder.begin();
  journal book(folder.journal());
  detail::bind_trainings(book, {{"task", train.data().task.text()}, {"recipe", to_text(train.how())}, {"seed", train.how().seed}, {"images", hex64(train.data().identity).view()}});
  detail::bind_backend(book, backend);
  write_labels(folder.labels(), train.data().train->classes);
  const count_type most = settings.trainings > 0 ? std::min<count_type>(settings.trainings, domain.size()) : domain.size();
  detail::search_trainer<Space, Engine> trainer(train, folder, book, latencies, static_cast<std::size_t>(most), progress);
  const search_result<candidate> found = run_search(domain, policy, trainer, &book, options);
  trainer.drop_dominated_weights();

  // What the search learned, for the report.
  search_answer answer;
  report_data& report = answer.report;
  const auto curves = detail::curves_of(book);
  const auto precedents = precedent_counts(domain, found.done);
  for (const trained<candidate>& each : found.done) {
    const cost costs = cost_of(each.candidate);
    report_network network{.name = to_text(each.candidate), .milliseconds = to_milliseconds(each.latency)};
    if (each.accuracy) network.accuracy = *each.accuracy;
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
  if (const auto* pruning = policy.template as<partial_order_pruning<domain_type>>()) {
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

  const std::vector<std::string>& classes = train.data().train->classes;
  report.facts.emplace_back("classes", classes_text(classes));

  // The finalists: measured whole, judged on images that the search never saw, and written in forms that load elsewhere.
  const auto facts_of_table = table.record().device;
  std::optional<candidate_trainer<Engine>> again;
  const auto finish_folder = folder.checkpoints() / ("finish_" + std::string(settings.finish ? hex64(fnv1a(to_text(*settings.finish))).view() : ""));  // one per recipe
  if (settings.finish) again.emplace(backend, train.data(), *settings.finish, checkpoint_policy{.folder = finish_folder, .every_seconds = 60});
  const std::size_t count = found.boundary.points().size();
  for (const auto& point : found.boundary.points()) {
    const std::string name = to_text(point.candidate);
    const layer_list layers = layers_of(point.candidate);
    const bool longer = again && settings.finish_most > count - answer.finalists.size() - 1;
    const detail::finisher<Engine> finish{longer ? &*again : nullptr, &folder, &book, progress, [&] {
      const auto place = std::find_if(found.done.begin(), found.done.end(), [&](const auto& each) { return each.candidate == point.candidate; });
      trainer.restore_weights(point.candidate, static_cast<std::size_t>(place - found.done.begin()));
    }};
    const auto [network, finished] = finish(name, layers, answer.finalists.size() + 1, count);
    if (longer && !finished) report.warnings.push_back("The longer training of " + name + " diverged; it is handed over as the search trained it.");
    if (progress) progress({1.0, "measuring finalist " + std::to_string(answer.finalists.size() + 1) + " of " + std::to_string(count) + ", " + name, -1});
    finalist each{.architecture = name, .sum = point.latency, .whole = measure(layers, device, table.record().rules, table.record().kernels), .accuracy = finished.value_or(point.accuracy)};
    each.test_accuracy = accuracy(backend, layers, network.weights, test, train.data().scale);
    each.costs = cost_of(point.candidate);

    const auto stem = folder.networks() / file_name_of(name);
    network_metadata metadata = metadata_of(*train.data().train, train.data().scale);
    metadata.insert({{"space", table.record().space}, {"seed", std::to_string(settings.seed)}, {"device", facts_of_table.name}});
    write_onnx(stem.string() + ".onnx", network, {.metadata = metadata});
    write_onnx(stem.string() + ".batch.onnx", network, {.symbolic_batch = true, .metadata = metadata});
    write_weights(stem.string() + ".safetensors", network, metadata);
    std::vector<std::pair<std::string, std::string>> files;
    for (const char* ending : {".onnx", ".safetensors"}) files.emplace_back(ending + 1, "networks/" + file_name_of(name) + ending);
    if (!named.type.empty()) {
      write_cpp_header(stem.string() + ".hpp",
                       {.type = network_type(named.type, name), .headers = {named.header}, .weights_file = file_name_of(name) + ".safetensors",
                        .facts = {detail::milliseconds_text(to_milliseconds(each.whole.latency())) + " on " + facts_of_table.name,
                                  detail::percent_text(each.accuracy) + " of the validation images, " + detail::percent_text(each.test_accuracy) + " of the test images"},
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
  if (settings.finish) std::filesystem::remove(finish_folder, still_used);

  report.facts.emplace_back("trainings", std::to_string(found.done.size()) + ", " + std::string(to_text(found.end)) + "; " + detail::pruned_text(found));
  return answer;
}

}  // namespace hasse
