#include "../support/catch.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/data/scenes.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
/// What a generator written apart from this one, in another language, made of six scenes.
struct known_object {
  int kind, visible;
  box place;
  std::vector<std::array<int, 3>> joints = {};  ///< in 64ths of a pixel, and whether they are seen
};
struct known_scene {
  std::uint64_t split, index;
  int width, height;
  double difficulty;
  std::uint32_t pixels, labels, things;
  int shared;
  std::array<int, 9> first;
  std::vector<known_object> objects;
};
const known_scene known[] = {
    {0, 0, 64, 48, 0.5, 0xf675e54e, 0x3910eb9e, 0xb92a1d75, 40, {21, 177, 153, 27, 176, 158, 25, 188, 139}, {{0, 76, {42, 35, 52, 45}}, {2, 34, {14, 27, 22, 35}}}},
    {0, 1, 64, 48, 0.5, 0xf6a730d8, 0x453cca86, 0x49a21a9c, 18, {192, 138, 65, 212, 147, 64, 206, 147, 76}, {{2, 33, {41, 36, 49, 44}}}},
    {0, 2, 64, 48, 0.5, 0x530b39a6, 0x905b4b89, 0xb642bc12, 73, {104, 140, 163, 111, 149, 148, 102, 146, 172},
     {{0, 51, {0, 30, 7, 38}},
      {3, 118, {47, 1, 59, 21}, {{3094, 42, 2}, {3009, 834, 2}, {3753, 490, 2}, {3668, 1282, 2}}},
      {1, 78, {5, 23, 17, 35}}}},
    {1, 0, 96, 96, 0.5, 0xb421ba5f, 0x8539ff6f, 0xc1028fb3, 100, {191, 158, 179, 166, 168, 182, 170, 159, 192},
     {{3, 150, {79, 2, 96, 21}, {{5024, 147, 2}, {5279, 1018, 2}, {5913, 332, 2}, {0, 0, 0}}},
      {3, 325, {71, 56, 90, 90}, {{5441, 3540, 2}, {4477, 4433, 2}, {5775, 4811, 2}, {4811, 5704, 2}}}}},
    {0, 0, 96, 96, 0.0, 0xb7b03a50, 0xbc486bbd, 0x09fcf16f, 70, {45, 183, 140, 40, 181, 132, 42, 177, 132}, {{0, 862, {50, 23, 83, 56}}}},
    {0, 0, 96, 96, 1.0, 0x76995b95, 0x7ed50859, 0xff8b169b, 87, {28, 158, 130, 32, 152, 140, 48, 175, 171},
     {{1, 521, {26, 21, 57, 53}}, {3, 35, {17, 1, 25, 11}, {{1114, 84, 2}, {1169, 534, 2}, {1537, 248, 2}, {1592, 698, 2}}}}},
};

std::uint32_t sum_of(const std::vector<std::uint8_t>& bytes) { return crc32({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }
}  // namespace

TEST_CASE("scenes are those of a generator written apart, byte for byte") {
  for (const known_scene& expected : known) {
    CAPTURE(expected.split, expected.index, expected.width, expected.difficulty);
    const drawn_scene scene = draw_scene({expected.height, expected.width, expected.difficulty, 1}, expected.split, expected.index);
    CHECK(std::vector<int>(scene.picture.pixels.begin(), scene.picture.pixels.begin() + 9) == std::vector<int>(expected.first.begin(), expected.first.end()));
    CHECK(sum_of(scene.picture.pixels) == expected.pixels);
    CHECK(sum_of(scene.labels) == expected.labels);
    CHECK(sum_of(scene.things) == expected.things);
    CHECK(std::count(scene.labels.begin(), scene.labels.end(), drawn_scene::shared) == expected.shared);
    std::vector<labelled_object> objects;
    for (const known_object& each : expected.objects) {
      labelled_object object{each.place, each.kind, static_cast<double>(each.visible)};
      for (const auto& [x, y, visible] : each.joints) object.joints.push_back({x / 64.0, y / 64.0, static_cast<std::uint8_t>(visible)});
      objects.push_back(object);
    }
    CHECK((scene.picture.objects == objects));
  }
}

TEST_CASE("all classes of scenes are as frequent, and one scene in twenty is empty") {
  std::array<double, 4> kinds{};
  double objects = 0, empty = 0, difficult = 0, hidden = 0, outside = 0;
  constexpr int scenes = 1500;
  for (std::uint64_t i = 0; i < scenes; ++i) {
    const labelled_picture picture = draw_scene({32, 32, 0.5, 5}, 0, i).picture;
    empty += picture.objects.empty() ? 1 : 0;
    for (const labelled_object& object : picture.objects) {
      ++objects, ++kinds[static_cast<std::size_t>(object.kind)], difficult += object.difficult;
      for (const keypoint& joint : object.joints) hidden += joint.visible == 1, outside += joint.visible == 0;
    }
  }
  for (const double count : kinds) CHECK(std::abs(count / objects - 0.25) < 3 * std::sqrt(0.25 * 0.75 / objects));
  CHECK(std::abs(empty / scenes - 0.05) < 3 * std::sqrt(0.05 * 0.95 / scenes));
  CHECK(difficult > 0);
  CHECK(hidden > 0);
  CHECK(outside > 0);
}

TEST_CASE("splits of scenes are drawn apart, a smaller one begins a larger one, and identities tell them") {
  scene_options options{.height = 16, .width = 24, .train = 12, .validation = 3, .test = 4};
  const detection_splits data = draw_scenes(options);
  CHECK(data.train.size() == 12);
  CHECK(data.validation.size() == 3);
  CHECK(data.test.size() == 4);
  CHECK((data.train.shape() == feature_shape{16, 24, 3}));
  CHECK(identity_of(draw_scenes(options)) == identity_of(data));
  detection_set begin = data.train;
  begin.pictures.resize(3);
  CHECK(identity_of(begin) != identity_of(data.validation));
  options.train = 3;
  CHECK(identity_of(draw_scenes(options).train) == identity_of(begin));
  // Every part of a set is in its identity.
  std::vector<std::uint64_t> seen{identity_of(data.train)};
  const auto changed = [&](auto change) {
    detection_set other = data.train;
    change(other);
    seen.push_back(identity_of(other));
  };
  const auto with_objects = [](detection_set& set) -> labelled_object& {
    for (labelled_picture& picture : set.pictures)
      for (labelled_object& object : picture.objects)
        if (!object.joints.empty()) return object;
    throw error("no arrow; draw more scenes");
  };
  changed([](detection_set& set) { set.pictures[0].pixels[5] ^= 1; });
  changed([](detection_set& set) { set.pictures[0].name = "other"; });
  changed([](detection_set& set) { set.classes[0] = "other"; });
  changed([](detection_set& set) { set.height = 17; });
  changed([&](detection_set& set) { with_objects(set).kind = 2; });
  changed([&](detection_set& set) { with_objects(set).place.x1 += 0.5; });
  changed([&](detection_set& set) { with_objects(set).crowd = true; });
  changed([&](detection_set& set) { with_objects(set).difficult ^= true; });
  changed([&](detection_set& set) { with_objects(set).joints[1].visible ^= 1; });
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("a search judges by every fifth picture, by the order of their names") {
  detection_set set = draw_scenes({.height = 16, .width = 16, .train = 23, .validation = 1, .test = 1}).train;
  for (std::size_t i = 0; i < 23; ++i) set.pictures[i].name = std::string(1, static_cast<char>('w' - i));
  const detection_set held = hold_out_fifth(set);
  std::string names;
  for (const labelled_picture& picture : held.pictures) names += picture.name;
  CHECK(names == "toje");  // in the order of the set
  CHECK(set.size() == 19);
  CHECK(held.classes == set.classes);
  detection_set many = set;
  many.pictures.resize(205);
  CHECK(hold_out_fifth(many).size() == 41);
}

TEST_CASE("mean and deviation of a detection set are those of all its pixels") {
  detection_set set = draw_scenes({.height = 16, .width = 16, .train = 2, .validation = 1, .test = 1}).train;
  set.pictures[0] = {"a", 1, 1, 2, 1, 2, {0, 10, 255, 100, 10, 255}, {}};
  set.pictures[1] = {"b", 2, 1, 1, 1, 1, {200, 10, 255}, {}};
  const normalisation scale = measure(set);
  CHECK(scale.mean[0] * 255 == Approx(100));
  CHECK(scale.deviation[0] * 255 == Approx(std::sqrt(20000.0 / 3)));
  CHECK(scale.mean[1] * 255 == Approx(10));
  CHECK(scale.deviation[1] * 255 == Approx(1));
  CHECK_THAT(test::refusal_of([&] { measure(without_pictures(set)); }), ContainsSubstring("has no pictures to normalise by"));
}

TEST_CASE("scenes that cannot be drawn") {
  const auto refusal = [](scene_options options) { return test::refusal_of([&] { draw_scenes(options); }); };
  CHECK_THAT(refusal({.difficulty = 1.5}), ContainsSubstring("outside of 0 to 1"));
  CHECK_THAT(refusal({.height = 8}), ContainsSubstring("ask for 16 to 2048 pixels a side"));
  CHECK_THAT(refusal({.validation = 0}), ContainsSubstring("0 scenes cannot be drawn"));
}
