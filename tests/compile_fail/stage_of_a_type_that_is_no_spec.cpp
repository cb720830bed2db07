// expect: takes a spec with members out and stride
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

struct not_a_spec {
  int out = 0, stride = 1;
};
using impossible = stage<not_a_spec{}, widths<32>, depth<1, 2>>;
constexpr auto spec = impossible::spec;
