// What a user's first program needs of the package: a space as a type, an architecture of it, and its cost.
#include <cstdio>

#include <hasse/space.hpp>

using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 32, .kernel = 3}>, stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>,
                           head<global_average_pool, linear<10>>>;
static_assert(macs<space>("[(32)]"_arch) < macs<space>("[(32,64)]"_arch));

int main() {
  const auto choice = parse<space>("[(32,64)]");
  std::printf("%s: %lld parameters\n", to_text(choice).c_str(), static_cast<long long>(parameter_count(choice)));
}
