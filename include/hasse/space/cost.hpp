// What a layer list costs, as constants: multiply-accumulates, parameters, activation memory. Defined once, here.
// Used by parts and architecture (sums over blocks), catalogue, latency, result and the programs.
#pragma once

#include <cstdint>

#include <hasse/space/layer.hpp>

namespace hasse {

/// Counts for batch 1. MACs are those of convolutions (the frozen ones of `upsample` too) and linear layers only, as in the papers, which
/// call them FLOPs.
struct cost {
  std::int64_t macs = 0;
  std::int64_t weights = 0;                ///< parameters of convolutions and linear layers, biases included
  std::int64_t batch_norm_parameters = 0;  ///< scale and shift
  std::int64_t activations = 0;            ///< elements that layers write which cannot work in place: all but those named below
  std::int64_t peak_elements =
      0;  ///< most elements alive at once in inference; batch norm, activation, add and scale work in place
  std::int64_t kept_elements = 0;  ///< of named outputs, which stay until all is done

  constexpr std::int64_t parameters() const { return weights + batch_norm_parameters; }
  /// Blocks in a row: everything adds, the peak is the larger one, above what blocks before have handed out. An output that is also
  /// what the next block reads counts twice there: the sum is never too small.
  constexpr cost& operator+=(const cost& next) {
    macs += next.macs, weights += next.weights, batch_norm_parameters += next.batch_norm_parameters;
    activations += next.activations;
    if (kept_elements + next.peak_elements > peak_elements) peak_elements = kept_elements + next.peak_elements;
    kept_elements += next.kept_elements;
    return *this;
  }
  friend constexpr bool operator==(const cost&, const cost&) = default;
};

/// Multiply-accumulates of one layer for one image.
constexpr std::int64_t macs_of(const layer& item) {
  switch (item.kind) {
    case layer_kind::convolution:
      return item.out.size() * (item.in.c / item.groups) * item.kernel * item.kernel;
    case layer_kind::linear:
      return item.in.size() * item.out.c;
    case layer_kind::upsample:
      return item.in.size() * upsampling_kernel(item.stride) * upsampling_kernel(item.stride);
    default:
      return 0;
  }
}

/// Trainable numbers of one layer.
constexpr std::int64_t parameters_of(const layer& item) {
  switch (item.kind) {
    case layer_kind::convolution:
      return std::int64_t{item.out.c} * (item.in.c / item.groups) * item.kernel * item.kernel + (item.bias ? item.out.c : 0);
    case layer_kind::linear:
      return item.in.size() * item.out.c + (item.bias ? item.out.c : 0);
    case layer_kind::batch_norm:
      return 2 * std::int64_t{item.out.c};
    default:
      return 0;
  }
}

/// The cost of a whole list. Peak: at each layer, the values that it or a later layer still reads and the named outputs that are
/// there, plus what it writes.
template <class List>
constexpr cost cost_of(const List& list) {
  const int count = static_cast<int>(list.size());
  const layer* const items = list.data();
  int* const last_reader = new int[static_cast<std::size_t>(count) + 2]{};  // 0: nobody; else 1 + the layer; last: of second_input
  const auto at_value = [&](value_id value) { return value == second_input ? count + 1 : value; };
  for (int at = 0; at < count; ++at) {
    last_reader[at_value(items[at].input)] = at + 1;
    if (items[at].other != no_value) last_reader[at_value(items[at].other)] = at + 1;
  }
  cost total;
  for (const auto& output : list.outputs) {
    last_reader[at_value(output.value)] = count + 1;
    total.kept_elements += list.shape_of(output.value).size();
  }
  std::int64_t alive = last_reader[0] > 0 ? list.shape_of(0).size() : 0;
  if (last_reader[count + 1] > 0) alive += list.shape_of(second_input).size();
  for (int at = 0; at < count; ++at) {
    const layer& item = items[at];
    total.macs += macs_of(item);
    (item.kind == layer_kind::batch_norm ? total.batch_norm_parameters : total.weights) += parameters_of(item);
    const std::int64_t written = kind_facts_of(item.kind).in_place ? 0 : item.out.size();
    total.activations += written;
    if (alive + written > total.peak_elements) total.peak_elements = alive + written;
    if (last_reader[at_value(item.input)] == at + 1) alive -= list.shape_of(item.input).size();
    if (item.other != no_value && item.other != item.input && last_reader[at_value(item.other)] == at + 1)
      alive -= list.shape_of(item.other).size();
    if (last_reader[at + 1] > 0) alive += item.out.size();
  }
  delete[] last_reader;
  return total;
}

}  // namespace hasse
