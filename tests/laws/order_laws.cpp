// The laws that every order policy must keep, on samples that the compiler checks and on thousands that the test draws.
#include <array>

#include <hasse/laws/order.hpp>
#include <hasse/space/segmentation.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
constexpr auto few = [] {
  std::array<architecture<two_stages>, 8> samples{};
  std::size_t at = 0;
  for (const char* text : {"[(32),(32)]", "[(32),(64)]", "[(64),(64)]", "[(32,32),(64)]", "[(32,64),(64)]", "[(32,64),(64,128)]", "[(32,32,64),(64,128)]",
                           "[(128,128,128),(256,256,256)]"})
    samples[at++] = parse<two_stages>(text);
  return samples;
}();
static_assert(broken_law<strict_order>(few).empty());
static_assert(broken_law<embedding_order>(few).empty());

/// Claims to be an order and is none: compares depth only, so two architectures precede each other.
struct depth_only {
  [[maybe_unused]] static constexpr std::string_view name = "depth only";
  template <class Space>
  static constexpr order_signature<Space> signature(const architecture<Space>& choice) {
    order_signature<Space> result;
    result.bytes[0] = static_cast<std::uint8_t>(choice.blocks());
    return result;
  }
};
static_assert(broken_law<depth_only>(few).starts_with("antisymmetry"), "the law test can fail");

template <class Space>
std::vector<architecture<Space>> drawn() {
  random_source random(11);
  const counter<Space> all;
  std::vector<architecture<Space>> samples;
  for (int i = 0; i < 150; ++i) samples.push_back(all.sample(random));
  return samples;
}

template <class Space, class Order>
void keeps_the_laws() {
  random_source random(12);
  const counter<Space> all;
  const std::vector<architecture<Space>> samples = drawn<Space>();
  INFO("order " << Order::name);
  REQUIRE(broken_law<Order>(samples) == "");

  // Monotone: along the order nothing gets cheaper. Pairs are grown from each sample by bounded random choice.
  int comparable = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto x = all.sample(random), y = all.sample(random);
    if (!precedes<Space, Order>(x, y)) continue;
    ++comparable;
    const cost low = cost_of(x), high = cost_of(y);
    INFO(to_text(x) << " precedes " << to_text(y));
    REQUIRE(low.macs <= high.macs);
    REQUIRE(low.parameters() <= high.parameters());
    if constexpr (std::same_as<Order, strict_order>) REQUIRE(low.peak_elements <= high.peak_elements);
  }
  REQUIRE(comparable > 0);
}

/// The strict order, but for what it says of stages.
struct bounding_otherwise : strict_order {
  static bool bound(std::span<const std::uint8_t> top, std::span<std::uint8_t> bound) { return strict_order::bound(top, bound) && bound.size() < top.size(); }
};
}  // namespace

// Embedding may insert a narrower block at the front of a stage, where the map is largest: peak memory can fall along it.
// That is one reason why the strict order is the default (docs/explanation/order.md).
static_assert(precedes<two_stages, embedding_order>("[(64),(256,256)]"_arch, "[(32,32,64),(128,256,256)]"_arch));
static_assert(peak_elements<two_stages>("[(64),(256,256)]"_arch) > peak_elements<two_stages>("[(32,32,64),(128,256,256)]"_arch));
static_assert(!precedes<two_stages>("[(64),(256,256)]"_arch, "[(32,32,64),(128,256,256)]"_arch));

TEMPLATE_TEST_CASE("orders keep their laws and costs are monotone", "[laws]", two_stages, three_stages, df_small, df, decoded, dfseg_small_half) {
  keeps_the_laws<TestType, strict_order>();
  keeps_the_laws<TestType, embedding_order>();
  CHECK_THAT(std::string(broken_law<bounding_otherwise>(drawn<TestType>())), ContainsSubstring("bound: "));
}
