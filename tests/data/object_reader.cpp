#include "../support/catch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/data/object_reader.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/data/picture_sampler.hpp>
#include <hasse/data/scenes.hpp>

#include "files.hpp"

using namespace hasse;

// data/objects.hpp: boxes are continuous, so what only touches shares nothing, and an empty box is like no other.
static_assert(box{1, 2, 4, 4}.area() == 6 && overlap({0, 0, 2, 2}, {1, 1, 3, 3}) == 1 && overlap({0, 0, 2, 2}, {2, 0, 3, 2}) == 0);
static_assert(intersection_over_union({0, 0, 2, 2}, {1, 0, 3, 2}) == 1.0 / 3 && intersection_over_union({0, 0, 2, 2}, {0, 0, 2, 2}) == 1);
static_assert(intersection_over_union({1, 1, 1, 1}, {1, 1, 1, 1}) == 0);

namespace {
/// Values come out as 0..255, and the mean colour is black.
normalisation bytes_scale() { return {{0, 0, 0}, {1 / 255.0f, 1 / 255.0f, 1 / 255.0f}}; }

/// A black picture with three upright rectangles, object c in channel c alone; joint 0 is its upper left corner, joint 1 its upper right.
labelled_picture rectangles(int height, int width, random_source& random) {
  labelled_picture picture{"rectangles", 1, height, width, height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3)), {}};
  for (int c = 0; c < 3; ++c) {
    const int third = width / 3, x0 = c * third + static_cast<int>(random.below(4)), x1 = x0 + 6 + static_cast<int>(random.below(static_cast<std::uint64_t>(third - 9)));
    const int y0 = static_cast<int>(random.below(static_cast<std::uint64_t>(height - 10))), y1 = y0 + 6 + static_cast<int>(random.below(static_cast<std::uint64_t>(height - y0 - 6)));
    for (int y = y0; y < y1; ++y)
      for (int x = x0; x < x1; ++x) picture.pixels[static_cast<std::size_t>((y * width + x) * 3 + c)] = 255;
    const box place{static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1), static_cast<double>(y1)};
    picture.objects.push_back({.place = place, .kind = c, .area = place.area(), .joints = {{place.x0, place.y0, 2}, {place.x1, place.y0, 1}}});
  }
  return picture;
}

detection_set set_of(int height, int width, picture_fit fit = picture_fit::stretch) {
  detection_set set;
  set.name = "test";
  set.height = height, set.width = width, set.fit = fit;
  set.classes = {"a", "b", "c"};
  set.class_ids = {1, 2, 3};
  set.mirrored_joints = {1, 0};
  return set;
}

/// Where a channel is at least half bright.
box extent_of(const std::vector<float>& image, int height, int width, int channel) {
  box found{1e9, 1e9, -1e9, -1e9};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      if (image[static_cast<std::size_t>((y * width + x) * 3 + channel)] >= 127.5f)
        found = {std::min<double>(found.x0, x), std::min<double>(found.y0, y), std::max<double>(found.x1, x + 1), std::max<double>(found.y1, y + 1)};
  return found;
}

struct read_batch {
  std::vector<float> images;
  std::vector<sampled_picture> samples;
  bool operator==(const read_batch&) const = default;
};
read_batch next_of(object_reader& reader) {
  read_batch made;
  made.images.resize(static_cast<std::size_t>(reader.batch()) * static_cast<std::size_t>(reader.pictures().shape().size()));
  const int real = reader.next(made.images.data(), made.samples);
  CHECK(real == static_cast<int>(made.samples.size()));
  return made;
}

detection_set scenes_of(int count) {
  detection_set set = draw_scenes({.height = 24, .width = 32, .seed = 3, .train = count, .validation = 1, .test = 1}).train;
  set.height = 16, set.width = 20;
  set.varied = {.mirrored = true, .crop = picture_crop::by_overlap, .zoomed_out = true, .recoloured = true};
  return set;
}
}  // namespace

TEST_CASE("boxes and joints stay on their things whatever is done to a picture") {
  random_source random(7);
  int checked = 0, mirrored = 0, cut = 0, joints = 0;
  for (const picture_fit fit : {picture_fit::stretch, picture_fit::letterbox})
    for (const picture_crop crop : {picture_crop::none, picture_crop::by_overlap, picture_crop::by_share})
      for (const bool zoomed : {false, true})
        for (int i = 0; i < 25; ++i) {
          const detection_set set = set_of(50, 70, fit);
          picture_sampler sampler(set, bytes_scale());
          const labelled_picture picture = rectangles(30 + static_cast<int>(random.below(70)), 45 + static_cast<int>(random.below(90)), random);
          std::vector<float> image(50 * 70 * 3);
          std::vector<labelled_object> objects;
          random_source own(random());
          sampler.varied(picture, {.mirrored = true, .crop = crop, .zoomed_out = zoomed}, own, image.data(), objects);
          for (const labelled_object& object : objects) {
            if (object.difficult) continue;
            CAPTURE(static_cast<int>(fit), static_cast<int>(crop), zoomed, i, object.kind);
            const box found = extent_of(image, 50, 70, object.kind), told = object.place;
            for (const double off : {found.x0 - told.x0, found.y0 - told.y0, found.x1 - told.x1, found.y1 - told.y1}) CHECK(std::abs(off) <= 1);
            ++checked;
            mirrored += object.joints[0].visible == 1 || object.joints[1].visible == 2;
            const std::array corners{told.x0, told.x1};
            for (std::size_t j = 0; j < 2; ++j)
              if (object.joints[j].visible != 0) {
                CHECK((std::abs(object.joints[j].x - corners[j]) < 1e-9 && std::abs(object.joints[j].y - told.y0) < 1e-9));
                ++joints;
              }
            cut += object.joints[0].visible == 0;
          }
        }
  CHECK(checked > 500);
  CHECK(mirrored > 100);
  CHECK(cut > 20);
  CHECK(joints > 300);
}

TEST_CASE("things without an up are mirrored both ways, boxes, joints and classes of pixels with them") {
  random_source random(17);
  std::array<int, 4> seen{};
  for (int i = 0; i < 60; ++i) {
    detection_set set = set_of(40, 50, i % 2 ? picture_fit::letterbox : picture_fit::stretch);
    picture_sampler sampler(set, bytes_scale());
    labelled_picture picture = rectangles(40, 70, random);
    for (std::size_t at = 0; at < picture.pixels.size(); at += 3) picture.labels.push_back(picture.pixels[at] > 0 ? 1 : 0);
    std::vector<float> image(40 * 50 * 3), again = image, plain = image;
    std::vector<labelled_object> objects, as_it_is;
    std::vector<std::uint8_t> labels;
    const std::uint64_t seed = random();
    random_source own(seed), same(seed);
    const picture_variation how{.mirrored = true, .upside_down = true};
    sampler.varied(picture, how, own, image.data(), objects);
    sampler.varied(picture, how, same, again.data(), labels);
    CHECK(image == again);
    sampler.whole(picture, plain.data(), as_it_is);
    bool across = false, down = false;
    for (std::size_t c = 0; c < 3; ++c)
      across |= std::abs(objects[c].place.x0 - as_it_is[c].place.x0) > 1e-9, down |= std::abs(objects[c].place.y0 - as_it_is[c].place.y0) > 1e-9;
    ++seen[std::size_t{across} + 2 * std::size_t{down}];
    for (std::size_t c = 0; c < 3; ++c) {
      const box found = extent_of(image, 40, 50, static_cast<int>(c)), told = objects[c].place;
      for (const double off : {found.x0 - told.x0, found.y0 - told.y0, found.x1 - told.x1, found.y1 - told.y1}) CHECK(std::abs(off) <= 1);
      // The first joint is the left one of those at the top as it is seen, mirrored or not: in one mirror they change places.
      const bool upper = std::abs(objects[c].joints[0].y - told.y0) < 1e-9, first_left = std::abs(objects[c].joints[0].x - told.x0) < 1e-9;
      CHECK(upper != down);
      CHECK(first_left != down);
      CHECK(objects[c].joints[0].visible == (across != down ? 1 : 2));
    }
    for (int y = 0; y < 40; ++y)
      for (int x = 0; x < 50; ++x) {
        const float bright = image[static_cast<std::size_t>(y * 50 + x) * 3];
        if (bright > 250 || bright < 5) CHECK((labels[static_cast<std::size_t>(y * 50 + x)] == 1) == (bright > 250));
      }
  }
  for (const int each : seen) CHECK(each > 4);
}

TEST_CASE("a picture as it is: where it lies, what fills the rest, and that nothing aliases") {
  labelled_picture picture{"p", 1, 10, 20, 10, 20, std::vector<std::uint8_t>(600, 100), {{{2, 1, 12, 9}, 1, 80}}};
  const detection_set set = set_of(16, 16, picture_fit::letterbox);
  const normalisation scale{{0.2f, 0.2f, 0.2f}, {0.5f, 0.5f, 0.5f}};
  picture_sampler sampler(set, scale);
  std::vector<float> image(16 * 16 * 3, 9);
  std::vector<labelled_object> objects;
  const picture_placement placed = sampler.whole(picture, image.data(), objects);
  CHECK((placed == picture_placement{0.8, 0.8, 0, 4}));
  CHECK(placed.back(objects[0].place).x1 == Approx(12));
  CHECK(placed.back(objects[0].place).y0 == Approx(1));
  CHECK(objects[0].place.y1 == Approx(9 * 0.8 + 4));
  CHECK(objects[0].area == Approx(80 * 0.64));
  for (int y = 0; y < 16; ++y) {
    const bool inside = y >= 4 && y < 12;
    CHECK(image[static_cast<std::size_t>(y * 16 + 7) * 3] == Approx(inside ? (100 / 255.0 - 0.2) / 0.5 : 0).margin(1e-6));
  }
  // In the corner, what is left over is below: CamVid's pictures keep their rows where a network reads 384 of them.
  const detection_set below = set_of(16, 16, picture_fit::corner);
  CHECK((picture_sampler(below, scale).whole(picture, image.data(), objects) == picture_placement{0.8, 0.8, 0, 0}));
  for (int y = 0; y < 16; ++y) CHECK(image[static_cast<std::size_t>(y * 16 + 7) * 3] == Approx(y < 8 ? (100 / 255.0 - 0.2) / 0.5 : 0).margin(1e-6));
  CHECK((placement_of(360, 480, 384, 480, picture_fit::corner) == picture_placement{1, 1, 0, 0}));
  // Lines of one pixel, made smaller by eight, are grey and not lines.
  const detection_set small = set_of(16, 16);
  picture_sampler shrinking(small, bytes_scale());
  labelled_picture lines{"l", 1, 128, 128, 128, 128, {}, {}};
  for (int i = 0; i < 128 * 128; ++i) lines.pixels.insert(lines.pixels.end(), 3, i % 3 == 0 ? 255 : 0);
  shrinking.whole(lines, image.data(), objects);
  CHECK(*std::min_element(image.begin(), image.end()) > 78);
  CHECK(*std::max_element(image.begin(), image.end()) < 92);
  // What is made larger goes evenly from pixel to pixel.
  labelled_picture two{"t", 1, 1, 2, 1, 2, {0, 0, 0, 200, 200, 200}, {}};
  shrinking.whole(two, image.data(), objects);
  CHECK(image[0] == Approx(0).margin(1e-4));
  CHECK(image[3 * 15] == Approx(200));
  CHECK(image[3 * 8] == Approx(200 * (8.5 / 8 - 0.5)));
}

TEST_CASE("mirroring twice is nothing, and joints that are not known stay so") {
  std::vector<labelled_object> objects{{{1, 2, 5, 7}, 0, 20, false, false, {{1.5, 2.5, 2}, {4, 6, 1}, {}}}, {{3, 2, 4, 7}, 1, 5}}, before = objects;
  const std::vector<int> order{1, 0, 2};
  mirror(objects, 10, order);
  CHECK((objects[0].place == box{5, 2, 9, 7}));
  CHECK((objects[0].joints == std::vector<keypoint>{{6, 6, 1}, {8.5, 2.5, 2}, {}}));
  mirror(objects, 10, order);
  CHECK((objects == before));
  CHECK_THAT(test::refusal_of([&] { mirror(objects, 10, {}); }), ContainsSubstring("an object has 3 joints, and 0 are told what they become"));
}

TEST_CASE("windows are those of their rules") {
  random_source random(11);
  for (const bool by_overlap : {true, false}) {
    int whole = 0, away = 0, partly = 0;
    for (int i = 0; i < 600; ++i) {
      std::vector<labelled_object> objects{{{10, 10, 40, 30}, 0, 600}, {{60, 50, 95, 75}, 1, 875}, {{45, 5, 99, 79}, 2, 3996, true}};
      const std::vector<labelled_object> before = objects;
      const picture_window window = (by_overlap ? crop_by_overlap : crop_by_share)(100, 80, objects, random);
      CHECK((window.left >= 0 && window.top >= 0 && window.left + window.width <= 100 && window.top + window.height <= 80));
      if (window == picture_window{0, 0, 100, 80}) {
        ++whole;
        CHECK((objects == before));
        continue;
      }
      CHECK(2 * window.width >= window.height - 2);
      CHECK(window.width <= 2 * window.height + 2);
      bool any = false;
      const box cut{static_cast<double>(window.left), static_cast<double>(window.top), static_cast<double>(window.left) + window.width, static_cast<double>(window.top) + window.height};
      for (const labelled_object& old : before) {
        const auto found = std::find_if(objects.begin(), objects.end(), [&](const labelled_object& each) { return each.kind == old.kind; });
        const bool stays = found != objects.end();
        const double share = overlap(old.place, cut) / old.place.area();
        if (old.crowd) {
          const double across = std::min(old.place.x1, cut.x1) - std::max(old.place.x0, cut.x0), down = std::min(old.place.y1, cut.y1) - std::max(old.place.y0, cut.y0);
          CHECK(stays == (across >= 1 && down >= 1));
        } else if (by_overlap) {
          const double x = (old.place.x0 + old.place.x1) / 2, y = (old.place.y0 + old.place.y1) / 2;
          CHECK(stays == (x > cut.x0 && x < cut.x1 && y > cut.y0 && y < cut.y1));
        } else if (stays) {
          CHECK(share >= 0.25);
        }
        if (stays) {
          CHECK(found->place.area() == Approx(overlap(old.place, cut)));
          CHECK(found->area == Approx(old.area * share));
          CHECK(found->place.x0 >= 0);
          CHECK(found->place.x1 <= window.width);
          partly += share < 1;
        }
        any = any || (stays && !old.crowd);
        away += !stays;
      }
      if (by_overlap) CHECK(any);
    }
    CHECK(whole > 40);
    CHECK(whole < 300);
    CHECK(away > 50);
    CHECK(partly > 50);
    // Nothing to see: any window of a valid shape.
    std::vector<labelled_object> none;
    int cuts = 0;
    for (int i = 0; i < 100; ++i) cuts += (by_overlap ? crop_by_overlap : crop_by_share)(100, 80, none, random) != picture_window{0, 0, 100, 80};
    CHECK(cuts > 50);
  }
}

TEST_CASE("a larger ground makes nothing smaller than four pixels") {
  random_source random(13);
  int larger = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<labelled_object> objects{{{10, 10, 22, 40}, 0, 360, false, false, {{12, 12, 2}, {}}}, {{0, 0, 2, 2}, 1, 4, true}};
    const picture_window window = zoom_out(100, 80, objects, 0.5, random);
    CHECK((window.left <= 0 && window.top <= 0 && window.left + window.width >= 100 && window.top + window.height >= 80));
    CHECK(window.width <= 151);  // 12 pixels at 1/2 are 6, so that the ground may be 1.5 times as wide
    CHECK(objects[0].place.x0 == 10 - window.left);
    CHECK(objects[0].joints[0].y == 12 - window.top);
    CHECK((objects[0].joints[1] == keypoint{}));
    larger += window.width > 100;
  }
  CHECK(larger > 10);
  CHECK(larger < 60);  // half of the time, of which a sixth makes it not too small
}

TEST_CASE("recolouring keeps greys grey, hues turn around, and often nothing is changed") {
  const std::vector<float> before{255, 0, 0, 40, 40, 40, 10, 200, 90};
  int same = 0, other_hue = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::vector<float> pixels = before;
    random_source random(seed);
    recolour(pixels, false, random);
    for (const float value : pixels) CHECK((value >= 0 && value <= 255));
    CHECK(pixels[3] == Approx(pixels[4]).margin(0.01));
    CHECK(pixels[3] == Approx(pixels[5]).margin(0.01));
    same += pixels == before;
    other_hue += pixels[0] > 0 && pixels[1] != pixels[2];
  }
  CHECK(same > 10);
  CHECK(same < 50);  // a sixteenth
  CHECK(other_hue > 100);
  std::array<float, 3> red{255, 0, 0};
  detail::turn_hue(red.data(), 1.0f / 3);
  CHECK(red[0] == Approx(0).margin(1e-3));
  CHECK(red[1] == Approx(255).margin(1e-3));
  CHECK(red[2] == Approx(0).margin(1e-3));
  std::array<float, 3> any{30, 180, 90}, turned = any;
  detail::turn_hue(turned.data(), 0.21f);
  CHECK(*std::max_element(turned.begin(), turned.end()) == Approx(180));
  CHECK(*std::min_element(turned.begin(), turned.end()) == Approx(30));
  detail::turn_hue(turned.data(), -0.21f);
  for (std::size_t c = 0; c < 3; ++c) CHECK(turned[c] == Approx(any[c]).margin(0.01));
  int permuted = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<float> pixels = before;
    random_source random(seed);
    recolour(pixels, true, random);
    permuted += pixels[0] < std::max(pixels[1], pixels[2]);
  }
  CHECK(permuted > 15);
}

TEST_CASE("the same bytes for any number of threads, any batch, and from any place") {
  const detection_set set = scenes_of(40);
  const normalisation scale = measure(set);
  std::vector<read_batch> whole;
  std::vector<read_position> positions;
  {
    object_reader reader(set, scale, 4, read_order::training, 5);
    CHECK(reader.batches_per_epoch() == 10);
    for (int i = 0; i < 24; ++i) positions.push_back(reader.position()), whole.push_back(next_of(reader));
    CHECK((reader.position() == read_position{2, 4}));
  }
  for (const int threads : {1, 2, 3}) {
    object_reader reader(set, scale, 4, read_order::training, 5, threads);
    for (const read_batch& expected : whole) CHECK((next_of(reader) == expected));
    random_source random(1);
    for (int i = 0; i < 60; ++i) {  // seeks that meet the workers in every state
      const std::size_t at = random.below(whole.size() - 1);
      reader.seek(positions[at]);
      if (i % 3 == 0) continue;
      CHECK((next_of(reader) == whole[at]));
      if (i % 3 == 2) CHECK((next_of(reader) == whole[at + 1]));
    }
  }
  object_reader large(set, scale, 16, read_order::training, 5, 2);
  for (std::size_t epoch = 0; epoch < 2; ++epoch)
    for (std::size_t b = 0; b < 2; ++b) {
      const read_batch batch = next_of(large);
      for (std::size_t i = 0; i < 16; ++i) {
        const read_batch& same = whole[epoch * 10 + b * 4 + i / 4];
        CHECK((batch.samples[i] == same.samples[i % 4]));
        const std::size_t floats = 16 * 20 * 3;
        CHECK(std::equal(batch.images.begin() + static_cast<std::ptrdiff_t>(i * floats), batch.images.begin() + static_cast<std::ptrdiff_t>((i + 1) * floats),
                         same.images.begin() + static_cast<std::ptrdiff_t>(i % 4 * floats)));
      }
    }
  object_reader other(set, scale, 4, read_order::training, 6);
  CHECK_FALSE((next_of(other) == whole[0]));
  // Every epoch has every picture once, in another order, otherwise varied.
  std::array<std::vector<std::size_t>, 2> epochs;
  for (std::size_t i = 0; i < 20; ++i)
    for (const sampled_picture& sample : whole[i].samples) epochs[i / 10].push_back(sample.index);
  CHECK(epochs[0] != epochs[1]);
  for (auto& epoch : epochs) {
    std::sort(epoch.begin(), epoch.end());
    CHECK(std::adjacent_find(epoch.begin(), epoch.end()) == epoch.end());
  }
}

TEST_CASE("an evaluation shows every picture as it is, in order, and fills the last batch with nothing") {
  const detection_set set = scenes_of(10);
  picture_sampler sampler(set, bytes_scale());
  const std::size_t floats = 16 * 20 * 3;
  for (int epoch = 0; epoch < 2; ++epoch) {
    object_reader reader(set, bytes_scale(), 4, read_order::evaluation, 1, 1 + epoch);
    if (epoch == 1) next_of(reader), reader.seek({0, 0});
    std::size_t index = 0;
    for (const std::size_t count : {4u, 4u, 2u}) {
      const read_batch batch = next_of(reader);
      CHECK(batch.samples.size() == count);
      for (std::size_t i = 0; i < 4; ++i) {
        std::vector<float> image(floats);
        std::vector<labelled_object> objects;
        if (i < count) {
          CHECK((batch.samples[i].placement == sampler.whole(set.pictures[index], image.data(), objects)));
          CHECK((batch.samples[i].objects == objects));
          CHECK(batch.samples[i].index == index++);
        }
        CHECK(std::equal(image.begin(), image.end(), batch.images.begin() + static_cast<std::ptrdiff_t>(i * floats)));
      }
    }
  }
}

TEST_CASE("which picture comes and what it is varied by depend on seed, epoch and place alone") {
  const detection_set set = scenes_of(9);
  picture_order order(set, read_order::training, 7, 0);
  for (const std::uint64_t epoch : {2u, 0u}) {
    std::vector<std::size_t> expected{0, 1, 2, 3, 4, 5, 6, 7, 8}, found;
    random_source random(derive(derive(7, 1), epoch));
    shuffle(expected.begin(), expected.end(), random);
    for (std::size_t i = 0; i < 9; ++i) {
      found.push_back(order.at(epoch, i));
      CHECK(order.seed_at(epoch, i) == derive(derive(derive(7, 2), epoch), i));
    }
    CHECK(found == expected);
  }
}

TEST_CASE("pictures of rare classes come as often as they are asked to, on average") {
  detection_set set = set_of(16, 16);
  for (int i = 0; i < 10; ++i) set.pictures.push_back({"p", i, 16, 16, 16, 16, std::vector<std::uint8_t>(768), {{{1, 1, 9, 9}, i == 9 ? 1 : 0, 64}}});
  const auto counts = [&](double repeated, int epochs) {
    picture_order order(set, read_order::training, 3, repeated);
    std::vector<double> often(10);
    for (int epoch = 0; epoch < epochs; ++epoch)
      for (std::size_t i = 0; i < order.length(); ++i) often[order.at(static_cast<std::uint64_t>(epoch), i)] += 1.0 / epochs;
    return std::pair{order.length(), often};
  };
  CHECK((counts(0, 3) == std::pair{std::size_t{10}, std::vector<double>(10, 3 * (1.0 / 3))}));
  const auto [length, often] = counts(0.9, 4);  // the square root of 0.9 / 0.1 is 3
  CHECK(length == 12);
  CHECK(often[9] == 3);
  CHECK(often[0] == 1);
  const auto [other_length, other] = counts(0.225, 300);
  CHECK(other_length == 10);
  CHECK(other[9] == Approx(1.5 * 10 / 10.5).margin(0.12));
  CHECK_THAT(test::refusal_of([&] { counts(2, 1); }), ContainsSubstring("choose 0 to 1"));
}

TEST_CASE("things that a network sees with less than two pixels are ignored") {
  detection_set set = set_of(16, 16);
  set.pictures.push_back({"p", 1, 64, 64, 64, 64, std::vector<std::uint8_t>(64 * 64 * 3), {{{1, 1, 9, 9}, 0, 64}, {{1, 1, 8, 20}, 0, 133}}});
  object_reader reader(set, bytes_scale(), 1, read_order::training);
  const read_batch batch = next_of(reader);
  CHECK_FALSE(batch.samples[0].objects[0].ignored());
  CHECK(batch.samples[0].objects[1].ignored());
}

TEST_CASE("what a reader of objects cannot do, and what goes wrong while it reads") {
  detection_set set = scenes_of(5);
  const auto refusal = [&](int batch, read_order order, int threads = 1, normalisation scale = bytes_scale()) {
    return test::refusal_of([&] { object_reader(set, scale, batch, order, 1, threads); });
  };
  CHECK_THAT(refusal(6, read_order::training), ContainsSubstring("has 5 pictures and cannot fill a batch of 6"));
  CHECK(refusal(6, read_order::evaluation).empty());
  CHECK_THAT(refusal(0, read_order::training), ContainsSubstring("a batch of 0"));
  CHECK_THAT(refusal(1, read_order::training, 0), ContainsSubstring("by 0 threads"));
  CHECK_THAT(refusal(1, read_order::training, 1, {{0}, {1}}), ContainsSubstring("has 1 channels, and pictures have 3"));
  object_reader reader(set, bytes_scale(), 2, read_order::evaluation);
  CHECK_THAT(test::refusal_of([&] { reader.seek({0, 3}); }), ContainsSubstring("batch 3 does not exist"));
  set.mirrored_joints = {0};
  CHECK_THAT(refusal(1, read_order::training), ContainsSubstring("has objects with 4 joints and says of 1"));
  CHECK(refusal(1, read_order::evaluation).empty());
  next_of(reader);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // now all batches in advance are made, and the thread waits
  set.pictures.resize(4);
  const auto five = [&] {
    for (int i = 0; i < 5; ++i) next_of(reader);
  };
  CHECK_THAT(test::refusal_of(five), ContainsSubstring("has 4 pictures and had 5 when its reader was made"));
  CHECK_THAT(test::refusal_of(five), ContainsSubstring("has 4 pictures and had 5"));
  CHECK((usual_variation(set) == picture_variation{.mirrored = true, .crop = picture_crop::by_overlap}));
}
