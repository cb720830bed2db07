// What a search trains and what becomes of it: curves in the journal, weights of the frontier in the folder, finalists trained again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/catalogue.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/network/model.hpp>
#include <hasse/program/run.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/search/frontier.hpp>
#include <hasse/search/policy.hpp>
#include <hasse/search/session.hpp>
#include <hasse/task/record.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse::detail {

template <class Train>
using learned_by = std::remove_cvref_t<decltype(std::declval<const Train&>().data().task)>;

/// Trains what a search asks for; keeps the curve in the journal, the weights while they are on the frontier, scalars for viewing.
template <class Space, class Train>
class search_trainer {
 public:
  /// `costs`: of the parts, on each device. `most`: trainings that there can be, for the progress.
  search_trainer(const Train& train, space_at<Space> at, program_run& here, std::vector<std::vector<ticks>> costs, const journal_words& words, std::size_t most)
      : train_(&train), space_(std::move(at)), here_(&here), folder_(&here.folder()), costs_(std::move(costs)), most_(most), progress_(here.progress()), fronts_(costs_.size()) {
    (void)here.events();  // there as soon as the search has begun
    for (const recalled& record : recall_all(here.book(), "trained")) {
      if (!record.payload().contains(words.cost)) continue;  // of another price: the search refuses it
      const auto name = record.get<std::string>("candidate");
      if (const auto parsed = try_parse<Space>(name); parsed.fault == architecture_fault::none) is_kept(parsed.value, name, record.maybe<double>(words.merit));  // others are refused by the search
    }
  }

  /// What somebody trained.
  void learn(const architecture<Space>& choice, const outcome& found) { is_kept(choice, to_text(choice), found.merit); }
  /// Networks besides those of the frontier, whose best training is kept as long as they are among these; nothing: all are.
  void also_keep(std::function<std::optional<std::vector<std::string>>()> others) { others_ = std::move(others); }

  outcome evaluate(const architecture<Space>& choice, std::size_t ordinal) {
    drop_dominated_weights();
    const std::string name = to_text(choice);
    model trained;
    const training_outcome result = (*train_)(name, layers_of(choice, space_), ordinal, [&](const progress_event& event) {
      if (!progress_) return;
      const double fraction = (static_cast<double>(ordinal) + event.fraction) / static_cast<double>(most_);
      progress_({fraction, "training " + std::to_string(ordinal + 1) + " of at most " + std::to_string(most_) + ", " + name + ": " + event.doing, clock_(fraction)});
    }, &trained);
    here_->book().append("curve", {{"candidate", name}, {"seconds", result.seconds}, {"diverged", result.diverged}, {"epochs", curve_json(result.curve)}});
    const std::string judged_by(learned_by<Train>::measure.name);
    for (const epoch_record& epoch : result.curve)
      here_->events().scalar("validation " + judged_by + '/' + name, epoch.epoch, epoch.validation_score);
    if (result.diverged) return {std::nullopt, result.note};
    here_->events().scalar(judged_by, static_cast<std::int64_t>(ordinal), result.score);
    const double merit = learned_by<Train>::measure.merit(result.score);
    if (is_kept(choice, name, merit))
      write_weights(folder_->weights(name), trained, metadata_of(train_->data()));
    return {merit, result.note};
  }

  /// Weights that were lost, trained again: the same seed and ordinal give the same bits.
  void restore_weights(const architecture<Space>& choice, std::size_t ordinal) const {
    const std::string name = to_text(choice);
    model trained;
    const training_outcome result =
        (*train_)(name, layers_of(choice, space_), ordinal, here_->progress("training " + name + " again, whose weights are gone"), &trained);
    if (result.diverged)
      throw file_error(folder_->weights(name).string(), "is missing, and its training diverged when it was done again", "restore it from a copy or start in another folder");
    write_weights(folder_->weights(name), trained, metadata_of(train_->data()));
  }

  /// Bounded disk: only members of the frontier keep their weights, and what others have trained of which nothing is known yet. Not before
  /// the journal knows what dominates them.
  void drop_dominated_weights() const {
    std::set<std::filesystem::path> kept;
    for (const frontier<std::string>& front : fronts_)
      for (const auto& point : front.points()) kept.insert(folder_->weights(point.candidate));
    if (others_) {
      const auto names = others_();
      if (!names) return;
      for (const std::string& name : *names) kept.insert(folder_->weights(name));
    }
    for (const auto& path : files_in(folder_->checkpoints()))
      if (known_.contains(path) && !kept.contains(path)) remove_file(path);
  }

 private:
  /// Whether it is on the frontier of some device now; where others are kept, too, whether it is the best training of its network.
  bool is_kept(const architecture<Space>& choice, const std::string& name, const std::optional<double>& merit) {
    known_.insert(folder_->weights(name));
    if (!merit) return false;
    bool kept = false;
    for (std::size_t device = 0; device < fronts_.size(); ++device) kept |= fronts_[device].add({name, latency_of<Space>(choice, costs_[device]), *merit});
    const auto [best, is_new] = best_of_.try_emplace(name, *merit);
    const bool is_best = is_new || *merit > best->second;
    best->second = std::max(best->second, *merit);
    return kept || (others_ && is_best);
  }

  const Train* train_;
  space_at<Space> space_;
  program_run* here_;
  const run_folder* folder_;
  std::vector<std::vector<ticks>> costs_;
  std::size_t most_;
  progress_sink progress_;
  std::vector<frontier<std::string>> fronts_;
  std::set<std::filesystem::path> known_;  // weights of what was trained, on a frontier or not
  std::map<std::string, double> best_of_;  // trainings of a network
  std::function<std::optional<std::vector<std::string>>()> others_;
  remaining_time clock_;
};

/// What the journals of a run say when its answer is written.
struct run_history {
  std::vector<journal_record> records;
  std::string path;
  std::optional<std::uint64_t> answer{};  ///< which one is written, of a run that is shared

  explicit run_history(program_run& here, std::optional<std::uint64_t> answer_now = {}) : answer(answer_now) {
    if (!here.folder().crew()) {
      records = here.book().records(), path = here.book().path().string();
      return;
    }
    records = replay_journal(here.folder().journal()), path = here.folder().journal().string();
    // Writers know nothing of each other's order, but answers follow one another.
    const auto answer_of = [](const journal_record& record) { return json_as<double>(record.payload.value("answer", json(0))).value_or(0); };
    std::stable_sort(records.begin(), records.end(), [&](const journal_record& one, const journal_record& other) { return answer_of(one) < answer_of(other); });
  }

  /// The last record of an operation that is like this.
  std::optional<recalled> last(std::string_view operation, const json& like) const {
    const std::vector<recalled> all = recall_all(records, path, operation, like);
    return all.empty() ? std::nullopt : std::optional(all.back());
  }
};

/// The network of a frontier point as it is handed over: as the search trained it, or trained once more by `finish`. What was
/// finished before a kill is read back; where the longer training diverges, the network stays as searched.
template <class Train>
struct finisher {
  const Train* train;  ///< null: nothing is trained again
  program_run* here;
  std::function<void()> restore;  ///< makes the weights of the search again where they are missing
  const run_history* history;     ///< what was done before

  /// The network, and its score on the validation samples if it was trained again. `number` of `count` is shown. The seed follows from the name, so
  /// that nothing changes when a larger budget moves the network along the frontier.
  std::pair<model, std::optional<double>> operator()(const std::string& name, const layer_list& layers, std::size_t number, std::size_t count) const {
    const run_folder& folder = here->folder();
    const auto as_searched = [&] {
      if (!file_exists(folder.weights(name))) restore();
      return std::pair(model{name, layers, read_weights(folder.weights(name), layers)}, std::optional<double>());
    };
    if (!train) return as_searched();
    const std::string recipe = to_text(train->how());
    const char* const score_key = learned_by<Train>::measure.name == "accuracy" ? "accuracy" : "score";
    const auto kept = folder.checkpoints() / (file_name_of(name) + ".finished");
    if (const auto last = history->last("finished", {{"candidate", name}}); last && last->template get<std::string>("recipe") == recipe) {
      const auto score = last->template maybe<double>(score_key);  // the last record tells what the file holds
      if (!score) return as_searched();
      if (file_exists(kept)) return {model{name, layers, read_weights(kept, layers)}, score};
    }
    model network;
    const training_outcome result = (*train)(
        name, layers, fnv1a(name),
        here->progress("training finalist " + std::to_string(number) + " of " + std::to_string(count) + " again, " + name), &network);
    if (!result.diverged) write_weights(kept, network, metadata_of(train->data()));
    json said{{"candidate", name}, {"recipe", recipe}, {score_key, result.diverged ? json(nullptr) : json(result.score)}, {"seconds", result.seconds}};
    if (history->answer) said["answer"] = *history->answer;
    here->book().append("finished", std::move(said));
    if (result.diverged) return as_searched();
    return {std::move(network), result.score};
  }
};

/// The training curves that a journal holds, by architecture.
inline std::map<std::string, std::vector<epoch_record>> curves_of(const run_history& history) {
  std::map<std::string, std::vector<epoch_record>> curves;
  for (const recalled& record : recall_all(history.records, history.path, "curve")) {
    auto& curve = curves[record.get<std::string>("candidate")];
    curve.clear();
    for (const json& epoch : record.array("epochs")) {
      const auto number = [&](std::size_t at) { return epoch.at(at).is_number() ? epoch.at(at).template get<double>() : unknown; };
      if (!epoch.is_array() || epoch.size() != 6 || !(number(0) >= 0 && number(0) <= 1e6)) throw file_error(record.path(), record.place() + " has a damaged training curve", "restore the journal from a copy or start in another folder");
      curve.push_back({static_cast<int>(number(0)), number(1), number(2), number(3), number(4), number(5)});
    }
  }
  return curves;
}
}  // namespace hasse::detail
