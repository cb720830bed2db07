// The bodies of result/run_folder.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/core/number_text.hpp>
#include <hasse/result/run_folder.hpp>

namespace hasse {

namespace detail {
/// As people read it. A folder that was begun with the same numbers written out is of the same run.
inline json as_people_read(const json& setting) { return setting.is_string() ? json(with_short_numbers(setting.text())) : setting; }

inline std::string remedy_of_lock(folder_use use, bool offers_workers) {
  if (use == folder_use::workers) return "it was started without --workers: wait until it ends, or stop it and start it again with --workers; or choose another folder";
  if (offers_workers) return "wait until it ends, choose another folder, or start with --workers each process that shall work in this one";
  return "wait until it ends, or choose another folder";
}
}  // namespace detail

HASSE_BODY run_folder::run_folder(std::filesystem::path root, const json& configuration, folder_use use, bool offers_workers) : root_(std::move(root)),
      configuration_(as_written(configuration)),
      use_(use),
      lock_(compared_and_prepared() / "lock", use == folder_use::workers ? lock_use::together : lock_use::alone, detail::remedy_of_lock(use, offers_workers)) {
  compare();  // with what another start wrote before this one had the lock
  if (use == folder_use::workers || file_exists(worker_folders{root_}.claims())) crew_ = std::make_unique<worker>(root_);
}

HASSE_BODY void run_folder::bind_images(std::uint64_t identity) {
  configuration_["images"] = std::string(hex64(identity).view());
  if (!file_exists(config())) return;
  const json before = read_json(config());
  if (before.is_object() && before.contains("images") && before.at("images") != configuration_.at("images"))
    throw file_error(config().string(),
                     "was begun with other images than those of " + shown(configuration_.value("data", json())) + " are now",
                     "say with --data where the images of " + shown(before.value("data", json())) +
                         " lie, or name another folder with --run");
}

HASSE_BODY void run_folder::begin() const {
  if (crew_) {  // whose configuration binds the folder is decided once, whoever comes at the same time
    if (!file_exists(config())) write_json(config(), crew_->claims().agreed("configuration", configuration_));
    compare();
    if (use_ == folder_use::alone) clean();
    return;
  }
  if (!file_exists(config()) || read_json(config()) != configuration_) write_json(config(), configuration_);
  clean();
}

HASSE_BODY void run_folder::answered(std::uint64_t term) const {
  crew_->answered(term);
  clean();  // whoever trained has ended
}

HASSE_BODY void run_folder::clean() const {
  for (const auto& folder : {root_, checkpoints(), networks()}) remove_unfinished(folder);
}

HASSE_BODY void run_folder::unbind() const {
  if (crew_) return;  // others may come at any time
  std::error_code failure;
  std::filesystem::remove_all(journal(), failure);
  if (failure) throw file_error(journal().string(), "cannot be removed (" + failure.message() + ")", "check the folder and its permissions");
  remove_file(config());
}

namespace detail {
/// "epochs: 4, now 5; batch: 32, now 64" of two texts of the same fields, each words and a value, with commas between.
inline std::string field_differences(std::string_view was, std::string_view is) {
  const auto fields = [](std::string_view text) {
    std::vector<std::string_view> found;
    for (std::size_t end = 0; end != text.npos; text.remove_prefix(end == text.npos ? 0 : end + 2)) found.push_back(text.substr(0, end = text.find(", ")));
    return found;
  };
  const auto before = fields(was), now = fields(is);
  std::string found;
  for (std::size_t at = 0; at < std::max(before.size(), now.size()); ++at) {
    const std::string_view one = at < before.size() ? before[at] : std::string_view(), other = at < now.size() ? now[at] : std::string_view();
    if (one == other) continue;
    std::size_t words = 0;  // that both begin with, and a blank
    for (std::size_t i = 0; i < std::min(one.size(), other.size()) && one[i] == other[i]; ++i)
      if (one[i] == ' ') words = i + 1;
    const auto value = [&](std::string_view field) { return field.size() > words ? std::string(field.substr(words)) : std::string("nothing"); };
    found += (found.empty() ? "" : "; ") + (words > 0 ? std::string(one.substr(0, words - 1)) + ": " : std::string()) + value(one) + ", now " + value(other);
  }
  return found;
}
}  // namespace detail

HASSE_BODY json run_folder::as_written(const json& configuration) {
  json made = parse_json(json_text(configuration), "the configuration of the run");
  for (const auto& [key, value] : json(made).items()) made[key] = detail::as_people_read(value);
  return made;
}

HASSE_BODY void run_folder::compare() const {
  if (!file_exists(config())) return;
  const json before = read_json(config());
  const auto refuse = [&](const std::string& key, const std::string& was, const std::string& is) {
    return file_error(config().string(), "was begun with " + detail::clipped(key) + " = " + with_short_numbers(was) + ", this start has " + is,
                      "start with the old settings to go on, or name another folder");
  };
  if (before.is_object() && before.contains("recipe") && configuration_.contains("recipe") && before.at("recipe").is_string() && configuration_.at("recipe").is_string())
    if (const std::string differ = detail::field_differences(with_short_numbers(before.at("recipe").text()), configuration_.at("recipe").text()); !differ.empty())
      throw file_error(config().string(), "was begun with another recipe (" + detail::printable(detail::clipped(differ, 400)) + ")", "start with the old settings to go on, or name another folder");
  for (const auto& [key, value] : configuration_.items())
    if (key != "data" && (!before.is_object() || !before.contains(key) || detail::as_people_read(before.at(key)) != value))
      throw refuse(key, before.is_object() && before.contains(key) ? shown(before.at(key)) : "nothing", shown(value));
  for (const auto& [key, value] : before.items())
    if (key != "data" && key != "images" && !configuration_.contains(key)) throw refuse(key, shown(value), "nothing");
}

HASSE_BODY const std::filesystem::path& run_folder::compared_and_prepared() const {
  compare();
  return prepared(root_);
}

HASSE_BODY const std::filesystem::path& run_folder::prepared(const std::filesystem::path& root) {
  std::error_code failure;
  for (const auto& folder : {root, root / "checkpoints", root / "networks"}) {
    std::filesystem::create_directories(folder, failure);
    if (failure) throw file_error(folder.string(), "cannot be created (" + failure.message() + ")", "name another folder with --run");
  }
  return root;
}

}  // namespace hasse
