// The bodies of data/synthetic.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hasse/data/synthetic.hpp>

namespace hasse {

namespace detail {

HASSE_BODY void synthetic_painter::paint(int label, std::uint64_t seed, std::vector<std::uint8_t>& pixels) {
  random_ = random_source(seed);
  difficulty_ = between(0, std::min(1000, 7 * usual_ / 4));
  background();
  const int bars = between(0, scaled(0, 6));
  for (int i = 0; i < bars; ++i) bar();
  const int patches = between(0, scaled(0, 5));
  for (int i = 0; i < patches; ++i) {
    const int kind = between(0, classes - 1);  // one draw a statement: the order of arguments is the compiler's
    figure(kind, between(150, 260), 1000);
  }
  figure(label, between(scaled(760, 420), scaled(860, 760)), 0);
  finish(pixels);
}

HASSE_BODY synthetic_painter::turn synthetic_painter::any_turn(int limit) {
  const std::int64_t t = between(-limit, limit), scale = 1024 * 1024 + t * t;
  return {4096 * (1024 * 1024 - t * t) / scale, 4096 * 2 * 1024 * t / scale};
}

HASSE_BODY void synthetic_painter::background() {
  const colour from = ground_ = any_colour();
  colour to = from;
  const int slope = scaled(10, 90);
  for (int& value : to) value = std::clamp(value + between(-slope, slope), 0, 255);
  const turn direction = any_turn(1024);
  canvas_.resize(static_cast<std::size_t>(shape_.h) * static_cast<std::size_t>(shape_.w));
  for_pixels([&](std::int64_t x, std::int64_t y, colour& pixel) {
    const std::int64_t along = ((x - side / 2) * direction.cosine + (y - side / 2) * direction.sine) / 4096 + side * 3 / 4;
    for (std::size_t c = 0; c < 3; ++c) pixel[c] = from[c] + static_cast<int>((to[c] - from[c]) * along / (side * 3 / 2));
  });
}

HASSE_BODY std::pair<synthetic_painter::colour, synthetic_painter::colour> synthetic_painter::shades() {
  colour base;
  for (int distance = 0; distance < scaled(200, 80);) {
    base = any_colour();
    distance = 0;
    for (std::size_t c = 0; c < 3; ++c) distance += std::abs(base[c] - ground_[c]);
  }
  const int half = between(scaled(39, 13), scaled(58, 26));
  colour light = base, dark = base;
  for (int& value : light) value += half;
  for (int& value : dark) value -= half;
  return {light, dark};
}

HASSE_BODY void synthetic_painter::bar() {
  const colour paint = any_colour();
  const turn direction = any_turn(1024);
  const std::int64_t offset = between(-700, 700), half = between(30, 90);
  cover([&](std::int64_t x, std::int64_t y) -> const colour* {
    const std::int64_t distance = ((x - side / 2) * direction.sine - (y - side / 2) * direction.cosine) / 4096 - offset;
    return distance <= half && distance >= -half ? &paint : nullptr;
  });
}

HASSE_BODY void synthetic_painter::figure(int kind, int radius, int least_turn) {
  const int outline = kind / 2;
  const bool chequered = kind % 2 == 1;
  const int room = std::max(0, side / 2 - radius);
  const std::int64_t centre_x = side / 2 + between(-room, room), centre_y = side / 2 + between(-room, room);
  const turn own = any_turn(std::max(least_turn, scaled(30, 350))), weave = any_turn(1024);
  const std::pair<colour, colour> shade = shades();
  const std::int64_t half_period = chequered ? between(scaled(85, 100), scaled(105, 140)) : between(scaled(150, 100), scaled(190, 140)), phase = between(0, 1023);
  cover([&](std::int64_t x, std::int64_t y) -> const colour* {
    const std::int64_t dx = x - centre_x, dy = y - centre_y;
    const std::int64_t u = (dx * own.cosine + dy * own.sine) / 4 / radius, v = (dy * own.cosine - dx * own.sine) / 4 / radius;
    if (!inside(outline, u, v)) return nullptr;
    const std::int64_t across = (dx * weave.cosine + dy * weave.sine) / 4096 + phase + 2 * side;
    const std::int64_t along = (dy * weave.cosine - dx * weave.sine) / 4096 + phase + 2 * side;
    const bool odd = ((across / half_period + (chequered ? along / half_period : 0)) & 1) != 0;
    return odd ? &shade.first : &shade.second;
  });
}

HASSE_BODY bool synthetic_painter::inside(int outline, std::int64_t u, std::int64_t v) {
  const std::int64_t square = u * u + v * v, a = std::abs(u), b = std::abs(v);
  switch (outline) {
    case 0:
      return square <= 900 * 900;
    case 1:
      return square <= 1000 * 1000 && square >= 480 * 480;
    case 2:
      return a <= 790 && b <= 790;
    case 3:
      return v <= 620 && 1000 * v >= 1732 * a - 1'150'000;
    default:
      return (a <= 330 && b <= 1000) || (b <= 330 && a <= 1000);
  }
}

HASSE_BODY void synthetic_painter::finish(std::vector<std::uint8_t>& pixels) {
  const int noise = scaled(6, 50);
  for (const colour& pixel : canvas_) {
    std::array<int, 3> value{};
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint64_t word = random_();
      int sum = -510;
      for (int i = 0; i < 4; ++i) sum += static_cast<int>(word >> (8 * i) & 255);
      value[c] = std::clamp(pixel[c] + sum * noise / 148, 0, 255);  // 148: the deviation of the sum
    }
    if (shape_.c == 3)
      for (const int v : value) pixels.push_back(static_cast<std::uint8_t>(v));
    else
      pixels.push_back(static_cast<std::uint8_t>((value[0] + value[1] + value[2]) / 3));
  }
}

}  // namespace detail

HASSE_BODY image_set draw_synthetic(feature_shape shape, double difficulty, std::uint64_t seed, int count,
                                const progress_sink& progress) {
  if (!(difficulty >= 0 && difficulty <= 1))
    throw error("the difficulty " + std::to_string(difficulty) + " is outside of 0 to 1; choose one in between");
  if (shape.h < 8 || shape.w < 8 || shape.h > 512 || shape.w > 512 || (shape.c != 1 && shape.c != 3))
    throw error("synthetic images of " + std::to_string(shape.h) + " x " + std::to_string(shape.w) + " x " +
                std::to_string(shape.c) + " cannot be drawn; ask for 8 to 512 pixels a side and 1 or 3 channels");
  if (count < 1 || count > 10'000'000)
    throw error(std::to_string(count) + " synthetic images cannot be drawn; ask for 1 to 10000000");
  image_set set = empty_images("synthetic", shape,
                               {"striped disc", "chequered disc", "striped ring", "chequered ring", "striped square",
                                "chequered square", "striped triangle", "chequered triangle", "striped cross", "chequered cross"});
  set.pixels.reserve(static_cast<std::size_t>(count) * set.image_bytes());
  detail::synthetic_painter painter(shape, static_cast<int>(difficulty * 1000 + 0.5));
  remaining_time left;
  for (int i = 0; i < count; ++i) {
    painter.paint(i % 10, derive(seed, static_cast<std::uint64_t>(i)), set.pixels);
    set.labels.push_back(static_cast<std::uint16_t>(i % 10));
    if (progress && i % 256 == 0) {
      const double fraction = static_cast<double>(i) / count;
      progress({fraction, "drawing images", left(fraction)});
    }
  }
  return set;
}

HASSE_BODY splits draw_synthetic(const synthetic_options& options, const progress_sink& progress) {
  const double total = static_cast<double>(options.train) + options.validation + options.test;
  double before = 0;
  const auto draw = [&](std::uint64_t split, int count) {
    progress_sink part;
    if (progress)
      part = [&](const progress_event& event) { progress({(before + event.fraction * count) / total, event.doing, -1}); };
    image_set set = draw_synthetic(options.shape, options.difficulty, derive(options.seed, split), count, part);
    before += count;
    return set;
  };
  splits data;
  data.train = draw(0, options.train);
  data.validation = draw(1, options.validation);
  data.test = draw(2, options.test);
  return data;
}

}  // namespace hasse
