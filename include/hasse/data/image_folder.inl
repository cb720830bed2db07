// The bodies of data/image_folder.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/data/image_folder.hpp>

namespace hasse {

HASSE_BODY std::string read_image(const listed_image& image) {
  return image.archive ? read_member(*image.archive, image.member, image.where) : read_file(image.where, most_image_bytes);
}

namespace detail {

HASSE_BODY bool named_as_archive(std::string_view name) {
  const std::string ending = ending_of(name);
  return ending == ".tar" || ending == ".tgz" || ending == ".zip" || (ending == ".gz" && ending_of(name.substr(0, name.size() - 3)) == ".tar");
}

HASSE_BODY folder_split split_of_archive(const std::string& name) {
  folder_split found = folder_split::none;
  for (const std::string& word : words_of(name.substr(0, name.find('.'))))
    if (const folder_split split = split_word(word); split != folder_split::none) {
      if (found != folder_split::none && found != split) return folder_split::none;
      found = split;
    }
  return found;
}

HASSE_BODY bool unclear_split(const std::string& name) {
  const std::string lower = lower_case(name);
  return split_of_archive(name) == folder_split::none && (lower.find("train") != lower.npos || lower.find("test") != lower.npos ||
                                                          lower.find("val") != lower.npos);
}

HASSE_BODY void archive_lister::list() {
  const file_kind kind = kind_of(archive_->read(0, kind_bytes));
  const std::string_view name = kind.name;
  if (name == "zip")
    list_zip();
  else if (name == "gzip" || name == "tar" || kind.use == file_use::other)  // the oldest tars have no mark
    list_tar(name == "gzip");
  else
    throw file_error(printable(where_), "is a file of the kind " + std::string(name) + " and no archive that is read",
                     "name a folder, a tar, a tar.gz or a zip; unpack other archives");
  for (const archive_member& member : members_)
    if (!member.path.empty()) take(member);
}

HASSE_BODY void archive_lister::list_zip() {
  walk_zip(*archive_, printable(where_), [&](archive_member member) { add(std::move(member)); },
           [&](const std::string& folder) { found_.layout.add_folder(folder); });
}

HASSE_BODY void archive_lister::list_tar(bool packed) {
  const std::string name = printable(where_);
  const std::unique_ptr<byte_stream> bytes = unpacked_stream(*archive_, name);
  const memory_limit memory = usable_memory();
  std::uint64_t kept = 0;
  walk_tar(
      *bytes, name, [&](const std::string&, std::uint64_t size) { return packed && size <= most_image_bytes ? size : 0; },
      [&](tar_entry entry) {
        if (entry.folder) return found_.layout.add_folder(entry.path);
        if (!entry.link.empty()) return link(std::move(entry));
        archive_member member{std::move(entry.path), entry.offset, entry.size};
        if (packed) {
          if (!is_image(member.path, entry.content)) {
            entry.content = entry.content.substr(0, kind_bytes);
          } else if (kept += entry.content.size(); kept > memory.bytes / 2) {
            throw file_error(name, "unpacks to more than half of the " + std::to_string(memory.bytes >> 20) + " MiB of memory " + memory.reason,
                             "unpack it and name the folder or the tar");
          }
          if (entry.size <= most_image_bytes) member.content = std::make_shared<const std::string>(std::move(entry.content));
        }
        add(std::move(member));
      });
}

HASSE_BODY bool archive_lister::is_image(const std::string& path, std::string_view content) {
  return named_as_image(path) || kind_of(content).use == file_use::image;
}

HASSE_BODY void archive_lister::add(archive_member member) {
  if (hidden_path(member.path)) return about_.leave_out(as_hidden, member.path);
  const auto [known, fresh] = places_.try_emplace(normal(member.path), members_.size());
  if (!fresh) {
    about_.leave_out(as_replaced, member.path);
    members_[known->second].path.clear();
    known->second = members_.size();
  }
  members_.push_back(std::move(member));
}

HASSE_BODY void archive_lister::link(tar_entry entry) {
  if (hidden_path(entry.path)) return about_.leave_out(as_hidden, entry.path);
  const auto known = places_.find(normal(entry.link));
  if (known == places_.end())
    throw file_error(printable(where_), "has the member '" + printable(clipped(entry.path)) + "', a link to '" + printable(clipped(entry.link)) + "', which does not come before it",
                     "make the archive anew, as a tar of regular files, or unpack it and name the folder");
  archive_member member = members_[known->second];
  member.path = std::move(entry.path);
  add(std::move(member));
}

HASSE_BODY std::string archive_lister::normal(std::string_view path) {
  std::string result;
  for (const std::string& part : path_parts(path)) result += '/' + part;
  return result;
}

HASSE_BODY void archive_lister::take(const archive_member& member) {
  const auto first_bytes = [&] {
    if (member.content || !member.deflated) return member.content ? *member.content : archive_->read(member.offset, static_cast<std::size_t>(std::min<std::uint64_t>(member.size, kind_bytes)));
    return member.unpacked > most_image_bytes ? std::string() : read_member(*archive_, member, printable(where_ + ":" + clipped(member.path)));
  };
  found_.take(member.path, {printable(where_ + ":" + clipped(member.path)), archive_, member}, first_bytes, number_, about_);
}

HASSE_BODY void take_folder(const std::filesystem::path& root, found_images& found, std::size_t& number, data_description& about) {
  folder_walk walk(root);
  folder_tree tree = walk.take();
  about = std::move(tree.about);
  for (const auto& path : tree.folders) found.layout.add_folder(path.lexically_relative(root).string());
  for (const auto& path : tree.files)
    if (named_as_archive(path.string()))
      found.archives.push_back(path);
    else
      found.take(path.lexically_relative(root).string(), {path.string()}, [&] { return first_bytes_of(path); }, number, about);
}

HASSE_BODY void place_images(found_images found, folder_split otherwise, std::vector<placed_image>& placed, data_description& about) {
  found.layout.resolve(about);
  for (auto& [path, image, number] : found.images) {
    placed.push_back({found.layout.place(path), std::move(image), number});
    if (placed.back().place.split == folder_split::none) placed.back().place.split = otherwise;
  }
}

HASSE_BODY std::string left_instead(const data_description& about) {
  std::string instead;
  for (const left_out_files& each : about.left_out)
    instead += (instead.empty() ? " (but " : ", ") + std::to_string(each.count) + " " + each.why;
  return instead.empty() ? "" : instead + ")";
}

HASSE_BODY void sort_images(std::vector<placed_image> images, const std::string& root, folder_listing& listing) {
  if (images.empty())
    throw file_error(root, "holds no image that is read" + left_instead(listing.about),
                     "name a folder, a tar or a zip of JPEG, PNG" + std::string(webp_is_read ? ", WebP" : "") +
                         " or BMP images as CLASS/IMAGE or SPLIT/CLASS/IMAGE");
  std::sort(images.begin(), images.end(), [](const placed_image& a, const placed_image& b) { return a.number < b.number; });
  std::map<std::string, std::size_t> classes;
  bool any_split = false, any_plain = false;
  for (const placed_image& image : images) {
    classes[image.place.class_name] = 0;
    (image.place.split == folder_split::none ? any_plain : any_split) = true;
  }
  if (any_split && any_plain)
    throw file_error(root, "has images both inside and outside of train, val and test folders",
                     "put all of them into such folders, or none");
  if (classes.size() > 65535)
    throw file_error(root, "has " + std::to_string(classes.size()) + " class folders, more than 65535",
                     "check the layout SPLIT/CLASS/IMAGE");
  for (auto& [name, label] : classes) {
    label = listing.classes.size();
    listing.classes.push_back(name);
  }
  std::vector<bool> trained(classes.size());
  for (placed_image& image : images) {
    image.image.label = static_cast<std::uint16_t>(classes[image.place.class_name]);
    const folder_split split = image.place.split;
    const bool for_training = split == folder_split::train || split == folder_split::none;
    if (for_training) trained[image.image.label] = true;
    (for_training ? listing.train : split == folder_split::validation ? listing.validation : listing.test).push_back(std::move(image.image));
  }
  if (const auto missing = std::find(trained.begin(), trained.end(), false); missing != trained.end())
    throw file_error(
        root, "has no training image of the class '" + listing.classes[static_cast<std::size_t>(missing - trained.begin())] + "'",
        "add some, or take the class out of the other splits");
}

}  // namespace detail

HASSE_BODY folder_listing list_archive(std::shared_ptr<const byte_source> archive, const std::string& where) {
  detail::found_images found(where);
  folder_listing listing;
  std::size_t number = 0;
  detail::archive_lister(std::move(archive), where, found, number, listing.about).list();
  std::vector<detail::placed_image> placed;
  detail::place_images(std::move(found), detail::split_of_archive(std::filesystem::path(where).filename().string()), placed, listing.about);
  detail::sort_images(std::move(placed), detail::printable(where), listing);
  return listing;
}

HASSE_BODY folder_listing list_folder(const std::filesystem::path& root) {
  folder_listing listing;
  std::vector<detail::placed_image> placed;
  std::vector<std::filesystem::path> archives;
  std::size_t number = 0;
  std::error_code missing;
  if (std::filesystem::is_directory(root, missing)) {
    detail::found_images found(root.string());
    detail::take_folder(root, found, number, listing.about);
    if (found.images.empty())
      for (const auto& path : found.archives)
        if (path.parent_path() == root / "" || path.parent_path() == root) archives.push_back(path);
    for (const auto& path : found.archives)
      if (std::find(archives.begin(), archives.end(), path) == archives.end())
        listing.about.leave_out(detail::as_archive, path.lexically_relative(root).string());
    if (archives.empty()) detail::place_images(std::move(found), folder_split::none, placed, listing.about);
  } else {
    archives.push_back(root);
  }
  std::array<std::unique_ptr<detail::found_images>, 4> groups;  // of archives, by the split that their names say
  for (const auto& archive : archives) {
    const std::string name = archive.filename().string();
    if (archives.size() > 1 && detail::unclear_split(name))
      throw file_error(detail::printable(archive.string()), "may be a split by its name, or not",
                       "set the word apart, as in my-train.tar and my-test.tar");
    auto& group = groups[static_cast<std::size_t>(detail::split_of_archive(name))];
    if (!group) group = std::make_unique<detail::found_images>(root.string());
    detail::archive_lister(std::make_shared<const file_source>(archive), archive.string(), *group, number, listing.about).list();
  }
  for (std::size_t split = 0; split < groups.size(); ++split)
    if (groups[split]) detail::place_images(std::move(*groups[split]), static_cast<folder_split>(split), placed, listing.about);
  detail::sort_images(std::move(placed), detail::printable(root.string()), listing);
  return listing;
}

}  // namespace hasse
