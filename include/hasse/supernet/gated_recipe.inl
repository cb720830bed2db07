// The bodies of supernet/gated_recipe.hpp, as core/apart.hpp says.
#pragma once

#include <string>
#include <variant>

#include <hasse/supernet/gated_recipe.hpp>

namespace hasse {

HASSE_BODY std::string to_text(const gated_recipe& how) {
  // A member more does not compile until it is written; `tolerance` moves no gate.
  const auto& [warmup_epochs, epochs, batch, warmup_rate, rate, momentum, decay, method, gates, period, paths,
               reference_compat, loss, target, tolerance, augment, seed] = how;
  const auto* additive = std::get_if<additive_latency>(&loss);
  const auto* product = std::get_if<multiplicative_latency>(&loss);
  const auto* distance = std::get_if<absolute_latency>(&loss);
  const double weight = additive ? additive->lambda : product ? product->scale : distance->lambda;
  return "warm-up " + std::to_string(warmup_epochs) + " epochs at " + exact_text(warmup_rate) + ", " + std::to_string(epochs) +
         " epochs at " + exact_text(rate) + ", batch " + std::to_string(batch) + ", momentum " + exact_text(momentum) + ", decay " +
         exact_text(decay) + ", gates by " + std::string(name_of(method)) + " at " + exact_text(gates.rate) + " (" +
         exact_text(gates.decay) + ", " + exact_text(gates.epsilon) + ") every " + std::to_string(period) + " steps, " +
         std::to_string(paths) + " paths" + (reference_compat ? " as published" : "") + ", " + std::string(name_of(loss)) + " " +
         exact_text(weight) + " " + exact_text(product ? product->power : 0.0) + " towards " + exact_text(target) + ", pad " +
         std::to_string(augment.pad) + (augment.flip ? " flip" : "");
}

HASSE_BODY void check(const gated_costs& costs, const gated_recipe& how) {
  if (how.target <= 0) return;
  costs.require_reachable(how.target);
  // Refused now, not by a step of the gates: no expectation is below the cheapest network.
  if (how.method != gate_method::reinforce || std::holds_alternative<absolute_latency>(how.loss))
    weigh(how.loss, 1, costs.least(), how.target);
}

}  // namespace hasse
