// Drawn scenes of discs, squares, triangles and arrows with everything known of them: boxes, joints of the arrows, and for every pixel the
// class and the thing. Integer arithmetic only: the same bytes on every machine.
// Used by open_detection for `scenes[:DIFFICULTY]`, so that a first run needs no download, and by tasks on pixels.
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
#include <hasse/data/detection_set.hpp>

namespace hasse {

/// What is drawn. Difficulty 0 is up to three large figures of strong contrast; 1 is up to six small, pale, turned ones in bars and noise.
/// One scene in twenty is empty.
struct scene_options {
  int height = 96, width = 96;
  double difficulty = 0.5;
  std::uint64_t seed = 1;
  int train = 2000, validation = 400, test = 400;
  bool labels = false;  ///< pictures have the class of every pixel, not boxes
};

/// A picture and, for every pixel, its class (0 ground, 1 disc, 2 square, 3 triangle, 4 arrow, 255 where two things share it) and
/// its thing (0 ground, 1 for the first that was drawn, ...).
struct drawn_scene {
  static constexpr std::uint8_t shared = void_label;
  labelled_picture picture;
  std::vector<std::uint8_t> labels, things;
};

namespace detail {
/// A canvas of 64 units a pixel, painted back to front by coverage of four samples a pixel.
class scene_painter {
 public:
  /// `difficulty` in thousandths.
  scene_painter(int height, int width, int difficulty)
      : height_(height), width_(width), difficulty_(difficulty), side_(64 * std::int64_t{std::min(height, width)}) {}

  drawn_scene paint(std::uint64_t seed);

 private:
  using whole = std::int64_t;
  using colour = std::array<whole, 3>;
  struct turn {
    whole cosine, sine;  // times 4096
  };
  struct drawn_figure {
    int kind;
    whole radius, x, y;
    turn own;

    /// In units of 1 / 1024 of the radius.
    bool holds(whole at_x, whole at_y) const {
      const whole dx = at_x - x, dy = at_y - y;
      if (4 * std::max(std::abs(dx), std::abs(dy)) > 5 * radius) return false;  // no outline reaches so far: 1195 / 1024 is the most
      const whole u = (dx * own.cosine + dy * own.sine) / 4 / radius, v = (dy * own.cosine - dx * own.sine) / 4 / radius;
      switch (kind) {
        case 0:
          return u * u + v * v <= 1000 * 1000;
        case 1:
          return std::abs(u) <= 800 && std::abs(v) <= 800;
        case 2:
          return v <= 620 && 1000 * v >= 1732 * std::abs(u) - 1'150'000;
        default:
          return (-1000 <= v && v <= 0 && 10 * std::abs(u) <= 6 * (v + 1000)) || (0 <= v && v <= 1000 && std::abs(u) <= 220);
      }
    }
  };

  /// Linear in the difficulty: `easy` at 0, `hard` at 1.
  whole scaled(whole easy, whole hard) const { return easy + (hard - easy) * difficulty_ / 1000; }
  whole between(whole least, whole most) { return least + static_cast<whole>(random_.below(static_cast<std::uint64_t>(most - least + 1))); }
  colour any_colour();
  /// The rational points of the circle need neither sine nor root.
  turn any_turn(whole limit);

  void ground();

  /// A plain line across the picture, which is no thing.
  void bar();

  void figure();

  template <class Body>
  void for_pixels(Body body) const {
    std::size_t at = 0;
    for (whole y = 0; y < height_; ++y)
      for (whole x = 0; x < width_; ++x) body(64 * x + 32, 64 * y + 32, at++);
  }

  template <class Inside>
  void cover(const colour& paint, Inside inside) {
    for_pixels([&](whole x, whole y, std::size_t at) {
      whole samples = 0;
      for (const whole dy : {-16, 16})
        for (const whole dx : {-16, 16}) samples += inside(x + dx, y + dy) ? 1 : 0;
      for (std::size_t c = 0; c < 3; ++c) canvas_[at][c] = (samples * paint[c] + (4 - samples) * canvas_[at][c] + 2) / 4;
    });
  }

  void finish(std::vector<std::uint8_t>& pixels);

  /// The last figure that holds a point, counted from 1; 0: the ground.
  std::uint8_t thing_at(whole x, whole y) const;

  /// All that is known of what was drawn.
  void tell(drawn_scene& scene) const;

  keypoint joint(std::size_t of, whole u, whole v, const drawn_scene& scene) const;

  whole height_, width_, difficulty_, side_;
  random_source random_;
  colour ground_{};  // the ground's colour, before its slope
  std::vector<colour> canvas_;
  std::vector<drawn_figure> figures_;
};
}  // namespace detail

/// Draws scene `index` of a split: 0 training, 1 validation, 2 test.
HASSE_BODY drawn_scene draw_scene(const scene_options& options, std::uint64_t split, std::uint64_t index);

/// All three splits, with boxes and joints or with labels. A smaller split begins a larger one.
HASSE_BODY detection_splits draw_scenes(const scene_options& options, const progress_sink& progress = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/scenes.inl>
#endif
