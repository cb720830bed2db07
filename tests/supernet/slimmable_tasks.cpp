// Tasks on pictures at many widths: matched once a batch, the widest teaches the others, and heads need statistics as much as what they
// read does.
#include <algorithm>
#include <cmath>
#include <vector>

#include <hasse/data/scenes.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>
#include <hasse/task/detection.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
const detection_set some = draw_scenes({.height = 48, .width = 48, .difficulty = 0.1, .seed = 4, .train = 8, .validation = 1, .test = 1}).train;

struct detector {
  detection task;
  layer_list backbone{.input = some.shape(), .items = {}}, layers;
  detector() {
    layer_builder<layer_list> build{backbone};
    value_id value = 0;
    for (const int width : {16, 32, 48}) value = build.conv_bn(value, width, 3, 2, activation::relu, {});
    build.output("fine", value = build.conv_bn(value, 64, 3, 1, activation::relu, {}));
    build.output("coarse", build.conv_bn(value, 64, 3, 2, activation::relu, {}));
    task.anchors = anchor_plan_of("0.3:1 0.4:1 | 0.5:1 0.6:1");
    layers = detector_of(backbone, head_for(task.anchors, some));
  }
};
}  // namespace

TEST_CASE("pictures are matched once a batch, however many widths look at them", "[slimmable][train]") {
  const detector it;
  cpu backend({.threads = 1});
  const width_family family(it.layers);
  const sandwich rule{.least = 500};
  detail::many_widths<cpu, detection, sandwich> trainee(backend, family, rule, it.task, {.batch = 4}, 5);
  detection_feed<float> feed(nullptr, some, it.task.scale_of(some), 4, read_order::training);
  for (std::uint64_t step = 0; step < 3; ++step) {
    feed.next(trainee.input());
    CHECK(std::isfinite(trainee.step(feed.targets(), static_cast<std::int64_t>(step)).loss));
    CHECK(feed.targets()->matchings() == step + 1);
  }
}

TEST_CASE("a narrow detector finds things by statistics of its own, in its head, too", "[slimmable][train]") {
  const detector it;
  cpu backend({.threads = 1});
  const width_family family(it.layers);
  const training_data<detection> data(it.task, some, some);
  slimmable_trainer<cpu, sandwich, detection> training(backend, "boxes", family, sandwich{.least = 500, .passes = 2}, data, {.epochs = 150, .batch = 8, .learning_rate = 0.05, .warmup_epochs = 8}, 3);
  REQUIRE(!training.run().diverged);
  slimmable_model trained = training.result();
  CHECK_THROWS_WITH(trained.extract(family.at(500)), Catch::Matchers::Contains("has no batch-norm statistics"));
  const channel_configuration both[] = {family.full(), family.at(500)};
  calibrate(backend, it.task, trained, both, some, data.scale, {.batches = 1, .batch = 8});
  const auto judged = [&](const model& of) { return evaluate(backend, it.task, of, some, data.scale); };
  CHECK(judged(trained.extract(both[0])).score > 0.8);
  model narrow = trained.extract(both[1]);
  const evaluation right = judged(narrow);
  CHECK(right.score > 0.5);
  // Where those of the head are forgotten, the narrow network answers something else.
  const int head = static_cast<int>(it.backbone.size());
  for (const parameter_tensor& tensor : narrow.weights.layout.statistics)
    if (tensor.layer >= head) std::ranges::fill(narrow.weights.of(tensor), tensor.role == parameter_role::running_variance ? 1.0f : 0.0f);
  CHECK(judged(narrow).loss > 2 * right.loss);
  CHECK(judged(narrow).score < right.score);
}
