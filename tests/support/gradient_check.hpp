// Compares gradients with central differences of a loss, element by element, and remembers the worst one.
// Used by the tests of kernel (single layers) and network (whole networks).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

struct gradient_report {
  double worst = 0;   ///< largest relative error
  std::string where;  ///< the element that has it, with both values
  int checked = 0;
  int kinks = 0;  ///< elements left out because the loss has a corner there (ReLU at 0, a tie of maxima)

  /// A check that looked at something, and at corners only by exception.
  bool within(double tolerance) const { return checked > 0 && kinks * 20 <= checked && worst <= tolerance; }
};

/// Checks `gradients` against differences of `loss()`, which reads `values`; each value is put back after its turn.
/// The error of an element is relative to itself or to the tensor's root mean square, whichever is larger.
/// At most `limit` elements, evenly spread, are checked.
template <class Loss>
void check_gradient(gradient_report& report, const std::string& label, std::span<double> values, std::span<const double> gradients,
                    Loss&& loss, std::size_t limit = 200, double step = 1e-5) {
  double squares = 0;
  for (double gradient : gradients) squares += gradient * gradient;
  const double typical = std::sqrt(squares / static_cast<double>(gradients.size())) + 1e-12;
  const std::size_t stride = (values.size() + limit - 1) / limit;
  const double here = loss();
  for (std::size_t i = 0; i < values.size(); i += stride) {
    const double kept = values[i];
    values[i] = kept + step;
    const double above = loss();
    values[i] = kept - step;
    const double below = loss();
    values[i] = kept;
    ++report.checked;
    const double numeric = (above - below) / (2 * step);
    const double bend = std::abs((above - here) - (here - below)) / step;
    const double scale = std::max({std::abs(numeric), std::abs(gradients[i]), typical});
    if (bend > 1e-2 * scale) {
      ++report.kinks;
      continue;
    }
    const double error = std::abs(numeric - gradients[i]) / scale;
    if (error <= report.worst && std::isfinite(error)) continue;
    report.worst = std::isfinite(error) ? error : 1e300;
    report.where = label + "[" + std::to_string(i) + "]: gradient " + std::to_string(gradients[i]) + ", differences " +
                   std::to_string(numeric);
  }
}
