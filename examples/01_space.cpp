// 01: a search space is a type. Its architectures can be written, counted, compared and priced, most of it by the compiler.
#include <cstdio>

#include <hasse/space.hpp>
#include <hasse/space/count.hpp>

using namespace hasse;
using namespace hasse::literals;

// begin: space
using space = search_space<input<3, 32, 32>,
                           stem<conv{.out = 32, .kernel = 3}>,
                           stage<basic{.stride = 2}, widths<32, 64, 128>, depth<1, 3>>,
                           stage<basic{.stride = 2}, widths<32, 64, 128, 256>, depth<1, 3>>,
                           head<global_average_pool, linear<10>>>;
// end: space

static_assert(precedes<space>("[(32),(64)]"_arch, "[(32,32),(64)]"_arch));   // a block was duplicated
static_assert(precedes<space>("[(32),(64)]"_arch, "[(64),(64)]"_arch));      // a block was widened
static_assert(!precedes<space>("[(64),(64)]"_arch, "[(32,64),(64)]"_arch));  // a narrower block in front: only embedding allows that
static_assert(precedes<space, embedding_order>("[(64),(64)]"_arch, "[(32,64),(64)]"_arch));
static_assert(macs<space>("[(32),(64)]"_arch) < 12'000'000);

int main() {
  std::printf("%s architectures of %d distinct parts\n", to_text(cardinality<space>()).c_str(), part_count<space>);

  const auto choice = parse<space>("[(32,64),(64,128)]");
  const cost costs = cost_of(choice);
  std::printf("%s: %lld MACs, %lld parameters, at most %lld activations alive\n", to_text(choice).c_str(), static_cast<long long>(costs.macs),
              static_cast<long long>(costs.parameters()), static_cast<long long>(costs.peak_elements));

  // Exactly uniform, by dynamic programming: works the same for a space of 10^30.
  const counter<space> all;
  random_source random(1);
  std::printf("%s others precede it; three drawn uniformly:\n", to_text(all.precedents<strict_order>(choice)).c_str());
  for (int i = 0; i < 3; ++i) std::printf("  %s\n", to_text(all.sample(random)).c_str());

  try {
    parse<space>("[(32,48),(64)]");
  } catch (const error& refused) {
    std::printf("refused: %s\n", refused.what());
  }
}
