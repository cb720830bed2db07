// A detector as programs make it and keep it: backbones by name, and a file of weights that says all that is needed to judge it again
// or to show it pictures: size, classes and their ids, anchors, how pictures are fitted, where they were.
// Used by program/detect.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/result/detector_onnx.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/task/detection.hpp>

namespace hasse {

/// What learns from some hundred pictures on two threads: stem and seven blocks as in a MobileDet, a quarter as wide, half as deep;
/// inverted bottlenecks of expansion 4 and 3x3 windows.
struct det_micro_spec {
  friend constexpr bool operator==(const det_micro_spec&, const det_micro_spec&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    constexpr batch_norm_rule norm{.epsilon_millionths = 1000};
    value_id value = conv{.out = 16, .stride = 2, .act = activation::relu6, .norm = norm, .pad = padding::same}.lower(list, from);
    constexpr int out[] = {8, 16, 24, 48, 64, 96, 128}, layers[] = {1, 2, 2, 2, 2, 2, 1}, stride[] = {1, 2, 2, 2, 1, 2, 1};
    for (std::size_t block = 0; block < 7; ++block)
      for (int layer = 0; layer < layers[block]; ++layer)
        value = mbconv{.out = out[block],
                       .stride = layer == 0 ? stride[block] : 1,
                       .expand = block == 0 ? 1 : 4,
                       .residual = layer == 0 ? residual_rule::never : residual_rule::when_shapes_agree,
                       .pad = padding::same,
                       .norm = norm}
                    .lower(list, value);
    return value;
  }
  std::string text() const { return "det-micro"; }
};

/// The layers of a backbone by name: "det-micro", or a network that named_network knows, in that size.
inline layer_list backbone_network(const std::string& name, feature_shape input, int width = 0) {
  if (name != "det-micro") {
    if (std::ranges::find(published_names, name) == published_names.end()) {
      std::string known = "det-micro";
      for (const std::string_view each : published_names) known += ", " + std::string(each);
      throw error("there is no backbone " + detail::in_quotes(name, 40) + "; give one of " + known);
    }
    return named_network(name, {.input = input, .width = width});
  }
  if (width != 0) throw error("det-micro has one width only; leave --width out");
  layer_list list{.input = input, .items = {}};
  det_micro_spec{}.lower(layer_builder<layer_list>{list}, 0);
  return list;
}

/// A backbone with its head, and the anchors that it answers for.
struct designed_detector {
  layer_list layers;
  detection task;
};

/// `anchors`: "published" (two maps of the backbone, of strides 16 and 32, and four more), "auto" (made for the objects of `train`, on
/// maps of strides 8, 16, 32, and one more), or a list as to_text writes it, whose first map has `finest` as its stride.
inline designed_detector design_detector(const std::string& net, int width, const std::string& anchors, const detection_set& train, int finest = 8) {
  const layer_list network = backbone_network(net, train.shape(), width);
  const bool published = anchors == "published", automatic = anchors == "auto";
  std::vector<int> strides;
  for (int stride = published ? 16 : finest; stride <= 32; stride *= 2) strides.push_back(stride);
  const layer_list backbone = backbone_of(network, strides);
  anchor_plan plan;
  if (published) {
    plan = published_anchors();
  } else if (automatic) {
    std::vector<feature_shape> maps;
    for (int output = 0; output < backbone.output_count(); ++output) maps.push_back(backbone.output_shape(output));
    maps.push_back({(maps.back().h + 1) / 2, (maps.back().w + 1) / 2, maps.back().c});
    plan = anchors_for(objects_in_input(train), static_cast<int>(train.classes.size()), train.shape(), maps);
  } else {
    plan = anchor_plan_of(anchors);
  }
  designed_detector made{.layers = detector_of(backbone, head_for(plan, train)), .task = {.anchors = plan}};
  made.task.check(train, made.layers);
  return made;
}

/// What the file of a detector says.
inline network_metadata detector_metadata(const detection& task, const detection_set& train, const normalisation& scale) {
  network_metadata said = metadata_of(image_facts{train.classes, scale, train.origin});
  said["task"] = "detection";
  said["anchors"] = to_text(task.anchors);
  said["fit"] = train.fit == picture_fit::letterbox ? "letterbox" : "stretch";
  said["class_ids"] = json_text(train.class_ids);
  said["scores"] = task.scores == score_rule::sigmoid ? "sigmoid" : "softmax";
  const suppression_rule& rule = task.suppression;
  said["suppression"] =
      json_text({{"score", rule.score}, {"overlap", rule.overlap}, {"before", rule.before}, {"of_class", rule.of_class}, {"in_all", rule.in_all}});
  return said;
}

/// What the answers of a detector mean to whoever runs it elsewhere. Of the objects that ONNX Runtime finds those below a score of 1 %
/// are left out: without a limit of candidates it would compare thousands.
inline detector_decoding decoding_of(const detection& task, const layer_list& layers, int classes) {
  std::vector<feature_shape> maps;
  for (int output = 0; output < layers.output_count(); output += 2) maps.push_back(layers.output_shape(output));
  detector_decoding made{.anchors = anchors_of(task.standing(), layers.input, maps), .classes = classes, .scores = task.scores, .suppression = task.suppression};
  made.suppression.score = std::max(made.suppression.score, 0.01);
  return made;
}

/// Writes what other programs run beside the weights of a detector: networks/FILE.onnx with its raw answers and FILE.anchors.json to
/// decode them, FILE.decoded.onnx with decoding and suppression inside. Returns label and path of each in the run's folder.
inline std::vector<std::pair<std::string, std::string>> hand_over_detector(const run_folder& folder, const std::string& file, const model& network,
                                                                           const detection& task, const network_metadata& said) {
  const detector_decoding decoding = decoding_of(task, network.layers, static_cast<int>(parse_json(said.at("classes"), network.name).size()));
  const std::string stem = (folder.networks() / file).string();
  replace_file(stem + ".onnx", raw_detector_onnx(network, {.metadata = said}));
  replace_file(stem + ".decoded.onnx", decoded_detector_onnx(network, decoding, {.metadata = said}));
  replace_file(stem + ".anchors.json", json_text(anchors_json(decoding, network.layers.input)) + "\n");
  std::vector<std::pair<std::string, std::string>> files;
  for (const char* ending : {"onnx", "decoded.onnx", "anchors.json", "safetensors"}) files.emplace_back(ending, "networks/" + file + "." + ending);
  return files;
}

/// A detector that a file holds.
struct stored_detector {
  model network;
  detection task{};
  image_facts images{};
  picture_fit fit = picture_fit::stretch;
  std::vector<std::int64_t> class_ids{};

  /// An empty set in the network's size, as pictures are shown to it.
  detection_set empty_set() const {
    detection_set set;
    set.name = images.origin.data;
    set.height = network.layers.input.h, set.width = network.layers.input.w;
    set.classes = images.classes, set.class_ids = class_ids, set.fit = fit;
    return set;
  }
};

/// Reads what `hasse_detect train` wrote. Throws `file_error` where that is no detector.
inline stored_detector read_detector(const std::string& path, changed_weights changed = changed_weights::refused) {
  stored_network stored = read_network(path, changed);
  const auto said = [&](const char* key) -> const std::string& {
    const auto found = stored.metadata.find(key);
    if (found == stored.metadata.end())
      throw file_error(path, "is no detector (its metadata have no \"" + std::string(key) + "\")", "give the .safetensors of a network that hasse_detect trained");
    return found->second;
  };
  stored_detector made{.network = {}, .images = image_facts_of(stored.metadata, stored.network.layers.input.c, path)};
  if (said("task") != "detection")
    throw file_error(path, "holds a network of another task, " + detail::in_quotes(said("task")), "give the .safetensors of a network that hasse_detect trained");
  made.task.anchors = anchor_plan_of(said("anchors"));
  if (const std::string& fit = said("fit"); fit == "letterbox")
    made.fit = picture_fit::letterbox;
  else if (fit != "stretch")
    throw file_error(path, "fits pictures in a way that is not known, " + detail::in_quotes(fit), detail::metadata_remedy);
  const json ids = parse_json(said("class_ids"), path, {.depth = 1, .values = 65'537});
  bool right = ids.is_array() && ids.size() == made.images.classes.size();
  for (const json& id : ids) right = right && id.is_number_integer();
  if (!right) throw file_error(path, "has class_ids that are not one whole number for each class", detail::metadata_remedy);
  made.class_ids = ids.get<std::vector<std::int64_t>>();
  if (const std::string& scores = said("scores"); scores == "softmax")
    made.task.scores = score_rule::softmax;
  else if (scores != "sigmoid")
    throw file_error(path, "makes scores of its answers in a way that is not known, " + detail::in_quotes(scores), detail::metadata_remedy);
  const json rule = parse_json(said("suppression"), path, {.depth = 1, .values = 16});
  const auto whole = [&](const char* key) { return require<int>(rule, key, path, "suppression"); };
  made.task.suppression = {.score = require<double>(rule, "score", path, "suppression"),
                           .overlap = require<double>(rule, "overlap", path, "suppression"),
                           .before = whole("before"),
                           .of_class = whole("of_class"),
                           .in_all = whole("in_all")};
  made.network = std::move(stored.network);

  // The anchors must be those that the network answers for.
  detection_set probe = made.empty_set();
  probe.pictures.push_back({.name = "probe", .height = 8, .width = 8, .file_height = 8, .file_width = 8, .pixels = std::vector<std::uint8_t>(192), .objects = {{.place = {1, 1, 7, 7}, .kind = 0, .area = 36}}});
  made.task.check(probe, made.network.layers);
  return made;
}

}  // namespace hasse
