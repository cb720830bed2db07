// Small spaces that several tests walk from end to end.
#pragma once

#include <vector>

#include <hasse/space.hpp>
#include <hasse/space/count.hpp>

namespace hasse::testing {

/// 306 architectures; the example of the README.
using two_stages = search_space<input<3, 32, 32>, stem<conv{.out = 32, .kernel = 3}>,
                                stage<basic{.stride = 2}, widths<32, 64, 128>, depth<1, 3>>,
                                stage<basic{.stride = 2}, widths<32, 64, 128, 256>, depth<1, 3>>, head<global_average_pool, linear<10>>>;

/// The space on which the specification checked its closed form: widths 64, 128, 256 and depths up to 3, 3, 2.
template <class Depth>
using checked_stage = stage<basic{.stride = 2}, widths<64, 128, 256>, Depth>;
using three_stages = search_space<input<3, 64, 64>, stem<conv{.out = 64, .stride = 2}>, checked_stage<depth<1, 3>>, checked_stage<depth<1, 3>>,
                                  checked_stage<depth<1, 2>>, head<global_average_pool, linear<10>>>;

/// A bound on all stages together that is narrower than the stages' own, from both sides.
using bounded = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 6>>,
                             stage<bottleneck{.stride = 2}, widths<32, 64, 128>, depth<2, 6>>, head<global_average_pool, linear<10>>, total_depth<4, 7>>;

/// One stage, one width, one depth: the smallest space.
using smallest = search_space<input<1, 8, 8>, stem<conv{.out = 4}>, stage<basic{}, widths<4>, depth<1, 1>>, head<global_average_pool, linear<2>>>;

/// A single stage whose depth is the whole depth.
using single = search_space<input<1, 8, 8>, stem<conv{.out = 4}>, stage<basic{}, widths<4, 8, 12>, depth<1, 5>>, head<global_average_pool, linear<2>>>;

/// The heads of a detector on one of its maps.
template <fixed_string Boxes, fixed_string Scores>
struct predictions {
  friend constexpr bool operator==(const predictions&, const predictions&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    list.output(Boxes.view(), list.convolution(from, 4, 1, 1, 0, 1, true));
    return list.output(Scores.view(), list.convolution(from, 3, 1, 1, 0, 1, true));
  }
  std::string text() const { return "predictions"; }
};
/// A head that reads two stages and hands out four values; 48 architectures.
using two_taps = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 2>>,
                              stage<basic{.stride = 2}, widths<4, 8, 12>, depth<1, 2>>,
                              head<from_stage<1>, predictions<"boxes1", "scores1">, from_stage<2>, predictions<"boxes2", "scores2">>>;

/// What comes from a deeper stage, in the size of a shallower one, and that one in as many channels, added.
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
/// A decoder that reads three stages and adds them up.
using three_taps = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{}, widths<4, 8>, depth<1, 2>>,
                                stage<basic{.stride = 2}, widths<4, 8>, depth<1, 2>>, stage<basic{.stride = 2}, widths<8, 12>, depth<1, 2>>,
                                head<fixed_layer<conv{.out = 6, .kernel = 1}>, with_stage<2, lateral>, with_stage<1, lateral>,
                                     fixed_layer<conv{.out = 5}>>>;

/// A decoder whose widths are searched; the last one of the shallowest stage is too wide for those of the others.
template <int... Width>
using controller = searched<conv{.kernel = 1}, widths<Width...>>;
using decoded = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{}, widths<4, 8>, depth<1, 2>>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 1>>,
                             stage<basic{.stride = 2}, widths<8, 12>, depth<1, 2>>,
                             head<pyramid_pooling, controller<4, 6, 8>, with_stage<2, fusion_node, controller<4, 6>>, with_stage<1, fusion_node, controller<2, 6, 10>>,
                                  fixed_layer<pixel_scores{.classes = 3}>, upsample<2>>>;
/// One searched width alone, and a bound on all stages; and two that begin with a layer of one width, whose first stage nobody reads.
using one_width = search_space<input<1, 8, 8>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 3>>, stage<basic{.stride = 2}, widths<4, 8, 12>, depth<1, 3>>,
                               head<controller<3, 5, 9>, global_average_pool, linear<3>>, total_depth<3, 5>>;
using behind_one_width = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{}, widths<4, 8>, depth<1, 2>>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 2>>,
                                      stage<basic{.stride = 2}, widths<4, 8>, depth<1, 2>>,
                                      head<fixed_layer<conv{.out = 6, .kernel = 1}>, with_stage<2, fusion_node, controller<4, 8>>, tap<"coarse">, fixed_layer<conv{.out = 5}>, with_stage<1, lateral>, tap<"fine">>>;

template <class Space>
std::vector<architecture<Space>> all_architectures() {
  std::vector<architecture<Space>> all;
  for_each_architecture<Space>([&](const architecture<Space>& choice) { all.push_back(choice); });
  return all;
}

template <class Space>
std::vector<ticks> random_latencies(random_source& random, std::uint64_t most) {
  std::vector<ticks> latencies(static_cast<std::size_t>(part_count<Space>));
  for (ticks& latency : latencies) latency.count = static_cast<std::int64_t>(random.below(most + 1));
  return latencies;
}

}  // namespace hasse::testing
