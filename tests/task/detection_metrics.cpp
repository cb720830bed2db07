// COCO's and VOC's average precision: published numbers, and what must not change them.
#include <hasse/task/detection/coco.hpp>
#include <hasse/task/detection/mistakes.hpp>
#include <hasse/task/detection/voc.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/random.hpp>
#include "../support/catch.hpp"
#include "fixtures.hpp"

using namespace hasse;

namespace {
box corner_and_size(const json& it, std::size_t at = 0) {
  const double x = it[at], y = it[at + 1];
  return {x, y, x + it[at + 2].get<double>(), y + it[at + 3].get<double>()};
}
std::vector<keypoint> joints_of(const json& numbers) {
  std::vector<keypoint> joints;
  for (std::size_t i = 0; i < numbers.size(); i += 3)
    joints.push_back({numbers[i], numbers[i + 1], numbers[i + 2].get<std::uint8_t>()});
  return joints;
}

/// Everything of one picture.
struct picture {
  std::vector<labelled_object> objects;
  std::vector<detected_object> found;
  std::vector<detected_pose> poses;
};
/// By the dense index of a class.
struct coco_case {
  std::map<int, picture> pictures;
  std::map<int, int> kinds;
  json expected;
};
coco_case read_case(const std::string& name) {
  const json file = task_fixture(name), &truth = file["gt"];
  coco_case made;
  made.expected = file["expected"];
  for (const json& each : truth["images"]) made.pictures[each["id"]];
  for (const json& each : truth["categories"]) made.kinds[each["id"]] = 0;
  int next = 0;
  for (auto& [id, kind] : made.kinds) kind = next++;
  for (const json& each : truth["annotations"]) {
    labelled_object object{.place = corner_and_size(each["bbox"]), .kind = made.kinds[each["category_id"]], .area = each["area"]};
    object.crowd = each["iscrowd"] == 1;
    if (each.contains("keypoints")) object.joints = joints_of(each["keypoints"]);
    made.pictures[each["image_id"]].objects.push_back(object);
  }
  for (const json& each : file["dt"]) {
    picture& own = made.pictures[each["image_id"]];
    if (each.contains("keypoints"))
      own.poses.push_back({joints_of(each["keypoints"]), made.kinds[each["category_id"]], each["score"]});
    else
      own.found.push_back({corner_and_size(each["bbox"]), made.kinds[each["category_id"]], each["score"]});
  }
  return made;
}
bool near(double found, const json& wanted) { return std::abs(found - wanted.get<double>()) <= 1e-12; }

std::vector<picture> random_pictures(random_source& random, int kinds, bool ties) {
  std::vector<picture> made(1 + random.below(5));
  const auto below = [&](int bound) { return static_cast<int>(random.below(static_cast<std::uint64_t>(bound))); };
  for (picture& each : made) {
    const auto place = [&] {
      const int x = below(60), y = below(60);
      return box{double(x), double(y), double(x + 4 + below(60)), double(y + 4 + below(60))};
    };
    for (int i = below(6); i > 0; --i) {
      const box where = place();
      each.objects.push_back(
          {.place = where, .kind = below(kinds), .area = where.area(), .crowd = below(8) == 0, .difficult = below(8) == 0});
    }
    for (int i = below(12); i > 0; --i) {
      box where = place();
      int kind = below(kinds);
      if (!each.objects.empty() && below(2) == 0) {
        const labelled_object& object = each.objects[random.below(each.objects.size())];
        where = object.place, kind = object.kind;
        where.x1 += below(4), where.y0 += below(4);
      }
      each.found.push_back({where, kind, ties ? below(5) / 5.0 : random.uniform()});
    }
  }
  return made;
}
coco_result coco_of(const std::vector<picture>& pictures, int kinds) {
  coco_evaluator all(kinds);
  for (const picture& each : pictures) all.add(each.objects, each.found);
  return all.result();
}
voc_result voc_of(const std::vector<picture>& pictures, int kinds, voc_rule rule = {}) {
  voc_evaluator all(kinds, rule);
  for (const picture& each : pictures) all.add(each.objects, each.found);
  return all.result();
}
}  // namespace

TEST_CASE("COCO's numbers are those of pycocotools", "[detection]") {
  for (const char* name : {"coco-boxes", "coco-crowd-area"}) {
    INFO(name);
    coco_case it = read_case(name);
    coco_evaluator all(static_cast<int>(it.kinds.size()));
    for (const auto& [id, each] : it.pictures) all.add(each.objects, each.found);
    const coco_result found = all.result();
    const json& wanted = it.expected["stats"];
    CHECK(near(found.ap, wanted["AP"]));
    CHECK(near(found.ap50, wanted["AP50"]));
    CHECK(near(found.ap75, wanted["AP75"]));
    CHECK(near(found.ap_small, wanted["AP_small"]));
    CHECK(near(found.ap_medium, wanted["AP_medium"]));
    CHECK(near(found.ap_large, wanted["AP_large"]));
    CHECK(near(found.ar1, wanted["AR_1"]));
    CHECK(near(found.ar10, wanted["AR_10"]));
    CHECK(near(found.ar100, wanted["AR_100"]));
    CHECK(near(found.ar_small, wanted["AR_small"]));
    CHECK(near(found.ar_medium, wanted["AR_medium"]));
    CHECK(near(found.ar_large, wanted["AR_large"]));
    for (const auto& [id, kind] : it.kinds) {
      const coco_class_scores& own = found.classes[static_cast<std::size_t>(kind)];
      const json& of_class = it.expected["per_category"][std::to_string(id)];
      CHECK(near(own.ap, of_class["AP"]));
      for (std::size_t at = 0; at < 10; ++at) {
        CHECK(near(own.precision[at], of_class["AP_per_iou"][at]));
        CHECK(near(own.recall[at], of_class["recall_per_iou"][at]));
      }
    }
  }
  const json thresholds = task_fixture("coco-boxes")["iou_thresholds"];
  for (std::size_t at = 0; at < 10; ++at) CHECK(detail::average_precision::threshold(at) == thresholds[at]);
}

TEST_CASE("COCO's numbers of joints are those of pycocotools", "[detection]") {
  const json file = task_fixture("coco-keypoints");
  const std::vector<double> sigmas = file["sigmas"];
  coco_case it = read_case("coco-keypoints");
  pose_evaluator all(1, sigmas);
  for (const auto& [id, each] : it.pictures) {
    std::vector<detected_pose> best = each.poses;
    std::ranges::stable_sort(best, [](const auto& a, const auto& b) { return a.score > b.score; });
    const json& rows = file["oks_rows_are_detections_by_score"][std::to_string(id)];
    for (std::size_t i = 0; i < best.size(); ++i)
      for (std::size_t j = 0; j < each.objects.size(); ++j)
        CHECK(near(keypoint_similarity(each.objects[j], best[i].joints, sigmas), rows[i][j]));
    all.add(each.objects, each.poses);
  }
  const pose_scores found = all.result();
  const json& wanted = it.expected["stats"];
  CHECK(near(found.ap, wanted["AP"]));
  CHECK(near(found.ap50, wanted["AP50"]));
  CHECK(near(found.ap75, wanted["AP75"]));
  CHECK(near(found.ap_medium, wanted["AP_medium"]));
  CHECK(near(found.ap_large, wanted["AP_large"]));
  CHECK(near(found.ar, wanted["AR"]));
  CHECK(near(found.ar50, wanted["AR50"]));
  CHECK(near(found.ar75, wanted["AR75"]));
  CHECK(near(found.ar_medium, wanted["AR_medium"]));
  CHECK(near(found.ar_large, wanted["AR_large"]));
}

TEST_CASE("VOC's numbers are the published ones", "[detection]") {
  const json file = task_fixture("voc");
  const auto read = [](const json& from) {
    std::map<int, picture> pictures;
    for (const json& each : from["ground_truth_image_x_y_w_h_difficult"])
      pictures[each[0]].objects.push_back({.place = corner_and_size(each, 1), .difficult = each[5] == 1});
    for (const json& each : from["detections_image_score_x_y_w_h"])
      pictures[each[0]].found.push_back({corner_and_size(each, 2), 0, each[1]});
    std::vector<picture> all;
    for (auto& [id, each] : pictures) all.push_back(std::move(each));
    return all;
  };
  for (const auto& [name, form, plus_one] :
       {std::tuple{"sample", "with_one_pixel_added", true}, {"sample", "continuous", false}, {"own", "continuous", false}}) {
    INFO(name << ' ' << form);
    const voc_result found = voc_of(read(file[name]), 1, {.overlap = file[name]["iou"], .plus_one = plus_one});
    const json& wanted = file[name][form];
    CHECK(near(found.ap_11, wanted["ap_11_points"]));
    CHECK(near(found.ap, wanted["ap_all_points"]));
    std::vector<int> outcomes;
    for (const voc_outcome each : found.classes[0].outcomes) outcomes.push_back(static_cast<int>(each));
    CHECK(outcomes == wanted["outcome"].get<std::vector<int>>());
  }
  // Three of ten found is a recall of three tenths: 0.1 * 3 in double is more.
  picture ten;
  for (int i = 0; i < 10; ++i) ten.objects.push_back({.place = {20.0 * i, 0, 20.0 * i + 10, 10}});
  for (int i = 0; i < 3; ++i) ten.found.push_back({ten.objects[static_cast<std::size_t>(i)].place, 0, 0.5});
  CHECK(near(voc_of({ten}, 1).ap_11, 4.0 / 11));
}

TEST_CASE("what has no answers or no objects has the score that it should", "[detection]") {
  picture objects;
  objects.objects.push_back({.place = {0, 0, 10, 10}, .kind = 1, .area = 100});
  CHECK(coco_of({objects}, 3).ap == 0);
  CHECK(coco_of({objects}, 3).classes[0].ap == -1);
  CHECK(coco_of({objects}, 3).ap_large == -1);
  CHECK(voc_of({objects}, 3).ap == 0);
  CHECK(voc_of({objects}, 3).classes[0].ap == -1);
  CHECK(coco_of({picture{}}, 3).ap == -1);
  CHECK(voc_of({picture{}}, 3).ap == -1);
  objects.found = {{{0, 0, 10, 10}, 1, std::nan("")}};  // no answer either
  CHECK(coco_of({objects}, 3).ap == 0);
  CHECK(voc_of({objects}, 3).classes[1].outcomes.empty());
  objects.found = {{objects.objects[0].place, 1, 0.1}};
  CHECK(near(coco_of({objects}, 3).ap, 1));
  CHECK(voc_of({objects}, 3).ap == 1);
}

TEST_CASE("equals count in the order in which they came", "[detection]") {
  // Of equal scores the first is better, however many there are.
  picture many;
  many.objects.push_back({.place = {0, 0, 10, 10}, .area = 100});
  many.found.push_back({many.objects[0].place, 0, 0.5});
  for (int i = 0; i < 60; ++i) many.found.push_back({{100, 100, 110, 110}, 0, 0.5});
  CHECK(near(coco_of({many}, 1).ap, 1));
  CHECK(voc_of({many}, 1).ap == 1);
  // A difficult object and another at the same place: VOC takes the first.
  picture two;
  two.objects.push_back({.place = {0, 0, 10, 10}, .difficult = true});
  two.objects.push_back({.place = {0, 0, 10, 10}});
  two.found.push_back({two.objects[0].place, 0, 0.5});
  CHECK(voc_of({two}, 1).classes[0].outcomes[0] == voc_outcome::neither);
}

TEST_CASE("COCO's recalls are compared as numpy makes them", "[detection]") {
  // 35 * 0.01 is above 35 / 100: what finds 35 of a hundred reaches 35 of the recalls 0, 0.01, .., not 36; 36 of them reach 37.
  picture hundred;
  for (int i = 0; i < 100; ++i) hundred.objects.push_back({.place = {20.0 * i, 0, 20.0 * i + 10, 10}, .area = 100});
  for (std::size_t i = 0; i < 35; ++i) hundred.found.push_back({hundred.objects[i].place, 0, 0.5});
  CHECK(near(coco_of({hundred}, 1).ap, 35.0 / 101));
  hundred.found.push_back({hundred.objects[35].place, 0, 0.5});
  CHECK(near(coco_of({hundred}, 1).ap, 37.0 / 101));
}

TEST_CASE("average precision does not depend on what it must not depend on", "[detection]") {
  random_source random(23);
  const auto same = [](const std::vector<picture>& a, const std::vector<picture>& b, bool of_size = true) {
    const coco_result one = coco_of(a, 3), other = coco_of(b, 3);
    bool all = std::abs(one.ap - other.ap) <= 1e-12 && std::abs(one.ap50 - other.ap50) <= 1e-12 &&
               std::abs(one.ar10 - other.ar10) <= 1e-12;
    if (of_size) all &= std::abs(one.ap_small - other.ap_small) <= 1e-12 && std::abs(one.ar_medium - other.ar_medium) <= 1e-12;
    const voc_result first = voc_of(a, 3), second = voc_of(b, 3);
    return all && std::abs(first.ap - second.ap) <= 1e-12 && std::abs(first.ap_11 - second.ap_11) <= 1e-12;
  };
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<picture> given = random_pictures(random, 3, false);
    std::vector<picture> moved = given;
    shuffle(moved.begin(), moved.end(), random);
    REQUIRE(same(given, moved));
    for (picture& each : moved)
      for (detected_object& found : each.found) found.score = std::exp(5 * found.score) - 1;
    REQUIRE(same(given, moved));
    for (picture& each : moved) {
      const auto scaled = [](box it) { return box{2 * it.x0, 2 * it.y0, 2 * it.x1, 2 * it.y1}; };
      for (labelled_object& object : each.objects) object.place = scaled(object.place), object.area *= 4;
      for (detected_object& found : each.found) found.place = scaled(found.place);
    }
    REQUIRE(same(given, moved, false));

    // Worse answers than all others take nothing away.
    std::vector<picture> more = given;
    for (picture& each : more) each.found.push_back({{1, 1, 30, 30}, static_cast<int>(random.below(3)), -1});
    REQUIRE(coco_of(more, 3).ap >= coco_of(given, 3).ap - 1e-12);
    REQUIRE(voc_of(more, 3).ap >= voc_of(given, 3).ap - 1e-12);
  }
}

TEST_CASE("a second answer for an object never raises average precision", "[detection]") {
  random_source random(29);
  for (int trial = 0; trial < 100; ++trial) {
    picture it;
    for (int i = 0; i < 4; ++i) {  // far from each other
      const double x = 100 * i;
      it.objects.push_back({.place = {x, 0, x + 40, 40}, .area = 1600});
      it.found.push_back({{x + 10 * random.uniform(), 0, x + 40, 40}, 0, random.uniform()});
    }
    const double alone = coco_of({it}, 1).ap50, alone_voc = voc_of({it}, 1).ap;
    const detected_object& first = it.found[random.below(4)];
    it.found.push_back({first.place, 0, first.score * random.uniform()});
    REQUIRE(coco_of({it}, 1).ap50 <= alone + 1e-12);
    REQUIRE(voc_of({it}, 1).ap <= alone_voc + 1e-12);
  }
}

TEST_CASE("what is wrong in a picture is told object by object", "[detection]") {
  const box place{0, 0, 10, 10}, beside{20, 0, 30, 10}, far{50, 50, 60, 60}, crowd{100, 100, 200, 200};
  const std::vector<labelled_object> objects{{.place = place, .kind = 0}, {.place = beside, .kind = 1}, {.place = far, .kind = 1}, {.place = crowd, .kind = 0, .crowd = true}};
  const std::vector<detected_object> found{{{0, 0, 10, 6}, 0, 0.5},        // the worse of two on one object
                                           {{0, 0, 10, 9}, 0, 0.9},        // right
                                           {beside, 0, 0.8},               // of the other class
                                           {{80, 0, 90, 10}, 1, 0.7},      // nothing is there
                                           {{110, 110, 120, 120}, 1, 0.9},  // on a crowd
                                           {far, 1, 0.29}};                // not sure enough: the object is missed
  CHECK(judge_objects(objects, found) == std::vector<judged_object>{{finding::right, {0, 0, 10, 9}, 0, 0, 0.9},
                                                                    {finding::wrong_class, beside, 0, 1, 0.8},
                                                                    {finding::false_alarm, {80, 0, 90, 10}, 1, 1, 0.7},
                                                                    {finding::false_alarm, {0, 0, 10, 6}, 0, 0, 0.5},
                                                                    {finding::missed, far, 1, 1, 0}});
  finding_counter counted(2);
  counted.add(judge_objects(objects, found, {.score = 0.2}));
  CHECK(counted(1, finding::right) == 1);
  CHECK(counted(1, finding::wrong_class) == 1);
  CHECK(counted(0, finding::right) == 1);
  CHECK(counted(0, finding::false_alarm) == 1);
  CHECK(counted(1, finding::missed) == 0);
  CHECK(judge_objects(objects, {}).size() == 3);
}
