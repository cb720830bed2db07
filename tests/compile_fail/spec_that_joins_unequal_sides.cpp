// expect: hasse: a concat has operands of different height or width
// expect: map_of<16, 16, 16>
// expect: map_of<32, 32, 16>
#include <hasse/space.hpp>
using namespace hasse;

struct own {
  int out = 0, stride = 1;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.concat(list.convolution(from, out, 3, stride), from); }
  std::string text() const { return "own"; }
};
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<own{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
