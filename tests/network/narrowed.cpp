// Types made of types: other channel counts, other inputs; and the text of the type of every published network.
#include <hasse/network/named.hpp>
#include <hasse/network/narrowed.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
/// ResNet-20 at half width, but for the first two groups.
using slim = narrowed<resnet20, 5, 11, 8, 8, 16, 16, 16, 16, 32, 32, 32, 32>;
static_assert(slim::out == resnet20::out);
static_assert(slim::macs() < resnet20::macs() / 3);
/// Wider in one group, on an input with three times the pixels.
using wide = narrowed<at_input<resnet20, input<3, 32, 96>>, 24, 16, 16, 16, 32, 32, 32, 32, 64, 64, 64, 64>;

template <class Net>
layer_list list_of() {
  return {Net::layers.input, {Net::layers.begin(), Net::layers.end()}};
}
}  // namespace

TEST_CASE("a narrowed type is the narrowed list", "[narrowed]") {
  const width_family family(named_network("resnet20"));
  const layer_list list = family.layers_at(family.parse("0.5 0=5 1=11"));
  CHECK(list_of<slim>() == list);
  CHECK(slim::macs() == cost_of(list).macs);
  CHECK(slim::parameter_count() == cost_of(list).parameters());
  layer_list other = named_network("resnet20", {.input = {32, 96, 3}});
  std::vector<int> counts = uniform_width(other, channel_groups_of(other), 1000).counts;
  counts[0] = 24;
  CHECK(list_of<wide>() == with_channels(other, channel_groups_of(other), counts));
}

TEST_CASE("an architecture on another input is the list on that input", "[narrowed]") {
  CHECK(list_of<at_input<df1, input<3, 64, 128>>>() == named_network("df1", {.input = {64, 128, 3}}));
}

namespace {
/// The text, and that the type which it names has the layers of the name.
template <class Net>
void is_type_of(std::string_view name, const std::string& text) {
  CHECK("hasse::" + text == published_type_text(name));
  if constexpr (requires { Net::choice; })
    CHECK(list_of<Net>() == named_network(name));
  else
    CHECK(detail::lowered(std::type_identity<Net>{}, named_network(name).input) == named_network(name));
}
}  // namespace
#define IS_TYPE_OF_ITS_NAME(type) is_type_of<type>(#type, #type)

TEST_CASE("every published network has a type", "[narrowed]") {
  IS_TYPE_OF_ITS_NAME(df1);
  IS_TYPE_OF_ITS_NAME(df2);
  IS_TYPE_OF_ITS_NAME(df2a);
  IS_TYPE_OF_ITS_NAME(resnet18);
  IS_TYPE_OF_ITS_NAME(resnet34);
  IS_TYPE_OF_ITS_NAME(resnet50);
  IS_TYPE_OF_ITS_NAME(mnasnet_a1);
  IS_TYPE_OF_ITS_NAME(efficientnet_b0);
  IS_TYPE_OF_ITS_NAME(proxyless_mobile);
  IS_TYPE_OF_ITS_NAME(proxyless_mobile_14);
  IS_TYPE_OF_ITS_NAME(proxyless_gpu);
  IS_TYPE_OF_ITS_NAME(proxyless_cpu);
  IS_TYPE_OF_ITS_NAME(mobiledet_cpu);
  IS_TYPE_OF_ITS_NAME(mobiledet_edgetpu);
  IS_TYPE_OF_ITS_NAME(mobiledet_dsp);
  IS_TYPE_OF_ITS_NAME(mobiledet_gpu);
  IS_TYPE_OF_ITS_NAME(ssdlite_mobiledet_cpu);
  IS_TYPE_OF_ITS_NAME(ssdlite_mobiledet_edgetpu);
  IS_TYPE_OF_ITS_NAME(ssdlite_mobiledet_dsp);
  IS_TYPE_OF_ITS_NAME(ssdlite_mobiledet_gpu);
  IS_TYPE_OF_ITS_NAME(resnet20);
  IS_TYPE_OF_ITS_NAME(resnet18_cifar);
  IS_TYPE_OF_ITS_NAME(mobilenet_v2_cifar);
  is_type_of<fixed_network<input<3, 224, 224>, mobilenet_v1_spec{.width = 1000}>>(
      "mobilenet_v1", "fixed_network<hasse::input<3, 224, 224>, hasse::mobilenet_v1_spec{.width = 1000}>");
  is_type_of<fixed_network<input<3, 224, 224>, mobilenet_v2_spec{.width = 1000}>>(
      "mobilenet_v2", "fixed_network<hasse::input<3, 224, 224>, hasse::mobilenet_v2_spec{.width = 1000}>");
  is_type_of<fixed_network<input<3, 224, 224>, mobilenet_v3_large_spec{.width = 1000}>>(
      "mobilenet_v3_large", "fixed_network<hasse::input<3, 224, 224>, hasse::mobilenet_v3_large_spec{.width = 1000}>");
  CHECK(published_names.size() == 26);  // all of them stand above
  CHECK(published_type_text("resnet18", {.input = {64, 96, 3}}) == "hasse::at_input<hasse::resnet18, hasse::input<3, 64, 96>>");
  CHECK(published_type_text("mobilenet_v2", {.width = 750}) ==
        "hasse::fixed_network<hasse::input<3, 224, 224>, hasse::mobilenet_v2_spec{.width = 750}>");
  CHECK(published_type_text("mobilenet_v1", {.input = {96, 96, 3}}) ==
        "hasse::fixed_network<hasse::input<3, 96, 96>, hasse::mobilenet_v1_spec{.width = 1000}>");
  CHECK_THROWS_AS(published_type_text("resnet19"), error);
  CHECK_THROWS_AS(published_type_text("resnet18", {.width = 500}), error);
}
