// The bodies of program/on_command.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <stdlib.h>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/core/random.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/network/model.hpp>
#include <hasse/program/detail/run_command.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/program/on_command.hpp>
#include <hasse/result/onnx.hpp>

namespace hasse {

namespace detail {
/// A folder that goes when this goes.
class scratch_folder {
 public:
  scratch_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hasse_network_XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw error("no folder for networks can be made in " + std::filesystem::temp_directory_path().string() + "; set TMPDIR to one that can be written");
    path_ = pattern;
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code gone;
    std::filesystem::remove_all(path_, gone);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  const std::size_t end = text.rfind('\n');
  std::string line(end == text.npos ? text : text.substr(end + 1));
  line.erase(0, std::min(line.find_first_not_of(" \t\r"), line.size()));
  return line;
}

/// One line as an answer: a number of milliseconds, or one JSON object.
inline timed_answer parse_line(const std::string& line) {
  constexpr double longest = 3.6e6;
  const auto refuse = [&](const std::string& why) { return timed_answer{{}, why}; };
  if (line.empty()) return refuse("the command printed nothing; it must print milliseconds, or an object such as {\"samples\": [1.5, 1.4]}");
  const auto no_time = [&](double value) { return !(value > 0) || !(value <= longest); };
  if (line.front() != '{') {
    double value = 0;
    const char* const end = line.data() + line.size();
    const auto [last, problem] = std::from_chars(line.data(), end, value);
    if (problem != std::errc() || last != end)
      return refuse("the last line that the command printed is no number of milliseconds: " + in_quotes(line, 80));
    if (no_time(value)) return refuse("the command answered " + in_quotes(line, 40) + ", which is no latency: milliseconds above 0 and at most an hour");
    return {{value}, {}};
  }
  json content;
  try {
    content = parse_json(line, "the answer of the command", {.bytes = 1 << 20});
  } catch (const error& damaged) {
    return refuse(damaged.what());
  }
  if (const auto why = content.find("refused"); why != content.end())
    return refuse("refused: " + (why->is_string() ? printable(clipped(why->get<std::string>(), 400)) : std::string("no reason given")));
  timed_answer made;
  if (const auto one = content.find("milliseconds"); one != content.end() && one->is_number()) made.milliseconds.push_back(one->get<double>());
  if (const auto many = content.find("samples"); many != content.end() && many->is_array() && many->size() <= 100'000)
    for (const json& each : *many) {
      if (!each.is_number()) return refuse("the command answered samples of which " + in_quotes(json_text(each), 40) + " is no number");
      made.milliseconds.push_back(each.get<double>());
    }
  if (made.milliseconds.empty()) return refuse("the command answered an object without \"samples\", \"milliseconds\" or \"refused\": " + in_quotes(line, 80));
  for (const double each : made.milliseconds)
    if (no_time(each)) return refuse("the command answered " + std::to_string(each) + ", which is no latency: milliseconds above 0 and at most an hour");
  return made;
}

/// What a command printed, as an answer: its last line counts.
inline timed_answer parse_answer(std::string_view printed) { return parse_line(last_line(printed)); }

/// What a command printed that was given a folder: of each file the last line that is an object and names it.
inline std::vector<timed_answer> parse_answers(std::string_view printed, const std::vector<std::string>& files) {
  std::vector<timed_answer> answers(files.size(), timed_answer{{}, "the command said nothing of this network; it must print a line such as {\"file\": \"0001.onnx\", \"samples\": [1.5, 1.4]} for each file of the folder"});
  while (!printed.empty()) {
    const std::size_t end = std::min(printed.find('\n'), printed.size());
    const std::string line = last_line(printed.substr(0, end));
    printed.remove_prefix(std::min(end + 1, printed.size()));
    if (line.empty() || line.front() != '{') continue;
    try {
      const json content = parse_json(line, "an answer of the command", {.bytes = 1 << 20});
      const auto named = content.find("file");
      if (named == content.end() || !named->is_string()) continue;
      const std::string file = std::filesystem::path(named->get<std::string>()).filename().string();
      if (const auto place = std::find(files.begin(), files.end(), file); place != files.end()) answers[static_cast<std::size_t>(place - files.begin())] = parse_line(line);
    } catch (const error&) {  // what it prints besides is of no importance
    }
  }
  return answers;
}
}  // namespace detail

HASSE_BODY void on_command::check() const {
  detail::require_place_of_network(command);
  if (seconds < 1 || seconds > 86'400) throw error("a call may take 1 to 86400 seconds, and " + std::to_string(seconds) + " were given");
}

HASSE_BODY device_facts on_command::facts() const {
  check();
  device_facts facts{.name = detail::printable(detail::clipped(command, 400)),
                     .features = {},
                     .backend = "command " + detail::printable(detail::clipped(command, 400)),
                     .library = "unknown runtime",
                     .compiler = {},
                     .threads = threads,
                     .notes = "asked for whole networks"};
  const detail::command_outcome told = detail::run_command(line("--describe"), seconds);  // in the place of a folder, too
  if (told.timed_out || told.too_long || told.status != 0) return facts;
  try {
    const json content = parse_json(detail::last_line(told.output), "--describe", {.bytes = 1 << 20});
    const auto take = [&](const char* key, std::string& to) {
      if (const auto found = content.find(key); found != content.end() && found->is_string() && !found->template get<std::string>().empty())
        to = detail::printable(detail::clipped(found->template get<std::string>(), 400));
    };
    if (content.is_object()) take("name", facts.name), take("library", facts.library), take("features", facts.features), take("notes", facts.notes);
  } catch (const error&) {  // it tells nothing, and times all the same
  }
  return facts;
}

HASSE_BODY timed_answer on_command::time(const layer_list& layers, const std::string& name) const { return time_all({layers}, {name}).front(); }

HASSE_BODY std::vector<timed_answer> on_command::time_all(const std::vector<layer_list>& networks, const std::vector<std::string>& names) const {
  check();
  const detail::scratch_folder folder;
  std::vector<std::string> files;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    char file[32];
    std::snprintf(file, sizeof file, "%04zu.onnx", at + 1);
    files.emplace_back(file);
    random_source random(1);
    write_onnx(folder.path() / file, model{names[at], networks[at], detail::timing_parameters<float>(networks[at].items, random)});
  }
  const std::filesystem::path place = takes_folders() ? folder.path() : folder.path() / files.front();
  const std::int64_t most = std::int64_t{seconds} * static_cast<std::int64_t>(networks.size());
  const detail::command_outcome found = detail::run_command(line(detail::shell_word(place.string())), static_cast<double>(most));
  const auto failed = [&](const std::string& why) { return std::vector(networks.size(), timed_answer{{}, why}); };
  const auto answers = [&] { return takes_folders() ? detail::parse_answers(found.output, files) : std::vector{detail::parse_answer(found.output)}; };
  const std::string said = detail::last_line(found.problems);
  const std::string because = said.empty() ? "" : ": " + detail::printable(detail::clipped(said, 200));
  std::string ended;
  if (found.timed_out) ended = "the command took longer than " + std::to_string(most) + " s" + because;
  if (found.too_long) ended = "the command printed more than a megabyte";
  if (ended.empty() && WIFSIGNALED(found.status)) ended = "the command was ended by signal " + std::to_string(WTERMSIG(found.status)) + because;
  if (ended.empty() && WEXITSTATUS(found.status) != 0) ended = "the command ended with exit code " + std::to_string(WEXITSTATUS(found.status)) + because;
  if (ended.empty()) return answers();
  if (found.too_long || (found.timed_out && !takes_folders())) return failed(ended);
  // A runtime that refuses a network may say so and fail all the same; of a folder some may have been answered before.
  std::vector<timed_answer> told = answers();
  for (timed_answer& each : told)
    if (!each.failure.starts_with("refused") && (!each.failure.empty() || !takes_folders())) each = {{}, ended};
  return told;
}

HASSE_BODY std::string on_command::line(const std::string& file) const {
  std::string text = command;
  const auto put = [&](const std::string& mark, const std::string& value) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size()) text.replace(at, mark.size(), value);
  };
  put("{onnx}", file), put("{folder}", file), put("{threads}", std::to_string(threads));
  return text;
}

}  // namespace hasse
