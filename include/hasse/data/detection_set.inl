// The bodies of data/detection_set.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/detection_set.hpp>

namespace hasse {

HASSE_BODY detection_set without_pictures(const detection_set& like) {
  detection_set made;
  made.name = like.name;
  made.height = like.height, made.width = like.width;
  made.classes = like.classes, made.class_ids = like.class_ids;
  made.mirrored_joints = like.mirrored_joints, made.mirrored_alike = like.mirrored_alike;
  made.fit = like.fit, made.varied = like.varied;
  made.origin = like.origin;
  return made;
}

HASSE_BODY detection_set hold_out_fifth(detection_set& from) {
  std::vector<std::size_t> by_name(from.size());
  std::iota(by_name.begin(), by_name.end(), std::size_t{0});
  std::stable_sort(by_name.begin(), by_name.end(), [&](std::size_t a, std::size_t b) { return from.pictures[a].name < from.pictures[b].name; });
  std::vector<bool> taken(from.size());
  for (std::size_t i = 4; i < by_name.size(); i += 5) taken[by_name[i]] = true;
  detection_set held = without_pictures(from), kept = without_pictures(from);
  for (std::size_t i = 0; i < from.size(); ++i) (taken[i] ? held : kept).pictures.push_back(std::move(from.pictures[i]));
  from = std::move(kept);
  return held;
}

HASSE_BODY normalisation measure(const detection_set& set) {
  std::array<std::uint64_t, 3> sum{}, squares{};
  std::uint64_t count = 0;
  for (const labelled_picture& picture : set.pictures) {
    count += picture.pixels.size() / 3;
    for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3)
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint64_t value = picture.pixels[i + c];
        sum[c] += value, squares[c] += value * value;
      }
  }
  if (count == 0) throw error("the detection set '" + set.name + "' has no pictures to normalise by; name a set with pictures");
  normalisation result;
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(sum[c]) / static_cast<double>(count);
    const double variance = static_cast<double>(squares[c]) / static_cast<double>(count) - mean * mean;
    result.mean.push_back(static_cast<float>(mean / 255));
    result.deviation.push_back(static_cast<float>(std::sqrt(std::max(variance, 1.0)) / 255));
  }
  return result;
}

HASSE_BODY std::uint64_t identity_of(const detection_set& set) {
  std::uint64_t hash = fnv1a(std::to_string(set.height) + 'x' + std::to_string(set.width));
  for (const std::string& name : set.classes) hash = fnv1a(name + '\n', hash);
  const auto add = [&](std::uint64_t number) {
    char bytes[8];
    for (char& byte : bytes) byte = static_cast<char>(number & 255), number >>= 8;
    hash = fnv1a({bytes, 8}, hash);
  };
  const auto add_real = [&](double number) { add(std::bit_cast<std::uint64_t>(number)); };
  for (const labelled_picture& picture : set.pictures) {
    hash = fnv1a(picture.name + '\n', hash);
    add(static_cast<std::uint64_t>(picture.id));
    add(static_cast<std::uint64_t>(picture.height) << 32 | static_cast<std::uint32_t>(picture.width));
    add(picture.objects.size());
    for (const labelled_object& object : picture.objects) {
      for (const double side : {object.place.x0, object.place.y0, object.place.x1, object.place.y1, object.area}) add_real(side);
      add(static_cast<std::uint64_t>(object.kind) << 2 | (object.crowd ? 2u : 0u) | (object.difficult ? 1u : 0u));
      add(object.joints.size());
      for (const keypoint& joint : object.joints) add_real(joint.x), add_real(joint.y), add(joint.visible);
    }
    hash = fnv1a({reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size()}, hash);
    hash = fnv1a({reinterpret_cast<const char*>(picture.labels.data()), picture.labels.size()}, hash);
  }
  return hash;
}

HASSE_BODY std::uint64_t identity_of(const detection_splits& data) {
  return derive(derive(identity_of(data.train), identity_of(data.validation)), identity_of(data.test));
}

}  // namespace hasse
