#include "../support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/coco.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/data/orientation.hpp>
#include <hasse/data/scenes.hpp>
#include <hasse/data/voc.hpp>
#include <hasse/data/yolo.hpp>

#include "detection_files.hpp"
#include "one_picture.hpp"

using namespace hasse;
using test::open_voc;
using test::voc_refusal;
using test::open_yolo;
using test::yolo_refusal;
using test::coco;
using test::open_coco;
using test::coco_refusal;
using test::first_of;

namespace {
/// Scenes as all three layouts can say them: no joints, no difficult things, area that of the box, classes in the order of their names.
detection_splits plain_scenes() {
  detection_splits data = draw_scenes({.height = 32, .width = 48, .train = 7, .validation = 3, .test = 2});
  for (detection_set* set : {&data.train, &data.validation, &data.test}) {
    set->classes = {"a disc", "b square", "c triangle", "d arrow"};
    set->class_ids = {2, 3, 5, 90};
    set->mirrored_joints = {};
    for (labelled_picture& picture : set->pictures)
      for (labelled_object& object : picture.objects) object.joints = {}, object.difficult = false, object.area = object.place.area();
  }
  return data;
}

double furthest(const detection_set& a, const detection_set& b) {
  double most = 0;
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a.pictures[i].objects.size() == b.pictures[i].objects.size());
    for (std::size_t j = 0; j < a.pictures[i].objects.size(); ++j) {
      const labelled_object &one = a.pictures[i].objects[j], &other = b.pictures[i].objects[j];
      CHECK(one.kind == other.kind);
      for (const double d : {one.place.x0 - other.place.x0, one.place.y0 - other.place.y0, one.place.x1 - other.place.x1, one.place.y1 - other.place.y1})
        most = std::max(most, std::abs(d));
    }
  }
  return most;
}

void check_same(const detection_splits& found, const detection_splits& expected) {
  for (const auto part : {&detection_splits::train, &detection_splits::validation, &detection_splits::test}) {
    const detection_set &set = found.*part, &wanted = expected.*part;
    REQUIRE(set.size() == wanted.size());
    CHECK(set.classes == wanted.classes);
    CHECK(furthest(set, wanted) < 1e-9);
    for (std::size_t i = 0; i < set.size(); ++i) {
      CHECK(set.pictures[i].pixels == wanted.pictures[i].pixels);
      for (std::size_t j = 0; j < set.pictures[i].objects.size(); ++j)
        CHECK(set.pictures[i].objects[j].area == Approx(wanted.pictures[i].objects[j].area));
    }
  }
}

std::vector<test::written_split> all_of(const detection_splits& data) { return {{&data.train, "train"}, {&data.validation, "val"}, {&data.test, "test"}}; }
}  // namespace

TEST_CASE("one set in three layouts is read as the same pictures and objects") {
  const detection_splits data = plain_scenes();
  const test::scratch_folder folder;
  test::write_voc(folder, "voc", all_of(data));
  test::write_coco(folder, "coco", all_of(data));
  test::write_yolo(folder, "yolo", all_of(data));
  detection_options options{.height = 32, .width = 48};
  check_same(open_detection("voc:" + folder / "voc", options), data);
  check_same(open_detection("coco:" + folder / "coco", options), data);
  check_same(open_detection("yolo:" + folder / "yolo", options), data);
  for (const char* layout : {"voc", "coco", "yolo"}) check_same(open_detection("boxes:" + folder / layout, options), data);
  const detection_splits coco = open_detection("coco:" + folder / "coco/annotations/instances_train2017.json", options);
  check_same(coco, data);
  CHECK((coco.train.class_ids == std::vector<std::int64_t>{2, 3, 5, 90}));
  CHECK(coco.validation.pictures[1].id == 2);
  CHECK(coco.train.pictures[0].name == "train1.png");
  CHECK(open_detection("yolo:" + folder / "yolo/data.yaml", options).test.size() == 2);
  CHECK((coco.train.shape() == feature_shape{32, 48, 3}));
  CHECK(coco.about.objects);
  CHECK(coco.about.notes[0] == "read as COCO: 7 training, 3 validation and 2 test pictures");
  std::size_t counted = 0, there = 0;
  for (const class_count& each : coco.about.classes) counted += each.train;
  for (const labelled_picture& picture : data.train.pictures) there += picture.objects.size();
  CHECK(counted == there);
}

TEST_CASE("boxes go from layout to layout and back without moving") {
  detection_set set = plain_scenes().train;
  random_source random(3);
  for (labelled_picture& picture : set.pictures) {
    picture.objects.clear();
    for (int i = 0; i < 20; ++i) {
      const double x0 = 44 * random.uniform(), y0 = 28 * random.uniform();
      const double x1 = x0 + 1.01 + (46.9 - x0) * random.uniform(), y1 = y0 + 1.01 + (30.9 - y0) * random.uniform();
      picture.objects.push_back({{x0, y0, x1, y1}, i % 4, (x1 - x0) * (y1 - y0)});
    }
  }
  const test::scratch_folder folder;
  const detection_options options{.height = 32, .width = 48};
  test::write_voc(folder, "voc", {{&set, "train"}});
  detection_set passed = open_detection("voc:" + folder / "voc", options).train;
  for (const auto& [write, scheme] : {std::pair{&test::write_coco, "coco"}, {&test::write_yolo, "yolo"}, {&test::write_voc, "voc"}}) {
    for (std::size_t i = 0; i < set.size(); ++i) passed.pictures[i].name = set.pictures[i].name;
    passed.class_ids = set.class_ids;
    write(folder, std::string(scheme) + "_again", {{&passed, "train"}});
    passed = open_detection(scheme + std::string(":") + (folder / (std::string(scheme) + "_again")), options).train;
  }
  CHECK(furthest(passed, set) < 1e-3);
}

TEST_CASE("classes and pictures that are not there are refused with file and line") {
  CHECK_THAT(yolo_refusal("\n2 0.5 0.5 0.1 0.1"), ContainsSubstring("labels/one.txt: line 2 has the class 2") && ContainsSubstring("there are 2 classes, counted from 0"));
  CHECK_THAT(yolo_refusal("-1 0.5 0.5 0.1 0.1"), ContainsSubstring("line 1 has the class -1"));
  CHECK_THAT(yolo_refusal("0 0.5 0.5 0.1"), ContainsSubstring("line 1 has 4 numbers; 5 are needed"));
  CHECK_THAT(yolo_refusal("0 0.5 0.5 x 0.1"), ContainsSubstring("line 1 has \"x\", which is no number"));
  CHECK_THAT(coco_refusal(coco(R"({"id":3,"image_id":8,"category_id":5,"bbox":[1,1,2,2]})")),
             ContainsSubstring("set.json: annotation 1 (id 3) is of the image 8, which is not among the images"));
  CHECK_THAT(coco_refusal(coco(R"({"id":3,"image_id":7,"category_id":6,"bbox":[1,1,2,2]})")), ContainsSubstring("of the category 6, which is not among the categories"));
  CHECK_THAT(voc_refusal("", {.classes = {"dog"}}), ContainsSubstring("one.xml: object 1 (cat) is of a class that was not given"));
}

TEST_CASE("an object that is there twice is kept once, unless it is of another class") {
  const std::string twice = test::voc_object("cat", "3", "3", "9", "8");
  const detection_splits data = open_voc(twice + test::voc_object("dog", "3", "3", "9", "8") + twice);
  CHECK(data.about.count_of(detail::as_repeated) == 1);
  REQUIRE(data.train.pictures[0].objects.size() == 3);
  CHECK(data.train.pictures[0].objects[0].kind == 0);
  CHECK(data.train.pictures[0].objects[1].kind == 1);
}

TEST_CASE("difficult objects and crowds are told, and so are outlines and annotations of the id 0") {
  const detection_splits voc = open_voc(test::voc_object("cat", "3", "3", "9", "8", true));
  CHECK(first_of(voc).difficult);
  CHECK(voc.about.count_of(detail::found_difficult) == 1);
  const detection_splits crowd = open_coco(coco(R"({"id":0,"image_id":7,"category_id":5,"bbox":[2,2,6,6],"iscrowd":1,"area":12.5})"));
  CHECK(first_of(crowd).crowd);
  CHECK_FALSE(first_of(crowd).difficult);
  CHECK(first_of(crowd).area == 12.5);
  CHECK(crowd.about.count_of(detail::found_crowd) == 1);
  CHECK(crowd.about.count_of(detail::found_id_zero) == 1);
  CHECK((crowd.train.class_ids == std::vector<std::int64_t>{5}));
  CHECK(crowd.train.pictures[0].id == 7);
  const detection_splits outline = open_yolo("1 0.1 0.2 0.4 0.1 0.3 0.8");
  CHECK(first_of(outline).place.x0 == Approx(2));
  CHECK(first_of(outline).place.y0 == Approx(1));
  CHECK(first_of(outline).place.x1 == Approx(8));
  CHECK(first_of(outline).place.y1 == Approx(8));
  CHECK(outline.about.count_of(detail::found_polygon) == 1);
}

TEST_CASE("boxes inside of parts of persons are not the person's") {
  const std::string person = "<object><part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></part>"
                             "<bndbox><ymax>9</ymax><xmax>15</xmax><ymin>2</ymin><xmin>5</xmin></bndbox><name>person</name></object>";
  const detection_splits data = open_voc(person);
  CHECK((first_of(data).place == box{4, 1, 15, 9}));
  CHECK(data.train.classes == std::vector<std::string>{"cat", "person"});
}

TEST_CASE("pictures without objects are kept, and a set without any object is refused") {
  const test::scratch_folder folder;
  folder.write("images/train/a.png", test::png({10, 20, 3}, test::ramp({10, 20, 3})));
  folder.write("images/train/b.png", test::png({10, 20, 3}, test::ramp({10, 20, 3}, 50)));
  folder.write("images/val/c.png", test::png({10, 20, 3}, test::ramp({10, 20, 3}, 90)));
  folder.write("labels/train/b.txt", "");
  const std::string uri = "yolo:" + folder.path.string();
  CHECK_THAT(test::refusal_of([&] { open_detection(uri, {}); }), ContainsSubstring("have 2 training pictures and no object in any of them"));
  folder.write("labels/train/a.txt", "3 0.5 0.5 0.4 0.4");
  const detection_splits data = open_detection(uri, {});
  CHECK(data.train.size() == 2);
  CHECK(data.validation.size() == 1);
  CHECK(data.about.count_of(detail::found_empty) == 2);
  CHECK(data.train.classes == std::vector<std::string>{"class 0", "class 1", "class 2", "class 3"});
  folder.write("classes.txt", "w\nx\ny\nz\n");
  CHECK(open_detection(uri, {}).train.classes == std::vector<std::string>{"w", "x", "y", "z"});
}

TEST_CASE("pictures that are there twice are found, and dropped from training where that is wanted") {
  detection_splits data = plain_scenes();
  data.train.pictures[2].pixels = data.validation.pictures[1].pixels;
  data.train.pictures[4].pixels = data.train.pictures[5].pixels;
  const test::scratch_folder folder;
  test::write_voc(folder, "voc", all_of(data));
  const detection_splits all = open_detection("voc:" + folder / "voc", {});
  CHECK(all.train.size() == 7);
  CHECK(all.about.count_of("pictures that are twice among the training pictures") == 1);
  CHECK(all.about.count_of("training pictures that are also among the validation pictures") == 1);
  const detection_splits less = open_detection("voc:" + folder / "voc", {.drop_copies = true});
  REQUIRE(less.train.size() == 6);
  CHECK(less.train.pictures[2].name == "train4");
  CHECK(less.train.pictures[5].name == "train7");
  CHECK(less.validation.size() == 3);
}

TEST_CASE("a picture may have more objects than any fixed number") {
  std::string many;
  for (int y = 1; y < 9; ++y)
    for (int x = 1; x < 19; ++x) many += test::voc_object("cat", std::to_string(x), std::to_string(y), std::to_string(x + 1), std::to_string(y + 1));
  const detection_splits data = open_voc(many);
  CHECK(data.train.pictures[0].objects.size() == 145);
  CHECK(data.about.notes.back() == "a training picture has up to 145 objects");
}

TEST_CASE("joints come with their places, what is known of them, and what they become in a mirror") {
  const std::string yaml = "train: images\nnames:\n- cat\n- dog\nkpt_shape: [3, 3]\nflip_idx: [0, 2, 1]\n";
  const std::string other = " 0.5 0.5 2 0.25 0.5 1 0.75 0.1 0";
  const test::scratch_folder folder;
  folder.write("data.yaml", yaml);
  folder.write("labels/one.txt", "0 0.5 0.5 0.3 0.3" + other);
  folder.write("images/one.png", test::png({10, 20, 3}, test::ramp({10, 20, 3})));
  const detection_splits yolo = open_detection("yolo:" + folder.path.string(), {});
  CHECK((yolo.train.pictures[0].objects[0].joints == std::vector<keypoint>{{10, 5, 2}, {5, 5, 1}, {}}));
  CHECK((yolo.train.mirrored_joints == std::vector<int>{0, 2, 1}));
  CHECK(yolo.train.mirrored_alike);
  folder.write("data.yaml", "train: images\nnames: {0: cat,\n  1: 'dog'}\nkpt_shape: [3, 2]\n");
  folder.write("labels/one.txt", "0 0.5 0.5 0.3 0.3 0.5 0.5 0.25 0.5 0.75 0.1");
  const detection_splits pairs = open_detection("yolo:" + folder.path.string(), {});
  CHECK((pairs.train.pictures[0].objects[0].joints == std::vector<keypoint>{{10, 5, 2}, {5, 5, 2}, {15, 1, 2}}));
  CHECK_FALSE(pairs.train.mirrored_alike);
  folder.write("labels/one.txt", "0 0.5 0.5 0.3 0.3 0.5 0.5");
  CHECK_THAT(test::refusal_of([&] { open_detection("yolo:" + folder.path.string(), {}); }), ContainsSubstring("line 1 has 7 numbers; 11 are needed"));

  const detection_splits scenes = draw_scenes({.height = 32, .width = 48, .train = 9, .validation = 1, .test = 1});
  test::write_coco(folder, "coco", {{&scenes.train, "train"}});
  const detection_set read = open_detection("coco:" + folder / "coco", {}).train;
  CHECK((read.mirrored_joints == std::vector<int>{0, 2, 1, 3}));
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t j = 0; j < read.pictures[i].objects.size(); ++j) CHECK((read.pictures[i].objects[j].joints == scenes.train.pictures[i].objects[j].joints));
}

TEST_CASE("lists of Pascal VOC may have a second column, blanks in names, and none at all") {
  const test::scratch_folder folder;
  const std::string annotation = test::voc_annotation(20, 10, test::voc_object("cat", "2", "2", "9", "9"));
  int shade = 0;
  for (const char* id : {"a", "b c", "d 1", "e"}) {
    folder.write(std::string("VOCdevkit/VOC2007/Annotations/") + id + ".xml", annotation);
    folder.write(std::string("VOCdevkit/VOC2007/JPEGImages/") + id + ".png", test::png({10, 20, 3}, test::ramp({10, 20, 3}, shade += 30)));
  }
  const std::string lists = "VOCdevkit/VOC2007/ImageSets/Main/";
  CHECK(open_detection("voc:" + folder.path.string(), {}).train.size() == 4);
  folder.write(lists + "cat_train.txt", "a 1\n");
  folder.write(lists + "trainval.txt", "a  1\nb c -1\n\n d 1\n");
  CHECK(open_detection("voc:" + folder.path.string(), {}).train.size() == 3);
  folder.write(lists + "train.txt", "a\n");
  folder.write(lists + "val.txt", "e 0\r\n");
  const detection_splits data = open_detection("boxes:" + folder.path.string(), {});
  CHECK(data.train.size() == 1);
  CHECK(data.validation.pictures[0].name == "e");
  folder.write(lists + "val.txt", "f\n");
  CHECK_THAT(test::refusal_of([&] { open_detection("voc:" + folder.path.string(), {}); }), ContainsSubstring("f.xml: cannot be read"));
}

TEST_CASE("data.yaml as tools write it") {
  const auto told = [](const std::string& text) { return parse_yolo_description(text, "data.yaml"); };
  const yolo_description wrapped = told("train: ../train/images # beside\nval: [a, 'b #1', \"c, d\"]\nnames: [one, two,\n  'th''ree']\nnc: 3\ndownload: |\n  import os\n  names: no\nroboflow:\n  version: 2\n  deeper:\n    more: 1\n");
  CHECK(wrapped.train == std::vector<std::string>{"../train/images"});
  CHECK(wrapped.validation == std::vector<std::string>{"a", "b #1", "c, d"});
  CHECK(wrapped.classes == std::vector<std::string>{"one", "two", "th'ree"});
  CHECK(told("---\nnames:\n  1: dog\n  0: \"cat: big\"\ntrain:\n- a\n- b\n").classes == std::vector<std::string>{"cat: big", "dog"});
  const auto refusal = [&](const std::string& text) { return test::refusal_of([&] { told(text); }); };
  CHECK_THAT(refusal("names: [a, b]\nnc: 3\n"), ContainsSubstring("data.yaml: line 2: nc is \"3\", and names has 2 classes"));
  CHECK_THAT(refusal("names: [a, b\n"), ContainsSubstring("has no end"));
  CHECK_THAT(refusal("names: {0: a, 2: b}\n"), ContainsSubstring("not every number from 0 to 1"));
  CHECK_THAT(refusal("names: [a]\nnames: [b]\n"), ContainsSubstring("line 2: says \"names\" twice"));
  CHECK_THAT(refusal("names: 'a\n"), ContainsSubstring("a quote without an end"));
  CHECK_THAT(refusal("just text\n"), ContainsSubstring("is no KEY: VALUE"));
  CHECK_THAT(refusal("names: [a]\nkpt_shape: [2, 3]\nflip_idx: [0, 0]\n"), ContainsSubstring("flip_idx does not name each of the 2 joints once"));
  CHECK_THAT(yolo_refusal("", "train: other\nnames: [a]\n"), ContainsSubstring("names \"other\", which is not in"));
  CHECK_THAT(yolo_refusal("", "names: [a]\n"), ContainsSubstring("says no train"));
  CHECK(open_yolo("", "path: /elsewhere\ntrain: ../../images\nnames: [a]\n").train.size() == 1);
}

TEST_CASE("annotations that are no XML of Pascal VOC are refused with line or object") {
  const auto refusal = [](const std::string& text) {
    data_description about;
    return test::refusal_of([&] { parse_voc(text, "a.xml", "a", about); });
  };
  CHECK(refusal("\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><annotation a='1' b=\"2\"><object/ ></annotation>") != "");
  data_description about;
  const voc_annotation read = parse_voc("<?xml version='1.0'?><annotation verified=\"yes\"><size><width> 20.0 </width><height>10</height></size><empty/><object><name><![CDATA[a&b]]> &lt;&#x41;&#233;</name>"
                                        "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>", "a.xml", "a", about);
  CHECK(read.kinds == std::vector<std::string>{"a&b <A\xc3\xa9"});
  CHECK(read.picture.width == 20);
  CHECK_THAT(refusal("<annotation>\n<object></annotation>"), ContainsSubstring("a.xml: line 2: is no XML that is read: an end that has no beginning"));
  CHECK_THAT(refusal("<annotation>"), ContainsSubstring("no end of the element"));
  CHECK_THAT(refusal("<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>"), ContainsSubstring("a document type"));
  CHECK_THAT(refusal("<annotation/><annotation/>"), ContainsSubstring("a second root"));
  CHECK_THAT(refusal("<annotation>&b;</annotation>"), ContainsSubstring("the unknown reference"));
  CHECK_THAT(refusal("<note/>"), ContainsSubstring("begins with the element \"note\""));
  CHECK_THAT(refusal(""), ContainsSubstring("no element"));
  CHECK_THAT(refusal("<annotation><object><name>cat</name></object></annotation>"), ContainsSubstring("object 1 (cat) has no bndbox"));
  CHECK_THAT(refusal("<annotation>" + test::voc_object("", "1", "1", "2", "2") + "</annotation>"), ContainsSubstring("object 1 has no name"));
  CHECK_THAT(refusal("<annotation>" + test::voc_object("cat", "one", "1", "2", "2") + "</annotation>"), ContainsSubstring("object 1 (cat) has the xmin \"one\", which is no number"));
  CHECK_THAT(refusal("<annotation>" + test::voc_object("cat", "nan", "1", "2", "2") + "</annotation>"), ContainsSubstring("which is no number"));
}

TEST_CASE("files that are not COCO's are refused, and of several sets one must be named") {
  const auto refusal = [](const std::string& text) {
    std::istringstream stream(text);
    data_description about;
    return test::refusal_of([&] { parse_coco(stream, "a.json", about); });
  };
  CHECK_THAT(refusal("{\"images\":[}"), ContainsSubstring("text that is not JSON at byte"));
  CHECK_THAT(refusal("[]"), ContainsSubstring("a list, where an object is needed"));
  CHECK_THAT(refusal("{}"), ContainsSubstring("has no \"annotations\""));
  CHECK_THAT(refusal(R"({"annotations":[],"images":[{"id":"x"}]})"), ContainsSubstring("the id \"x\", where a whole number is needed"));
  CHECK_THAT(refusal(R"({"annotations":[],"images":[{"id":1}]})"), ContainsSubstring("image 1 of its images has no id or no file_name"));
  CHECK_THAT(refusal(R"({"annotations":[],"images":[{"id":1,"file_name":"a"},{"id":1,"file_name":"b"}]})"), ContainsSubstring("two images of the id 1"));
  CHECK_THAT(refusal(R"({"annotations":[{"id":4}]})"), ContainsSubstring("annotation 1 (id 4) has no image_id or no category_id"));
  CHECK_THAT(coco_refusal(coco(R"({"image_id":7,"category_id":5,"bbox":[1,2,3]})")), ContainsSubstring("annotation 1 has no bbox of four numbers"));
  CHECK_THAT(coco_refusal(coco(R"({"image_id":7,"category_id":5,"bbox":[1,2,3,4],"keypoints":[1,2,2]})")), ContainsSubstring("3 numbers for the 0 joints"));
  // What is no element of the lists is nothing.
  CHECK(refusal(R"({"annotations":{"a":[3],"b":4},"images":{}})").empty());
  std::istringstream odd(R"({"categories":[{"name":"a","id":1}],"annotations":[[1]],"images":[[5],{"x":{"id":[2]},"file_name":"a","id":1},[6],7]})");
  data_description about;
  const coco_file read = parse_coco(odd, "a.json", about);
  REQUIRE(read.pictures.size() == 1);
  CHECK(read.pictures[0].id == 1);

  const detection_splits data = plain_scenes();
  const test::scratch_folder folder;
  test::write_coco(folder, "coco", all_of(data));
  folder.write("coco/annotations/captions_train2017.json", "{\"images\":[],\"annotations\":[]}");
  folder.write("coco/annotations/other.json", "{\"anything\":1}");
  CHECK_THAT(test::refusal_of([&] { open_detection("coco:" + folder / "coco", {}); }), ContainsSubstring("two files for the same split, \"captions_train2017.json\" and \"instances_train2017.json\""));
  CHECK(open_detection("coco:" + folder / "coco/annotations/instances_train2017.json", {}).validation.size() == 3);
  std::filesystem::remove_all(folder / "coco/train2017");
  CHECK_THAT(test::refusal_of([&] { open_detection("coco:" + folder / "coco/annotations/instances_train2017.json", {}); }), ContainsSubstring("\"train1.png\", which is in no folder"));
}

TEST_CASE("pictures that cannot be read are told together, or left out where that is wanted") {
  const detection_splits data = plain_scenes();
  const test::scratch_folder folder;
  test::write_voc(folder, "voc", all_of(data));
  folder.write("voc/JPEGImages/train2.png", "no picture");
  std::filesystem::remove(folder / "voc/JPEGImages/val1.png");
  CHECK_THAT(test::refusal_of([&] { open_detection("voc:" + folder / "voc", {}); }),
             ContainsSubstring("2 of 12 images cannot be read") && ContainsSubstring("train2.png: is no image") && ContainsSubstring("val1.jpg: cannot be read"));
  const detection_splits rest = open_detection("voc:" + folder / "voc", {.skip_damaged = true});
  CHECK(rest.train.size() == 6);
  CHECK(rest.validation.size() == 2);
  CHECK(rest.about.count_of("damaged images") == 2);
}

TEST_CASE("limits keep some pictures, large ones can be made smaller, and a search gets three splits") {
  const detection_splits data = plain_scenes();
  const test::scratch_folder folder;
  test::write_voc(folder, "voc", {{&data.train, "train"}, {&data.validation, "val"}});
  const std::string uri = "voc:" + folder / "voc";
  detection_splits some = open_detection(uri, {.most_train = 5});
  CHECK(some.train.size() == 5);
  CHECK(some.validation.size() == 3);
  CHECK(some.test.size() == 0);
  CHECK(identity_of(open_detection(uri, {.most_train = 5})) == identity_of(some));
  CHECK(identity_of(open_detection(uri, {.seed = 2, .most_train = 5})) != identity_of(some));
  const detection_set small = open_detection(uri, {.longest_side = 24}).train;
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(small.pictures[i].width == 24);
    CHECK(small.pictures[i].height == 16);
    CHECK(small.pictures[i].file_width == 48);
    for (std::size_t j = 0; j < small.pictures[i].objects.size(); ++j)
      CHECK(small.pictures[i].objects[j].place.x1 * 2 == Approx(data.train.pictures[i].objects[j].place.x1));
  }
  cut_for_search(some);
  CHECK(some.test.size() == 3);
  CHECK(some.validation.size() == 1);
  CHECK(some.train.size() == 4);
  detection_splits alone;
  alone.train = data.train;
  cut_for_search(alone);
  CHECK(alone.test.size() == 1);
  CHECK(alone.validation.size() == 1);
  CHECK(alone.train.size() == 5);
}

TEST_CASE("a set says how it was asked for, so that it can be asked for again") {
  const detection_splits data = plain_scenes();
  const test::scratch_folder folder;
  test::write_voc(folder, "voc", all_of(data));
  detection_options options{.height = 32, .width = 48, .seed = 5, .most_train = 4, .longest_side = 40, .classes = {"d arrow", "c triangle", "a disc", "b square", "a,b %"}, .drop_copies = true};
  const image_origin origin = open_detection("voc:" + folder / "voc", options).train.origin;
  const detection_splits again = open_detection(origin.data, parse_detection_options(origin.options, 32, 48));
  CHECK(again.train.classes == options.classes);
  CHECK(again.train.origin.hash == origin.hash);
  CHECK(to_text(parse_detection_options(origin.options, 1, 1)) == origin.options);
  CHECK(parse_detection_options("", 5, 6).width == 6);
  for (const char* wrong : {"seed=-1", "colour=1", "classes=%4", "classes=%zz", "seed"})
    CHECK_THAT(test::refusal_of([&] { parse_detection_options(wrong, 1, 1); }), ContainsSubstring("which this version does not know"));
}

TEST_CASE("data that are no set with boxes") {
  const test::scratch_folder folder;
  const auto refusal = [](const std::string& uri, detection_options options = {}) { return test::refusal_of([&] { open_detection(uri, options); }); };
  CHECK_THAT(refusal("pictures:x"), ContainsSubstring("are of no known kind; write scenes, scenes:DIFFICULTY, voc:DIR"));
  CHECK_THAT(refusal("voc:"), ContainsSubstring("name no place; write voc:DIR"));
  CHECK_THAT(refusal("scenes:hard"), ContainsSubstring("is not a number"));
  CHECK_THAT(refusal("scenes", {.height = 8}), ContainsSubstring("ask for 16 to 4096 pixels a side"));
  CHECK_THAT(refusal("boxes:" + folder.path.string()), ContainsSubstring("is no set of pictures with boxes that is known"));
  CHECK_THAT(refusal("boxes:" + folder / "nowhere"), ContainsSubstring("is not there"));
  CHECK_THAT(refusal("voc:" + folder.path.string()), ContainsSubstring("has no Annotations"));
  CHECK_THAT(refusal("coco:" + folder.path.string()), ContainsSubstring("has no JSON with \"annotations\""));
  const detection_splits scenes = open_detection("scenes:0.2", {.height = 16, .width = 32, .most_test = 2, .scenes_train = 12, .scenes_validation = 3, .scenes_test = 4});
  CHECK(scenes.train.size() == 12);
  CHECK(scenes.test.size() == 2);
  CHECK(scenes.train.origin.data == "scenes:0.2");
  CHECK(scenes.train.origin.hash.size() == 16);
}
