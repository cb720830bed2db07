// A fake device whose speed wanders, and how far sums of rows are from the truth, which is known of fake devices.
// Used by the latency tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include <hasse/catalogue/shard.hpp>
#include <hasse/core/random.hpp>
#include <hasse/space/count.hpp>

#include "fake_device.hpp"

namespace hasse::testing {

/// What the fake device takes for a part: the sum of its folded layers. What joins two values
/// reads one twice: what layers cost is theirs alone.
template <class Space = small_space>
std::int64_t true_cost(const fake_world& world, part_id part) {
  const entry& block = catalogue<Space>::at(part);
  layer_list layers{.input = block.in, .items = {}};
  append_layers(layers, block.layers, block.outputs, 0, 0);
  std::int64_t sum = 0;
  for (const layer& item : fold_for_inference(layers).layers) sum += world.cost(item);
  return sum;
}

/// Its speed wanders as neighbours come and go, and now and then the scheduler takes the core away. All of it follows from the seed.
inline fake_device restless_device(std::uint64_t seed) {
  struct weather {
    random_source random;
    double slowness = 1;
    std::int64_t until = 0, next_quantum = 0;
  };
  fake_device device;
  device.world->cost = [&world = *device.world, now = std::make_shared<weather>(weather{random_source(seed)})](const layer& item) {
    const auto soon = [&](double mean) { return world.now - static_cast<std::int64_t>(mean * std::log(1 - now->random.uniform())); };
    if (world.now >= now->until) now->slowness = 1 + 1.4 * now->random.uniform(), now->until = soon(3e6);
    double time = static_cast<double>(macs_of(item) / 50 + 1000) * now->slowness * (0.99 + 0.02 * now->random.uniform());
    if (world.now >= now->next_quantum) time += 4e6, now->next_quantum = soon(20e6);
    return static_cast<std::int64_t>(time);
  };
  return device;
}

/// What disturbs it comes and goes faster than a visit lasts, and strikes a network and the beat beside it apart: each seven runs have a
/// slowness of their own, and four of ten have none.
inline fake_device flickering_device(std::uint64_t seed) {
  fake_device device;
  device.world->cost = [&world = *device.world, seed](const layer& item) {
    random_source random(derive(seed, static_cast<std::uint64_t>(world.runs / 7)));
    const double slowness = random.uniform() < 0.4 ? 1 : 1 + 0.8 * random.uniform();
    return static_cast<std::int64_t>(static_cast<double>(macs_of(item) / 50 + 1000) * slowness);
  };
  return device;
}

/// How far sums of `rows` are from what networks take of the calm device, but for one common factor, which changes no order: the
/// median of the relative error.
inline double error_of_sums(const std::vector<std::int64_t>& rows) {
  const fake_world calm;
  const counter<small_space> all;
  random_source random(99);
  std::vector<double> errors;
  const auto middle = [&] {
    std::nth_element(errors.begin(), errors.begin() + 25, errors.end());
    return errors[25];
  };
  for (int i = 0; i < 51; ++i) {
    std::int64_t truth = 0, sum = 0;
    for_each_part(all.sample(random), [&](part_id part) { truth += true_cost(calm, part), sum += rows[static_cast<std::size_t>(part)]; });
    errors.push_back(static_cast<double>(sum) / static_cast<double>(truth));
  }
  const double common = middle();
  for (double& each : errors) each = std::abs(each / common - 1);
  return middle();
}

}  // namespace hasse::testing
