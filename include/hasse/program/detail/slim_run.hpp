// A run of hasse_slim: its settings, images and folder, and what every subcommand does with them.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/latency/layer_table.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/open_images.hpp>
#include <hasse/program/on_command.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/space/classes.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>

namespace hasse {

/// What `hasse_slim train` is told; all of it but `device` decides the weights.
struct slim_options : recipe_options {
  std::string task = "classification";
  std::string net = "mobilenet_v2_cifar", input = {}, widths = "0.25..1.0";
  std::string device = "cpu", train_on = {};
  // Of tasks on pictures with boxes or masks.
  std::string crop = "usual", scales = "0.5..2", anchors = "auto", class_weights = "none";
  int net_width = 0, finest = 8;
  bool recolour = false;
  int passes = 4;
  bool per_group = false, keep_features = false, distils = true;
};

/// The device whose latency counts. Without a name: that of `train`.
struct slim_device {
  std::string name{};
  int threads = 1;
};

/// A network that a name stands for. `type` is its C++ type, declared by `headers`; empty: it has none.
struct slim_network {
  std::string name;
  layer_list layers;
  std::string type{};
  std::vector<std::string> headers{};
};
/// Finds the network of a name, on the input that is asked for (none: its own).
using slim_finder = std::function<slim_network(const std::string& name, const std::string& input)>;

/// The widths of a slimmable network, in thousandths: everything between two, or some.
struct width_choice {
  bool is_range = false;
  std::vector<int> list;  ///< from wide to narrow; of a range, its ends
};

/// Reads "0.25..1.0" or "0.25,0.5,1.0".
inline width_choice parse_widths(std::string_view text) {
  if (const std::size_t dots = text.find(".."); dots != text.npos) {
    const width_choice range{true, {parse_width(text.substr(dots + 2)), parse_width(text.substr(0, dots))}};
    if (range.list[0] < range.list[1])
      throw error("the widths " + detail::in_quotes(text) + " go down; write the narrower one first, for instance 0.25..1.0");
    return range;
  }
  width_choice some;
  for (std::string_view rest = text;;) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    some.list.push_back(parse_width(rest.substr(0, end)));
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  std::sort(some.list.rbegin(), some.list.rend());
  some.list.erase(std::unique(some.list.begin(), some.list.end()), some.list.end());
  return some;
}

namespace detail {
/// What trains when nothing else was said is the device.
inline device_name training_device_of(const slim_options& it) { return device_options{.device = it.device, .train_on = it.train_on}.training(); }

inline json settings_of(const slim_options& it) {
  json all{{"program", "hasse_slim"},
          {"data", place_of(it.data)},
          {"train_images", it.train_images},
          {"net", it.net},
          {"input", it.input},
          {"widths", it.widths},
          {"passes", it.passes},
          {"per_group", it.per_group},
          {"keep_features", it.keep_features},
          {"no_distillation", !it.distils},
          {"epochs", it.epochs},
          {"batch", it.batch},
          {"crop_padding", it.crop_padding},
          {"learning_rate", it.learning_rate},
          {"schedule", it.schedule},
          {"weight_decay", it.decay},
          {"label_smoothing", it.smoothing},
          {"threads", it.threads},
          {"seed", it.seed}};
  if (parse_device(it.device) != device_name{}) all["device"] = to_text(parse_device(it.device));
  add_training_device(all, training_device_of(it));
  if (it.skip_damaged) all["skip_damaged"] = true;
  if (it.task != "classification")
    all.update({{"task", it.task},
                {"net_width", it.net_width},
                {"crop", it.crop},
                {"scales", it.scales},
                {"recolour", it.recolour},
                {"anchors", it.anchors},
                {"finest", it.finest},
                {"class_weights", it.class_weights}});
  return all;
}

/// The settings that a run was begun with.
inline slim_options settings_of(const std::filesystem::path& run, const std::string& data = {}) {
  const std::filesystem::path file = run / "config.json";
  if (!file_exists(file))
    throw file_error(run.string(), "is no run of hasse_slim", "train a network there first: hasse_slim train --run FOLDER");
  const json from = read_json(file);
  slim_options it;
  const auto take = [&]<class Type>(const char* key, Type& to) { to = require<Type>(from, key, file.string()); };
  std::string program;
  take("program", program);
  if (program != "hasse_slim") throw file_error(run.string(), "is a run of " + in_quotes(program), "name a run of hasse_slim");
  take("data", it.data), take("train_images", it.train_images), take("net", it.net), take("input", it.input);
  take("widths", it.widths), take("passes", it.passes), take("per_group", it.per_group);
  take("keep_features", it.keep_features);
  bool learns_labels = false;
  take("no_distillation", learns_labels), it.distils = !learns_labels;
  take("epochs", it.epochs), take("batch", it.batch), take("crop_padding", it.crop_padding);
  take("learning_rate", it.learning_rate), take("schedule", it.schedule), take("weight_decay", it.decay);
  take("label_smoothing", it.smoothing), take("threads", it.threads), take("seed", it.seed);
  it.train_on = to_text(device_name{});
  if (from.contains("device")) take("device", it.device);
  if (from.contains("skip_damaged")) take("skip_damaged", it.skip_damaged);
  if (from.contains("train_on")) take("train_on", it.train_on);
  if (from.contains("task")) {
    take("task", it.task), take("net_width", it.net_width), take("crop", it.crop), take("scales", it.scales), take("recolour", it.recolour);
    take("anchors", it.anchors), take("finest", it.finest), take("class_weights", it.class_weights);
  }
  it.run = run.string();
  if (!data.empty()) it.data = data;
  return it;
}

/// A configuration as it was asked for.
struct chosen_width {
  std::string text;  ///< "0.5", or all counts
  int width = 0;     ///< in thousandths; 0: not one width
  channel_configuration at;
};

inline std::uint64_t content_of(const parameters<float>& weights) {
  const auto bytes = [](const auto& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  return fnv1a(bytes(weights.statistics), fnv1a(bytes(weights.values)));
}

/// What hasse_slim has to know of a task: how its data are opened, which network stands for a name, and how one is handed over. Of
/// classification; program/slim_pictures.hpp has those of detection and segmentation.
struct slim_images {
  using task_type = classification;
  static constexpr const char* things = "images";
  static constexpr double learning_rate = 0.05;  ///< where the command line says none
  static constexpr int slimmed_on = 1024;  ///< so many of them at most
  static void check(pixel_form) {}

  slim_images(const slim_options& options, const slim_finder& find) : net(find(options.net, options.input)) {}
  slim_network net;

  /// Opens the data and makes the network one for their classes.
  splits open(const slim_options& options, recipe& how, program_run& here) {
    splits images = open_images(options, {.wanted = net.layers.input}, how, here);
    const layer& last = net.layers.items.back();
    const int classes = static_cast<int>(images.train.classes.size());
    if (last.kind == layer_kind::linear && last.out.c != classes && set_classes(net.layers, classes) && !net.type.empty()) net.type = at_type(std::move(net.type), {}, classes);
    return images;
  }
  classification task_of(const slim_options& options, const splits&) const { return detail::task_of(options); }
  network_metadata said(const training_data<>& data) const { return metadata_of(data); }
  void hand_over(const run_folder& folder, const std::string& file, const model& network, const handover& how) const { hasse::hand_over(folder, file, network, how); }
};

/// What the subcommands of hasse_slim work on: a run, its network at many widths, its images.
template <class Kind>
class slim_run {
 public:
  using task_type = typename Kind::task_type;
  using data_type = training_data<task_type>;

  slim_run(const slim_options& options, const slim_finder& find)
      : options_(options),
        backend_(backend_of(training_device_of(options), options.threads)),
        widths_(parse_widths(options.widths)),
        how_(recipe_of(options, options.epochs)),
        kind_(options, find),
        run_(options.run, configuration()),
        images_(kind_.open(options, how_, run_)),
        family_(kind_.net.layers, widths_.list.front(), {.keep_features = options.keep_features}),
        data_(kind_.task_of(options, images_), images_.train, images_.validation) {
    if (!widths_.is_range && options.per_group)
      throw error("--per-group draws widths, and " + options.widths + " leaves none to draw; give a range such as 0.25..1.0");
    if (widths_.is_range) rule().check(family_);
    data_.task.check(images_.train, family_.layers());
    if (images_.validation.size() < static_cast<std::size_t>(how_.batch))
      throw error("there are " + std::to_string(images_.validation.size()) + " validation " + Kind::things + ", fewer than one batch of " +
                  std::to_string(how_.batch) + ", by whose statistics widths are judged; give a smaller --batch");
    run_.folder().bind_images(identity_of(images_));
    folder().begin();
    (void)run_.events();  // there as soon as the run has begun
    write_labels(folder().labels(), images_.train.classes);
    bind_trainings(run_.book(), {{"task", data_.task.text()}, {"recipe", to_text(how_)}, {"images", hex64(identity_of(images_)).view()}});
    const layer_list narrow = family_.layers_at(family_.at(widths_.list.back()));
    std::printf("network: %s, %d channel groups, widths %s, %.3g to %.3g million MACs\n", net().name.c_str(),
                family_.groups().size(), options.widths.c_str(), static_cast<double>(cost_of(narrow).macs) / 1e6,
                static_cast<double>(cost_of(family_.layers()).macs) / 1e6);
    flush_output();
  }
  slim_run(const slim_run&) = delete;
  slim_run& operator=(const slim_run&) = delete;

  const slim_options& options() const { return options_; }
  const slim_network& net() const { return kind_.net; }
  const width_choice& widths() const { return widths_; }
  const width_family& family() const { return family_; }
  const auto& images() const { return images_; }
  const data_type& data() const { return data_; }
  augmentation augment() const { return how_.augment ? *how_.augment : data_.task.usual_augmentation(images_.train); }
  program_run& here() { return run_; }
  const run_folder& folder() const { return run_.folder(); }
  any_backend<float>& backend() { return backend_; }

  /// The sandwich of a range.
  sandwich rule() const {
    return {.least = widths_.list.back(),
            .most = widths_.list.front(),
            .passes = options_.passes,
            .per_group = options_.per_group,
            .distils = options_.distils};
  }

  chosen_width parse(const std::string& text) const {
    chosen_width made{.text = {}, .width = 0, .at = family_.parse(text)};
    if (text.find_first_of(", ") == text.npos) made.width = parse_width(text);
    made.text = made.width > 0 ? hasse::width_text(made.width) : to_text(made.at);
    return made;
  }
  /// Configurations, each in a text of its own; of widths, several in one ("0.25,0.5").
  std::vector<chosen_width> parse(const std::vector<std::string>& texts) const {
    std::vector<chosen_width> made;
    for (const std::string& text : texts) {
      if (text.find('.') == text.npos || text.find(',') == text.npos) {
        made.push_back(parse(text));
        continue;
      }
      for (const int width : parse_widths(text).list) made.push_back(parse(hasse::width_text(width)));
    }
    return made;
  }

  /// Trains one network at many widths from scratch; what was trained before is read back from `path`.
  template <WidthRule Rule>
  slimmable_model trained_at_many_widths(const std::filesystem::path& path, const std::string& name, const Rule& rule, int epochs) {
    if (!file_exists(path)) {
      bind_backend(run_.book(), backend_);
      slimmable_trainer<any_backend<float>, Rule, task_type> training(backend_, name, family_, rule, data_, recipe_for(epochs), options_.seed,
                                                           run_.saving());
      const training_outcome outcome = run_.train_recorded(training);
      if (outcome.diverged)
        throw diverged("the training of " + name, outcome.note, folder(),
                       path == trained_file() ? trained_before::nothing : trained_before::something);
      write_slimmable(path, training.result(), metadata());
    }
    return read_slimmable(path, name, family_);
  }

  std::filesystem::path trained_file() const { return folder().networks() / "slimmable.safetensors"; }
  std::string trained_name() const { return net().name + "@" + options_.widths; }
  slimmable_model trained() const {
    if (!file_exists(trained_file()))
      throw file_error(folder().root().string(), "holds no trained network yet",
                       "let the training end first: hasse_slim train --run FOLDER, with the options that it was begun with");
    return read_slimmable(trained_file(), trained_name(), family_);
  }

  /// Trains one network by itself; what was trained before is read back. Nothing when it diverged.
  std::optional<model> trained_alone(const std::string& name, const layer_list& layers, int epochs) {
    if (const auto known = recall(run_.book(), "curve", {{"network", name}})) {
      if (known->payload().value("diverged", json()) == json(true)) return std::nullopt;
      if (const auto path = weights_of(folder(), name); file_exists(path)) return model{name, layers, read_weights(path, layers)};
    }
    return train_alone(run_, backend_, data_,
                       {.name = name, .layers = layers, .how = recipe_for(epochs), .seed = derive(options_.seed, fnv1a(name)), .said = metadata()})
        .network;
  }

  /// What a network costs and is worth; from the journal where these weights were judged before, with this table of latencies.
  slimming_network judged(const model& network, slimming_network shown, const slim_device& device) {
    layer_table& table = latencies(device);
    const std::string weights(hex64(content_of(network.weights)).view()), role(to_text(shown.role));
    for (const slimming_network& known : judged_networks({{"weights", weights}}))
      if (known.name == shown.name && known.role == shown.role) return known;
    const judgement found = judge(backend_, data_, images_.test, network);
    shown.accuracy = found.validation, shown.test_accuracy = found.test;
    shown.milliseconds = static_cast<double>(table.measured_whole(network.layers, shown.name, run_.progress(shown.name)).median) / 1e6;
    run_.end_line();
    show_costs(shown, network.layers);
    run_.book().append("judged", {{"network", shown.name},
                                  {"weights", weights},
                                  {"role", role},
                                  {"width", shown.width},
                                  {"configuration", shown.configuration},
                                  {"accuracy", shown.accuracy},
                                  {"test_accuracy", shown.test_accuracy},
                                  {"milliseconds", shown.milliseconds},
                                  {"table", table.identity()},
                                  {"macs", shown.macs},
                                  {"parameters", shown.parameters},
                                  {"peak_bytes", shown.peak_bytes}});
    return shown;
  }
  /// What was judged so far with this table of latencies, the last word on each network; those records alone that are `like` this. A
  /// table that was measured anew, here or on another device, is another one.
  std::vector<slimming_network> judged_networks(json like = json::object()) {
    std::vector<slimming_network> all;
    if (!latencies_) return all;
    like["table"] = latencies_->identity();
    for (const recalled& record : recall_all(run_.book(), "judged", like)) {
      slimming_network shown{.name = record.get<std::string>("network"),
                             .width = record.get<int>("width"),
                             .configuration = record.get<std::string>("configuration")};
      for (const slimming_role role : {slimming_role::shared, slimming_role::alone, slimming_role::slimmed})
        if (record.get<std::string>("role") == to_text(role)) shown.role = role;
      shown.accuracy = record.get<double>("accuracy"), shown.test_accuracy = record.get<double>("test_accuracy");
      shown.milliseconds = record.get<double>("milliseconds"), shown.macs = record.get<double>("macs");
      shown.parameters = record.get<double>("parameters"), shown.peak_bytes = record.get<double>("peak_bytes");
      std::erase_if(all, [&](const slimming_network& other) { return other.name == shown.name; });
      all.push_back(std::move(shown));
    }
    return all;
  }

  layer_table& latencies(const slim_device& device) {
    if (latencies_) return *latencies_;
    const device_name name = parse_device(device.name.empty() ? options_.device : device.name);
    if (name.command.empty())
      latencies_.emplace(layer_table::load_or_begin(folder().table(), device_of(name, device.threads)));
    else
      latencies_.emplace(layer_table::load_or_begin(folder().table(), on_command{.command = name.command, .threads = device.threads},
                                                    [this] { return surveyed(); }, run_.progress()));
    return *latencies_;
  }

  /// Networks by whose latencies those of others are estimated: every group with a width of its own.
  std::vector<layer_list> surveyed() const {
    constexpr int networks = 48;
    const sandwich drawn{.least = widths_.list.back(), .most = widths_.list.front(), .passes = networks, .per_group = true};
    random_source random(1);
    std::vector<width_pass> passes;
    drawn.draw(family_, random, passes);
    std::vector<layer_list> found;
    for (const width_pass& pass : passes) found.push_back(family_.layers_at(pass.at));
    return found;
  }

  network_metadata metadata() const {
    network_metadata said = kind_.said(data_);
    said.insert({{"net", options_.net}, {"seed", std::to_string(options_.seed)}});
    return said;
  }
  /// Writes a network as ONNX, weights and, where it has a type, C++ header; returns the path without ending.
  std::filesystem::path handed_over(const model& network, const channel_configuration& at, pixel_form pixels, std::vector<std::string> facts = {}) const {
    const std::string file = file_name_of(network.name);
    handover how{.said = metadata(), .pixels = pixels};
    how.said["configuration"] = to_text(at);
    if (!net().type.empty())
      how.header = {.type = narrowed_type(net().type, at), .headers = net().headers, .facts = std::move(facts), .classes = images_.train.classes};
    kind_.hand_over(folder(), file, network, how);
    return folder().networks() / file;
  }

  /// The page of what is known so far, with the facts of the run.
  slimming_data page(std::string title) {
    slimming_data data{.title = std::move(title)};
    if constexpr (!std::same_as<task_type, classification>) data.measure = task_type::measure;
    data.facts = {{"network", net().name + ", " + std::to_string(family_.groups().size()) + " channel groups"},
                  {"data", options_.data + ", " + std::to_string(images_.train.size()) + " training " + Kind::things},
                  {"widths", widths_.is_range ? rule().text() : options_.widths + ", batch norms of their own"},
                  {"classes", classes_text(images_.train.classes)},
                  {"recipe", to_text(how_)},
                  {"seed", std::to_string(options_.seed)}};
    if (latencies_) {
      const device_facts& device = latencies_->record().device;
      data.facts.emplace_back("device", text_of(device) + ", " + device.library);
    }
    data.networks = judged_networks();
    return data;
  }

 private:
  json configuration() const {
    json all = settings_of(options_);
    all["recipe"] = to_text(how_);
    return all;
  }
  recipe recipe_for(int epochs) const {
    recipe how = recipe_of(options_, epochs);
    how.augment = how_.augment;
    return how;
  }

  slim_options options_;
  any_backend<float> backend_;
  width_choice widths_;
  recipe how_;
  Kind kind_;
  program_run run_;
  std::remove_cvref_t<decltype(std::declval<Kind&>().open(std::declval<const slim_options&>(), std::declval<recipe&>(), std::declval<program_run&>()))> images_;
  width_family family_;
  data_type data_;
  std::optional<layer_table> latencies_;
};
}  // namespace detail

}  // namespace hasse
