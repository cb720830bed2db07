// The bodies of result/detail/score.hpp, as core/apart.hpp says.
#pragma once

#include <hasse/file/json.hpp>
#include <hasse/result/detail/score.hpp>

namespace hasse::detail {

HASSE_BODY json price_json(const price_unit& unit) { return {{"name", unit.name}, {"suffix", unit.suffix}, {"factor", unit.factor}}; }
HASSE_BODY json metric_json(const metric& of) {
  return {{"name", of.name}, {"unit", of.unit}, {"factor", of.factor}, {"larger_is_better", of.larger_is_better}};
}

}  // namespace hasse::detail
