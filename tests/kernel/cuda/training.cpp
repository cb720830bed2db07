// Programs and graphs on the GPU against the processor, which runs the same source: the loss, the optimiser, a captured step.
#include <hasse/kernel/cuda.hpp>
#include <hasse/kernel/cuda/graph.hpp>
#include <hasse/kernel/cuda/programs/descent.hpp>
#include <hasse/kernel/cuda/programs/loss.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "layer_fixture.hpp"
#include "mirror.hpp"

using namespace hasse;
using namespace hasse::detail::gpu;

TEST_CASE("the GPU's loss is that of the processor") {
  if (!has_device()) return skip("no CUDA device answers");
  constexpr int batch = 37, classes = 1000;
  buffer<float> logits = random_values<float>(batch * classes, 1, 3), found = poison<float>(batch * classes), expected = found;
  std::vector<int> labels(batch, 7);
  std::vector<float> losses(batch), wanted(batch);
  std::vector<std::uint8_t> correct(batch), right(batch);
  std::vector<loss_total> total(1), sum(1);
  run_on_host(
      softmax_loss<float>{logits.data(), labels.data(), batch, classes, 0.1f, expected.data(), wanted.data(), right.data()});
  run_on_host(totals<batch_total>({wanted.data(), right.data(), sum.data()}, batch, batch));
  mirror gpu;
  cuda_stream stream;
  float* const device_losses = gpu.moved(losses);
  std::uint8_t* const device_correct = gpu.moved(correct);
  stream.launch(softmax_loss<float>{gpu.moved(logits), gpu.moved(labels), batch, classes, 0.1f, gpu.moved(found), device_losses,
                                    device_correct});
  stream.launch(totals<batch_total>({device_losses, device_correct, gpu.moved(total)}, batch, batch));
  stream.wait();
  gpu.fetch();
  CHECK(total[0].loss == Approx(sum[0].loss).epsilon(1e-5));
  CHECK(total[0].correct == sum[0].correct);
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-6f);
}

TEST_CASE("a captured step does what its launches do, every time it is replayed") {
  if (!has_device()) return skip("no CUDA device answers");
  constexpr int size = 1 << 16;
  buffer<float> values = random_values<float>(size, 1), gradients = random_values<float>(size, 2), velocity(size, 0.0f);
  std::vector<float> decay(size / 16, 0.01f);
  std::vector<descent_step> step{{.rate = 0.1f, .scale = 1}};
  buffer<float> expected = values, speed = velocity;
  constexpr int steps = 4;  // one to warm up, none while it is captured, three replays
  for (int i = 0; i < steps; ++i)
    run_on_host(nesterov{step.data(), expected.data(), gradients.data(), speed.data(), decay.data(), 0.9f, 0, size});
  mirror gpu;
  cuda_stream stream;
  const nesterov program{
      gpu.moved(step), gpu.moved(values), gpu.moved(gradients), gpu.moved(velocity), gpu.moved(decay), 0.9f, 0, size};
  cuda_graph graph(stream.handle(), [&] { stream.launch(program); });
  for (int i = 1; i < steps; ++i) graph.replay();
  stream.wait();
  gpu.fetch();
  for (std::size_t i = 0; i < size; ++i) CHECK(std::abs(values[i] - expected[i]) < 1e-5f);
}
