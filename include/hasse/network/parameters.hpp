// The parameters of a network in two flat arrays: what training changes, and the statistics that batch norm gathers.
// Used by network, train (one optimiser step is one loop), and result (names and shapes of what is saved).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

enum class parameter_role : std::uint8_t { weight, bias, scale, shift, running_mean, running_variance };

constexpr std::string_view name_of(parameter_role role) {
  constexpr std::string_view names[] = {"weight", "bias", "scale", "shift", "running_mean", "running_variance"};
  return names[static_cast<int>(role)];
}

constexpr bool is_statistic(parameter_role role) { return role >= parameter_role::running_mean; }

/// One tensor of a layout: `offset` and `size` count elements of the flat array that its role belongs to.
struct parameter_tensor {
  std::string name;  ///< "<layer, three digits>.<kind>.<role>", unique within a network
  parameter_role role = parameter_role::weight;
  int layer = 0;          ///< index in the unfused layer list
  std::vector<int> dims;  ///< O, I / groups, K, K; or O, H * W * C; or C
  std::size_t offset = 0, size = 0;
  bool depthwise = false;
  friend bool operator==(const parameter_tensor&, const parameter_tensor&) = default;
};

/// A stretch of the trainable parameters: begins and ends at multiples of 16 elements.
struct parameter_range {
  std::size_t begin = 0, end = 0;
  friend bool operator==(const parameter_range&, const parameter_range&) = default;
};

/// Where every parameter of a layer list lies. Each tensor starts at a multiple of 16 elements.
struct parameter_layout {
  std::vector<parameter_tensor> trainable, statistics;
  std::size_t trainable_size = 0, statistics_size = 0;

  /// The tensor of that layer and role, or null.
  const parameter_tensor* find(int layer, parameter_role role) const;
  friend bool operator==(const parameter_layout&, const parameter_layout&) = default;
};

/// The layout of an unfused layer list; it depends on nothing else, so that it names the tensors of checkpoints.
HASSE_BODY parameter_layout layout_of(std::span<const layer> layers);

/// The values of a layout. Copyable: a copy is a snapshot of a network.
template <class Scalar>
struct parameters {
  parameter_layout layout;
  aligned_vector<Scalar> values;      ///< the trainable tensors; zero between them
  aligned_vector<Scalar> statistics;  ///< running means and variances; zero between them

  parameters() = default;
  explicit parameters(parameter_layout of)
      : layout(std::move(of)), values(layout.trainable_size), statistics(layout.statistics_size) {}
  explicit parameters(std::span<const layer> layers) : parameters(layout_of(layers)) {}
  /// The same parameters in another number type.
  template <class Other>
  explicit parameters(const parameters<Other>& other) : parameters(other.layout) {
    std::transform(other.values.begin(), other.values.end(), values.begin(),
                   [](Other value) { return static_cast<Scalar>(value); });
    std::transform(other.statistics.begin(), other.statistics.end(), statistics.begin(),
                   [](Other value) { return static_cast<Scalar>(value); });
  }

  std::span<Scalar> of(const parameter_tensor& tensor) {
    return {(is_statistic(tensor.role) ? statistics : values).data() + tensor.offset, tensor.size};
  }
  std::span<const Scalar> of(const parameter_tensor& tensor) const {
    return {(is_statistic(tensor.role) ? statistics : values).data() + tensor.offset, tensor.size};
  }
  /// The tensor of that layer and role; empty when the layer has none.
  std::span<Scalar> of(int layer, parameter_role role) {
    const parameter_tensor* tensor = layout.find(layer, role);
    return tensor ? of(*tensor) : std::span<Scalar>();
  }
  std::span<const Scalar> of(int layer, parameter_role role) const {
    const parameter_tensor* tensor = layout.find(layer, role);
    return tensor ? of(*tensor) : std::span<const Scalar>();
  }
  friend bool operator==(const parameters&, const parameters&) = default;
};

/// A parameter that is no finite number.
struct stray_parameter {
  std::string tensor;
  double value = 0;
};

/// The first one; nothing where all are finite.
template <class Scalar>
std::optional<stray_parameter> not_finite(const parameters<Scalar>& all) {
  for (const auto* tensors : {&all.layout.trainable, &all.layout.statistics})
    for (const parameter_tensor& tensor : *tensors)
      for (const Scalar each : all.of(tensor)) {
        const auto value = static_cast<double>(each);
        if (!std::isfinite(value)) return stray_parameter{tensor.name, std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value};
      }
  return {};
}

/// A refusal of parameters that a network cannot compute with.
class not_finite_error : public error {
 public:
  /// `problem` says what the tensor holds.
  not_finite_error(stray_parameter found, const std::string& problem)
      : error("the parameters hold " + problem + " in " + found.tensor +
              ", and a network needs finite numbers; take parameters from before the training diverged, or train again with a lower "
              "learning rate"),
        found_(std::move(found)) {}
  const stray_parameter& found() const { return found_; }

 private:
  stray_parameter found_;
};

/// Convolutions He normal by fan-out, linear weights uniform in +-1/sqrt(in), batch norm 1 and 0, statistics 0 and 1, biases 0.
/// Takes one number from `random`; every tensor then draws from a source of its own.
template <class Scalar>
void initialise(parameters<Scalar>& target, std::span<const layer> layers, random_source& random) {
  if (target.layout != layout_of(layers))
    throw error("the parameters that are to be initialised belong to another layer list; make them with parameters(layers)");
  const std::uint64_t seed = random();
  for (const auto* tensors : {&target.layout.trainable, &target.layout.statistics}) {
    for (std::size_t index = 0; index < tensors->size(); ++index) {
      const parameter_tensor& tensor = (*tensors)[index];
      const layer& item = layers[static_cast<std::size_t>(tensor.layer)];
      const std::span<Scalar> values = target.of(tensor);
      if (tensor.role != parameter_role::weight) {
        const bool one = tensor.role == parameter_role::scale || tensor.role == parameter_role::running_variance;
        std::fill(values.begin(), values.end(), static_cast<Scalar>(one ? 1 : 0));
        continue;
      }
      random_source own(derive(seed, index));
      const double fan_out = double(item.kernel) * item.kernel * item.out.c / item.groups;
      const double deviation = std::sqrt(2.0 / fan_out), bound = 1.0 / std::sqrt(static_cast<double>(item.in.size()));
      for (Scalar& value : values)
        value = static_cast<Scalar>(item.kind == layer_kind::linear ? bound * (2 * own.uniform() - 1) : deviation * own.normal());
    }
  }
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/network/parameters.inl>
#endif
