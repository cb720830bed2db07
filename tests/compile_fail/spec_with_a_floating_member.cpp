// expect: hasse: this spec has a floating-point member
// expect: int keep_percent = 75;
#include <hasse/space.hpp>
using namespace hasse;

struct own {
  int out = 0, stride = 1;
  double keep = 0.75;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.conv_bn(from, out, 3, stride, activation::relu, {}); }
  std::string text() const { return "own"; }
};
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<own{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
