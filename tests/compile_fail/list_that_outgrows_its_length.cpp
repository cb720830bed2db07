// expect: hasse: a fixed_layers<N> got more than N layers
#include <hasse/space/layer_builder.hpp>
using namespace hasse;

constexpr int layers = [] {
  fixed_layers<1> list{.input = {8, 8, 4}};
  layer_builder<fixed_layers<1>> build{list};
  build.batch_norm(build.convolution(0, 8, 3));
  return list.count;
}();
