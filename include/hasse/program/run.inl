// The bodies of program/run.hpp, as core/apart.hpp says.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/program/run.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/task/record.hpp>

namespace hasse {

namespace detail {
HASSE_BODY json curve_json(const std::vector<epoch_record>& curve) {
  json list = json::array();
  for (const epoch_record& each : curve)
    list.push_back(
        {each.epoch, number_or_null(each.loss), each.train_correct, each.validation_score, each.learning_rate, each.seconds});
  return list;
}

HASSE_BODY void bind_trainings(journal& book, const json& conditions, const char* operation) {
  const auto before = recall(book, operation);
  if (!before) book.append(operation, conditions);
  else
    for (const auto& [key, value] : conditions.items())
      if (const json was = before->payload().value(key, json()); was != value)
        throw file_error(before->path(), "holds trainings with other " + key + " (" + with_short_numbers(shown(was)) + ", this run has " + with_short_numbers(shown(value)) + ")",
                         "start with the settings that it was begun with, or choose another folder");
}

HASSE_BODY void bind_trainings(program_run& here, const json& conditions, const char* operation) {
  if (worker* const crew = here.folder().crew()) return crew->agree(operation, conditions);
  bind_trainings(here.book(), conditions, operation);
}
}  // namespace detail

HASSE_BODY progress_sink program_run::seen_by_others(const run_folder& folder, progress_sink shown) {
  worker* const crew = folder.crew();
  if (!crew) return shown;
  return [crew, shown = std::move(shown)](const progress_event& event) {
    crew->beat(event);
    if (shown) shown(event);
  };
}

HASSE_BODY std::filesystem::path program_run::events_folder() const {
  worker* const crew = folder_->crew();
  if (!crew) return folder_->root();
  const std::filesystem::path folder = folder_->root() / "events" / crew->name();
  create_folder(folder);
  return folder;
}

HASSE_BODY progress_sink program_run::progress(std::string of) const {
  if (!shown_ || of.empty()) return shown_;
  return [shown = shown_, of = std::move(of)](const progress_event& event) {
    shown({event.fraction, of + ": " + event.doing, event.seconds_left});
  };
}

namespace detail {
HASSE_BODY error diverged(const std::string& what, const std::string& note, const run_folder& folder, trained_before before) {
  if (before == trained_before::something)
    return error(what + " diverged: " + note + ", in another folder (--run), since this one keeps to its settings");
  folder.unbind();
  return error(what + " diverged: " + note);
}
}  // namespace detail

HASSE_BODY std::vector<std::pair<std::string, std::string>> hand_over(const run_folder& folder, const std::string& file,
                                                                  const model& network, handover how) {
  const std::string stem = (folder.networks() / file).string();
  write_onnx(stem + ".onnx", network, {.pixels = how.pixels, .metadata = how.said});
  if (how.any_batch) write_onnx(stem + ".batch.onnx", network, {.symbolic_batch = true, .pixels = how.pixels, .metadata = how.said});
  if (!how.keeps_weights) write_weights(stem + ".safetensors", network, how.said);
  if (how.header) {
    how.header->weights_file = file + ".safetensors";
    if (how.said.contains("mean")) how.header->scale = image_facts_of(how.said, network.layers.input.c, stem).scale;
    write_cpp_header(stem + ".hpp", *how.header);
  }
  std::vector<std::pair<std::string, std::string>> files;
  for (const char* ending : {"onnx", "safetensors", "hpp"})
    if (how.header || ending != std::string("hpp")) files.emplace_back(ending, "networks/" + file + "." + ending);
  return files;
}

}  // namespace hasse
