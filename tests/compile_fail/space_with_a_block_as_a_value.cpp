// expect gcc: expected a type, got 'hasse::basic{
// expect clang: template argument for template type parameter must be a type
// expect: PartsWithBlocksInStages
// errors follow
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, basic{.stride = 2}, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
