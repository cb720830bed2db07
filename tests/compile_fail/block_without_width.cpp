// expect: hasse: a layer would write no channels
// expect: map_of<32, 32, 16>
// expect: block.hpp
#include <hasse/block.hpp>
using namespace hasse;

constexpr auto macs = block<basic{.stride = 2}, feature_shape{32, 32, 16}>::macs;
