// A network found by hasse, as one static type: shapes, memory plan and kernels are fixed by the compiler.
// 0.5 0=5 1=11
#pragma once

#include <hasse/network.hpp>
#include <hasse/network/published.hpp>

using slim_net = hasse::narrowed<hasse::resnet20, 5, 11, 8, 8, 16, 16, 16, 16, 32, 32, 32, 32>;
