// The bodies of data/scenes.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hasse/data/scenes.hpp>

namespace hasse {

namespace detail {

HASSE_BODY drawn_scene scene_painter::paint(std::uint64_t seed) {
  random_ = random_source(seed);
  figures_.clear();
  ground();
  const whole bars = between(0, scaled(0, 4));
  for (whole i = 0; i < bars; ++i) bar();
  const whole figures = between(0, 19) == 0 ? 0 : between(1, scaled(3, 6));
  for (whole i = 0; i < figures; ++i) figure();
  drawn_scene scene;
  scene.picture.height = scene.picture.file_height = static_cast<int>(height_);
  scene.picture.width = scene.picture.file_width = static_cast<int>(width_);
  finish(scene.picture.pixels);
  tell(scene);
  return scene;
}

HASSE_BODY scene_painter::colour scene_painter::any_colour() {
  colour made;
  for (whole& value : made) value = between(30, 225);
  return made;
}

HASSE_BODY scene_painter::turn scene_painter::any_turn(whole limit) {
  const whole t = between(-limit, limit), scale = 1024 * 1024 + t * t;
  return {4096 * (1024 * 1024 - t * t) / scale, 4096 * 2 * 1024 * t / scale};
}

HASSE_BODY void scene_painter::ground() {
  const colour from = ground_ = any_colour();
  colour to = from;
  const whole slope = scaled(8, 60);
  for (whole& value : to) value = std::clamp<whole>(value + between(-slope, slope), 0, 255);
  const turn direction = any_turn(1024);
  canvas_.resize(static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_));
  for_pixels([&](whole x, whole y, std::size_t at) {
    const whole along = ((x - 32 * width_) * direction.cosine + (y - 32 * height_) * direction.sine) / 4096 + 32 * (width_ + height_);
    for (std::size_t c = 0; c < 3; ++c) canvas_[at][c] = from[c] + (to[c] - from[c]) * along / (64 * (width_ + height_));
  });
}

HASSE_BODY void scene_painter::bar() {
  const colour paint = any_colour();
  const turn direction = any_turn(1024);
  const whole offset = between(-side_ / 2, side_ / 2);
  const whole half = between(side_ / 128, side_ / 48);
  cover(paint, [&](whole x, whole y) {
    return std::abs(((x - 32 * width_) * direction.sine - (y - 32 * height_) * direction.cosine) / 4096 - offset) <= half;
  });
}

HASSE_BODY void scene_painter::figure() {
  drawn_figure made{};
  made.kind = static_cast<int>(between(0, 3));
  const whole least = scaled(110, 60), most = scaled(260, 220);
  made.radius = side_ * between(least, most) / 1000;
  for (int tries = 0;; ++tries) {
    if (tries == 8) return;
    made.x = between(made.radius / 2, 64 * width_ - made.radius / 2);
    made.y = between(made.radius / 2, 64 * height_ - made.radius / 2);
    const bool free = std::all_of(figures_.begin(), figures_.end(), [&](const drawn_figure& other) {
      const whole dx = made.x - other.x, dy = made.y - other.y, reach = made.radius + other.radius;
      return 4 * (dx * dx + dy * dy) >= reach * reach;
    });
    if (free) break;
  }
  made.own = any_turn(scaled(256, 1024));
  if (between(0, 999) < scaled(0, 500)) made.own = {-made.own.cosine, -made.own.sine};
  colour paint{};
  for (whole distance = -1; distance < scaled(220, 110);) {
    paint = any_colour();
    distance = 0;
    for (std::size_t c = 0; c < 3; ++c) distance += std::abs(paint[c] - ground_[c]);
  }
  cover(paint, [&](whole x, whole y) { return made.holds(x, y); });
  figures_.push_back(made);
}

HASSE_BODY void scene_painter::finish(std::vector<std::uint8_t>& pixels) {
  const whole noise = scaled(4, 24);
  for (const colour& pixel : canvas_)
    for (const whole value : pixel) pixels.push_back(static_cast<std::uint8_t>(std::clamp<whole>(value + between(-noise, noise), 0, 255)));
}

HASSE_BODY std::uint8_t scene_painter::thing_at(whole x, whole y) const {
  for (std::size_t i = figures_.size(); i > 0; --i)
    if (figures_[i - 1].holds(x, y)) return static_cast<std::uint8_t>(i);
  return 0;
}

HASSE_BODY void scene_painter::tell(drawn_scene& scene) const {
  struct extent {
    int x0 = 1 << 30, y0 = 1 << 30, x1 = 0, y1 = 0;
    whole visible = 0, all = 0;
  };
  std::vector<extent> extents(figures_.size());
  scene.labels.resize(canvas_.size()), scene.things.resize(canvas_.size());
  for_pixels([&](whole x, whole y, std::size_t at) {
    const std::uint8_t thing = thing_at(x, y);
    scene.things[at] = thing;
    scene.labels[at] = static_cast<std::uint8_t>(thing == 0 ? 0 : figures_[thing - 1u].kind + 1);
    for (const whole dy : {-16, 16})
      for (const whole dx : {-16, 16})
        if (thing_at(x + dx, y + dy) != thing) scene.labels[at] = drawn_scene::shared;
    for (std::size_t i = 0; i < figures_.size(); ++i) extents[i].all += figures_[i].holds(x, y) ? 1 : 0;
    if (thing == 0) return;
    extent& own = extents[thing - 1u];
    const int column = static_cast<int>(x / 64), row = static_cast<int>(y / 64);
    own.x0 = std::min(own.x0, column), own.x1 = std::max(own.x1, column + 1);
    own.y0 = std::min(own.y0, row), own.y1 = std::max(own.y1, row + 1);
    ++own.visible;
  });
  for (std::size_t i = 0; i < figures_.size(); ++i) {
    const extent& own = extents[i];
    if (own.visible == 0) continue;
    labelled_object object;
    object.place = {static_cast<double>(own.x0), static_cast<double>(own.y0), static_cast<double>(own.x1), static_cast<double>(own.y1)};
    object.kind = figures_[i].kind;
    object.area = static_cast<double>(own.visible);
    object.difficult = own.visible < 12 || 4 * own.visible < own.all;
    if (object.kind == 3)
      for (const auto& [u, v] : {std::pair<whole, whole>{0, -1000}, {-600, 0}, {600, 0}, {0, 1000}}) object.joints.push_back(joint(i, u, v, scene));
    scene.picture.objects.push_back(std::move(object));
  }
}

HASSE_BODY keypoint scene_painter::joint(std::size_t of, whole u, whole v, const drawn_scene& scene) const {
  const drawn_figure& arrow = figures_[of];
  const whole x = arrow.x + (u * arrow.own.cosine - v * arrow.own.sine) * arrow.radius / 4'194'304;
  const whole y = arrow.y + (u * arrow.own.sine + v * arrow.own.cosine) * arrow.radius / 4'194'304;
  if (x < 0 || y < 0 || x >= 64 * width_ || y >= 64 * height_) return {};
  const bool hidden = scene.things[static_cast<std::size_t>(y / 64 * width_ + x / 64)] > of + 1;
  return {static_cast<double>(x) / 64, static_cast<double>(y) / 64, static_cast<std::uint8_t>(hidden ? 1 : 2)};
}

}  // namespace detail

HASSE_BODY drawn_scene draw_scene(const scene_options& options, std::uint64_t split, std::uint64_t index) {
  if (!(options.difficulty >= 0 && options.difficulty <= 1))
    throw error("the difficulty " + std::to_string(options.difficulty) + " is outside of 0 to 1; choose one in between");
  if (options.height < 16 || options.width < 16 || options.height > 2048 || options.width > 2048)
    throw error("scenes of " + std::to_string(options.height) + " x " + std::to_string(options.width) +
                " pixels cannot be drawn; ask for 16 to 2048 pixels a side");
  drawn_scene scene = detail::scene_painter(options.height, options.width, static_cast<int>(options.difficulty * 1000 + 0.5))
                          .paint(derive(derive(options.seed, split), index));
  scene.picture.name = std::to_string(index + 1);
  scene.picture.id = static_cast<std::int64_t>(index + 1);
  return scene;
}

HASSE_BODY detection_splits draw_scenes(const scene_options& options, const progress_sink& progress) {
  detection_set set;
  set.name = "scenes";
  set.height = options.height, set.width = options.width;
  set.classes = {"disc", "square", "triangle", "arrow"};
  set.class_ids = {1, 2, 3, 4};
  set.mirrored_joints = {0, 2, 1, 3};
  if (options.labels) set.classes.insert(set.classes.begin(), "ground"), set.class_ids = {0, 1, 2, 3, 4}, set.mirrored_joints.clear();
  detection_splits data;
  const double total = static_cast<double>(options.train) + options.validation + options.test;
  double done = 0;
  remaining_time left;
  std::uint64_t split = 0;
  for (const auto& [to, count] : {std::pair{&data.train, options.train}, {&data.validation, options.validation}, {&data.test, options.test}}) {
    if (count < 1 || count > 10'000'000)
      throw error(std::to_string(count) + " scenes cannot be drawn for a split; ask for 1 to 10000000");
    *to = set;
    to->pictures.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i, ++done) {
      drawn_scene scene = draw_scene(options, split, static_cast<std::uint64_t>(i));
      if (options.labels) scene.picture.labels = std::move(scene.labels), scene.picture.objects.clear();
      to->pictures.push_back(std::move(scene.picture));
      if (progress && i % 64 == 0) progress({done / total, "drawing scenes", left(done / total)});
    }
    ++split;
  }
  return data;
}

}  // namespace hasse
