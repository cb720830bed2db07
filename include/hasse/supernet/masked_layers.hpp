// The network of a code of a masked space, and where each of its parameters lies among those that all codes share: the leading
// channels of the widest. Used by the network that runs codes, and to cut one out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/supernet/masked_space.hpp>
#include <hasse/supernet/slices.hpp>

namespace hasse {

/// Whose parameters a layer of a code has: those that all codes share under this name, or constants, which mask and average.
struct masked_origin {
  std::string name;              ///< "block 2 layer 1 inverted depthwise k5"; the same whatever the widths
  std::vector<double> constant;  ///< one per channel; empty: parameters
  friend bool operator==(const masked_origin&, const masked_origin&) = default;
};

/// One origin per layer.
struct masked_layers {
  layer_list layers;
  std::vector<masked_origin> origins;
};

namespace detail {
/// Writes the layers of a code.
class masked_writer {
 public:
  masked_writer(const masked_space& space, std::span<const int> code, rounding squeezed, masked_layers& made)
      : space_(space), code_(code), squeezed_(squeezed), made_(made), list_{made.layers} {}

  void write();
  /// One layer alone, which reads `input`.
  void write(int block, int index, feature_shape input);

 private:
  /// All layers since the last call are called that.
  void own(const std::string& name);
  /// Of each channel, the share of options that have it, times `factor`; nothing to do where all are 1.
  value_id mask(value_id from, const std::vector<int>& counts, double factor);
  value_id mask(value_id from, double factor) { return mask(from, {list_.shape_of(from).c}, factor); }

  static std::vector<int> taken(const std::vector<int>& all, int which) {
    return which == all_options ? all : std::vector<int>{all[static_cast<std::size_t>(which)]};
  }

  value_id normalised(value_id from, int out, int kernel, int stride, activation act, int groups, const std::string& name);
  /// Each kernel with a batch norm of its own; where there are several, their sum.
  value_id spatial(value_id from, int out, const masked_layer& layer, const std::vector<int>& kernels, bool depthwise, const std::string& name);

  /// What an option makes of a value, without the shortcut.
  value_id branch(value_id from, int out, const masked_layer& layer, const masked_option& option, const layer_choice& choice, const std::string& name);

  value_id layer_of(int block, int index, value_id from);

  const masked_space& space_;
  std::span<const int> code_;
  rounding squeezed_;
  masked_layers& made_;
  layer_builder<layer_list> list_;
};
}  // namespace detail

/// The layers of a code, with averages where it has them. `squeezed` rounds the inner widths of squeeze-excite: as the shared ones in
/// a search, `to_8` in a MobileDet that is trained alone.
HASSE_BODY masked_layers layers_of(const masked_space& space, std::span<const int> code, rounding squeezed = rounding::divisible);
/// One layer of a code alone, which reads `input`; nothing where it is skipped.
HASSE_BODY layer_list layer_alone(const masked_space& space, std::span<const int> code, int block, int index, feature_shape input,
                                  rounding squeezed = rounding::to_8);
/// The plain network of a code.
inline layer_list network_of(const masked_space& space, std::span<const int> code, rounding squeezed = rounding::to_8) {
  return layers_of(space, code, squeezed).layers;
}

namespace detail {
/// The part of a parameter of `full` that `narrow`, the same layer with fewer channels, uses: the first ones.
HASSE_BODY tensor_slice leading_slice(const layer& full, const layer& narrow, parameter_role role);
}  // namespace detail

/// The parameters that all codes of a space share: every layer that has some, as wide as it gets, in a row. Not a network: it gives
/// every parameter its place.
class masked_shared {
 public:
  explicit masked_shared(const masked_space& space);

  const layer_list& layers() const { return list_; }
  /// Without statistics: those of the batch count.
  parameter_layout layout() const;
  /// The number of the shared layer that a layer of a code is a part of; -1 where it has no parameters. Throws where a head has other
  /// layers at other widths.
  int place_of(const masked_layers& of, int index) const;

 private:
  static bool has_parameters(const layer& item) {
    return item.kind == layer_kind::convolution || item.kind == layer_kind::linear || item.kind == layer_kind::batch_norm;
  }
  layer_list list_;
  std::map<std::string, int> places_;
};

/// The parameters of the plain network of a code, copied out; averages' masks are among them. Statistics are 0 and 1.
template <class Scalar>
parameters<Scalar> cut_out(const masked_layers& of, const masked_shared& shared, const parameters<Scalar>& values) {
  parameters<Scalar> made(of.layers);
  for (const parameter_tensor& tensor : made.layout.trainable) {
    const std::span<Scalar> to = made.of(tensor);
    const int place = shared.place_of(of, tensor.layer);
    if (place < 0) {
      const std::vector<double>& constant = of.origins[detail::at(tensor.layer)].constant;
      std::transform(constant.begin(), constant.end(), to.begin(), [](double each) { return static_cast<Scalar>(each); });
      continue;
    }
    detail::leading_slice(shared.layers().items[detail::at(place)], of.layers.items[detail::at(tensor.layer)], tensor.role)
        .gather(values.of(place, tensor.role).data(), to.data());
  }
  for (const parameter_tensor& tensor : made.layout.statistics)
    std::fill_n(made.of(tensor).data(), tensor.size, static_cast<Scalar>(tensor.role == parameter_role::running_variance ? 1 : 0));
  return made;
}
/// The way back: what the plain network of a code has becomes the part of the shared parameters that it uses.
template <class Scalar>
void put_back(const masked_layers& of, const masked_shared& shared, const parameters<Scalar>& network, parameters<Scalar>& values) {
  for (const parameter_tensor& tensor : network.layout.trainable) {
    const int place = shared.place_of(of, tensor.layer);
    if (place < 0) continue;
    detail::leading_slice(shared.layers().items[detail::at(place)], of.layers.items[detail::at(tensor.layer)], tensor.role)
        .mix_into(values.of(place, tensor.role).data(), network.of(tensor).data(), Scalar{0});
  }
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/masked_layers.inl>
#endif
