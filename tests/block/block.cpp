// Blocks know their shapes and costs as constants; chains check that neighbours fit.
#include <hasse/block.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
using narrow = block<basic{.out = 32, .stride = 2}, feature_shape{32, 32, 16}>;
using wide = block<basic{.out = 64}, feature_shape{16, 16, 32}>;
using pooled = block<max_pool{}, feature_shape{16, 16, 64}>;

static_assert(Block<narrow> && Block<pooled> && !Block<int> && !Block<layer>);
static_assert(Feeds<narrow, wide> && Feeds<wide, pooled> && !Feeds<wide, narrow> && !Feeds<narrow, narrow>);
static_assert(narrow::out == feature_shape{16, 16, 32});
static_assert(narrow::macs == 16 * 16 * 32 * (16 * 9 + 32 * 9 + 16));
static_assert(narrow::parameters == 32 * (16 * 9 + 32 * 9 + 16) + 3 * 2 * 32);
static_assert(pooled::macs == 0 && pooled::parameters == 0);
static_assert(std::same_as<block_of<placed<basic{.out = 64}, feature_shape{16, 16, 32}>>, wide>);

using net = chain<narrow, wide, pooled>;
static_assert(net::layers.size() == narrow::layers.size() + wide::layers.size() + 1);
static_assert(net::layers.shape_of(net::layers.count) == feature_shape{8, 8, 64});
static_assert(cost_of(net::layers).macs == narrow::macs + wide::macs);

// Equal blocks in a row compile without a warning.
using same = block<basic{.out = 32}, feature_shape{16, 16, 32}>;
static_assert(chain<same, same, same>::layers.size() == 3 * same::layers.size());
}  // namespace

TEST_CASE("a block names itself by spec, channels and input size") {
  CHECK(narrow::text() == "basic s2 16>32 @32x32");
  CHECK(pooled::text() == "max_pool2 s2 64>64 @16x16");
}

TEST_CASE("a chain shifts the values of its blocks") {
  const layer& first_of_wide = net::layers.items[narrow::layers.size()];
  CHECK(first_of_wide.input == static_cast<value_id>(narrow::layers.size()));
  for (int i = 0; i < net::layers.count; ++i) CHECK(net::layers.items[static_cast<std::size_t>(i)].input <= i);
}
