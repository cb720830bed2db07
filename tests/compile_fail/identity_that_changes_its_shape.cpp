// expect: hasse: an identity (zero) stands where the shape changes
// expect: map_of<8, 8, 16>
// expect: map_of<8, 8, 24>
#include <hasse/block.hpp>
#include <hasse/space/mobile.hpp>
using namespace hasse;

constexpr auto macs = block<identity{.out = 24}, feature_shape{8, 8, 16}>::macs;
