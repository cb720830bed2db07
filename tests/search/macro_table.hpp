// A table like NAS-Bench-Macro, written by the test: the keys and the FLOPs are the real ones, the accuracies are synthetic.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include <hasse/core/random.hpp>
#include <hasse/core/hash.hpp>

namespace test {

/// Multiply-accumulates of convolutions and classifier (input 32x32, widths 64, 128, 256 after a stem of 32, head of 1280).
inline std::int64_t macro_flops(const std::string& key) {
  std::int64_t total = 32 * 32 * 9 * 3 * 32, in = 32, side = 32;
  for (std::size_t i = 0; i < 8; ++i) {
    const bool first = i == 0 || i == 2 || i == 5;
    const std::int64_t out = first ? 2 * in : in, after = first ? side / 2 : side;
    if (key[i] == '0') {
      if (first) total += after * after * in * out;
    } else {
      const std::int64_t middle = in * (key[i] == '1' ? 3 : 6), kernel = key[i] == '1' ? 3 : 5;
      total += side * side * in * middle + after * after * kernel * kernel * middle + after * after * middle * out;
    }
    in = out, side = after;
  }
  return total + side * side * in * 1280 + 1280 * 10;
}

/// All 6561 keys; accuracy rises with every layer, with `noise` times a normal deviate that is the same for equal networks. Its three runs
/// deviate from it by `runs`.
inline std::string macro_table(double noise, std::uint64_t seed = 1, double runs = 0) {
  std::string text = "{", key = "00000000";
  for (int n = 0; n < 6561; ++n) {
    for (int i = 7, rest = n; i >= 0; --i, rest /= 3) key[static_cast<std::size_t>(i)] = static_cast<char>('0' + rest % 3);
    double skill = 0;
    std::string network;
    std::size_t at = 0;
    for (const std::size_t layers : {2u, 3u, 3u}) {
      std::string stage = key.substr(at, 1);
      for (std::size_t i = 1; i < layers; ++i)
        if (key[at + i] != '0') stage += key[at + i];
      double volume = 0;
      for (const char digit : stage) volume += digit - '0';
      skill += std::log1p(volume), network += stage + '|', at += layers;
    }
    hasse::random_source random(hasse::fnv1a(network, seed));
    const double mean = 80 + 3 * skill + noise * random.normal(), off = runs * random.normal(), other = runs * random.normal();
    char row[256];
    std::snprintf(row, sizeof row, "%s\"%s\": {\"test_acc\": [%.6f, %.6f, %.6f], \"mean_acc\": %.17g, \"std\": 0.1, \"params\": 5, \"flops\": %lld}", n ? ", " : "",
                  key.c_str(), mean + off, mean + other, mean - off - other, mean, static_cast<long long>(macro_flops(key)));
    text += row;
  }
  return text + "}";
}

}  // namespace test
