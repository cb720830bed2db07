// The operators that move numbers and compute none: shapes, channels, padding; and arithmetic on constants. Used by read.inl alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/onnx/detail/reader.hpp>

namespace hasse::detail {

/// Where a slice begins, and how many it takes of `side`, by steps of 1 or more.
struct onnx_stretch {
  std::int64_t first = 0, count = 0;
};
inline onnx_stretch stretch_of(std::int64_t begin, std::int64_t end, std::int64_t step, std::int64_t side) {
  const auto inside = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + side : at, 0, side); };
  const std::int64_t first = inside(begin), last = inside(end);
  return {first, last > first ? (last - first + step - 1) / step : 0};
}

/// Part of one axis of few numbers, forwards or backwards; `dims` becomes its shape.
inline std::vector<double> slice_along(const std::vector<double>& from, std::vector<std::int64_t>& dims, std::size_t axis, std::int64_t begin, std::int64_t end, std::int64_t step) {
  const std::int64_t side = dims[axis];
  std::vector<std::int64_t> places;
  if (step > 0) {
    const onnx_stretch part = stretch_of(begin, end, step, side);
    for (std::int64_t i = 0; i < part.count; ++i) places.push_back(part.first + i * step);
  } else if (step < 0 && side > 0) {
    const auto inside = [&](std::int64_t at, std::int64_t least) { return std::clamp<std::int64_t>(at < 0 ? at + side : at, least, side - 1); };
    for (std::int64_t at = inside(begin, 0), last = inside(end, -1); at > last; at += step) places.push_back(at);
  }
  const std::int64_t inner = element_count({dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, dims.end()});
  std::vector<double> made;
  for (std::int64_t row = 0; row < static_cast<std::int64_t>(from.size()) && inner > 0 && side > 0; row += inner * side)
    for (const std::int64_t place : places)
      for (std::int64_t i = 0; i < inner; ++i) made.push_back(from[static_cast<std::size_t>(row + place * inner + i)]);
  dims[axis] = static_cast<std::int64_t>(places.size());
  return made;
}

/// Folds a node whose inputs are all constants; false where it is no operator that is folded.
inline bool onnx_reader::fold(const onnx_node& node) {
  if (node.kind == "Constant") {
    onnx_constant made;
    if (const onnx_attribute* given = node.find("value"); given && !given->tensors.empty()) {
      const onnx_tensor& tensor = given->tensors[0];
      made.dims = tensor.dims, made.whole = is_whole(tensor.type), made.source = &tensor;
    } else if (const onnx_attribute* number = node.find("value_float")) made.few = {static_cast<double>(number->real)};
    else if (const onnx_attribute* one = node.find("value_int")) made.few = {static_cast<double>(one->whole)}, made.whole = true;
    else if (const onnx_attribute* many = node.find("value_ints")) made = whole_numbers({many->wholes.begin(), many->wholes.end()});
    else if (const onnx_attribute* reals = node.find("value_floats")) made.dims = {static_cast<std::int64_t>(reals->reals.size())}, made.few = {reals->reals.begin(), reals->reals.end()};
    else refuse("holds no numbers");
    return give_known(node, std::move(made)), true;
  }
  if (node.kind == "Shape") {
    const onnx_value& value = input(node, 0);
    const sides& dims = value.is_known ? value.known.dims : value.dims;
    const auto rank = static_cast<std::int64_t>(dims.size());
    const onnx_stretch part = stretch_of(whole(node, "start", 0), whole(node, "end", rank), 1, rank);
    return give_known(node, whole_numbers({dims.begin() + part.first, dims.begin() + part.first + part.count})), true;
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (has_input(node, i) && !input(node, i).is_known) return false;
  if (!has_input(node, 0)) return false;
  const onnx_constant& first = known(node, 0, "input");
  onnx_constant made = first;
  double number = 0;
  if (folded_one(node.kind, 0, number)) {
    made.few = numbers(first), made.source = nullptr, made.many = nullptr;
    for (double& each : made.few) folded_one(node.kind, each, each);
    return give_known(node, std::move(made)), true;
  }
  if (folded_pair(node.kind, false, 0, 0, number)) {
    const onnx_constant& second = known(node, 1, "second operand");
    const std::vector<double> left = numbers(first), right = numbers(second);
    if (left.size() != right.size() && left.size() != 1 && right.size() != 1) refuse("joins constants of " + std::to_string(left.size()) + " and " + std::to_string(right.size()) + " numbers", "simplify the file, for instance with onnxsim");
    onnx_constant joined = left.size() >= right.size() ? first : second;
    joined.source = nullptr, joined.many = nullptr, joined.whole = first.whole && second.whole;
    joined.few.resize(left.empty() || right.empty() ? 0 : std::max(left.size(), right.size()));
    for (std::size_t i = 0; i < joined.few.size(); ++i) folded_pair(node.kind, joined.whole, left[left.size() == 1 ? 0 : i], right[right.size() == 1 ? 0 : i], joined.few[i]);
    return give_known(node, std::move(joined)), true;
  }
  if (node.kind == "Cast") {
    const auto to = static_cast<onnx_type>(static_cast<int>(whole(node, "to", 1) & 0xff));
    if (is_whole(to) && !first.whole) {
      made.few = numbers(first), made.source = nullptr, made.many = nullptr;
      for (double& each : made.few) each = std::trunc(each);
    }
    made.whole = is_whole(to);
    return give_known(node, std::move(made)), true;
  }
  if (node.kind == "Clip") {
    made.few = numbers(first), made.source = nullptr, made.many = nullptr;
    const auto bounded_by = [&](const char* name, std::size_t index, auto take) {
      const onnx_attribute* const given = node.find(name);
      const std::vector<double> bound = given ? std::vector<double>{static_cast<double>(given->real)} : has_input(node, index) ? numbers(known(node, index, name)) : std::vector<double>();
      for (double& each : made.few)
        if (!bound.empty()) each = take(each, bound[0]);
    };
    bounded_by("min", 1, [](double each_number, double least) { return std::max(each_number, least); });
    bounded_by("max", 2, [](double each_number, double most) { return std::min(each_number, most); });
    return give_known(node, std::move(made)), true;
  }
  if (node.kind == "Identity" || node.kind == "Dropout") return give_known(node, std::move(made)), true;
  if (node.kind == "Reshape" || node.kind == "Squeeze" || node.kind == "Unsqueeze" || node.kind == "Flatten") {
    made.dims = reshaped_to(node);
    if (made.count() != first.count()) refuse("reshapes " + std::to_string(first.count()) + " numbers to " + std::to_string(made.count()), onnx_remedy_);
    return give_known(node, std::move(made)), true;
  }
  if (node.kind == "Transpose") {
    const std::size_t rank = first.dims.size();
    sides order = wholes(node, "perm");
    if (order.empty()) for (std::size_t i = rank; i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
    std::vector<std::size_t> axes;
    for (const std::int64_t axis : order) axes.push_back(axis_of(axis, rank));
    std::vector<std::size_t> sorted = axes;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      if (sorted[i] != i || sorted.size() != rank) refuse("has a perm that names no axis once", onnx_remedy_);
    layers_.spend(first.count());
    const std::vector<float> given = floats(first);
    std::vector<float> moved;
    moved.reserve(given.size());
    if (static_cast<std::int64_t>(given.size()) != first.count()) refuse("moves numbers that are not there", onnx_remedy_);
    for_each_transposed(first.dims, axes, [&](std::size_t from) { moved.push_back(given[from]); });
    for (std::size_t i = 0; i < rank; ++i) made.dims[i] = first.dims[axes[i]];
    made.few.clear(), made.source = nullptr, made.many = std::make_shared<const std::vector<float>>(std::move(moved));
    return give_known(node, std::move(made)), true;
  }
  if (node.kind == "Gather" && whole(node, "axis", 0) == 0 && first.dims.size() <= 1) {
    const std::vector<double> given = numbers(first);
    const onnx_constant& at = known(node, 1, "indices");
    onnx_constant taken{.dims = at.dims, .whole = first.whole};
    for (const double index : numbers(at)) taken.few.push_back(given[axis_of(bounded(index), given.size())]);
    return give_known(node, std::move(taken)), true;
  }
  if (node.kind == "Slice") {
    made.few = numbers(first), made.source = nullptr, made.many = nullptr;
    const sides begin = attribute_or_input(node, "starts", 1), end = attribute_or_input(node, "ends", 2), axes = attribute_or_input(node, "axes", 3), step = attribute_or_input(node, "steps", 4);
    for (std::size_t i = 0; i < begin.size(); ++i) {
      if (i >= end.size() || (!axes.empty() && i >= axes.size()) || (!step.empty() && i >= step.size())) refuse("has starts, ends, axes and steps of different lengths", onnx_remedy_);
      const std::size_t axis = axis_of(axes.empty() ? static_cast<std::int64_t>(i) : axes[i], made.dims.size());
      made.few = slice_along(made.few, made.dims, axis, begin[i], end[i], step.empty() ? 1 : step[i]);
    }
    return give_known(node, std::move(made)), true;
  }
  if (node.kind == "Concat" && first.dims.size() <= 1) {
    onnx_constant all = whole_numbers({});
    all.whole = first.whole;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const std::vector<double> part = numbers(known(node, i, "part"));
      all.few.insert(all.few.end(), part.begin(), part.end());
      if (static_cast<std::int64_t>(all.few.size()) > most_folded) refuse("joins more than " + std::to_string(most_folded) + " numbers");
    }
    all.dims = {static_cast<std::int64_t>(all.few.size())};
    return give_known(node, std::move(all)), true;
  }
  if (node.kind == "ConstantOfShape") {
    const sides to = wholes(node, 0, "shape");
    onnx_constant filled{.dims = to, .whole = false};
    if (element_count(to) > most_folded) refuse("makes more than " + std::to_string(most_folded) + " numbers");
    double fill = 0;
    if (const onnx_attribute* given = node.find("value"); given && !given->tensors.empty()) {
      filled.whole = is_whole(given->tensors[0].type);
      if (const std::vector<double> one = numbers_of(given->tensors[0], folder_, path_); !one.empty()) fill = one[0];
    }
    filled.few.assign(static_cast<std::size_t>(element_count(to)), fill);
    return give_known(node, std::move(filled)), true;
  }
  return false;
}

/// The shape that Reshape, Flatten, Squeeze or Unsqueeze asks for.
inline onnx_reader::sides onnx_reader::reshaped_to(const onnx_node& node) {
  const onnx_value& value = input(node, 0);
  const sides from = value.is_known ? value.known.dims : value.dims;
  sides to;
  if (node.kind == "Reshape") {
    to = wholes(node, 1, "shape");
    if (to.size() > 16) refuse("reshapes to " + std::to_string(to.size()) + " dimensions", onnx_remedy_);
    std::int64_t open = -1;
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i] == 0 && whole(node, "allowzero", 0) == 0) {
        if (i >= from.size()) refuse("keeps dimension " + std::to_string(i) + " of " + std::to_string(from.size()), onnx_remedy_);
        to[i] = from[i];
      }
      if (to[i] == -1) open = static_cast<std::int64_t>(i), to[i] = 1;
      if (to[i] < 0) refuse("reshapes to a side of " + std::to_string(to[i]), onnx_remedy_);
    }
    if (open >= 0) {
      const std::int64_t all = element_count(from), others = element_count(to);
      if (others < 1 || all % others != 0) refuse("reshapes " + std::to_string(all) + " numbers to rows of " + std::to_string(others), "read the file for other sides of the image");
      to[static_cast<std::size_t>(open)] = all / others;
    }
    return to;
  }
  if (node.kind == "Flatten") {
    const auto axis = static_cast<std::ptrdiff_t>(axis_of(whole(node, "axis", 1), from.size() + 1));
    const auto product = [](auto first, auto last) { return element_count(sides(first, last)); };
    return {product(from.begin(), from.begin() + axis), product(from.begin() + axis, from.end())};
  }
  const sides given = attribute_or_input(node, "axes", 1);
  const bool adds = node.kind == "Unsqueeze";
  const std::size_t rank = adds ? from.size() + given.size() : from.size();
  if (rank > 16) refuse("makes " + std::to_string(rank) + " dimensions", onnx_remedy_);
  std::vector<bool> named(rank, false);
  for (const std::int64_t axis : given) named[axis_of(axis, rank)] = true;
  if (given.empty())
    for (std::size_t i = 0; i < rank; ++i) named[i] = from[i] == 1;
  for (std::size_t i = 0, next = 0; i < rank; ++i) {
    if (adds && named[i]) to.push_back(1);
    else if (adds) {
      if (next >= from.size()) refuse("names an axis twice", onnx_remedy_);
      to.push_back(from[next++]);
    } else if (!named[i]) to.push_back(from[i]);
    else if (from[i] != 1) refuse("removes a dimension of " + std::to_string(from[i]), onnx_remedy_);
  }
  return to;
}

/// The same numbers in another shape, as far as that is still an image, a row, or channels in groups.
inline void onnx_reader::reshape(const onnx_node& node, const sides& to) {
  onnx_value value = changed(node, 0);
  if (to == value.dims) return give(node, std::move(value));
  const auto text_of_dims = [](const sides& dims) {
    std::string text;
    for (const std::int64_t side : dims) text += (text.empty() ? "" : " x ") + std::to_string(side);
    return text;
  };
  const auto cannot = [&] { refuse("reshapes " + text_of_dims(value.dims) + " to " + text_of_dims(to) + ", and layers here have images, rows of their numbers, or their channels in groups"); };
  if (to.empty() || to[0] != batch_ || element_count(to) != element_count(value.dims)) cannot();
  const feature_shape shape = layers_.shape_of(value.id);
  const std::int64_t channels = value.pick.empty() ? shape.c : static_cast<std::int64_t>(value.pick.size()), all = shape.pixels() * channels;
  std::string axes;
  if (value.is_padded()) cannot();
  if (shape.pixels() == 1 && value.axes.find('g') == std::string::npos) {  // one side has the channels
    static constexpr std::string_view others = "HW111111111111111";
    std::size_t next = 0;
    for (std::size_t i = 1; i < to.size(); ++i) axes += to[i] == channels && axes.find('C') == std::string::npos ? 'C' : others[next++];
    axes = "N" + axes;
    if (axes.find('C') == std::string::npos) axes.clear();
    if (axes.empty() && to.size() == 5 && to[3] == 1 && to[4] == 1) axes = "NgkHW";
  } else if (to.size() == 2 && to[1] == all && (value.axes == "NCHW" || value.axes == "NHWC")) {
    layers_.settle(value);
    axes = value.axes == "NCHW" ? "NF" : "NG";
  } else if (value.axes == "NCHW" && to.size() == 5 && to[3] == shape.h && to[4] == shape.w) axes = "NgkHW";
  else if ((value.axes == "NgkHW" || value.axes == "NF") && to == sides{batch_, channels, shape.h, shape.w}) axes = "NCHW";
  else if (value.axes == "NgkHW" && shape.pixels() == 1 && to == sides{batch_, channels}) axes = "NC";
  else if (value.axes == "NG" && to == sides{batch_, shape.h, shape.w, channels}) axes = "NHWC";
  if (axes.empty()) cannot();
  value.axes = axes, value.dims = to;
  give(node, std::move(value));
}

inline void onnx_reader::transpose(const onnx_node& node) {
  onnx_value value = changed(node, 0);
  const std::size_t rank = value.dims.size();
  sides order = wholes(node, "perm");
  if (order.empty()) for (std::size_t i = rank; i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  if (order.size() != rank) refuse("has a perm of " + std::to_string(order.size()) + " axes for " + std::to_string(rank), onnx_remedy_);
  if (value.is_padded()) refuse("reads what a Pad makes");
  if (value.axes == "NgkHW" && order == sides{0, 2, 1, 3, 4}) {  // a shuffle
    layers_.settle(value);
    const std::int64_t groups = value.dims[1], each = value.dims[2];
    layers_.spend(groups * each);
    for (std::int64_t k = 0; k < each; ++k)
      for (std::int64_t g = 0; g < groups; ++g) value.pick.push_back(static_cast<int>(g * each + k));
    std::swap(value.dims[1], value.dims[2]);
    return give(node, std::move(value));
  }
  const onnx_value before = value;
  std::string seen;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from = axis_of(order[i], rank);
    value.axes[i] = before.axes[from], value.dims[i] = before.dims[from];
    seen += static_cast<char>('a' + from);
  }
  std::sort(seen.begin(), seen.end());
  for (std::size_t i = 0; i < rank; ++i)
    if (seen[i] != static_cast<char>('a' + i)) refuse("has a perm that names an axis twice", onnx_remedy_);
  if (value.axes != before.axes && (value.axes.find('g') != std::string::npos || value.axes[0] != 'N')) refuse("moves the images, or channels in groups, to another axis");
  give(node, std::move(value));
}

/// Takes channels `pick` of a value.
inline onnx_value picked(onnx_layers& layers, onnx_value value, const std::vector<int>& pick) {
  if (!value.factor.empty() || !value.shift.empty() || value.clipped) layers.settle(value);
  layers.spend(static_cast<std::int64_t>(pick.size()));
  std::vector<int> made;
  made.reserve(pick.size());
  for (const int channel : pick) made.push_back(value.pick.empty() ? channel : value.pick[static_cast<std::size_t>(channel)]);
  value.pick = std::move(made);
  value.dims[value.axes.find('C')] = static_cast<std::int64_t>(pick.size());
  return value;
}
inline std::vector<int> channels_from(std::int64_t first, std::int64_t count) {
  std::vector<int> pick(static_cast<std::size_t>(count));
  std::iota(pick.begin(), pick.end(), static_cast<int>(first));
  return pick;
}

inline void onnx_reader::slice(const onnx_node& node) {
  onnx_value value = changed(node, 0);
  const sides begin = attribute_or_input(node, "starts", 1), end = attribute_or_input(node, "ends", 2), axes = attribute_or_input(node, "axes", 3), step = attribute_or_input(node, "steps", 4);
  if (value.is_known || value.is_padded()) refuse("slices weights, or what a Pad makes");
  if (begin.size() != end.size() || begin.size() > value.dims.size() || (!axes.empty() && axes.size() != begin.size()) || (!step.empty() && step.size() != begin.size()))
    refuse("has starts, ends, axes and steps of different lengths", onnx_remedy_);
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const std::size_t axis = axis_of(axes.empty() ? static_cast<std::int64_t>(i) : axes[i], value.dims.size());
    const std::int64_t by = step.empty() ? 1 : step[i];
    if (by < 1) refuse("has a step of " + std::to_string(by) + ", and at least 1 is needed");
    const onnx_stretch part = stretch_of(begin[i], end[i], by, value.dims[axis]);
    if (by == 1 && part.count == value.dims[axis]) continue;
    if (value.axes[axis] != 'C') refuse("takes part of axis " + std::to_string(axis) + " (steps of " + std::to_string(by) + "), and only channels can be taken apart");
    if (part.count < 1) refuse("leaves no channel", onnx_remedy_);
    std::vector<int> pick;
    for (std::int64_t k = 0; k < part.count; ++k) pick.push_back(static_cast<int>(part.first + k * by));
    value = picked(layers_, std::move(value), pick);
  }
  give(node, std::move(value));
}

inline void onnx_reader::split(const onnx_node& node) {
  const onnx_value value = changed(node, 0);
  if (value.is_known || value.is_padded()) refuse("splits weights, or what a Pad makes");
  const std::size_t axis = axis_of(whole(node, "axis", 0), value.dims.size());
  if (value.axes[axis] != 'C') refuse("splits axis " + std::to_string(axis) + ", and only channels can be taken apart");
  sides parts = attribute_or_input(node, "split", 1);
  const auto count = static_cast<std::int64_t>(node.outputs.size());
  if (parts.empty() && count > 0) {
    const std::int64_t each = (value.dims[axis] + count - 1) / count;
    for (std::int64_t left = value.dims[axis]; left > 0; left -= each) parts.push_back(std::min(each, left));
  }
  std::int64_t first = 0;
  if (parts.size() != node.outputs.size()) refuse("splits into " + std::to_string(parts.size()) + " parts and names " + std::to_string(count), onnx_remedy_);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] < 1 || parts[i] > value.dims[axis] - first) refuse("splits " + std::to_string(value.dims[axis]) + " channels into parts that do not fit", onnx_remedy_);
    onnx_value part = picked(layers_, value, channels_from(first, parts[i]));
    part.sole = false;  // the other parts read the same
    give(node, std::move(part), i);
    first += parts[i];
  }
}

inline void onnx_reader::gather(const onnx_node& node) {
  onnx_value value = changed(node, 0);
  if (value.is_known || value.is_padded()) refuse("gathers from weights, or from what a Pad makes");
  const std::size_t axis = axis_of(whole(node, "axis", 0), value.dims.size());
  const onnx_constant& at = known(node, 1, "indices");
  if (value.axes[axis] != 'C' || at.dims.size() != 1) refuse("takes from axis " + std::to_string(axis) + ", and only a list of channels can be taken");
  std::vector<int> pick;
  for (const double index : numbers(at)) pick.push_back(static_cast<int>(axis_of(bounded(index), static_cast<std::size_t>(value.dims[axis]))));
  if (pick.empty()) refuse("takes no channel", onnx_remedy_);
  give(node, picked(layers_, std::move(value), pick));
}

inline void onnx_reader::pad(const onnx_node& node) {
  onnx_value value = settled(node, 0, true);
  if (value.axes != "NCHW") demand_axes(value, "NCHW");
  sides pads = attribute_or_input(node, "pads", 1);
  if (has_input(node, 3)) {
    const sides axes = wholes(node, 3, "axes");
    if (pads.size() != 2 * axes.size()) refuse("has " + std::to_string(pads.size()) + " pads for " + std::to_string(axes.size()) + " axes", onnx_remedy_);
    sides all(8, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) all[axis_of(axes[i], 4)] = pads[i], all[axis_of(axes[i], 4) + 4] = pads[i + axes.size()];
    pads = all;
  }
  if (pads.size() != 8) refuse("has " + std::to_string(pads.size()) + " pads for 4 dimensions", onnx_remedy_);
  const double fill = has_input(node, 2) ? [&] { const auto one = numbers(known(node, 2, "value")); return one.empty() ? 0.0 : one[0]; }() : static_cast<double>(real(node, "value", 0));
  const std::string mode = text(node, "mode", "constant");
  const bool none = std::all_of(pads.begin(), pads.end(), [](std::int64_t each) { return each == 0; });
  if (none) return give(node, std::move(value));
  if (mode != "constant" || fill != 0) refuse("pads with mode " + in_quotes(mode) + " and " + std::to_string(fill) + ", and only zeros are possible", "pad with zeros and train again");
  for (const std::int64_t each : pads)
    if (each < 0 || each > 4096) refuse("pads by " + std::to_string(each) + ", and 0 to 4096 is possible", "crop by other means");
  if (pads[0] != 0 || pads[4] != 0 || pads[1] != 0) refuse("pads images, or before the first channel");
  if (pads[5] != 0) {
    if (value.is_padded()) refuse("pads channels of what a Pad makes");
    const feature_shape in = layers_.shape_of(value.id);
    value = value_of(layers_.build([&](auto builder) { return builder.pad_channels(value.id, static_cast<int>(in.c + pads[5])); }));
  }
  for (std::size_t i : {0u, 1u}) {
    value.pads[i] += pads[i + 2], value.pads[i + 2] += pads[i + 6];
    value.dims[i + 2] += pads[i + 2] + pads[i + 6];
  }
  give(node, std::move(value));
}

inline void onnx_reader::concat(const onnx_node& node) {
  if (node.inputs.empty()) refuse("joins nothing", onnx_remedy_);
  const std::string axes = settled(node, 0).axes;
  value_id all = no_value;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const onnx_value& part = settled(node, i);
    if (part.axes != axes || axes[axis_of(whole(node, "axis", 1), axes.size())] != 'C') refuse("joins along axis " + std::to_string(whole(node, "axis", 1)) + ", and only channels are joined");
    all = i == 0 ? part.id : layers_.build([&](auto builder) { return builder.concat(all, part.id); });
  }
  give(node, value_of(all, axes));
}

inline void onnx_reader::depth_to_space(const onnx_node& node) {
  onnx_value value = changed(node, 0);
  const std::int64_t side = whole(node, "blocksize", 0);
  if (value.axes != "NCHW" || value.is_known || side < 1 || side > 64 || value.dims[1] % (side * side) != 0) refuse("has a blocksize of " + std::to_string(side) + " for what it reads", onnx_remedy_);
  const std::string mode = text(node, "mode", "DCR");
  if (mode == "CRD" && side > 1) {  // PyTorch's pixel shuffle has the channels in another order
    std::vector<int> pick;
    const std::int64_t square = side * side;
    for (std::int64_t at = 0; at < square; ++at)
      for (std::int64_t c = 0; c < value.dims[1] / square; ++c) pick.push_back(static_cast<int>(c * square + at));
    value = picked(layers_, std::move(value), pick);
  }
  layers_.settle(value);
  give(node, value_of(layers_.build([&](auto builder) { return builder.depth_to_space(value.id, static_cast<int>(side)); })));
}

}  // namespace hasse::detail
