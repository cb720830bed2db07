// Channel groups: which channels change together, at compile time and at run time; the published widths and channel lists.
#include <cmath>
#include <vector>

#include <hasse/network/channel_groups.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/published.hpp>
#include <hasse/space/cost.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
constexpr auto resnet18_groups = channel_groups_of(resnet18::layers);
static_assert(resnet18_groups.size() == 12);  // four streams, and the inner width of each of the eight blocks
static_assert(resnet18_groups[0].channels == 64 && resnet18_groups[1].channels == 64);
constexpr auto v2_groups = channel_groups_of(mobilenet_v2<>::layers);
static_assert(v2_groups.size() == 25);  // spec 2.5
static_assert(v2_groups[2].expansion == 6 && v2_groups[0].expansion == 1);
static_assert(channel_groups_of(mobilenet_v1<>::layers).size() == 14);
constexpr std::array<int, 14> v1_150{16, 32, 48, 48, 88, 88, 224, 176, 224, 368, 320, 224, 744, 744};
static_assert(cost_of(with_channels(mobilenet_v1<>::layers, channel_groups_of(mobilenet_v1<>::layers), v1_150)).macs / 100'000 ==
              1498);

/// In tenths of a million, as the released tables count: convolutions, classifier, and the elements that the last pool reads.
long tenths(const layer_list& layers) {
  std::int64_t macs = cost_of(layers).macs;
  for (const layer& item : layers)
    if (item.kind == layer_kind::global_average_pool) macs += item.in.size();
  return std::lround(static_cast<double>(macs) / 1e5);
}
layer_list at(const layer_list& layers, const channel_configuration& configuration) {
  return with_channels(layers, channel_groups_of(layers), configuration.counts);
}
/// The layers that a released channel list names: stem, then per block its inner width (where it has one) and its output, last.
channel_configuration released_v2(const layer_list& layers, const std::vector<int>& listed) {
  const auto groups = channel_groups_of(layers);
  channel_configuration made{std::vector<int>(static_cast<std::size_t>(groups.size()), 0)};
  std::size_t next = 0;
  for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
    const layer& item = layers.items[static_cast<std::size_t>(i)];
    if (item.kind != layer_kind::convolution || item.groups > 1) continue;
    const int group = groups.sources[static_cast<std::size_t>(i) + 1].group;
    REQUIRE(group >= 0);
    int& count = made.counts[static_cast<std::size_t>(group)];
    if (count != 0) CHECK(count == listed[next]);  // the released lists respect the links
    count = listed[next++];
  }
  REQUIRE(next == listed.size());
  return made;
}
}  // namespace

TEST_CASE("the published widths of US-Nets have the published MACs", "[channel_groups]") {
  struct row {
    int width;
    long v1, v2;
  };
  // Spec 1.2; 0 where the table has no entry.
  for (const row& each : {row{1000, 5688, 3008}, row{975, 0, 3000}, row{750, 3254, 2091}, row{625, 0, 1612}, row{550, 0, 1067},
                          row{500, 1495, 972}, row{350, 0, 593}, row{250, 410, 0}}) {
    INFO(each.width);
    const layer_list v1 = named_network("mobilenet_v1"), v2 = named_network("mobilenet_v2");
    const layer_list narrow_v1 = at(v1, uniform_width(v1, channel_groups_of(v1), each.width));
    const layer_list narrow_v2 = at(v2, uniform_width(v2, channel_groups_of(v2), each.width, {.keep_features = true}));
    if (each.v1) CHECK(tenths(narrow_v1) == each.v1);
    if (each.v2) CHECK(tenths(narrow_v2) == each.v2);
    CHECK(narrow_v1 == named_network("mobilenet_v1", {.width = each.width}));
    // Below that, the first block would have as many channels out as in: a residual that the full width does not have.
    if (each.width >= 350) CHECK(narrow_v2 == named_network("mobilenet_v2", {.width = each.width}));
  }
}

TEST_CASE("the released channel lists of AutoSlim have the published MACs", "[channel_groups]") {
  const layer_list v1 = named_network("mobilenet_v1"), v2 = named_network("mobilenet_v2");
  const auto of_v1 = [&](std::vector<int> listed) { return at(v1, {std::move(listed)}); };
  CHECK(tenths(of_v1({16, 32, 48, 48, 88, 88, 224, 176, 224, 368, 320, 224, 744, 744})) == 1499);
  CHECK(tenths(of_v1({16, 32, 48, 64, 112, 184, 320, 368, 320, 416, 464, 560, 1128, 1128})) == 3248);
  CHECK(tenths(of_v1({24, 64, 128, 144, 232, 232, 560, 464, 512, 464, 560, 560, 1128, 1128})) == 5721);
  struct row {
    long macs, parameters;  // tenths of a million, hundredths of a million
    std::vector<int> listed;
  };
  for (const row& each :
       {row{2069, 409, {8,   8,  96,  16, 96,  16, 96,  24, 144, 24,  144, 24,  144, 48,  288,  48,  288, 48,
                        288, 48, 288, 64, 432, 64, 432, 64, 648, 176, 720, 176, 720, 176, 1440, 280, 1920}},
        row{3052, 573, {8,   8,  96,  16, 96,  16, 96,  24, 144, 24,  144,  24,  144, 56,  288,  56,  288, 56,
                        288, 56, 288, 96, 432, 96, 432, 96, 864, 240, 1440, 240, 960, 240, 1440, 480, 1920}},
        row{5050, 645, {32,  16, 144, 24,  176, 24,  192, 48,  240, 48,  144,  48,  264,  88,  288,  88,  336, 88,
                        432, 88, 576, 144, 576, 144, 648, 144, 864, 240, 1440, 240, 1440, 240, 1440, 480, 1920}}}) {
    const layer_list narrow = at(v2, released_v2(v2, each.listed));
    CHECK(tenths(narrow) == each.macs);
    CHECK(std::lround(static_cast<double>(cost_of(narrow).weights) / 1e4) == each.parameters);
  }
}

TEST_CASE("whatever shares channels is one group", "[channel_groups]") {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id left = list.convolution(0, 8, 3), right = list.convolution(0, 12, 1);                 // groups 0, 1
  const value_id gated = list.scale(right, list.convolution(list.global_average_pool(right), 12, 1));  // joins 1
  const value_id joined = list.batch_norm(list.concat(left, gated));                                   // 0, then 1
  const value_id spatial = list.convolution(joined, 20, 3, 1, 1, 20);                                  // follows
  const value_id grouped = list.convolution(list.convolution(spatial, 16, 1), 24, 3, 1, 1, 4);         // groups 2 and 3
  const value_id padded = list.pad_channels(grouped, 32);
  list.linear(list.global_average_pool(list.convolution(padded, 6, 1)), 5);  // group 4
  const auto groups = channel_groups_of(layers);
  REQUIRE(groups.size() == 5);
  CHECK(groups[0].channels == 8);
  CHECK(groups[1].channels == 12);
  CHECK(groups[2] == channel_group{16, 4, 1, 8});
  CHECK(groups[3] == channel_group{24, 4, 1, 9});
  CHECK(groups[4].channels == 6);
  std::vector<std::array<int, 3>> runs;
  groups.for_each_run(spatial, [&](int group, int begin, int channels) { runs.push_back({group, begin, channels}); });
  CHECK(runs == std::vector<std::array<int, 3>>{{0, 0, 8}, {1, 8, 12}});
  const layer_list narrow = with_channels(layers, groups, std::vector{2, 5, 8, 12, 3});
  CHECK(narrow.items[7].groups == 7);
  CHECK(narrow.shape_of(padded).c == 32);
  CHECK(narrow.items[static_cast<std::size_t>(grouped) - 1].in.c == 8);
  CHECK(narrow.items[static_cast<std::size_t>(grouped) - 1].groups == 4);
}

TEST_CASE("channels that cannot be told apart stay as they are", "[channel_groups]") {
  layer_list layers{.input = {4, 4, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id joined = list.concat(list.convolution(0, 4, 1), list.convolution(0, 4, 1));
  const value_id sum = list.add(joined, list.convolution(0, 8, 1));  // eight channels that are four and four elsewhere
  const value_id with_image = list.add(list.convolution(sum, 3, 1), 0);
  list.depth_to_space(list.convolution(with_image, 8, 1), 2);
  CHECK(channel_groups_of(layers).size() == 0);
}

TEST_CASE("every output keeps its channels, and what shares them does", "[channel_groups]") {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id stem = list.convolution(0, 8, 3);
  const value_id stage = list.output("c4", list.add(list.convolution(stem, 12, 1), list.convolution(stem, 12, 3)));
  const value_id features = list.convolution(stage, 16, 1);
  list.output("boxes", list.convolution(list.convolution(stage, 6, 1), 4, 1));
  list.output("scores", list.linear(list.global_average_pool(features), 5));
  const auto groups = channel_groups_of(layers);
  REQUIRE(groups.size() == 3);
  CHECK((groups[0].layer == 0 && groups[1].channels == 16 && groups[2].channels == 6));
  const auto at = uniform_width(layers, groups, 500);
  const layer_list narrow = with_channels(layers, groups, at.counts);
  CHECK(narrow.outputs == layers.outputs);
  for (int i = 0; i < layers.output_count(); ++i) CHECK(narrow.output_shape(i) == layers.output_shape(i));
  CHECK_NOTHROW(check(narrow));
  // What the layers read that make outputs is kept where the rule says so.
  const auto kept = uniform_width(layers, groups, 500, {.keep_features = true});
  CHECK(kept.counts == std::vector{8, 16, 6});
  layer_list other = layers;
  other.outputs.front().name = "c5";
  CHECK_THROWS_WITH(configuration_of(layers, groups, other), Catch::Matchers::Contains("differ in more than the channels"));
}

TEST_CASE("a narrower network is a network of its own, whatever the counts", "[channel_groups]") {
  random_source random(7);
  for (const std::string_view name : {"resnet18", "resnet50", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "df2",
                                      "efficientnet_b0", "mobiledet_cpu", "proxyless_gpu"}) {
    const layer_list layers = named_network(name);
    const auto groups = channel_groups_of(layers);
    INFO(name);
    CHECK(with_channels(layers, groups, uniform_width(layers, groups, 1000).counts) == layers);
    for (int round = 0; round < 20; ++round) {
      channel_configuration some, fewer;
      for (int g = 0; g < groups.size(); ++g) {
        some.counts.push_back(1 + static_cast<int>(random.below(static_cast<std::uint64_t>(groups[g].channels))));
        fewer.counts.push_back(1 + static_cast<int>(random.below(static_cast<std::uint64_t>(some.counts.back()))));
      }
      const layer_list narrow = at(layers, some);
      for (const layer& item : narrow) {
        CHECK(item.in == narrow.shape_of(item.input));
        if (item.other != no_value) CHECK(narrow.shape_of(item.other) == item.other_shape());
      }
      CHECK(configuration_of(layers, groups, narrow) == some);
      CHECK(cost_of(at(layers, fewer)).macs <= cost_of(narrow).macs);
      CHECK(cost_of(at(layers, fewer)).parameters() <= cost_of(narrow).parameters());
    }
  }
}

TEST_CASE("a configuration is read from its text, or refused in a sentence", "[channel_groups]") {
  const width_family family(named_network("resnet20"));
  REQUIRE(family.groups().size() == 12);
  const auto read = [&](std::string_view text) { return family.parse(text); };
  CHECK(read("1") == family.full());
  CHECK(to_text(read("0.5")) == "8,8,8,8,16,16,16,16,32,32,32,32");
  CHECK(to_text(read(".5 3=7 11=1")) == "8,8,8,7,16,16,16,16,32,32,32,1");
  CHECK(read(to_text(read("0.37"))) == read("0.37"));
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(read("0.5 12=4"), Contains("no channel group 12"));
  CHECK_THROWS_WITH(read("0.5 3=17"), Contains("group 3") && Contains("1 to 16"));
  CHECK_THROWS_WITH(read("8,8"), Contains("12 channel groups"));
  CHECK_THROWS_WITH(read("1.1"), Contains("up to 1.0"));
  for (const char* text :
       {"", "x", "0", "0.0", "9", "1.2345", "-1", "0.5 3", "0.5 3=", "0.5 =3", "8,,8", "99999999999", "0.5 3=99999999999"})
    CHECK_THROWS_AS(read(text), error);
  CHECK(width_text(370) == "0.37");
  CHECK(width_text(1000) == "1.0");
  CHECK(width_text(1525) == "1.525");
  for (int width : {1, 50, 370, 999, 1000, 1525, 8000}) CHECK(parse_width(width_text(width)) == width);
}

TEST_CASE("a family may be wider than its base", "[channel_groups]") {
  const width_family family(named_network("mobilenet_v2"), 1500, {.keep_features = true});
  CHECK(family.layers() == named_network("mobilenet_v2", {.width = 1500}));
  CHECK(family.layers_at(family.at(1000)) == named_network("mobilenet_v2"));
  CHECK(family.layers_at(family.at(350)) == named_network("mobilenet_v2", {.width = 350}));
  CHECK_THROWS_AS(width_family(testing::odd_shapes<layer_list>()), error);
}
