// The table has every part once, whatever the number of shards, and architectures walk it. This file never sees shard.hpp.
#include <set>

#include "../support/catch.hpp"
#include "space.hpp"

using namespace hasse;
using namespace hasse::literals;
using space = testing::sharded_space;

TEST_CASE("every part has its entry, at its id") {
  const auto entries = catalogue<space>::entries();
  REQUIRE(entries.size() == static_cast<std::size_t>(part_count<space>));
  for (int id = 0; id < catalogue<space>::size; ++id) {
    const entry& each = catalogue<space>::at(id);
    INFO(each.text());
    CHECK(each.id == id);
    CHECK(each.key == part_keys<space>[static_cast<std::size_t>(id)]);
    CHECK(each.costs == part_costs<space>[static_cast<std::size_t>(id)]);
    REQUIRE_FALSE(each.layers.empty());
    CHECK(each.layers.back().out == each.out);
    CHECK(each.layers.front().in == each.in);
    CHECK(cost_of(layers_of(each)) == each.costs);
  }
}

TEST_CASE("an entry is found by its name") {
  CHECK(catalogue<space>::find("basic s2 32>64 @32x32").in == feature_shape{32, 32, 32});
  CHECK(catalogue<space>::find("basic s1 64>64 @16x16").out == feature_shape{16, 16, 64});
  for (const entry& each : catalogue<space>::entries()) {
    const entry& found = catalogue<space>::find(each.text());
    CHECK((found.in == each.in && found.out == each.out && found.costs == each.costs));
  }
  CHECK_THROWS_WITH(catalogue<space>::find("basic s3 1>2 @3x3"),
                    ContainsSubstring("\"basic s3 1>2 @3x3\"") && ContainsSubstring("global_average_pool + linear 256>10 @8x8"));
}

TEST_CASE("an architecture becomes the layers of its blocks in a row") {
  const auto choice = parse<space>("[(32,64),(64,256,256)]");
  const layer_list layers = layers_of(choice);
  CHECK(layers.input == space::image);
  CHECK(layers.items.back().out == feature_shape{1, 1, 10});
  CHECK(cost_of(layers).macs == macs(choice));
  CHECK(cost_of(layers).parameters() == parameter_count(choice));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    CHECK(layers.items[i].input <= static_cast<value_id>(i));
    CHECK(layers.items[i].in == layers.shape_of(layers.items[i].input));
  }
}
