// expect: hasse: this spec has a floating-point member
// expect: with_ratio
#include <hasse/space.hpp>
using namespace hasse;

struct ratio {
  int of = 0;
  float share = 0.25f;
};
struct with_ratio {
  int out = 0, stride = 1;
  ratio part{};
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.conv_bn(from, out, 3, stride, activation::relu, {}); }
  std::string text() const { return "own"; }
};
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<with_ratio{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
