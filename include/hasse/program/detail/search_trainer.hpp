// What a search trains and what becomes of it: curves in the journal, weights of the frontier in the folder, finalists trained again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/catalogue.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/tensorboard.hpp>
#include <hasse/network/model.hpp>
#include <hasse/program/detail/training_records.hpp>
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

/// What a file of a network says of the samples that it was trained on.
template <class Type>
network_metadata metadata_of_data(const training_data<Type>& data) {
  if constexpr (requires { metadata_of(*data.train, data.scale); })
    return metadata_of(*data.train, data.scale);
  else
    return metadata_of(image_facts{.classes = {}, .scale = data.scale, .origin = {}});
}
/// The names of the classes of a set; none where it has none.
template <class Samples>
std::vector<std::string> classes_of(const Samples& set) {
  if constexpr (requires { { set.classes } -> std::convertible_to<std::vector<std::string>>; })
    return set.classes;
  else
    return {};
}

/// Trains what a search asks for; keeps the curve in the journal, the weights while they are on the frontier, scalars for viewing.
template <class Space, class Train>
class search_trainer {
 public:
  /// `costs`: of the parts. `most`: trainings that there can be, for the progress.
  search_trainer(const Train& train, run_folder& folder, journal& book, const std::vector<ticks>& costs, const journal_words& words,
                 std::size_t most, progress_sink progress)
      : train_(&train), folder_(&folder), book_(&book), costs_(costs), most_(most), progress_(std::move(progress)), events_(folder.root()) {
    for (const journal_record& record : book.records()) {
      if (record.operation != "trained" || !record.payload.contains(words.cost)) continue;  // of another price: the search refuses it
      const std::string path = book.path().string(), place = "record " + std::to_string(record.sequence);
      if (const auto merit = maybe<double>(record.payload, words.merit, path, place))
        front_.add({require<std::string>(record.payload, "candidate", path, place), {require<std::int64_t>(record.payload, words.cost, path, place)}, *merit});
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
    const std::string judged_by(learned_by<Train>::measure.name);
    for (const epoch_record& epoch : result.curve)
      events_.scalar("validation " + judged_by + '/' + name, epoch.epoch, epoch.validation_score);
    if (result.diverged) return {std::nullopt, result.note};
    events_.scalar(judged_by, static_cast<std::int64_t>(ordinal), result.score);
    const double merit = learned_by<Train>::measure.merit(result.score);
    if (front_.add({name, latency_of<Space>(choice, costs_), merit}))
      write_weights(folder_->weights(name), trained, metadata_of_data(train_->data()));
    return {merit, result.note};
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
    write_weights(folder_->weights(name), trained, metadata_of_data(train_->data()));
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
  const Train* train_;
  run_folder* folder_;
  journal* book_;
  std::vector<ticks> costs_;
  std::size_t most_;
  progress_sink progress_;
  event_writer events_;
  frontier<std::string> front_;
  remaining_time clock_;
};

/// The network of a frontier point as it is handed over: as the search trained it, or trained once more by `finish`. What was
/// finished before a kill is read back; where the longer training diverges, the network stays as searched.
template <class Train>
struct finisher {
  const Train* train;  ///< null: nothing is trained again
  run_folder* folder;
  journal* book;
  progress_sink progress;
  std::function<void()> restore;  ///< makes the weights of the search again where they are missing

  /// The network, and its score on the validation samples if it was trained again. `number` of `count` is shown. The seed follows from the name, so
  /// that nothing changes when a larger budget moves the network along the frontier.
  std::pair<model, std::optional<double>> operator()(const std::string& name, const layer_list& layers, std::size_t number, std::size_t count) const {
    const auto as_searched = [&] {
      if (!file_exists(folder->weights(name))) restore();
      return std::pair(model{name, layers, read_weights(folder->weights(name), layers)}, std::optional<double>());
    };
    if (!train) return as_searched();
    const std::string recipe = to_text(train->how());
    const char* const score_key = learned_by<Train>::measure.name == "accuracy" ? "accuracy" : "score";
    const auto kept = folder->checkpoints() / (file_name_of(name) + ".finished");
    for (auto record = book->records().rbegin(); record != book->records().rend(); ++record) {  // the last one tells what the file holds
      if (record->operation != "finished") continue;
      const std::string path = book->path().string(), place = "record " + std::to_string(record->sequence);
      if (require<std::string>(record->payload, "candidate", path, place) != name) continue;
      if (require<std::string>(record->payload, "recipe", path, place) != recipe) break;
      const auto score = maybe<double>(record->payload, score_key, path, place);
      if (!score) return as_searched();
      if (!file_exists(kept)) break;
      return {model{name, layers, read_weights(kept, layers)}, score};
    }
    model network;
    const training_outcome result = (*train)(name, layers, fnv1a(name), [&](const progress_event& event) {
      if (progress) progress({event.fraction, "training finalist " + std::to_string(number) + " of " + std::to_string(count) + " again, " + name + ": " + event.doing, event.seconds_left});
    }, &network);
    if (!result.diverged) write_weights(kept, network, metadata_of_data(train->data()));
    book->append("finished", {{"candidate", name}, {"recipe", recipe}, {score_key, result.diverged ? json(nullptr) : json(result.score)}, {"seconds", result.seconds}});
    if (result.diverged) return as_searched();
    return {std::move(network), result.score};
  }
};

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
}  // namespace hasse::detail
