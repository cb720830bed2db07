// The bodies of data/yolo.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/data/yolo.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::filesystem::path yolo_labels(const std::filesystem::path& picture) {
  std::string path = picture.string();
  if (const std::size_t at = path.rfind("/images/"); at != path.npos) path.replace(at, 8, "/labels/");
  return std::filesystem::path(path).replace_extension(".txt");
}

}  // namespace detail

HASSE_BODY yolo_description parse_yolo_description(std::string_view text, const std::string& where) {
  const std::map<std::string, detail::yaml_value> values = detail::yaml_lines(text, where).read();
  const auto refuse = [&](const detail::yaml_value& value, const std::string& problem) {
    throw file_error(where, "line " + std::to_string(value.line) + ": " + problem, detail::yolo_remedy);
  };
  const auto numbers = [&](const detail::yaml_value& value, const char* what) {
    std::vector<int> made;
    for (const std::string& each : value.list) {
      const std::optional<std::int64_t> number = detail::whole_number(each);
      if (!number || *number < 0 || *number > 1000) refuse(value, std::string(what) + " has " + detail::in_quotes(each, 40) + ", which is no number from 0 to 1000");
      made.push_back(static_cast<int>(*number));
    }
    return made;
  };
  yolo_description made;
  for (const auto& [key, value] : values) {
    if (key == "path") made.path = value.text;
    for (const auto& [name, to] : {std::pair{"train", &made.train}, {"val", &made.validation}, {"valid", &made.validation}, {"test", &made.test}})
      if (key == name) {
        *to = value.list;
        if (value.is_text && !value.text.empty() && value.text != "null" && value.text != "~") *to = {value.text};
      }
    if (key == "names") {
      if (value.is_text) refuse(value, "names has no list of classes");
      made.classes.resize(value.list.size());
      for (std::size_t i = 0; i < value.list.size(); ++i) {
        const std::optional<std::int64_t> at = value.keys.empty() ? static_cast<std::int64_t>(i) : detail::whole_number(value.keys[i]);
        if (!at || *at < 0 || *at >= static_cast<std::int64_t>(value.list.size()))
          refuse(value, "names has the key " + detail::in_quotes(value.keys[i], 40) + " and not every number from 0 to " + std::to_string(value.list.size() - 1));
        std::string& name = made.classes[static_cast<std::size_t>(*at)];
        if (!name.empty()) refuse(value, "names has the key " + std::to_string(*at) + " twice");
        if ((name = value.list[i]).empty()) refuse(value, "names has a class without a name");
      }
    }
    if (key == "kpt_shape") {
      const std::vector<int> shape = numbers(value, "kpt_shape");
      if (shape.size() != 2 || shape[0] < 1 || (shape[1] != 2 && shape[1] != 3)) refuse(value, "kpt_shape is not [JOINTS, 2] or [JOINTS, 3]");
      made.joints = static_cast<std::size_t>(shape[0]), made.joint_numbers = static_cast<std::size_t>(shape[1]);
    }
    if (key == "flip_idx") made.mirrored_joints = numbers(value, "flip_idx");
  }
  if (const auto count = values.find("nc"); count != values.end() && detail::whole_number(count->second.text) != static_cast<std::int64_t>(made.classes.size()))
    refuse(count->second, "nc is " + detail::in_quotes(count->second.text, 40) + ", and names has " + std::to_string(made.classes.size()) + " classes");
  if (!made.mirrored_joints.empty()) {
    std::vector<int> sorted = made.mirrored_joints;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      if (sorted.size() != made.joints || sorted[i] != static_cast<int>(i))
        refuse(values.at("flip_idx"), "flip_idx does not name each of the " + std::to_string(made.joints) + " joints once");
  }
  return made;
}

HASSE_BODY std::vector<listed_object> parse_yolo_labels(std::string_view text, const std::string& where, const std::string& picture, std::size_t classes, std::size_t joints,
                                                    std::size_t joint_numbers, data_description& about) {
  std::vector<listed_object> objects;
  std::size_t line = 0;
  for (std::string_view rest : detail::lines_of(text)) {
    ++line;
    const auto refuse = [&](const std::string& problem, const std::string& remedy = "correct the line or take it out") {
      throw file_error(where, "line " + std::to_string(line) + " " + problem, remedy);
    };
    std::vector<double> row;
    while (!rest.empty()) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
      if (rest.empty()) break;
      const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
      const std::optional<double> number = detail::real_number(word);
      if (!number) refuse("has " + detail::in_quotes(word, 40) + ", which is no number");
      row.push_back(*number);
      rest.remove_prefix(word.size());
    }
    if (row.empty()) continue;
    if (row[0] != std::floor(row[0]) || row[0] < 0 || row[0] > 65535 || (classes > 0 && row[0] >= static_cast<double>(classes)))
      refuse("has the class " + std::to_string(row[0]) + (classes > 0 ? ", and there are " + std::to_string(classes) + " classes, counted from 0" : ", which is no number from 0 to 65535"));
    const bool outline = joints == 0 && row.size() > 6;
    const std::size_t needed = 5 + joints * joint_numbers;
    if (outline ? row.size() % 2 == 0 : row.size() != needed)
      refuse("has " + std::to_string(row.size()) + " numbers; " + std::to_string(needed) + " are needed" + (joints == 0 ? ", or a class and points of an outline" : ""));
    for (std::size_t i = 1; i < (outline ? row.size() : 5); ++i)
      if (row[i] > 1.1 || row[i] < -0.1)
        refuse("has " + std::to_string(row[i]) + ", which is no fraction of the picture", "write fractions from 0 to 1, not pixels: divide x and width by the picture's width, y and height by its height");
    listed_object object{.kind = static_cast<int>(row[0]), .said = "line " + std::to_string(line)};
    box& place = object.place;
    if (outline) {
      place = {row[1], row[2], row[1], row[2]};
      for (std::size_t i = 1; i + 1 < row.size(); i += 2)
        place = {std::min(place.x0, row[i]), std::min(place.y0, row[i + 1]), std::max(place.x1, row[i]), std::max(place.y1, row[i + 1])};
      about.find(detail::found_polygon, picture + " " + object.said);
    } else {
      place = {row[1] - row[3] / 2, row[2] - row[4] / 2, row[1] + row[3] / 2, row[2] + row[4] / 2};
    }
    if (detail::is_no_box(place.x0, place.y0, place.x1, place.y1, picture + " " + object.said, about)) continue;
    for (std::size_t j = 0; j < joints; ++j) {
      const double* at = &row[5 + j * joint_numbers];
      const double seen = joint_numbers == 3 ? at[2] : 2;
      if (!(seen == 0 || seen == 1 || seen == 2)) refuse("has a joint that is neither 0 (unknown), 1 (hidden) nor 2 (seen)");
      object.joints.push_back(seen == 0 ? keypoint{} : keypoint{at[0], at[1], static_cast<std::uint8_t>(seen)});
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

namespace detail {

HASSE_BODY std::filesystem::path yolo_place(const std::filesystem::path& root, const std::string& said, const std::string& where) {
  std::string shorter = said;
  for (;;) {
    std::error_code missing;
    if (std::filesystem::exists(root / shorter, missing)) return root / shorter;
    if (!shorter.starts_with("../")) break;
    shorter.erase(0, 3);
  }
  throw file_error(where, "names " + in_quotes(said) + ", which is not in " + printable(root.string()), "correct the path, or put the pictures there");
}

HASSE_BODY void add_yolo_pictures(const std::filesystem::path& place, std::vector<std::filesystem::path>& files, data_description& about) {
  if (is_folder(place)) {
    folder_tree tree = folder_walk(place).take();
    for (const auto& file : tree.files)
      if (named_as_image(file.string()))
        files.push_back(file);
      else if (ending_of(file.string()) != ".txt")
        about.leave_out(kind_of(first_bytes_of(file)).use == file_use::unread_image ? as_unread : as_other, file.lexically_relative(place).string());
    return;
  }
  const std::string text = read_file(place, std::uintmax_t{256} << 20);
  for (std::string_view line : lines_of(text))
    if (line.find_first_not_of(" \t") != line.npos) files.push_back(place.parent_path() / line);
}

}  // namespace detail

HASSE_BODY detection_listing list_yolo(const std::filesystem::path& place, const std::vector<std::string>& classes) {
  detection_listing listing{.layout = detection_layout::yolo};
  std::filesystem::path file = place, root = place.parent_path();
  if (detail::is_folder(place)) {
    root = place;
    file.clear();
    for (const char* name : {"data.yaml", "data.yml", "dataset.yaml"})
      if (file.empty() && detail::is_file(place / name)) file = place / name;
  }
  yolo_description told;
  std::array<std::vector<std::filesystem::path>, 3> files;
  if (!file.empty()) {
    const std::string where = detail::printable(file.string());
    told = parse_yolo_description(read_file(file, std::uintmax_t{16} << 20), where);
    if (told.train.empty()) throw file_error(where, "says no train", detail::yolo_remedy);
    if (told.classes.empty()) throw file_error(where, "has no names", detail::yolo_remedy);
    // A path of another machine is no reason to give up: the pictures are usually beside the file.
    if (detail::is_folder(root / told.path)) root /= told.path;
    std::size_t which = 0;
    for (const auto* list : {&told.train, &told.validation, &told.test}) {
      for (const std::string& said : *list) detail::add_yolo_pictures(detail::yolo_place(root, said, where), files[which], listing.about);
      ++which;
    }
  } else {
    // images/SPLIT/..., SPLIT/images/..., or images/... alone.
    bool any = false;
    const std::filesystem::path inside = detail::is_folder(root / "images") ? root / "images" : root;
    for (const auto& below : detail::entries_of(inside)) {
      const folder_split split = detail::split_named(below.filename().string());
      const std::filesystem::path pictures = inside == root ? below / "images" : below;
      if (split == folder_split::none || !detail::is_folder(pictures)) continue;
      detail::add_yolo_pictures(pictures, files[static_cast<std::size_t>(split) - 1], listing.about);
      any = true;
    }
    if (!any) detail::add_yolo_pictures(inside, files[0], listing.about);
  }
  if (!classes.empty()) told.classes = classes;
  for (const auto& names : {root / "classes.txt", root / "labels/classes.txt"})
    if (told.classes.empty() && detail::is_file(names)) {
      const std::string text = read_file(names, 1 << 20);
      for (const std::string_view line : detail::lines_of(text))
        if (!line.empty()) told.classes.emplace_back(line);
    }
  const bool named = !told.classes.empty();
  std::size_t which = 0;
  for (auto* to : {&listing.train, &listing.validation, &listing.test}) {
    for (const auto& path : files[which]) {
      listed_picture picture{.file = path, .name = path.stem().string(), .id = static_cast<std::int64_t>(to->size() + 1)};
      if (const std::filesystem::path labels = detail::yolo_labels(path); detail::is_file(labels))
        picture.objects = parse_yolo_labels(read_file(labels, std::uintmax_t{64} << 20), detail::printable(labels.string()), picture.name, named ? told.classes.size() : 0,
                                            told.joints, told.joint_numbers, listing.about);
      if (!named)
        for (const listed_object& object : picture.objects)
          while (told.classes.size() <= static_cast<std::size_t>(object.kind)) told.classes.push_back("class " + std::to_string(told.classes.size()));
      to->push_back(std::move(picture));
    }
    ++which;
  }
  listing.classes = told.classes;
  for (std::size_t i = 0; i < listing.classes.size(); ++i) listing.class_ids.push_back(static_cast<std::int64_t>(i));
  listing.mirrored_joints = told.mirrored_joints;
  if (told.joints > 0 && told.mirrored_joints.empty()) {
    for (std::size_t i = 0; i < told.joints; ++i) listing.mirrored_joints.push_back(static_cast<int>(i));
    listing.mirrored_alike = false;
    listing.about.notes.push_back("pictures are not mirrored, since no flip_idx says which joint becomes which");
  }
  return listing;
}

}  // namespace hasse
