// The bodies of program/on_command.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <stdlib.h>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/core/random.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/network/model.hpp>
#include <hasse/program/detail/run_command.hpp>
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

/// What a command printed, as an answer. Its last line counts: a number of milliseconds, or one JSON object.
inline timed_answer parse_answer(std::string_view printed) {
  constexpr double longest = 3.6e6;
  const std::string line = last_line(printed);
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
}  // namespace detail

HASSE_BODY void on_command::check() const {
  if (command.find("{onnx}") == std::string::npos)
    throw error("the command " + detail::in_quotes(command, 200) +
                " does not say where the network goes; write {onnx} there, for instance command:'python3 time_net.py {onnx} {threads}'");
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
  const detail::command_outcome told = detail::run_command(line("--describe"), seconds);
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

HASSE_BODY timed_answer on_command::time(const layer_list& layers, const std::string& name) const {
  check();
  const detail::scratch_folder folder;
  const std::filesystem::path path = folder.path() / "network.onnx";
  random_source random(1);
  write_onnx(path, model{name, layers, detail::timing_parameters<float>(layers.items, random)});
  const detail::command_outcome found = detail::run_command(line(detail::shell_word(path.string())), seconds);
  const std::string said = detail::last_line(found.problems);
  const std::string because = said.empty() ? "" : ": " + detail::printable(detail::clipped(said, 200));
  if (found.timed_out) return {{}, "the command took longer than " + std::to_string(seconds) + " s" + because};
  if (found.too_long) return {{}, "the command printed more than a megabyte"};
  if (WIFSIGNALED(found.status)) return {{}, "the command was ended by signal " + std::to_string(WTERMSIG(found.status)) + because};
  if (const int code = WEXITSTATUS(found.status); code != 0) {
    // A runtime that refuses a network may say so and fail all the same.
    const timed_answer told = detail::parse_answer(found.output);
    return {{}, told.failure.starts_with("refused") ? told.failure : "the command ended with exit code " + std::to_string(code) + because};
  }
  return detail::parse_answer(found.output);
}

HASSE_BODY std::string on_command::line(const std::string& file) const {
  std::string text = command;
  const auto put = [&](const std::string& mark, const std::string& value) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size()) text.replace(at, mark.size(), value);
  };
  put("{onnx}", file), put("{threads}", std::to_string(threads));
  return text;
}

}  // namespace hasse
