// Anchors, matching, box codes and losses of detectors: published numbers, plain definitions on random cases, derivatives.
#include <hasse/task/detection/anchors.hpp>
#include <hasse/task/detection/detector_loss.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <hasse/core/random.hpp>
#include "../support/catch.hpp"
#include "../support/gradient_check.hpp"
#include "fixtures.hpp"

using namespace hasse;

namespace {
/// Of the published head: every map half of the one before, from a sixteenth of the image on.
std::vector<feature_shape> published_maps(int height, int width) {
  const auto up = [](int side, int by) { return (side + by - 1) / by; };
  std::vector<feature_shape> maps{{up(height, 16), up(width, 16), 1}};
  while (maps.size() < 6) maps.push_back({up(maps.back().h, 2), up(maps.back().w, 2), 1});
  return maps;
}
std::size_t published_count(int height, int width) {
  return anchors_of(published_anchors(), {height, width, 3}, published_maps(height, width)).size();
}
/// Fixtures have y0, x0, y1, x1.
box box_of(const json& it) { return {it[1], it[0], it[3], it[2]}; }
bool near(double found, double wanted, double tolerance = 1e-12) {
  return std::abs(found - wanted) <= tolerance * (1 + std::abs(wanted));
}
bool near(const box& found, const box& wanted, double tolerance = 1e-12) {
  return near(found.x0, wanted.x0, tolerance) && near(found.y0, wanted.y0, tolerance) && near(found.x1, wanted.x1, tolerance) &&
         near(found.y1, wanted.y1, tolerance);
}

/// A few boxes of whole pixels in a small image, so that overlaps are often equal.
box random_box(random_source& random, int side) {
  const auto below = [&](int bound) { return static_cast<int>(random.below(static_cast<std::uint64_t>(bound))); };
  const int x = below(side), y = below(side);
  return {double(x), double(y), double(x + below(side / 2)), double(y + below(side / 2))};
}

/// The rule, said as slowly as possible: which object each anchor has.
std::vector<int> plainly_matched(const std::vector<box>& anchors, const std::vector<labelled_object>& objects, bool unique) {
  std::vector<int> result(anchors.size(), no_object);
  for (std::size_t a = 0; a < anchors.size(); ++a) {
    double best = 0;
    for (std::size_t i = 0; i < objects.size(); ++i)
      if (!objects[i].ignored() && intersection_over_union(objects[i].place, anchors[a]) > best) {
        best = intersection_over_union(objects[i].place, anchors[a]);
        result[a] = best >= 0.5 ? static_cast<int>(i) : no_object;
      }
  }
  std::vector<int> forced(anchors.size(), no_object);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i].ignored()) continue;
    std::vector<std::size_t> order(anchors.size());
    for (std::size_t a = 0; a < order.size(); ++a) order[a] = a;
    const auto found = [&](std::size_t a) { return intersection_over_union(objects[i].place, anchors[a]); };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return found(a) > found(b); });
    for (const std::size_t a : order) {
      if (found(a) <= 0) break;
      if (forced[a] == no_object)
        forced[a] = static_cast<int>(i);
      else if (unique)
        continue;
      break;
    }
  }
  for (std::size_t a = 0; a < anchors.size(); ++a) {
    if (forced[a] != no_object) result[a] = forced[a];
    for (const labelled_object& each : objects)
      if (each.ignored() && result[a] == no_object && 2 * overlap(each.place, anchors[a]) >= anchors[a].area())
        result[a] = left_out;
  }
  return result;
}

/// Answers of two images, two maps and their slopes.
struct tried {
  static constexpr int images = 2;
  std::vector<feature_shape> shapes;
  std::vector<std::vector<double>> values, slope;
  std::vector<tensor_batch<const double>> found;
  std::vector<tensor_batch<double>> gradient;
  anchor_targets wanted;

  tried(int columns, random_source& random, double spread = 2) {
    shapes = {{2, 2, 3 * 4}, {2, 2, 3 * columns}, {1, 1, 2 * 4}, {1, 1, 2 * columns}};
    wanted.anchors = 14;
    for (const feature_shape& shape : shapes) {
      std::vector<double>& own = values.emplace_back(static_cast<std::size_t>(images * shape.size()));
      for (double& each : own) each = spread * random.normal();
      slope.emplace_back(own.size(), std::nan(""));
    }
    for (std::size_t i = 0; i < shapes.size(); ++i)
      found.push_back({values[i].data(), images, shapes[i]}), gradient.push_back({slope[i].data(), images, shapes[i]});
    for (int i = 0; i < images * wanted.anchors; ++i) {
      const auto kind = static_cast<int>(random.below(8)) - 2;
      wanted.kinds.push_back(kind >= 3 ? no_object : kind);
      box_code<float>& code = wanted.codes.emplace_back();
      for (float& each : code) each = static_cast<float>(random.normal());
    }
  }
  template <class Loss>
  gradient_report report(const Loss& loss) {
    loss(slopes<double>(gradient));
    gradient_report report;
    for (std::size_t i = 0; i < shapes.size(); ++i)
      check_gradient(report, "output " + std::to_string(i), values[i], slope[i], [&] { return loss(slopes<double>{}); });
    return report;
  }
};
}  // namespace

TEST_CASE("published anchors are as many as published, and stand where they stood", "[detection]") {
  CHECK(published_count(320, 320) == 2034);
  CHECK(published_count(240, 320) == 1554);
  CHECK(published_count(192, 256) == 972);
  CHECK(published_count(256, 256) == 1284);
  CHECK(published_count(120, 160) == 420);
  CHECK(published_count(160, 160) == 540);
  CHECK(published_count(480, 640) == 6048);
  CHECK(published_count(512, 512) == 5118);
  CHECK(published_count(300, 300) == 1917);
  CHECK(published_count(96, 96) == 204);

  // height = s / sqrt(r) m / H, width = s sqrt(r) m / W, as shares of the image; here 240 x 320 pixels.
  const std::vector<box> anchors = anchors_of(published_anchors(), {240, 320, 3}, published_maps(240, 320));
  CHECK(near(anchors[0], {8 - 12, 8 - 12, 8 + 12, 8 + 12}));
  const double root = std::sqrt(2.0);
  CHECK(near(anchors[1], {8 - 24 * root, 8 - 24 / root, 8 + 24 * root, 8 + 24 / root}));
  CHECK(near(anchors[3].x0, 8 + 16 - 12));  // the next cell of the row
  const std::size_t second = 3 * 15 * 20;
  CHECK(near(anchors[second + 4].height() / anchors[second + 4].width(), 1 / 0.3333));
  const double between = std::sqrt(0.35 * 0.5) * 240;
  CHECK(near(anchors[second + 5], {16 - between / 2, 15 - between / 2, 16 + between / 2, 15 + between / 2}));
  const double last = std::sqrt(0.95) * 240;
  CHECK(near(anchors.back(), {160 - last / 2, 120 - last / 2, 160 + last / 2, 120 + last / 2}));
}

TEST_CASE("anchors are written and read as a list", "[detection]") {
  CHECK(to_text(published_anchors(2)) == "0.1:1 0.2:2 0.2:0.5 | 0.95:1 0.95:2 0.95:0.5 0.95:3 0.95:0.3333 0.9746794344808963:1");
  CHECK(anchor_plan_of(to_text(published_anchors())) == published_anchors());
  const anchor_plan own =
      anchor_plan_of("0.075:1 0.105:1|0.16:1 0.21:1 0.21:1.5 0.21:0.6667 0.27:1 | 0.36:1 0.36:1.5 0.36:0.6667 0.48:1");
  const std::array maps{feature_shape{30, 40, 1}, feature_shape{15, 20, 1}, feature_shape{8, 10, 1}};
  CHECK(anchors_of(own, {240, 320, 3}, maps).size() == 4220);
  for (const char* none : {"", " | ", "0.1", "0.1:", "0.1:1x", "-1:1", "0.1:0", "nan:1", "0.1:1,0.2:1"})
    CHECK_THROWS_WITH(anchor_plan_of(none), ContainsSubstring("0.1:1"));
  CHECK_THROWS_WITH(anchors_of(own, {240, 320, 3}, std::span(maps).first(2)), ContainsSubstring("3 maps"));
}

TEST_CASE("anchors for a set have the sides of its objects on maps of fitting cells", "[detection]") {
  std::vector<labelled_object> objects;
  const auto put = [&](int kind, double side, bool crowd = false) {
    objects.push_back({.place = {50, 50, 50 + side, 50 + side}, .kind = kind, .crowd = crowd});
  };
  for (const double side : {22, 21, 23, 22, 22}) put(0, side);  // finer than any cell needs: the finest map
  for (const double side : {61, 41, 101}) put(1, side);
  for (int i = 0; i < 9; ++i) put(0, 300, true);                              // a crowd is no target
  const std::array maps{feature_shape{20, 20, 1}, feature_shape{10, 10, 1}};  // cells of 16 and 32 pixels
  const anchor_plan plan = anchors_for(objects, 2, {320, 320, 3}, maps);
  CHECK(to_text(plan) == "0.069:1 0.069:1.5 0.069:0.6667 0.128:1 0.191:1 0.191:1.5 0.191:0.6667 | 0.316:1");
  const std::vector<anchor_fit> fits = fit_of(anchors_of(plan, {320, 320, 3}, maps), objects, 2);
  CHECK(fits[0].objects == 5);
  CHECK(fits[1].recall == 1);
  CHECK(fits[1].overlap > 0.6);
  CHECK_THROWS_WITH(anchors_for({}, 2, {320, 320, 3}, maps), ContainsSubstring("without objects"));
}

TEST_CASE("anchors are matched as in the fixture", "[detection]") {
  const json given = task_fixture("targets-losses")["matching"];
  std::vector<box> anchors;
  std::vector<labelled_object> objects;
  for (const json& each : given["anchors"]) anchors.push_back(box_of(each));
  for (const json& each : given["boxes"]) objects.push_back({.place = box_of(each)});
  for (std::size_t i = 0; i < objects.size(); ++i)
    for (std::size_t a = 0; a < anchors.size(); ++a)
      CHECK(near(intersection_over_union(objects[i].place, anchors[a]), given["iou_rows_are_boxes"][i][a]));
  matching found;
  match_anchors(anchors, objects, {}, found);
  CHECK(found.object == given["matched_box_of_each_anchor"].get<std::vector<int>>());
  CHECK(found.positives == 4);
  CHECK(found.lost == 1);  // box 2
}

TEST_CASE("matching does what its definition says", "[detection]") {
  random_source random(3);
  int lost = 0, left = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    std::vector<box> anchors;
    std::vector<labelled_object> objects;
    for (std::uint64_t i = 1 + random.below(30); i > 0; --i)  // with ties: some stand twice
      anchors.push_back(!anchors.empty() && random.below(3) == 0 ? anchors.back() : random_box(random, 16));
    for (std::uint64_t i = random.below(6); i > 0; --i) {
      const box place = random.below(3) == 0                        ? anchors[random.below(anchors.size())]
                        : !objects.empty() && random.below(3) == 0 ? objects.back().place
                                                                   : random_box(random, 16);
      objects.push_back({.place = place, .crowd = random.below(6) == 0, .difficult = random.below(6) == 0});
    }
    for (const bool unique : {false, true}) {
      matching found;
      match_anchors(anchors, objects, {.unique = unique}, found);
      REQUIRE(found.object == plainly_matched(anchors, objects, unique));
      std::vector<int> anchors_of_object(objects.size(), 0);
      int positives = 0, without = 0;
      for (const int object : found.object) {
        if (object >= 0) ++anchors_of_object[static_cast<std::size_t>(object)], ++positives;
        left += object == left_out;
      }
      for (std::size_t i = 0; i < objects.size(); ++i) {
        bool overlaps = false;
        for (const box& anchor : anchors) overlaps |= overlap(objects[i].place, anchor) > 0;
        without += !objects[i].ignored() && overlaps && anchors_of_object[i] == 0;
        if (objects[i].ignored()) REQUIRE(anchors_of_object[i] == 0);
      }
      REQUIRE(found.positives == positives);
      REQUIRE(found.lost == without);
      lost += without;
    }
  }
  CHECK(lost > 50);
  CHECK(left > 100);
}

TEST_CASE("boxes are coded as in the fixture, and come back", "[detection]") {
  const json fixture = task_fixture("targets-losses");
  for (const json& each : fixture["coder"]) {
    const box_code<double> code = encode(box_of(each["box"]), box_of(each["anchor"]));
    for (std::size_t i = 0; i < 4; ++i) CHECK(near(code[i], each["code"][i]));
  }
  random_source random(5);
  for (int trial = 0; trial < 100'000; ++trial) {
    const auto drawn = [&] {
      const double x = 300 * random.uniform(), y = 300 * random.uniform();
      return box{x, y, x + 5 + 200 * random.uniform(), y + 5 + 200 * random.uniform()};
    };
    const box place = drawn(), anchor = drawn();
    if (!near(decode(encode(place, anchor), anchor), place, 1e-6)) FAIL("trial " << trial);
  }
  const box wild = decode(box_code<float>{0, 0, 1e30f, -1e30f}, {0, 0, 16, 16});
  CHECK(near(wild.height(), 1000));
  CHECK(wild.width() == 0);
  CHECK(std::isfinite(encode({5, 5, 5, 5}, {0, 0, 16, 16})[2]));
}

TEST_CASE("losses of one number are those of the fixture, and finite far out", "[detection]") {
  const json given = task_fixture("targets-losses");
  for (const json& each : given["focal_alpha_0.75_gamma_2"]) {
    const auto found = focal_loss<double>(each["logit"], each["target"] == 1);
    const auto coarse = focal_loss<float>(each["logit"].get<float>(), each["target"] == 1);
    const double loss = each["loss"], slope = each["gradient"], least = 1e-30;  // the fixture has 1 - p at a logit of 20
    CHECK(std::abs(found.loss - loss) <= 1e-12 * loss + least);
    CHECK(std::abs(found.slope - slope) <= 1e-12 * std::abs(slope) + least);
    CHECK(std::abs(double(coarse.loss) - loss) <= 1e-5 * loss);
  }
  for (const json& each : given["smooth_l1_delta_1"]) {
    CHECK(huber_loss<double>(each["difference"]).loss == each["loss"]);
    CHECK(huber_loss<double>(each["difference"]).slope == each["gradient"]);
  }
  for (const float logit : {-100.f, 100.f})
    for (const bool there : {false, true}) {
      CHECK(std::isfinite(focal_loss(logit, there).loss));
      CHECK(std::isfinite(focal_loss(logit, there).slope));
      const std::array row{logit, 0.f};
      CHECK(std::isfinite(softmax_loss<float>(row, there ? 1 : 0)));
    }
  CHECK(std::isnan(focal_loss(std::nan(""), true).loss));
  CHECK(std::isnan(huber_loss(std::nan("")).loss));
}

TEST_CASE("the slopes of one number's losses are those of their differences", "[detection]") {
  constexpr double step = 1e-5;
  random_source random(7);
  for (int trial = 0; trial < 200; ++trial) {
    const double at = 3 * random.normal();
    const focal_rule rule{.alpha = random.uniform(), .gamma = trial % 2 ? 2 : 1 + 2 * random.uniform()};
    for (const bool there : {false, true})
      REQUIRE(near(focal_loss(at, there, rule).slope,
                   (focal_loss(at + step, there, rule).loss - focal_loss(at - step, there, rule).loss) / (2 * step), 1e-7));
    if (std::abs(std::abs(at) - 1) < 2 * step) continue;
    REQUIRE(near(huber_loss(at).slope, (huber_loss(at + step).loss - huber_loss(at - step).loss) / (2 * step), 1e-7));
  }
}

TEST_CASE("the loss of a detector has the gradient that its differences say", "[detection]") {
  random_source random(11);
  for (int trial = 0; trial < 3; ++trial) {
    tried focal(4, random);  // three classes and the background that is never the answer
    const auto focal_value = [&](slopes<double> gradient) {
      return focal_detector_loss<double>(focal.found, focal.wanted, 3, {}, gradient).value();
    };
    const gradient_report of_focal = focal.report(focal_value);
    INFO(of_focal.where);
    CHECK(of_focal.within(1e-7));
    tried softmax(4, random);
    const auto softmax_value = [&](slopes<double> gradient) {
      return softmax_detector_loss<double>(softmax.found, softmax.wanted, {.per_positive = 1, .at_least = 2}, gradient).value();
    };
    const gradient_report of_softmax = softmax.report(softmax_value);
    INFO(of_softmax.where);
    CHECK(of_softmax.within(1e-7));
  }
}

TEST_CASE("the loss of a detector adds up what its rule says", "[detection]") {
  random_source random(13);
  tried it(4, random);
  double classes = 0, places = 0;
  int positives = 0;
  for (int image = 0; image < it.images; ++image)
    for (int anchor = 0; anchor < 14; ++anchor) {
      const std::size_t map = anchor < 12 ? 0 : 1, at = static_cast<std::size_t>(anchor < 12 ? anchor : anchor - 12);
      const int kind = it.wanted.kinds_of(image)[static_cast<std::size_t>(anchor)];
      if (kind == left_out) continue;
      for (std::size_t column = 0; column < 4; ++column)
        classes +=
            focal_loss(it.found[2 * map + 1].of(image)[4 * at + column], kind >= 0 && static_cast<int>(column) == kind + 1).loss;
      if (kind < 0) continue;
      ++positives;
      for (std::size_t i = 0; i < 4; ++i)
        places +=
            huber_loss(it.found[2 * map].of(image)[4 * at + i] - static_cast<double>(it.wanted.codes_of(image)[anchor][i])).loss /
            4;
    }
  const detector_loss found = focal_detector_loss<double>(it.found, it.wanted, 3, {}, {});
  CHECK(positives > 0);
  CHECK(found.positives == positives);
  CHECK(near(found.classes, classes));
  CHECK(near(found.places, places));

  // Without background column and with a background of 0 that nothing is ever matched to: the other columns count alike.
  tried other(3, random);
  CHECK(near(focal_detector_loss<double>(other.found, it.wanted, 3, {}, {}).value(), [&] {
    double sum = 0;
    for (int image = 0; image < 2; ++image)
      for (int anchor = 0; anchor < 14; ++anchor) {
        const std::size_t map = anchor < 12 ? 0 : 1, at = static_cast<std::size_t>(anchor < 12 ? anchor : anchor - 12);
        const int kind = it.wanted.kinds_of(image)[static_cast<std::size_t>(anchor)];
        for (std::size_t column = 0; kind != left_out && column < 3; ++column)
          sum += focal_loss(other.found[2 * map + 1].of(image)[3 * at + column], static_cast<int>(column) == kind).loss;
        for (std::size_t i = 0; kind >= 0 && i < 4; ++i)
          sum += huber_loss(other.found[2 * map].of(image)[4 * at + i] - static_cast<double>(it.wanted.codes_of(image)[anchor][i]))
                     .loss /
                 4;
      }
    return sum / positives;
  }()));
}

TEST_CASE("a batch without objects has a finite loss, and one of no numbers has none", "[detection]") {
  random_source random(17);
  tried it(4, random);
  std::ranges::fill(it.wanted.kinds, no_object);
  const detector_loss empty = focal_detector_loss<double>(it.found, it.wanted, 3, {}, it.gradient);
  CHECK(empty.places == 0);
  CHECK(empty.value() == empty.classes);
  CHECK(softmax_detector_loss<double>(it.found, it.wanted, {}, it.gradient).value() == 0);
  CHECK(softmax_detector_loss<double>(it.found, it.wanted, {.at_least = 8}, it.gradient).value() > 0);
  it.values[1][5] = std::nan("");
  CHECK(std::isnan(focal_detector_loss<double>(it.found, it.wanted, 3, {}, {}).value()));
  CHECK(std::isnan(softmax_detector_loss<double>(it.found, it.wanted, {}, {}).value()));
}

TEST_CASE("softmax takes the hardest negatives of each image, the first of equals", "[detection]") {
  random_source random(19);
  tried it(4, random, 0);  // all logits equal
  std::ranges::fill(it.wanted.kinds, no_object);
  it.wanted.kinds[3] = 1;  // one positive in the first image, two in the second
  it.wanted.kinds[16] = it.wanted.kinds[20] = 0;
  it.values[1][4 * 11] = -1;  // the hardest negative of the first image
  softmax_detector_loss<double>(it.found, it.wanted, {.per_positive = 2}, it.gradient);
  std::vector<int> taught;
  for (int image = 0; image < 2; ++image)
    for (int anchor = 0; anchor < 14; ++anchor) {
      const std::size_t map = anchor < 12 ? 0 : 1, at = static_cast<std::size_t>(anchor < 12 ? anchor : anchor - 12);
      if (it.gradient[2 * map + 1].of(image)[4 * at] != 0) taught.push_back(14 * image + anchor);
    }
  CHECK(taught == std::vector<int>{0, 3, 11, 14, 15, 16, 17, 18, 20});
}
