// The bodies of data/open_detection.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/limits.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/archive.hpp>
#include <hasse/data/coco.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/detail/damage.hpp>
#include <hasse/data/detail/folder.hpp>
#include <hasse/data/detail/option_text.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/data/orientation.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/data/scenes.hpp>
#include <hasse/data/voc.hpp>
#include <hasse/data/yolo.hpp>

namespace hasse {

namespace detail {
/// All options but the size, which a network says by its input.
template <class Options, class Visit>
  requires std::same_as<std::remove_const_t<Options>, detection_options>
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
  visit("pictures", options.pictures);
  visit("trust_pictures", options.trust_pictures);
  visit("drop_copies", options.drop_copies);
  visit("skip_damaged", options.skip_damaged);
}
}  // namespace detail

HASSE_BODY std::string to_text(const detection_options& options) { return detail::option_text(options); }

HASSE_BODY detection_options parse_detection_options(std::string_view text, int height, int width) {
  detection_options options{.height = height, .width = width};
  detail::read_options(text, options);
  return options;
}

namespace detail {
/// Turns a picture and what is in it to the size that memory is to be spent on.
inline void shrink(labelled_picture& picture, int longest_side) {
  const int longest = std::max(picture.height, picture.width);
  if (longest_side <= 0 || longest <= longest_side) return;
  const auto side = [&](int from) { return std::max(1, static_cast<int>((2 * std::int64_t{from} * longest_side + longest) / (2 * longest))); };
  const int height = side(picture.height), width = side(picture.width);
  std::vector<std::uint8_t> smaller;
  image_fitter({height, width, 3}).append(picture.pixels, {picture.height, picture.width, 3}, smaller);
  const double across = static_cast<double>(width) / picture.width, down = static_cast<double>(height) / picture.height;
  for (labelled_object& object : picture.objects) {
    object.place = {object.place.x0 * across, object.place.y0 * down, object.place.x1 * across, object.place.y1 * down};
    object.area *= across * down;
    for (keypoint& joint : object.joints) joint.x *= across, joint.y *= down;
  }
  picture.pixels = std::move(smaller);
  picture.height = height, picture.width = width;
}

/// Decodes listed pictures one after the other.
class picture_reader {
 public:
  picture_reader(detection_layout layout, const detection_options& options, data_description& about) : layout_(layout), options_(options), about_(about) {}

  labelled_picture read(const listed_picture& listed) {
    const std::string where = printable(listed.file.string());
    const std::string bytes = read_file(listed.file, most_image_bytes);
    const int orientation = orientation_of(bytes);
    decoded_image image = decoder_.decode(bytes, where, false);
    const int stored_height = image.shape.h, stored_width = image.shape.w;
    const bool transposed = orientation >= 5;
    const bool says_stored = listed.height == stored_height && listed.width == stored_width;
    const bool says_turned = listed.height == (transposed ? stored_width : stored_height) && listed.width == (transposed ? stored_height : stored_width);
    if (orientation != 1) {
      const bool turn = says_stored == says_turned ? layout_ == detection_layout::yolo : says_turned;
      about_.find(turn ? found_turned : found_unturned, listed.name);
      if (turn) turn_upright(orientation, image.shape, image.pixels);
    }
    if (listed.height != 0 && listed.width != 0 && !says_stored && !says_turned) {
      if (layout_ == detection_layout::coco && !options_.trust_pictures)
        throw file_error(where, "has " + std::to_string(stored_width) + " x " + std::to_string(stored_height) + " pixels, and its file of annotations says " +
                                    std::to_string(listed.width) + " x " + std::to_string(listed.height),
                         "find the picture that was annotated, or trust the pictures (--trust-pictures)");
      about_.find(found_other_size, listed.name);
    }
    if (const std::string_view kind = pixels_of(bytes); !kind.empty()) about_.find("pictures of " + std::string(kind) + ", which become 8-bit RGB", listed.name);
    labelled_picture picture{listed.name, listed.id, image.shape.h, image.shape.w, image.shape.h, image.shape.w, {}, {}};
    image_fitter({image.shape.h, image.shape.w, 3}).append(image.pixels, image.shape, picture.pixels);
    picture.objects = objects_in(listed, layout_ == detection_layout::yolo, picture.height, picture.width, about_);
    if (picture.objects.empty()) about_.find(found_empty, listed.name);
    shrink(picture, options_.longest_side);
    return picture;
  }

 private:
  detection_layout layout_;
  const detection_options& options_;
  data_description& about_;
  image_decoder decoder_;
};

/// Keeps some of a split, by seed, in their order.
template <class Picture>
void limit_pictures(std::vector<Picture>& pictures, std::size_t most, std::uint64_t seed) {
  if (most == 0 || most >= pictures.size()) return;
  std::vector<std::size_t> order(pictures.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random_source random(seed);
  shuffle(order.begin(), order.end(), random);
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most));
  std::vector<Picture> kept;
  for (std::size_t i = 0; i < most; ++i) kept.push_back(std::move(pictures[order[i]]));
  pictures = std::move(kept);
}

/// Finds pictures that are there twice, pixel by pixel; those of the training pictures that are among the others can be dropped.
inline void find_copies(detection_splits& data, bool drop) {
  struct seen_picture {
    const labelled_picture* picture;
    const char* split;
  };
  std::unordered_multimap<std::uint64_t, seen_picture> seen;
  const auto copy_of = [&](const labelled_picture& picture, std::uint64_t hash) -> const seen_picture* {
    for (auto [at, end] = seen.equal_range(hash); at != end; ++at)
      if (at->second.picture->width == picture.width && at->second.picture->pixels == picture.pixels) return &at->second;
    return nullptr;
  };
  std::vector<bool> dropped(data.train.size());
  // The training pictures last, so that they are told of the others.
  for (const auto& [set, split] : {std::pair{&data.test, "test"}, {&data.validation, "validation"}, {&data.train, "training"}})
    for (std::size_t i = 0; i < set->size(); ++i) {
      const labelled_picture& picture = set->pictures[i];
      const std::uint64_t hash = fnv1a({reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size()});
      const seen_picture* other = copy_of(picture, hash);
      if (other == nullptr) {
        seen.emplace(hash, seen_picture{&picture, split});
        continue;
      }
      const std::string names = picture.name + " = " + other->picture->name;
      if (std::string_view(split) == other->split) {
        data.about.find(std::string("pictures that are twice among the ") + split + " pictures", names);
      } else if (set == &data.train && drop) {
        dropped[i] = true;
        data.about.leave_out(std::string("training pictures that are also among the ") + other->split + " pictures", names);
      } else {
        data.about.find(std::string(split) + " pictures that are also among the " + other->split + " pictures", names);
      }
    }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < dropped.size(); ++i)
    if (!dropped[i]) {
      if (kept != i) data.train.pictures[kept] = std::move(data.train.pictures[i]);
      ++kept;
    }
  data.train.pictures.resize(kept);
}

/// The counts of the classes where pixels have them: of pictures with the class; and what shares of the training pixels they have.
inline void count_labels(detection_splits& data) {
  std::vector<std::size_t> pixels(256);
  for (const auto& [set, count] : {std::pair{&data.train, &class_count::train}, {&data.validation, &class_count::validation}, {&data.test, &class_count::test}})
    for (const labelled_picture& picture : set->pictures) {
      std::vector<std::size_t> own(256);
      for (const std::uint8_t label : picture.labels) ++own[label];
      for (std::size_t label = 0; label < data.about.classes.size(); ++label) data.about.classes[label].*count += own[label] > 0 ? 1 : 0;
      if (set == &data.train)
        for (std::size_t label = 0; label < own.size(); ++label) pixels[label] += own[label];
    }
  const double all = static_cast<double>(std::accumulate(pixels.begin(), pixels.end(), std::size_t{0}));
  const auto share = [&](const std::string& name, std::size_t label) {
    char text[32];
    std::snprintf(text, sizeof text, " %.2f %%", 100 * static_cast<double>(pixels[label]) / std::max(all, 1.0));
    return name + text;
  };
  std::vector<std::string> shares;
  for (std::size_t label = 0; label < data.about.classes.size(); ++label) shares.push_back(share(data.about.classes[label].name, label));
  data.about.notes.push_back("of the training pixels: " + shortened(shares, shares.size(), 24) + "; " + share("void", void_label));
}

/// The counts of the classes: of objects, or of pictures where pixels have them.
inline void count_things(detection_splits& data) {
  const bool labelled = !data.train.pictures.empty() && !data.train.pictures[0].labels.empty();
  data.about.objects = !labelled;
  data.about.classes.clear();
  for (const std::string& name : data.train.classes) data.about.classes.push_back({printable(name)});
  if (labelled) count_labels(data);
  for (const auto& [set, count] : {std::pair{&data.train, &class_count::train}, {&data.validation, &class_count::validation}, {&data.test, &class_count::test}})
    for (const labelled_picture& picture : set->pictures)
      for (const labelled_object& object : picture.objects) ++(data.about.classes[static_cast<std::size_t>(object.kind)].*count);
  std::vector<std::string> untrained;
  for (const class_count& each : data.about.classes)
    if (each.train == 0) untrained.push_back(each.name);
  if (!untrained.empty()) data.about.notes.push_back(std::string("no training picture has ") + (labelled ? "a pixel" : "an object") + " of the class " + shortened(untrained, untrained.size()));
}

/// Reads what three lists of pictures name into the splits, as far as memory allows.
template <class Listed, class Read>
void read_all(detection_splits& data, const std::array<std::vector<Listed>*, 3>& lists, const std::string& place, bool skip_damaged, const progress_sink& progress, const Read& read) {
  const std::size_t total = lists[0]->size() + lists[1]->size() + lists[2]->size();
  damage damaged;
  remaining_time left;
  std::size_t done = 0, bytes = 0, next_check = 16;
  for (const auto& [from, to] : {std::pair{lists[0], &data.train}, {lists[1], &data.validation}, {lists[2], &data.test}}) {
    to->pictures.reserve(from->size());
    for (const Listed& listed : *from) {
      if (progress && done % 64 == 0) progress({static_cast<double>(done) / static_cast<double>(total), "decoding pictures", left(static_cast<double>(done) / static_cast<double>(total))});
      ++done;
      try {
        to->pictures.push_back(read(listed));
        bytes += to->pictures.back().pixels.size() + to->pictures.back().labels.size();
      } catch (const error& problem) {
        damaged.add(problem);
        if (skip_damaged) data.about.leave_out("damaged images", listed.name);
      }
      if (done == next_check) {  // what is left will be as what was read
        next_check *= 2;
        require_memory(static_cast<std::uint64_t>(static_cast<double>(bytes) / static_cast<double>(done) * 1.25 * static_cast<double>(total - done)),
                       "the " + std::to_string(total - done) + " pictures of " + printable(place) + " that are not read yet",
                       "limit their number (--train-images), or have them made smaller (--longest-side)");
      }
    }
  }
  if (damaged.count() > 0 && !skip_damaged) damaged.refuse(printable(place), total);
}

/// Scenes as the options of a set ask for them.
template <class Options>
detection_splits drawn_for(const std::string& difficulty, const Options& options, bool labels, const progress_sink& progress) {
  scene_options drawn{options.height, options.width, 0.5, options.seed};
  drawn.labels = labels;
  if (!difficulty.empty()) {
    const auto [end, problem] = std::from_chars(difficulty.data(), difficulty.data() + difficulty.size(), drawn.difficulty);
    if (problem != std::errc() || end != difficulty.data() + difficulty.size())
      throw error("the difficulty " + in_quotes(difficulty) + " is not a number; write scenes or, for instance, scenes:0.7");
  }
  const auto limited = [](int count, std::size_t most) { return most != 0 && std::cmp_less(most, count) ? static_cast<int>(most) : count; };
  drawn.train = limited(options.scenes_train, options.most_train);
  drawn.validation = limited(options.scenes_validation, options.most_validation);
  drawn.test = limited(options.scenes_test, options.most_test);
  const std::uint64_t count = static_cast<std::uint64_t>(drawn.train) + static_cast<std::uint64_t>(drawn.validation) + static_cast<std::uint64_t>(drawn.test);
  require_memory(count * static_cast<std::uint64_t>(options.height) * static_cast<std::uint64_t>(options.width) * (labels ? 4 : 3), std::to_string(count) + " scenes",
                 "ask for fewer or smaller ones");
  return draw_scenes(drawn, progress);
}

inline detection_splits read_listing(detection_listing listing, const std::string& place, const detection_options& options, const progress_sink& progress) {
  detection_set set;
  set.name = std::filesystem::path(place).lexically_normal().filename().string();
  set.height = options.height, set.width = options.width;
  set.classes = std::move(listing.classes), set.class_ids = std::move(listing.class_ids);
  set.mirrored_joints = std::move(listing.mirrored_joints), set.mirrored_alike = listing.mirrored_alike;
  detection_splits data{set, set, set, std::move(listing.about)};
  limit_pictures(listing.train, options.most_train, derive(options.seed, 1));
  limit_pictures(listing.validation, options.most_validation, derive(options.seed, 2));
  limit_pictures(listing.test, options.most_test, derive(options.seed, 3));
  const char* layout = listing.layout == detection_layout::voc ? "Pascal VOC" : listing.layout == detection_layout::coco ? "COCO" : "YOLO";
  data.about.notes.push_back(std::string("read as ") + layout + ": " + std::to_string(listing.train.size()) + " training, " + std::to_string(listing.validation.size()) +
                             " validation and " + std::to_string(listing.test.size()) + " test pictures");
  picture_reader reader(listing.layout, options, data.about);
  read_all<listed_picture>(data, {&listing.train, &listing.validation, &listing.test}, place, options.skip_damaged, progress, [&](const listed_picture& each) { return reader.read(each); });
  return data;
}

/// Goes down where a folder has nothing but one other, as archives unpack: VOCdevkit/VOC2007.
inline std::filesystem::path voc_root(std::filesystem::path root) {
  for (int depth = 0; depth < 3 && is_folder(root) && !is_folder(root / "Annotations"); ++depth) {
    std::vector<std::filesystem::path> below;
    for (const auto& path : entries_of(root))
      if (is_folder(path) && !hidden_name(path.filename().string())) below.push_back(path);
    if (below.size() != 1) break;
    root = below[0];
  }
  return root;
}

inline bool is_yolo(const std::filesystem::path& place) {
  const std::string ending = ending_of(place.string());
  if (!is_folder(place)) return ending == ".yaml" || ending == ".yml";
  for (const char* name : {"data.yaml", "data.yml", "dataset.yaml"})
    if (is_file(place / name)) return true;
  if (is_folder(place / "images") && is_folder(place / "labels")) return true;
  for (const auto& below : entries_of(place))
    if (split_named(below.filename().string()) != folder_split::none && is_folder(below / "images") && is_folder(below / "labels")) return true;
  return false;
}
}  // namespace detail

HASSE_BODY detection_listing list_detection(const std::string& place, const detection_options& options) {
  if (const auto root = detail::voc_root(place); detail::is_folder(root / "Annotations")) return list_voc(root, options.classes);
  if (detail::is_yolo(place)) return list_yolo(place, options.classes);
  if (!file_exists(place)) throw file_error(detail::printable(place), "is not there", "check the path");
  bool coco = !detail::is_folder(place) && is_coco(place);
  if (detail::is_folder(place)) {
    std::vector<std::filesystem::path> entries = detail::entries_of(place);
    for (const auto& path : std::vector(entries))
      if (detail::is_folder(path)) std::ranges::copy(detail::entries_of(path), std::back_inserter(entries));
    coco = std::ranges::any_of(entries, [](const auto& path) { return detail::ending_of(path.string()) == ".json" && detail::is_file(path) && is_coco(path); });
  }
  if (!coco)
    throw file_error(detail::printable(place), "is no set of pictures with boxes that is known",
                     "name a folder with Annotations and JPEGImages (Pascal VOC), a JSON with \"annotations\" (COCO), data.yaml, or images and labels (YOLO)");
  return list_coco(place, options.pictures);
}

HASSE_BODY detection_splits open_detection(const std::string& uri, const detection_options& options, const progress_sink& progress) {
  if (options.height < 16 || options.width < 16 || options.height > 4096 || options.width > 4096)
    throw error("pictures of " + std::to_string(options.height) + " x " + std::to_string(options.width) + " cannot be had; ask for 16 to 4096 pixels a side");
  const std::size_t colon = uri.find(':');
  const std::string scheme = uri.substr(0, colon), rest = colon == std::string::npos ? std::string() : uri.substr(colon + 1);
  detection_splits data;
  if (scheme == "scenes") {
    data = detail::drawn_for(rest, options, false, progress);
  } else if (scheme == "voc" || scheme == "coco" || scheme == "yolo" || scheme == "boxes") {
    if (rest.empty()) throw error("the data " + detail::in_quotes(uri) + " name no place; write " + scheme + ":DIR");
    const auto root = detail::voc_root(rest);
    if (scheme == "voc" && !detail::is_folder(root / "Annotations"))
      throw file_error(detail::printable(rest), "has no Annotations", "name the folder of Pascal VOC that holds Annotations, JPEGImages and ImageSets");
    data = detail::read_listing(scheme == "voc"    ? list_voc(root, options.classes)
                                : scheme == "coco" ? list_coco(rest, options.pictures)
                                : scheme == "yolo" ? list_yolo(rest, options.classes)
                                                   : list_detection(rest, options),
                                rest, options, progress);
    detail::find_copies(data, options.drop_copies);
  } else {
    throw error("the data " + detail::in_quotes(uri) +
                " are of no known kind; write scenes, scenes:DIFFICULTY, voc:DIR, coco:DIR_OR_FILE, yolo:DIR_OR_FILE or boxes:DIR_OR_FILE");
  }
  detail::count_things(data);
  std::size_t most = 0;
  for (const labelled_picture& picture : data.train.pictures) most = std::max(most, picture.objects.size());
  data.about.notes.push_back("a training picture has up to " + std::to_string(most) + (most == 1 ? " object" : " objects"));
  if (most == 0)
    throw error("the data " + detail::in_quotes(uri) + " have " + std::to_string(data.train.size()) +
                " training pictures and no object in any of them; check that annotations and pictures belong together");
  const image_origin origin{uri, to_text(options), std::string(hex64(identity_of(data)).view())};
  for (detection_set* set : {&data.train, &data.validation, &data.test}) set->origin = origin;
  if (progress) progress({1, std::to_string(data.train.size()) + " training pictures are ready", 0});
  return data;
}

HASSE_BODY void cut_for_search(detection_splits& data) {
  if (data.test.size() == 0 && data.validation.size() > 0) {
    data.test = std::exchange(data.validation, without_pictures(data.validation));
    data.about.notes.push_back("the search is judged by every fifth training picture; the validation pictures are kept for the end");
  }
  if (data.test.size() == 0) data.test = hold_out_fifth(data.train), data.about.test_cut = true;
  if (data.validation.size() == 0) data.validation = hold_out_fifth(data.train), data.about.validation_cut = true;
  for (const auto& [set, what] : {std::pair{&data.train, "training"}, {&data.validation, "validation"}, {&data.test, "test"}})
    if (set->size() == 0) throw error("the set '" + set->name + "' leaves no " + what + " pictures for a search; add pictures");
  detail::count_things(data);
}

}  // namespace hasse
