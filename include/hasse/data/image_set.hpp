// Images in memory: one labelled set, the three splits of a data set, their cutting by seed, and the normalisation of a set.
// Used by every reader of this stage, and by train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/description.hpp>

namespace hasse {

/// How open_data was asked for a set, so that it can be asked again; empty for a set that was made otherwise.
struct image_origin {
  std::string data;     ///< the name: "synthetic:0.3", "folder:pets"
  std::string options;  ///< to_text(data_options)
  std::string hash;     ///< identity_of all three splits, as sixteen hexadecimal digits
};

/// Labelled images of one shape: `pixels` is N, H, W, C in bytes, `labels[i]` an index into `classes`.
struct image_set {
  std::string name;
  int height = 0, width = 0, channels = 0;
  bool mirrored_alike = true;  ///< a mirrored image is still one of its class (false for digits and letters)
  std::vector<std::string> classes;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint16_t> labels;
  image_origin origin{};

  std::size_t size() const { return labels.size(); }
  feature_shape shape() const { return {height, width, channels}; }
  std::size_t image_bytes() const { return static_cast<std::size_t>(shape().size()); }
  std::span<const std::uint8_t> image(std::size_t index) const {
    return std::span(pixels).subspan(index * image_bytes(), image_bytes());
  }
};

/// What a search works on: it trains on `train`, judges by `validation`; `test` is for the final answer only.
struct splits {
  image_set train, validation, test;
  data_description about = {};  ///< what open_data found
};

/// What the published sets come as: the validation images are still among the training images.
struct train_and_test {
  image_set train, test;
  data_description about = {};  ///< what was left out
};

/// An image set of that shape without images yet.
HASSE_BODY image_set empty_images(std::string name, feature_shape shape, std::vector<std::string> classes);

/// Indices of one set that were divided into two disjoint parts, both ascending.
struct division {
  std::vector<std::uint32_t> kept, taken;
};

/// Takes `count` of the labelled images by `seed`, as many of every class as its share asks for (largest remainders, so that
/// the total is exact). The same call gives the same division on every machine.
HASSE_BODY division divide(std::span<const std::uint16_t> labels, std::size_t count, std::uint64_t seed);

/// The images of those indices, in that order.
HASSE_BODY image_set select(const image_set& from, std::span<const std::uint32_t> indices);

/// Cuts a stratified share out of `from` by `seed`; returns what was cut, `from` keeps the rest.
HASSE_BODY image_set hold_out(image_set& from, double share, std::uint64_t seed);

/// Keeps at most `most` images, stratified by `seed`; 0 keeps all.
HASSE_BODY void limit_images(image_set& set, std::size_t most, std::uint64_t seed);

/// Mean and standard deviation per channel of the 0..1 values: an input is (value - mean) / deviation.
struct normalisation {
  std::vector<float> mean, deviation;
};

/// Measured on every pixel by exact integer sums; a constant channel gets the deviation of one grey level.
HASSE_BODY normalisation measure(const image_set& set);

/// A hash of shape, classes, labels and every pixel: equal means the same images in the same order.
HASSE_BODY std::uint64_t identity_of(const image_set& set);

/// One number for all three splits; a run stores it and refuses to go on with other data.
HASSE_BODY std::uint64_t identity_of(const splits& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/image_set.inl>
#endif
