// A head that reads several stages: its pieces are parts of their own, and an architecture is the same network on every road.
#include <algorithm>

#include <hasse/catalogue/shard.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/network/at_input.hpp>
#include <hasse/network/static_network.hpp>

#include "../network/networks.hpp"
#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;
using Catch::Matchers::Contains;

// 1 stem, 2 + 3 and 4 + 6 blocks (a later one never narrower), 2 + 3 heads; and 1, 2 + 3, 3 + 3, 4 + 3, 2 + 2 + 2.
static_assert(part_count<two_taps> == 1 + 2 + 3 + 5 + 6 + 2 + 3);
static_assert(part_count<three_taps> == 1 + 2 + 3 + 3 + 3 + 4 + 3 + 2 + 2 + 2);
static_assert(part_keys<three_taps>[part_count<three_taps> - 1] == part_key{part_kind::head, 2, 1, 0});
static_assert(part_t<three_taps, part_count<three_taps> - 1>::in == feature_shape{8, 8, 6});
static_assert(part_t<three_taps, part_count<three_taps> - 1>::second == feature_shape{16, 16, 8});
static_assert(part_t<three_taps, part_count<three_taps> - 1>::out == feature_shape{16, 16, 5});

TEMPLATE_TEST_CASE("every architecture with taps is a network whose parts add up", "[taps]", two_taps, three_taps, decoded, one_width, behind_one_width) {
  for_each_architecture<TestType>([](const architecture<TestType>& choice) {
    const layer_list layers = layers_of(choice);
    INFO(to_text(choice));
    CHECK_NOTHROW(check(layers));
    const cost whole = cost_of(layers), sum = cost_of(choice);
    CHECK(whole.macs == sum.macs);
    CHECK(whole.weights == sum.weights);
    CHECK(whole.batch_norm_parameters == sum.batch_norm_parameters);
    CHECK(whole.activations == sum.activations);
    CHECK(whole.peak_elements <= sum.peak_elements);
  });
}

TEST_CASE("what the head reads of a stage is what its last block gives", "[taps]") {
  const layer_list detector = layers_of(parse<two_taps>("[(4,8),(8)]"));
  REQUIRE(detector.output_count() == 4);
  CHECK(detector.output_shape(0) == feature_shape{8, 8, 4});
  CHECK(detector.output_shape(3) == feature_shape{4, 4, 3});
  const auto made_by = [&](int output) { return detector.items[static_cast<std::size_t>(detector.output(output) - 1)]; };
  CHECK(made_by(0).input == made_by(1).input);
  CHECK(made_by(0).in == feature_shape{8, 8, 8});
  CHECK(made_by(2).in == feature_shape{4, 4, 8});
  CHECK(detector.items[static_cast<std::size_t>(made_by(0).input - 1)].kind == layer_kind::activation);

  // 6 channels everywhere; the taps are 8 channels at 8x8 and 4 at 16x16.
  const layer_list decoder = layers_of(parse<three_taps>("[(4),(4,8),(12)]"));
  std::vector<feature_shape> sums;
  for (const layer& item : decoder)
    if (item.kind == layer_kind::resize) sums.push_back(item.out);
  CHECK(sums == std::vector<feature_shape>{{8, 8, 6}, {16, 16, 6}});
  CHECK(decoder.output_shape(0) == feature_shape{16, 16, 5});
}

namespace {
template <class Net>
void check_roads(std::uint64_t seed) {
  reference<float> backend;
  const layer_list layers = layers_of(Net::choice);
  CHECK(layers == layer_list_of(Net::layers));
  CHECK(layers == layer_list_of(at_input<Net, input<3, 16, 16>>::layers));
  CHECK(at_input<Net, input<3, 32, 32>>::layers.output_shape(0).h == 2 * layers.output_shape(0).h);
  const auto values = random_parameters<float>(layers, seed);
  inference_network<reference<float>> dynamic(backend, layers, 1, values);
  static_inference<Net, reference<float>> fixed(backend, values);
  fill(dynamic.input(), layers.input.size(), seed), fill(fixed.input(), layers.input.size(), seed);
  dynamic.run(), fixed.run();
  for (int i = 0; i < layers.output_count(); ++i)
    for (std::int64_t k = 0; k < layers.output_shape(i).size(); ++k) REQUIRE(dynamic.output(i)[k] == fixed.output(i)[k]);
}
}  // namespace

TEST_CASE("networks with taps are the same on every road, bit for bit", "[taps]") {
  check_roads<network<two_taps, "[(4,8),(8,12)]">>(1);
  check_roads<network<three_taps, "[(4,8),(8),(8,12)]">>(2);
  check_roads<network<decoded, "[(4,8),(8),(8,12)]+(2,4,8)">>(3);
  check_roads<network<behind_one_width, "[(4),(8),(8)]+(8)">>(4);
}

TEST_CASE("a searched width is a part for each width that it reads, and of each fusion for both", "[taps]") {
  // 2 of pooling, 2 * 3, 2 * 2 and 2 * 2 of controllers, 5 and 3 of fusions (6 above 4 is none, nor 10 above anything), 2 of scores.
  const auto of_head = [](int piece) { return std::ranges::count_if(part_keys<decoded>, [&](const part_key& key) { return key.kind == part_kind::head && key.index == piece; }); };
  const int expected[] = {2, 6, 4, 5, 4, 3, 2};
  for (int piece = 0; piece < 7; ++piece) CHECK(of_head(piece) == expected[piece]);
  const layer_list network = layers_of(parse<decoded>("[(4),(8),(12)]+(2,6,8)"));
  std::vector<feature_shape> joined;
  for (const layer& item : network)
    if (item.kind == layer_kind::concat) joined.push_back(item.out);
  CHECK(joined == std::vector<feature_shape>{{4, 4, 15}, {4, 4, 18}, {4, 4, 21}, {8, 8, 12}, {16, 16, 4}});
  CHECK(network.output_shape(0) == feature_shape{32, 32, 3});
  for (const std::string& name : row_names<decoded>()) CHECK(std::ranges::count(row_names<decoded>(), name) == 1);
}

TEST_CASE("pieces of a head have names of their own", "[taps]") {
  const auto names = row_names<three_taps>();
  CHECK(names[names.size() - 5] == "head 1: conv1x1 s1 12>6 @4x4");
  CHECK(names.back() == "head 3: lateral + conv3x3 s1 6>5 @8x8 with 8 @16x16");
  CHECK(row_names<decoded>()[row_names<decoded>().size() - 3] == "head 6: fusion_node 6>6 @8x8 with 6 @16x16");
  CHECK(row_names<two_stages>().back() == "head: global_average_pool + linear 256>10 @8x8");
  CHECK(catalogue<three_taps>::find("lateral + conv3x3 s1 6>5 @8x8 with 4 @16x16").joins());
  CHECK_THROWS_WITH(layers_of(catalogue<three_taps>::at(part_count<three_taps> - 1)), Contains("reads two values, so it is no network of its own"));
}

TEMPLATE_TEST_CASE("a space on other images has the networks that its architectures are there", "[taps]", two_taps, three_taps, decoded, one_width, behind_one_width) {
  constexpr feature_shape image{2 * TestType::image.h, 2 * TestType::image.w, 1};
  const space_at<TestType> there(image);
  CHECK_FALSE(there.is_as_written());
  CHECK(there.image() == image);
  CHECK(row_names<TestType>(there) != row_names<TestType>());
  CHECK(space_identity<TestType>(there) != space_identity<TestType>());
  for_each_architecture<TestType>([&](const architecture<TestType>& choice) {
    layer_list expected{.input = image};
    detail::lower_architecture(expected, choice);
    INFO(to_text(choice));
    CHECK(layers_of(choice, there) == expected);
    CHECK(cost_of(choice, there) == cost_of(expected));
  });
  const space_at<TestType> here(TestType::image);
  CHECK(here.is_as_written());
  CHECK(space_identity<TestType>(here) == space_identity<TestType>());
}

namespace {
using three_classes = network<decoded, "[(4),(8),(8,12)]+(2,4,8)">;
using seven_classes = at_classes<at_input<three_classes, input<1, 64, 32>>, 7>;
}  // namespace
static_assert(seven_classes::out == feature_shape{128, 64, 7} && three_classes::out.c == 3);

TEST_CASE("a space with other classes answers with a number for each, as its type does", "[taps]") {
  const space_at<decoded> seven({64, 32, 1}, 7);
  CHECK(seven.answer() == feature_shape{128, 64, 7});
  CHECK(layers_of(three_classes::choice, seven) == layer_list_of(seven_classes::layers));
  CHECK(space_at<decoded>(decoded::image, 7).classes() == 7);
  CHECK(space_identity<decoded>(space_at<decoded>(decoded::image, 7)) != space_identity<decoded>());
  CHECK(space_at<decoded>(decoded::image, 3).is_as_written());
  CHECK_THROWS_WITH((space_at<two_taps>(two_taps::image, 7)), Contains("does not end in a linear layer or a convolution"));
  CHECK_THROWS_WITH((space_at<decoded>({64, 2, 3})), Contains("images of 64 x 2 pixels are too small for this space") && Contains("give larger images"));
}
