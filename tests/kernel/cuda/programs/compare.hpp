// Holds a layer of the CUDA backend, run on the processor, against the readable backend: outputs start as NaN, and every layer runs
// twice, with the threads of a block in both orders; bits that differ are a race. Used by the tests beside it.
#pragma once

#include <cstdint>

#include <hasse/core/bfloat16.hpp>
#include <hasse/core/float16.hpp>
#include <hasse/space/layer.hpp>

#include "catch.hpp"
#include "layer_fixture.hpp"

using namespace hasse;

/// For float, bfloat16 and float16.
template <class Scalar>
void compare_inference(const layer_use& use);
template <class Scalar>
void compare_training(const layer_use& use);

template <class Scalar>
void compare_training_in_every_way(layer_use use) {
  compare_training<Scalar>(use);
  use.accumulate = true;
  compare_training<Scalar>(use);
  use.accumulate = false, use.wants_d_src = false;
  compare_training<Scalar>(use);
}

template <class Scalar>
void compare_both(const layer& item, int batch, bool in_place = false) {
  layer_use use{.item = item, .batch = batch, .residual = item.other != no_value, .seed = static_cast<std::uint64_t>(batch)};
  compare_inference<Scalar>(use);
  compare_training_in_every_way<Scalar>(use);
  if (!in_place) return;
  use.in_place = true;
  compare_training<Scalar>(use);
}

inline constexpr activation every_activation[] = {activation::none,       activation::relu,    activation::relu6,
                                                  activation::hard_swish, activation::sigmoid, activation::hard_sigmoid,
                                                  activation::swish};
