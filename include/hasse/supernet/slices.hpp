// The part of every parameter that a narrower configuration uses: leading channels of each group, copied there and back.
// Used by slimmable networks, in training and when one width is cut out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse::detail {

/// The full channel behind each channel of a value that has `counts[g]` channels of group g: the first of every part.
template <class List, class Counts>
std::vector<int> kept_channels(const channel_groups<List>& groups, value_id value, const Counts& counts) {
  std::vector<int> kept;
  groups.for_each_run(value, [&](int group, int begin, int channels) {
    const int parts = group < 0 ? 1 : groups[group].parts, active = group < 0 ? channels : counts[at(group)];
    for (int part = 0; part < parts; ++part)
      for (int i = 0; i < active / parts; ++i) kept.push_back(begin + part * (channels / parts) + i);
  });
  return kept;
}

/// Where a narrow tensor lies in the full one: whole rows, and stretches of each row.
class tensor_slice {
 public:
  struct stretch {
    std::size_t begin, length;
  };

  tensor_slice(std::vector<int> rows, std::size_t row_length, std::vector<stretch> stretches);

  std::size_t size() const { return rows_.size() * narrow_; }
  /// The narrow tensor is the beginning of the full one: nothing has to be copied.
  bool leads_whole_rows() const { return whole_; }
  /// narrow[r * columns().size() + c] is full[rows()[r] * row_length() + columns()[c]].
  const std::vector<int>& rows() const { return rows_; }
  std::size_t row_length() const { return row_length_; }
  std::vector<int> columns() const;

  template <class Scalar>
  void gather(const Scalar* full, Scalar* narrow) const {
    walk([&](std::size_t from, std::size_t to, std::size_t length) { std::copy_n(full + from, length, narrow + to); });
  }
  template <class Scalar>
  void add_to(Scalar* full, const Scalar* narrow) const {
    walk([&](std::size_t to, std::size_t from, std::size_t length) {
      for (std::size_t i = 0; i < length; ++i) full[to + i] += narrow[from + i];
    });
  }

  /// full = keep full + (1 - keep) narrow, where the slice is.
  template <class Scalar>
  void mix_into(Scalar* full, const Scalar* narrow, Scalar keep) const {
    walk([&](std::size_t to, std::size_t from, std::size_t length) {
      for (std::size_t i = 0; i < length; ++i) full[to + i] = keep * full[to + i] + (1 - keep) * narrow[from + i];
    });
  }

 private:
  bool leads() const;
  template <class Body>
  void walk(Body&& body) const {
    if (whole_) return body(std::size_t{0}, std::size_t{0}, size());
    std::size_t narrow = 0;
    for (const int row : rows_)
      for (const stretch& each : stretches_) {
        body(static_cast<std::size_t>(row) * row_length_ + each.begin, narrow, each.length);
        narrow += each.length;
      }
  }

  std::vector<int> rows_;
  std::size_t row_length_, narrow_ = 0;
  std::vector<stretch> stretches_;
  bool whole_ = false;
};

/// A slice of parameters that may lie on a device, which then has its rows and columns, too.
class placed_slice {
 public:
  placed_slice(parameter_accelerator* device, tensor_slice slice);

  bool leads_whole_rows() const { return slice_.leads_whole_rows(); }
  /// As those of tensor_slice.
  template <class Scalar>
  void gather(Scalar* full, Scalar* narrow) const {
    if (device_)
      on_device(full, narrow, [&](const slice_operands& at) { device_->gather(at); });
    else
      slice_.gather(static_cast<const Scalar*>(full), narrow);
  }
  template <class Scalar>
  void add_to(Scalar* full, Scalar* narrow) const {
    if (device_)
      on_device(full, narrow, [&](const slice_operands& at) { device_->add_slice(at); });
    else
      slice_.add_to(full, static_cast<const Scalar*>(narrow));
  }
  template <class Scalar>
  void mix_into(Scalar* full, Scalar* narrow, Scalar keep) const {
    if (device_)
      on_device(full, narrow, [&](const slice_operands& at) { device_->mix_slice(at, static_cast<float>(keep)); });
    else
      slice_.mix_into(full, static_cast<const Scalar*>(narrow), keep);
  }

 private:
  template <class Scalar, class Queue>
  void on_device(Scalar* full, Scalar* narrow, Queue&& queue) const {
    if constexpr (std::is_same_v<Scalar, float>)
      queue(slice_operands{places_.data(), places_.data() + slice_.rows().size(), static_cast<int>(slice_.rows().size()),
                           column_count_, slice_.row_length(), full, narrow});
  }

  parameter_accelerator* device_;
  tensor_slice slice_;
  int column_count_ = 0;
  backend_array<int> places_;
};

/// The slice of one parameter of layer `index` of the full list.
template <class Counts>
tensor_slice slice_of(const layer_list& list, const channel_groups<layer_list>& groups, int index, parameter_role role,
                      const Counts& counts) {
  const layer& item = list.items[at(index)];
  std::vector<int> rows = kept_channels(groups, index + 1, counts);
  if (role != parameter_role::weight) return {std::move(rows), 1, {{0, 1}}};
  const bool depthwise = item.groups > 1 && item.groups == item.in.c;
  const std::size_t window = item.kind == layer_kind::convolution ? at(item.kernel * item.kernel) : 1;
  if (depthwise) return {std::move(rows), window, {{0, window}}};
  // Input channels that stand side by side become one stretch; a grouped convolution sees those of its first group.
  const int channels = item.in.c / item.groups;
  std::vector<int> columns = kept_channels(groups, item.input, counts);
  columns.erase(std::find_if(columns.begin(), columns.end(), [&](int channel) { return channel >= channels; }), columns.end());
  const int pixels = item.kind == layer_kind::linear ? static_cast<int>(item.in.pixels()) : 1;
  std::vector<tensor_slice::stretch> stretches;
  for (int pixel = 0; pixel < pixels; ++pixel)
    for (const int column : columns) {
      const std::size_t begin = at(pixel * channels + column) * window;
      if (!stretches.empty() && stretches.back().begin + stretches.back().length == begin)
        stretches.back().length += window;
      else
        stretches.push_back({begin, window});
    }
  return {std::move(rows), at(pixels * channels) * window, std::move(stretches)};
}

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/supernet/slices.inl>
#endif
