// The bodies of supernet/latency_loss.hpp, as core/apart.hpp says.
#pragma once

#include <cmath>
#include <sstream>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/supernet/latency_loss.hpp>

namespace hasse {

namespace detail {
template <class... Parts>
error latency_loss_error(const Parts&... parts) {
  std::ostringstream sentence;
  (sentence << ... << parts);
  return error(sentence.str());
}
}  // namespace detail

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

HASSE_BODY weighed_loss additive_latency::operator()(double cross_entropy, double expected, double target) const {
  if (!(lambda >= 0) || !std::isfinite(lambda))
    throw detail::latency_loss_error("a latency weight of ", lambda, " was given; give a lambda of 0 or more");
  if (!(expected >= 0) || !(target > 0) || !std::isfinite(expected) || !std::isfinite(target))
    throw detail::latency_loss_error("an expected latency of ", expected, " against a target of ", target,
                                     " was given; the target has to be above 0 and the expectation finite and not below 0");
  return {cross_entropy + lambda * (expected - target) / target, 1, lambda / target};
}

HASSE_BODY weighed_loss multiplicative_latency::operator()(double cross_entropy, double expected, double target) const {
  if (!(scale > 0) || !(power >= 0) || !std::isfinite(scale) || !std::isfinite(power))
    throw detail::latency_loss_error("a scale of ", scale, " and a power of ", power,
                                     " were given; give a scale above 0 and a power of 0 or more");
  if (!(expected > 1) || !(target > 1) || !std::isfinite(expected) || !std::isfinite(target))
    throw detail::latency_loss_error(
        "an expected latency of ", expected, " against a target of ", target,
        " was given; the multiplicative loss takes their logarithms and needs both above 1 ms: take the "
        "additive one, or a smaller unit");
  const double ratio = std::log(expected) / std::log(target), factor = scale * std::pow(ratio, power);
  return {cross_entropy * factor, factor, cross_entropy * factor * power / (expected * std::log(expected))};
}

HASSE_BODY weighed_loss absolute_latency::operator()(double cross_entropy, double expected, double target) const {
  const weighed_loss down = additive_latency{lambda}(0, expected, target);
  return expected < target ? weighed_loss{cross_entropy - down.loss, 1, -down.per_latency}
                           : weighed_loss{cross_entropy + down.loss, 1, down.per_latency};
}

}  // namespace hasse
