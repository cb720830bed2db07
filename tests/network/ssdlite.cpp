// The SSDLite head and the backbones under it: the published detectors in every number of their cost table, and maps of other
// networks.
#include <hasse/network/ssdlite.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/network/named.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/mobile.hpp>
#include "../support/catch.hpp"

using namespace hasse;

namespace {
/// MACs in tenths of a million, parameters in thousands, rounded as tables are.
struct rounded_cost {
  std::int64_t tenths_of_macs = 0, thousands = 0;
  bool operator==(const rounded_cost&) const = default;
};
template <class Layers>
rounded_cost rounded_of(const Layers& layers) {
  std::int64_t macs = 0, weights = 0;
  for (const layer& item : layers)
    if (macs += macs_of(item); item.kind != layer_kind::batch_norm) weights += parameters_of(item);
  return {(macs + 50'000) / 100'000, (weights + 500) / 1000};
}

/// The layers of a published detector: the backbone stands first, a predictor is four layers behind each other.
struct detector_parts {
  std::vector<layer> backbone, further, heads;
  explicit detector_parts(const layer_list& detector, std::size_t backbone_size) {
    std::vector<bool> of_head(detector.size(), false);
    for (int i = 0; i < detector.output_count(); ++i) {
      value_id value = detector.output(i);
      for (int step = 0; step < 4; ++step)
        of_head[static_cast<std::size_t>(value - 1)] = true, value = detector.items[static_cast<std::size_t>(value - 1)].input;
    }
    for (std::size_t i = 0; i < detector.size(); ++i)
      (i < backbone_size ? backbone : of_head[i] ? heads : further).push_back(detector.items[i]);
  }
};

template <class Spec>
rounded_cost cost_of_block(const Spec& spec, feature_shape in, int out) {
  layer_list list{.input = in, .items = {}};
  CHECK(list.shape_of(spec.lower(layer_builder<layer_list>{list}, 0)).c == out);
  return rounded_of(list);
}
}  // namespace

TEST_CASE("the published detectors cost what their table says", "[ssdlite]") {
  struct row {
    const char* name;
    rounded_cost backbone, further, heads;
    std::int64_t macs, parameters;  // in millions, in thousands; with batch norm and its statistics
  };
  // The table has 4197 thousand parameters for EdgeTPU, which its own parts do not add up to: 2739 + 423 + 935, and 99104 of batch
  // norm.
  for (const row& wanted : {row{"cpu", {4080, 2976}, {95, 362}, {268, 787}, 444, 4205},
                            row{"edgetpu", {14738, 2739}, {156, 423}, {438, 935}, 1533, 4196},
                            row{"dsp", {27634, 5793}, {119, 386}, {411, 865}, 2816, 7159},
                            row{"gpu", {50099, 11661}, {156, 423}, {477, 945}, 5073, 13109}}) {
    INFO(wanted.name);
    const layer_list backbone = named_network(std::string("mobiledet_") + wanted.name),
                     detector = named_network(std::string("ssdlite_mobiledet_") + wanted.name);
    const detector_parts parts(detector, backbone.size());
    CHECK(parts.backbone == backbone.items);
    CHECK(rounded_of(parts.backbone) == wanted.backbone);
    CHECK(rounded_of(parts.further) == wanted.further);
    CHECK(rounded_of(parts.heads) == wanted.heads);
    const cost all = cost_of(detector);
    CHECK((all.macs + 500'000) / 1'000'000 == wanted.macs);
    CHECK((all.weights + 2 * all.batch_norm_parameters + 500) / 1000 == wanted.parameters);

    REQUIRE(detector.output_count() == 12);
    std::int64_t anchors = 0;
    const std::array sides{20, 10, 5, 3, 2, 1};
    for (int map = 0; map < 6; ++map) {
      const feature_shape codes = detector.output_shape(2 * map), logits = detector.output_shape(2 * map + 1);
      CHECK(detector.output_name(2 * map) == "codes" + std::to_string(map));
      CHECK(detector.output_name(2 * map + 1) == "logits" + std::to_string(map));
      CHECK(codes == feature_shape{sides[static_cast<std::size_t>(map)], sides[static_cast<std::size_t>(map)], map == 0 ? 12 : 24});
      CHECK(logits == feature_shape{codes.h, codes.w, codes.c / 4 * 91});
      anchors += codes.size() / 4;
    }
    CHECK(anchors == 2034);

    // Batch norm of the backbone and of the head have numbers of their own.
    for (const layer& item : parts.backbone)
      if (item.kind == layer_kind::batch_norm)
        CHECK(item.norm == batch_norm_rule{.epsilon_millionths = 10'000, .keep_percent = 99});
    for (const auto* part : {&parts.further, &parts.heads})
      for (const layer& item : *part)
        if (item.kind == layer_kind::batch_norm)
          CHECK(item.norm == batch_norm_rule{.epsilon_millionths = 1000, .keep_percent = 97});
    // SAME with stride 2 on an even side: the odd row of padding is behind the last.
    CHECK((detector.items[0].pad_top == 0 && detector.items[0].pad_bottom() == 1));
  }
}

TEST_CASE("blocks of the published detectors cost what they should", "[ssdlite]") {
  const squeeze_excite gated{.percent = 25, .inner = activation::hard_swish};
  CHECK(cost_of_block(fused_mbconv{.out = 144, .expand = 8}, {20, 20, 120}, 144) == rounded_cost{4700, 1175});
  CHECK(cost_of_block(fused_mbconv{.out = 40, .stride = 2, .kernel = 5, .expand = 8, .pad = padding::same}, {80, 80, 16}, 40) ==
        rounded_cost{901, 56});
  CHECK(cost_of_block(tucker{.out = 160, .in_percent = 75, .out_percent = 75}, {10, 10, 160}, 160) == rounded_cost{168, 168});
  CHECK(cost_of_block(mbconv{.out = 144, .expand = 8, .act = activation::hard_swish, .se = gated}, {10, 10, 104}, 144) ==
        rounded_cost{217, 561});
}

TEST_CASE("a detector cut out of its backbone is the published one", "[ssdlite]") {
  for (const char* name : {"cpu", "edgetpu", "dsp", "gpu"}) {
    const layer_list backbone = backbone_of(named_network(std::string("mobiledet_") + name), std::array{16, 32});
    CHECK(detector_of(backbone, {}) == named_network(std::string("ssdlite_mobiledet_") + name));
  }
}

TEST_CASE("every family has maps to stand on", "[ssdlite]") {
  struct row {
    const char* name;
    std::array<int, 3> channels;  // at strides 8, 16, 32
  };
  // Inputs of the blocks that halve, not their widened inside; and what the classifier would average.
  for (const row& wanted :
       {row{"df1", {64, 128, 512}}, row{"resnet18", {128, 256, 512}}, row{"resnet50", {512, 1024, 2048}},
        row{"mobilenet_v1", {256, 512, 1024}}, row{"mobilenet_v2", {32, 96, 1280}}, row{"mobilenet_v3_large", {40, 112, 960}},
        row{"efficientnet_b0", {40, 112, 1280}}, row{"proxyless_gpu", {56, 128, 1728}}}) {
    INFO(wanted.name);
    const layer_list network = named_network(wanted.name, {.input = {192, 256, 3}}),
                     backbone = backbone_of(network, std::array{8, 16, 32});
    CHECK(backbone.size() < network.size());
    for (int i = 0; i < 3; ++i)
      CHECK(backbone.output_shape(i) == feature_shape{24 >> i, 32 >> i, wanted.channels[static_cast<std::size_t>(i)]});
    CHECK(backbone.output_name(1) == "stride16");
    const layer_list detector = detector_of(backbone, {.anchors = {2, 0, 4, 3}, .depths = {64}, .columns = 3});
    REQUIRE(detector.output_count() == 6);
    CHECK(detector.output_name(2) == "codes2");
    CHECK(detector.output_shape(0) == feature_shape{24, 32, 8});
    CHECK(detector.output_shape(3) == feature_shape{6, 8, 12});
    CHECK(detector.output_shape(4) == feature_shape{3, 4, 12});
    CHECK(detector.shape_of(detector.output(5)) == feature_shape{3, 4, 9});
  }
  const layer_list two = backbone_of(named_network("mobilenet_v2"), std::array{16, 32});
  const layer_list detector = detector_of(two, {.anchors = {3}, .columns = 2});
  CHECK(detector.size() == backbone_of(named_network("mobilenet_v2"), std::array{16}).size() + 8);
  CHECK(detector.output_count() == 2);
  CHECK_THROWS_WITH(detector_of(two, {.anchors = {}}), ContainsSubstring("without anchors"));
  const layer_list small = named_network("resnet20");
  CHECK_THROWS_WITH(backbone_of(small, std::array{8}), ContainsSubstring("no map of 4x4"));
  CHECK_THROWS_WITH(backbone_of(small, std::array{4, 2}), ContainsSubstring("must rise"));
}
