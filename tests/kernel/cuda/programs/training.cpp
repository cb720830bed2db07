// What trains on a GPU beside the layers, run on the processor, against the loss, the optimiser and the reader of batches.
#include <hasse/data/batch_reader.hpp>
#include <hasse/kernel/cuda/programs/augmentation.hpp>
#include <hasse/kernel/cuda/programs/descent.hpp>
#include <hasse/kernel/cuda/programs/loss.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/task/loss.hpp>
#include <hasse/train/sgd.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "layer_fixture.hpp"

namespace {

using namespace hasse;
using namespace hasse::detail::gpu;

template <class Scalar>
void compare_loss(int batch, int classes, double smoothing, thread_order order) {
  INFO(batch << " images, " << classes << " classes, smoothing " << smoothing << ", " << scalar_name<Scalar>);
  const auto images = static_cast<std::size_t>(batch), size = images * static_cast<std::size_t>(classes);
  buffer<Scalar> logits = random_values<Scalar>(size, derive(7, size), 3);
  logits[size / 2] = logits[size - 1];  // a tie, perhaps
  std::vector<int> labels(images);
  random_source random(5);
  for (int& label : labels) label = static_cast<int>(random.below(static_cast<std::uint64_t>(classes)));
  buffer<Scalar> gradient = poison<Scalar>(size), expected = poison<Scalar>(size);
  std::vector<float> losses(images, std::numeric_limits<float>::quiet_NaN());
  std::vector<std::uint8_t> correct(images, 77);
  run_on_host(softmax_loss<Scalar>{logits.data(), labels.data(), batch, classes, static_cast<float>(smoothing), gradient.data(),
                                   losses.data(), correct.data()},
              order);
  loss_total total{.loss = 100, .correct = 10};
  run_on_host(totals<batch_total>({losses.data(), correct.data(), &total}, batch, batch), order);
  const batch_loss truth = softmax_cross_entropy(logits.data(), labels.data(), batch, classes, smoothing, expected.data());
  CHECK((total.loss - 100) / batch == Approx(truth.loss).epsilon(1e-5));
  CHECK(total.correct - 10 == truth.correct);
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i)
    worst = std::max(worst, std::abs(static_cast<double>(gradient[i]) - static_cast<double>(expected[i])));
  CHECK(worst * batch < (sizeof(Scalar) == 4 ? 1e-6 : (std::is_same_v<Scalar, float16> ? 1e-3 : 4e-3)));
  CHECK_FALSE(std::isnan(worst));
}

constexpr float infinite = std::numeric_limits<float>::infinity(), no_number = std::numeric_limits<float>::quiet_NaN();

template <class Value>
bool same_bits(const Value& one, const Value& other) {
  return std::memcmp(one.data(), other.data(), one.size() * sizeof one[0]) == 0;
}

/// Parameters on their way, as a training on a GPU moves them.
struct descent {
  static constexpr int size = 4000, each = 300, parts = ceil_divide(size, each);
  buffer<float> values = random_values<float>(size, 1), velocity = random_values<float>(size, 2, 0.1);
  std::vector<float> decay = std::vector<float>(size / 16, 0.01f);
  descent_step state{.rate = 0.1f};

  void step(const buffer<float>& gradients, double largest, const loss_scaling& scaling) {
    std::vector<double> partial(parts, static_cast<double>(no_number));
    run_on_host(totals<squares>({gradients.data(), partial.data()}, size, each));
    run_on_host(totals<gradient_scale>({partial.data(), largest, &state, scaling}, parts, parts), thread_order::descending);
    run_on_host(nesterov{&state, values.data(), gradients.data(), velocity.data(), decay.data(), 0.9f, 0, size});
  }
};

/// Of a loss with this scale.
buffer<float> some_gradients(std::uint64_t seed, float scale = 1) {
  buffer<float> made = random_values<float>(descent::size, seed, 1e-3);
  for (float& value : made) value *= scale;
  return made;
}

}  // namespace

TEST_CASE("the GPU's softmax cross-entropy is that of training") {
  for (const thread_order order : {thread_order::ascending, thread_order::descending})
    for (const int classes : {1, 2, 10, 127, 128, 129, 1000})
      for (const double smoothing : {0.0, 0.1}) {
        compare_loss<float>(5, classes, smoothing, order);
        compare_loss<bfloat16>(3, classes, smoothing, order);
        compare_loss<float16>(3, classes, smoothing, order);
      }
  // Divergence stays visible.
  for (const float bad : {no_number, infinite})
    for (const std::size_t place : {std::size_t{0}, std::size_t{7}}) {
      std::vector<float> logits(200, 1.0f), losses(1);
      logits[place] = bad;
      const auto label = static_cast<int>(place);
      std::uint8_t correct = 1;
      run_on_host(softmax_loss<float>{logits.data(), &label, 1, 200, 0, nullptr, losses.data(), &correct});
      CHECK_FALSE(std::isfinite(losses[0]));
      CHECK(correct == 0);
    }
}

TEST_CASE("the GPU's descent is that of training, with and without a limit on the gradient's length") {
  const layer_list list = [] {
    layer_list made{.input = {8, 8, 3}, .items = {}};
    layer_builder<layer_list> b{made};
    b.linear(b.global_average_pool(b.conv_bn(0, 20, 3, 1, activation::relu, {})), 10);
    return made;
  }();
  const parameter_layout layout = layout_of(list.items);
  const auto size = static_cast<int>(layout.trainable_size);
  for (const double largest : {0.0, 0.5, 1e6}) {
    const descent_rule rule{.momentum = 0.9, .decay = 1e-2, .largest_norm = largest};
    nesterov_descent<float> truth(layout, rule);
    buffer<float> expected = random_values<float>(layout.trainable_size, 1), found = expected;
    std::vector<float> velocity(layout.trainable_size), decay(layout.trainable_size / 16);
    for (const parameter_tensor& tensor : layout.trainable)
      if (decays(tensor))
        for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; i += 16)
          decay[i / 16] = static_cast<float>(rule.decay);
    for (int at = 0; at < 3; ++at) {
      const buffer<float> gradients = random_values<float>(layout.trainable_size, derive(3, static_cast<std::uint64_t>(at)));
      truth.step(expected.data(), gradients.data(), 0.1);
      descent_step step{.rate = 0.1f, .scale = 1};
      if (largest > 0) {
        std::vector<double> partial(static_cast<std::size_t>(ceil_divide(size, 300)), std::numeric_limits<double>::quiet_NaN());
        run_on_host(totals<squares>({gradients.data(), partial.data()}, size, 300));
        const auto parts = static_cast<int>(partial.size());
        run_on_host(totals<gradient_scale>({partial.data(), largest, &step}, parts, parts), thread_order::descending);
      }
      run_on_host(nesterov{&step, found.data(), gradients.data(), velocity.data(), decay.data(), 0.9f, 0, size});
    }
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i) worst = std::max(worst, static_cast<double>(std::abs(found[i] - expected[i])));
    INFO("largest length " << largest);
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("the scale of a loss is in its gradient and nowhere else") {
  constexpr int batch = 64, classes = 1000;
  constexpr std::size_t size = batch * classes;
  const buffer<float> logits = random_values<float>(size, 3);
  const std::vector<int> labels(batch, 5);
  std::vector<float> losses(batch), others(batch);
  std::vector<std::uint8_t> correct(batch);
  buffer<float> plain = poison<float>(size), scaled = plain;
  const float scale = loss_scaling::first;
  run_on_host(softmax_loss<float>{logits.data(), labels.data(), batch, classes, 0, plain.data(), losses.data(), correct.data()});
  run_on_host(
      softmax_loss<float>{logits.data(), labels.data(), batch, classes, 0, scaled.data(), others.data(), correct.data(), &scale});
  CHECK(same_bits(losses, others));
  for (float& value : plain) value *= scale;
  CHECK(same_bits(plain, scaled));
  // What half precision loses without it.
  const buffer<float16> small(logits.begin(), logits.end());
  buffer<float16> lost = poison<float16>(size), kept = lost;
  run_on_host(softmax_loss<float16>{small.data(), labels.data(), batch, classes, 0, lost.data(), losses.data(), correct.data()});
  run_on_host(
      softmax_loss<float16>{small.data(), labels.data(), batch, classes, 0, kept.data(), losses.data(), correct.data(), &scale});
  double error = 0, without = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double wanted = static_cast<double>(scaled[i]);
    error = std::max(error, std::abs(static_cast<double>(kept[i]) / wanted - 1));
    without = std::max(without, std::abs(static_cast<double>(lost[i]) * static_cast<double>(scale) / wanted - 1));
  }
  CHECK(error < 4e-3);  // the logits are rounded, too
  CHECK(without > 0.05);
}

TEST_CASE("a scaled loss moves parameters to the same bits as an unscaled one") {
  for (const float scale : {1.0f, 2.0f, loss_scaling::first, loss_scaling::most})
    for (const double largest : {0.0, 0.02, 1e6}) {
      INFO("scale " << scale << ", largest length " << largest);
      descent plain, scaled;
      scaled.state.loss_scale = scale;
      for (std::uint64_t at = 0; at < 3; ++at) {
        plain.step(some_gradients(at), largest, {});
        scaled.step(some_gradients(at, scale), largest, {.on = true});
        CHECK_FALSE(scaled.state.skipped);
        CHECK((plain.state.scale < 1) == (largest == 0.02));
      }
      CHECK(same_bits(plain.values, scaled.values));
      CHECK(same_bits(plain.velocity, scaled.velocity));
      CHECK(scaled.state.loss_scale == scale);
      CHECK(scaled.state.good_steps == 3);
      CHECK(plain.state.good_steps == 0);
    }
}

TEST_CASE("a step whose gradients are not finite is left out and halves the scale of the loss") {
  for (const float bad : {infinite, -infinite, no_number})
    for (const std::size_t where : {std::size_t{0}, std::size_t{1234}, std::size_t{3999}})
      for (const double largest : {0.0, 1.0}) {
        descent found;
        found.state.loss_scale = 1024;
        found.step(some_gradients(1, 1024), largest, {.on = true});
        const descent before = found;
        buffer<float> gradients = some_gradients(2, 1024);
        gradients[where] = bad;
        found.step(gradients, largest, {.on = true});
        CHECK(found.state.skipped);
        CHECK(same_bits(found.values, before.values));
        CHECK(same_bits(found.velocity, before.velocity));
        CHECK(found.state.loss_scale == 512);
        CHECK(found.state.good_steps == 0);
        found.step(some_gradients(2, 512), largest, {.on = true});
        CHECK_FALSE(found.state.skipped);
        CHECK_FALSE(same_bits(found.values, before.values));
        // Without scaling, divergence stays visible.
        found.step(gradients, 0, {});
        CHECK_FALSE(std::isfinite(found.values[where]));
      }
}

TEST_CASE("the scale of a loss doubles after enough good steps, and stays within its bounds") {
  const buffer<float> good = some_gradients(1);
  buffer<float> bad = good;
  bad[7] = infinite;
  descent found;
  const loss_scaling often{.on = true, .grow_after = 3};
  std::vector<float> scales;
  for (int at = 0; at < 11; ++at) {
    found.step(at == 4 ? bad : good, 0, often);
    scales.push_back(found.state.loss_scale);
  }
  CHECK(scales == std::vector<float>{1, 1, 2, 2, 1, 1, 1, 2, 2, 2, 4});
  found.state = {.rate = 0.1f, .loss_scale = loss_scaling::most / 2};
  for (int at = 0; at < 7; ++at) found.step(good, 0, often);
  CHECK(found.state.loss_scale == loss_scaling::most);
  found.state = {.rate = 0.1f, .loss_scale = 2 * loss_scaling::least};
  for (int at = 0; at < 3; ++at) found.step(bad, 0, often);
  CHECK(found.state.loss_scale == loss_scaling::least);
  CHECK(found.state.skipped);
  descent seldom;
  for (int at = 0; at < 2000; ++at) {
    CHECK(seldom.state.loss_scale == 1);
    gradient_scale{nullptr, 0, &seldom.state, {.on = true}}.finish(0, {1});
  }
  CHECK(seldom.state.loss_scale == 2);
}

TEST_CASE("the GPU cuts the batches that the reader cuts") {
  image_set set;
  set.name = "noise", set.height = 9, set.width = 7, set.channels = 3;
  random_source random(11);
  for (int i = 0; i < 10; ++i) {
    set.labels.push_back(static_cast<std::uint16_t>(i));
    for (int byte = 0; byte < 9 * 7 * 3; ++byte) set.pixels.push_back(static_cast<std::uint8_t>(random() >> 56));
  }
  const normalisation scale = measure(set);
  const augmentation varied{.pad = 2, .flip = true};
  batch_reader reader(set, scale, 4, read_order::training, 21, varied);
  std::vector<float> expected(4 * set.image_bytes()), levels(3 * 256);
  std::vector<int> labels(4);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t v = 0; v < 256; ++v)
      levels[c * 256 + v] = (static_cast<float>(v) / 255.0f - scale.mean[c]) / scale.deviation[c];
  for (std::uint64_t batch = 0; batch < reader.batches_per_epoch() * 2; ++batch) {
    const std::uint64_t epoch = batch / reader.batches_per_epoch();
    reader.next(expected.data(), labels.data());
    std::vector<drawn_image> drawn;
    for (const int label : labels) {  // the label names the image
      random_source draws(derive(derive(derive(21, 1), epoch), static_cast<std::uint64_t>(label)));
      const auto shift = [&] { return static_cast<int>(draws.below(5)) - 2; };
      drawn_image each{.index = label};
      each.down = shift(), each.right = shift(), each.mirrored = (draws() >> 63) != 0;
      drawn.push_back(each);
    }
    buffer<float> found = poison<float>(expected.size());
    run_on_host(augmented_batch<float>({9, 7, 3}, 4, drawn.data(), set.pixels.data(), levels.data(), found.data()));
    CHECK(std::vector<float>(found.begin(), found.end()) == expected);
    drawn[2].index = -1;
    run_on_host(augmented_batch<float>({9, 7, 3}, 4, drawn.data(), set.pixels.data(), levels.data(), found.data()));
    CHECK(found[2 * set.image_bytes() + 5] == 0);
  }
}

TEST_CASE("numbers are divided by multiplication") {
  for (const int by : {1, 2, 3, 5, 7, 12, 64, 100, 641, 4096, 65537, 1000003, 2147483647})
    for (const std::int64_t base : {0, 1, 1000, 65536, 99999999, 2147483647 - by})
      for (const std::int64_t more : {0, -1, by / 2, by - 1}) {
        if (base + more < 0 || base + more > 2147483647) continue;
        const int number = static_cast<int>(base + more);
        const divisor division(by);
        CHECK(division.quotient(number) == number / by);
        CHECK(division.remainder(number) == number % by);
      }
}
