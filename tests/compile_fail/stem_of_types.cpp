// expect gcc: expected a constant of type 'auto', got 'hasse::conv'
// expect clang: template argument for non-type template parameter must be an expression
// expect: SpecsInBraces
// expect: stem<conv>
// errors follow
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
