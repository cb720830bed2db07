// What reports show of a search through masks: its decisions over time, and networks drawn with the kinds of their blocks.
// Used by hasse_detect search, and by programs of users' own that write such reports.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/supernet/masked_derive.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/supernet/masked_recipe.hpp>
#include <hasse/supernet/masked_space.hpp>

namespace hasse {

namespace detail {
/// Visits what a search decides, as a page shows it: the layers that have a choice, then the blocks that have widths (layer -1).
template <class Visit>
void for_each_decided(const masked_space& space, Visit&& visit) {
  for (int block = 0; block < space.blocks(); ++block)
    for (int layer = 0; layer < static_cast<int>(space.block(block).layers.size()); ++layer)
      if (space.choices_of(block, layer).size() > 1) visit(block, layer);
  for (int block = 0; block < space.blocks(); ++block)
    if (space.block(block).filters.size() > 1) visit(block, -1);
}

inline std::string place_text(const masked_space& space, int block, int layer) {
  return space.block(block).name + (layer < 0 ? " width" : space.block(block).layers.size() > 1 ? " layer " + std::to_string(layer + 1) : "");
}
}  // namespace detail

/// Fills in what is decided: a layer between everything that it can be, a block between shares of its largest width.
inline void add_supernet(gated_data& data, const masked_space& space) {
  data.blocks.clear();
  detail::for_each_decided(space, [&](int block, int layer) {
    gated_report_block shown{.name = detail::place_text(space, block, layer)};
    if (layer >= 0) {
      for (const layer_choice& each : space.choices_of(block, layer)) shown.candidates.push_back(space.word_of(block, layer, each));
    } else {
      const std::vector<int>& filters = space.block(block).filters;
      for (const int each : filters) {
        char share[16];
        std::snprintf(share, sizeof share, "w%.2f", static_cast<double>(each) / static_cast<double>(filters.back()));
        shown.candidates.push_back(share);
      }
    }
    data.blocks.push_back(std::move(shown));
  });
}

/// Adds how a search went; `scale` are the search's units in one of the page's.
inline void add_curve(gated_data& data, const masked_space& space, const std::vector<masked_epoch>& curve, double warm_up, double scale) {
  for (const masked_epoch& each : curve) {
    gated_report_epoch shown{.epoch = each.training.epoch,
                             .is_warmup = each.training.epoch <= warm_up * static_cast<double>(curve.size()),
                             .loss = each.training.loss,
                             .validation_accuracy = each.training.validation_score,
                             .entropy = each.entropy(space.decisions()),
                             .learning_rate = each.training.learning_rate};
    if (each.likeliest > 0) shown.expected = each.cost / scale, shown.likeliest = each.likeliest / scale;
    detail::for_each_decided(space, [&](int block, int layer) {
      const std::vector<double> shares =
          layer < 0 ? shares_of_width(space, each.probabilities, block) : shares_of_layer(space, each.probabilities, block, layer);
      shown.probabilities.insert(shown.probabilities.end(), shares.begin(), shares.end());
    });
    data.epochs.push_back(std::move(shown));
  }
}

/// How the network of a code is drawn: one entry per layer of the space, skipped ones included, with the kind of its block.
inline std::vector<drawn_block> drawn_blocks(const masked_space& space, std::span<const int> code) {
  space.check(code);
  std::vector<drawn_block> drawn;
  feature_shape shape = space.design().input;
  for (int block = 0; block < space.blocks(); ++block)
    for (int index = 0; index < static_cast<int>(space.block(block).layers.size()); ++index) {
      const layer_choice choice = space.choice_of(code, block, index);
      if (choice.option == all_options)
        throw error("an average of operations cannot be drawn as one network; draw a code in which each layer takes one");
      const masked_layer& layer = space.layer_at(block, index);
      const masked_option& taken = layer.options[static_cast<std::size_t>(choice.option)];
      const layer_list alone = layer_alone(space, code, block, index, shape);
      if (alone.size() > 0) shape = alone.items.back().out;
      drawn_block made{.name = detail::place_text(space, block, index), .stride = layer.stride, .out = shape, .is_zero = taken.operation == masked_operation::skip};
      if (space.choices_of(block, index).size() > 1) made.candidate = space.word_of(block, index, choice);
      made.label = "left out";
      if (!made.is_zero) {
        made.kernel = taken.kernels[static_cast<std::size_t>(choice.kernel)];
        const std::string window = std::to_string(made.kernel) + "x" + std::to_string(made.kernel);
        const int width = masked_space::has_widths(taken.operation) ? taken.widths[static_cast<std::size_t>(choice.width)] : 0;
        switch (taken.operation) {
          case masked_operation::inverted:
            made.expand = width, made.label = "IBN" + std::to_string(width) + " " + window;
            break;
          case masked_operation::fused:
            made.expand = width, made.label = "Fused" + std::to_string(width) + " " + window;
            break;
          case masked_operation::tucker:
            made.label = "Tucker " + window;
            break;
          default:
            made.label = "conv " + window;
        }
      }
      drawn.push_back(std::move(made));
    }
  return drawn;
}

}  // namespace hasse
