// expect: hasse: a stage needs widths<...> behind its spec
// expect: hasse::depth<1, 2>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, depth<1, 2>, widths<16>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
