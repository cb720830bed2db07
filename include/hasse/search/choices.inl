// The bodies of search/choices.hpp, as core/apart.hpp says.
#pragma once

#include <variant>

#include <hasse/search/choices.hpp>

namespace hasse {

HASSE_BODY shipped_proposer shipped_proposer::excluding() const {
  const auto* const prunes = std::get_if<pruning>(&one);
  return prunes ? shipped_proposer{prunes->excluding()} : *this;
}

}  // namespace hasse
