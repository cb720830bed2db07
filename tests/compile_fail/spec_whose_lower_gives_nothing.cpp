// expect: hasse: this spec has no lower that can be called
// expect: spec_fault::no_lower
// expect: gives_nothing
#include <hasse/space.hpp>
using namespace hasse;

struct gives_nothing {
  int out = 0, stride = 1;
  template <class List>
  constexpr void lower(layer_builder<List> list, value_id from) const { list.convolution(from, out, 3, stride); }
  std::string text() const { return "own"; }
};
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<gives_nothing{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
