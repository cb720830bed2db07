// expect: has another shape for each width of another stage
// expect: from_stage<2>
#include <hasse/space.hpp>
using namespace hasse;

using one = searched<conv{.kernel = 1}, widths<8, 16>>;
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<one, with_stage<2, fusion_node>>>;
constexpr int stages = space::stages;
