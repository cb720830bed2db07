// The bodies of supernet/masked_layers.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/supernet/masked_layers.hpp>

namespace hasse {

namespace detail {

HASSE_BODY void masked_writer::write() {
  const masked_design& design = space_.design();
  made_.layers.input = design.input;
  value_id value = 0;
  std::vector<value_id> ends;
  for (int at = 0; at < space_.blocks(); ++at) {
    for (int index = 0; index < static_cast<int>(space_.block(at).layers.size()); ++index) value = layer_of(at, index, value);
    if (space_.block(at).pooled) value = list_.global_average_pool(value);
    ends.push_back(value);
  }
  own("pools");
  design.head(list_, ends);
  own("head");
}
HASSE_BODY void masked_writer::write(int block, int index, feature_shape input) {
  made_.layers.input = input;
  layer_of(block, index, 0);
}

HASSE_BODY void masked_writer::own(const std::string& name) {
  for (int part = 0; made_.origins.size() < made_.layers.size(); ++part)
    made_.origins.push_back({name + (part > 0 ? " " + std::to_string(part) : ""), {}});
}

HASSE_BODY value_id masked_writer::mask(value_id from, const std::vector<int>& counts, double factor) {
  const int channels = list_.shape_of(from).c;
  std::vector<double> shares;
  for (int channel = 0; channel < channels; ++channel) {
    const auto with = std::count_if(counts.begin(), counts.end(), [&](int count) { return channel < count; });
    shares.push_back(factor * static_cast<double>(with) / static_cast<double>(counts.size()));
  }
  if (std::all_of(shares.begin(), shares.end(), [](double share) { return share == 1; })) return from;
  const value_id masked = list_.convolution(from, channels, 1, 1, 0, channels);
  own("mask");
  made_.origins.back().constant = std::move(shares);
  return masked;
}

HASSE_BODY value_id masked_writer::normalised(value_id from, int out, int kernel, int stride, activation act, int groups, const std::string& name) {
  const value_id made = list_.conv_bn(from, out, kernel, stride, act, space_.design().norm, groups, space_.design().pad);
  own(name);
  return made;
}

HASSE_BODY value_id masked_writer::spatial(value_id from, int out, const masked_layer& layer, const std::vector<int>& kernels, bool depthwise, const std::string& name) {
  value_id sum = no_value;
  for (const int kernel : kernels) {
    const std::string own_name = name + " k" + std::to_string(kernel);
    value_id one;
    if (layer.normalised) {
      one = normalised(from, out, kernel, layer.stride, layer.act, depthwise ? out : 1, own_name);
    } else {
      one = list_.activate(list_.convolution(from, out, kernel, layer.stride, -1, depthwise ? out : 1, true, space_.design().pad), layer.act);
      own(own_name);
    }
    sum = sum == no_value ? one : list_.add(one, sum);
    own("sum");
  }
  return sum;
}

HASSE_BODY value_id masked_writer::branch(value_id from, int out, const masked_layer& layer, const masked_option& option, const layer_choice& choice, const std::string& name) {
  const int in = list_.shape_of(from).c;
  const std::vector<int> kernels = taken(option.kernels, choice.kernel);
  const double each = 1 / static_cast<double>(kernels.size());
  if (option.operation == masked_operation::dense) return mask(spatial(from, out, layer, kernels, false, name), each);

  std::vector<int> widths = taken(option.widths, choice.width);
  value_id value = from;
  if (option.operation == masked_operation::tucker) {
    for (int& width : widths) width = round_to_8(std::int64_t{width} * in, 100);
    value = mask(normalised(value, widths.back(), 1, 1, layer.act, 1, name + " reduce"), widths, 1);
    std::vector<int> ranks = taken(option.ranks, choice.rank);
    for (int& rank : ranks) rank = round_to_8(std::int64_t{rank} * out, 100);
    value = mask(spatial(value, ranks.back(), layer, kernels, false, name), ranks, each);
  } else {
    for (int& width : widths) width *= in;
    const bool depthwise = option.operation == masked_operation::inverted;
    if (depthwise && option.widths.back() > 1) value = normalised(value, widths.back(), 1, 1, layer.act, 1, name + " expand");
    value = mask(spatial(value, widths.back(), layer, kernels, depthwise, name), widths, each);
  }
  if (masked_space::has_squeeze(layer, option) && choice.squeeze != 0) {
    squeeze_excite se = layer.se;
    se.rule = squeezed_;
    const value_id before = value;
    value = se.lower(list_, value, in);
    own(name + " squeeze");
    if (choice.squeeze == all_options) {
      value = list_.add(value, before);
      own("sum");
      value = mask(value, 0.5);
    }
  }
  return normalised(value, out, 1, 1, activation::none, 1, name + " project");
}

HASSE_BODY value_id masked_writer::layer_of(int block, int index, value_id from) {
  const masked_layer& layer = space_.layer_at(block, index);
  const layer_choice choice = space_.choice_of(code_, block, index);
  const int out = space_.filters_of(code_, block);
  const std::string name = "block " + std::to_string(block) + " layer " + std::to_string(index) + ' ';
  value_id value = no_value;
  for (std::size_t at = 0; at < layer.options.size(); ++at) {
    const masked_option& option = layer.options[at];
    if (option.operation == masked_operation::skip) continue;
    if (choice.option != all_options && choice.option != static_cast<int>(at)) continue;
    const value_id one = branch(from, out, layer, option, choice, name + masked_space::name_of(option.operation));
    value = value == no_value ? one : list_.add(one, value);
    own("sum");
  }
  if (value == no_value) return from;
  if (choice.option == all_options) value = mask(value, 1 / static_cast<double>(layer.options.size()));
  if (layer.residual) value = list_.add(value, from);
  own("sum");
  return value;
}

}  // namespace detail

HASSE_BODY masked_layers layers_of(const masked_space& space, std::span<const int> code, rounding squeezed) {
  space.check(code);
  masked_layers made;
  detail::masked_writer(space, code, squeezed, made).write();
  return made;
}
HASSE_BODY layer_list layer_alone(const masked_space& space, std::span<const int> code, int block, int index, feature_shape input,
                                  rounding squeezed) {
  masked_layers made;
  detail::masked_writer(space, code, squeezed, made).write(block, index, input);
  return made.layers;
}

namespace detail {

HASSE_BODY tensor_slice leading_slice(const layer& full, const layer& narrow, parameter_role role) {
  std::vector<int> rows;
  for (int row = 0; row < narrow.out.c; ++row) rows.push_back(row);
  if (role != parameter_role::weight) return {std::move(rows), 1, {{0, 1}}};
  const std::size_t window = full.kind == layer_kind::convolution ? at(full.kernel * full.kernel) : 1;
  if (is_depthwise(full)) return {std::move(rows), window, {{0, window}}};
  const std::size_t channels = at(full.in.c / full.groups), used = at(narrow.in.c / narrow.groups);
  const std::size_t pixels = full.kind == layer_kind::linear ? static_cast<std::size_t>(full.in.pixels()) : 1;
  std::vector<tensor_slice::stretch> stretches;
  if (used == channels) return {std::move(rows), pixels * channels * window, {{0, pixels * channels * window}}};
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) stretches.push_back({pixel * channels * window, used * window});
  return {std::move(rows), pixels * channels * window, std::move(stretches)};
}

}  // namespace detail

HASSE_BODY masked_shared::masked_shared(const masked_space& space) {
  const masked_layers all = layers_of(space, space.everything());
  list_.input = all.layers.input;
  for (std::size_t at = 0; at < all.origins.size(); ++at) {
    if (!has_parameters(all.layers.items[at]) || !all.origins[at].constant.empty()) continue;
    if (!places_.emplace(all.origins[at].name, static_cast<int>(list_.size())).second)
      throw error("two layers of the space are called \"" + all.origins[at].name + "\"; give every block one head and every layer one place");
    list_.items.push_back(all.layers.items[at]);
  }
}

HASSE_BODY parameter_layout masked_shared::layout() const {
  parameter_layout made = layout_of(list_.items);
  made.statistics.clear(), made.statistics_size = 0;
  return made;
}

HASSE_BODY int masked_shared::place_of(const masked_layers& of, int index) const {
  const masked_origin& origin = of.origins[detail::at(index)];
  const layer& narrow = of.layers.items[detail::at(index)];
  if (!origin.constant.empty() || !has_parameters(narrow)) return -1;
  const auto found = places_.find(origin.name);
  const layer* const full = found == places_.end() ? nullptr : &list_.items[detail::at(found->second)];
  const bool whole_groups = full && (full->groups == 1 || is_depthwise(*full) || (full->in.c == narrow.in.c && full->out.c == narrow.out.c));
  if (!full || full->kind != narrow.kind || full->kernel != narrow.kernel || narrow.in.c > full->in.c || narrow.out.c > full->out.c ||
      full->in.pixels() != narrow.in.pixels() || full->bias != narrow.bias || is_depthwise(*full) != is_depthwise(narrow) || !whole_groups)
    throw error("\"" + origin.name + "\" is another layer in a narrow network than in the widest; let a head have the same layers at every "
                "width, and no grouped convolutions but depthwise ones of the width that comes in");
  return found->second;
}

}  // namespace hasse
