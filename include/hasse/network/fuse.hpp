// Two passes that join neighbouring layers before they run, and the arithmetic that folds a batch norm into weights.
// Used by network (what is bound), latency (what is measured) and result (what is exported).
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_builder.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

namespace detail {
/// One `Item` per value of a list: an array where a constant expression may need it, a vector otherwise.
template <class List, class Item>
struct row_of {
  using type = std::vector<Item>;
  static type make(std::size_t count, Item item) { return type(count, item); }
};
template <int Capacity, class Item>
struct row_of<fixed_layers<Capacity>, Item> {
  using type = std::array<Item, static_cast<std::size_t>(Capacity) + 1>;
  static constexpr type make(std::size_t, Item item) {
    type row{};
    for (Item& place : row) place = item;
    return row;
  }
};
template <class List, class Item>
using row = typename row_of<List, Item>::type;

constexpr std::size_t at(int index) { return static_cast<std::size_t>(index); }
}  // namespace detail

/// Where a fused layer comes from: indices in the unfused list, -1 for none.
struct fused_origin {
  int weights = -1;  ///< the convolution, linear or batch norm that owns the parameters (else the layer itself)
  int norm = -1;     ///< inference: the batch norm that was folded in
  int last = -1;     ///< the layer whose output the fused layer computes
  friend constexpr bool operator==(const fused_origin&, const fused_origin&) = default;
};

/// A fused list; `origins[i]` belongs to layer i.
template <class List>
struct fused {
  List layers;
  detail::row<List, fused_origin> origins;
};

enum class fusion : std::uint8_t { inference, training };

/// How often each value of a list is read, outputs once more: whoever called reads them.
template <class List>
constexpr detail::row<List, int> readers_of(const List& list) {
  using detail::at;
  auto readers = detail::row_of<List, int>::make(list.size() + 1, 0);
  for (const layer& item : list) {
    ++readers[at(item.input)];
    if (item.other != no_value) ++readers[at(item.other)];
  }
  for (int i = 0; i < list.output_count(); ++i) ++readers[at(list.output(i))];
  return readers;
}

/// Joins each layer to the one that produces its input, when nobody else reads that value, which is no output, and the producer can
/// carry it: outputs are values of the fused list, too. A fused layer stands where its last member stood, so that everything it reads is there.
template <class List>
constexpr fused<List> fuse(const List& list, fusion purpose) {
  using detail::at;
  const int count = static_cast<int>(list.size());
  const layer* items = list.data();
  const auto readers = readers_of(list);

  struct chain {
    int root = -1, last = -1, norm = -1;
    value_id other = no_value;
    activation act = activation::none;
  };
  auto chains = detail::row_of<List, chain>::make(at(count) + 1, {});  // of the root layer
  auto root = detail::row_of<List, int>::make(at(count) + 1, -1);

  const auto chain_that_ends_in = [&](value_id value) -> chain* {  // null: the value is the input or has other readers
    return value > 0 && readers[at(value)] == 1 ? &chains[at(root[at(value - 1)])] : nullptr;
  };
  const auto carries_activation = [&](const chain& of) {
    const layer_kind kind = items[of.root].kind;
    if (of.act != activation::none) return false;
    if (kind == layer_kind::batch_norm) return true;
    return purpose == fusion::training ? kind == layer_kind::add : kind == layer_kind::convolution || kind == layer_kind::linear;
  };
  const auto carries_residual = [&](const chain& of) {
    const layer_kind kind = items[of.root].kind;
    return of.act == activation::none && of.other == no_value &&
           (kind == layer_kind::batch_norm || (purpose == fusion::inference && kind == layer_kind::convolution));
  };
  const auto carries_norm = [&](const chain& of) {
    return purpose == fusion::inference && items[of.root].kind == layer_kind::convolution && of.last == of.root;
  };

  for (int i = 0; i < count; ++i) {
    const layer& item = items[i];
    chain* of = chain_that_ends_in(item.input);
    if (item.kind == layer_kind::batch_norm && of && carries_norm(*of)) {
      of->norm = i;
    } else if (item.kind == layer_kind::activation && of && carries_activation(*of)) {
      of->act = item.act;
    } else if (item.kind == layer_kind::add) {
      const bool input_is_later = item.input > item.other;
      chain* other = chain_that_ends_in(item.other);
      if (of && !carries_residual(*of)) of = nullptr;
      if (other && !carries_residual(*other)) other = nullptr;
      if (of && (input_is_later || !other))
        of->other = item.other;
      else if ((of = other))
        of->other = item.input;
    } else {
      of = nullptr;
    }
    if (!of) {
      of = &chains[at(i)];
      of->root = i;
    }
    of->last = i;
    root[at(i)] = of->root;
  }

  fused<List> result{};
  result.layers.input = list.input;
  result.origins = detail::row_of<List, fused_origin>::make(at(count), {});
  auto renamed = detail::row_of<List, value_id>::make(at(count) + 1, 0);
  for (int i = 0; i < count; ++i) {
    const chain& of = chains[at(root[at(i)])];
    if (of.last != i) continue;
    layer item = items[of.root];
    item.input = renamed[at(item.input)];
    if (item.other != no_value) item.other = renamed[at(item.other)];
    if (of.other != no_value) item.other = renamed[at(of.other)];
    if (of.act != activation::none) item.act = of.act;
    if (of.norm >= 0) item.bias = true;
    fused_origin origin{of.root, of.norm, i};
    if (purpose == fusion::inference && item.kind == layer_kind::batch_norm) {
      // With fixed statistics a batch norm that no convolution precedes is a depthwise 1 x 1 convolution with bias.
      item.kind = layer_kind::convolution, item.groups = item.in.c, item.bias = true, item.norm = {};
      origin = {-1, of.root, i};
    }
    result.origins[result.layers.size()] = origin;
    result.layers.append(item);
    renamed[at(i) + 1] = static_cast<value_id>(result.layers.size());
  }
  for (const auto& [name, value] : list.outputs) result.layers.append_output(name, renamed[at(value)]);
  return result;
}

/// The same of a list that is known at run time, compiled once.
HASSE_BODY fused<layer_list> fuse(const layer_list& list, fusion purpose);

/// Inference: convolution + batch norm + add + activation become one convolution with bias, residual and activation; linear takes
/// an activation. No batch norm is left.
template <class List>
constexpr fused<List> fold_for_inference(const List& list) {
  return fuse(list, fusion::inference);
}

/// Training: batch norm + add + activation become one batch norm with residual and activation; add takes an activation.
template <class List>
constexpr fused<List> fuse_for_training(const List& list) {
  return fuse(list, fusion::training);
}

/// Weights and biases of a folded list, in one array; `weights(i)` and `bias(i)` are empty where layer i has none.
template <class Scalar>
struct folded_weights {
  struct place {
    std::size_t weights = 0, weight_count = 0, bias = 0, bias_count = 0;
  };
  std::vector<place> places;
  aligned_vector<Scalar> values;

  std::span<const Scalar> weights(int index) const { return {values.data() + at(index).weights, at(index).weight_count}; }
  std::span<const Scalar> bias(int index) const { return {values.data() + at(index).bias, at(index).bias_count}; }

 private:
  const place& at(int index) const { return places[static_cast<std::size_t>(index)]; }
};

/// Folds the running statistics of every batch norm into the convolution before it, computed in double:
/// w' = w scale / sqrt(variance + eps), b' = shift + (bias - mean) scale / sqrt(variance + eps).
/// `folded` and `origins` come from fold_for_inference(unfused); `source` has the layout of `unfused`. Parameters that are not finite, or
/// make weights that are not, are refused: an infinite variance makes a weight 0, and a library may make a number of a NaN in an
/// activation that it fuses, so that a network that diverged would answer all the same.
template <class Scalar>
folded_weights<Scalar> fold_weights(std::span<const layer> unfused, std::span<const layer> folded,
                                    std::span<const fused_origin> origins, const parameters<Scalar>& source);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/network/fuse.inl>
#endif
