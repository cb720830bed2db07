// All kernels of our own for the CPU: what the one file of a program includes that compiles them (see kernel/cpu/simd_level.hpp).
// Used by hasse_add_kernels (cmake/hasse-kernels.cmake).
#pragma once

#include <hasse/kernel/cpu/batch_norm.hpp>
#include <hasse/kernel/cpu/depthwise.hpp>
#include <hasse/kernel/cpu/inverted_bottleneck.hpp>
#include <hasse/kernel/cpu/pointwise.hpp>
#include <hasse/kernel/cpu/pointwise_gradients.hpp>
#include <hasse/kernel/cpu/winograd.hpp>
