// What a user's first program needs of the package: a space as a type, an architecture of it, its cost and its catalogue.
#include <cstdio>

#include <hasse/core/build.hpp>

#include "my_space.hpp"

using namespace hasse;
using namespace hasse::literals;
static_assert(macs<mine::space>("[(32)]"_arch) < macs<mine::space>("[(32,64)]"_arch));

int main() {
  const auto choice = parse<mine::space>("[(32,64)]");
  const auto layers = layers_of(choice);
  std::printf("%s: %zu layers, %lld parameters\n", to_text(choice).c_str(), layers.size(), static_cast<long long>(parameter_count(choice)));
  std::printf("compiled by %s\n", HASSE_BUILD_TEXT);
}
