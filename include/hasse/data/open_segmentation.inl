// The bodies of data/open_segmentation.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/limits.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/archive.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/detail/damage.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/detail/option_text.hpp>
#include <hasse/data/image_folder.hpp>
#include <hasse/data/layout.hpp>
#include <hasse/data/mask.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/data/open_detection.inl>
#include <hasse/data/open_segmentation.hpp>
#include <hasse/data/orientation.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/data/scenes.hpp>

namespace hasse {

namespace detail {
/// All options but the size, which a network says by its input.
template <class Options, class Visit>
  requires std::same_as<std::remove_const_t<Options>, segmentation_options>
void for_each_option(Options& options, const Visit& visit) {
  visit("seed", options.seed);
  visit("most_train", options.most_train);
  visit("most_validation", options.most_validation);
  visit("most_test", options.most_test);
  visit("scenes_train", options.scenes_train);
  visit("scenes_validation", options.scenes_validation);
  visit("scenes_test", options.scenes_test);
  visit("longest_side", options.longest_side);
  visit("classes", options.classes);
  visit("void_number", options.void_number);
  visit("drop_copies", options.drop_copies);
  visit("skip_damaged", options.skip_damaged);
}
}  // namespace detail

HASSE_BODY std::string to_text(const segmentation_options& options) { return detail::option_text(options); }

HASSE_BODY segmentation_options parse_segmentation_options(std::string_view text, int height, int width) {
  segmentation_options options{.height = height, .width = width};
  detail::read_options(text, options);
  return options;
}

namespace detail {
inline constexpr const char* found_turned_to_mask = "pictures that were turned upright, since their masks are for the upright picture";
inline constexpr const char* without_mask = "pictures without a mask";
inline constexpr const char* without_picture = "masks without a picture";
inline constexpr const char* names_remedy = "write a name on each line, at most 255 of them";
inline constexpr std::size_t most_name_bytes = 1 << 20;

inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The place of a name among the classes, which it joins where it is new.
inline std::uint8_t label_of(std::string_view name, std::vector<std::string>& classes, const std::string& where, std::size_t line) {
  const std::string said = "line " + std::to_string(line) + " ";
  if (name.empty() || name.size() > 200) throw file_error(where, said + "has no name, or one of more than 200 letters", names_remedy);
  if (name == "void") return void_label;
  const auto known = std::find(classes.begin(), classes.end(), name);
  if (known != classes.end()) return static_cast<std::uint8_t>(known - classes.begin());
  if (classes.size() == void_label) throw file_error(where, said + "would be class 256", names_remedy);
  classes.emplace_back(name);
  return static_cast<std::uint8_t>(classes.size() - 1);
}

/// The lines that are not empty, and their numbers from 1.
template <class Body>
void for_each_named_line(std::string_view text, const Body& body) {
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (!trimmed(line).empty()) body(trimmed(line), number);
  }
}
}  // namespace detail

HASSE_BODY mask_numbers parse_mask_classes(std::string_view text, const std::string& where) {
  mask_numbers made;
  detail::for_each_named_line(text, [&](std::string_view name, std::size_t line) {
    const auto number = static_cast<std::uint32_t>(line - 1);
    if (number != made.known.size()) throw file_error(where, "line " + std::to_string(made.known.size() + 1) + " is empty", "leave no line out: line n names number n, counted from 0");
    if (std::find(made.classes.begin(), made.classes.end(), name) != made.classes.end())
      throw file_error(where, "line " + std::to_string(line) + " names the class " + detail::in_quotes(name, 40) + " again", "give each class one line, or write ids.txt to join numbers");
    made.known.push_back({number, detail::label_of(name, made.classes, where, line)});
  });
  if (made.classes.empty()) throw file_error(where, "names no class", detail::names_remedy);
  return made;
}

HASSE_BODY mask_numbers parse_mask_ids(std::string_view text, const std::string& where) {
  mask_numbers made;
  detail::for_each_named_line(text, [&](std::string_view content, std::size_t line) {
    std::uint32_t number = 0;
    const auto [end, problem] = std::from_chars(content.data(), content.data() + content.size(), number);
    const std::string_view name = detail::trimmed(content.substr(static_cast<std::size_t>(end - content.data())));
    if (problem != std::errc() || number >= (1u << 24) || name.empty() || (*end != ' ' && *end != '\t'))
      throw file_error(where, "line " + std::to_string(line) + " is " + detail::in_quotes(content, 60) + ", not a number below 2^24 and a name", "write lines such as: 7 road");
    made.known.push_back({number, detail::label_of(name, made.classes, where, line)});
  });
  std::sort(made.known.begin(), made.known.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  for (std::size_t i = 1; i < made.known.size(); ++i)
    if (made.known[i - 1].number == made.known[i].number)
      throw file_error(where, "says twice what " + std::to_string(made.known[i].number) + " is", "give each number one line");
  if (made.classes.empty()) throw file_error(where, "names no class", "write lines such as: 7 road");
  return made;
}

namespace detail {
inline const std::vector<std::string>& camvid_classes() {
  static const std::vector<std::string> names{"sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"};
  return names;
}

/// A picture and its mask that were found and not read.
struct masked_picture {
  std::filesystem::path picture, mask;
  std::string name;
};
struct mask_listing {
  const char* layout = "";
  std::vector<masked_picture> train{}, validation{}, test{};
  data_description about{};

  std::vector<masked_picture>* of(folder_split split) {
    return split == folder_split::train ? &train : split == folder_split::validation ? &validation : split == folder_split::test ? &test : nullptr;
  }
  std::size_t size() const { return train.size() + validation.size() + test.size(); }
};

/// Pictures and masks of one name, up to the ending.
inline void pair_up(const std::filesystem::path& pictures, const std::filesystem::path& masks, std::vector<masked_picture>& to, data_description& about) {
  std::map<std::string, std::filesystem::path> by_stem;
  for (const auto& path : files_in(masks))
    if (!hidden_name(path.filename().string()) && ending_of(path.string()) == ".png") by_stem.emplace(path.stem().string(), path);
  for (const auto& path : files_in(pictures)) {
    if (hidden_name(path.filename().string()) || !named_as_image(path.string())) continue;
    const auto mask = by_stem.find(path.stem().string());
    if (mask == by_stem.end()) {
      about.leave_out(without_mask, path.filename().string());
      continue;
    }
    to.push_back({path, mask->second, path.stem().string()});
    by_stem.erase(mask);
  }
  for (const auto& [stem, path] : by_stem) about.leave_out(without_picture, path.filename().string());
}

/// A split per line of a list beside the folders: names with or without their endings.
inline void move_listed(const std::filesystem::path& list, std::vector<masked_picture>& from, std::vector<masked_picture>& to) {
  for_each_named_line(read_file(list, most_name_bytes), [&](std::string_view name, std::size_t line) {
    const std::string stem = std::filesystem::path(name).stem().string();
    const auto found = std::find_if(from.begin(), from.end(), [&](const masked_picture& each) { return each.name == stem; });
    if (found == from.end())
      throw file_error(printable(list.string()), "line " + std::to_string(line) + " names " + in_quotes(name, 60) + ", of which there is no picture with a mask, or which another line has named",
                       "list pictures that are there, each once");
    to.push_back(std::move(*found));
    from.erase(found);
  });
}

inline bool is_camvid(const std::filesystem::path& root) {
  for (const auto& path : entries_of(root))
    if (split_named(path.filename().string()) != folder_split::none && is_folder(path) && is_folder(path.string() + "annot")) return true;
  return false;
}
inline bool are_pairs(const std::filesystem::path& root) {
  if (is_folder(root / "images") && is_folder(root / "masks")) return true;
  for (const auto& path : entries_of(root))
    if (split_named(path.filename().string()) != folder_split::none && is_folder(path / "images") && is_folder(path / "masks")) return true;
  return false;
}

inline mask_listing list_camvid(const std::filesystem::path& root) {
  mask_listing made{.layout = "CamVid"};
  for (const auto& path : entries_of(root))
    if (auto* const to = made.of(split_named(path.filename().string())); to != nullptr && is_folder(path) && is_folder(path.string() + "annot"))
      pair_up(path, path.string() + "annot", *to, made.about);
  return made;
}

inline mask_listing list_pairs(const std::filesystem::path& root) {
  mask_listing made{.layout = "pairs of images and masks"};
  for (const auto& path : entries_of(root))  // SPLIT/images
    if (auto* const to = made.of(split_named(path.filename().string())); to != nullptr && is_folder(path / "images") && is_folder(path / "masks"))
      pair_up(path / "images", path / "masks", *to, made.about);
  if (!is_folder(root / "images") || !is_folder(root / "masks")) return made;
  for (const auto& path : entries_of(root / "images"))  // images/SPLIT
    if (auto* const to = made.of(split_named(path.filename().string())); to != nullptr && is_folder(path) && is_folder(root / "masks" / path.filename()))
      pair_up(path, root / "masks" / path.filename(), *to, made.about);
  std::vector<masked_picture> loose;
  pair_up(root / "images", root / "masks", loose, made.about);
  for (const auto& path : files_in(root))  // SPLIT.txt
    if (auto* const to = made.of(split_named(path.stem().string())); to != nullptr && ending_of(path.string()) == ".txt") move_listed(path, loose, *to);
  if (made.size() > 0) {
    for (const masked_picture& each : loose) made.about.leave_out("pictures that no list of a split names", each.name);
  } else {
    made.train = std::move(loose);
  }
  return made;
}

/// Goes down where a folder has nothing but one other, as archives unpack.
inline std::filesystem::path mask_root(std::filesystem::path root) {
  for (int depth = 0; depth < 3 && is_folder(root) && !is_camvid(root) && !are_pairs(root); ++depth) {
    std::vector<std::filesystem::path> below;
    for (const auto& path : entries_of(root))
      if (is_folder(path) && !hidden_name(path.filename().string())) below.push_back(path);
    if (below.size() != 1) break;
    root = below[0];
  }
  return root;
}

inline mask_numbers numbers_of(const std::filesystem::path& root, const segmentation_options& options, bool camvid) {
  mask_numbers made;
  if (is_file(root / "ids.txt")) {
    made = parse_mask_ids(read_file(root / "ids.txt", most_name_bytes), printable((root / "ids.txt").string()));
  } else if (options.classes.empty() && is_file(root / "classes.txt")) {
    made = parse_mask_classes(read_file(root / "classes.txt", most_name_bytes), printable((root / "classes.txt").string()));
  } else if (!options.classes.empty() || camvid) {
    std::string lines;
    for (const std::string& name : options.classes.empty() ? camvid_classes() : options.classes) lines += name + "\n";
    made = parse_mask_classes(lines, "the list of classes");
  }
  made.void_number = static_cast<std::uint32_t>(options.void_number != segmentation_options::void_of_layout ? options.void_number : camvid ? 11 : void_label);
  return made;
}

/// Reads pictures with their masks one after the other.
class masked_picture_reader {
 public:
  masked_picture_reader(const mask_numbers& numbers, const segmentation_options& options, data_description& about) : numbers_(numbers), options_(options), about_(about) {
    bytes_.fill(unknown);
    for (std::uint32_t number = 0; number < void_label; ++number)
      if (numbers.known.empty()) bytes_[number] = static_cast<std::uint16_t>(number);
    for (const mask_numbers::meaning& each : numbers.known)
      if (each.number < bytes_.size()) bytes_[each.number] = each.label;
    if (numbers.void_number < bytes_.size()) bytes_[numbers.void_number] = void_label;
  }

  labelled_picture read(const masked_picture& listed) {
    const std::string where = printable(listed.picture.string()), mask_where = printable(listed.mask.string());
    const std::string bytes = read_file(listed.picture, most_image_bytes);
    const decoded_mask mask = read_mask(read_file(listed.mask, most_image_bytes), mask_where);
    const int orientation = orientation_of(bytes);
    decoded_image image = decoder_.decode(bytes, where, false);
    const auto fits = [&] { return image.shape.h == mask.height && image.shape.w == mask.width; };
    if (!fits() && orientation != 1) {
      turn_upright(orientation, image.shape, image.pixels);
      if (fits()) about_.find(found_turned_to_mask, listed.name);
    }
    if (!fits())
      throw file_error(mask_where, "has " + std::to_string(mask.width) + " x " + std::to_string(mask.height) + " pixels, and its picture " + std::to_string(image.shape.w) + " x " + std::to_string(image.shape.h),
                       "give the mask that was made for this picture, in its size");
    if (const std::string_view kind = pixels_of(bytes); !kind.empty()) about_.find("pictures of " + std::string(kind) + ", which become 8-bit RGB", listed.name);
    labelled_picture picture{.name = listed.name, .height = mask.height, .width = mask.width, .file_height = mask.height, .file_width = mask.width, .pixels = {}, .objects = {}};
    image_fitter({image.shape.h, image.shape.w, 3}).append(image.pixels, image.shape, picture.pixels);
    picture.labels = labels_of(mask, mask_where);
    if (std::all_of(picture.labels.begin(), picture.labels.end(), [](std::uint8_t label) { return label == void_label; }))
      about_.find("pictures in which no pixel has a class", listed.name);
    make_smaller(picture);
    return picture;
  }

 private:
  static constexpr std::uint16_t unknown = 256;

  std::vector<std::uint8_t> labels_of(const decoded_mask& mask, const std::string& where) const {
    if (mask.coloured && numbers_.known.empty())
      throw file_error(where, "is a coloured picture, and what its colours mean is not said", "give grey or indexed masks, or write ids.txt with R + 256 G + 65536 B of each colour");
    std::vector<std::uint8_t> labels(mask.numbers.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::uint32_t number = mask.numbers[i];
      const std::uint16_t label = number < bytes_.size() ? bytes_[number] : label_of_large(number);
      if (label == unknown) {
        const auto width = static_cast<std::size_t>(mask.width);
        throw file_error(where, "has the number " + std::to_string(number) + " in column " + std::to_string(i % width) + " of row " + std::to_string(i / width) + ", which is no class: " + known_text(),
                         "name all classes (classes.txt or ids.txt beside the folders, or --classes), or say which number is void (--void)");
      }
      labels[i] = static_cast<std::uint8_t>(label);
    }
    return labels;
  }
  std::uint16_t label_of_large(std::uint32_t number) const {
    const auto at = std::lower_bound(numbers_.known.begin(), numbers_.known.end(), number, [](const auto& each, std::uint32_t wanted) { return each.number < wanted; });
    if (at != numbers_.known.end() && at->number == number) return at->label;
    return number == numbers_.void_number ? std::uint16_t{void_label} : unknown;
  }
  std::string known_text() const {
    const std::string is_void = std::to_string(numbers_.void_number) + " is void";
    if (numbers_.known.empty()) return "0 to 254 are classes, and " + is_void;
    return std::to_string(numbers_.classes.size()) + " are named, of the numbers " + std::to_string(numbers_.known.front().number) + " to " + std::to_string(numbers_.known.back().number) + ", and " + is_void;
  }

  /// To the size that memory is to be spent on: pixels averaged, labels picked.
  void make_smaller(labelled_picture& picture) const {
    const int height = picture.height, width = picture.width;
    shrink(picture, options_.longest_side);
    if (picture.height == height && picture.width == width) return;
    std::vector<std::uint8_t> smaller;
    for (std::int64_t y = 0; y < picture.height; ++y)
      for (std::int64_t x = 0; x < picture.width; ++x)
        smaller.push_back(picture.labels[static_cast<std::size_t>((2 * y + 1) * height / (2 * picture.height) * width + (2 * x + 1) * width / (2 * picture.width))]);
    picture.labels = std::move(smaller);
    picture.file_height = picture.height, picture.file_width = picture.width;  // judged as small as they are
    about_.find("pictures that were made smaller, and are judged in that size", picture.name);
  }

  const mask_numbers& numbers_;
  const segmentation_options& options_;
  data_description& about_;
  image_decoder decoder_;
  std::array<std::uint16_t, 256> bytes_{};
};

inline detection_splits read_masked(mask_listing listing, mask_numbers numbers, const std::string& place, const segmentation_options& options, const progress_sink& progress) {
  if (listing.train.empty())
    throw file_error(printable(place), "has no training picture with a mask" + left_instead(listing.about), "put PNG masks of the pictures' names beside them, as docs/how-to/own-masks.md shows");
  detection_set set;
  set.name = std::filesystem::path(place).lexically_normal().filename().string();
  set.height = options.height, set.width = options.width, set.fit = picture_fit::corner;
  detection_splits data{set, set, set, std::move(listing.about)};
  limit_pictures(listing.train, options.most_train, derive(options.seed, 1));
  limit_pictures(listing.validation, options.most_validation, derive(options.seed, 2));
  limit_pictures(listing.test, options.most_test, derive(options.seed, 3));
  data.about.notes.push_back(std::string("read as ") + listing.layout + ": " + std::to_string(listing.train.size()) + " training, " + std::to_string(listing.validation.size()) + " validation and " +
                             std::to_string(listing.test.size()) + " test pictures");
  masked_picture_reader reader(numbers, options, data.about);
  read_all<masked_picture>(data, {&listing.train, &listing.validation, &listing.test}, place, options.skip_damaged, progress, [&](const masked_picture& each) { return reader.read(each); });
  if (numbers.classes.empty()) {  // what is there
    int most = 0;
    for (const detection_set* each : {&data.train, &data.validation, &data.test})
      for (const labelled_picture& picture : each->pictures)
        for (const std::uint8_t label : picture.labels)
          if (label != void_label) most = std::max<int>(most, label);
    constexpr int most_unnamed = 64;
    if (most >= most_unnamed)
      throw file_error(printable(place), "has masks with numbers up to " + std::to_string(most) + ", and does not say which are classes", "write classes.txt or ids.txt beside the folders, or name them with --classes");
    for (int i = 0; i <= most; ++i) numbers.classes.push_back(std::to_string(i));
    data.about.notes.push_back("no file names the classes, so they are called by their numbers");
  }
  for (detection_set* each : {&data.train, &data.validation, &data.test}) {
    each->classes = numbers.classes;
    for (std::size_t i = 0; i < numbers.classes.size(); ++i) {
      const auto first = std::find_if(numbers.known.begin(), numbers.known.end(), [&](const auto& known) { return known.label == i; });
      each->class_ids.push_back(first == numbers.known.end() ? static_cast<std::int64_t>(i) : static_cast<std::int64_t>(first->number));
    }
  }
  return data;
}
}  // namespace detail

HASSE_BODY detection_splits open_segmentation(const std::string& uri, const segmentation_options& options, const progress_sink& progress) {
  if (options.height < 16 || options.width < 16 || options.height > 4096 || options.width > 4096)
    throw error("pictures of " + std::to_string(options.height) + " x " + std::to_string(options.width) + " cannot be had; ask for 16 to 4096 pixels a side");
  const std::size_t colon = uri.find(':');
  const std::string scheme = uri.substr(0, colon), rest = colon == std::string::npos ? std::string() : uri.substr(colon + 1);
  detection_splits data;
  if (scheme == "scenes") {
    data = detail::drawn_for(rest, options, true, progress);
    for (detection_set* set : {&data.train, &data.validation, &data.test}) set->fit = picture_fit::corner;
  } else if (scheme == "camvid" || scheme == "pairs" || scheme == "masks") {
    if (rest.empty()) throw error("the data " + detail::in_quotes(uri) + " name no place; write " + scheme + ":DIR");
    const std::filesystem::path root = detail::mask_root(rest);
    if (!detail::is_folder(root)) throw file_error(detail::printable(rest), "is no folder", "name the folder with the pictures and their masks");
    const bool camvid = scheme != "pairs" && detail::is_camvid(root), pairs = scheme != "camvid" && detail::are_pairs(root);
    if (!camvid && !pairs)
      throw file_error(detail::printable(rest), scheme == "camvid" ? "has no folders train and trainannot" : scheme == "pairs" ? "has no folders images and masks" : "is no set of pictures with masks that is known",
                       "name a folder with train and trainannot (CamVid), or one with images and masks");
    data = detail::read_masked(camvid ? detail::list_camvid(root) : detail::list_pairs(root), detail::numbers_of(root, options, camvid), rest, options, progress);
    detail::find_copies(data, options.drop_copies);
  } else {
    throw error("the data " + detail::in_quotes(uri) + " are of no known kind; write scenes, scenes:DIFFICULTY, camvid:DIR, pairs:DIR or masks:DIR");
  }
  detail::count_things(data);
  if (data.about.classes.empty() || std::all_of(data.about.classes.begin(), data.about.classes.end(), [](const class_count& each) { return each.train == 0; }))
    throw error("the data " + detail::in_quotes(uri) + " have " + std::to_string(data.train.size()) + " training pictures and no pixel of a class in any of them; check which number is void (--void)");
  const image_origin origin{uri, to_text(options), std::string(hex64(identity_of(data)).view())};
  for (detection_set* set : {&data.train, &data.validation, &data.test}) set->origin = origin;
  if (progress) progress({1, std::to_string(data.train.size()) + " training pictures are ready", 0});
  return data;
}

}  // namespace hasse
