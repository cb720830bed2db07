// expect gcc: expected a type, got 'hasse::conv
// expect clang: template argument for template type parameter must be a type
// expect: SpecTypeWithoutBraces
// errors follow
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<fixed_layer<conv{.out = 8}>, with_stage<1, conv{.out = 8}>>>;
constexpr int stages = space::stages;
