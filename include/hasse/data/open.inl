// The bodies of data/open.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
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
#include <hasse/data/cifar10.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/detail/damage.hpp>
#include <hasse/data/detail/option_text.hpp>
#include <hasse/data/idx.hpp>
#include <hasse/data/image_folder.hpp>
#include <hasse/data/open.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/data/synthetic.hpp>

namespace hasse {

namespace detail {
/// All options but those that make the shape. `fit` goes without saying where it is the usual one, as in files that were written before there was
/// another.
template <class Options, class Visit>
  requires std::same_as<std::remove_const_t<Options>, data_options>
void for_each_option(Options& options, const Visit& visit) {
  visit("seed", options.seed);
  visit("validation_share", options.validation_share);
  visit("most_train", options.most_train);
  visit("most_validation", options.most_validation);
  visit("most_test", options.most_test);
  visit("synthetic_train", options.synthetic_train);
  visit("synthetic_validation", options.synthetic_validation);
  visit("synthetic_test", options.synthetic_test);
  visit("skip_damaged", options.skip_damaged);
  std::string fit(to_text(options.fit));
  if (!std::is_const_v<Options> || options.fit != image_fit::stretch) visit("fit", fit);
  if constexpr (!std::is_const_v<Options>) options.fit = parse_image_fit(fit, "the fit of the images");
}
}  // namespace detail

HASSE_BODY std::string to_text(const data_options& options) { return detail::option_text(options); }

HASSE_BODY data_options parse_data_options(std::string_view text, feature_shape wanted) {
  data_options options{.wanted = wanted};
  detail::read_options(text, options);
  return options;
}

namespace detail {
enum data_purpose : std::uint64_t { cut_validation = 1, cut_test, limit_train, limit_validation, limit_test };

inline void convert(image_set& set, feature_shape wanted, image_fit fit) {
  if (set.shape() == wanted) return;
  image_fitter fitter(wanted, fit);
  image_set result = empty_images(set.name, wanted, set.classes);
  result.mirrored_alike = set.mirrored_alike;
  result.pixels.reserve(set.size() * result.image_bytes());
  for (std::size_t i = 0; i < set.size(); ++i) fitter.append(set.image(i), set.shape(), result.pixels);
  result.labels = std::move(set.labels);
  set = std::move(result);
}

/// Whether images that all have this size keep it.
inline bool keeps_shape(feature_shape shape, const data_options& options) {
  return options.keep_from > 0 && std::min(shape.h, shape.w) >= options.keep_from && shape.h <= options.wanted.h && shape.w <= options.wanted.w;
}

/// One channel for all splits, where no pixel of any has a colour. (Three equal channels and their luma are the same numbers.)
inline void drop_colours(splits& data) {
  const auto is_grey = [](const image_set& set) {
    if (set.channels != 3) return false;
    for (std::size_t i = 0; i < set.pixels.size(); i += 3)
      if (set.pixels[i] != set.pixels[i + 1] || set.pixels[i] != set.pixels[i + 2]) return false;
    return true;
  };
  if (!is_grey(data.train) || !is_grey(data.validation) || !is_grey(data.test)) return;
  for (image_set* set : {&data.train, &data.validation, &data.test}) convert(*set, {set->height, set->width, 1}, image_fit::stretch);
}

HASSE_BODY void check_memory(const std::string& place, std::size_t images, feature_shape shape, const std::filesystem::path& root) {
  const double need = static_cast<double>(images) * static_cast<double>(shape.size());
  const memory_limit has = usable_memory(root);
  if (need > 0.8 * static_cast<double>(has.bytes))
    throw file_error(place,
                     "needs " + std::to_string(static_cast<std::int64_t>(need / 1e6)) + " MB of memory as " +
                         std::to_string(images) + " images, more than can be spared of " + mebibytes(has.bytes) + " (" + has.reason + ")",
                     "limit the number of images or ask for smaller ones");
}

inline splits cut(train_and_test whole, const data_options& options, const std::string& place) {
  splits data;
  data.about = std::move(whole.about);
  data.about.validation_cut = true;
  data.validation = hold_out(whole.train, options.validation_share, derive(options.seed, cut_validation));
  data.train = std::move(whole.train);
  data.test = std::move(whole.test);
  limit_images(data.train, options.most_train, derive(options.seed, limit_train));
  limit_images(data.validation, options.most_validation, derive(options.seed, limit_validation));
  limit_images(data.test, options.most_test, derive(options.seed, limit_test));
  feature_shape wanted = options.wanted;
  if (keeps_shape(data.train.shape(), options)) wanted.h = data.train.height, wanted.w = data.train.width;
  check_memory(place, data.train.size() + data.validation.size() + data.test.size(), wanted);
  for (image_set* set : {&data.train, &data.validation, &data.test}) convert(*set, wanted, options.fit);
  return data;
}

inline std::vector<std::uint16_t> labels_of(const std::vector<listed_image>& images) {
  std::vector<std::uint16_t> labels;
  for (const listed_image& image : images) labels.push_back(image.label);
  return labels;
}

inline std::vector<listed_image> pick(const std::vector<listed_image>& images, const std::vector<std::uint32_t>& indices) {
  std::vector<listed_image> result;
  for (const std::uint32_t index : indices) result.push_back(images[index]);
  return result;
}

inline void limit_listing(std::vector<listed_image>& images, std::size_t most, std::uint64_t seed) {
  if (most != 0 && most < images.size()) images = pick(images, divide(labels_of(images), most, seed).taken);
}

/// Moves a stratified share of the training images to a split that the folder did not have.
inline void cut_listing(std::vector<listed_image>& train, std::vector<listed_image>& missing, double share, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(static_cast<double>(train.size()) * share + 0.5);
  const division parts = divide(labels_of(train), count, seed);
  missing = pick(train, parts.taken);
  train = pick(train, parts.kept);
}

/// The counts of the classes.
inline void count_classes(splits& data) {
  data.about.classes.clear();
  for (const std::string& name : data.train.classes) data.about.classes.push_back({printable(name)});
  for (const std::uint16_t label : data.train.labels) ++data.about.classes[label].train;
  for (const std::uint16_t label : data.validation.labels) ++data.about.classes[label].validation;
  for (const std::uint16_t label : data.test.labels) ++data.about.classes[label].test;
}

/// Says which classes a limit of images, or damage, left without any to learn from.
inline void note_untrained(splits& data) {
  std::vector<std::string> names;
  for (const class_count& each : data.about.classes)
    if (each.train == 0) names.push_back(each.name);
  if (!names.empty()) data.about.notes.push_back("no training image is of the class " + shortened(names, names.size()));
}

/// Says which images of one split are in another one, too, pixel by pixel.
inline void note_copies(splits& data) {
  const auto hashes = [](const image_set& set) {
    std::vector<std::uint64_t> result;
    for (std::size_t i = 0; i < set.size(); ++i) {
      const auto image = set.image(i);
      result.push_back(fnv1a({reinterpret_cast<const char*>(image.data()), image.size()}));
    }
    return result;
  };
  std::vector<std::uint64_t> seen = hashes(data.train);
  std::sort(seen.begin(), seen.end());
  for (const auto& [set, what] : {std::pair{&data.validation, "validation"}, {&data.test, "test"}}) {
    const auto count = static_cast<std::size_t>(std::ranges::count_if(
        hashes(*set), [&](std::uint64_t hash) { return std::binary_search(seen.begin(), seen.end(), hash); }));
    if (count > 0)
      data.about.notes.push_back(std::to_string(count) + " of the " + std::to_string(set->size()) + " " + what +
                                 " images are also among the training images, pixel by pixel");
  }
}

inline splits open_folder(const std::filesystem::path& root, const data_options& options, const progress_sink& progress) {
  folder_listing listing = list_folder(root);
  splits data;
  data.about = std::move(listing.about);
  data.about.test_cut = listing.test.empty();
  data.about.validation_cut = listing.validation.empty();
  if (listing.test.empty()) cut_listing(listing.train, listing.test, options.validation_share, derive(options.seed, cut_test));
  if (listing.validation.empty())
    cut_listing(listing.train, listing.validation, options.validation_share, derive(options.seed, cut_validation));
  limit_listing(listing.train, options.most_train, derive(options.seed, limit_train));
  limit_listing(listing.validation, options.most_validation, derive(options.seed, limit_validation));
  limit_listing(listing.test, options.most_test, derive(options.seed, limit_test));

  const std::size_t total = listing.train.size() + listing.validation.size() + listing.test.size();
  check_memory(root.string(), total, options.wanted);
  image_decoder decoder;
  feature_shape shape = options.wanted;  // of all images so far; one of another size ends that they keep theirs
  bool may_keep = options.keep_from > 0;
  std::optional<image_fitter> fitter;
  remaining_time left;
  std::size_t done = 0;
  damage damaged;
  for (auto [images, set] :
       {std::pair{&listing.train, &data.train}, {&listing.validation, &data.validation}, {&listing.test, &data.test}}) {
    *set = empty_images("folder", shape, listing.classes);
    set->pixels.reserve(images->size() * set->image_bytes());
    for (const listed_image& image : *images) {
      if (progress && done % 256 == 0) {
        const double fraction = static_cast<double>(done) / static_cast<double>(total);
        progress({fraction, "decoding images", left(fraction)});
      }
      ++done;
      try {
        const decoded_image& decoded = decoder.decode(read_image(image), printable(image.where));
        const feature_shape comes{decoded.shape.h, decoded.shape.w, options.wanted.c};
        if (!fitter || (may_keep && comes != shape)) {
          may_keep = may_keep && !fitter && keeps_shape(comes, options);
          shape = may_keep ? comes : options.wanted;
          fitter.emplace(shape, options.fit);
          for (image_set* begun : {&data.train, &data.validation, &data.test}) {
            if (begun->size() > 0) convert(*begun, shape, options.fit);
            begun->height = shape.h, begun->width = shape.w;
          }
        }
        fitter->append(decoded.pixels, decoded.shape, set->pixels);
        set->labels.push_back(image.label);
      } catch (const error& problem) {
        damaged.add(problem);
        if (options.skip_damaged) data.about.leave_out("damaged images", image.where);
      }
    }
  }
  if (damaged.count() > 0 && !options.skip_damaged) damaged.refuse(printable(root.string()), total);
  return data;
}

inline splits open_synthetic(std::string_view difficulty, const data_options& options, const progress_sink& progress) {
  synthetic_options drawn;
  if (!difficulty.empty()) {
    const auto [end, problem] = std::from_chars(difficulty.data(), difficulty.data() + difficulty.size(), drawn.difficulty);
    if (problem != std::errc() || end != difficulty.data() + difficulty.size())
      throw error("the difficulty " + detail::in_quotes(difficulty) +
                  " is not a number; write synthetic or, for instance, synthetic:0.7");
  }
  drawn.shape = options.wanted;
  drawn.seed = options.seed;
  const auto limited = [](int count, std::size_t most) {
    return most != 0 && std::cmp_less(most, count) ? static_cast<int>(most) : count;
  };
  drawn.train = limited(options.synthetic_train, options.most_train);
  drawn.validation = limited(options.synthetic_validation, options.most_validation);
  drawn.test = limited(options.synthetic_test, options.most_test);
  check_memory("the data synthetic", static_cast<std::size_t>(drawn.train) + static_cast<std::size_t>(drawn.validation) + static_cast<std::size_t>(drawn.test),
               drawn.shape);
  return draw_synthetic(drawn, progress);
}
}  // namespace detail

HASSE_BODY splits open_data(const std::string& uri, const data_options& options, const progress_sink& progress) {
  const feature_shape wanted = options.wanted;
  if (wanted.h < 1 || wanted.w < 1 || wanted.h > 4096 || wanted.w > 4096 || (wanted.c != 1 && wanted.c != 3))
    throw error("images of " + std::to_string(wanted.h) + " x " + std::to_string(wanted.w) + " x " + std::to_string(wanted.c) +
                " cannot be had; ask for 1 to 4096 pixels a side and 1 or 3 channels");
  if (!(options.validation_share > 0 && options.validation_share < 0.5))
    throw error("a validation share of " + std::to_string(options.validation_share) +
                " cannot be cut; choose more than 0 and less than 0.5");
  const std::size_t colon = uri.find(':');
  const std::string scheme = uri.substr(0, colon), rest = colon == std::string::npos ? std::string() : uri.substr(colon + 1);
  splits data;
  if (scheme == "synthetic") {
    data = detail::open_synthetic(rest, options, progress);
  } else if (scheme == "cifar10" || scheme == "folder" || scheme == "idx") {
    if (rest.empty()) throw error("the data " + detail::in_quotes(uri) + " name no place; write " + scheme + ":DIR");
    data = scheme == "cifar10" ? detail::cut(read_cifar10(rest), options, rest)
           : scheme == "idx"   ? detail::cut(read_idx(rest), options, rest)
                               : detail::open_folder(rest, options, progress);
  } else {
    throw error("the data " + detail::in_quotes(uri) +
                " are of no known kind; write synthetic, synthetic:DIFFICULTY, cifar10:DIR, folder:DIR_OR_ARCHIVE or idx:DIR");
  }
  for (const image_set* set : {&data.train, &data.validation, &data.test})
    if (set->size() == 0)
      throw error("the data " + detail::in_quotes(uri) + " leave the " +
                  (set == &data.train  ? "training"
                   : set == &data.test ? "test"
                                       : "validation") +
                  " split without images; add images or raise the validation share");
  if (options.keep_grey && scheme != "synthetic") detail::drop_colours(data);
  const image_origin origin{uri, to_text(options), std::string(hex64(identity_of(data)).view())};
  for (image_set* set : {&data.train, &data.validation, &data.test}) set->origin = origin;
  detail::count_classes(data);
  detail::note_untrained(data);
  if (scheme != "synthetic") detail::note_copies(data);
  if (progress) progress({1, std::to_string(data.train.size()) + " training images are ready", 0});
  return data;
}

}  // namespace hasse
