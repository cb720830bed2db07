// The bodies of supernet/latency_loss.hpp, as core/apart.hpp says.
#pragma once

#include <string_view>

#include <hasse/supernet/latency_loss.hpp>

namespace hasse {

HASSE_BODY std::string_view name_of(const latency_loss& form) {
  constexpr std::string_view names[] = {"add#linear", "mul#log", "add#absolute"};
  return names[form.index()];
}

HASSE_BODY latency_loss latency_loss_named(std::string_view name) {
  if (name == "add#linear") return additive_latency{};
  if (name == "mul#log") return multiplicative_latency{};
  if (name == "add#absolute") return absolute_latency{};
  throw error("the latency loss " + detail::in_quotes(name) + " is not known; name one of add#linear, mul#log, add#absolute");
}

}  // namespace hasse
