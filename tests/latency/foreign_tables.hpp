// Tables of others as tests write them: the entries that are public, and a whole table of invented latencies.
// Used by foreign_table.cpp (reading, lookups) and foreign_costs.cpp (expectations).
#pragma once

#include <cstdio>
#include <map>
#include <string>

#include <hasse/space/layer_list.hpp>
#include <hasse/space/mobile.hpp>

namespace hasse::testing {
inline std::string row(const std::string& key, double mean, const char* more = "  var: 0.25\n") {
  char number[40];
  std::snprintf(number, sizeof number, "%.17g", mean);
  return key + ":\n  count: 61\n  mean: " + number + "\n" + more;
}

/// The entries of the Pixel 1 table that the specification of ProxylessNAS gives.
inline std::string pixel() {
  const std::string second = "expanded_conv-input:112x112x16-output:56x56x24-expand:";
  return row("Conv-input:224x224x3-output:112x112x32", 4.0838) + row("Conv_1-input:7x7x320-output:7x7x1280", 3.0886) +
         row("Logits-input:7x7x1280-output:1000", 0.3096) +
         row("expanded_conv-input:112x112x32-output:112x112x16-expand:1-kernel:3-stride:1-idskip:0", 3.8821) +
         row(second + "3-kernel:3-stride:2-idskip:0", 6.2406) + row(second + "3-kernel:5-stride:2-idskip:0", 7.5191) +
         row(second + "3-kernel:7-stride:2-idskip:0", 9.1438) + row(second + "6-kernel:3-stride:2-idskip:0", 16.766) +
         row(second + "6-kernel:5-stride:2-idskip:0", 18.941) + row(second + "6-kernel:7-stride:2-idskip:0", 22.105) +
         row("expanded_conv-input:14x14x80-output:14x14x80-expand:3-kernel:3-stride:1-idskip:1", 1.8414);
}

/// A whole table of the space of Once-for-All's MobileNetV3 for one resolution, of invented latencies: 96 rows.
struct mbv3_space {
  int widths[5] = {32, 48, 96, 136, 192}, strides[5] = {2, 2, 2, 1, 2};
  bool se[5] = {false, true, false, true, true}, hs[5] = {false, false, true, true, true};
  std::map<std::string, double> rows;
  std::string text;

  explicit mbv3_space(int resolution) {
    const auto shape = [](int side, int channels) {
      return std::to_string(side) + "x" + std::to_string(side) + "x" + std::to_string(channels);
    };
    int side = (resolution + 1) / 2, in = 24;
    add("Conv-input:" + shape(resolution, 3) + "-output:" + shape(side, 24), 0.9);
    add("expanded_conv-input:" + shape(side, 24) + "-output:" + shape(side, 24) + "-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:0",
        1.7);
    for (int stage = 0; stage < 5; ++stage)
      for (const bool first : {true, false}) {
        const int stride = first ? strides[stage] : 1, out = (side - 1) / stride + 1;
        for (const int ratio : {3, 4, 6})
          for (const int kernel : {3, 5, 7})
            add("expanded_conv-input:" + shape(side, in) + "-output:" + shape(out, widths[stage]) + "-expand:" +
                    std::to_string(in * ratio) + "-kernel:" + std::to_string(kernel) + "-stride:" + std::to_string(stride) +
                    "-idskip:" + (first ? "0" : "1") + "-se:" + (se[stage] ? "1" : "0") + "-hs:" + (hs[stage] ? "1" : "0"),
                0.1 * ratio + 0.01 * kernel * kernel + 0.001 * (5 - stage) * side);
        side = out, in = widths[stage];
      }
    add("Conv_1-input:" + shape(side, 192) + "-output:" + shape(side, 1152), 0.69);
    add("AvgPool2D-input:" + shape(side, 1152) + "-output:1x1x1152", 0.015);
    add("Conv_2-input:1x1x1152-output:1x1x1536", 0.76);
    add("Logits-input:1x1x1536-output:1000", 0.67);
  }
  void add(const std::string& key, double mean) { rows[key] = mean, text += row(key, mean, "  std: 0.5\n"); }

  mbconv block(int stage, bool first, int kernel, int ratio) const {
    return {.out = widths[stage],
            .stride = first ? strides[stage] : 1,
            .kernel = kernel,
            .expand = ratio,
            .act = hs[stage] ? activation::hard_swish : activation::relu,
            .se = {.percent = se[stage] ? 25 : 0, .gate = activation::hard_sigmoid}};
  }
  /// The network whose stages have `depth` blocks of one kernel and ratio.
  layer_list network(int resolution, int depth, int kernel, int ratio) const {
    layer_list layers{.input = {resolution, resolution, 3}, .items = {}};
    layer_builder<layer_list> build{layers};
    value_id value = conv{.out = 24, .stride = 2, .act = activation::hard_swish}.lower(build, 0);
    value = mbconv{.out = 24, .expand = 1, .act = activation::relu}.lower(build, value);
    for (int stage = 0; stage < 5; ++stage)
      for (int at = 0; at < depth; ++at) value = block(stage, at == 0, kernel, ratio).lower(build, value);
    value = conv{.out = 1152, .kernel = 1, .act = activation::hard_swish}.lower(build, value);
    value = build.activate(build.convolution(build.global_average_pool(value), 1536, 1), activation::hard_swish);
    build.linear(value, 1000);
    return layers;
  }
};

}  // namespace hasse::testing
