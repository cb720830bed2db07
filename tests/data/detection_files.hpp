// Detection sets written as the three layouts say, for tests of their readers.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/data/detection_set.hpp>

#include "files.hpp"

namespace test {

/// Seventeen digits: the same number when it is read again.
inline std::string number(double value) { return hasse::exact_text(value); }

inline std::string png_of(const hasse::labelled_picture& picture) { return png({picture.height, picture.width, 3}, picture.pixels); }

/// The same PNG with EXIF's orientation.
inline std::string with_orientation(std::string bytes, int orientation) {
  const auto big = [](std::uint32_t value) {
    return std::string{static_cast<char>(value >> 24), static_cast<char>(value >> 16 & 255), static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
  };
  std::string chunk = "eXIf" + std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + static_cast<char>(orientation) + std::string(6, '\0');
  return bytes.insert(33, big(static_cast<std::uint32_t>(chunk.size() - 4)) + chunk + big(hasse::crc32(chunk)));
}

struct written_split {
  const hasse::detection_set* set;
  const char* name;
};

inline std::string voc_object(const std::string& kind, const std::string& xmin, const std::string& ymin, const std::string& xmax, const std::string& ymax,
                              bool difficult = false) {
  return "<object><name>" + kind + "</name><difficult>" + (difficult ? "1" : "0") + "</difficult><bndbox><xmin>" + xmin + "</xmin><ymin>" + ymin +
         "</ymin><xmax>" + xmax + "</xmax><ymax>" + ymax + "</ymax></bndbox></object>";
}
inline std::string voc_annotation(int width, int height, const std::string& objects) {
  return "<annotation><filename>elsewhere.jpg</filename><path>C:\\pictures\\elsewhere.jpg</path><size><width>" + std::to_string(width) + "</width><height>" +
         std::to_string(height) + "</height><depth>3</depth></size>" + objects + "</annotation>";
}

/// Numbers count from 1 and the last pixel is inside.
inline void write_voc(const scratch_folder& to, const std::string& root, const std::vector<written_split>& splits) {
  for (const auto& [set, name] : splits) {
    std::string ids;
    for (const hasse::labelled_picture& picture : set->pictures) {
      const std::string id = name + picture.name;
      ids += id + "\r\n";
      std::string objects;
      for (const hasse::labelled_object& object : picture.objects)
        objects += voc_object(set->classes[static_cast<std::size_t>(object.kind)], number(object.place.x0 + 1), number(object.place.y0 + 1), number(object.place.x1),
                              number(object.place.y1), object.difficult);
      to.write(root + "/Annotations/" + id + ".xml", voc_annotation(picture.width, picture.height, objects));
      to.write(root + "/JPEGImages/" + id + ".png", png_of(picture));
    }
    to.write(root + "/ImageSets/Main/" + name + ".txt", ids);
  }
}

inline std::string coco_text(const hasse::detection_set& set, const std::string& prefix) {
  std::string images, annotations, categories, joints;
  for (const hasse::labelled_picture& picture : set.pictures) {
    images += (images.empty() ? "" : ",") + std::string("{\"license\":1,\"id\":") + std::to_string(picture.id) + ",\"file_name\":\"" + prefix + picture.name +
              ".png\",\"width\":" + std::to_string(picture.width) + ",\"height\":" + std::to_string(picture.height) + "}";
    for (const hasse::labelled_object& object : picture.objects) {
      std::string points;
      for (const hasse::keypoint& joint : object.joints)
        points += (points.empty() ? "" : ",") + number(joint.x) + "," + number(joint.y) + "," + std::to_string(joint.visible);
      annotations += (annotations.empty() ? "" : ",") + std::string("{\"segmentation\":{\"counts\":[1,2,3],\"size\":[4,5]},\"image_id\":") + std::to_string(picture.id) +
                     ",\"category_id\":" + std::to_string(set.class_ids[static_cast<std::size_t>(object.kind)]) + ",\"bbox\":[" + number(object.place.x0) + "," +
                     number(object.place.y0) + "," + number(object.place.width()) + "," + number(object.place.height()) + "],\"area\":" + number(object.area) +
                     ",\"iscrowd\":" + (object.crowd ? "1" : "0") + (points.empty() ? "" : ",\"keypoints\":[" + points + "]") + ",\"id\":" +
                     std::to_string(1 + annotations.size()) + "}";
    }
  }
  for (std::size_t i = set.classes.size(); i-- > 0;)  // any order
    categories += (categories.empty() ? "" : ",") + std::string("{\"name\":\"") + set.classes[i] + "\",\"id\":" + std::to_string(set.class_ids[i]) +
                  (set.classes[i] == "arrow" && !set.mirrored_joints.empty() ? ",\"keypoints\":[\"tip\",\"left_barb\",\"right_barb\",\"tail\"]" : "") + "}";
  return "{\"info\":{\"year\":2017},\"annotations\":[" + annotations + "],\"images\":[" + images + "],\"categories\":[" + categories + "]}";
}

inline void write_coco(const scratch_folder& to, const std::string& root, const std::vector<written_split>& splits) {
  for (const auto& [set, name] : splits) {
    to.write(root + "/annotations/instances_" + name + "2017.json", coco_text(*set, name));
    for (const hasse::labelled_picture& picture : set->pictures) to.write(root + "/" + name + "2017/" + name + picture.name + ".png", png_of(picture));
  }
}

inline void write_yolo(const scratch_folder& to, const std::string& root, const std::vector<written_split>& splits) {
  std::string yaml = "# a set\npath: /nowhere/data\nnc: " + std::to_string(splits[0].set->classes.size()) + "\nnames:\n";
  for (std::size_t i = 0; i < splits[0].set->classes.size(); ++i) yaml += "  " + std::to_string(i) + ": " + splits[0].set->classes[i] + "  # counted from 0\n";
  for (const auto& [set, name] : splits) {
    yaml += std::string(name) + ": images/" + name + "\n";
    for (const hasse::labelled_picture& picture : set->pictures) {
      std::string rows;
      for (const hasse::labelled_object& object : picture.objects)
        rows += std::to_string(object.kind) + " " + number((object.place.x0 + object.place.x1) / 2 / picture.width) + " " +
                number((object.place.y0 + object.place.y1) / 2 / picture.height) + " " + number(object.place.width() / picture.width) + " " +
                number(object.place.height() / picture.height) + "\n";
      to.write(root + "/images/" + name + "/" + name + picture.name + ".png", png_of(picture));
      if (!rows.empty()) to.write(root + "/labels/" + name + "/" + name + picture.name + ".txt", rows);
    }
  }
  to.write(root + "/data.yaml", yaml);
}

}  // namespace test
