// What a backend measured of its codes, kept in a file of its own: for programs that train or infer and have no latency table.
// Used by programs on devices whose plans are chosen by measurement. The file is a layer table, with or without latencies, so that
// one reader stands between hostile bytes and both, and the file of a table serves as well.
#pragma once

#include <filesystem>

#include <hasse/core/file.hpp>
#include <hasse/kernel/choices.hpp>
#include <hasse/latency/layer_record.hpp>

namespace hasse {

namespace detail {
inline layer_record read_choices(const std::filesystem::path& path, const device_facts& here) {
  layer_record record = parse_layer_record(read_file(path, largest_table), path.string());
  if (const std::string other = difference(record.device, here); !other.empty())
    throw file_error(path.string(), "has plans that were measured elsewhere: " + other, table_remedy);
  return record;
}
}  // namespace detail

/// What was measured on this device, with these libraries, before: for `backend.choices()`. Nothing where there is no file; a file
/// of another device, or of other versions of the libraries, is refused.
inline kernel_choices load_plan_choices(const std::filesystem::path& path, const device_facts& here) {
  return file_exists(path) ? detail::read_choices(path, here).kernels : kernel_choices();
}

/// Keeps choices at `path` for the next process. Choices for other layers that are there stay, and so do latencies.
inline void save_plan_choices(const std::filesystem::path& path, const device_facts& here, const kernel_choices& choices) {
  layer_record record{.device = here, .rules = {}, .date = detail::time_text(), .pieces = {}, .wholes = {}, .kernels = {}};
  if (file_exists(path)) record = detail::read_choices(path, here);
  for (const auto& [text, name] : choices) record.kernels.insert_or_assign(text, name);
  replace_file(path, to_text(record));
}

}  // namespace hasse
