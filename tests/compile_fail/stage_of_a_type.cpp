// expect gcc: expected a constant of type 'auto', got 'hasse::basic'
// expect clang: template argument for non-type template parameter must be an expression
// expect: SpecInBraces
// expect: stage<basic,
// errors follow
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic, widths<16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
