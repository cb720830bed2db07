// How an expected latency enters a loss: added relative to its target, multiplied through logarithms, or as the distance from its
// target; value and derivatives.
// Used by the search through gates (supernet/gates.hpp) and by whatever else weighs accuracy against a cost.
#pragma once

#include <string_view>
#include <variant>

#include <hasse/core/apart.hpp>

namespace hasse {

/// A loss and what it passes on: its derivatives by the cross-entropy and by the expected latency.
struct weighed_loss {
  double loss = 0, per_cross_entropy = 1, per_latency = 0;
};

/// cross-entropy + lambda (E - T) / T, "add#linear": up to a constant the sum cross-entropy + (lambda / T) E of the paper.
/// Any unit will do, so it also weighs MACs and bytes.
struct additive_latency {
  double lambda = 0.1;

  weighed_loss operator()(double cross_entropy, double expected, double target) const;
  friend bool operator==(const additive_latency&, const additive_latency&) = default;
};

/// scale x cross-entropy x (ln E / ln T)^power, "mul#log". Its pull is weak, and it depends on the unit: below 1 the logarithms
/// change sign, so latencies are in milliseconds (MACs and bytes are large enough).
/// The target only scales it: d(ln loss) = d(ln cross-entropy) + power dE / (E ln E), so with Adam, which undoes scales, `power`
/// decides where a search ends and the target does not.
struct multiplicative_latency {
  double scale = 0.2, power = 0.3;

  weighed_loss operator()(double cross_entropy, double expected, double target) const;
  friend bool operator==(const multiplicative_latency&, const multiplicative_latency&) = default;
};

/// cross-entropy + lambda |E / T - 1|, "add#absolute": pulls towards the target from both sides, where the published forms only
/// pull down and so need a lambda for each target (the reward of TuNAS as a loss). Any unit will do.
struct absolute_latency {
  double lambda = 1;

  weighed_loss operator()(double cross_entropy, double expected, double target) const;
  friend bool operator==(const absolute_latency&, const absolute_latency&) = default;
};

using latency_loss = std::variant<additive_latency, multiplicative_latency, absolute_latency>;

/// The loss of a batch with that cross-entropy whose network is expected to take `expected` where `target` is wanted.
inline weighed_loss weigh(const latency_loss& form, double cross_entropy, double expected, double target) {
  return std::visit([&](const auto& each) { return each(cross_entropy, expected, target); }, form);
}

/// "add#linear" and "mul#log", as command lines and the publication's code name the forms, or "add#absolute".
HASSE_BODY std::string_view name_of(const latency_loss& form);

/// The form of that name with its default parameters.
HASSE_BODY latency_loss latency_loss_named(std::string_view name);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/latency_loss.inl>
#endif
