#include "../support/catch.hpp"

#include <numeric>

#include <hasse/data/image_set.hpp>
#include <hasse/data/resize.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
/// `counts[c]` images of class c, one pixel each, all pixels different in their two channels' worth of bytes.
image_set numbered(const std::vector<int>& counts) {
  image_set set = empty_images("numbered", {1, 1, 3}, std::vector<std::string>(counts.size(), "any"));
  std::uint8_t next = 0;
  for (std::size_t c = 0; c < counts.size(); ++c)
    for (int i = 0; i < counts[c]; ++i, ++next) {
      set.pixels.insert(set.pixels.end(), {next, 0, 0});
      set.labels.push_back(static_cast<std::uint16_t>(c));
    }
  return set;
}
}  // namespace

TEST_CASE("a division is stratified, exact, disjoint and repeatable") {
  const image_set set = numbered({40, 20, 7, 3});
  for (const std::size_t count : {0u, 1u, 7u, 35u, 69u, 70u, 200u}) {
    const division parts = divide(set.labels, count, 5);
    CHECK(parts.taken.size() == std::min<std::size_t>(count, 70));
    std::vector<std::uint32_t> all = parts.kept;
    all.insert(all.end(), parts.taken.begin(), parts.taken.end());
    std::sort(all.begin(), all.end());
    std::vector<std::uint32_t> expected(70);
    std::iota(expected.begin(), expected.end(), 0u);
    CHECK(all == expected);
    CHECK(divide(set.labels, count, 5).taken == parts.taken);
  }
  const division half = divide(set.labels, 35, 5);
  std::vector<int> per_class(4);
  for (const std::uint32_t index : half.taken) ++per_class[set.labels[index]];
  CHECK(per_class[0] == 20);
  CHECK(per_class[1] == 10);
  CHECK(per_class[2] + per_class[3] == 5);
  CHECK(divide(set.labels, 35, 6).taken != half.taken);
}

TEST_CASE("holding out moves images, it does not copy or lose any") {
  image_set train = numbered({50, 50});
  const image_set validation = hold_out(train, 0.1, 3);
  CHECK(train.size() == 90);
  CHECK(validation.size() == 10);
  std::vector<std::uint8_t> seen;
  for (const image_set* set : {&std::as_const(train), &validation})
    for (std::size_t i = 0; i < set->size(); ++i) {
      seen.push_back(set->image(i)[0]);
      CHECK(set->labels[i] == (set->image(i)[0] < 50 ? 0 : 1));
    }
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  CHECK(seen.size() == 100);
}

TEST_CASE("the normalisation of known pixels") {
  image_set set = empty_images("known", {1, 2, 3}, {"one"});
  set.pixels = {0, 255, 10, 255, 255, 30};
  set.labels = {0};
  const normalisation scale = measure(set);
  CHECK(scale.mean[0] == Approx(0.5));
  CHECK(scale.deviation[0] == Approx(0.5));
  CHECK(scale.mean[1] == Approx(1.0));
  CHECK(scale.deviation[1] == Approx(1.0 / 255));  // constant: the deviation of one grey level
  CHECK(scale.mean[2] == Approx(20.0 / 255));
  CHECK(scale.deviation[2] == Approx(10.0 / 255));
  set.labels.clear(), set.pixels.clear();
  CHECK_THROWS_AS(measure(set), error);
}

TEST_CASE("the identity sees every pixel, label and class") {
  const image_set set = numbered({3, 3});
  image_set other = set;
  CHECK(identity_of(other) == identity_of(set));
  other.pixels[4] ^= 1;
  CHECK(identity_of(other) != identity_of(set));
  other = set;
  other.labels[0] = 1;
  CHECK(identity_of(other) != identity_of(set));
  other = set;
  other.classes[1] = "else";
  CHECK(identity_of(other) != identity_of(set));
  CHECK(identity_of(splits{set, other, set}) != identity_of(splits{other, set, set}));
}

TEST_CASE("resizing keeps constants and ramps, and averages when it shrinks") {
  std::vector<std::uint8_t> to;
  image_fitter fitter({5, 3, 3});
  fitter.append(std::vector<std::uint8_t>(7 * 11 * 3, 77), {7, 11, 3}, to);
  CHECK(to == std::vector<std::uint8_t>(5 * 3 * 3, 77));
  to.clear();
  image_fitter same({4, 4, 1});
  const auto ramp = test::ramp({4, 4, 1});
  same.append(ramp, {4, 4, 1}, to);
  CHECK(to == ramp);
  to.clear();
  image_fitter wider({1, 4, 1});
  wider.append(std::vector<std::uint8_t>{0, 100}, {1, 2, 1}, to);
  CHECK(to == std::vector<std::uint8_t>{0, 25, 75, 100});
  to.clear();
  image_fitter narrower({1, 1, 1});
  narrower.append(std::vector<std::uint8_t>{0, 200}, {1, 2, 1}, to);
  CHECK(to == std::vector<std::uint8_t>{100});
}

TEST_CASE("images of other proportions are stretched, cut to their middle or padded") {
  const auto fitted = [](feature_shape wanted, image_fit fit, const std::vector<std::uint8_t>& image, feature_shape shape) {
    std::vector<std::uint8_t> to;
    image_fitter(wanted, fit).append(image, shape, to);
    return to;
  };
  const std::vector<std::uint8_t> wide{10, 20, 30, 40, 50, 60, 70, 80};  // 2 x 4
  CHECK(fitted({2, 2, 1}, image_fit::crop, wide, {2, 4, 1}) == std::vector<std::uint8_t>{20, 30, 60, 70});
  CHECK(fitted({2, 2, 1}, image_fit::crop, wide, {4, 2, 1}) == std::vector<std::uint8_t>{30, 40, 50, 60});
  CHECK(fitted({4, 4, 1}, image_fit::pad, wide, {2, 4, 1}) == std::vector<std::uint8_t>{0, 0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 0, 0, 0, 0});
  CHECK(fitted({4, 4, 1}, image_fit::pad, wide, {4, 2, 1}) == std::vector<std::uint8_t>{0, 10, 20, 0, 0, 30, 40, 0, 0, 50, 60, 0, 0, 70, 80, 0});
  CHECK(fitted({1, 2, 3}, image_fit::pad, std::vector<std::uint8_t>{9}, {1, 1, 1}) == std::vector<std::uint8_t>{9, 9, 9, 0, 0, 0});
  for (const image_fit fit : image_fits) {
    CHECK(fitted({2, 4, 1}, fit, wide, {2, 4, 1}) == wide);
    CHECK(fitted({1, 1, 1}, fit, std::vector<std::uint8_t>(900, 7), {1, 900, 1}).size() == 1);
    CHECK(fitted({3, 5, 3}, fit, std::vector<std::uint8_t>(900 * 3, 7), {900, 1, 3}).size() == 45);
    CHECK(parse_image_fit(to_text(fit), "") == fit);
  }
  CHECK(fitted({2, 2, 1}, image_fit::stretch, wide, {2, 4, 1}).size() == 4);
  CHECK_THROWS_WITH(parse_image_fit("squeeze", "--fit"), ContainsSubstring("--fit \"squeeze\" is not known; choose stretch, crop"));
}

TEST_CASE("grey becomes RGB and RGB its luma") {
  std::vector<std::uint8_t> to;
  image_fitter rgb({1, 2, 3});
  rgb.append(std::vector<std::uint8_t>{7, 9}, {1, 2, 1}, to);
  CHECK(to == std::vector<std::uint8_t>{7, 7, 7, 9, 9, 9});
  to.clear();
  image_fitter grey({1, 2, 1});
  grey.append(std::vector<std::uint8_t>{255, 255, 255, 255, 0, 0}, {1, 2, 3}, to);
  CHECK(to == std::vector<std::uint8_t>{255, 76});
}
