// space/mobile.hpp: what the blocks of the mobile families are made of, and that a space can be built of them.
#include <hasse/space.hpp>
#include <hasse/space/layer_list.hpp>

#include <string>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
constexpr cost cost_at(auto spec, feature_shape in) { return cost_of(layers_of(spec, in)); }

/// "conv1x1 bn relu6 conv3x3g ...": convolutions with side, "g" when grouped and "b" with bias.
template <class Type>
std::string kinds(const Type& spec, feature_shape in) {
  std::string text;
  for (const layer& item : layers_of(spec, in)) {
    if (!text.empty()) text += ' ';
    if (item.kind == layer_kind::convolution)
      text +=
          std::to_string(item.kernel) + "x" + std::to_string(item.kernel) + (item.groups > 1 ? "g" : "") + (item.bias ? "b" : "");
    else if (item.kind == layer_kind::activation)
      text += name_of(item.act);
    else if (item.kind == layer_kind::batch_norm)
      text += "bn";
    else
      text += name_of(item.kind);
  }
  return text;
}

// Spec of MobileDets, 1.3: blocks for unit tests, MACs in tenths of a million and parameters without batch norm in hundreds.
constexpr bool costs(const cost& found, std::int64_t tenths, std::int64_t hundreds) {
  return (found.macs + 50'000) / 100'000 == tenths && (found.weights + 50) / 100 == hundreds;
}
constexpr squeeze_excite mobiledet_gate{.percent = 25, .inner = activation::hard_swish};
static_assert(costs(cost_at(fused_mbconv{.out = 144, .expand = 8, .pad = padding::same}, {20, 20, 120}), 4700, 11750));
static_assert(costs(cost_at(fused_mbconv{.out = 40, .stride = 2, .kernel = 5, .expand = 8, .pad = padding::same}, {80, 80, 16}),
                    901, 563));
static_assert(costs(cost_at(tucker{.out = 160, .in_percent = 75, .out_percent = 75, .pad = padding::same}, {10, 10, 160}), 168,
                    1680));
static_assert(costs(cost_at(mbconv{.out = 144, .expand = 8, .se = mobiledet_gate, .pad = padding::same}, {10, 10, 104}), 217,
                    5610));

// A stage repeats a block and sets its width; widths, strides and costs follow as for any other block.
using space =
    search_space<input<3, 33, 32>, stem<conv{.out = 8, .act = activation::relu6, .pad = padding::same}>,
                 stage<mbconv{.stride = 2, .kernel = 5, .se = mobiledet_gate, .pad = padding::same}, widths<8, 16>, depth<1, 2>>,
                 stage<fused_mbconv{.stride = 2}, widths<16, 24>, depth<1, 2>>, stage<tucker{}, widths<24>, depth<1, 2>>,
                 stage<depthwise_separable{.stride = 2}, widths<32>, depth<1, 1>>, head<global_average_pool, linear<10>>>;
constexpr architecture<space> choice = parse<space>("[(8,16),(16,24),(24,24),(32)]");
static_assert(part_t<space, part_count<space> - 1>::in == feature_shape{5, 4, 32});
}  // namespace

TEST_CASE("mobile blocks are made of the layers that their papers list", "[mobile]") {
  CHECK(kinds(mbconv{.out = 16}, {8, 8, 16}) == "1x1 bn relu6 3x3g bn relu6 1x1 bn add");
  CHECK(kinds(mbconv{.out = 16, .residual = residual_rule::never}, {8, 8, 16}) == "1x1 bn relu6 3x3g bn relu6 1x1 bn");
  CHECK(kinds(mbconv{.out = 16, .stride = 2, .kernel = 5}, {8, 8, 16}) == "1x1 bn relu6 5x5g bn relu6 1x1 bn");
  CHECK(kinds(mbconv{.out = 24, .expand = 1, .act = activation::relu}, {8, 8, 16}) == "3x3g bn relu 1x1 bn");
  CHECK(kinds(mbconv{.out = 16, .middle = 16, .act = activation::swish, .se = {.percent = 25, .inner = activation::swish}},
              {8, 8, 16}) == "3x3g bn swish global_average_pool 1x1b swish 1x1b sigmoid scale 1x1 bn add");
  CHECK(kinds(fused_mbconv{.out = 16, .kernel = 5}, {8, 8, 16}) == "5x5 bn relu6 1x1 bn add");
  CHECK(kinds(tucker{.out = 16}, {8, 8, 16}) == "1x1 bn relu6 3x3 bn relu6 1x1 bn add");
  CHECK(kinds(depthwise_separable{.out = 32, .stride = 2}, {8, 8, 16}) == "3x3g bn relu6 1x1 bn relu6");
  CHECK(kinds(identity{}, {8, 8, 16}).empty());
  CHECK(kinds(zero{.out = 16}, {8, 8, 16}).empty());
}

TEST_CASE("widths inside mobile blocks follow their rules", "[mobile]") {
  const auto inner = [](squeeze_excite se, int in, int expand) {
    for (const layer& item : layers_of(mbconv{.out = 16, .expand = expand, .se = se}, {8, 8, in}))
      if (item.kind == layer_kind::convolution && item.bias) return item.out.c;
    return 0;
  };
  using share = squeeze_excite::share;
  CHECK(inner({.percent = 25, .base = share::of_expanded, .rule = rounding::divisible}, 24, 3) == 24);  // 18: one step up from 16
  CHECK(inner({.percent = 25, .base = share::of_expanded, .rule = rounding::to_8}, 24, 3) == 16);
  CHECK(inner({.percent = 25, .base = share::of_expanded, .rule = rounding::down}, 24, 3) == 18);
  CHECK(inner({.percent = 25, .base = share::of_input, .rule = rounding::down}, 24, 3) == 6);
  CHECK(inner({.percent = 25, .base = share::of_input, .rule = rounding::down}, 3, 3) == 1);
  const auto ranks = layers_of(tucker{.out = 16}, {8, 8, 32});
  CHECK(ranks.items[0].out.c == 8);
  CHECK(ranks.items[3].out.c == 16);  // 12, rounded up
}

TEST_CASE("padding of mobile blocks is that of their spec", "[mobile]") {
  const auto depthwise = [](padding pad, int side) {
    return layers_of(mbconv{.out = 16, .stride = 2, .pad = pad}, {side, side, 16}).items[3];
  };
  CHECK(depthwise(padding::symmetric, 8).pad_top == 1);
  CHECK(depthwise(padding::symmetric, 8).pad_bottom() == 1);
  CHECK(depthwise(padding::same, 8).pad_top == 0);
  CHECK(depthwise(padding::same, 8).pad_bottom() == 1);
  CHECK(depthwise(padding::same, 7) == depthwise(padding::symmetric, 7));
}

TEST_CASE("mobile blocks name what tells them apart", "[mobile]") {
  CHECK(mbconv{.out = 16, .kernel = 5, .se = mobiledet_gate}.text() == "mbconv e6 k5 s1 se25");
  CHECK(mbconv{.out = 16, .stride = 2, .middle = 72}.text() == "mbconv m72 k3 s2");
  CHECK(fused_mbconv{}.text() == "fused_mbconv e4 k3 s1");
  CHECK(tucker{}.text() == "tucker 25,75 k3 s1");
  CHECK(depthwise_separable{.kernel = 5}.text() == "depthwise_separable k5 s1");
  CHECK(identity{}.text() == "identity");
}

TEST_CASE("an identity is refused where it would change the shape", "[mobile]") {
  layer_list list{.input = {8, 8, 16}, .items = {}};
  layer_builder<layer_list> build{list};
  CHECK_THROWS_WITH((identity{.out = 24}.lower(build, 0)), ContainsSubstring("between 16 and 24 channels"));
  CHECK_THROWS_WITH((identity{.out = 16, .stride = 2}.lower(build, 0)), ContainsSubstring("stride 2"));
}

TEST_CASE("an architecture of mobile blocks costs what its parts cost", "[mobile]") {
  layer_list list{.input = space::image, .items = {}};
  layer_builder<layer_list> build{list};
  constexpr padding same = padding::same;
  value_id value = conv{.out = 8, .act = activation::relu6, .pad = same}.lower(build, 0);
  value = mbconv{.out = 8, .stride = 2, .kernel = 5, .se = mobiledet_gate, .pad = same}.lower(build, value);
  value = mbconv{.out = 16, .kernel = 5, .se = mobiledet_gate, .pad = same}.lower(build, value);
  value = fused_mbconv{.out = 16, .stride = 2}.lower(build, value);
  value = fused_mbconv{.out = 24}.lower(build, value);
  value = tucker{.out = 24}.lower(build, tucker{.out = 24}.lower(build, value));
  value = depthwise_separable{.out = 32, .stride = 2}.lower(build, value);
  build.linear(build.global_average_pool(value), 10);
  CHECK(cost_of(choice) == cost_of(list));
  CHECK(list.shape_of(value) == feature_shape{5, 4, 32});
}
