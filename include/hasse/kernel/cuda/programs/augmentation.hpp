// A batch cut from images that lie in the GPU's memory as bytes: shifted, mirrored, normalised.
// Used by training on a GPU; what is drawn comes from the host, as in data/batch_reader.hpp, so that a run is the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/kernel/device_records.hpp>

namespace hasse::detail::gpu {

/// One thread per pixel of the batch. `levels` holds what each of the 256 bytes means in each channel; a pixel from beyond the
/// border is 0, the mean, and so is an empty place.
template <class Scalar>
struct augmented_batch {
  static constexpr int threads = 256, phases = 1;
  using shared = nothing;
  using local = nothing;

  image_tensor shape;
  divisor columns, rows;
  int batch;
  const drawn_image* drawn;
  const std::uint8_t* pixels;
  const float* levels;
  Scalar* to;

  augmented_batch(const image_tensor& of, int images, const drawn_image* chosen, const std::uint8_t* set, const float* meaning,
                  Scalar* dst)
      : shape(of), columns(of.w), rows(of.h), batch(images), drawn(chosen), pixels(set), levels(meaning), to(dst) {}

  grid_extent blocks() const { return {ceil_divide(batch * shape.h * shape.w, threads), 1, 1}; }

  template <int>
  HASSE_DEVICE void phase(const place& at, local&, shared&) const {
    const int pixel = at.x * threads + at.thread;
    if (pixel >= batch * shape.h * shape.w) return;
    const int line = columns.quotient(pixel), image = rows.quotient(line), x = columns.remainder(pixel), y = rows.remainder(line);
    const drawn_image from = drawn[image];
    const int from_y = y + from.down, from_x = (from.mirrored ? shape.w - 1 - x : x) + from.right;
    const bool inside = from.index >= 0 && from_y >= 0 && from_y < shape.h && from_x >= 0 && from_x < shape.w;
    for (int c = 0; c < shape.channels; ++c)
      to[shape.at(image, y, x, c)] =
          narrowed<Scalar>(inside ? levels[c * 256 + pixels[shape.at(from.index, from_y, from_x, c)]] : 0);
  }
};

}  // namespace hasse::detail::gpu
