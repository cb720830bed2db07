// 16: heads that read several stages, and one whose widths are searched with the stages. What they make of each stage, at each width, is a
// part of its own: it adds up, and counting stays exact.
#include <cstdio>

#include <hasse/catalogue/shard.hpp>
#include <hasse/space.hpp>
#include <hasse/space/count.hpp>

using namespace hasse;

// A joining spec reads two values: `from`, and what a stage gives. This one adds a deep map, enlarged, to a shallow one.
struct lateral {
  friend constexpr bool operator==(const lateral&, const lateral&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from, value_id stage) const {
    const feature_shape deep = list.shape_of(from), shallow = list.shape_of(stage);
    const value_id side = list.conv_bn(stage, deep.c, 1, 1, activation::relu, {});
    return list.add(list.resize(from, shallow.h, shallow.w), side);
  }
  std::string text() const { return "lateral"; }
};

// A spec that hands out what it makes, under a name.
template <fixed_string Name>
struct scores {
  friend constexpr bool operator==(const scores&, const scores&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.output(Name.view(), list.convolution(from, 3, 1)); }
  std::string text() const { return "scores"; }
};

using detector = head<from_stage<2>, scores<"small">, from_stage<3>, scores<"large">>;
using decoder = head<fixed_layer<conv{.out = 16, .kernel = 1}>, with_stage<2, lateral>, with_stage<1, lateral>, scores<"labels">>;

// A decoder whose widths are choices, too: each stage goes through a layer of a searched width, and is fused with what is deeper.
template <int... Width>
using side = searched<conv{.kernel = 1}, widths<Width...>>;
using searched_decoder = head<side<8, 16, 32>, with_stage<2, fusion_node, side<8, 16>>, with_stage<1, fusion_node, side<8, 16>>, scores<"labels">>;

template <class Head>
using space = search_space<input<3, 32, 32>, stem<conv{.out = 8}>, stage<basic{}, widths<8, 16>, depth<1, 2>>,
                           stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<32, 64>, depth<1, 2>>, Head>;

template <class Space>
void show(const char* name, const char* text) {
  const auto choice = parse<Space>(text);
  const layer_list layers = layers_of(choice);
  std::printf("%s: %s architectures of %d parts; %s has %lld MACs, its parts add up to %lld; it answers with", name, to_text(cardinality<Space>()).c_str(),
              part_count<Space>, to_text(choice).c_str(), static_cast<long long>(cost_of(layers).macs), static_cast<long long>(macs(choice)));
  for (int i = 0; i < layers.output_count(); ++i)
    std::printf(" %s %dx%dx%d", std::string(layers.output_name(i)).c_str(), layers.output_shape(i).h, layers.output_shape(i).w, layers.output_shape(i).c);
  std::printf("\n");
}

int main() {
  show<space<detector>>("detector", "[(8,16),(32),(32,64)]");
  show<space<decoder>>("decoder", "[(8,16),(32),(32,64)]");
  show<space<searched_decoder>>("searched decoder", "[(8,16),(32),(32,64)]+(8,16,32)");
}
