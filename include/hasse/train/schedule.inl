// The bodies of train/schedule.hpp, as core/apart.hpp says.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include <hasse/train/schedule.hpp>

namespace hasse {

HASSE_BODY double learning_rate_at(const decay_rule& rule, double base, std::int64_t step, std::int64_t steps, std::int64_t warmup) {
  if (step < warmup) return base * static_cast<double>(step + 1) / static_cast<double>(warmup);
  return base * std::visit([&](const auto& decay) { return decay(step - warmup, steps - warmup); }, rule);
}

HASSE_BODY std::string_view name_of(const decay_rule& rule) {
  constexpr std::string_view names[] = {"cosine", "step", "linear"};
  return names[rule.index()];
}

HASSE_BODY decay_rule decay_rule_named(std::string_view name) {
  if (name == "cosine") return cosine_decay{};
  if (name == "step") return step_decay{};
  if (name == "linear") return linear_decay{};
  throw error("the schedule " + detail::in_quotes(name) + " is not known; name one of cosine, step, linear");
}

}  // namespace hasse
