// network/published.hpp: MACs and parameters as published: by torchvision and timm, and in the tables of the papers.
#include <hasse/network/find.hpp>
#include <hasse/network/published.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
/// Rounded as tables of papers are: MACs in tenths of a million, parameters in thousands.
constexpr bool rounds_to(const cost& found, std::int64_t tenths_of_macs, std::int64_t thousands) {
  return (found.macs + 50'000) / 100'000 == tenths_of_macs && (found.parameters() + 500) / 1000 == thousands;
}
/// A count that includes the additions of the last average pool, as tools that count them print it.
constexpr std::int64_t macs_and_pool(const cost& found, int channels) { return (found.macs + 49 * channels + 50'000) / 100'000; }
}  // namespace

static_assert(df1::macs() == 746'729'472 && df1::costs.weights == 8'523'592 && df1::costs.batch_norm_parameters == 9'536);
static_assert(df2::macs() == 1'774'333'952 && df2::costs.weights == 17'968'968 && df2::costs.batch_norm_parameters == 18'240);
static_assert(df2a::macs() == 1'916'141'568 && df2a::costs.weights == 19'103'560 && df2a::costs.batch_norm_parameters == 47'680);

// torchvision and timm publish parameter counts.
static_assert(resnet18::parameter_count() == 11'689'512 && resnet18::macs() == 1'814'073'344);
static_assert(resnet34::parameter_count() == 21'797'672 && resnet34::macs() == 3'663'761'408);
static_assert(resnet50::parameter_count() == 25'557'032 && resnet50::macs() == 4'089'184'256);
static_assert(mobilenet_v1<>::parameter_count() == 4'231'976 && mobilenet_v1<>::macs() == 568'740'352);
static_assert(mobilenet_v2<>::parameter_count() == 3'504'872 && mobilenet_v2<>::macs() == 300'774'272);
static_assert(mobilenet_v2<1400>::parameter_count() == 6'108'776 && mobilenet_v2<500>::parameter_count() == 1'968'680);
static_assert(mobilenet_v3_large::parameter_count() == 5'483'032 && mobilenet_v3_large::macs() == 216'589'760);
static_assert(mnasnet_a1::parameter_count() == 3'887'038 && mnasnet_a1::macs() == 311'579'072);
static_assert(efficientnet_b0::parameter_count() == 5'288'548 && efficientnet_b0::macs() == 385'814'752);

// The forms for images of 32 x 32.
static_assert(resnet20::parameter_count() == 272'474 && resnet20::macs() == 40'813'184);
static_assert(resnet18_cifar::parameter_count() == 11'173'962 && resnet18_cifar::macs() == 555'422'720);
static_assert(mobilenet_v2_cifar::parameter_count() == 2'236'682 && mobilenet_v2_cifar::macs() == 87'976'448);

// Spec of slimmable networks, 1.2: with the last pool.
static_assert(macs_and_pool(mobilenet_v1<1000>::costs, 1024) == 5688 && macs_and_pool(mobilenet_v1<750>::costs, 768) == 3254);
static_assert(macs_and_pool(mobilenet_v1<500>::costs, 512) == 1495 && macs_and_pool(mobilenet_v1<250>::costs, 256) == 410);
static_assert(macs_and_pool(mobilenet_v2<1000>::costs, 1280) == 3008 && macs_and_pool(mobilenet_v2<975>::costs, 1280) == 3000);
static_assert(macs_and_pool(mobilenet_v2<750>::costs, 1280) == 2091 && macs_and_pool(mobilenet_v2<625>::costs, 1280) == 1612);
static_assert(macs_and_pool(mobilenet_v2<550>::costs, 1280) == 1067 && macs_and_pool(mobilenet_v2<500>::costs, 1280) == 972);
static_assert(macs_and_pool(mobilenet_v2<350>::costs, 1280) == 593);

// Spec of ProxylessNAS, 1.4.
static_assert(rounds_to(proxyless_mobile::costs, 3204, 4081) && rounds_to(proxyless_gpu::costs, 4653, 7120));
static_assert(rounds_to(proxyless_cpu::costs, 4392, 4362) && rounds_to(proxyless_mobile_14::costs, 5809, 6858));

// Spec of MobileDets, 1.3: the table's parameters of a backbone are its weights.
template <class Net>
constexpr bool backbone(std::int64_t tenths_of_macs, std::int64_t thousands, int channels) {
  return (Net::macs() + 50'000) / 100'000 == tenths_of_macs && (Net::costs.weights + 500) / 1000 == thousands &&
         Net::out == feature_shape{10, 10, channels};
}
static_assert(backbone<mobiledet_cpu>(4080, 2976, 144) && backbone<mobiledet_edgetpu>(14738, 2739, 384));
static_assert(backbone<mobiledet_dsp>(27634, 5793, 240) && backbone<mobiledet_gpu>(50099, 11661, 384));

// The longest of them is still planned in a constant expression.
static_assert(mobiledet_cpu::arena_bytes() >= sizeof(float) * 320 * 320 * 3);

TEST_CASE("the stages of DF1 and DF2 cost what the paper's release costs", "[published]") {
  const auto stage_macs = []<class Space>(const architecture<Space>& choice, int wanted) {
    std::int64_t sum = 0;
    for_each_part(choice, [&](part_id part) {
      const part_key key = part_keys<Space>[static_cast<std::size_t>(part)];
      if ((key.kind == part_kind::first_block || key.kind == part_kind::later_block) && key.index == wanted)
        sum += part_costs<Space>[static_cast<std::size_t>(part)].macs;
    });
    return static_cast<double>(sum) / 1e6;
  };
  REQUIRE(stage_macs(df1::choice, 0) == Approx(176.620).margin(5e-4));
  REQUIRE(stage_macs(df1::choice, 1) == Approx(160.563).margin(5e-4));
  REQUIRE(stage_macs(df1::choice, 2) == Approx(340.394).margin(5e-4));
  REQUIRE(stage_macs(df2::choice, 0) == Approx(298.648).margin(5e-4));
  REQUIRE(stage_macs(df2::choice, 1) == Approx(761.070).margin(5e-4));
  REQUIRE(stage_macs(df2::choice, 2) == Approx(645.464).margin(5e-4));
}

TEST_CASE("the released networks project where their prototxt does", "[published]") {
  const auto projections = [](const auto& layers) {
    int count = 0;
    for (const layer& item : layers)
      count += item.kind == layer_kind::convolution && item.kernel == 1 && item.pad_top == 0 && item.out.c > 32;
    return count;
  };
  REQUIRE(projections(df1::layers) == 4);  // the first block of each stage and res4.4
  REQUIRE(projections(df2::layers) == 6);  // and res2.3, res3.11, res4.5
}

TEST_CASE("a network is found by its published name or by an architecture of a space, and another name is told what there is") {
  CHECK(cost_of(find_network("df1").layers).macs == df1::macs());
  const named_layers found = find_network("df-small:[(32),(64),(64,128)]", {.input = {64, 64, 3}});
  CHECK(found.name == "df-small:[(32),(64),(64,128)]");
  CHECK(found.layers.input == feature_shape{64, 64, 3});
  CHECK_THROWS_WITH(find_network("df9"), ContainsSubstring("there is no network \"df9\"; give df1"));
  CHECK_THROWS_WITH(find_network("df9:[(32)]"), ContainsSubstring("there is no network \"df9:[(32)]\""));
  CHECK_THROWS_WITH(find_network("df-small:[(32),(64),(64)]", {.width = 2}), ContainsSubstring("leave out --width"));
  CHECK(parse_shape("3x224x160") == feature_shape{224, 160, 3});
  for (const char* wrong : {"", "3x224", "3x224x224x1", "0x2x2", "3x9000x2", "3x2x2 "})
    CHECK_THROWS_WITH(parse_shape(wrong), ContainsSubstring("write channels, height and width"));
}
