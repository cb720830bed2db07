// expect: must increase from left to right
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

constexpr auto values = widths<64, 32>::values;
