// The bodies of data/voc.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/data/detail/xml.hpp>
#include <hasse/data/voc.hpp>

namespace hasse {

namespace detail {

HASSE_BODY voc_annotation voc_parser::parse(std::string_view bytes) {
  xml_reader(
      bytes, where_, [&](std::string_view name) { opened(name); }, [&](std::string_view text) { text_ += text; },
      [&](std::string_view name) { closed(name); })
      .read();
  if (root_ != "annotation") refuse("begins with the element " + in_quotes(root_) + ", not with \"annotation\"");
  return std::move(made_);
}

HASSE_BODY void voc_parser::opened(std::string_view name) {
  path_.emplace_back(name);
  text_.clear();
  if (path_.size() == 1) root_ = name;
  if (at({"object"})) {
    ++objects_;
    kind_.clear();
    corners_ = {};
    difficult_ = false;
  }
}

HASSE_BODY void voc_parser::closed(std::string_view) {
  constexpr std::array sides{"xmin", "ymin", "xmax", "ymax"};
  for (std::size_t i = 0; i < 4; ++i)
    if (at({"object", "bndbox", sides[i]})) {
      corners_[i] = real_number(text_);
      if (!corners_[i]) refuse(object_name() + " has the " + sides[i] + " " + in_quotes(text_, 40) + ", which is no number");
    }
  if (at({"object", "name"})) kind_ = trimmed();
  if (at({"object", "difficult"})) difficult_ = trimmed() == "1";
  for (const auto& [name, size] : {std::pair{"width", &listed_picture::width}, {"height", &listed_picture::height}})
    if (at({"size", name})) made_.picture.*size = size_in(text_);
  if (at({"object"})) end_object();
  path_.pop_back();
  text_.clear();
}

HASSE_BODY bool voc_parser::at(std::initializer_list<std::string_view> below) const {
  return path_.size() == below.size() + 1 && std::equal(below.begin(), below.end(), path_.begin() + 1);
}

HASSE_BODY std::string voc_parser::trimmed() const {
  const std::size_t first = text_.find_first_not_of(" \t\r\n");
  return first == text_.npos ? "" : text_.substr(first, text_.find_last_not_of(" \t\r\n") - first + 1);
}

HASSE_BODY int voc_parser::size_in(const std::string& text) {
  const std::optional<std::int64_t> size = whole_number(text);
  return size && *size > 0 ? static_cast<int>(*size) : 0;
}

HASSE_BODY void voc_parser::end_object() {
  if (kind_.empty()) refuse(object_name() + " has no name");
  for (const std::optional<double>& corner : corners_)
    if (!corner) refuse(object_name() + " has no bndbox with xmin, ymin, xmax and ymax");
  const auto [xmin, ymin, xmax, ymax] = std::array{*corners_[0], *corners_[1], *corners_[2], *corners_[3]};
  const std::string where = made_.picture.name + " " + object_name();
  if (is_no_box(xmin, ymin, xmax, ymax, where, about_)) return;
  // The numbers count from 1 and the last pixel is inside; a box that begins at 0 was written by who counts from 0.
  if (xmin == 0 || ymin == 0) about_.find(found_from_zero, where);
  const auto begin = [](double first) { return first >= 0 && first < 1 ? 0 : first - 1; };
  made_.picture.objects.push_back({.place = {begin(xmin), begin(ymin), xmax, ymax}, .difficult = difficult_, .said = object_name()});
  made_.kinds.push_back(kind_);
}

HASSE_BODY std::vector<std::string> voc_ids(const std::filesystem::path& list, const std::filesystem::path& annotations) {
  std::vector<std::string> ids;
  const std::string text = read_file(list, std::uintmax_t{64} << 20);
  for (std::string_view line : lines_of(text)) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) continue;
    std::string id(line);
    if (const std::size_t blank = id.find_last_of(" \t"); blank != id.npos && !is_file(annotations / (id + ".xml"))) {
      const std::string_view last = std::string_view(id).substr(blank + 1);
      if (last == "1" || last == "-1" || last == "0") id = id.substr(0, id.find_last_not_of(" \t", blank) + 1);
    }
    ids.push_back(id);
  }
  return ids;
}

HASSE_BODY std::filesystem::path voc_picture(const std::filesystem::path& folder, const std::string& id) {
  for (const char* ending : {".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", ".bmp", ".webp"})
    if (is_file(folder / (id + ending))) return folder / (id + ending);
  return folder / (id + ".jpg");
}
}  // namespace detail

HASSE_BODY voc_annotation parse_voc(std::string_view bytes, const std::string& where, const std::string& name, data_description& about) {
  return detail::voc_parser(where, name, about).parse(bytes);
}

HASSE_BODY detection_listing list_voc(const std::filesystem::path& root, const std::vector<std::string>& classes) {
  detection_listing listing{.layout = detection_layout::voc};
  const std::filesystem::path annotations = root / "Annotations", lists = root / "ImageSets/Main";
  const std::filesystem::path folder = detail::is_folder(root / "JPEGImages") || !detail::is_folder(root / "images") ? root / "JPEGImages" : root / "images";
  std::vector<std::pair<std::vector<listed_picture>*, std::vector<std::string>>> splits;
  for (const auto& [to, name] : {std::pair{&listing.train, "train.txt"}, {&listing.validation, "val.txt"}, {&listing.test, "test.txt"}})
    if (detail::is_file(lists / name)) splits.emplace_back(to, detail::voc_ids(lists / name, annotations));
  if (splits.empty() || splits[0].first != &listing.train) {
    if (detail::is_file(lists / "trainval.txt")) {
      splits.emplace_back(&listing.train, detail::voc_ids(lists / "trainval.txt", annotations));
    } else if (splits.empty()) {
      std::vector<std::string> ids;
      for (const auto& path : detail::entries_of(annotations))
        if (detail::ending_of(path.string()) == ".xml" && !detail::hidden_name(path.filename().string())) ids.push_back(path.stem().string());
      splits.emplace_back(&listing.train, std::move(ids));
    } else {
      throw file_error(detail::printable(lists.string()), "has no train.txt and no trainval.txt", "write one, an id a line");
    }
  }
  std::map<std::string, int> known;
  for (const std::string& name : classes) known[name] = 0;
  std::vector<std::pair<listed_picture*, std::vector<std::string>>> named;
  for (auto& [to, ids] : splits) {
    to->reserve(ids.size());
    for (const std::string& id : ids) {
      const std::filesystem::path file = annotations / (id + ".xml");
      const std::string where = detail::printable(file.string());
      auto [picture, kinds] = parse_voc(read_file(file, std::uintmax_t{64} << 20), where, id, listing.about);
      picture.file = detail::voc_picture(folder, id);
      picture.id = static_cast<std::int64_t>(to->size() + 1);
      for (std::size_t i = 0; i < kinds.size(); ++i)
        if (!classes.empty() && !known.contains(kinds[i]))
          throw file_error(where, picture.objects[i].said + " is of a class that was not given", "give it among the classes (" + detail::known_names(classes) + "), or take the object out");
        else if (classes.empty())
          known[kinds[i]] = 0;
      to->push_back(std::move(picture));
      named.emplace_back(&to->back(), std::move(kinds));
    }
  }
  if (classes.empty())
    for (const auto& [name, ignored] : known) listing.classes.push_back(name);
  else
    listing.classes = classes;
  for (std::size_t i = 0; i < listing.classes.size(); ++i) {
    known[listing.classes[i]] = static_cast<int>(i);
    listing.class_ids.push_back(static_cast<std::int64_t>(i + 1));
  }
  for (auto& [picture, kinds] : named)
    for (std::size_t i = 0; i < kinds.size(); ++i) picture->objects[i].kind = known.at(kinds[i]);
  return listing;
}

}  // namespace hasse
