// Sets of one picture with boxes, in each of the three layouts, for tests of what becomes of a box or a file.
#pragma once

#include <string>

#include <hasse/data/open_detection.hpp>

#include "../support/catch.hpp"
#include "detection_files.hpp"

namespace test {

/// One picture of 20 x 10 pixels in the layout of Pascal VOC, with these objects.
inline hasse::detection_splits open_voc(const std::string& objects, hasse::detection_options options = {}, int width = 20, int height = 10) {
  const scratch_folder folder;
  folder.write("Annotations/one.xml", voc_annotation(width, height, objects + voc_object("cat", "2", "2", "9", "9")));
  folder.write("JPEGImages/one.png", png({10, 20, 3}, ramp({10, 20, 3})));
  return hasse::open_detection("voc:" + folder.path.string(), options);
}
inline std::string voc_refusal(const std::string& objects, hasse::detection_options options = {}) {
  return refusal_of([&] { open_voc(objects, options); });
}

inline hasse::detection_splits open_yolo(const std::string& rows, const std::string& yaml = "train: images\nnames: [cat, dog]\n") {
  const scratch_folder folder;
  folder.write("data.yaml", yaml);
  folder.write("labels/one.txt", rows + "\n0 0.5 0.5 0.3 0.3\n");
  folder.write("images/one.png", png({10, 20, 3}, ramp({10, 20, 3})));
  return hasse::open_detection("yolo:" + folder.path.string(), {});
}
inline std::string yolo_refusal(const std::string& rows, const std::string& yaml = "train: images\nnames: [cat, dog]\n") {
  return refusal_of([&] { open_yolo(rows, yaml); });
}

/// A file of one picture of 20 x 10 pixels with the id 7 and the class of the id 5.
inline std::string coco(const std::string& annotations, const std::string& image = R"("width":20,"height":10)") {
  return R"({"images":[{"id":7,"file_name":"one.png",)" + image + R"(}],"categories":[{"id":5,"name":"cat"}],"annotations":[)" + annotations +
         (annotations.empty() ? "" : ",") + R"({"id":99,"image_id":7,"category_id":5,"bbox":[1,1,8,8],"iscrowd":0,"area":50}]})";
}
inline hasse::detection_splits open_coco(const std::string& json, hasse::detection_options options = {}) {
  const scratch_folder folder;
  folder.write("set.json", json);
  folder.write("images/one.png", png({10, 20, 3}, ramp({10, 20, 3})));
  return hasse::open_detection("coco:" + folder.path.string(), options);
}
inline std::string coco_refusal(const std::string& json, hasse::detection_options options = {}) {
  return refusal_of([&] { open_coco(json, options); });
}

/// The first object, which stands before the one that the functions above add.
inline hasse::labelled_object first_of(const hasse::detection_splits& data) {
  REQUIRE(data.train.pictures[0].objects.size() == 2);
  return data.train.pictures[0].objects[0];
}

}  // namespace test
