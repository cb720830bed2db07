// The task of detection: its laws, its loss at the beginning, whom it judges how, and a detector that learns a few scenes by heart.
#include <hasse/task/detection.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <hasse/data/scenes.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/laws/task.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/training.hpp>
#include <hasse/train/trainer.hpp>
#include "../support/catch.hpp"
#include "../support/gradient_check.hpp"

using namespace hasse;

namespace {
const detection_set some =
    draw_scenes({.height = 64, .width = 64, .difficulty = 0.2, .seed = 2, .train = 8, .validation = 1, .test = 1}).train;

/// Maps of 8 x 8 and 4 x 4.
layer_list small_backbone(feature_shape input, int width) {
  layer_list list{.input = input, .items = {}};
  layer_builder<layer_list> build{list};
  value_id value = 0;
  for (const int times : {1, 2, 4}) value = build.conv_bn(value, times * width, 3, 2, activation::relu, {});
  const value_id fine = value = build.conv_bn(value, 4 * width, 3, 1, activation::relu, {});
  build.output("fine", fine);
  build.output("coarse", build.conv_bn(value, 6 * width, 3, 2, activation::relu, {}));
  return list;
}
struct detector {
  detection task;
  layer_list layers;
  explicit detector(const detection_set& set, int width = 4, bool background = false) {
    task.anchors = anchor_plan_of("0.2:1 0.3:1 0.25:2 | 0.4:1 0.6:1");
    layers = detector_of(small_backbone(set.shape(), width), head_for(task.anchors, set, background));
  }
};
}  // namespace

TEST_CASE("detection keeps the laws of a task", "[detection][laws]") {
  const detector it(some), other(some, 4, true);
  CHECK(broken_law(it.task, some, it.layers) == "");
  CHECK(broken_law(other.task, some, other.layers) == "");
  exact_detection exact{it.task};
  exact.matched.unique = true, exact.focal.gamma = 1.5;
  CHECK(broken_law(exact, some, it.layers) == "");
  CHECK(broken_law(anchor_detection{it.task}, some, it.layers) == "");
  detection softmax = other.task;
  softmax.scores = score_rule::softmax, softmax.negatives.at_least = 8;
  CHECK(broken_law(softmax, some, other.layers) == "");
  CHECK(broken_law(anchor_detection{softmax}, some, other.layers) == "");
}

TEST_CASE("a detector begins with the loss that its anchors have at one percent", "[detection]") {
  const detector it(some);
  parameters<float> made = detail::begun_by(it.task, it.layers, detail::first_weights<float>(it.layers, 1));
  for (int output = 0; output < it.layers.output_count(); ++output) {
    const int last = it.layers.output(output) - 1;
    double squares = 0;
    for (const float weight : made.of(last, parameter_role::weight)) squares += double(weight) * double(weight);
    CHECK(std::sqrt(squares / static_cast<double>(made.of(last, parameter_role::weight).size())) == Approx(0.03));
    for (const float bias : made.of(last, parameter_role::bias)) CHECK(bias == (output % 2 ? -4.6f : 0.f));
    std::ranges::fill(made.of(last, parameter_role::weight), 0.f);
  }
  cpu backend;
  inference_network<cpu> network(backend, it.layers, 8, made);
  detection_feed<float> feed(nullptr, some, it.task.scale_of(some), 8, read_order::evaluation);
  feed.next(network.input());
  network.run();
  answer_reader<float> reader;
  const detector_loss found =
      it.task.parts(reader.read(network_outputs<float>::of(network), 8, 8), feed.targets(), slopes<float>{});
  REQUIRE(found.positives > 8);
  CHECK(found.classes / static_cast<double>(found.positives) == Approx(3.389).epsilon(0.02));
}

TEST_CASE("the loss of a detector has its gradient through the whole network", "[detection]") {
  detector it(some, 2);
  for (layer& item : it.layers.items)  // without corners, so that differences are exact
    if (item.kind == layer_kind::activation) item.act = activation::swish;
  constexpr int batch = 2;
  reference<double> backend;
  parameters<double> weights = detail::begun_by(it.task, it.layers, detail::first_weights<double>(it.layers, 3));
  training_network<reference<double>> network(backend, it.layers, batch, weights);
  detection_feed<double> feed(nullptr, some, it.task.scale_of(some), batch, read_order::evaluation);
  feed.next(network.input());
  const auto outputs = network_outputs<double>::of(network);
  bound_loss<detection, double> loss(it.task, nullptr, batch, outputs.shapes);
  const auto value = [&](bool with_gradient) {
    network.forward();
    return loss(outputs, feed.targets(), with_gradient).loss;
  };
  REQUIRE(value(true) > 1);
  network.backward();
  const std::vector<double> gradients(network.gradients(), network.gradients() + weights.values.size());
  gradient_report report;
  for (const parameter_tensor& tensor : weights.layout.trainable)
    if (tensor.layer % 5 == 0 || tensor.role == parameter_role::bias)
      check_gradient(
          report, tensor.name, weights.of(tensor), std::span(gradients).subspan(tensor.offset, tensor.size),
          [&] { return value(false); }, 2);
  INFO(report.where);
  CHECK(report.within(1e-4));
}

TEST_CASE("trainings on pictures that are shown in another way are others", "[detection]") {
  const detection task;
  const auto identity = [&](auto change) {
    detection_set set = some;
    change(set);
    return training_data(task, set, set).identity;
  };
  const std::uint64_t own = identity([](detection_set&) {});
  CHECK(identity([](detection_set&) {}) == own);
  CHECK(identity([](detection_set& set) { set.fit = picture_fit::letterbox; }) != own);
  CHECK(identity([](detection_set& set) { set.varied.recoloured = true; }) != own);
  CHECK(identity([](detection_set& set) { set.varied.upside_down = true; }) != own);
  CHECK(identity([](detection_set& set) { set.varied.crop = picture_crop::by_share; }) != own);
  CHECK(identity([](detection_set& set) { set.varied.repeated = 0.1; }) != own);
}

TEST_CASE("targets are matched once a batch, however often they are asked for", "[detection]") {
  const detector it(some);
  std::vector<float> input(static_cast<std::size_t>(4 * some.shape().size()));
  detection_feed<float> feed(nullptr, some, it.task.scale_of(some), 4, read_order::training);
  random_source random(1);
  for (std::uint64_t batch = 1; batch <= 3; ++batch) {
    feed.next(input.data());
    const detail::tried_answers tried(it.layers, 4, random);
    for (int width = 0; width < 4; ++width) it.task.loss(tried.found(), feed.targets(), slopes<double>{});
    CHECK(feed.targets()->matchings() == batch);
  }
}

TEST_CASE("a detector that answers with the truth is perfect, in pixels of the files, and one that sees background finds nothing",
          "[detection]") {
  detection_set set = some;  // shown small and in the middle of a wide input; the files are half as large again
  set.height = 48, set.width = 96, set.fit = picture_fit::letterbox;
  for (labelled_picture& picture : set.pictures) picture.file_height = picture.file_width = 96;
  const detector it(set);
  exact_detection exact{it.task};
  std::vector<float> input(static_cast<std::size_t>(3 * set.shape().size()));
  detection_feed<float> feed(nullptr, set, it.task.scale_of(set), 3, read_order::evaluation);
  auto right = exact.tally({}), nothing = exact.tally({});
  coco_evaluator wanted(4);
  for (std::uint64_t batch = 0; batch < feed.batches_per_epoch(); ++batch) {
    const int count = feed.next(input.data());
    const std::vector<feature_shape> maps{it.layers.output_shape(0), it.layers.output_shape(2)};
    const anchor_targets targets = feed.targets()->targets(it.task.anchors, it.task.matched, maps);
    std::vector<std::vector<float>> values;
    std::vector<tensor_batch<const float>> found;
    for (int output = 0; output < 4; ++output)
      values.emplace_back(static_cast<std::size_t>(count * it.layers.output_shape(output).size()), -30.f);
    for (int output = 0; output < 4; ++output)
      found.push_back({values[static_cast<std::size_t>(output)].data(), count, it.layers.output_shape(output)});
    nothing.add<float>(found, feed.targets());
    for (int image = 0; image < count; ++image)
      for (int anchor = 0; anchor < targets.anchors; ++anchor) {
        const int kind = targets.kinds_of(image)[static_cast<std::size_t>(anchor)], map = anchor < 3 * 6 * 12 ? 0 : 1,
                  own = anchor - map * 3 * 6 * 12;
        if (kind < 0) continue;
        const auto at = [&](int output, int width) {
          return values[static_cast<std::size_t>(output)].data() + image * it.layers.output_shape(output).size() + width * own;
        };
        std::ranges::copy(targets.codes_of(image)[anchor], at(2 * map, 4));
        at(2 * map + 1, 4)[kind] = 10;
      }
    right.add<float>(found, feed.targets());
  }
  for (const labelled_picture& picture : set.pictures) {
    std::vector<labelled_object> objects = picture.objects;
    std::vector<detected_object> found;
    for (labelled_object& object : objects) {
      object.place = {1.5 * object.place.x0, 1.5 * object.place.y0, 1.5 * object.place.x1, 1.5 * object.place.y1};
      object.area *= 2.25;
      if (!object.ignored()) found.push_back({object.place, object.kind, 1});
    }
    wanted.add(objects, found);
  }
  CHECK(right.result().score == Approx(1));
  CHECK(right.coco().ap_small == Approx(wanted.result().ap_small));
  CHECK(right.coco().ap_medium == Approx(wanted.result().ap_medium));
  CHECK(right.coco().ap_large == Approx(wanted.result().ap_large));
  CHECK(nothing.result().score == 0);
  CHECK(nothing.result().loss > right.result().loss);
}

TEST_CASE("an anchor is right where its class is above every other and above five percent", "[detection]") {
  for (const bool softmax : {false, true}) {
    const detector it(some, 4, softmax);
    anchor_detection task{it.task};
    if (softmax) task.scores = score_rule::softmax;
    const std::size_t columns = softmax ? 5 : 4, before = columns - 4;
    std::vector<float> input(static_cast<std::size_t>(8 * some.shape().size()));
    detection_feed<float> feed(nullptr, some, task.scale_of(some), 8, read_order::evaluation);
    feed.next(input.data());
    const std::vector<feature_shape> maps{it.layers.output_shape(0), it.layers.output_shape(2)};
    const anchor_targets targets = feed.targets()->targets(task.standing(), task.matched, maps);
    /// The share where the right class answers `own`, another one `other`, and all else -9.
    const auto share = [&](float own, float other) {
      std::vector<std::vector<float>> values;
      std::vector<tensor_batch<const float>> found;
      for (int output = 0; output < 4; ++output) values.emplace_back(static_cast<std::size_t>(8 * it.layers.output_shape(output).size()), -9.f);
      for (int image = 0; image < 8; ++image)
        for (std::size_t anchor = 0; anchor < static_cast<std::size_t>(targets.anchors); ++anchor) {
          const int kind = targets.kinds_of(image)[anchor];
          const std::size_t map = anchor < 3 * 8 * 8 ? 0 : 1, cell = anchor - map * 3 * 8 * 8, output = 2 * map + 1;
          float* const logits = values[output].data() + image * it.layers.output_shape(static_cast<int>(output)).size() + columns * cell + before;
          if (kind >= 0) logits[(kind + 1) % 4] = other, logits[kind] = own;
        }
      for (int output = 0; output < 4; ++output) found.push_back({values[static_cast<std::size_t>(output)].data(), 8, it.layers.output_shape(output)});
      auto counted = task.tally({});
      counted.add<float>(found, feed.targets());
      return counted.result().score;
    };
    CHECK(share(3, 2) == 1);
    CHECK(share(2, 2) == 0);
    CHECK(share(2, 3) == 0);
    CHECK(share(-2.9f, -9) == 1);
    if (!softmax) CHECK(share(-3, -9) == 0);  // 4.7 %
  }
}

TEST_CASE("a detection task refuses what it cannot learn from, with the remedy", "[detection]") {
  const detector it(some);
  const auto refused = [&](const char* sentence, auto change) {
    detection task = it.task;
    detection_set set = some;
    layer_list layers = it.layers;
    change(task, set, layers);
    CHECK_THROWS_WITH(task.check(set, layers), ContainsSubstring(sentence));
  };
  it.task.check(some, it.layers);
  refused("is empty", [](auto&, detection_set& set, auto&) { set.pictures.clear(); });
  refused("open the data in the size of the network", [](auto&, detection_set& set, auto&) { set.height = 32; });
  refused("correct its labels", [](auto&, detection_set& set, auto&) { set.pictures[1].objects.at(0).kind = 4; });
  refused("no object that counts", [](auto&, detection_set& set, auto&) {
    for (labelled_picture& picture : set.pictures)
      for (labelled_object& object : picture.objects) object.difficult = true;
  });
  refused("network/ssdlite.hpp", [](auto&, auto&, layer_list& layers) { layers.outputs.pop_back(); });
  refused("anchors a cell", [](detection& task, auto&, auto&) { task.anchors.maps[0].push_back({0.5, 1}); });
  refused("the first for the background", [](auto&, detection_set& set, auto&) {
    set.classes.insert(set.classes.end(), {"a", "b"});
  });
  refused("the first for the background", [](detection& task, auto&, auto&) { task.scores = score_rule::softmax; });
  refused("a focal loss", [](detection& task, auto&, auto&) { task.focal.alpha = 2; });
  refused("shares between 0 and 1", [](detection& task, auto&, auto&) { task.suppression.overlap = 60; });
  refused("at least 1", [](detection& task, auto&, auto&) { task.suppression.in_all = 0; });
}

TEST_CASE("a detector learns a few scenes by heart", "[detection]") {
  const detector it(some, 8);
  cpu backend;
  const training_data data(it.task, some, some);
  trainer training(backend, "by heart", it.layers, data, {.epochs = 160, .batch = 8, .learning_rate = 0.05, .decay = 0}, 1);
  const training_outcome outcome = training.run();
  CHECK_FALSE(outcome.diverged);
  CHECK(outcome.curve.back().loss < 0.1 * outcome.curve.front().loss);
  CHECK(outcome.score == 1);
}
