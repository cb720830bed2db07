// Non-maximum suppression: the fixture, the definition on random sets with ties, and answers of whole pictures.
#include <hasse/task/detection/suppression.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/task/detection/anchors.hpp>
#include "../support/catch.hpp"
#include "fixtures.hpp"

using namespace hasse;

namespace {
/// The definition: the best box that is left is kept, and all that overlap it more go.
std::vector<int> plainly(const std::vector<box>& boxes, const std::vector<double>& scores, double limit) {
  std::vector<bool> left(boxes.size(), true);
  std::vector<int> kept;
  for (;;) {
    int best = -1;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (left[i] && (best < 0 || scores[i] > scores[static_cast<std::size_t>(best)])) best = static_cast<int>(i);
    if (best < 0) return kept;
    kept.push_back(best);
    left[static_cast<std::size_t>(best)] = false;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (left[i] && intersection_over_union(boxes[i], boxes[static_cast<std::size_t>(best)]) > limit) left[i] = false;
  }
}

/// Answers of one picture, two maps of `side` x `side` cells and a quarter of them, three anchors a cell.
struct answered {
  static constexpr int classes = 3;
  int side;
  std::vector<box> anchors;
  std::vector<feature_shape> shapes;
  std::vector<std::vector<float>> values;
  std::vector<tensor_batch<const float>> found;

  answered(random_source& random, int columns, int cells = 4) : side(cells) {
    const feature_shape maps[] = {{side, side, 1}, {side / 2, side / 2, 1}};
    anchors = anchors_of(anchor_plan_of("0.2:1 0.4:2 0.4:0.5 | 0.6:1 0.8:2 0.8:0.5"), {64, 64, 3}, maps);
    shapes = {{side, side, 12}, {side, side, 3 * columns}, {side / 2, side / 2, 12}, {side / 2, side / 2, 3 * columns}};
    for (const feature_shape& shape : shapes) {
      std::vector<float>& own = values.emplace_back(static_cast<std::size_t>(shape.size()));
      for (std::size_t i = 0; i < own.size(); ++i) {
        own[i] = static_cast<float>(static_cast<int>(random.below(9)) - 4) / 2;  // with ties
        if (values.size() % 2 == 1 && i % 4 < 2) own[i] *= 20;                   // some boxes lie outside
      }
      found.push_back({own.data(), 1, shape});
    }
  }
  const float* row(std::size_t anchor, std::size_t output, std::size_t width) const {
    const auto fine = static_cast<std::size_t>(3 * side * side);
    const bool second = anchor >= fine;
    return values[output + (second ? 2 : 0)].data() + (anchor - (second ? fine : 0)) * width;
  }
  /// By the definition: class by class, then all classes together.
  std::vector<detected_object> plainly_found(std::size_t columns, const suppression_rule& rule) const {
    struct ranked {
      detected_object object;
      std::size_t anchor;
    };
    std::vector<ranked> all;
    for (int kind = 0; kind < classes; ++kind) {
      std::vector<ranked> own;
      for (std::size_t anchor = 0; anchor < anchors.size(); ++anchor) {
        const float *code = row(anchor, 0, 4), *logits = row(anchor, 1, columns);
        box place = decode(box_code<float>{code[0], code[1], code[2], code[3]}, anchors[anchor]);
        place = {std::clamp(place.x0, 0.0, 64.0), std::clamp(place.y0, 0.0, 64.0), std::clamp(place.x1, 0.0, 64.0),
                 std::clamp(place.y1, 0.0, 64.0)};
        const auto at = static_cast<std::size_t>(kind) + columns - classes;
        const double score = 1 / (1 + std::exp(-static_cast<double>(logits[at])));
        if (place.area() > 0 && score > rule.score) own.push_back({{place, kind, score}, anchor});
      }
      std::ranges::stable_sort(own, [](const ranked& a, const ranked& b) { return a.object.score > b.object.score; });
      if (own.size() > static_cast<std::size_t>(rule.before)) own.resize(static_cast<std::size_t>(rule.before));
      std::vector<box> boxes;
      std::vector<double> scores;
      for (const ranked& each : own) boxes.push_back(each.object.place), scores.push_back(each.object.score);
      std::vector<int> kept = plainly(boxes, scores, rule.overlap);
      if (kept.size() > static_cast<std::size_t>(rule.of_class)) kept.resize(static_cast<std::size_t>(rule.of_class));
      for (const int index : kept) all.push_back(own[static_cast<std::size_t>(index)]);
    }
    std::ranges::stable_sort(all, [](const ranked& a, const ranked& b) { return a.object.score > b.object.score; });
    std::vector<detected_object> result;
    for (const ranked& each : all)
      if (static_cast<int>(result.size()) < rule.in_all) result.push_back(each.object);
    return result;
  }
};
}  // namespace

TEST_CASE("the boxes of the fixture are kept", "[detection]") {
  const json given = task_fixture("targets-losses")["suppression"];
  std::vector<box> boxes;
  for (const json& each : given["boxes"]) boxes.push_back({each[1], each[0], each[3], each[2]});
  const std::vector<double> scores = given["scores"];
  CHECK(suppressed(boxes, scores, given["iou"]) == given["kept"].get<std::vector<int>>());
  CHECK(suppressed(boxes, scores, given["iou"], 2) == std::vector<int>{5, 1});
}

TEST_CASE("suppression is what its definition says", "[detection]") {
  random_source random(31);
  const auto below = [&](int bound) { return static_cast<double>(random.below(static_cast<std::uint64_t>(bound))); };
  int gone = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    std::vector<box> boxes;
    std::vector<double> scores;
    for (std::uint64_t i = random.below(40); i > 0; --i) {
      const double x = below(10), y = below(10);
      boxes.push_back({x, y, x + below(10), y + below(10)});
      scores.push_back(below(8));
    }
    const double limit = below(11) / 10;
    const std::vector<int> kept = suppressed(boxes, scores, limit);
    REQUIRE(kept == plainly(boxes, scores, limit));
    gone += static_cast<int>(boxes.size() - kept.size());
  }
  CHECK(gone > 1000);
}

TEST_CASE("objects of a picture are those of the definition", "[detection]") {
  random_source random(37);
  for (int trial = 0; trial < 200; ++trial) {
    const int columns = trial % 2 ? 3 : 4;
    const answered it(random, columns);
    const suppression_rule rule{.score = trial % 3 ? 0.5 : 1e-8,
                                .overlap = 0.3 + 0.3 * random.uniform(),
                                .before = trial % 5 ? 400 : 7,
                                .of_class = trial % 7 ? 100 : 2,
                                .in_all = trial % 4 ? 100 : 6};
    object_finder finder(it.anchors, {64, 64, 3}, it.classes, score_rule::sigmoid, rule);
    std::vector<detected_object> found;
    finder.find<float>(it.found, 0, found);
    REQUIRE(found == it.plainly_found(static_cast<std::size_t>(columns), rule));
    const std::vector<detected_object> first = found;
    finder.find<float>(it.found, 0, found);  // what it keeps between pictures changes nothing
    REQUIRE(found == first);
  }
}

TEST_CASE("objects are those of the definition where candidates are many and most have equals", "[detection]") {
  random_source random(53);
  for (int trial = 0; trial < 24; ++trial) {
    const int columns = trial % 2 ? 3 : 4;
    answered it(random, columns, 16);  // 2880 candidates of nine scores
    const suppression_rule rule{.score = trial % 3 ? 1e-8 : 0.6,
                                .overlap = trial % 4 ? 0.9 : 0.1,  // at 0.1 hardly any are kept, so that all are asked for
                                .before = trial % 5 ? 400 : 1000,
                                .of_class = trial % 7 ? 100 : 1000,
                                .in_all = trial % 6 ? 100 : 3000};
    if (trial % 8 == 1) it.values[1][17] = std::nanf("");
    object_finder finder(it.anchors, {64, 64, 3}, it.classes, score_rule::sigmoid, rule);
    std::vector<detected_object> found;
    finder.find<float>(it.found, 0, found);
    CAPTURE(trial);
    REQUIRE(found == it.plainly_found(static_cast<std::size_t>(columns), rule));
    CHECK(finder.not_numbers() == (trial % 8 == 1 ? 1 : 0));
  }
}

TEST_CASE("softmax scores are shares of all columns, and no numbers are counted", "[detection]") {
  random_source random(41);
  answered it(random, 4);
  for (std::vector<float>& own : it.values) std::ranges::fill(own, 0.f);
  it.values[1][4 * 7 + 2] = 2;  // class 1 at anchor 7
  it.values[3][4 * 3 + 3] = std::nanf("");
  object_finder finder(it.anchors, {64, 64, 3}, it.classes, score_rule::softmax, {.score = 0.3});
  std::vector<detected_object> found;
  finder.find<float>(it.found, 0, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == 1);
  CHECK(found[0].score == Approx(std::exp(2.0) / (3 + std::exp(2.0))));
  CHECK(finder.not_numbers() == 3);  // the whole row
  it.values[3][4 * 3 + 3] = 0;
  object_finder by_sigmoid(it.anchors, {64, 64, 3}, it.classes, score_rule::sigmoid, {.score = 0.6});
  by_sigmoid.find<float>(it.found, 0, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].score == Approx(1 / (1 + std::exp(-2.0))));
}

TEST_CASE("many candidates are put in order as they are asked for", "[detection]") {
  // More than are sorted at once: all distinct, none overlapping.
  const feature_shape map{40, 40, 1};
  const std::vector<box> anchors = anchors_of(anchor_plan_of("0.01:1"), {400, 400, 3}, std::span(&map, 1));
  std::vector<float> codes(4 * anchors.size()), logits(anchors.size());
  std::vector<int> order(anchors.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  random_source random(43);
  shuffle(order.begin(), order.end(), random);
  for (std::size_t i = 0; i < order.size(); ++i) logits[static_cast<std::size_t>(order[i])] = 5 - 0.005f * static_cast<float>(i);
  const tensor_batch<const float> answers[] = {{codes.data(), 1, {40, 40, 4}}, {logits.data(), 1, {40, 40, 1}}};
  object_finder finder(anchors, {400, 400, 3}, 1, score_rule::sigmoid, {.before = 1600, .of_class = 1600, .in_all = 1600});
  std::vector<detected_object> found;
  finder.find<float>(answers, 0, found);
  REQUIRE(found.size() == anchors.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    REQUIRE(found[i].place.x0 == Approx(anchors[static_cast<std::size_t>(order[i])].x0));
}
