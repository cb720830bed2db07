// How the learning rate goes over a training: a linear warm-up, then one of three decays, evaluated per step.
// Used by train/trainer.hpp; a decay is a small value that says how much of the base rate is left.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse {

/// Half a cosine, from the whole rate to none.
struct cosine_decay {
  double operator()(std::int64_t step, std::int64_t steps) const {
    return 0.5 * (1 + std::cos(3.14159265358979323846 * static_cast<double>(step) / static_cast<double>(steps)));
  }
  friend bool operator==(const cosine_decay&, const cosine_decay&) = default;
};

/// Plateaus of equal length; each is `factor` times the one before.
struct step_decay {
  int plateaus = 3;
  double factor = 0.1;
  double operator()(std::int64_t step, std::int64_t steps) const {
    return std::pow(factor, static_cast<double>(step * plateaus / steps));
  }
  friend bool operator==(const step_decay&, const step_decay&) = default;
};

/// A straight line, from the whole rate to none.
struct linear_decay {
  double operator()(std::int64_t step, std::int64_t steps) const {
    return 1 - static_cast<double>(step) / static_cast<double>(steps);
  }
  friend bool operator==(const linear_decay&, const linear_decay&) = default;
};

using decay_rule = std::variant<cosine_decay, step_decay, linear_decay>;

/// The rate of step `step` (from 0) of `steps`: during the first `warmup` steps it climbs in equal strides and reaches `base` with
/// the last of them, then `rule` takes over.
HASSE_BODY double learning_rate_at(const decay_rule& rule, double base, std::int64_t step, std::int64_t steps, std::int64_t warmup);

/// "cosine", "step" or "linear", as command lines and configurations name the rules.
HASSE_BODY std::string_view name_of(const decay_rule& rule);

/// The rule of that name with its default parameters.
HASSE_BODY decay_rule decay_rule_named(std::string_view name);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/train/schedule.inl>
#endif
