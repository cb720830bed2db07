// A space as a run has it: on images of another size or number of channels, and with another number of classes, than its type says.
// Which architectures there are, their codes and their order do not depend on these; shapes, costs and latencies do.
// Used by latency tables, searches and programs. A program also includes catalogue/shard.hpp once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/catalogue/catalogue.hpp>
#include <hasse/core/error.hpp>
#include <hasse/space/classes.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

namespace detail {
/// The layers of a part, whatever the shapes that it reads.
template <class Part>
layer_list lower_at(feature_shape in, feature_shape second) {
  layer_list list{.input = in, .items = {}, .second = second};
  if constexpr (Part::second.c > 0)
    Part::spec.lower(layer_builder<layer_list>{list}, 0, second_input);
  else
    Part::spec.lower(layer_builder<layer_list>{list}, 0);
  return list;
}
template <class Space>
inline constexpr auto lowerings = []<std::size_t... Id>(std::index_sequence<Id...>) {
  return std::array<layer_list (*)(feature_shape, feature_shape), sizeof...(Id)>{&lower_at<part_t<Space, static_cast<int>(Id)>>...};
}(std::make_index_sequence<static_cast<std::size_t>(part_count<Space>)>{});

/// What the parts of a space read, by what those before them give: parts are asked in the order of their ids, and `gives[id]` is filled in.
template <class Space>
class part_inputs {
 public:
  explicit part_inputs(feature_shape image) : image_(image), gives_(static_cast<std::size_t>(part_count<Space>)) {}

  feature_shape in(const part_key& key) const {
    switch (key.kind) {
      case part_kind::stem:
        return before_stem(key.index);
      case part_kind::first_block:
        return key.index == 0 ? before_stem(stem_layers<Space>) : exit(key.index - 1, key.before);
      case part_kind::later_block:
        return exit(key.index, key.before);
      case part_kind::head:
        break;
    }
    const piece_facts& facts = facts_of(key.index);
    if (facts.kind == piece_kind::fuses) return made(key.index - 2, facts.deep >= 0 ? key.before : any_option);
    if (facts.kind == piece_kind::joins) return made(key.index - 1, any_option);
    return facts.stage < 0 ? made(key.index - 1, key.before) : exit(facts.stage, key.before);
  }
  /// Of a piece of the head that joins two values; else nothing.
  feature_shape second(const part_key& key) const {
    if (key.kind != part_kind::head) return {};
    const piece_facts& facts = facts_of(key.index);
    if (facts.kind == piece_kind::joins) return exit(facts.stage, key.before);
    return facts.kind == piece_kind::fuses ? made(key.index - 1, key.own) : feature_shape{};
  }
  void give(part_id part, feature_shape shape) { gives_[static_cast<std::size_t>(part)] = shape; }

 private:
  static const piece_facts& facts_of(int piece) { return head_facts<Space>[static_cast<std::size_t>(piece)]; }
  feature_shape before_stem(int layer) const { return layer == 0 ? image_ : gives_[static_cast<std::size_t>(layer - 1)]; }
  /// What a stage gives at one of its widths: the map of its first part.
  feature_shape exit(int stage, int option) const {
    std::size_t first = 0;
    while (part_keys<Space>[first].kind != part_kind::first_block || part_keys<Space>[first].index != stage) ++first;
    return with_channels(gives_[first], Space::facts[static_cast<std::size_t>(stage)].widths[static_cast<std::size_t>(option)]);
  }
  feature_shape made(int piece, int option) const {
    part_id found = -1;
    for_each_option<Space>(facts_of(piece), [&](int before, int own) {
      if (found < 0 && (option == any_option || (facts_of(piece).width >= 0 ? own : before) == option)) found = head_part<Space>(static_cast<std::size_t>(piece), before, own);
    });
    return gives_[static_cast<std::size_t>(found)];
  }

  feature_shape image_;
  std::vector<feature_shape> gives_;
};
}  // namespace detail

/// By how many pixels of the image a pixel of the smallest map that a stage gives stands apart from the next: smaller images leave none.
template <class Space>
inline constexpr int total_stride = [] {
  constexpr feature_shape map = detail::stage_output<Space, Space::stages - 1>();
  return std::max((Space::image.h + map.h - 1) / map.h, (Space::image.w + map.w - 1) / map.w);
}();

/// A value of a pointer's size, and cheap to copy. Without arguments, the space as its type says.
template <class Space>
class space_at {
 public:
  space_at() = default;
  /// `classes` = 0: as many as the type says. Throws `error` where the space cannot read such images or answers in another way than with a number
  /// for each class.
  explicit space_at(feature_shape image, int classes = 0) {
    constexpr int own_classes = part_t<Space, part_count<Space> - 1>::out.c;
    if (classes == 0) classes = own_classes;
    if (image == Space::image && classes == own_classes) return;
    const std::string size = std::to_string(image.h) + " x " + std::to_string(image.w);
    if (image.h < total_stride<Space> || image.w < total_stride<Space>)
      throw error("images of " + size + " pixels are too small for this space, whose last map has one pixel for " + std::to_string(total_stride<Space>) +
                  " of the image; give larger images, " + std::to_string(total_stride<Space>) + " pixels a side at least");
    if (image.c < 1 || classes < 1) throw error("a space was asked for with " + std::to_string(image.c) + " channels and " + std::to_string(classes) + " classes; both are at least 1");
    made_ = refused_as("this space cannot read images of " + size + " pixels and " + std::to_string(image.c) + (image.c == 1 ? " channel" : " channels"),
                       [&] { return lowered(image, classes, own_classes); });
  }

  bool is_as_written() const { return made_ == nullptr; }
  feature_shape image() const { return made_ ? made_->image : Space::image; }
  /// What the networks answer with: 1 x 1 x classes, or a map of them.
  feature_shape answer() const { return entries().back().out; }
  int classes() const { return answer().c; }

  /// In the order of their ids. Those of other images than the type says have no bodies of their own.
  std::span<const entry> entries() const { return made_ ? std::span<const entry>(made_->entries) : catalogue<Space>::entries(); }
  const entry& at(part_id id) const { return entries()[static_cast<std::size_t>(id)]; }

 private:
  struct lowered_parts {
    feature_shape image{};
    std::vector<layer_list> lists;
    std::vector<std::vector<constant_output>> outputs;
    std::vector<entry> entries;
  };

  static std::shared_ptr<const lowered_parts> lowered(feature_shape image, int classes, int own_classes) {
    const auto made = std::make_shared<lowered_parts>();
    made->image = image;
    const auto as_written = catalogue<Space>::entries();
    made->entries.assign(as_written.begin(), as_written.end());
    made->lists.reserve(as_written.size()), made->outputs.reserve(as_written.size());
    detail::part_inputs<Space> inputs(image);
    for (entry& each : made->entries) {
      each.in = inputs.in(each.key), each.second = inputs.second(each.key), each.bodies = {};
      layer_list& list = made->lists.emplace_back(detail::lowerings<Space>[static_cast<std::size_t>(each.id)](each.in, each.second));
      const bool answers = each.key.kind == part_kind::head && each.key.index + 1 == static_cast<int>(detail::head_facts<Space>.size());
      if (answers && classes != own_classes && !set_classes(list, classes))
        throw error("its head does not end in a linear layer or a convolution, so that it has a number of classes of its own; write a space for " + std::to_string(classes) + " classes, or change the head");
      auto& outputs = made->outputs.emplace_back();
      for (const named_value& output : list.outputs) outputs.push_back({output.name, output.value});
      each.layers = list.items, each.outputs = {outputs.data(), outputs.data() + outputs.size()};
      each.out = list.shape_of(static_cast<value_id>(list.size())), each.costs = cost_of(list);
      inputs.give(each.id, each.out);
    }
    return made;
  }

  std::shared_ptr<const lowered_parts> made_;
};

/// The layers of an architecture as a run has its space. Where that is not as it was written, it is not kept which block they come from.
template <class Space>
layer_list layers_of(const architecture<Space>& choice, const space_at<Space>& at) {
  if (at.is_as_written()) return layers_of(choice);
  layer_list list{.input = at.image(), .items = {}};
  assemble(choice, [&](part_id part, value_id from, value_id second) {
    const entry& block = at.at(part);
    return append_layers(list, block.layers, block.outputs, from, second);
  });
  return list;
}

/// What it costs there; as it was written, the sum over its parts.
template <class Space>
cost cost_of(const architecture<Space>& choice, const space_at<Space>& at) {
  return at.is_as_written() ? cost_of(choice) : cost_of(layers_of(choice, at));
}

}  // namespace hasse
