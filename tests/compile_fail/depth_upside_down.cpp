// expect: depth<Least, Most> needs 1 <= Least <= Most
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

constexpr int most = depth<3, 1>::most;
