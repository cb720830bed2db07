// Batches and their loss where a device keeps its tensors: the images and labels of the reader bit by bit, the loss of
// train/loss.hpp.
#include <hasse/kernel/cuda/programs/accelerator.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/task/classification.hpp>
#include <hasse/task/batch_feed.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../../train/problem.hpp"
#include "catch.hpp"
#include "pretend_device.hpp"

namespace {

using namespace hasse;
using testing::pretend_device;

TEST_CASE("a device cuts the batches that the reader reads, from anywhere, the part-filled one too") {
  const image_set images = problem::quadrants(21, 4);
  const normalisation scale = measure(images);
  constexpr int batch = 8;
  const std::size_t size = batch * images.image_bytes();
  pretend_device stream;
  detail::gpu::stream_accelerator<float, pretend_device> device(stream);
  for (const read_order order : {read_order::training, read_order::evaluation}) {
    batch_reader reader(images, scale, batch, order, 5, {.pad = 2, .flip = true});
    batch_feed<float> feed(&device, images, scale, batch, order, 5, {.pad = 2, .flip = true}),
        plain(nullptr, images, scale, batch, order, 5, {.pad = 2, .flip = true});
    CHECK(feed.batches_per_epoch() == reader.batches_per_epoch());
    CHECK(feed.batch() == batch);
    backend_array<float> place(&device, size);
    std::vector<float> expected(size), found(size), here(size);
    std::vector<int> labels(batch), own(batch, -1), others(batch, -1);
    int part_filled = 0;
    const auto compare = [&] {
      const int count = reader.next(expected.data(), labels.data());
      CHECK(feed.next(place.data(), own.data()) == count);
      CHECK(plain.next(here.data(), others.data()) == count);
      copy_out<float>(&device, found, place.data());
      CHECK(found == expected);
      CHECK(here == expected);
      CHECK(own == labels);
      CHECK(others == labels);
      part_filled += count < batch;
    };
    for (std::uint64_t i = 0; i < 2 * reader.batches_per_epoch(); ++i) compare();
    CHECK(part_filled == (order == read_order::evaluation ? 2 : 0));
    const read_position later{.epoch = 3, .batch = 1};
    reader.seek(later), feed.seek(later), plain.seek(later);
    compare(), compare();
    CHECK_THROWS_AS(feed.seek({.epoch = 0, .batch = 1000}), error);
  }
}

TEST_CASE("the loss of answers on a device is that of the processor, with its gradient and its scale") {
  constexpr int batch = 6, classes = 5;
  const std::size_t size = batch * classes;
  pretend_device stream;
  detail::gpu::stream_accelerator<float, pretend_device> device(stream);
  const classification task{.label_smoothing = 0.1};
  const feature_shape shape{1, 1, classes};
  bound_loss<classification, float> there(task, &device, batch, {&shape, 1}), here(task, nullptr, batch, {&shape, 1});
  random_source random(3);
  backend_array<float> logits(&device, size), slopes(&device, size), scale(&device, 1);
  const float factor = 1024;
  copy_in<float>(&device, scale.data(), std::vector<float>{factor});
  for (const float* const loss_scale : {static_cast<const float*>(nullptr), static_cast<const float*>(scale.data())}) {
    there.scale_by(loss_scale);
    std::vector<float> answers(size), expected(size), found(size);
    std::vector<int> labels(batch);
    for (float& value : answers) value = static_cast<float>(3 * random.normal());
    for (int& label : labels) label = static_cast<int>(random.below(classes));
    copy_in<float>(&device, logits.data(), answers);
    const network_outputs<float> placed{{logits.data()}, {slopes.data()}, {shape}};
    const batch_loss mine = there(placed, labels), theirs = here({{answers.data()}, {expected.data()}, {shape}}, labels);
    CHECK(mine.loss == Approx(theirs.loss).epsilon(1e-5));
    CHECK(mine.correct == theirs.correct);
    copy_out<float>(&device, found, slopes.data());
    for (std::size_t i = 0; i < size; ++i)
      CHECK(found[i] == Approx(expected[i] * (loss_scale ? factor : 1)).epsilon(1e-4).margin(1e-7));
    CHECK(there(placed, labels, false).loss == mine.loss);  // each batch alone, not added to the one before
  }
}

}  // namespace
