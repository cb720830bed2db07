// The bodies of search/choices.hpp, as core/apart.hpp says.
#pragma once

#include <variant>

#include <hasse/search/choices.hpp>

namespace hasse {

HASSE_BODY shipped_proposer shipped_proposer::excluding() const {
  const auto* const prunes = std::get_if<pruning>(&one);
  return prunes ? shipped_proposer{prunes->excluding()} : *this;
}

HASSE_BODY shipped_proposer shipped_proposer::towards(double known) const {
  const auto* const models = std::get_if<model_guided>(&one);
  return models ? shipped_proposer{models->towards(known)} : *this;
}

HASSE_BODY model_guided model_guided::towards(double known) const {
  model_guided same = *this;
  if (!same.best) same.best = known;
  return same;
}

HASSE_BODY std::string model_guided::text() const {
  return "policy model, best possible " + (best ? exact_text(*best) : std::string("unknown")) + ", own noise " + millionths_text(own_noise) + (learns_noise ? " at first" : "") + (repeats ? ", repeats" : "") + ", beginning " +
         std::to_string(beginning) + ", candidates " + std::to_string(candidates) + ", all of up to " + std::to_string(consider_all) + ", seed " + std::to_string(seed);
}

}  // namespace hasse
