// The four MobileDets, found for a CPU, EdgeTPU, DSP and GPU: inverted bottlenecks beside fused and Tucker ones; the backbones, and the
// detectors with the head that they were published with.
// Used by network/published.hpp and network/named.hpp.
#pragma once

#include <hasse/network/published/mobiledet_spec.hpp>
#include <hasse/network/static_network.hpp>

namespace hasse {

template <mobiledet_target Target>
using mobiledet = fixed_network<input<3, 320, 320>, mobiledet_spec{.target = Target}>;
using mobiledet_cpu = mobiledet<mobiledet_target::pixel_cpu>;    ///< 408.0 M MACs
using mobiledet_edgetpu = mobiledet<mobiledet_target::edgetpu>;  ///< 1473.8 M MACs
using mobiledet_dsp = mobiledet<mobiledet_target::dsp>;          ///< 2763.4 M MACs
using mobiledet_gpu = mobiledet<mobiledet_target::gpu>;          ///< 5009.9 M MACs

template <mobiledet_target Target>
using ssdlite_mobiledet = fixed_network<input<3, 320, 320>, ssdlite_mobiledet_spec{.target = Target}>;
using ssdlite_mobiledet_cpu = ssdlite_mobiledet<mobiledet_target::pixel_cpu>;    ///< 0.444 G MACs
using ssdlite_mobiledet_edgetpu = ssdlite_mobiledet<mobiledet_target::edgetpu>;  ///< 1.533 G MACs
using ssdlite_mobiledet_dsp = ssdlite_mobiledet<mobiledet_target::dsp>;          ///< 2.816 G MACs
using ssdlite_mobiledet_gpu = ssdlite_mobiledet<mobiledet_target::gpu>;          ///< 5.073 G MACs

}  // namespace hasse
