// The bodies of data/layout.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/data/layout.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char letter : lower_case(name)) {
    if ((letter >= 'a' && letter <= 'z') || (letter & '\x80') != 0)
      words.back() += letter;
    else if (!words.back().empty())
      words.emplace_back();
  }
  for (std::string& word : words)
    for (bool shorter = true; shorter;) {
      shorter = false;
      for (const std::string_view end : {"sets", "set", "data", "images", "image", "imgs", "img", "split", "folder"})
        if (word.ends_with(end)) word.resize(word.size() - end.size()), shorter = true;
    }
  std::erase(words, "");
  return words;
}

HASSE_BODY folder_split split_word(std::string_view word) {
  if (word == "train" || word == "training") return folder_split::train;
  if (word == "val" || word == "valid" || word == "validation" || word == "dev") return folder_split::validation;
  if (word == "test" || word == "testing") return folder_split::test;
  return folder_split::none;
}

HASSE_BODY folder_split split_named(std::string_view name) {
  const auto words = words_of(name);
  return words.size() == 1 ? split_word(words[0]) : folder_split::none;
}

HASSE_BODY bool resembles_split(std::string_view name) {
  for (const std::string& word : words_of(name)) {
    if (split_word(word) != folder_split::none) return true;
    for (const char* known : {"eval", "evaluation", "trainval", "holdout", "unlabeled", "unlabelled"})
      if (word == known) return true;
  }
  return false;
}

HASSE_BODY std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

HASSE_BODY bool hidden_path(std::string_view path) {
  const auto parts = path_parts(path);
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return hidden_name(part); });
}

HASSE_BODY std::size_t folder_node::all_images() const {
  std::size_t sum = images;
  for (const auto& [name, folder] : folders) sum += folder.all_images();
  return sum;
}

HASSE_BODY std::size_t folder_node::all_unread() const {
  std::size_t sum = unread;
  for (const auto& [name, folder] : folders) sum += folder.all_unread();
  return sum;
}

HASSE_BODY std::vector<std::pair<std::string, const folder_node*>> folder_node::used() const {
  std::vector<std::pair<std::string, const folder_node*>> result;
  for (const auto& [name, folder] : folders)
    if (folder.all_images() > 0) result.emplace_back(name, &folder);
  return result;
}

HASSE_BODY void folder_layout::add_image(std::string_view path) {
  folder_node& folder = folder_of(path);
  if (folder.images++ == 0) folder.first_image = path;
}

HASSE_BODY void folder_layout::resolve(data_description& about) {
  const folder_node* node = &tree_;
  for (;; ++depth_) {
    if (node->images > 0)
      refuse(said(node->images, node->first_image) + " outside of every class folder");
    check_unread(*node);
    const auto used = node->used();
    if (used.empty()) return;
    if (used.size() > 1) break;
    const auto& [name, folder] = used[0];
    const folder_split split = split_named(name);
    if (folder->images > 0 && split == folder_split::none) break;  // the only class
    if (split != folder_split::none) take_whole(name, split, *folder);
    node = folder;
  }
  find_classes(*node);
  for (const auto& [name, folder] : node->used())
    if (splits_.empty())
      check_class(name, *folder);
    else
      for (const auto& [class_name, below] : class_level(name, *folder).used()) check_class(class_name, *below);
  if (nested_ > 0) about.notes.push_back(said_number(nested_) + " in folders inside of class folders and count for the class");
  report_empty(tree_, "", about);
}

HASSE_BODY placement folder_layout::place(std::string_view path) const {
  const auto parts = path_parts(path);
  if (splits_.empty()) return {whole_, parts[depth_]};
  const auto& found = splits_.at(parts[depth_]);
  return {found.first, parts[depth_ + 1 + found.second]};
}

HASSE_BODY folder_node& folder_layout::folder_of(std::string_view path) {
  folder_node* node = &tree_;
  auto parts = path_parts(path);
  if (!path.ends_with("/.") && !parts.empty()) parts.pop_back();
  if (parts.size() > most_folders)
    refuse("has a path of more than " + std::to_string(most_folders) + " folders, " + quoted(path), "move the images up");
  for (const std::string& part : parts) node = &node->folders[part];
  return *node;
}

HASSE_BODY void folder_layout::check_unread(const folder_node& node) const {
  for (const auto& [name, folder] : node.folders)
    if (folder.all_images() == 0 && folder.all_unread() > 0)
      refuse("has the folder " + quoted(name) + " with " + std::to_string(folder.all_unread()) +
                 " images and none of a kind that is read",
             "convert them to JPEG or PNG, or take the folder away");
}

HASSE_BODY void folder_layout::take_whole(const std::string& name, folder_split split, const folder_node& folder) {
  if (folder.images > 0) refuse_flat(name, folder);
  if (whole_ != folder_split::none && whole_ != split) refuse("has the split " + quoted(name) + " inside of another split");
  whole_ = split;
}

HASSE_BODY void folder_layout::refuse_flat(const std::string& name, const folder_node& folder) const {
  refuse(said(folder.images, folder.first_image) + " directly in " + quoted(name) + ", which names a split",
         std::string("put them into class folders or elsewhere: ") + known_layouts);
}

HASSE_BODY void folder_layout::find_classes(const folder_node& node) {
  std::vector<std::string> named, others;
  bool plain = true;  // every folder directly holds images
  bool classes_like_splits = true;
  for (const auto& [name, folder] : node.used()) {
    const folder_split split = split_named(name);
    (split == folder_split::none ? others : named).push_back(name);
    if (folder->images == 0) plain = false;
    if (split != folder_split::none && split != folder_split::train) classes_like_splits = false;
  }
  if (whole_ != folder_split::none) {  // train/CLASS/...: every name is a class, if it is none with folders inside
    for (const std::string& name : named)
      if (node.folders.at(name).images == 0) refuse("has the split " + quoted(name) + " inside of another split");
    return;
  }
  if (named.empty()) {
    check_unsplit(node, plain);
  } else if (others.empty()) {
    for (const std::string& name : named) add_split(name, node.folders.at(name));
  } else if (!(plain && classes_like_splits)) {  // else vehicles: bus, car, train
    refuse("has images both inside and outside of train, val and test folders: beside " + quoted(named[0]) + " lies " +
               quoted(others[0]) + (others.size() > 1 ? " and " + std::to_string(others.size() - 1) + " more" : ""),
           std::string("put all of them into such folders, or none: ") + known_layouts);
  }
}

HASSE_BODY void folder_layout::add_split(const std::string& name, const folder_node& folder) {
  const folder_split split = split_named(name);
  for (const auto& [other, found] : splits_)
    if (found.first == split) refuse("has two folders for the same split, " + quoted(other) + " and " + quoted(name), "keep one of them, or join them");
  const folder_node* node = &folder;
  std::size_t repeated = 0;
  for (;; ++repeated) {  // train/train/CLASS, as archives unpack
    if (node->images > 0) refuse_flat(name, *node);
    const auto used = node->used();
    if (used.size() != 1 || used[0].second->images > 0 || split_named(used[0].first) == folder_split::none) break;
    if (split_named(used[0].first) != split) refuse("has the split " + quoted(used[0].first) + " inside of " + quoted(name));
    node = used[0].second;
  }
  check_unread(*node);
  for (const auto& [below, inner] : node->used())
    if (split_named(below) != folder_split::none && inner->images == 0)
      refuse("has the split " + quoted(below) + " inside of " + quoted(name));
  splits_[name] = {split, repeated};
}

HASSE_BODY const folder_node& folder_layout::class_level(const std::string& name, const folder_node& folder) const {
  const folder_node* node = &folder;
  for (std::size_t i = 0; i < splits_.at(name).second; ++i) node = node->used()[0].second;
  return *node;
}

HASSE_BODY void folder_layout::check_unsplit(const folder_node& node, bool plain) const {
  const auto used = node.used();
  const auto direct = [](const auto& item) { return item.second->images > 0; };
  if (plain || std::any_of(used.begin(), used.end(), direct)) return;
  if (std::all_of(used.begin(), used.end(), [](const auto& item) { return resembles_split(item.first); }))
    refuse("has folders that may be splits, though " + quoted(used[0].first) + " is no name of one");
  std::vector<std::string> below;
  for (const auto& [name, folder] : used)
    for (const auto& [inner, ignored] : folder->used()) {
      if (split_named(inner) != folder_split::none)
        refuse("has the split " + quoted(inner) + " inside of " + quoted(name),
               std::string("name one data set, with the splits outside of the classes: ") + known_layouts);
      if (std::find(below.begin(), below.end(), inner) == below.end()) below.push_back(inner);
    }
  if (below.size() > 1)  // one name below all is images/ or the like
    refuse("has its images two folders deep, and whether " + quoted(used[0].first) + " or " + quoted(below[0]) +
               " is a class cannot be known",
           "put the class folders into one folder named train, and nothing else");
}

HASSE_BODY void folder_layout::check_class(const std::string& name, const folder_node& folder) {
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = utf8_length(name, i);
    if (length == 0 || static_cast<unsigned char>(name[i]) < 0x20 || name[i] == '\x7f')
      refuse("has the class folder " + quoted(name) + ", whose name has control characters or is not in UTF-8", "rename it");
    i += length;
  }
  nested_ += folder.all_images() - folder.images;
  check_inside(name, folder);
}

HASSE_BODY void folder_layout::check_inside(const std::string& name, const folder_node& folder) const {
  for (const auto& [inner, below] : folder.used()) {
    if (split_named(inner) != folder_split::none) refuse("has the split " + quoted(inner) + " inside of the class " + quoted(name));
    check_inside(name, *below);
  }
}

HASSE_BODY void folder_layout::report_empty(const folder_node& node, const std::string& above, data_description& about) const {
  for (const auto& [name, folder] : node.folders)
    if (folder.all_images() == 0)
      about.leave_out(as_empty, above + name);
    else
      report_empty(folder, above + name + "/", about);
}

}  // namespace detail

}  // namespace hasse
