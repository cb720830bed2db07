// network/published/df_seg.hpp: MACs of the released DF-Seg networks as integers, part by part, and what pyramid pooling makes of other maps.
#include <hasse/network/published/df_seg.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/count.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/segmentation.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
template <class Spec>
layer_list lowered(const Spec& spec, feature_shape input) {
  layer_list list{.input = input, .items = {}};
  spec.lower(layer_builder<layer_list>{list}, 0);
  return list;
}
}  // namespace

TEST_CASE("DF-Seg networks have the published MACs") {
  const feature_shape input{1024, 2048, 3};
  const std::int64_t up8 = 159'383'552, pyramid = 9'674'817'536;
  CHECK(cost_of(lowered(pyramid_pooling{}, {32, 64, 512})).macs == pyramid);
  const auto check = [&](df_seg_spec spec, std::int64_t total, std::int64_t backbone, std::int64_t decoder) {
    INFO(spec.text());
    CHECK(total == backbone + pyramid + decoder + up8);
    const layer_list full = lowered(spec, input);
    CHECK(cost_of(full).macs == total);
    CHECK(full.output_shape(0) == feature_shape{1024, 2048, 19});
    spec.upsampled = false;
    const layer_list coarse = lowered(spec, input);
    CHECK(cost_of(coarse).macs == total - up8);
    CHECK(coarse.output_shape(0) == feature_shape{128, 256, 19});
    std::int64_t before = 0;  // up to the map that is pooled
    for (const layer& item : coarse) {
      if (item.kind == layer_kind::adaptive_average_pool) break;
      before += macs_of(item);
    }
    CHECK(before == backbone);
  };
  check(df_lite_seg, 32'978'370'560, 21'525'168'128, 1'619'001'344);
  check(df1_seg, 41'717'956'608, 31'188'844'544, 694'910'976);
  check(df2_seg1, 84'505'747'456, 74'138'517'504, 533'028'864);
  check(df2_seg2, 95'428'378'624, 74'138'517'504, 11'455'660'032);
  // For small machines, at 384 x 480 with 11 classes.
  const auto small = [](df_backbone backbone, std::array<int, 3> decoder, int width, std::int64_t tenths_of_macs, std::int64_t thousands) {
    const cost found = cost_of(lowered(df_seg_spec{.backbone = backbone, .classes = 11, .decoder = decoder, .width = width}, {384, 480, 3}));
    CHECK((found.macs + 50'000) / 100'000 == tenths_of_macs);
    CHECK((found.parameters() + 500) / 1000 == thousands);
  };
  small(df_backbone::lite, {16, 16, 32}, 250, 2108, 661);
  small(df_backbone::one, {16, 16, 32}, 250, 2639, 832);
  small(df_backbone::one, {16, 32, 64}, 500, 9555, 3300);
  // A map of 6 x 8 has no pixels for eight rows of windows, which would take 2.1 M more.
  CHECK(cost_of(lowered(df_seg_spec{.backbone = df_backbone::lite, .classes = 11, .decoder = {16, 16, 32}, .width = 250}, {192, 256, 3})).macs == 54'448'128);
}

TEST_CASE("the released DF-Seg networks are in the space that is searched") {
  const auto check = [](std::string_view text, df_seg_spec spec) {
    INFO(text);
    CHECK(layers_of(parse<dfseg>(text)) == lowered(spec, {1024, 2048, 3}));
  };
  check("[(64,64),(128,128),(256,512)]+(32,32,512)", df_lite_seg);
  check("[(64,64,64),(128,128,128),(256,256,256,512)]+(19,32,128)", df1_seg);
  const std::string two = "[(64,64,128),(128,128,128,128,128,128,128,128,128,128,256),(256,256,256,256,512,512)]";
  check(two + "+(19,19,32)", df2_seg1);
  check(two + "+(19,256,512)", df2_seg2);
  const auto small = [](std::string_view text, df_backbone backbone) {
    CHECK(layers_of(parse<dfseg_small>(text)) == lowered(df_seg_spec{.backbone = backbone, .classes = 11, .decoder = {16, 16, 32}, .width = 250}, {384, 480, 3}));
  };
  small("[(16,16),(32,32),(64,128)]+(16,16,32)", df_backbone::lite);
  small("[(16,16,16),(32,32,32),(64,64,64,128)]+(16,16,32)", df_backbone::one);
}

TEST_CASE("pyramid pooling keeps its windows square, and takes no more of them than there are pixels") {
  const auto windows = [](feature_shape map) {
    std::vector<std::pair<int, int>> found;
    for (const layer& item : lowered(pyramid_pooling{}, map))
      if (item.kind == layer_kind::adaptive_average_pool) found.emplace_back(item.out.h, item.out.w);
    return found;
  };
  using list = std::vector<std::pair<int, int>>;
  CHECK(windows({32, 64, 512}) == list{{1, 2}, {2, 4}, {4, 8}, {8, 16}});
  CHECK(windows({32, 32, 512}) == list{{1, 1}, {2, 2}, {4, 4}, {8, 8}});
  CHECK(windows({12, 15, 128}) == list{{1, 1}, {2, 3}, {4, 5}, {8, 10}});
  CHECK(windows({3, 3, 16}) == list{{1, 1}, {2, 2}});
  // The border of an upsampled map fades in one form and not in the other.
  const auto kinds = [](bool fades) {
    std::vector<layer_kind> found;
    for (const layer& item : lowered(df_seg_spec{.upsampled = false, .fades = fades}, {64, 64, 3}))
      if (item.kind == layer_kind::upsample || item.kind == layer_kind::resize) found.push_back(item.kind);
    return found;
  };
  CHECK(kinds(true) == std::vector{layer_kind::upsample, layer_kind::upsample});
  CHECK(kinds(false) == std::vector{layer_kind::resize, layer_kind::resize});
}

TEST_CASE("the decoders of one backbone are those of the network with that backbone") {
  using space = df_lite_decoder_half;
  CHECK(cardinality<space>() == 20);
  const cost searched = cost_of(parse<space>("[(16,16),(32,32),(128)]+(16,16,32)"));
  const cost built = cost_of(lowered(df_seg_spec{.backbone = df_backbone::lite, .classes = 11, .decoder = {16, 16, 32}, .width = 250}, {192, 256, 3}));
  CHECK(searched.macs == built.macs);
  CHECK(searched.parameters() == built.parameters());
}
