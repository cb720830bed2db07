// expect: an_identity_needs_stride_1_and_as_many_channels_as_it_reads
#include <hasse/space.hpp>
using namespace hasse;

constexpr auto layers = layers_of(identity{.out = 24}, {8, 8, 16});
