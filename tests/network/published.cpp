// network/published.hpp: MACs and parameters to the last digit (of the released DF networks and of torchvision).
#include <hasse/network/published.hpp>

#include "../support/catch.hpp"

using namespace hasse;

static_assert(df1::macs() == 746'729'472 && df1::costs.weights == 8'523'592 && df1::costs.batch_norm_parameters == 9'536);
static_assert(df2::macs() == 1'774'333'952 && df2::costs.weights == 17'968'968 && df2::costs.batch_norm_parameters == 18'240);
static_assert(df2a::macs() == 1'916'141'568 && df2a::costs.weights == 19'103'560 && df2a::costs.batch_norm_parameters == 47'680);
static_assert(resnet18::parameter_count() == 11'689'512 && resnet18::macs() == 1'814'073'344);
static_assert(resnet50::parameter_count() == 25'557'032 && resnet50::macs() == 4'089'184'256);

TEST_CASE("the stages of DF1 and DF2 cost what the paper's release costs", "[published]") {
  const auto stage_macs = []<class Space>(const architecture<Space>& choice, int wanted) {
    std::int64_t sum = 0;
    for_each_part(choice, [&](part_id part) {
      const part_key key = part_keys<Space>[static_cast<std::size_t>(part)];
      if ((key.kind == part_kind::first_block || key.kind == part_kind::later_block) && key.index == wanted) sum += part_costs<Space>[static_cast<std::size_t>(part)].macs;
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
    for (const layer& item : layers) count += item.kind == layer_kind::convolution && item.kernel == 1 && item.pad_top == 0 && item.out.c > 32;
    return count;
  };
  REQUIRE(projections(df1::layers) == 4);   // the first block of each stage and res4.4
  REQUIRE(projections(df2::layers) == 6);   // and res2.3, res3.11, res4.5
}
