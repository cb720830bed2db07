// expect: has another shape for each width of another stage
// expect: from_stage<1>
#include <hasse/space.hpp>
using namespace hasse;

struct sum {
  friend constexpr bool operator==(const sum&, const sum&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from, value_id stage) const {
    const feature_shape shallow = list.shape_of(stage);
    const value_id side = list.convolution(stage, list.shape_of(from).c, 1);
    return list.add(list.resize(from, shallow.h, shallow.w), side);
  }
  std::string text() const { return "sum"; }
};

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<with_stage<1, sum>, global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
