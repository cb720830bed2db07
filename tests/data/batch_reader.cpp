#include "../support/catch.hpp"

#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <thread>
#include <tuple>

#include <hasse/core/random.hpp>
#include <hasse/data/batch_reader.hpp>

#include "allocations.hpp"
#include "files.hpp"

using namespace hasse;

namespace {
/// Images of one colour each: image i has the value i in every byte and the label i % 3.
image_set flat(int count) {
  image_set set = empty_images("flat", {4, 4, 3}, {"a", "b", "c"});
  for (int i = 0; i < count; ++i) {
    set.pixels.insert(set.pixels.end(), 48, static_cast<std::uint8_t>(i));
    set.labels.push_back(static_cast<std::uint16_t>(i % 3));
  }
  return set;
}

/// Images that differ from pixel to pixel.
image_set varied(int count) {
  image_set set = empty_images("varied", {4, 6, 3}, {"a", "b", "c"});
  for (int i = 0; i < count; ++i) {
    const auto image = test::ramp({4, 6, 3}, 7 * i);
    set.pixels.insert(set.pixels.end(), image.begin(), image.end());
    set.labels.push_back(static_cast<std::uint16_t>(i % 3));
  }
  return set;
}

/// Values come out as 0..255.
normalisation bytes_scale() { return {{0, 0, 0}, {1 / 255.0f, 1 / 255.0f, 1 / 255.0f}}; }

struct read_batch {
  std::vector<float> images;
  std::vector<int> labels;
  int count = 0;
  friend bool operator==(const read_batch&, const read_batch&) = default;
};

read_batch next_of(batch_reader& reader, const image_set& set) {
  read_batch result;
  result.images.resize(static_cast<std::size_t>(reader.batch()) * set.image_bytes());
  result.labels.resize(static_cast<std::size_t>(reader.batch()));
  result.count = reader.next(result.images.data(), result.labels.data());
  return result;
}
}  // namespace

TEST_CASE("a training epoch is a permutation, other every epoch, with the labels of its images") {
  const image_set set = flat(50);
  batch_reader reader(set, bytes_scale(), 8, read_order::training, 3);
  CHECK(reader.batches_per_epoch() == 6);
  std::vector<std::vector<int>> epochs(2);
  for (auto& epoch : epochs) {
    for (int b = 0; b < 6; ++b) {
      const read_batch batch = next_of(reader, set);
      CHECK(batch.count == 8);
      for (std::size_t i = 0; i < 8; ++i) {
        epoch.push_back(static_cast<int>(batch.images[i * 48] + 0.5f));
        CHECK(batch.labels[i] == epoch.back() % 3);
      }
    }
    CHECK(std::set<int>(epoch.begin(), epoch.end()).size() == 48);  // no image twice
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(reader.position() == read_position{2, 0});
}

TEST_CASE("evaluation covers every image in order and fills the last batch with nothing") {
  const image_set set = flat(10);
  batch_reader reader(set, bytes_scale(), 4, read_order::evaluation, 1, {2, true});  // augmentation is for training only
  CHECK(reader.batches_per_epoch() == 3);
  for (int epoch = 0; epoch < 2; ++epoch) {
    int index = 0;
    for (const int expected : {4, 4, 2}) {
      const read_batch batch = next_of(reader, set);
      CHECK(batch.count == expected);
      for (std::size_t i = 0; i < 4; ++i) {
        const bool real = static_cast<int>(i) < expected;
        for (std::size_t k = 0; k < 48; ++k) CHECK(batch.images[i * 48 + k] == Approx(real ? index : 0));
        CHECK(batch.labels[i] == (real ? index++ % 3 : 0));
      }
    }
  }
}

TEST_CASE("a reader that was put back gives what an uninterrupted one gives") {
  const image_set set = varied(40);
  const augmentation usual = usual_augmentation(set);
  std::vector<read_batch> whole;
  std::vector<read_position> positions;
  {
    batch_reader reader(set, measure(set), 7, read_order::training, 11, {1, true});
    for (int i = 0; i < 20; ++i) {
      positions.push_back(reader.position());
      whole.push_back(next_of(reader, set));
    }
  }
  CHECK(usual.flip);
  for (const std::size_t start : {0u, 3u, 4u, 5u, 13u}) {
    batch_reader fresh(set, measure(set), 7, read_order::training, 11, {1, true});
    fresh.seek(positions[start]);
    for (std::size_t i = start; i < whole.size(); ++i) {
      CHECK(fresh.position() == positions[i]);
      CHECK(next_of(fresh, set) == whole[i]);
    }
  }
  batch_reader wanderer(set, measure(set), 7, read_order::training, 11, {1, true});
  random_source random(5);
  for (int i = 0; i < 200; ++i) {  // seeks that meet the worker in every state
    const std::size_t at = random.below(whole.size());
    wanderer.seek(positions[at]);
    if (i % 2) CHECK(next_of(wanderer, set) == whole[at]);
  }
  batch_reader other(set, measure(set), 7, read_order::training, 12, {1, true});
  CHECK_FALSE(next_of(other, set) == whole[0]);
}

TEST_CASE("crops and mirrors are those of the image, of every kind, and the border is the mean") {
  const image_set set = varied(1);
  batch_reader reader(set, bytes_scale(), 1, read_order::training, 1, {1, true});
  std::map<std::tuple<int, int, bool>, int> seen;
  for (int epoch = 0; epoch < 300; ++epoch) {
    const read_batch batch = next_of(reader, set);
    int matches = 0;
    for (int down = -1; down <= 1; ++down)
      for (int right = -1; right <= 1; ++right)
        for (const bool mirrored : {false, true}) {
          bool same = true;
          for (int y = 0; y < 4; ++y)
            for (int x = 0; x < 6; ++x)
              for (int c = 0; c < 3; ++c) {
                const int from_y = y + down, from_x = (mirrored ? 5 - x : x) + right;
                const bool inside = from_y >= 0 && from_y < 4 && from_x >= 0 && from_x < 6;
                const float expected = inside ? set.pixels[static_cast<std::size_t>((from_y * 6 + from_x) * 3 + c)] : 0;
                same = same && std::abs(batch.images[static_cast<std::size_t>((y * 6 + x) * 3 + c)] - expected) < 0.01f;
              }
          if (same) ++matches, ++seen[{down, right, mirrored}];
        }
    CHECK(matches == 1);
  }
  CHECK(seen.size() == 18);
}

TEST_CASE("a reader that runs allocates nothing") {
  const image_set set = varied(40);
  batch_reader reader(set, measure(set), 8, read_order::training, 1, usual_augmentation(set));
  std::vector<float> images(8 * set.image_bytes());
  std::vector<int> labels(8);
  reader.next(images.data(), labels.data());
  const long before = test::allocations;
  for (int i = 0; i < 30; ++i) reader.next(images.data(), labels.data());
  reader.seek({1, 2});
  reader.next(images.data(), labels.data());
  const long after = test::allocations;
  CHECK(after == before);
  CHECK(before > 0);
}

TEST_CASE("what goes wrong in the reader's thread is told to whoever asks for the next batch") {
  image_set set = flat(10);
  batch_reader reader(set, bytes_scale(), 4, read_order::evaluation);
  next_of(reader, set);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // now both batches in advance are made, and the thread waits
  set.labels.pop_back();
  const auto three = [&] {
    for (int i = 0; i < 3; ++i) next_of(reader, set);
  };
  CHECK_THAT(test::refusal_of(three), ContainsSubstring("has 9 images and had 10 when its reader was made; leave it as it is"));
  CHECK_THAT(test::refusal_of(three), ContainsSubstring("has 9 images and had 10"));  // and again, instead of waiting for ever
}

TEST_CASE("what a reader cannot do") {
  const image_set set = flat(5);
  const auto refusal = [&](int batch, read_order order, augmentation varied, normalisation scale) {
    return test::refusal_of([&] { batch_reader(set, scale, batch, order, 1, varied); });
  };
  CHECK_THAT(refusal(6, read_order::training, {}, bytes_scale()), ContainsSubstring("has 5 images and cannot fill a batch of 6"));
  CHECK(refusal(6, read_order::evaluation, {}, bytes_scale()).empty());
  CHECK_THAT(refusal(0, read_order::training, {}, bytes_scale()), ContainsSubstring("a batch of 0"));
  CHECK_THAT(refusal(2, read_order::training, {5, false}, bytes_scale()), ContainsSubstring("a crop border of 5 pixels"));
  CHECK_THAT(refusal(2, read_order::training, {}, {{0}, {1}}), ContainsSubstring("has 1 channels"));
  batch_reader reader(set, bytes_scale(), 2, read_order::training);
  CHECK_THAT(test::refusal_of([&] { reader.seek({0, 2}); }), ContainsSubstring("batch 2 does not exist"));
}
