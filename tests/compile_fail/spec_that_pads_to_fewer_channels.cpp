// expect: hasse: a pad_channels would write fewer channels than it reads
// expect: map_of<16, 16, 16>
#include <hasse/space.hpp>
using namespace hasse;

struct own {
  int out = 0, stride = 1;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.pad_channels(list.convolution(from, out, 3, stride), 4); }
  std::string text() const { return "own"; }
};
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<own{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
