// expect: hasse: the choices of a mixed_stage must have one output shape
// expect: body_part<1>
#include <hasse/space.hpp>
using namespace hasse;

struct halving {
  int out = 0, stride = 1;
  friend constexpr bool operator==(const halving&, const halving&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.max_pool(from, 2, 2, 0); }
  std::string text() const { return "halving"; }
};
using impossible = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, mixed_stage<choices<basic{}, halving{}>, stage_shape{.out = 16}>,
                               head<global_average_pool, linear<10>>>;
constexpr auto features = impossible::features;
