// The task of segmentation: its laws, its metric and loss by hand, void and padding that change nothing, and a network that learns a few
// scenes by heart.
#include <hasse/task/segmentation.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <hasse/data/scenes.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/laws/task.hpp>
#include <hasse/network/published/df_seg.hpp>
#include <hasse/train/trainer.hpp>

#include "../support/catch.hpp"
#include "fixtures.hpp"

using namespace hasse;

namespace {
detection_set labelled(int height, int width, int count) {
  return draw_scenes({.height = height, .width = width, .difficulty = 0.2, .seed = 2, .train = count, .validation = 1, .test = 1, .labels = true}).train;
}
layer_list network_of(const df_seg_spec& spec, feature_shape input) {
  layer_list list{.input = input, .items = {}};
  spec.lower(layer_builder<layer_list>{list}, 0);
  return list;
}
/// Scores of a network that is as large as its input, one class a pixel, where that is `answers`.
std::vector<float> scores_of(const std::vector<std::uint8_t>& answers, int classes) {
  std::vector<float> scores(answers.size() * static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (answers[i] != void_label) scores[i * static_cast<std::size_t>(classes) + answers[i]] = 9;
  return scores;
}
}  // namespace

TEST_CASE("segmentation keeps the laws of a task", "[segmentation][laws]") {
  detection_set set = labelled(32, 32, 5);
  set.varied.crop = picture_crop::by_scale;
  const layer_list full = network_of({.backbone = df_backbone::lite, .classes = 5, .decoder = {4, 4, 4}, .width = 125}, set.shape());
  const layer_list coarse = network_of({.backbone = df_backbone::lite, .classes = 5, .decoder = {4, 4, 4}, .width = 125, .upsampled = false}, set.shape());
  CHECK(broken_law(segmentation{}, set, full) == "");
  CHECK(broken_law(segmentation{}, set, coarse) == "");
  CHECK(broken_law(segmentation{{.class_weights = {1, 2, 0.5, 0, 3}}}, set, coarse) == "");
  CHECK(broken_law(segmentation{{.hard_only = true, .sure = 0.3}}, set, full) == "");
}

TEST_CASE("mean intersection over union is exact", "[segmentation]") {
  const json given = task_fixture("miou");
  confusion counts(6);
  for (std::size_t y = 0; y < given["labels"].size(); ++y)
    for (std::size_t x = 0; x < given["labels"][y].size(); ++x) counts.add(given["labels"][y][x].get<std::uint8_t>(), given["predictions"][y][x].get<int>());
  for (int label = 0; label < 6; ++label)
    for (int answer = 0; answer < 6; ++answer) CHECK(counts.count(label, answer) == given["confusion_rows_are_labels"][static_cast<std::size_t>(label)][static_cast<std::size_t>(answer)].get<int>());
  for (const auto& [of, overlap] : {std::pair{0, 4.0 / 5}, {1, 3.0 / 5}, {2, 3.0 / 4}, {3, 3.0 / 4}, {4, 0.0}}) CHECK(*counts.overlap_of(of) == Approx(overlap).epsilon(1e-15));
  CHECK(!counts.overlap_of(5));
  CHECK(counts.mean_overlap() == Approx(given["miou"].get<double>()).epsilon(1e-15));
  CHECK(counts.pixel_accuracy() == Approx(0.8).epsilon(1e-15));
  counts.add(2, -1);  // no answer is wrong
  CHECK(*counts.overlap_of(2) == Approx(0.6));
}

TEST_CASE("void pixels and what is around a picture change nothing", "[segmentation]") {
  detection_set set = labelled(48, 64, 3);
  set.height = 64, set.fit = GENERATE(picture_fit::letterbox, picture_fit::corner);  // 16 rows around or below
  const feature_shape map{64, 64, 5};
  const segmentation task;
  detection_feed<float> feed(nullptr, set, task.scale_of(set), 3, read_order::evaluation);
  std::vector<float> input(3 * 64 * 64 * 3);
  REQUIRE(feed.next(input.data()) == 3);
  random_source random(3);
  std::vector<std::uint8_t> answers;
  for (const sampled_picture& seen : feed.targets()->pictures) answers.insert(answers.end(), seen.labels.begin(), seen.labels.end());
  const auto judged = [&](const std::vector<float>& scores) {
    const tensor_batch<const float> found{scores.data(), 3, map};
    auto tally = task.tally({});
    tally.add(hasse::answers<float>{&found, 1}, feed.targets());
    std::vector<float> slope(scores.size(), 7);
    const tensor_batch<float> to{slope.data(), 3, map};
    const double loss = task.loss<float>({&found, 1}, feed.targets(), {&to, 1}).loss;
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (answers[i] == void_label)
        for (std::size_t k = 0; k < 5; ++k) CHECK(slope[5 * i + k] == 0);
    return std::pair{tally.result().score, loss};
  };
  const std::vector<float> oracle = scores_of(answers, 5);
  const auto [score, loss] = judged(oracle);
  CHECK(score == 1);
  std::vector<float> other = oracle;
  std::size_t around = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (answers[i] == void_label)
      for (std::size_t k = 0; k < 5; ++k, ++around) other[5 * i + k] = static_cast<float>(random.normal());
  CHECK(around > 3 * 16 * 64 * 5);
  CHECK(judged(other) == std::pair{score, loss});
  // Each pixel of a coarser map stands for its cell.
  std::vector<std::uint8_t> cells;
  reduce_labels(std::vector<std::uint8_t>{1, 2, 255, 255, 2, 2, 255, 3, 0, 1, 255, 255, 1, 0, 255, 255}, 4, 4, 2, cells);
  CHECK(cells == std::vector<std::uint8_t>{2, 3, 0, 255});
  std::vector<std::int16_t> decided{0, 1, 2, 3};
  const std::vector<std::int16_t> shown = to_file(decided, {2, 2, 1}, {8, 8, 3}, {2, 2, 0, 2}, {.name = "", .height = 2, .width = 4, .pixels = {}, .objects = {}});
  CHECK(shown == std::vector<std::int16_t>{0, 0, 1, 1, 2, 2, 3, 3});
}

TEST_CASE("what teaches is the wider network's probabilities of the pixels that are of a class", "[segmentation][slimmable]") {
  pixel_lesson<double> lesson{.labels = {0, 255, 1}};
  const std::vector<double> wide{std::log(3.0), 0, 9, 9, 0, std::log(4.0)}, narrow{0, 0, 5, 1, std::log(2.0), 0};
  remember_pixels(wide.data(), 2, lesson);
  CHECK(lesson.probabilities[0] == Approx(0.75));
  CHECK(lesson.probabilities[5] == Approx(0.8));
  std::vector<double> slope(6, 7);
  // ln 2, and 1/5 ln(3/2) + 4/5 ln 3; the second class weighs three times as much.
  const pixel_loss found = taught_cross_entropy(narrow.data(), lesson, 2, {.class_weights = {1, 3}}, slope.data());
  CHECK(found.value() == Approx((std::log(2.0) + 3 * (0.2 * std::log(1.5) + 0.8 * std::log(3.0))) / 4));
  CHECK(slope[0] == Approx((0.5 - 0.75) / 4));
  CHECK((slope[2] == 0 && slope[3] == 0));
  CHECK(slope[5] == Approx(3 * (1 / 3.0 - 0.8) / 4));
  // A pupil that answers as its teacher has nothing to learn.
  taught_cross_entropy(wide.data(), lesson, 2, {}, slope.data());
  for (const double each : slope) CHECK(std::abs(each) < 1e-15);
}

TEST_CASE("pixels weigh as their classes, or count where they are hard", "[segmentation]") {
  const std::vector<double> logits{2, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 5, 0, 0, 3};
  const std::vector<std::uint8_t> labels{0, 1, 0, 255, 1};
  const auto own = [&](std::size_t pixel, int label) {
    double sum = 0;
    for (std::size_t k = 0; k < 3; ++k) sum += std::exp(logits[3 * pixel + k]);
    return std::log(sum) - logits[3 * pixel + static_cast<std::size_t>(label)];
  };
  const auto loss = [&](const pixel_rule& rule) { return pixel_cross_entropy<double>(logits.data(), labels, 3, rule, nullptr).value(); };
  CHECK(loss({}) == Approx((own(0, 0) + own(1, 1) + own(2, 0) + own(4, 1)) / 4));
  CHECK(loss({.class_weights = {1, 3, 9}}) == Approx((own(0, 0) + 3 * own(1, 1) + own(2, 0) + 3 * own(4, 1)) / 8));
  // The third pixel is right with 96 %, the first with 67 %.
  CHECK(loss({.hard_only = true, .least_share = 0}) == Approx((own(0, 0) + own(1, 1) + own(4, 1)) / 3));
  CHECK(loss({.hard_only = true, .sure = 0.5, .least_share = 0}) == Approx((own(1, 1) + own(4, 1)) / 2));
  CHECK(loss({.hard_only = true, .sure = 0.01, .least_share = 0.5}) == Approx((own(1, 1) + own(4, 1)) / 2));  // the third smallest probability is not below itself
  // Far answers cost what they are far, in float, too.
  const std::vector<float> far{200, 0, 0};
  const std::vector<std::uint8_t> second{1};
  CHECK(pixel_cross_entropy<float>(far.data(), second, 3, {}, nullptr).value() == Approx(200));
  detection_set set = labelled(16, 16, 2);
  set.classes = {"a", "b", "c"};
  set.pictures[0].height = 1, set.pictures[0].width = 4, set.pictures[0].labels = {0, 0, 0, 1};
  set.pictures[1].height = 1, set.pictures[1].width = 2, set.pictures[1].labels = {1, 255};
  CHECK(pixels_per_class(set) == std::vector<std::int64_t>{3, 2, 0, 1});
  CHECK(median_frequency_weights(set) == std::vector<double>{(0.75 + 2.0 / 6) / 2 / 0.75, (0.75 + 2.0 / 6) / 2 / (2.0 / 6), 1});
  CHECK(logarithmic_weights(set)[1] == Approx(1 / std::log(1.42)));
}

TEST_CASE("segmentation is refused where it cannot be learned", "[segmentation]") {
  const detection_set set = labelled(32, 32, 2);
  const layer_list layers = network_of({.backbone = df_backbone::lite, .classes = 5, .decoder = {4, 4, 4}, .width = 125}, set.shape());
  const auto refused = [&](const segmentation& task, const detection_set& of, const layer_list& by, const char* why) { CHECK_THROWS_WITH(task.check(of, by), Catch::Matchers::Contains(why)); };
  CHECK_NOTHROW(segmentation{}.check(set, layers));
  refused({}, set, network_of({.classes = 4, .width = 125}, set.shape()), "for 5 classes it needs one output of 32x32x5");
  refused({}, labelled(64, 32, 2), layers, "come as 64x32x3 but the network reads 32x32x3");
  refused({{.class_weights = {1, 2}}}, set, layers, "2 class weights are given for the 5 classes");
  refused({{.class_weights = {1, 2, 3, 4, -1}}}, set, layers, "is none; give numbers of at least 0");
  refused({{.hard_only = true, .sure = 2}}, set, layers, "both are shares between 0 and 1");
  detection_set other = set;
  other.pictures[1].labels[3] = 5;
  refused({}, other, layers, "has a pixel of class 5 in 2, but only 5 classes");
  other.pictures[1].labels.clear();
  refused({}, other, layers, "has 0 labels for the 32 x 32 pixels of 2");
  for (labelled_picture& picture : other.pictures) picture.labels.assign(32 * 32, void_label);
  refused({}, other, layers, "has no pixel with a class");
}

TEST_CASE("a network learns the labels of a few scenes by heart", "[segmentation]") {
  const detection_set set = labelled(64, 64, 8);
  const layer_list layers = network_of({.backbone = df_backbone::lite, .classes = 5, .decoder = {16, 16, 16}, .width = 250}, set.shape());
  cpu backend({.threads = 1});
  const segmentation task;
  const training_data<segmentation> data(task, set, set);
  trainer<cpu, segmentation> training(backend, "scenes", layers, data, {.epochs = 120, .batch = 4, .learning_rate = 0.05, .decay = 0, .warmup_epochs = 5}, 1);
  const training_outcome outcome = training.run();
  INFO(outcome.score);
  CHECK(outcome.score > 0.75);
}
