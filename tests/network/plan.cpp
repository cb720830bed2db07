// Memory plans: no two things in use at one step overlap, whatever the list; and they are tight where it is easy to say.
#include <algorithm>
#include <vector>

#include <hasse/network/plan.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
/// Plays an inference on tagged bytes: every read must find what was written there for that value.
void check_inference_plan(const layer_list& folded, int batch) {
  const auto plan = plan_inference(folded, batch, 1);
  REQUIRE(plan.arena_bytes >= plan.least_bytes);
  std::vector<int> arena(plan.arena_bytes, -1);
  const auto bytes = [&](value_id value) { return static_cast<std::size_t>(folded.shape_of(value).size() * batch); };
  const auto begin = [&](value_id value) {
    return arena.begin() + static_cast<std::ptrdiff_t>(plan.offsets[static_cast<std::size_t>(value)]);
  };
  const auto write = [&](value_id value) { std::fill_n(begin(value), bytes(value), value); };
  const auto holds = [&](value_id value) {
    return std::all_of(begin(value), begin(value) + static_cast<std::ptrdiff_t>(bytes(value)),
                       [&](int tag) { return tag == value; });
  };
  for (value_id value = 0; value <= static_cast<value_id>(folded.size()); ++value) {
    REQUIRE(plan.offsets[static_cast<std::size_t>(value)] % tensor_alignment == 0);
    REQUIRE(plan.offsets[static_cast<std::size_t>(value)] + bytes(value) <= arena.size());
  }
  write(0);
  for (value_id value = 1; value <= static_cast<value_id>(folded.size()); ++value) {
    const layer& item = folded.items[static_cast<std::size_t>(value) - 1];
    REQUIRE(holds(item.input));
    if (item.other != no_value) REQUIRE(holds(item.other));
    write(value);
    REQUIRE(holds(item.input));  // dst may be the memory of the residual, never that of what a window still reads
  }
  for (int i = 0; i < folded.output_count(); ++i) REQUIRE(holds(folded.output(i)));
  REQUIRE(holds(0));
}

/// The same for a training step: values, gradients and what layers keep, forward and backward, with random needs.
void check_training_plan(const layer_list& fused, int batch, const training_options& options, random_source& random) {
  std::vector<backward_needs> needs;
  const auto maybe = [&] { return random.below(2) == 0; };
  for (std::size_t i = 0; i < fused.size(); ++i)
    needs.push_back({.saved_bytes = maybe() ? random.below(500) : 0, .reads = {.src = maybe(), .other = maybe(), .dst = maybe()}});
  const training_plan plan = plan_training(fused, batch, 1, needs, options);
  REQUIRE(plan.arena_bytes >= plan.least_bytes);
  std::vector<int> arena(plan.arena_bytes, -1);
  const int count = static_cast<int>(fused.size());
  const auto bytes = [&](value_id value) { return static_cast<std::size_t>(fused.shape_of(value).size() * batch); };
  const auto write = [&](std::size_t offset, std::size_t size, int tag) {
    REQUIRE(offset + size <= arena.size());
    std::fill_n(arena.begin() + static_cast<std::ptrdiff_t>(offset), size, tag);
  };
  const auto holds = [&](std::size_t offset, std::size_t size, int tag) {
    return std::all_of(arena.begin() + static_cast<std::ptrdiff_t>(offset),
                       arena.begin() + static_cast<std::ptrdiff_t>(offset + size), [&](int found) { return found == tag; });
  };
  const auto gradient_tag = [](value_id value) { return 10'000 + value; };
  const auto saved_tag = [](int index) { return 20'000 + index; };
  const auto value_at = [&](value_id value) { return plan.values[static_cast<std::size_t>(value)]; };
  const auto gradient_at = [&](value_id value) { return plan.gradients[static_cast<std::size_t>(value)]; };
  const auto value_holds = [&](value_id value) { return value == no_value || holds(value_at(value), bytes(value), value); };
  const auto compute = [&](int i) {
    const layer& item = fused.items[static_cast<std::size_t>(i)];
    REQUIRE((value_holds(item.input) && value_holds(item.other)));
    write(value_at(i + 1), bytes(i + 1), i + 1);
    REQUIRE((value_holds(item.input) && value_holds(item.other)));
  };
  const auto saved = [&](int i) { return needs[static_cast<std::size_t>(i)].saved_bytes; };
  const auto saved_holds = [&](int i) {
    return saved(i) == 0 || holds(plan.saved[static_cast<std::size_t>(i)], saved(i), saved_tag(i));
  };

  write(value_at(0), bytes(0), 0);
  for (int i = 0; i < count; ++i) {
    compute(i);
    if (saved(i)) write(plan.saved[static_cast<std::size_t>(i)], saved(i), saved_tag(i));
  }
  for (int i = 0; i < fused.output_count(); ++i) {
    const value_id value = fused.output(i);
    REQUIRE(gradient_at(value) != training_plan::none);
    write(gradient_at(value), bytes(value), gradient_tag(value));
  }
  int expected = count - 1;
  for (const auto& [i, recomputes] : plan.backward) {
    const layer& item = fused.items[static_cast<std::size_t>(i)];
    REQUIRE(saved_holds(i));
    if (recomputes) {
      REQUIRE(options.recompute == recompute::activations);
      compute(i);
      continue;
    }
    REQUIRE(i == expected--);
    const backward_operands reads = needs[static_cast<std::size_t>(i)].reads;
    if (reads.src) REQUIRE(value_holds(item.input));
    if (reads.other) REQUIRE(value_holds(item.other));
    if (reads.dst) REQUIRE(value_holds(i + 1));
    REQUIRE(holds(gradient_at(i + 1), bytes(i + 1), gradient_tag(i + 1)));
    const auto give = [&](value_id value, bool adds) {
      if (value == no_value || gradient_at(value) == training_plan::none) return;
      if (adds) REQUIRE(holds(gradient_at(value), bytes(value), gradient_tag(value)));
      write(gradient_at(value), bytes(value), gradient_tag(value));
    };
    give(item.input, plan.adds[static_cast<std::size_t>(i)].input);
    give(item.other, plan.adds[static_cast<std::size_t>(i)].other);
    // What reads windows of its gradient must not write over it, nor may anybody over the operands of the same step.
    const bool elementwise =
        item.kind == layer_kind::batch_norm || item.kind == layer_kind::activation || item.kind == layer_kind::add;
    if (!elementwise) REQUIRE(holds(gradient_at(i + 1), bytes(i + 1), gradient_tag(i + 1)));
    if (reads.src) REQUIRE(value_holds(item.input));
    if (reads.dst) REQUIRE(value_holds(i + 1));
    REQUIRE(saved_holds(i));
  }
  REQUIRE(expected == -1);
  REQUIRE(value_holds(0));
  for (int i = 0; i < fused.output_count(); ++i) REQUIRE(value_holds(fused.output(i)));
  if (options.input_gradient)
    REQUIRE(holds(gradient_at(0), bytes(0), gradient_tag(0)));
  else if (std::none_of(fused.outputs.begin(), fused.outputs.end(), [](const named_value& each) { return each.value == 0; }))
    REQUIRE(gradient_at(0) == training_plan::none);
}
}  // namespace

TEST_CASE("buffers in use at one step never overlap") {
  random_source random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<planned_buffer> buffers(1 + random.below(40));
    for (planned_buffer& each : buffers) {
      each.bytes = random.below(8) ? 1 + random.below(5000) : 64 * random.below(4);
      each.first = static_cast<int>(random.below(30));
      each.last = each.first + static_cast<int>(random.below(10));
      if (random.below(3) == 0) {
        each.again = each.last + 2 + static_cast<int>(random.below(10));
        each.end = each.again + static_cast<int>(random.below(10));
      }
    }
    const std::size_t arena = place(buffers);
    REQUIRE(arena >= most_in_use(buffers));
    for (std::size_t a = 0; a < buffers.size(); ++a) {
      REQUIRE(buffers[a].offset % tensor_alignment == 0);
      REQUIRE(buffers[a].offset + buffers[a].bytes <= arena);
      for (std::size_t b = 0; b < a; ++b) {
        const bool apart =
            buffers[a].offset + buffers[a].bytes <= buffers[b].offset || buffers[b].offset + buffers[b].bytes <= buffers[a].offset;
        REQUIRE((apart || !buffers[a].meets(buffers[b])));
      }
    }
  }
}

TEST_CASE("plans of random networks keep every value until its last reader") {
  random_source random(9);
  for (int round = 0; round < 200; ++round) {
    layer_list layers = testing::random_network(random, static_cast<int>(random.below(25)) + 1);
    if (round % 3 == 0) layers = testing::with_outputs(std::move(layers), random);
    check_inference_plan(fold_for_inference(layers).layers, 1 + static_cast<int>(random.below(3)));
    check_inference_plan(layers, 2);
    const training_options options{.input_gradient = round % 2 == 0,
                                   .recompute = round % 4 < 2 ? recompute::nothing : recompute::activations};
    check_training_plan(fuse_for_training(layers).layers, 2, options, random);
  }
  check_inference_plan(fold_for_inference(testing::small_residual<layer_list>()).layers, 2);
  check_inference_plan(fold_for_inference(testing::odd_shapes<layer_list>()).layers, 2);
  const layer_list joined = testing::joined_branches<layer_list>();
  check_inference_plan(fold_for_inference(joined).layers, 2);
  for (const recompute again : {recompute::nothing, recompute::activations})
    check_training_plan(fuse_for_training(joined).layers, 2, {.recompute = again}, random);
}

TEST_CASE("a residual that dies becomes the memory of the sum") {
  fixed_layers<16> layers{.input = {8, 8, 4}};
  layer_builder<fixed_layers<16>> list{layers};
  const value_id first = list.conv_bn(0, 4, 3, 1, activation::relu, {});
  testing::residual(list, first, 4, 1, activation::relu, true);
  const auto folded = fold_for_inference(layers);
  REQUIRE(folded.layers.size() == 3);
  const auto plan = plan_inference(folded.layers, 1, sizeof(float));
  CHECK(plan.offsets[3] == plan.offsets[1]);
  CHECK(plan.arena_bytes == 3 * 8 * 8 * 4 * sizeof(float));
}

TEST_CASE("gradients are written over those they come from, and recomputation takes less memory") {
  layer_list layers{.input = {8, 8, 4}, .items = {}};
  layer_builder<layer_list> list{layers};
  value_id value = 0;
  for (int i = 0; i < 6; ++i) value = list.conv_bn(value, 4, 3, 1, activation::relu, {});
  list.convolution(value, 4, 3);
  const layer_list fused = fuse_for_training(layers).layers;
  std::vector<backward_needs> needs;  // convolutions and batch norms read their sources
  for (std::size_t i = 0; i < fused.size(); ++i) needs.push_back({.reads = {.src = true, .other = false, .dst = false}});
  const training_plan kept = plan_training(fused, 1, 1, needs, {});
  const training_plan again = plan_training(fused, 1, 1, needs, {.recompute = recompute::activations});
  const std::size_t one = 8 * 8 * 4;
  CHECK(kept.gradients[2] == kept.gradients[1]);  // batch norm
  CHECK(kept.gradients[3] != kept.gradients[2]);  // convolution
  CHECK(kept.backward.size() == 13);
  CHECK(kept.arena_bytes == (14 + 2) * one);  // every value, and the two gradients of a convolution
  CHECK(again.backward.size() == 13 + 5);  // the last one is read again at once
  CHECK(again.least_bytes <= (8 + 3) * one);  // input, sources of batch norms and output; one value, two gradients
  CHECK(again.arena_bytes == again.least_bytes);
}
