// What a network answers to a set of images, as files that other tools read.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/file/npy.hpp>

namespace hasse::detail {

/// How many images have their label's answer as the largest; `answers` is images x classes. One that is not finite answers nothing.
inline std::size_t right_answers(const std::vector<float>& answers, const image_set& images) {
  const std::size_t classes = answers.size() / images.size();
  std::size_t right = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const float* const own = answers.data() + i * classes;
    const bool answered = std::all_of(own, own + classes, [](float each) { return std::isfinite(each); });
    right += answered && static_cast<std::size_t>(std::max_element(own, own + classes) - own) == images.labels[i];
  }
  return right;
}

/// images.npy (0 to 1, N x C x H x W), labels.npy and logits.npy.
inline void write_answers(const std::filesystem::path& folder, const image_set& images, const std::vector<float>& answers) {
  create_folder(folder);
  const std::size_t count = images.size(), pixels = static_cast<std::size_t>(images.shape().pixels());
  const auto channels = static_cast<std::size_t>(images.channels);
  std::vector<float> planes(count * pixels * channels);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t pixel = 0; pixel < pixels; ++pixel)
      for (std::size_t c = 0; c < channels; ++c)
        planes[(i * channels + c) * pixels + pixel] = static_cast<float>(images.pixels[(i * pixels + pixel) * channels + c]) / 255.0f;
  const auto height = static_cast<std::size_t>(images.height), width = static_cast<std::size_t>(images.width);
  write_npy(folder / "images.npy", "<f4", {count, channels, height, width}, planes);
  write_npy(folder / "labels.npy", "<u2", {count}, images.labels);
  write_npy(folder / "logits.npy", "<f4", {count, answers.size() / count}, answers);
}

}  // namespace hasse::detail
