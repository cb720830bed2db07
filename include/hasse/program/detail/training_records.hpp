// What the journals of programs say about trainings, whoever asked for them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <hasse/file/journal.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/task/record.hpp>

namespace hasse::detail {

inline json curve_json(const std::vector<epoch_record>& curve) {
  json list = json::array();
  for (const epoch_record& each : curve)
    list.push_back(
        {each.epoch, number_or_null(each.loss), each.train_correct, each.validation_score, each.learning_rate, each.seconds});
  return list;
}

/// Where images lie, for whoever starts from another directory: "folder:pets" with the whole path.
inline std::string place_of(const std::string& data) {
  const std::size_t colon = data.find(':');
  if (colon == data.npos || colon + 1 == data.size() || data.starts_with("synthetic")) return data;
  return data.substr(0, colon + 1) + std::filesystem::absolute(data.substr(colon + 1)).lexically_normal().string();
}

/// What trains decides weights and so belongs to the settings of a run. The processor goes without saying.
inline void add_training_device(json& settings, const device_name& training) {
  if (training.is_gpu) settings["train_on"] = to_text(training);
}

/// What latencies are of decides which networks a search asks for: a run goes on with those of one device.
inline void add_measured_device(json& settings, const device_facts& measured) {
  settings["device"] = measured.name, settings["features"] = measured.features, settings["cores"] = measured.cores;
  settings["library"] = measured.library, settings["compiler"] = measured.compiler;
}

/// What a program says where nothing goes on without this training. Where nothing was trained before it, the folder is free again.
enum class trained_before : bool { nothing, something };
inline error diverged(const std::string& what, const std::string& note, const run_folder& folder, trained_before before) {
  if (before == trained_before::something)
    return error(what + " diverged: " + note + ", in another folder (--run), since this one keeps to its settings");
  folder.unbind();
  return error(what + " diverged: " + note);
}

/// A journal says once, as one operation, what its trainings depend on besides the policy, and is refused when this run's differ.
inline void bind_trainings(journal& book, const json& conditions, const char* operation = "conditions") {
  for (const journal_record& record : book.records()) {
    if (record.operation != operation) continue;
    for (const auto& [key, value] : conditions.items())
      if (!record.payload.contains(key) || record.payload.at(key) != value)
        throw file_error(book.path().string(),
                         "holds trainings with other " + key + " (" + shown(record.payload.value(key, json())) +
                             ", this run has " + shown(value) + ")",
                         "start with the settings that it was begun with, or choose another folder");
    return;
  }
  book.append(operation, conditions);
}

/// The same of what trains and all that decides its bits, before anything is trained: one run has the bits of one backend.
template <Backend Engine>
void bind_backend(journal& book, const Engine& backend) {
  bind_trainings(book, {{"backend", backend.identity()}}, "trains");
}

}  // namespace hasse::detail
