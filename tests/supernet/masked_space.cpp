// Spaces of operations and widths: their sizes as published, codes and their text, the networks of codes against published ones.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <hasse/network/published/mobiledet.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
masked_space mobiledet_of(mobiledet_target target, mobiledet_operations operations = mobiledet_operations::and_tucker) {
  return masked_space(mobiledet_space({.target = target, .operations = operations, .norm = {.epsilon_millionths = 10'000, .keep_percent = 99}}));
}
masked_space micro(mobiledet_target target = mobiledet_target::edgetpu) {
  return masked_space(mobiledet_space(mobiledet_micro(target, mobiledet_operations::and_tucker)));
}
/// A block and what its layers may be.
masked_design one_block(std::vector<int> filters, std::vector<masked_layer> layers) {
  return {.input = {8, 8, 3}, .blocks = {{.name = "b", .filters = std::move(filters), .layers = std::move(layers)}}, .head = classifying(2)};
}
masked_layer residual_of(std::vector<masked_option> options) { return {.options = std::move(options), .residual = true}; }
}  // namespace

TEST_CASE("spaces are as large as published", "[masked]") {
  const masked_space proxyless(tunas_space(tunas_kind::proxyless)), enlarged(tunas_space(tunas_kind::proxyless_enlarged)),
      v3(tunas_space(tunas_kind::mobilenet_v3_like));
  CHECK(proxyless.log10_codes() == Approx(std::log10(3) + 6 * std::log10(6) + 15 * std::log10(12)).epsilon(1e-12));
  CHECK(proxyless.log10_networks() == Approx(std::log10(3) + 6 * std::log10(6) + 15 * std::log10(7)).epsilon(1e-12));
  CHECK(std::lround(proxyless.log10_codes()) == 21);
  CHECK(std::lround(enlarged.log10_codes()) == 28);
  CHECK(std::lround(v3.log10_codes()) == 43);
  CHECK(proxyless.size_text() == "10^17.8 networks in 58 decisions, written in 10^21.3 ways");
  // MobileDets: a layer is one of 4 + 4 + 4, or nothing.
  const masked_space small = micro();
  const double first = 2 + 4, other = 4 + 4 + 4;
  double filters = 0;
  for (int at = 0; at < small.blocks(); ++at) filters += std::log10(static_cast<double>(small.block(at).filters.size()));
  CHECK(small.log10_networks() == Approx(std::log10(first) + 6 * std::log10(other) + 5 * std::log10(other + 1) + filters).epsilon(1e-12));
}

TEST_CASE("the networks of codes are the published MobileDets, layer by layer", "[masked]") {
  const auto published = [](auto net) { return layer_list_of(decltype(net)::layers); };
  const auto check = [&](mobiledet_target target, const std::string& text, const layer_list& wanted) {
    const masked_space space = mobiledet_of(target);
    const std::vector<int> code = space.parse(text);
    CHECK(space.text(code) == text);
    const layer_list found = network_of(space, code);
    REQUIRE(found.size() == wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      INFO(i);
      REQUIRE(found.items[i] == wanted.items[i]);
    }
  };
  check(mobiledet_target::pixel_cpu,
        "16: dense-k3 | 8: k3e1 | 16: k3e4 zero zero zero | 32: k3e8 k3e4 k3e4 k3e4 | 72: k5e8 k3e8 k5e4 k3e4 | 72: k3e8 k3e8 k3e8 k3e8 | "
        "104: k5e8 k5e4 k5e4 k3e4 | 144: k3e8",
        published(mobiledet_cpu{}));
  check(mobiledet_target::edgetpu,
        "32: dense-k3 | 16: tucker-k3i25o75 | 16: fused-k3e8 fused-k3e4 fused-k3e8 fused-k3e4 | 40: fused-k5e8 fused-k3e4 fused-k3e4 fused-k3e4 "
        "| 72: k3e8 k3e8 fused-k3e4 fused-k3e4 | 96: k5e8 k5e8 k3e8 k3e8 | 120: k5e8 k3e8 k5e4 k3e8 | 384: k5e8",
        published(mobiledet_edgetpu{}));
  check(mobiledet_target::dsp,
        "32: dense-k3 | 24: k3e1 | 32: fused-k3e4 fused-k3e4 k3e4 tucker-k3i25o75 | 64: fused-k3e8 k3e4 fused-k3e4 fused-k3e4 | 120: fused-k3e8 k3e4 "
        "k3e8 k3e8 | 144: fused-k3e8 k3e8 k3e8 k3e8 | 160: k3e4 k3e4 fused-k3e4 tucker-k3i75o75 | 240: k3e8",
        published(mobiledet_dsp{}));
  check(mobiledet_target::gpu,
        "32: dense-k3 | 16: tucker-k3i25o25 | 32: fused-k3e8 tucker-k3i25o25 tucker-k3i25o25 tucker-k3i25o25 | 64: fused-k3e8 fused-k3e8 fused-k3e8 "
        "fused-k3e4 | 128: fused-k3e8 fused-k3e4 fused-k3e4 fused-k3e4 | 128: fused-k3e8 fused-k3e8 fused-k3e8 fused-k3e8 | 128: fused-k3e4 fused-k3e4 "
        "fused-k3e4 fused-k3e4 | 384: k3e8",
        published(mobiledet_gpu{}));
}

TEST_CASE("the small MobileDet counts what it was designed for", "[masked]") {
  const masked_space space = micro();
  const auto macs = [&](const std::string& filters, const std::string& layer) {
    std::string text;
    for (int at = 0; at < space.blocks(); ++at) {
      const std::size_t comma = filters.find(std::to_string(at) + "=") + 2;
      text += (at > 0 ? " | " : "") + filters.substr(comma, filters.find(' ', comma) - comma) + ":";
      for (std::size_t i = 0; i < space.block(at).layers.size(); ++i) text += at == 0 ? " dense-k3" : at == 1 ? " k3e1" : " " + layer;
    }
    return static_cast<double>(cost_of(network_of(space, space.parse(text))).macs) / 1e6;
  };
  const std::string one = "0=16 1=8 2=16 3=24 4=48 5=64 6=96 7=128 ";
  CHECK(macs(one, "k3e4") == Approx(97.23).margin(0.005));
  CHECK(macs(one, "k3e8") == Approx(183.5 - 2.6).margin(0.05));
  CHECK(macs(one, "fused-k3e4") == Approx(306.0 - 2.6).margin(0.05));
}

TEST_CASE("codes and their text go both ways, and no two codes have one text", "[masked]") {
  random_source random(4);
  for (const masked_design& design : {mobiledet_space(mobiledet_micro(mobiledet_target::gpu, mobiledet_operations::and_tucker)),
                                      tunas_space(tunas_kind::mobilenet_v3_like), tunas_space(tunas_kind::proxyless)}) {
    const masked_space space(design);
    std::set<std::string> texts;
    for (int i = 0; i < 100; ++i) {
      const std::vector<int> code = space.any_code(random);
      space.check(code);
      CHECK(space.parse(space.text(code)) == code);
      texts.insert(space.text(code));
    }
    CHECK(texts.size() == 100);
    controller policy({space.decisions().begin(), space.decisions().end()});
    for (int i = 0; i < 50; ++i) {
      space.check(policy.draw(random).options);
      space.check(policy.draw(random, {0.5, 0.5}).options);
    }
    CHECK(policy.draw(random, {1, 1}).options == space.everything());
  }
}

TEST_CASE("a DSP gets no 5x5, a CPU always squeeze-excite and hard-swish, and others neither", "[masked]") {
  random_source random(8);
  const masked_space dsp = micro(mobiledet_target::dsp), tpu = micro(mobiledet_target::edgetpu),
                     cpu(mobiledet_space(mobiledet_micro(mobiledet_target::pixel_cpu, mobiledet_operations::and_fused)));
  const auto count = [](const layer_list& layers, auto&& is) { return std::count_if(layers.begin(), layers.end(), is); };
  bool five = false;
  for (int i = 0; i < 1000; ++i) {
    const layer_list of_dsp = network_of(dsp, dsp.any_code(random)), of_cpu = network_of(cpu, cpu.any_code(random)),
                     of_tpu = network_of(tpu, tpu.any_code(random));
    REQUIRE(count(of_dsp, [](const layer& item) { return item.kernel > 3; }) == 0);
    five = five || count(of_tpu, [](const layer& item) { return item.kernel == 5; }) > 0;
    for (const layer_list* each : {&of_dsp, &of_tpu}) {
      REQUIRE(count(*each, [](const layer& item) { return item.kind == layer_kind::scale; }) == 0);
      REQUIRE(count(*each, [](const layer& item) { return item.kind == layer_kind::activation && item.act != activation::relu6; }) == 0);
    }
    // Each operation ends in one batch norm without activation, and has one gate before it.
    std::vector<bool> acts(of_cpu.size() + 1);
    for (const layer& item : of_cpu)
      if (item.kind == layer_kind::activation) acts[static_cast<std::size_t>(item.input)] = true;
    int projections = 0;
    for (std::size_t at = 0; at < of_cpu.size(); ++at) projections += of_cpu.items[at].kind == layer_kind::batch_norm && !acts[at + 1];
    REQUIRE(count(of_cpu, [](const layer& item) { return item.kind == layer_kind::scale; }) == projections);
    REQUIRE(count(of_cpu, [](const layer& item) {
              return item.kind == layer_kind::activation && item.act != activation::hard_swish && item.act != activation::sigmoid;
            }) == 0);
  }
  CHECK(five);
}

TEST_CASE("squeeze-excite is rounded as shared widths in a search and as published alone", "[masked]") {
  const masked_space cpu(mobiledet_space({.operations = mobiledet_operations::inverted}));
  const std::vector<int> code = cpu.parse(
      "16: dense-k3 | 24: k3e1 | 16: k3e4 zero zero zero | 32: k3e8 k3e4 k3e4 k3e4 | 72: k5e8 k3e8 k5e4 k3e4 | 72: k3e8 k3e8 k3e8 k3e8 | 104: "
      "k5e8 k5e4 k5e4 k3e4 | 144: k3e8");
  const auto inner = [](const layer_list& layers) {
    for (const layer& item : layers)
      if (item.kind == layer_kind::convolution && item.in.pixels() == 1) return item.out.c;
    return 0;
  };
  CHECK(inner(layers_of(cpu, code).layers) == make_divisible(16, 4));
  const masked_space wide(one_block({8, 16}, {{.options = {{masked_operation::inverted, {3}, {15}}}, .se = {.percent = 25}}}));
  // A quarter of 45 is 11.25: the nearest multiple of 8 takes away more than a tenth.
  CHECK(inner(layers_of(wide, std::vector<int>{0}).layers) == 16);
  CHECK(inner(network_of(wide, std::vector<int>{0})) == 8);
}

TEST_CASE("shared parameters are as wide as they get, kernels apart and the 1x1 around them together", "[masked]") {
  const masked_space space = micro();
  const masked_shared shared(space);
  const layer_list& list = shared.layers();
  const auto of = [&](const std::string& text, auto&& is) {
    const masked_layers made = layers_of(space, space.parse(text));
    std::vector<int> places;
    for (int i = 0; i < static_cast<int>(made.layers.size()); ++i)
      if (is(made.layers.items[static_cast<std::size_t>(i)])) places.push_back(shared.place_of(made, i));
    return places;
  };
  const std::string before = "16: dense-k3 | 8: k3e1 | 16: ", behind = " zero | 24: k3e4 zero | 48: k3e4 zero | 64: k3e4 zero | 96: k3e4 zero | 128: k3e4";
  const auto pointwise = [](const layer& item) { return is_pointwise(item); };
  const auto spatial = [](const layer& item) { return item.kernel > 1; };
  const auto norms = [](const layer& item) { return item.kind == layer_kind::batch_norm; };
  CHECK(of(before + "k3e4" + behind, pointwise) == of(before + "k5e8" + behind, pointwise));
  const std::vector<int> three = of(before + "k3e4" + behind, norms), five = of(before + "k5e4" + behind, norms);
  int differ = 0;
  for (std::size_t i = 0; i < three.size(); ++i) differ += three[i] != five[i];
  CHECK(differ == 1);  // behind the depthwise kernel alone
  CHECK(of(before + "k3e4" + behind, spatial) != of(before + "k5e4" + behind, spatial));
  CHECK(of(before + "fused-k3e4" + behind, pointwise) != of(before + "k3e4" + behind, pointwise));  // a project of its own
  for (const int place : of(before + "k5e4" + behind, spatial)) CHECK(place >= 0);
  // Block 2, first layer: 8 x 3 / 2 channels come in, 8 times as many are inside.
  const std::vector<int> inside = of(before + "k5e4" + behind, [](const layer& item) { return is_depthwise(item) && item.kernel == 5; });
  REQUIRE(inside.size() == 1);
  CHECK(list.items[static_cast<std::size_t>(inside[0])].out.c == 8 * space.block(1).filters.back());
}

TEST_CASE("masked spaces, codes and texts say what they cannot be", "[masked]") {
  const masked_option inverted{masked_operation::inverted, {3, 5}, {4, 8}}, skip{masked_operation::skip};
  const auto refused = [](masked_design design) { return masked_space(std::move(design)); };
  CHECK_THROWS_WITH(refused(one_block({8}, {{.options = {{masked_operation::inverted}}}})), ContainsSubstring("nothing is to be decided"));
  CHECK_THROWS_WITH(refused(one_block({16, 8}, {{.options = {inverted}}})), ContainsSubstring("widths above 0 that ascend"));
  CHECK_THROWS_WITH(refused(one_block({8}, {})), ContainsSubstring("has no layer"));
  CHECK_THROWS_WITH(refused(one_block({8}, {residual_of({inverted})})), ContainsSubstring("only a layer of stride 1 behind the first"));
  CHECK_THROWS_WITH(refused(one_block({8}, {{.options = {inverted, skip}}})), ContainsSubstring("cannot be left out"));
  CHECK_THROWS_WITH(refused(one_block({8}, {{.options = {inverted}}, residual_of({skip})})), ContainsSubstring("can only be left out"));
  CHECK_THROWS_WITH(refused(one_block({8}, {{.options = {inverted, inverted}}})), ContainsSubstring("offers inverted twice"));
  CHECK_THROWS_WITH(refused(one_block({8}, {{.options = {{masked_operation::fused, {5, 3}, {4}}}}})), ContainsSubstring("do not ascend"));
  CHECK_THROWS_WITH(refused(one_block({8}, {{.options = {{masked_operation::fused, {3, 4}, {4}}}}})), ContainsSubstring("an even window"));
  CHECK_THROWS_WITH(mobiledet_space({.layers = {1, 2}}), ContainsSubstring("7 numbers of layers"));

  const masked_space space(one_block({8, 16}, {{.options = {inverted}}, residual_of({inverted, skip})}));
  CHECK(space.parse("8: k3e4 zero").size() == space.decisions().size());
  CHECK_THROWS_WITH(space.parse("8: k3e4"), ContainsSubstring("it ends before layer 2 of block b"));
  CHECK_THROWS_WITH(space.parse("9: k3e4 zero"), ContainsSubstring("choose from 8:, 16:"));
  CHECK_THROWS_WITH(space.parse("8: zero zero"), ContainsSubstring("\"zero\" cannot be layer 1 of block b; choose from k3e4, k3e8, k5e4, k5e8"));
  CHECK_THROWS_WITH(space.parse("8: k3e4 zero | 8:"), ContainsSubstring("stands behind the last layer"));
  std::vector<int> code = space.parse("8: k3e4 zero");
  code.back() = 1;
  CHECK_THROWS_WITH(space.text(code), ContainsSubstring("which does not count beside what its layer took"));
  code.pop_back();
  CHECK_THROWS_WITH(space.text(code), ContainsSubstring("give one option for each"));
}
