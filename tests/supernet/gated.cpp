// supernet/gated.hpp, mbconv_space.hpp, proxyless_space.hpp: a supernet's blocks, the plain network of a choice and its text, the
// four published networks as choices, and what is refused.
#include <hasse/core/random.hpp>
#include <hasse/network/gated_choice.hpp>
#include <hasse/network/named.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/space/proxyless.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using Catch::Matchers::Contains;

namespace own {
struct twin {
  int out = 0, stride = 1;
  friend constexpr bool operator==(const twin&, const twin&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const value_id wide = list.conv_bn(from, out, 3, stride, activation::none, {});
    return list.add(wide, list.conv_bn(from, out, 1, stride, activation::none, {}));
  }
  std::string text() const { return "twin s" + std::to_string(stride); }
};
/// Halves what it reads, whatever its stride.
struct halving {
  int out = 0, stride = 1;
  friend constexpr bool operator==(const halving&, const halving&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    return list.max_pool(from, 2, 2, 0);
  }
  std::string text() const { return "halving"; }
};
}  // namespace own

namespace {
// `zero` first: its place in the list must not matter to those blocks that have none.
using some = choices<zero{}, mbconv{.kernel = 3, .expand = 3}, own::twin{}, basic{}, bottleneck{.middle = 8}>;
using space =
    gated_space<input<3, 16, 16>, stem<conv{.out = 8}>, mixed_stage<some, stage_shape{.out = 8}>,
                fixed_layer<max_pool{.kernel = 3, .stride = 1, .pad = 1}>,
                mixed_stage<some, stage_shape{.out = 24, .blocks = 2, .stride = 2}>, head<global_average_pool, linear<10>>>;

/// A head that joins two stages, and reads the second of them alone; behind the last stage stands a layer that only its first spec reads.
using two_maps = gated_space<input<3, 16, 16>, stem<conv{.out = 8}>, mixed_stage<some, stage_shape{.out = 8, .blocks = 2}>, mixed_stage<some, stage_shape{.out = 16, .blocks = 2, .stride = 2}>,
                             fixed_layer<conv{.out = 12}>,
                             head<fixed_layer<conv{.out = 6, .kernel = 1}>, with_stage<1, testing::lateral>, tap<"fine">, from_stage<2>, global_average_pool, linear<5>, tap<"classes">>>;

layer_list as_list(const auto& layers) { return {layers.input, {layers.begin(), layers.end()}}; }

std::vector<int> drawn(const gated_list& list, random_source& random) {
  std::vector<int> choice;
  for (const gated_block& each : list.blocks)
    choice.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(each.count()))));
  return choice;
}

// Spec of ProxylessNAS, 1.4, as constants: the published networks as choices of the space with their widths.
using mobile = gated_choice<proxyless_supernet<32, 16, 32, 40, 80, 96, 192, 320, 1280>, 2, 0, 6, 6, 4, 0, 2, 2, 5, 2, 2, 2, 3, 2, 2,
                            2, 5, 5, 4, 4, 5>;
using mobile_14 = gated_choice<proxyless_supernet<48, 24, 40, 56, 112, 136, 256, 448, 1792>, 2, 0, 6, 6, 4, 0, 2, 2, 5, 2, 2, 2, 3,
                               2, 2, 2, 5, 5, 4, 4, 5>;
using gpu = gated_choice<proxyless_supernet<40, 24, 32, 56, 112, 128, 256, 432, 1728>, 2, 6, 6, 6, 4, 6, 6, 0, 5, 6, 6, 2, 3, 6, 0,
                         2, 5, 5, 5, 3, 5>;
using xeon = gated_choice<proxyless_supernet<40, 24, 32, 48, 88, 104, 216, 360, 1432>, 1, 0, 0, 0, 1, 0, 0, 2, 1, 6, 6, 0, 3, 0, 0,
                          0, 3, 2, 2, 0, 3>;
constexpr bool rounds_to(const cost& found, std::int64_t tenths_of_macs, std::int64_t thousands) {
  return (found.macs + 50'000) / 100'000 == tenths_of_macs && (found.parameters() + 500) / 1000 == thousands;
}
static_assert(rounds_to(mobile::costs, 3204, 4081) && rounds_to(gpu::costs, 4653, 7120));
static_assert(rounds_to(xeon::costs, 4392, 4362) && rounds_to(mobile_14::costs, 5809, 6858));
static_assert(mobile::layers.items == proxyless_mobile::layers.items &&
              mobile_14::layers.items == proxyless_mobile_14::layers.items);
static_assert(gpu::layers.items == proxyless_gpu::layers.items && xeon::layers.items == proxyless_cpu::layers.items);

// What network_type_text says of a choice, pasted: the test below compares its text with this one's.
using pasted = hasse::fixed_network<
    hasse::input<3, 32, 32>,
    hasse::conv{.out = 8, .kernel = 3, .stride = 2, .act = hasse::activation::relu6, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::mbconv{.out = 8, .stride = 1, .kernel = 3, .expand = 1, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::mbconv{.out = 16, .stride = 1, .kernel = 5, .expand = 6, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::mbconv{.out = 24, .stride = 2, .kernel = 3, .expand = 6, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::mbconv{.out = 40, .stride = 2, .kernel = 3, .expand = 3, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::mbconv{.out = 40, .stride = 1, .kernel = 5, .expand = 3, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::conv{.out = 160, .kernel = 1, .stride = 1, .act = hasse::activation::relu6, .norm = hasse::batch_norm_rule{1000, 90}},
    hasse::global_average_pool{}, hasse::linear<10>{}>;
constexpr const char* pasted_text =
    "hasse::fixed_network<hasse::input<3, 32, 32>, hasse::conv{.out = 8, .kernel = 3, .stride = 2, .act = "
    "hasse::activation::relu6, "
    ".norm = hasse::batch_norm_rule{1000, 90}}, hasse::mbconv{.out = 8, .stride = 1, .kernel = 3, .expand = 1, .norm = "
    "hasse::batch_norm_rule{1000, 90}}, hasse::mbconv{.out = 16, .stride = 1, .kernel = 5, .expand = 6, .norm = "
    "hasse::batch_norm_rule{1000, 90}}, hasse::mbconv{.out = 24, .stride = 2, .kernel = 3, .expand = 6, .norm = "
    "hasse::batch_norm_rule{1000, 90}}, hasse::mbconv{.out = 40, .stride = 2, .kernel = 3, .expand = 3, .norm = "
    "hasse::batch_norm_rule{1000, 90}}, hasse::mbconv{.out = 40, .stride = 1, .kernel = 5, .expand = 3, .norm = "
    "hasse::batch_norm_rule{1000, 90}}, hasse::conv{.out = 160, .kernel = 1, .stride = 1, .act = hasse::activation::relu6, .norm = "
    "hasse::batch_norm_rule{1000, 90}}, hasse::global_average_pool{}, hasse::linear<10>{}>";

// The same of a space with squeeze-excite, other activations and a layer behind the average.
mbconv_space gated_swish() {
  return {.input = {32, 32, 3},
          .stem = 8,
          .first = 8,
          .act = activation::hard_swish,
          .first_act = activation::relu,
          .stages = {{16, 2, 2, activation::hard_swish, {.percent = 25, .rule = rounding::down, .gate = activation::hard_sigmoid}}},
          .kernels = {3},
          .expansions = {3, 4},
          .last = 32,
          .mix = 48,
          .classes = 10,
          .norm = {}};
}
using pasted_swish = hasse::fixed_network<
    hasse::input<3, 32, 32>,
    hasse::conv{.out = 8, .kernel = 3, .stride = 2, .act = hasse::activation::hard_swish, .norm = hasse::batch_norm_rule{10, 90}},
    hasse::mbconv{
        .out = 8, .stride = 1, .kernel = 3, .expand = 1, .act = hasse::activation::relu, .norm = hasse::batch_norm_rule{10, 90}},
    hasse::mbconv{
        .out = 16,
        .stride = 2,
        .kernel = 3,
        .expand = 4,
        .act = hasse::activation::hard_swish,
        .se = hasse::squeeze_excite{.percent = 25, .rule = hasse::rounding::down, .gate = hasse::activation::hard_sigmoid},
        .norm = hasse::batch_norm_rule{10, 90}},
    hasse::conv{.out = 32, .kernel = 1, .stride = 1, .act = hasse::activation::hard_swish, .norm = hasse::batch_norm_rule{10, 90}},
    hasse::global_average_pool{},
    hasse::conv{.out = 48, .kernel = 1, .stride = 1, .act = hasse::activation::hard_swish, .norm = hasse::batch_norm_rule{10, 90}},
    hasse::linear<10>{}>;
constexpr const char* pasted_swish_text =
    "hasse::fixed_network<hasse::input<3, 32, 32>, hasse::conv{.out = 8, .kernel = 3, .stride = 2, .act = "
    "hasse::activation::hard_swish, .norm = hasse::batch_norm_rule{10, 90}}, hasse::mbconv{.out = 8, .stride = 1, .kernel = 3, "
    ".expand = 1, .act = hasse::activation::relu, .norm = hasse::batch_norm_rule{10, 90}}, hasse::mbconv{.out = 16, .stride = 2, "
    ".kernel = 3, .expand = 4, .act = hasse::activation::hard_swish, .se = hasse::squeeze_excite{.percent = 25, .rule = "
    "hasse::rounding::down, .gate = hasse::activation::hard_sigmoid}, .norm = hasse::batch_norm_rule{10, 90}}, hasse::conv{.out = "
    "32, .kernel = 1, .stride = 1, .act = hasse::activation::hard_swish, .norm = hasse::batch_norm_rule{10, 90}}, "
    "hasse::global_average_pool{}, hasse::conv{.out = 48, .kernel = 1, .stride = 1, .act = hasse::activation::hard_swish, .norm = "
    "hasse::batch_norm_rule{10, 90}}, hasse::linear<10>{}>";
}  // namespace

TEST_CASE("a gated space is lowered to blocks whose candidates read and write one shape", "[gated]") {
  const gated_list list = gated_list_of<space>();
  std::string all;
  for (const gated_block& each : list.blocks) {
    all += each.name + " (" + std::to_string(each.stage) + "):";
    for (const gated_candidate& one : each.candidates) all += " " + one.text;
    all += "\n";
  }
  REQUIRE(all ==
          "stem (-1): conv3x3\n"
          "stage 1 block 1 (0): zero k3e3 twin basic bottleneck-m8\n"
          "fixed layer (-1): max_pool3\n"
          "stage 2 block 1 (1): k3e3 twin basic bottleneck-m8\n"
          "stage 2 block 2 (1): zero k3e3 twin basic bottleneck-m8\n"
          "head (-1): global_average_pool+linear\n");
  REQUIRE(list.searched() == std::vector{1, 3, 4});
  REQUIRE(list.cardinality() == 100);
  REQUIRE(list.cardinality_text() == "4 5^2 = 100");
  REQUIRE(list.in_of(3) == feature_shape{16, 16, 8});
  REQUIRE(list.out_of(3) == feature_shape{8, 8, 24});
  REQUIRE(list.output() == feature_shape{1, 1, 10});
  for (const gated_block& each : list.blocks)
    for (const gated_candidate& one : each.candidates) REQUIRE(one.out() == each.candidates.front().out());
}

TEST_CASE("the path of a choice is the plain network, and every layer knows where it comes from", "[gated]") {
  const gated_list list = gated_list_of<space>();
  const auto path = [&](std::vector<int> choice) { return list.path(choice); };
  REQUIRE(path({0, 0, 0, 0, 0, 0}) == as_list(gated_choice<space, 0, 0, 0>::layers));
  REQUIRE(path({0, 1, 0, 1, 2, 0}) == as_list(gated_choice<space, 1, 1, 2>::layers));
  REQUIRE(path({0, 4, 0, 3, 4, 0}) == as_list(gated_choice<space, 4, 3, 4>::layers));
  // Written down: zero, then the first block of stage 2 behind the fixed layer.
  using plain = fixed_network<input<3, 16, 16>, conv{.out = 8}, max_pool{.kernel = 3, .stride = 1, .pad = 1},
                              mbconv{.out = 24, .stride = 2, .expand = 3}, global_average_pool{}, linear<10>{}>;
  REQUIRE(path({0, 0, 0, 0, 0, 0}) == as_list(plain::layers));

  random_source random(1);
  const gated_list large = gated_list_of(proxyless_cifar());
  for (int time = 0; time < 50; ++time) {
    const std::vector<int> choice = drawn(large, random);
    const layer_list layers = large.path(choice);
    const std::vector<gated_origin> origins = large.origins(choice);
    REQUIRE(origins.size() == layers.size());
    cost sum;
    for (int at = 0; at < large.size(); ++at) sum += large.cost_of(at, choice[static_cast<std::size_t>(at)]);
    const cost whole = cost_of(layers);
    REQUIRE(sum.macs == whole.macs);
    REQUIRE(sum.parameters() == whole.parameters());
    for (std::size_t at = 0; at < origins.size(); ++at) {
      const gated_origin from = origins[at];
      REQUIRE(choice[static_cast<std::size_t>(from.block)] == from.candidate);
      layer own = large.candidate(from.block, from.candidate).layers.items[static_cast<std::size_t>(from.layer)];
      const int shift = static_cast<int>(at) - from.layer;
      own.input += shift;
      if (own.other != no_value) own.other += shift;
      REQUIRE(layers.items[at] == own);
    }
    REQUIRE(large.parse(large.text(choice)) == choice);
  }
}

TEST_CASE("the ImageNet supernet is that of the paper, as a type and at run time", "[gated]") {
  const gated_list list = gated_list_of(proxyless_imagenet());
  REQUIRE(list == gated_list_of<proxyless_imagenet_space>());
  REQUIRE(list.searched().size() == 21);
  REQUIRE(list.cardinality_text() == "6^6 7^15 = 2.2e+17");
  std::string sizes;
  for (const int at : list.searched())
    if (at == list.searched().front() || list.block(at).stage != list.block(at - 1).stage)
      sizes += std::to_string(list.out_of(at).h) + "x" + std::to_string(list.out_of(at).c) + " ";
  REQUIRE(sizes == "56x24 28x40 14x80 14x96 7x192 7x320 ");
  REQUIRE(list.block(2).count() == 6);
  REQUIRE(list.block(3).count() == 7);
  REQUIRE(list.block(3).candidates.back().is_zero());
  REQUIRE(list.cost_of(3, 6) == cost{});
}

TEST_CASE("the published networks are choices of the space with their widths", "[gated]") {
  const auto [name, target, tenths, thousands] =
      GENERATE(table<const char*, proxyless_target, int, int>({{"proxyless_mobile", proxyless_target::mobile, 3204, 4081},
                                                               {"proxyless_mobile_14", proxyless_target::mobile_14, 5809, 6858},
                                                               {"proxyless_gpu", proxyless_target::gpu, 4653, 7120},
                                                               {"proxyless_cpu", proxyless_target::xeon, 4392, 4362}}));
  const gated_list list = gated_list_of(proxyless_space(name));
  const std::string text = proxyless_choice(target);
  const std::vector<int> choice = list.parse(text);
  REQUIRE(list.text(choice) == text);
  REQUIRE(list.path(choice) == named_network(name));
  REQUIRE(rounds_to(cost_of(list.path(choice)), tenths, thousands));
  if (target == proxyless_target::mobile)
    REQUIRE(text ==
            "k5e3 k3e3 zero zero | k7e3 k3e3 k5e3 k5e3 | k7e6 k5e3 k5e3 k5e3 | k5e6 k5e3 k5e3 k5e3 | k7e6 k7e6 k7e3 k7e3 | k7e6");
}

TEST_CASE("widths are multiplied and made divisible by 8", "[gated]") {
  const auto widths = [](const mbconv_space& space) {
    std::vector<int> all{space.stem, space.first};
    for (const gated_stage& stage : space.stages) all.push_back(stage.out);
    all.push_back(space.last);
    return all;
  };
  // The published GPU and CPU networks have 1.35 and 1.12 times the widths of the space as searched.
  REQUIRE(proxyless_space("proxyless", {.width = 1350}) == proxyless_space("proxyless_gpu"));
  REQUIRE(proxyless_space("proxyless", {.width = 1120}) == proxyless_space("proxyless_cpu"));
  REQUIRE(proxyless_space("proxyless", {.first_stage = 32}) == proxyless_space("proxyless_mobile"));
  REQUIRE(widths(proxyless_space("proxyless", {.width = 500})) == std::vector{16, 8, 16, 24, 40, 48, 96, 160, 1280});
  const mbconv_space wide = proxyless_space("ofa-mobilenet-v3", {.width = 1200});
  REQUIRE(widths(wide) == std::vector{32, 32, 40, 56, 112, 160, 232, 1384});
  REQUIRE(wide.mix == 1840);
  REQUIRE(proxyless_space("ofa-mobilenet-v3", {.width = 500}).mix == 1536);
  const mbconv_space other = proxyless_space("proxyless", {.input = {160, 160, 3}, .classes = 7});
  REQUIRE(gated_list_of(other).output() == feature_shape{1, 1, 7});
  REQUIRE(gated_list_of(other).out_of(22) == feature_shape{5, 5, 320});
}

TEST_CASE("the spaces for small images end at four pixels", "[gated]") {
  const auto [name, searched, size] =
      GENERATE(table<const char*, std::size_t, const char*>({{"proxyless-cifar", 21, "6^6 7^15 = 2.2e+17"},
                                                             {"proxyless-cifar-small", 9, "6^3 7^6 = 2.5e+07"},
                                                             {"proxyless-cifar-tiny", 6, "4^3 5^3 = 8000"}}));
  const gated_list list = gated_list_of(proxyless_space(name));
  REQUIRE(list.searched().size() == searched);
  REQUIRE(list.cardinality_text() == size);
  REQUIRE(list.input == feature_shape{32, 32, 3});
  REQUIRE(list.out_of(list.searched().back()).h == 4);
  REQUIRE(list.output() == feature_shape{1, 1, 10});
}

TEST_CASE("the C++ type of a choice has its layers", "[gated]") {
  const gated_list list = gated_list_of(proxyless_cifar_tiny());
  const std::vector<int> choice = list.parse("k5e6 zero | k3e6 zero | k3e3 k5e3");
  REQUIRE(network_type_text(proxyless_cifar_tiny(), choice) == pasted_text);
  REQUIRE(list.path(choice) == as_list(pasted::layers));
  const gated_list swish = gated_list_of(gated_swish());
  const std::vector<int> other = swish.parse("k3e4se25 zero");
  REQUIRE(network_type_text(gated_swish(), other) == pasted_swish_text);
  REQUIRE(swish.path(other) == as_list(pasted_swish::layers));
}

TEST_CASE("a text that is no choice is refused with a sentence", "[gated]") {
  const gated_list list = gated_list_of(proxyless_cifar_tiny());
  REQUIRE(list.parse(" k3e3 zero|k5e3\tk3e6 |\nk3e3  zero ") == list.parse("k3e3 zero | k5e3 k3e6 | k3e3 zero"));
  const auto refused = [&](const std::string& text, const std::string& part) {
    REQUIRE_THROWS_WITH(list.parse(text), Contains(part));
  };
  refused("", "it ends before stage 1 block 1; name a candidate for each of the 6 searched blocks");
  refused("k3e3 | k3e3 zero | k3e3 zero", "it ends before stage 1 block 2, at a bar");
  refused("k3e3 zero k3e3 zero k3e3 zero", "a bar is missing before stage 2 block 1");
  refused("zero zero | k3e3 zero | k3e3 zero", "\"zero\" is no candidate of stage 1 block 1; choose from k3e3, k3e6, k5e3, k5e6");
  refused("k7e3 zero | k3e3 zero | k3e3 zero", "\"k7e3\" is no candidate of stage 1 block 1");
  refused("k3e3 zero | k3e3 zero | k3e3 zero k3e3", "\"k3e3\" stands behind the last block; this supernet has 6 searched blocks");
  refused("k3e3 zero | k3e3 zero | k3e3 zero |", "\"|\" stands behind the last block");
}

TEST_CASE("a choice of other length or of no candidate is refused", "[gated]") {
  const gated_list list = gated_list_of(proxyless_cifar_tiny());
  std::vector<int> choice(list.blocks.size(), 0);
  choice[2] = 4;
  REQUIRE_THROWS_WITH(list.path(choice), "candidate 4 was chosen in stage 1 block 1, which has 4; count them from 0");
  choice[2] = -1;
  REQUIRE_THROWS_WITH(list.text(choice), Contains("candidate -1"));
  choice.pop_back();
  REQUIRE_THROWS_WITH(list.origins(choice), Contains("was given with 9 numbers; it has 10 blocks"));
}

TEST_CASE("supernets that do not fit together are refused", "[gated]") {
  const auto refused = [](const auto& make, const std::string& part) { REQUIRE_THROWS_WITH(make(), Contains(part)); };
  const auto stage = [](stage_shape form, auto... specs) {
    return [=] { return gated_builder({8, 8, 16}).stage(form, [&](auto offer) { (offer(specs), ...); }).finish(); };
  };
  REQUIRE_NOTHROW(stage({.out = 16, .blocks = 2}, mbconv{}, zero{})());
  refused(stage({.out = 24}, zero{}), "stage 1 block 1 has nothing to choose from");
  refused(stage({.out = 0}, mbconv{}), "stage 1 of a supernet was given 0 channels");
  refused(stage({.out = 16, .stride = 0}, mbconv{}), "stride 0");
  refused(stage({.out = 16}, mbconv{}, mbconv{.act = activation::relu}), "candidate k3e6: two candidates have this name");
  refused(stage({.out = 16}, mbconv{}, own::halving{}), "it writes 16x4x4 where k3e6 writes 16x8x8");
  refused([] { return gated_builder({0, 8, 16}).finish(); }, "images of 16x0x8");
  refused([] { return gated_builder({2, 2, 16}).fixed("stem", max_pool{.kernel = 3}).finish(); }, "stem, candidate max_pool3-s2: max_pool: a window of 3x3, stride 2, leaves nothing of 2x2x16");

  const auto taps = [](const auto&... specs) {
    gated_builder made({8, 8, 16});
    (made.fixed("fixed", specs), ...);
    made.stage({.out = 16}, [](auto offer) { offer(mbconv{}), offer(zero{}); });
    return made.fixed("tap", tap<"c4">{}).fixed("head", linear<3>{}).finish();
  };
  gated_list named = taps(conv{.out = 16});
  refused([&] { return taps(conv{.out = 16}, tap<"c3">{}); },
          "stage 1 block 1 may be left out, and the output \"c3\" is what it reads");
  refused([&] { return taps(tap<"c4">{}, conv{.out = 16}); }, "the output \"c4\" stands for two values");
  named.blocks[1].candidates[0].layers.append_output("inner", 3);
  REQUIRE_THROWS_WITH(named.check(), Contains("stage 1 block 1, candidate k3e6 names the output \"inner\""));

  gated_list broken = gated_list_of(proxyless_cifar_tiny());
  broken.blocks[3].candidates[0].layers.input.c = 7;
  REQUIRE_THROWS_WITH(broken.check(), Contains("stage 1 block 2, candidate k3e3: it reads 7x16x16 where 16x16x16 comes in"));
  broken.blocks[3].candidates.clear();
  REQUIRE_THROWS_WITH(broken.check(), Contains("stage 1 block 2 has no candidate"));
}

TEST_CASE("impossible descriptions are refused", "[gated]") {
  const auto refused = [](auto change, const std::string& part) {
    mbconv_space space = proxyless_cifar_tiny();
    change(space);
    REQUIRE_THROWS_WITH(gated_list_of(space), Contains(part));
  };
  refused([](mbconv_space& it) { it.input.w = 0; }, "images of 3x32x0");
  refused([](mbconv_space& it) { it.first = -8; }, "a layer of -8 channels");
  refused([](mbconv_space& it) { it.stem_stride = 0; }, "a stem of stride 0");
  refused([](mbconv_space& it) { it.stages.clear(); }, "0 stages");
  refused([](mbconv_space& it) { it.stages[1].out = 1 << 20; }, "a stage of 1048576 channels");
  refused([](mbconv_space& it) { it.stages[1].stride = 99; }, "a stage of stride 99");
  refused([](mbconv_space& it) { it.stages[1].blocks = 0; }, "stage 2 of a supernet was given 24 channels, 0 blocks");
  refused([](mbconv_space& it) { it.kernels = {3, 4}; }, "a kernel of 4");
  refused([](mbconv_space& it) { it.expansions.clear(); }, "nothing to choose from");
  refused([](mbconv_space& it) { it.expansions = {0}; }, "an expansion of 0");
  refused([](mbconv_space& it) { it.kernels = {3, 3}; }, "two candidates have this name");
  REQUIRE_THROWS_WITH(proxyless_space("proxyless-imagenet"),
                      Contains("there is no space \"proxyless-imagenet\" of gated blocks; give one of proxyless,"));
  REQUIRE_THROWS_WITH(proxyless_space("proxyless", {.width = -1}), Contains("-1 thousandths"));
  REQUIRE_THROWS_WITH(proxyless_space("proxyless", {.classes = -1}), Contains("a layer of -1 channels"));
}

TEST_CASE("the head of a supernet reads what its stages give, whatever they choose", "[gated]") {
  const gated_list list = gated_list_of<two_maps>();
  random_source random(3);
  const gated_costs costs = gated_costs_of(list, mac_price{});
  for (int round = 0; round < 20; ++round) {
    const std::vector<int> choice = drawn(list, random);
    INFO(list.text(choice));
    const layer_list path = list.path(choice);
    CHECK_NOTHROW(check(path));
    REQUIRE(path.output_count() == 2);
    CHECK(path.output_shape(0) == feature_shape{16, 16, 6});
    CHECK(path.output_shape(1) == feature_shape{1, 1, 5});
    CHECK(costs.of(list.path_of(choice)) == static_cast<double>(cost_of(path).macs));
  }
  // What the first stage gives is read by the second and by the join; the join reads the second stage's through the head's first spec.
  using net = gated_choice<two_maps, 3, 1, 2, 0>;
  std::vector<int> choice(list.blocks.size(), 0);
  choice[1] = 3, choice[2] = 1, choice[3] = 2;
  CHECK(list.path(choice) == layer_list_of(net::layers));
  CHECK_THROWS_WITH(gated_costs_of(list, memory_price{}), Contains("kept beside all that follows") && Contains("search by a price that adds up"));
  gated_list early = list;
  early.blocks[5].reads = 5;
  CHECK_THROWS_WITH(early.check(), Contains("does not stand before it"));
  early = list;
  early.blocks[2].joins = 0;
  CHECK_THROWS_WITH(early.check(), Contains("only blocks of one candidate do"));
  gated_builder builder({8, 8, 3});
  CHECK_THROWS_WITH(builder.fixed_from("head", conv{.out = 4}, 1), Contains("head of a supernet reads stage 1 of 0"));
  // A stage that may be left out, behind what the head reads.
  builder.fixed("stem", conv{.out = 4});
  for (int stage = 0; stage < 2; ++stage) builder.stage({.out = 4}, [](auto offer) { offer(basic{}), offer(zero{}); });
  builder.joined("head", testing::lateral{}, 1);
  CHECK_THROWS_WITH(builder.finish(), Contains("stage 2 block 1 may be left out, and a value that the head reads, too, is what it reads"));
}
