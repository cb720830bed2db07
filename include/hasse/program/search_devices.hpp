// The devices that a search is for, as `--device`, `--table` and `--devices` name them: this machine, a command, or the latency table of one that is somewhere else.
// Used by boundary_search.hpp and segment_search.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/record.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/program/boundary_options.hpp>
#include <hasse/program/measured_device.hpp>
#include <hasse/program/search.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/run_folder.hpp>

namespace hasse::detail {

/// "a.json,cpu" and so on, each text a list. A command goes on to the end of its text, commas and all.
inline std::vector<std::string> listed_devices(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts)
    for (std::string_view rest = text;;) {
      const std::size_t end = rest.starts_with("command:") ? rest.npos : rest.find(',');
      all.emplace_back(rest.substr(0, end));
      if (all.back().empty()) throw error("--devices " + in_quotes(text) + " names a device by nothing; divide devices by single commas, a command last");
      if (end == rest.npos) break;
      rest.remove_prefix(end + 1);
    }
  if (all.size() < 2) throw error("--devices names one device, " + in_quotes(all.front()) + "; name two or more, or give --device what is measured or asked");
  return all;
}

/// One of them: it is there, or its table is.
struct listed_device {
  std::string said;                          ///< on the command line
  std::unique_ptr<measured_device> there{};  ///< null: only the table is
  latency_record record{};                   ///< where only the table is
  std::uint64_t hash = 0;                    ///< of that
  device_facts facts{};

  /// As reports call it, and unlike all others.
  std::string name() const { return text_of(facts); }
  /// What decides its latencies.
  std::string identity() const {
    std::string text = name() + ", " + facts.library;
    return there ? text + ", " + facts.features + ", " + facts.compiler : text + ", table " + std::string(hex64(hash).view());
  }
};

inline listed_device device_there(const device_name& name, int threads) {
  listed_device made{.said = to_text(name), .there = std::make_unique<measured_device>(name, threads)};
  made.facts = made.there->facts();
  return made;
}
inline listed_device device_elsewhere(const std::string& table) {
  listed_device made{.said = table};
  const std::string text = read_file(table, largest_table);
  made.record = parse_latency_record(text, table);
  made.hash = fnv1a(text), made.facts = made.record.device;
  return made;
}
inline listed_device device_listed(const std::string& said, int threads) {
  if (said.starts_with("command:") || said == "cpu" || said == "cuda" || said.starts_with("cuda:")) return device_there(parse_device(said), threads);
  if (!file_exists(said)) throw error("--devices names " + in_quotes(said) + ", which is no file and no device; give a latency table of hasse_measure, cpu, cuda, cuda:1 or command:'LINE {onnx}'");
  return device_elsewhere(said);
}

/// How many corrections of the table in this folder count: of a run that began, those that it began with; else all that are there.
inline std::size_t corrections_of(const std::filesystem::path& run) {
  if (const auto config = run / "config.json"; file_exists(config)) {
    const json begun = read_json(config);
    return begun.is_object() ? json_as<std::size_t>(begun.value("corrections", json(0))).value_or(0) : 0;
  }
  const auto table = run / "latency.json";
  return file_exists(table) ? parse_latency_record(read_file(table, largest_table), table.string()).corrections.size() : 0;
}

/// What to say of a table whose sums are further from whole networks than a search can rest on; "": they are not.
template <class Space>
std::string doubt_of(const latency_table<Space>& table, const std::string& where) {
  const double wanted = table.record().rules.error_percent > 0 ? table.record().rules.error_percent / 100.0 : 0.05, median = table.additivity().median_error();
  if (table.additivity().networks.empty() || median <= wanted) return {};
  return "Half of the sums of the latency table" + where + " miss whole networks by more than " + percent_text(median, 1) + ", where " + percent_text(wanted, 0) +
         " were wanted: which of two networks closer together than that is faster is not known, and window and frontier are as uncertain. Measure again when nothing else runs, with "
         "hasse_measure --rounds 32 for instance, and search in another folder by that table.";
}

inline std::vector<listed_device> devices_listed(const std::vector<std::string>& texts, int threads) {
  std::vector<listed_device> all;
  for (const std::string& said : listed_devices(texts)) {
    listed_device made = device_listed(said, threads);
    for (const listed_device& other : all)
      if (other.name() == made.name())
        throw error("--devices names " + in_quotes(made.name()) + " twice, as " + in_quotes(other.said) + " and as " + in_quotes(said) + "; name different devices, each once");
    all.push_back(std::move(made));
  }
  return all;
}

/// Trainings that latencies asked for do not go on with others, so that measuring anew would be in vain.
inline void require_table(const run_folder& folder, const std::filesystem::path& table) {
  if (file_exists(table) || !file_exists(folder.journal())) return;
  const std::vector<journal_record> records = replay_journal(folder.journal());
  if (std::any_of(records.begin(), records.end(), [](const journal_record& record) { return record.operation == "trained"; }))
    throw file_error(table.string(), "is missing, and its latencies decided what this run has trained", "give that table back, or start in another folder (--run)");
}
inline void require_table(const run_folder& folder) { require_table(folder, folder.table()); }

/// Where a run keeps the table of a device, from 0.
inline std::filesystem::path table_of(const run_folder& folder, std::size_t device) {
  return device == 0 ? folder.table() : folder.root() / ("latency." + std::to_string(device + 1) + ".json");
}

/// Those that a command line names: by --devices several, by --table one that is elsewhere, or that of --device.
inline std::vector<listed_device> devices_of(const boundary_options& options) {
  if (!options.devices.empty() && !options.table.empty()) throw error("--devices takes tables in its list, and --table is of one device alone; leave one of them out");
  if (!options.devices.empty()) return devices_listed(options.devices, options.device_threads);
  std::vector<listed_device> alone;
  if (options.table.empty()) {
    alone.push_back(device_there(options.measured(), options.device_threads));
    return alone;
  }
  if (!options.measured().command.empty()) throw error("--table has the latencies that count, and --device asks a command for others; leave one of them out");
  alone.push_back(device_elsewhere(options.table));
  return alone;
}

/// All of them with their tables, in the order of the command line.
template <class Space>
class listed_tables {
 public:
  explicit listed_tables(std::vector<listed_device> devices) : devices_(std::move(devices)), tables_(devices_.size()) {}

  /// The space as the run has it. Tables of others, and of other images or classes, are refused before anything is measured or written.
  void serve(const space_at<Space>& space) {
    space_ = space;
    for (std::size_t at = 0; at < devices_.size(); ++at)
      if (!devices_[at].there) tables_[at].emplace(devices_[at].record, devices_[at].said, space);
  }

  std::size_t size() const { return devices_.size(); }
  const listed_device& device(std::size_t at) const { return devices_[at]; }
  latency_table<Space>& table(std::size_t at) { return *tables_[at]; }

  /// `corrections`: of the table of one device that is there, which are believed.
  void add_to(json& settings, std::size_t corrections) const {
    if (size() == 1) {
      add_measured_device(settings, devices_[0].facts);
      if (corrections > 0) settings["corrections"] = corrections;
      if (!devices_[0].there) settings["table"] = std::string(hex64(devices_[0].hash).view());
      return;
    }
    for (std::size_t at = 0; at < size(); ++at) settings["device_" + std::to_string(at + 1)] = devices_[at].identity();
  }

  /// Measures what is there, and keeps copies of the other tables, so that the folder says by what it was searched.
  void open(const run_folder& folder, program_run& here) {
    if (folder.crew()) folder.begin();  // before anything of others is used, or done for them
    for (std::size_t at = 0; at < size(); ++at) {
      const std::filesystem::path path = table_of(folder, at);
      std::printf("device%s: %s, %s\n", size() == 1 ? "" : (" " + std::to_string(at + 1)).c_str(), devices_[at].name().c_str(), devices_[at].facts.library.c_str());
      if (tables_[at]) {
        std::printf("  elsewhere: latencies are those of %s, measured %s; nothing is measured here\n", devices_[at].said.c_str(), devices_[at].record.date.c_str());
        const std::string text = to_text(devices_[at].record);
        const bool is_there = file_exists(path);
        if (is_there && read_file(path, largest_table) != text)
          throw file_error(path.string(), "is another table than " + devices_[at].said, "name another folder with --run");
        if (!is_there) replace_file(path, text);
      } else {
        require_table(folder, path);
        const auto load = [&] {
          return load_or_measure<Space>(path, *devices_[at].there, here.progress(size() == 1 ? "" : "device " + std::to_string(at + 1) + " of " + std::to_string(size())), space_);
        };
        if (worker* const crew = folder.crew())  // one measures while the others wait
          crew->once(path.stem().string(), [&] { return file_exists(path) && parse_latency_record(read_file(path, largest_table), path.string()).complete(); }, [&] { (void)load(); }, here.progress());
        tables_[at].emplace(load());
        here.end_line();
      }
    }
  }

  /// The first as the price of a search, the others beside it.
  searched_price first() const {
    searched_price price = price_by(*tables_[0]);
    if (devices_[0].there) devices_[0].there->visit([&](const auto& on) { price.of_wholes = wholes_on(*tables_[0], on); });
    price.is_measured = true;  // those that are there
    for (const auto& table : tables_) price.contradicts = price.contradicts || table->policy() == order_policy::exclude;
    return price;
  }
  further_devices others() const {
    further_devices further;
    for (std::size_t at = 1; at < size(); ++at)
      further.all.push_back(devices_[at].there ? devices_[at].there->visit([&](const auto& on) { return also_for(*tables_[at], on); }) : also_for(*tables_[at]));
    return further;
  }

 private:
  std::vector<listed_device> devices_;
  space_at<Space> space_;
  std::vector<std::optional<latency_table<Space>>> tables_;
};

}  // namespace hasse::detail
