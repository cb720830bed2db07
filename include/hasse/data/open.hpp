// One call for every source of images: `synthetic[:DIFFICULTY]`, `cifar10:DIR`, `folder:DIR|ARCHIVE`, `idx:DIR`.
// Used by the programs; programs that include it link turbojpeg, png and z.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/resize.hpp>

namespace hasse {

/// What is wanted of a data set. Splits that the source lacks are cut from its training images by `seed`.
struct data_options {
  feature_shape wanted{32, 32, 3};  ///< images of another shape are resized, grey and RGB converted
  double validation_share = 0.1;    ///< of the training images (the test split, too, where the source has none)
  std::uint64_t seed = 1;
  std::size_t most_train = 0, most_validation = 0, most_test = 0;  ///< stratified limits for quick runs; 0: all
  int synthetic_train = 5000, synthetic_validation = 1000, synthetic_test = 1000;
  image_fit fit = image_fit::stretch;  ///< what becomes of images of other proportions than `wanted`
  /// Where not 0: images that all have one size, of so many pixels a side at least and no larger than `wanted`, keep it. (Drawn images come as
  /// they are wanted.)
  int keep_from = 0;
  bool keep_grey = false;     ///< images that are all grey have one channel, whatever is wanted
  bool skip_damaged = false;  ///< leave out images that cannot be read, and count them, instead of refusing the set
};

/// "seed=1 validation_share=0.1 ...": the options as one line, without those that make the shape: a network says it by its input.
HASSE_BODY std::string to_text(const data_options& options);

/// Reads what `to_text` wrote; options that are not named keep their defaults.
HASSE_BODY data_options parse_data_options(std::string_view text, feature_shape wanted);

/// Opens the data set that `uri` names, in the shape and the splits that `options` ask for; `about` of the result describes it.
HASSE_BODY splits open_data(const std::string& uri, const data_options& options, const progress_sink& progress = {});

namespace detail {
/// Refuses so many images of that shape that this process cannot hold them beside a network. `root` as usable_memory has it.
HASSE_BODY void check_memory(const std::string& place, std::size_t images, feature_shape shape, const std::filesystem::path& root = "/");
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/open.inl>
#endif
