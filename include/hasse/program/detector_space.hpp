// A space of detectors: the backbones of a MobileDet space, each with the same head; and the type of one of them, for a header that holds it.
// Used by hasse_detect search.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/network/ssdlite_chain.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/supernet/mobiledet_space.hpp>
#include <hasse/task/detection.hpp>

namespace hasse {

struct searched_detectors {
  masked_design design;
  detection task;
  ssdlite_head head;
  std::vector<std::size_t> ends;  ///< the blocks behind which maps of the head end, finest first
};

/// `anchors` and `finest` as for design_detector: maps are the ends of the third, fifth and seventh block, of strides 8, 16 and 32. What
/// stands behind the last map that has anchors is left out.
inline searched_detectors design_detectors(const mobiledet_form& form, const std::string& anchors, const detection_set& train, int finest = 8) {
  const bool published = anchors == "published";
  searched_detectors made{};
  std::vector<feature_shape> maps;
  feature_shape at = form.input;
  for (int stride = 2; stride <= 32; stride *= 2) {
    at = {same_output(at.h, 2), same_output(at.w, 2), 0};
    if (stride < (published ? 16 : finest)) continue;
    made.ends.push_back(stride == 8 ? 3 : stride == 16 ? 5 : 7);
    maps.push_back(at);
  }
  maps.push_back({same_output(at.h, 2), same_output(at.w, 2), 0});
  made.task.anchors = published           ? published_anchors()
                      : anchors == "auto" ? anchors_for(objects_in_input(train), static_cast<int>(train.classes.size()), train.shape(), maps)
                                          : anchor_plan_of(anchors);
  made.head = head_for(made.task.anchors, train);
  if (made.head.map_count() == 0) throw error("the anchors stand on no map; give at least one, or --anchors auto");
  made.ends.resize(std::min(made.ends.size(), made.head.map_count()));
  made.design = mobiledet_space(form, [head = made.head, ends = made.ends](layer_builder<layer_list> list, std::span<const value_id> blocks) {
    std::vector<value_id> read;
    for (const std::size_t end : ends) read.push_back(blocks[end]);
    head.lower(list, read);
  });
  made.design.blocks.resize(made.ends.back() + 1);
  return made;
}

/// The C++ type of the detector of a code, for a header that holds it: "hasse::fixed_network<hasse::input<3, 96, 96>, hasse::ssdlite_chain<9>{...}>".
inline std::string network_type_text(const searched_detectors& of, const masked_space& space, std::span<const int> code) {
  const masked_design& design = space.design();
  const auto text = [](auto number) { return std::to_string(number); };
  const auto list_of = [&](const auto& numbers) {
    std::string all;
    for (const int each : numbers) all += (all.empty() ? "" : ", ") + text(each);
    return "{" + all + "}";
  };
  const auto norm_text = [&](const batch_norm_rule& norm) { return "hasse::batch_norm_rule{" + text(norm.epsilon_millionths) + ", " + text(norm.keep_percent) + "}"; };
  const auto act_text = [](activation act) { return "hasse::activation::" + std::string(name_of(act)); };
  const auto pad_text = [](padding pad) { return std::string(pad == padding::same ? "hasse::padding::same" : "hasse::padding::symmetric"); };
  std::string layers;
  std::array<int, ssdlite_head::most_maps> maps{};
  int count = 0;
  std::size_t map = 0;
  for (int block = 0; block < space.blocks(); ++block) {
    for (int index = 0; index < static_cast<int>(space.block(block).layers.size()); ++index) {
      const layer_choice choice = space.choice_of(code, block, index);
      const masked_layer& layer = space.layer_at(block, index);
      const masked_option& taken = layer.options[static_cast<std::size_t>(choice.option)];
      if (taken.operation == masked_operation::skip) continue;
      constexpr const char* kinds[] = {"inverted", "fused", "tucker", "conv"};
      const bool tucked = taken.operation == masked_operation::tucker, dense = taken.operation == masked_operation::dense;
      layers += (count++ > 0 ? ", " : "") + std::string("{hasse::chain_kind::") + kinds[static_cast<int>(taken.operation)] + ", " +
                text(space.filters_of(code, block)) + ", " + text(layer.stride) + ", " + text(taken.kernels[static_cast<std::size_t>(choice.kernel)]) + ", " +
                text(dense ? 1 : taken.widths[static_cast<std::size_t>(choice.width)]) + ", " + text(tucked ? taken.ranks[static_cast<std::size_t>(choice.rank)] : 0) +
                (layer.residual ? ", true}" : ", false}");
    }
    if (map < of.ends.size() && of.ends[map] == static_cast<std::size_t>(block)) maps[map++] = count;
  }
  // What is the same in all layers, as every MobileDet space has it.
  const masked_layer& any = space.layer_at(1, 0);
  return "hasse::fixed_network<hasse::input<3, " + text(design.input.h) + ", " + text(design.input.w) + ">, hasse::ssdlite_chain<" + text(count) + ">{.layers = {{" +
         layers + "}}, .maps = {" + list_of(maps) + "}, .head = {.anchors = {" + list_of(of.head.anchors) + "}, .depths = {" + list_of(of.head.depths) +
         "}, .columns = " + text(of.head.columns) + ", .norm = " + norm_text(of.head.norm) + ", .pad = " + pad_text(of.head.pad) + "}, .act = " + act_text(any.act) +
         ", .se = {.percent = " + text(any.se.percent) + ", .inner = " + act_text(any.se.inner) + "}, .norm = " + norm_text(design.norm) + ", .pad = " + pad_text(design.pad) + "}>";
}

}  // namespace hasse
