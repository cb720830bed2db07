// How far two tensors are apart, and operands with the values that another number type has: what comparisons of backends share.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "layer_fixture.hpp"

/// |found - expected| / |expected|, Euclidean; a NaN anywhere makes it infinite.
template <class Found, class Expected>
double distance(const Found* found, const Expected* expected, std::size_t size) {
  double error = 0, norm = 1e-20;
  for (std::size_t i = 0; i < size; ++i) {
    error += std::pow(static_cast<double>(found[i]) - static_cast<double>(expected[i]), 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::isfinite(error) ? std::sqrt(error / norm) : std::numeric_limits<double>::infinity();
}
/// Of arrays of one size; others are infinitely far apart.
template <class Found, class Expected>
double distance(const Found& found, const Expected& expected) {
  if (found.size() != expected.size()) return std::numeric_limits<double>::infinity();
  return distance(found.data(), expected.data(), expected.size());
}

/// Operands in float, with the values that those of type Scalar have.
template <class Scalar>
layer_fixture<float> rounded(const layer_use& use) {
  layer_fixture<float> fixture(use);
  for (buffer<float>* values : {&fixture.src, &fixture.other, &fixture.d_dst, &fixture.d_src, &fixture.d_other})
    for (float& value : *values) value = static_cast<float>(static_cast<Scalar>(value));
  return fixture;
}
