// The folder that a run leaves behind, and the rule that only the same run may go on in it.
// Used by programs; design and contents: docs/reference/run-folder.md.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/train/checkpoint.hpp>

namespace hasse {

/// Paths of a run. A folder that was begun with another configuration is refused, key by key.
class run_folder {
 public:
  /// Creates the folders; compares with `config.json` where there is one. `configuration` is a flat object of everything that
  /// decides the results.
  run_folder(std::filesystem::path root, const json& configuration)
      : root_(std::move(root)), configuration_(parse_json(json_text(configuration), "the configuration of the run")) {  // as the file will say it
    std::error_code failure;
    for (const auto& folder : {root_, root_ / "checkpoints", root_ / "networks"}) {
      std::filesystem::create_directories(folder, failure);
      if (failure) throw file_error(folder.string(), "cannot be created (" + failure.message() + ")", "name another folder with --run");
    }
    const auto path = config();
    if (!std::filesystem::exists(path)) return;
    const json before = read_json(path);
    for (const auto& [key, value] : configuration_.items())
      if (!before.is_object() || !before.contains(key) || before.at(key) != value)
        throw file_error(path.string(), "was begun with " + key + " = " + (before.is_object() && before.contains(key) ? shown(before.at(key)) : "nothing") +
                                            ", this start has " + shown(value),
                         "start with the old settings to go on, or name another folder");
    for (const auto& [key, value] : before.items())
      if (!configuration_.contains(key))
        throw file_error(path.string(), "was begun with " + key + " = " + shown(value) + ", this start has nothing",
                         "start with the old settings to go on, or name another folder");
  }

  /// Writes `config.json`: from here on the folder belongs to this configuration. Until then a mistyped start leaves nothing that binds.
  void begin() const {
    if (!std::filesystem::exists(config())) write_json(config(), configuration_);
  }

  /// Removes what kills left of files that were being replaced. For the process that holds the journal, and no other.
  void remove_torn() const {
    for (const auto& folder : {root_, checkpoints(), networks()})
      for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const std::size_t last = name.find_last_not_of("0123456789");
        if (last + 1 < name.size() && std::string_view(name).substr(0, last + 1).ends_with(".part")) std::filesystem::remove(entry.path());
      }
  }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path config() const { return root_ / "config.json"; }
  std::filesystem::path table() const { return root_ / "latency.json"; }
  std::filesystem::path journal() const { return root_ / "journal"; }
  std::filesystem::path checkpoints() const { return root_ / "checkpoints"; }
  std::filesystem::path networks() const { return root_ / "networks"; }
  /// The class names, one a line, in the order of the networks' outputs.
  std::filesystem::path labels() const { return networks() / "labels.txt"; }
  std::filesystem::path frontier() const { return root_ / "frontier.json"; }
  std::filesystem::path report() const { return root_ / "report.html"; }
  /// The weights of a trained architecture that is, or was, on the frontier.
  std::filesystem::path weights(const std::string& architecture) const { return checkpoints() / (file_name_of(architecture) + ".safetensors"); }

 private:
  std::filesystem::path root_;
  json configuration_;
};

}  // namespace hasse
