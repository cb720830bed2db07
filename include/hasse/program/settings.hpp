// What the settings of a run say of data and devices. Used by programs, whose runs go on only with the settings that they were begun with.
#pragma once

#include <filesystem>
#include <string>

#include <hasse/file/json.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/program/devices.hpp>

namespace hasse::detail {

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

}  // namespace hasse::detail
