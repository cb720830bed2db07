// expect: more_layers_than_this_constant_list_has_room_for
#include <hasse/space.hpp>
using namespace hasse;

constexpr auto layers = [] {
  fixed_layers<5> list{.input = {8, 8, 3}};
  basic{.out = 8}.lower(layer_builder<fixed_layers<5>>{list}, 0);
  return list;
}();
