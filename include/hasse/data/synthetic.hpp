// A procedural image set: ten classes that a network must look at to tell apart, drawn from a seed with integer arithmetic only.
// Used by open_data for `synthetic[:DIFFICULTY]`, so that a first run needs no download; the same bytes on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// What is drawn. The class of an image is the outline of its figure (disc, ring, square, triangle, cross) together with the
/// pattern inside it (striped, chequered). Everything else tells nothing: place, size, turn, colours, background, the plain
/// bars and the small patterned patches around it. An image is as difficult as a draw from 0 to 7/4 of the set's difficulty, so that
/// a network that sees a little more is right in a few images more: 0 is a large figure of strong contrast and a pattern that is coarse
/// in stripes and fine in chequers, on a plain ground; 1 is a small, pale, strongly turned one in clutter and noise, whose pattern is
/// as coarse in both. A mirrored image stays in its class. Below 24 pixels a side the patterns blur.
/// How twenty networks learn them at the default difficulty: bench/README.md.
struct synthetic_options {
  feature_shape shape{32, 32, 3};
  double difficulty = 0.3;
  std::uint64_t seed = 1;
  int train = 5000, validation = 1000, test = 1000;
};

namespace detail {
/// A canvas of 2048 x 2048 units (64 per pixel at 32 x 32), painted back to front by coverage of four samples a pixel.
class synthetic_painter {
 public:
  static constexpr int classes = 10, side = 2048;

  /// `difficulty` in thousandths.
  synthetic_painter(feature_shape shape, int difficulty) : shape_(shape), usual_(difficulty) {}

  /// Appends an image of that class, drawn from `seed` alone.
  void paint(int label, std::uint64_t seed, std::vector<std::uint8_t>& pixels);

 private:
  using colour = std::array<int, 3>;
  struct turn {
    std::int64_t cosine, sine;  // times 4096
  };

  /// Linear in the difficulty: `easy` at 0, `hard` at 1.
  int scaled(int easy, int hard) const { return easy + (hard - easy) * difficulty_ / 1000; }
  int between(int least, int most) { return least + static_cast<int>(random_.below(static_cast<std::uint64_t>(most - least + 1))); }
  colour any_colour() { return {between(30, 225), between(30, 225), between(30, 225)}; }

  /// A turn by at most 2 atan(limit / 1024): the rational points of the circle need neither sine nor root.
  turn any_turn(int limit);

  void background();

  /// Two shades around a colour that differs from the ground.
  std::pair<colour, colour> shades();

  /// A plain line across the image.
  void bar();

  /// The outline of that class filled with its pattern, in two shades of one colour.
  void figure(int kind, int radius, int least_turn);

  /// In units of 1 / 1024 of the radius.
  static bool inside(int outline, std::int64_t u, std::int64_t v);

  template <class Body>
  void for_pixels(Body body) {
    std::size_t at = 0;
    for (int y = 0; y < shape_.h; ++y)
      for (int x = 0; x < shape_.w; ++x)
        body((2 * x + 1) * std::int64_t{side} / (2 * shape_.w), (2 * y + 1) * std::int64_t{side} / (2 * shape_.h), canvas_[at++]);
  }

  /// Mixes the colour that `sample(x, y)` returns (null: nothing there) into every pixel, from four points of it.
  template <class Sample>
  void cover(Sample sample) {
    const std::int64_t step_x = side / (4 * shape_.w), step_y = side / (4 * shape_.h);
    for_pixels([&](std::int64_t x, std::int64_t y, colour& pixel) {
      colour sum{};
      for (const std::int64_t dy : {-step_y, step_y})
        for (const std::int64_t dx : {-step_x, step_x}) {
          const colour* over = sample(x + dx, y + dy);
          for (std::size_t c = 0; c < 3; ++c) sum[c] += over ? (*over)[c] : pixel[c];
        }
      for (std::size_t c = 0; c < 3; ++c) pixel[c] = (sum[c] + 2) / 4;
    });
  }

  /// Adds noise (a sum of four uniform draws from one word) and turns to bytes; grey is the mean of the colours.
  void finish(std::vector<std::uint8_t>& pixels);

  feature_shape shape_;
  int usual_, difficulty_ = 0;  // in thousandths: of the set, of this image
  random_source random_;
  colour ground_{};  // the background's colour, before its slope
  std::vector<colour> canvas_;
};
}  // namespace detail

/// Draws `count` images; image i depends on the seed and i alone and is of class i % 10, so a smaller set begins a larger one.
HASSE_BODY image_set draw_synthetic(feature_shape shape, double difficulty, std::uint64_t seed, int count,
                                const progress_sink& progress = {});

/// All three splits, from three seeds of their own.
HASSE_BODY splits draw_synthetic(const synthetic_options& options, const progress_sink& progress = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/synthetic.inl>
#endif
