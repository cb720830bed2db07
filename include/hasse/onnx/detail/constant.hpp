// Numbers of an ONNX graph that are known before it runs: weights, and the few that shapes are computed with.
// Used by the reader alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/onnx/graph.hpp>

namespace hasse::detail {

/// Its numbers lie in `few`, which arithmetic is done with, in a tensor of the file, or in `many`.
struct onnx_constant {
  std::vector<std::int64_t> dims{};
  bool whole = false;
  std::vector<double> few{};
  const onnx_tensor* source = nullptr;
  std::shared_ptr<const std::vector<float>> many{};

  std::int64_t count() const { return element_count(dims); }
};

/// Larger constants are weights, and weights are moved but not computed with.
inline constexpr std::int64_t most_folded = 4096;

constexpr bool is_whole(onnx_type type) {
  return type == onnx_type::i64 || type == onnx_type::i32 || type == onnx_type::u8 || type == onnx_type::i8 || type == onnx_type::boolean;
}

inline onnx_constant whole_numbers(std::vector<double> numbers) {
  onnx_constant made{.dims = {static_cast<std::int64_t>(numbers.size())}, .whole = true};
  made.few = std::move(numbers);
  return made;
}

/// As a whole number within +-2^40, beyond which no shape goes: slices end at the largest number there is.
inline std::int64_t bounded(double number) {
  constexpr double most = 1099511627776.0;
  return std::isnan(number) ? 0 : static_cast<std::int64_t>(std::clamp(number, -most, most));
}

/// What an operator makes of two numbers, or none where it is no such operator.
inline bool folded_pair(std::string_view kind, bool whole, double left, double right, double& made) {
  if (kind == "Add") made = left + right;
  else if (kind == "Sub") made = left - right;
  else if (kind == "Mul") made = left * right;
  else if (kind == "Div") made = right == 0 ? 0 : whole ? std::trunc(left / right) : left / right;
  else if (kind == "Mod") made = right == 0 ? 0 : left - right * std::floor(left / right);
  else if (kind == "Min") made = std::min(left, right);
  else if (kind == "Max") made = std::max(left, right);
  else if (kind == "Equal") made = left == right;
  else return false;
  return true;
}

inline bool folded_one(std::string_view kind, double number, double& made) {
  if (kind == "Floor") made = std::floor(number);
  else if (kind == "Ceil") made = std::ceil(number);
  else if (kind == "Round") made = std::nearbyint(number);
  else if (kind == "Neg") made = -number;
  else if (kind == "Sqrt") made = std::sqrt(number);
  else return false;
  return true;
}

/// Elements in the order of permuted dimensions: `visit(from)` for each element of the result, row by row.
template <class Visit>
void for_each_transposed(const std::vector<std::int64_t>& dims, const std::vector<std::size_t>& order, Visit visit) {
  std::vector<std::int64_t> steps(dims.size(), 1), sides(dims.size()), at(dims.size(), 0);
  for (std::size_t i = dims.size(); i-- > 1;) steps[i - 1] = steps[i] * dims[i];
  for (std::size_t i = 0; i < order.size(); ++i) sides[i] = dims[order[i]];
  for (std::int64_t left = element_count(dims); left > 0; --left) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < order.size(); ++i) from += at[i] * steps[order[i]];
    visit(static_cast<std::size_t>(from));
    for (std::size_t i = order.size(); i-- > 0;) {
      if (++at[i] < sides[i]) break;
      at[i] = 0;
    }
  }
}

}  // namespace hasse::detail
