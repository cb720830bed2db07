// space/parts.hpp and space/cost.hpp: the finite set of parts and what they cost, against published numbers.
#include <hasse/space/layer_list.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/space/parts.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

static_assert(part_count<df> == 87, "2 stem convolutions, 80 blocks, 5 heads");
static_assert(part_t<df, 86>::in == feature_shape{7, 7, 1024});
static_assert(part_t<df, 0>::spec == conv{.out = 32, .stride = 2, .norm = df_norm});

// Spec of Partial Order Pruning, 1.5, to the last digit that it prints.
constexpr cost df1 = cost_of(parse<df>("[(64,64,64),(128,128,128),(256,256,256,512)]"));
static_assert(df1.macs == 746'729'472 && df1.weights == 8'523'592 && df1.batch_norm_parameters == 9'536);
constexpr cost df2 = cost_of(parse<df>("[(64,64,128),(128,128,128,128,128,128,128,128,128,128,256),(256,256,256,256,512,512)]"));
static_assert(df2.macs == 1'774'333'952 && df2.weights == 17'968'968 && df2.batch_norm_parameters == 18'240);

TEST_CASE("an architecture costs what its concatenated layers cost", "[cost]") {
  const auto check = []<class Space>(const architecture<Space>& choice) {
    fixed_layers<512> whole{.input = Space::image};
    [&]<std::size_t... Id>(std::index_sequence<Id...>) {
      for_each_part(choice, [&](part_id part) {
        ((static_cast<int>(Id) == part ? static_cast<void>(part_t<Space, static_cast<int>(Id)>::spec.lower(layer_builder<fixed_layers<512>>{whole}, whole.count))
                                       : static_cast<void>(0)),
         ...);
      });
    }(std::make_index_sequence<static_cast<std::size_t>(part_count<Space>)>{});
    const cost expected = cost_of(whole), sum = cost_of(choice);
    REQUIRE(sum == expected);
  };
  for (const char* text : {"[(32),(64)]", "[(32,64,128),(128,128,256)]", "[(64,64),(64)]"}) check(parse<two_stages>(text));
  for (const char* text : {"[(16,32),(64,128,128)]"}) check(parse<bounded>(text));
}

namespace {
/// As many convolutions as one likes: SSDLite's heads are lowered to 84 layers.
struct deep {
  int out = 0, stride = 1, layers = 1;
  [[maybe_unused]] friend constexpr bool operator==(const deep&, const deep&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    from = list.convolution(from, out, 3, stride);
    for (int at = 1; at < layers; ++at) from = list.convolution(from, out, 1);
    return from;
  }
  std::string text() const { return "deep" + std::to_string(layers); }
};
using deep_space = search_space<input<3, 8, 8>, stem<conv{.out = 4}>, stage<deep{.layers = 300}, widths<4>, depth<1, 1>>,
                                head<fixed_layer<conv{.out = 6, .kernel = 1}>, global_average_pool, linear<2>>>;
static_assert(part_t<deep_space, 1>::layers.size() == 300, "a block has as many layers as it is lowered to");
static_assert(part_t<deep_space, 2>::layers.size() == 5 && part_t<deep_space, 2>::layers.items[0].out.c == 6, "a head takes values in a fixed_layer");
}  // namespace

TEST_CASE("a layer that cannot be is refused where it is put", "[layers]") {
  const auto refused = [](auto put, const char* part) {
    layer_list list{.input = {8, 8, 4}, .items = {}};
    try {
      put(layer_builder<layer_list>{list});
      FAIL("accepted: " << part);
    } catch (const error& refusal) {
      CHECK_THAT(refusal.what(), Catch::Matchers::Contains(part));
    }
  };
  refused([](auto build) { build.add(build.convolution(0, 6, 3, 2), 0); }, "add: its operands are 4x4x6 and 8x8x4");
  refused([](auto build) { build.scale(0, build.convolution(0, 1, 1)); }, "scale: the gate of 8x8x4 is 8x8x1");
  refused([](auto build) { build.concat(build.convolution(0, 6, 3, 2), 0); }, "concat: its operands are 4x4x6 and 8x8x4");
  refused([](auto build) { build.convolution(0, 6, 3, 1, -1, 4); }, "its 4 groups do not divide 4 channels that it reads and 6");
  refused([](auto build) { build.convolution(0, 0, 3); }, "convolution: it reads 8x8x4 and would write 0 channels");
  refused([](auto build) { build.convolution(0, 4, 3, 0); }, "a window of 3x3, stride 0");
  refused([](auto build) { build.max_pool(0, 9, 2, 0); }, "max_pool: a window of 9x9, stride 2, leaves nothing of 8x8x4");
  refused([](auto build) { build.batch_norm(5); }, "reads value 5");
  refused([](auto build) { build.pad_channels(0, 3); }, "pad_channels: it reads 8x8x4 and would write 3 channels");
  refused([](auto build) { build.depth_to_space(0, 3); }, "give it a multiple of 9 channels");
  refused([](auto build) { build.output("taps", 3); }, "reads value 3");
  refused([](auto build) { identity{.out = 6}.lower(build, 0); }, "identity: it was placed between 4 and 6 channels");
}

TEST_CASE("the remedy for unequal operands works", "[layers]") {
  layer_list list{.input = {8, 8, 4}, .items = {}};
  layer_builder<layer_list> build{list};
  build.add(build.convolution(0, 6, 3, 2), build.convolution(0, 6, 1, 2, 0));
  CHECK(list.items.back().out == feature_shape{4, 4, 6});
}

TEST_CASE("peak memory counts what is alive", "[cost]") {
  // conv 4x4x1 -> 4x4x8: input 16 + output 128; then a residual block of 8: skip 128 + middle 128 + output 128
  fixed_layers<16> list{.input = {4, 4, 1}};
  layer_builder<fixed_layers<16>> build{list};
  const value_id first = build.convolution(0, 8, 3);
  REQUIRE(cost_of(list).peak_elements == 16 + 128);
  build.add(build.convolution(build.convolution(first, 8, 3), 8, 3), first);
  REQUIRE(cost_of(list).peak_elements == 3 * 128);
  // Nothing is joined, padded or taken apart in place: 4x4x2 and 4x4x3 beside their 5 channels; 5 beside 8; 8 beside 8x8x2.
  fixed_layers<16> joined{.input = {4, 4, 2}};
  layer_builder<fixed_layers<16>> more{joined};
  const value_id both = more.concat(0, more.convolution(0, 3, 1));
  REQUIRE(cost_of(joined).peak_elements == 2 * 16 * 5);
  more.depth_to_space(more.pad_channels(both, 8), 2);
  REQUIRE(joined.shape_of(4) == feature_shape{8, 8, 2});
  REQUIRE(cost_of(joined).peak_elements == 2 * 16 * 8);
  REQUIRE(cost_of(joined).activations == 16 * (3 + 5 + 8 + 8));
}
