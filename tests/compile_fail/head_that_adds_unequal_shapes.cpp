// expect: hasse: an add has two operands of different shapes
// expect: head_layer<2>
#include <hasse/space.hpp>
using namespace hasse;

struct sum {
  friend constexpr bool operator==(const sum&, const sum&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from, value_id stage) const {
    const value_id side = list.convolution(stage, list.shape_of(from).c, 1);
    return list.add(from, side);
  }
  std::string text() const { return "sum"; }
};

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<fixed_layer<conv{.out = 8}>, with_stage<1, sum>>>;
constexpr int stages = space::stages;
