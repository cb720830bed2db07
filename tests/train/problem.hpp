// A small problem whose answer is known: the class is the bright quadrant of a noisy image.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/space/layer_list.hpp>

namespace problem {

inline hasse::image_set quadrants(std::size_t count, std::uint64_t seed, int contrast = 120) {
  hasse::image_set set = hasse::empty_images("quadrants", {8, 8, 3}, {"upper left", "upper right", "lower left", "lower right"});
  set.mirrored_alike = false;
  hasse::random_source random(seed);
  for (std::size_t n = 0; n < count; ++n) {
    const int label = static_cast<int>(random.below(4));
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x)
        for (int c = 0; c < 3; ++c) {
          const bool bright = (y >= 4) * 2 + (x >= 4) == label;
          set.pixels.push_back(static_cast<std::uint8_t>(static_cast<int>(random.below(100)) + (bright ? contrast : 0)));
        }
    set.labels.push_back(static_cast<std::uint16_t>(label));
  }
  return set;
}

/// Images and labels that have nothing to do with each other: they can only be learnt by heart.
inline hasse::image_set noise(std::size_t count, std::uint64_t seed) { return quadrants(count, seed, 0); }

/// A residual network with everything that training meets: projection, identity, batch norm, pooling, linear.
inline hasse::layer_list network(int width = 8) {
  hasse::layer_list list{.input = {8, 8, 3}};
  hasse::layer_builder<hasse::layer_list> build{list};
  const hasse::value_id stem = build.conv_bn(0, width, 3, 2, hasse::activation::relu, {});
  const hasse::value_id inner = build.conv_bn(stem, width, 3, 1, hasse::activation::none, {});
  const hasse::value_id sum = build.activate(build.add(inner, stem), hasse::activation::relu);
  build.linear(sum, 4);
  return list;
}

/// How often the program has asked for this much memory so far (allocations.cpp): less is what oneDNN's own bookkeeping takes
/// with every call, and a fraction of any feature map of a batch.
inline constexpr std::size_t large_allocation = 1024;
long large_allocations();

struct scratch_folder {
  std::filesystem::path path;
  explicit scratch_folder(const std::string& name)
      : path(std::filesystem::temp_directory_path() / ("hasse-" + name + '-' + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() { std::filesystem::remove_all(path); }
  std::size_t files() const {
    std::size_t count = 0;
    if (std::filesystem::exists(path))
      for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(path)) ++count;
    return count;
  }
};

struct interrupted : std::runtime_error {
  interrupted() : std::runtime_error("interrupted") {}
};

/// A sink that throws in its `count`-th call, which is what a kill after that step looks like.
inline hasse::progress_sink stop_after(int count) {
  return [count](const hasse::progress_event&) mutable {
    if (--count == 0) throw interrupted();
  };
}

}  // namespace problem
