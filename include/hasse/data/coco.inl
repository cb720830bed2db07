// The bodies of data/coco.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/coco.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/detection_listing.hpp>
#include <hasse/data/layout.hpp>

namespace hasse {

namespace detail {
/// Keeps what is wanted of the three lists, as it comes: they may stand in any order.
class coco_events final : public nlohmann::json_sax<nlohmann::json> {
 public:
  struct annotation {
    std::optional<std::int64_t> id, picture, kind;
    std::vector<double> sides, joints;
    std::optional<double> area;
    bool crowd = false, wrong_joints = false;
  };
  struct category {
    std::optional<std::int64_t> id;
    std::string name;
    std::vector<std::string> joints;
  };
  std::vector<listed_picture> pictures;
  std::vector<annotation> annotations;
  std::vector<category> categories;
  bool any_annotations = false;
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool value) override { return number(value ? 1 : 0); }
  bool number_integer(number_integer_t value) override { return whole(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return value > static_cast<number_unsigned_t>(most_id) ? number(static_cast<double>(value)) : whole(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    if (depth_ == 3 && list_ == list::pictures && field_ == "file_name") pictures.back().name = std::move(value);
    if (depth_ == 3 && list_ == list::categories && field_ == "name") categories.back().name = std::move(value);
    if (depth_ == 4 && list_ == list::categories && field_ == "keypoints" && categories.back().joints.size() < most_joints)
      categories.back().joints.push_back(std::move(value));
    if (depth_ == 3 && is_id()) return refuse("the " + field_ + " " + in_quotes(value, 40) + ", where a whole number is needed,");
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      list_ = name == "images" ? list::pictures : name == "annotations" ? list::annotations : name == "categories" ? list::categories : list::none;
      any_annotations = any_annotations || list_ == list::annotations;
    } else if (depth_ == 3) {
      field_ = std::move(name);
    }
    return true;
  }
  bool start_object(std::size_t) override {
    if (++depth_ == 3) {
      if (list_ == list::pictures) pictures.emplace_back(), has_id_.push_back(false);
      if (list_ == list::annotations) annotations.emplace_back();
      if (list_ == list::categories) categories.emplace_back();
      field_.clear();
    }
    return true;
  }
  bool end_object() override { return left(); }
  bool start_array(std::size_t) override {
    if (++depth_ == 1) return refuse("a list, where an object is needed,");
    if (depth_ == 3) field_.clear();  // no element of ours
    return true;
  }
  bool end_array() override { return left(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("text that is not JSON at byte " + std::to_string(position));
  }
  bool has_id(std::size_t picture) const { return has_id_[picture]; }

 private:
  enum class list { none, pictures, annotations, categories };
  static constexpr std::int64_t most_id = std::int64_t{1} << 62;
  static constexpr std::size_t most_joints = 1000;

  bool refuse(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool left() {
    --depth_;
    return true;
  }
  bool is_id() const { return field_ == "id" || field_ == "image_id" || field_ == "category_id"; }

  /// At the place of a field of an element, or of a list in it.
  bool whole(std::int64_t value) {
    if (depth_ == 3 && !field_.empty()) {
      if (list_ == list::pictures && field_ == "id") pictures.back().id = value, has_id_.back() = true;
      if (list_ == list::categories && field_ == "id") categories.back().id = value;
      if (list_ == list::annotations) {
        annotation& own = annotations.back();
        if (field_ == "id") own.id = value;
        if (field_ == "image_id") own.picture = value;
        if (field_ == "category_id") own.kind = value;
      }
    }
    return number(static_cast<double>(value));
  }
  bool number(double value) {
    if (depth_ == 3 && list_ == list::pictures && (field_ == "width" || field_ == "height"))
      (field_ == "width" ? pictures.back().width : pictures.back().height) = value >= 1 && value < 1e9 ? static_cast<int>(value) : 0;
    if (list_ != list::annotations || field_.empty()) return true;
    annotation& own = annotations.back();
    if (depth_ == 3 && field_ == "area") own.area = value;
    if (depth_ == 3 && field_ == "iscrowd") own.crowd = value != 0;
    if (depth_ == 4 && field_ == "bbox" && own.sides.size() < 5) own.sides.push_back(value);
    if (depth_ == 4 && field_ == "keypoints") {
      if (own.joints.size() == 3 * most_joints) return refuse("more than " + std::to_string(most_joints) + " joints of one object");
      own.joints.push_back(value);
    }
    return true;
  }

  std::size_t depth_ = 0;
  list list_ = list::none;
  std::string field_;  ///< of an element of a list; empty in what stands there and is none
  std::vector<bool> has_id_;
};

/// Reads only until it is known whether the file may be COCO's.
class coco_question final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool answer = false;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t& name) override { return !(answer = depth_ == 1 && name == "annotations"); }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t) override { return ++depth_ > 1; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  int depth_ = 0;
};

/// Which joint a joint becomes in a mirrored picture, by their names: left_eye and right_eye change places.
inline std::vector<int> mirrored_by_name(const std::vector<std::string>& names) {
  std::vector<int> order;
  for (const std::string& name : names) {
    std::string other = name;
    for (const auto& [side, opposite] : {std::pair<std::string, std::string>{"left", "right"}, {"right", "left"}})
      if (const std::size_t at = name.find(side); at != name.npos) other = std::string(name).replace(at, side.size(), opposite);
    const auto found = std::find(names.begin(), names.end(), other);
    order.push_back(static_cast<int>((found == names.end() ? std::find(names.begin(), names.end(), name) : found) - names.begin()));
  }
  return order;
}
}  // namespace detail

HASSE_BODY coco_file parse_coco(std::istream& stream, const std::string& where, data_description& about) {
  const auto refuse = [&](const std::string& problem, const std::string& remedy = "mend the file or make it again") { throw file_error(where, problem, remedy); };
  detail::coco_events read;
  if (!nlohmann::json::sax_parse(stream, &read)) refuse("holds " + read.problem + " and cannot be read", "restore it from a copy or make it again");
  if (!read.any_annotations) refuse("has no \"annotations\"", "name the JSON of images, annotations and categories that COCO's tools write");
  coco_file made;
  std::unordered_map<std::int64_t, std::size_t> pictures, kinds;
  for (std::size_t i = 0; i < read.pictures.size(); ++i) {
    const listed_picture& picture = read.pictures[i];
    if (!read.has_id(i) || picture.name.empty()) refuse("image " + std::to_string(i + 1) + " of its images has no id or no file_name");
    if (!pictures.emplace(picture.id, i).second) refuse("has two images of the id " + std::to_string(picture.id));
  }
  made.pictures = std::move(read.pictures);
  std::sort(read.categories.begin(), read.categories.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const auto& category : read.categories) {
    if (!category.id || category.name.empty()) refuse("has a category without id or name");
    if (!kinds.emplace(*category.id, made.classes.size()).second) refuse("has two categories of the id " + std::to_string(*category.id));
    made.classes.push_back(category.name), made.class_ids.push_back(*category.id);
    if (category.joints.empty()) continue;
    if (!made.joints.empty() && made.joints != category.joints)
      refuse("has categories with different joints", "make a file for each of them");
    made.joints = category.joints;
  }
  for (std::size_t i = 0; i < read.annotations.size(); ++i) {
    const auto& told = read.annotations[i];
    const std::string said = "annotation " + std::to_string(i + 1) + (told.id ? " (id " + std::to_string(*told.id) + ")" : "");
    if (!told.picture || !told.kind) refuse(said + " has no image_id or no category_id");
    const auto picture = pictures.find(*told.picture), kind = kinds.find(*told.kind);
    if (picture == pictures.end()) refuse(said + " is of the image " + std::to_string(*told.picture) + ", which is not among the images");
    if (kind == kinds.end()) refuse(said + " is of the category " + std::to_string(*told.kind) + ", which is not among the categories");
    if (told.sides.size() != 4) refuse(said + " has no bbox of four numbers");
    for (const double side : told.sides)
      if (!(std::abs(side) <= 1e9)) refuse(said + " has a bbox with a number that is no place in a picture");
    if (told.id == 0) about.find(detail::found_id_zero, said);
    listed_picture& to = made.pictures[picture->second];
    const std::string name = said + " (" + detail::printable(detail::clipped(made.classes[kind->second], 60)) + ")";
    const double x = told.sides[0], y = told.sides[1];
    if (detail::is_no_box(x, y, x + told.sides[2], y + told.sides[3], to.name + " " + name, about)) continue;
    listed_object object{.place = {x, y, x + told.sides[2], y + told.sides[3]}, .kind = static_cast<int>(kind->second), .crowd = told.crowd, .said = name};
    if (told.area && *told.area >= 0 && *told.area < 1e18) object.area = *told.area;
    if (!told.joints.empty()) {
      if (told.joints.size() != 3 * made.joints.size())
        refuse(said + " has " + std::to_string(told.joints.size()) + " numbers for the " + std::to_string(made.joints.size()) + " joints of its categories");
      for (std::size_t j = 0; j < told.joints.size(); j += 3) {
        const double seen = told.joints[j + 2];
        if (!(seen == 0 || seen == 1 || seen == 2)) refuse(said + " has a joint that is neither 0 (unknown), 1 (hidden) nor 2 (seen)");
        object.joints.push_back(seen == 0 ? keypoint{} : keypoint{told.joints[j], told.joints[j + 1], static_cast<std::uint8_t>(seen)});
      }
    }
    to.objects.push_back(std::move(object));
  }
  return made;
}

HASSE_BODY bool is_coco(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  detail::coco_question question;
  if (stream) nlohmann::json::sax_parse(stream, &question);
  return question.answer;
}

namespace detail {
/// The split that a file's name says beside other words, "instances_train2017.json", or else its folder's.
inline folder_split coco_split(const std::filesystem::path& file) {
  for (const std::string& word : words_of(file.stem().string()))
    if (const folder_split split = split_word(word); split != folder_split::none) return split;
  return split_named(file.parent_path().filename().string());
}

/// What the names of one set's files have in common: their other words.
inline std::string coco_family(const std::filesystem::path& file) {
  std::string family;
  for (const std::string& word : words_of(file.stem().string()))
    if (split_word(word) == folder_split::none) family += word + " ";
  return family;
}

/// The folder that has the picture, of those where pictures of such a file usually are.
inline std::filesystem::path coco_pictures(const std::filesystem::path& file, folder_split split, const std::string& first) {
  std::vector<std::filesystem::path> places;
  const std::filesystem::path own = file.parent_path().empty() ? "." : file.parent_path();
  for (const auto& base : {own, own / ".."})
    for (const auto& folder : {base, base / "images"}) {
      if (!is_folder(folder)) continue;
      places.push_back(folder);
      for (const auto& below : entries_of(folder))
        if (is_folder(below) && split_named(below.filename().string()) == split) places.push_back(below);
    }
  for (const auto& place : places)
    if (is_file(place / first)) return place;
  throw file_error(printable(file.string()), "is about pictures such as " + in_quotes(first) + ", which is in no folder where such pictures usually are",
                   "put them beside the file, into images, or into a folder named as the split, or name their folder");
}
}  // namespace detail

HASSE_BODY detection_listing list_coco(const std::filesystem::path& place, const std::filesystem::path& pictures) {
  detection_listing listing{.layout = detection_layout::coco};
  std::vector<std::filesystem::path> files;
  const auto add = [&](const std::filesystem::path& folder, auto wanted) {
    for (const auto& path : detail::entries_of(folder.empty() ? "." : folder))
      if (detail::ending_of(path.string()) == ".json" && wanted(path) && detail::is_file(path) && is_coco(path)) files.push_back(path);
  };
  if (detail::is_folder(place)) {
    const auto any = [](const auto&) { return true; };
    add(place, any);
    for (const auto& below : detail::entries_of(place))
      if (detail::is_folder(below) && (below.filename() == "annotations" || detail::split_named(below.filename().string()) != folder_split::none)) add(below, any);
  } else {
    files.push_back(place);
    if (detail::coco_split(place) != folder_split::none)
      add(place.parent_path(), [&](const auto& file) {
        return file.filename() != place.filename() && detail::coco_family(file) == detail::coco_family(place) && detail::coco_split(file) != folder_split::none;
      });
  }
  if (files.empty())
    throw file_error(detail::printable(place.string()), "has no JSON with \"annotations\"", "name the file that COCO's tools write, or its folder");
  std::array<std::vector<listed_picture>*, 3> to{&listing.train, &listing.validation, &listing.test};
  std::array<std::filesystem::path, 3> taken;
  std::vector<std::string> joints;
  for (const auto& file : files) {
    const folder_split split = detail::coco_split(file);
    if (split == folder_split::none && files.size() > 1)
      throw file_error(detail::printable(place.string()), "has several files, and the name of " + detail::in_quotes(file.filename().string()) + " says no split",
                       "name the file of the training pictures");
    const std::size_t which = split == folder_split::none ? 0 : static_cast<std::size_t>(split) - 1;
    if (!taken[which].empty())
      throw file_error(detail::printable(place.string()),
                       "has two files for the same split, " + detail::in_quotes(taken[which].filename().string()) + " and " + detail::in_quotes(file.filename().string()),
                       "name the file of the training pictures that you mean");
    taken[which] = file;
    const std::string where = detail::printable(file.string());
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw file_error(where, "cannot be read", "check the path and its permissions");
    coco_file read = parse_coco(stream, where, listing.about);
    if (listing.classes.empty()) {
      listing.classes = read.classes, listing.class_ids = read.class_ids, joints = read.joints;
    } else if (listing.classes != read.classes || listing.class_ids != read.class_ids || joints != read.joints) {
      throw file_error(where, "has other categories than the file of another split", "make all files with the same categories");
    }
    if (!read.pictures.empty()) {
      const std::filesystem::path folder = pictures.empty() ? detail::coco_pictures(file, split, read.pictures[0].name) : pictures;
      for (listed_picture& picture : read.pictures) picture.file = folder / picture.name;
    }
    *to[which] = std::move(read.pictures);
  }
  listing.mirrored_joints = detail::mirrored_by_name(joints);
  return listing;
}

}  // namespace hasse
