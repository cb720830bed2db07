// A segmentation network as programs make it and keep it: networks by name, and a file of weights that says all that is needed to judge it
// again or to show it pictures.
// Used by program/segment.hpp.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/open_segmentation.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/published/df_seg.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/segmentation.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse {

/// The networks that segment, by name.
inline constexpr std::array<std::pair<std::string_view, df_seg_spec>, 4> segmentation_networks{
    {{"df_lite_seg", df_lite_seg}, {"df1_seg", df1_seg}, {"df2_seg1", df2_seg1}, {"df2_seg2", df2_seg2}}};

/// "16,32,64": channels of a decoder at strides 8, 16 and 32.
inline std::array<int, 3> decoder_of(std::string_view text) {
  std::array<int, 3> made{};
  const char *at = text.data(), *const end = text.data() + text.size();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [rest, problem] = std::from_chars(at, end, made[i]);
    const bool closed = i < 2 ? rest != end && *rest == ',' : rest == end;
    if (problem != std::errc() || !closed || made[i] < 1 || made[i] > 4096 || (i > 0 && made[i] < made[i - 1]))
      throw error("the decoder " + detail::in_quotes(text, 40) + " cannot be built; write the channels at strides 8, 16 and 32, which do not fall, for instance 16,32,64");
    at = i < 2 ? rest + 1 : rest;
  }
  return made;
}

/// A network of that name for pictures of that size. `width` in thousandths; `decoder` empty: as published, or 16,16,32 up to a quarter of the
/// width and 16,32,64 up to less than all of it.
inline df_seg_spec segmentation_network(const std::string& name, int width, const std::string& decoder, bool upsampled) {
  std::string known;
  for (const auto& [each, spec] : segmentation_networks) {
    known += (known.empty() ? "" : ", ") + std::string(each);
    if (each != name) continue;
    df_seg_spec made = spec;
    made.width = width, made.upsampled = upsampled;
    if (!decoder.empty())
      made.decoder = decoder_of(decoder);
    else if (width < 1000)
      made.decoder = width <= 250 ? std::array{16, 16, 32} : std::array{16, 32, 64};
    return made;
  }
  throw error("there is no segmentation network " + detail::in_quotes(name, 40) + "; give one of " + known);
}

/// Its layers at that size, of which both sides must be multiples of 32: what the strides leave is doubled again.
inline layer_list segmentation_layers(df_seg_spec spec, int classes, feature_shape input) {
  if (input.h % 32 != 0 || input.w % 32 != 0)
    throw error("pictures of " + std::to_string(input.h) + " x " + std::to_string(input.w) + " cannot be read by " + spec.text() + "; give a size of multiples of 32, for instance " +
                std::to_string((input.h + 31) / 32 * 32) + "x" + std::to_string((input.w + 31) / 32 * 32));
  spec.classes = classes;
  layer_list list{.input = {input.h, input.w, 3}, .items = {}};
  spec.lower(layer_builder<layer_list>{list}, 0);
  return list;
}

/// What the file of a segmentation network says.
inline network_metadata segmenter_metadata(const detection_set& train, const normalisation& scale) {
  network_metadata said = metadata_of(image_facts{train.classes, scale, train.origin});
  said["task"] = "segmentation";
  said["fit"] = train.fit == picture_fit::letterbox ? "letterbox" : "corner";
  said["class_ids"] = json_text(train.class_ids);
  return said;
}

/// The same of a search, whose networks say it as those that are trained alone.
inline network_metadata metadata_of(const training_data<segmentation>& data) { return segmenter_metadata(*data.train, data.scale); }

namespace detail {
/// The same network with its scores at stride 8; none where it answers so.
inline std::optional<model> at_stride_8(const model& network) {
  if (network.layers.items.back().kind != layer_kind::upsample) return {};
  model coarse = network;
  coarse.layers.items.pop_back();
  return coarse;
}
}  // namespace detail

/// Writes what other programs run beside networks/FILE.onnx, which answers with scores at full size: FILE.labels.onnx, with the classes of
/// the pixels, and FILE.stride8.onnx, with scores before they are enlarged.
inline void write_segmenter_forms(const run_folder& folder, const std::string& file, const model& network, onnx_options how) {
  if (const auto coarse = detail::at_stride_8(network)) write_onnx(folder.networks() / (file + ".stride8.onnx"), *coarse, how);
  how.class_map = true;
  write_onnx(folder.networks() / (file + ".labels.onnx"), network, how);
}

/// A segmentation network that a file holds.
struct stored_segmenter {
  model network;
  image_facts images{};
  std::vector<std::int64_t> class_ids{};
  picture_fit fit = picture_fit::corner;

  /// An empty set in the network's size, as pictures are shown to it.
  detection_set empty_set() const {
    detection_set set;
    set.name = images.origin.data;
    set.height = network.layers.input.h, set.width = network.layers.input.w;
    set.classes = images.classes, set.class_ids = class_ids, set.fit = fit;
    return set;
  }
};

/// Reads what `hasse_segment train` wrote. Throws `file_error` where that is no segmentation network.
inline stored_segmenter read_segmenter(const std::string& path, changed_weights changed = changed_weights::refused) {
  constexpr const char* remedy = "give the .safetensors of a network that hasse_segment trained";
  stored_network stored = read_network(path, changed);
  const auto task = stored.metadata.find("task");
  if (task == stored.metadata.end() || task->second != "segmentation")
    throw file_error(path, task == stored.metadata.end() ? "is no segmentation network (its metadata have no \"task\")" : "holds a network of another task, " + detail::in_quotes(task->second), remedy);
  stored_segmenter made{.network = {}, .images = image_facts_of(stored.metadata, stored.network.layers.input.c, path)};
  const auto ids = stored.metadata.find("class_ids");
  const json list = parse_json(ids == stored.metadata.end() ? "[]" : ids->second, path, {.depth = 1, .values = 65'537});
  bool right = list.is_array() && list.size() == made.images.classes.size();
  for (const json& id : list) right = right && id.is_number_integer();
  if (!right) throw file_error(path, "has class_ids that are not one whole number for each class", detail::metadata_remedy);
  made.class_ids = list.get<std::vector<std::int64_t>>();
  // Files that do not say it are of a time when pictures lay in the middle.
  if (const auto fit = stored.metadata.find("fit"); fit == stored.metadata.end() || fit->second == "letterbox")
    made.fit = picture_fit::letterbox;
  else if (fit->second != "corner")
    throw file_error(path, "fits pictures in a way that is not known, " + detail::in_quotes(fit->second), detail::metadata_remedy);
  made.network = std::move(stored.network);

  // Its answers must be those of the classes.
  detection_set probe = made.empty_set();
  probe.pictures.push_back({.name = "probe", .height = 8, .width = 8, .file_height = 8, .file_width = 8, .pixels = std::vector<std::uint8_t>(192), .objects = {}, .labels = std::vector<std::uint8_t>(64)});
  segmentation{}.check(probe, made.network.layers);
  return made;
}

}  // namespace hasse
