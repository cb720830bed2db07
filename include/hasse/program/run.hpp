// A run of a program: its folder, held by it alone, its journal, what it shows and how it stops; and the steps that programs are made
// of. Used by every program that trains; docs/explanation/design.md says how a program is made of it.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/file/tensorboard.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/model.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/program/stoppable.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/task/record.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/trainer.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse {

class program_run;

namespace detail {
HASSE_BODY json curve_json(const std::vector<epoch_record>& curve);

/// A journal says once, as one operation, what its trainings depend on besides the policy, and is refused when this run's differ.
HASSE_BODY void bind_trainings(journal& book, const json& conditions, const char* operation = "conditions");

/// The same in a run that may be shared.
HASSE_BODY void bind_trainings(program_run& here, const json& conditions, const char* operation = "conditions");

/// The same of what trains and all that decides its bits, before anything is trained: one run has the bits of one backend.
template <Backend Engine, class Book>
void bind_backend(Book& book, const Engine& backend) {
  bind_trainings(book, {{"backend", backend.identity()}}, "trains");
}
}  // namespace detail

/// A run that is open: nobody else writes its folder, and a signal stops its work where it can go on.
class program_run {
 public:
  /// Locks the folder, and refuses settings that it was not begun with. Until folder().begin() nothing binds it to these.
  program_run(const std::filesystem::path& root, const json& settings, folder_use use = folder_use::alone, bool offers_workers = false)
      : printer_(std::in_place), own_(std::in_place, root, settings, use, offers_workers), folder_(&*own_), shown_(seen_by_others(*folder_, std::ref(*printer_))) {}
  /// In a folder that the caller holds, and shown as the caller likes.
  explicit program_run(run_folder& folder, progress_sink shown = {}) : folder_(&folder), shown_(seen_by_others(folder, std::move(shown))) {}
  program_run(const program_run&) = delete;
  program_run& operator=(const program_run&) = delete;

  run_folder& folder() { return *folder_; }
  const run_folder& folder() const { return *folder_; }
  /// Opened when it is first asked for: not before the folder has begun.
  journal& book() {
    if (worker* const crew = folder_->crew()) return crew->book();
    if (!book_) book_.emplace(folder_->journal());
    return *book_;
  }
  event_writer& events() {
    if (!events_) events_.emplace(events_folder());
    return *events_;
  }
  checkpoint_policy saving() const { return {.folder = folder_->checkpoints(), .every_seconds = 60}; }

  /// Where work says how far it is; `of` goes in front of what it says. Empty where nobody looks.
  progress_sink progress(std::string of = {}) const;
  /// What is printed next begins a line of its own.
  void end_line() {
    if (printer_) printer_->finish();
  }

  /// Runs a training, or a search that trains, to its end.
  template <class Training>
  auto train(Training& training, std::string doing = {}) {
    auto outcome = training.run(progress(std::move(doing)));
    end_line();
    return outcome;
  }
  /// The same; its curve goes to TensorBoard as it grows, and to the journal.
  template <class Training>
  training_outcome train_recorded(Training& training) {
    std::size_t written = std::max<std::size_t>(training.position().curve.size(), 1) - 1;
    const auto write = [&](const std::vector<epoch_record>& curve) {
      for (; written < curve.size(); ++written) {
        events().scalar("validation accuracy/" + training.name(), curve[written].epoch, curve[written].validation_score);
        events().scalar("loss/" + training.name(), curve[written].epoch, curve[written].loss);
      }
    };
    const progress_sink tell = progress("training " + training.name());
    const training_outcome outcome = training.run([&](const progress_event& event) {
      write(training.position().curve);
      if (tell) tell(event);
    });
    write(outcome.curve);
    end_line();
    book().append("curve", {{"network", training.name()},
                            {"seconds", outcome.seconds},
                            {"diverged", outcome.diverged},
                            {"epochs", detail::curve_json(outcome.curve)}});
    return outcome;
  }

 private:
  /// What is shown is a sign of life, too.
  static progress_sink seen_by_others(const run_folder& folder, progress_sink shown);
  /// One writer has a file of curves; each worker a folder for it.
  std::filesystem::path events_folder() const;

  std::optional<stoppable_printer> printer_;
  std::optional<run_folder> own_;
  run_folder* folder_;
  progress_sink shown_;
  std::optional<journal> book_;
  std::optional<event_writer> events_;
};

namespace detail {
/// What a program says where nothing goes on without this training. Where nothing was trained before it, the folder is free again.
enum class trained_before : bool { nothing, something };
HASSE_BODY error diverged(const std::string& what, const std::string& note, const run_folder& folder, trained_before before);
}  // namespace detail

/// Where the weights of a network lie that a run keeps.
inline std::filesystem::path weights_of(const run_folder& folder, const std::string& name) {
  return folder.networks() / (file_name_of(name) + ".safetensors");
}

/// What a file of a network says of the samples that it was trained on.
template <class Type>
network_metadata metadata_of(const training_data<Type>& data) {
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

/// A network to be trained by itself, from scratch, and kept.
struct lone_network {
  std::string name;
  layer_list layers;
  recipe how;
  std::uint64_t seed = 1;
  network_metadata said{};  ///< in the file of its weights
};
/// What became of it; no network where it diverged.
struct lone_training {
  std::optional<model> network{};
  training_outcome outcome{};
};
enum class curve_records : bool { none, written };

/// Trains it, or goes on where it was killed, and writes its weights. (What was trained before is the caller's to recall.)
template <Backend Engine, class Type>
lone_training train_alone(program_run& here, Engine& backend, const training_data<Type>& data, const lone_network& it,
                          curve_records curve = curve_records::written) {
  detail::bind_backend(here.book(), backend);
  trainer<Engine, Type> training(backend, it.name, it.layers, data, it.how, it.seed, here.saving());
  lone_training made;
  made.outcome = curve == curve_records::written ? here.train_recorded(training) : here.train(training, "training " + it.name);
  if (made.outcome.diverged) return made;
  made.network = training.result();
  write_weights(weights_of(here.folder(), it.name), *made.network, it.said);
  return made;
}

/// The task's metric on the samples that decide, and on those that nobody saw.
struct judgement {
  double validation = 0, test = 0;
};
template <Backend Engine, class Type>
judgement judge(Engine& backend, const training_data<Type>& data, const typename Type::samples& test, const model& network) {
  const auto score = [&](const typename Type::samples& set) {
    return evaluate(backend, data.task, network, set, data.scale).score;
  };
  return {score(*data.validation), score(test)};
}

/// What a network of these layers costs wherever it runs, into what a report shows of it.
template <class Shown>
void show_costs(Shown& shown, const layer_list& layers) {
  const cost costs = cost_of(layers);
  shown.macs = static_cast<double>(costs.macs), shown.parameters = static_cast<double>(costs.parameters());
  if constexpr (requires { shown.peak_bytes; }) shown.peak_bytes = static_cast<double>(peak_bytes_of(layers));
}

/// How a network is handed over beside weights and ONNX for one sample.
struct handover {
  network_metadata said{};
  pixel_form pixels = pixel_form::normalised;  ///< what the ONNX files read; others need the mean and deviation of `said`
  bool any_batch = true;                       ///< as ONNX for any number of samples, too
  bool keeps_weights = false;                  ///< they lie there already
  std::optional<found_network> header{};       ///< as a C++ header, which names the file of the weights
};
/// Writes networks/FILE.onnx, .safetensors and what else is wanted; returns label and path of each in the run's folder, for reports.
HASSE_BODY std::vector<std::pair<std::string, std::string>> hand_over(const run_folder& folder, const std::string& file,
                                                                  const model& network, handover how);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/program/run.inl>
#endif
