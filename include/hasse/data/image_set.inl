// The bodies of data/image_set.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/random.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

HASSE_BODY image_set empty_images(std::string name, feature_shape shape, std::vector<std::string> classes) {
  image_set set;
  set.name = std::move(name);
  set.height = shape.h, set.width = shape.w, set.channels = shape.c;
  set.classes = std::move(classes);
  return set;
}

namespace detail {
inline std::vector<std::vector<std::uint32_t>> indices_by_class(std::span<const std::uint16_t> labels) {
  std::vector<std::vector<std::uint32_t>> result;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= result.size()) result.resize(labels[i] + std::size_t{1});
    result[labels[i]].push_back(static_cast<std::uint32_t>(i));
  }
  return result;
}
}  // namespace detail

HASSE_BODY division divide(std::span<const std::uint16_t> labels, std::size_t count, std::uint64_t seed) {
  count = std::min(count, labels.size());
  auto classes = detail::indices_by_class(labels);
  std::vector<std::size_t> quota(classes.size());
  std::vector<std::pair<std::size_t, std::size_t>> remainders;  // (what rounding down left, class)
  std::size_t given = 0;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const std::size_t scaled = classes[c].size() * count;  // below 2^64: both are counts of images in memory
    quota[c] = scaled / labels.size();
    remainders.emplace_back(scaled % labels.size(), c);
    given += quota[c];
  }
  std::stable_sort(remainders.begin(), remainders.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; given < count; ++i, ++given) ++quota[remainders[i].second];
  division result;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    random_source random(derive(seed, c));
    shuffle(classes[c].begin(), classes[c].end(), random);
    const auto border = classes[c].begin() + static_cast<std::ptrdiff_t>(quota[c]);
    result.taken.insert(result.taken.end(), classes[c].begin(), border);
    result.kept.insert(result.kept.end(), border, classes[c].end());
  }
  std::sort(result.taken.begin(), result.taken.end());
  std::sort(result.kept.begin(), result.kept.end());
  return result;
}

HASSE_BODY image_set select(const image_set& from, std::span<const std::uint32_t> indices) {
  image_set result = empty_images(from.name, from.shape(), from.classes);
  result.mirrored_alike = from.mirrored_alike;
  result.pixels.reserve(indices.size() * from.image_bytes());
  result.labels.reserve(indices.size());
  for (const std::uint32_t index : indices) {
    const auto image = from.image(index);
    result.pixels.insert(result.pixels.end(), image.begin(), image.end());
    result.labels.push_back(from.labels[index]);
  }
  return result;
}

HASSE_BODY image_set hold_out(image_set& from, double share, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(static_cast<double>(from.size()) * share + 0.5);
  const division parts = divide(from.labels, count, seed);
  image_set result = select(from, parts.taken);
  from = select(from, parts.kept);
  return result;
}

HASSE_BODY void limit_images(image_set& set, std::size_t most, std::uint64_t seed) {
  if (most != 0 && most < set.size()) set = select(set, divide(set.labels, most, seed).taken);
}

HASSE_BODY normalisation measure(const image_set& set) {
  if (set.size() == 0) throw error("the image set '" + set.name + "' has no images to normalise by; name a set with images");
  const auto channels = static_cast<std::size_t>(set.channels);
  std::vector<std::uint64_t> sum(channels), squares(channels);
  for (std::size_t i = 0; i < set.pixels.size(); i += channels)
    for (std::size_t c = 0; c < channels; ++c) {
      const std::uint64_t value = set.pixels[i + c];
      sum[c] += value;
      squares[c] += value * value;
    }
  const double count = static_cast<double>(set.pixels.size() / channels);
  normalisation result;
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    const double variance = static_cast<double>(squares[c]) / count - mean * mean;
    result.mean.push_back(static_cast<float>(mean / 255));
    result.deviation.push_back(static_cast<float>(std::sqrt(std::max(variance, 1.0)) / 255));
  }
  return result;
}

HASSE_BODY std::uint64_t identity_of(const image_set& set) {
  const std::string head = std::to_string(set.height) + 'x' + std::to_string(set.width) + 'x' + std::to_string(set.channels);
  std::uint64_t hash = fnv1a(head);
  for (const std::string& name : set.classes) hash = fnv1a(name + '\n', hash);
  for (const std::uint16_t label : set.labels) {
    const char bytes[2] = {static_cast<char>(label & 255), static_cast<char>(label >> 8)};
    hash = fnv1a({bytes, 2}, hash);
  }
  return fnv1a({reinterpret_cast<const char*>(set.pixels.data()), set.pixels.size()}, hash);
}

HASSE_BODY std::uint64_t identity_of(const splits& data) {
  return derive(derive(identity_of(data.train), identity_of(data.validation)), identity_of(data.test));
}

}  // namespace hasse
