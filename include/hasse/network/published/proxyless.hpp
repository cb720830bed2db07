// The four networks that ProxylessNAS published: one search space, found for a phone (twice), a GPU and a CPU.
// Used by network/published.hpp and network/named.hpp.
#pragma once

#include <hasse/network/published/proxyless_spec.hpp>
#include <hasse/network/static_network.hpp>

namespace hasse {

template <proxyless_target Target>
using proxyless = fixed_network<input<3, 224, 224>, proxyless_spec{.target = Target}>;
using proxyless_mobile = proxyless<proxyless_target::mobile>;        ///< 320.4 M MACs
using proxyless_mobile_14 = proxyless<proxyless_target::mobile_14>;  ///< 580.9 M MACs
using proxyless_gpu = proxyless<proxyless_target::gpu>;              ///< 465.3 M MACs
using proxyless_cpu = proxyless<proxyless_target::xeon>;             ///< 439.2 M MACs

}  // namespace hasse
