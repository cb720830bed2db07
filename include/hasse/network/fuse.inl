// The bodies of network/fuse.hpp, as core/apart.hpp says.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <hasse/core/error.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

HASSE_BODY fused<layer_list> fuse(const layer_list& list, fusion purpose) { return fuse<layer_list>(list, purpose); }

template <class Scalar>
folded_weights<Scalar> fold_weights(std::span<const layer> unfused, std::span<const layer> folded,
                                    std::span<const fused_origin> origins, const parameters<Scalar>& source) {
  if (source.layout != layout_of(unfused))
    throw error("the parameters belong to another layer list than the one that is to run; load the parameters of this network");
  if (const auto found = not_finite(source))
    throw not_finite_error(*found, std::isnan(found->value) ? "nan" : found->value > 0 ? "inf" : "-inf");
  folded_weights<Scalar> result;
  result.places.resize(folded.size());
  std::size_t end = 0;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const layer& item = folded[i];
    auto& place = result.places[i];
    if (item.kind == layer_kind::convolution)
      place.weight_count =
          static_cast<std::size_t>(item.out.c) * static_cast<std::size_t>(item.in.c / item.groups * item.kernel * item.kernel);
    if (item.kind == layer_kind::linear)
      place.weight_count = static_cast<std::size_t>(item.out.c) * static_cast<std::size_t>(item.in.size());
    if (item.bias) place.bias_count = static_cast<std::size_t>(item.out.c);
    place.weights = end;
    place.bias = end += round_up(place.weight_count, 16);
    end += round_up(place.bias_count, 16);
  }
  result.values.resize(end);
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const auto place = result.places[i];
    if (place.weight_count == 0) continue;
    const fused_origin origin = origins[i];
    const auto weights = source.of(origin.weights, parameter_role::weight), bias = source.of(origin.weights, parameter_role::bias);
    const auto scale = source.of(origin.norm, parameter_role::scale), shift = source.of(origin.norm, parameter_role::shift);
    const auto mean = source.of(origin.norm, parameter_role::running_mean),
               variance = source.of(origin.norm, parameter_role::running_variance);
    const std::size_t channels = static_cast<std::size_t>(folded[i].out.c), per_channel = place.weight_count / channels;
    const auto refuse = [&](parameter_role role, Scalar value, const char* problem) {
      throw not_finite_error({source.layout.find(origin.norm, role)->name, static_cast<double>(value)}, problem);
    };
    for (std::size_t c = 0; c < channels; ++c) {
      double factor = 1, moved = bias.empty() ? 0.0 : static_cast<double>(bias[c]);
      if (origin.norm >= 0) {
        const double epsilon = unfused[static_cast<std::size_t>(origin.norm)].norm.epsilon_millionths * 1e-6;
        const double spread = static_cast<double>(variance[c]) + epsilon;
        if (!(spread > 0)) refuse(parameter_role::running_variance, variance[c], "too small a variance");
        factor = static_cast<double>(scale[c]) / std::sqrt(spread);
        moved = static_cast<double>(shift[c]) + (moved - static_cast<double>(mean[c])) * factor;
      }
      for (std::size_t k = c * per_channel; k < (c + 1) * per_channel; ++k)
        result.values[place.weights + k] = static_cast<Scalar>(weights.empty() ? factor : static_cast<double>(weights[k]) * factor);
      if (place.bias_count) result.values[place.bias + c] = static_cast<Scalar>(moved);
    }
    for (const auto made : {result.weights(static_cast<int>(i)), result.bias(static_cast<int>(i))})
      for (const Scalar value : made)
        if (!std::isfinite(static_cast<double>(value))) refuse(parameter_role::scale, value, "numbers too large to be folded");
  }
  return result;
}

#if !HASSE_BODIES_INLINE
template folded_weights<float> fold_weights<float>(std::span<const layer>, std::span<const layer>, std::span<const fused_origin>, const parameters<float>&);
template folded_weights<double> fold_weights<double>(std::span<const layer>, std::span<const layer>, std::span<const fused_origin>, const parameters<double>&);
#endif

}  // namespace hasse
