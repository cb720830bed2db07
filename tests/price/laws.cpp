// The shipped prices keep the laws of a price, and each law catches a price that breaks it.
#include <hasse/laws/price.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <hasse/latency/foreign_yaml.hpp>
#include <hasse/price.hpp>
#include <hasse/supernet/mbconv_space.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "../latency/fake_device.hpp"
#include "../latency/foreign_tables.hpp"
#include "catch.hpp"

using namespace hasse;
using Catch::Matchers::StartsWith;

namespace {
/// The blocks of a network of a searched space.
std::vector<layer_list> blocks_of(const gated_list& list, int candidate) {
  std::vector<layer_list> pieces;
  for (const gated_block& block : list.blocks)
    if (const auto& each = block.candidates[static_cast<std::size_t>(std::min(candidate, block.count() - 1))]; !each.is_zero()) pieces.push_back(each.layers);
  return pieces;
}
const std::vector<layer_list> pieces = blocks_of(gated_list_of(proxyless_cifar_tiny()), 1);

struct planted : exact_price {
  double base = 0, given = 0;  ///< what any list costs besides; what each layer costs
  double off = 0;
  cost_gathering how = cost_gathering::sum;
  price_unit counts{"coins", "coins"};
  bool drifts = false;
  mutable double asked = 0;
  double of(const layer_list& layers) const { return base + given * static_cast<double>(layers.size()) + (drifts ? asked++ : 0); }
  price_unit unit() const { return counts; }
  cost_gathering gathering() const { return how; }
  double uncertainty() const { return off; }
};
std::string broken(const planted& price) { return broken_law(price, pieces); }
}  // namespace

TEST_CASE("shipped prices keep the laws of a price", "[price][laws]") {
  CHECK(broken_law(mac_price{}, pieces) == "");
  CHECK(broken_law(any_price(mac_price{}), pieces) == "");
  for (int candidate = 0; candidate < 4; ++candidate)
    CHECK(broken_law(memory_price{}, blocks_of(gated_list_of(proxyless_cifar_tiny()), candidate)) == "");
  CHECK(broken_law(memory_price{}, blocks_of(gated_list_of(proxyless_imagenet()), 2)) == "");
}

TEST_CASE("a table of layers is a price of its device, as exact as it is known to be", "[price][laws]") {
  testing::temporary_folder folder;
  const testing::fake_device device;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, testing::quick);
  const layer_table_price price(table);
  CHECK(std::isnan(price.uncertainty()));
  CHECK(broken_law(price, pieces) == "");
  table.measured_whole(pieces.front(), "first");
  CHECK(price.uncertainty() < 0.05);
  CHECK(broken_law(any_price(price), pieces) == "");
  const layer_table_price read(layer_table::load(folder / "layers.json"));
  CHECK(read.of(pieces.back()) == price.of(pieces.back()));
  CHECK(read.device() == price.device());
  CHECK_FALSE(read.device().empty());
  CHECK_THROWS_WITH(read.of(blocks_of(gated_list_of(proxyless_imagenet()), 0).front()), ContainsSubstring("knows no latency of"));
}

TEST_CASE("a table of others is a price of the device that its file is called by", "[price][laws]") {
  const foreign_price price{parse_foreign_table(testing::pixel(), "tables/pixel.yaml")};
  CHECK(price.device() == "pixel.yaml");
  const auto placed = [](const auto& spec, feature_shape in) { return layer_list_of(layers_of(spec, in)); };
  const std::vector front{placed(conv{.out = 32, .stride = 2, .act = activation::relu6}, {224, 224, 3}), placed(mbconv{.out = 16, .expand = 1}, {112, 112, 32}),
                          placed(mbconv{.out = 24, .stride = 2, .expand = 3}, {112, 112, 16})};
  CHECK(broken_law(price, front) == "");
  CHECK(std::isnan(price.uncertainty()));
}

TEST_CASE("each law catches a price that breaks it", "[price][laws]") {
  planted honest;
  honest.given = 2;
  CHECK(broken(honest) == "");
  const auto with = [&](auto change) {
    planted price = honest;
    change(price);
    return broken(price);
  };
  CHECK_THAT(with([](planted& it) { it.counts.suffix = ""; }), StartsWith("unit:"));
  CHECK_THAT(with([](planted& it) { it.counts.factor = 0; }), StartsWith("unit:"));
  CHECK_THAT(with([](planted& it) { it.given = -1; }), StartsWith("of: a list of"));
  CHECK_THAT(with([](planted& it) { it.given = std::numeric_limits<double>::quiet_NaN(); }), StartsWith("of: a list of"));
  CHECK_THAT(with([](planted& it) { it.drifts = true; }), StartsWith("of: the same"));
  CHECK_THAT(with([](planted& it) { it.off = -0.1; }), StartsWith("uncertainty:"));
  CHECK_THAT(with([](planted& it) { it.base = 1000, it.given = -1; }), StartsWith("more layers:"));
  CHECK_THAT(with([](planted& it) { it.base = 1; }), StartsWith("sum:"));
  CHECK(with([](planted& it) { it.base = 1, it.off = 0.9; }) == "");
  CHECK_THAT(with([](planted& it) { it.base = 1000, it.given = -1, it.how = cost_gathering::largest; }), StartsWith("largest:"));
  CHECK_THROWS_WITH(broken_law(honest, std::span(pieces).first(1)), ContainsSubstring("two pieces"));
}
