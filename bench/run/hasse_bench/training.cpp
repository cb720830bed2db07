// Training steps: forward, loss, backward, descent, as train/trainer.hpp makes them.
#include <fstream>

#include <hasse/kernel/cpu.hpp>
#include <hasse/network.hpp>
#include <hasse/train/loss.hpp>
#include <hasse/train/sgd.hpp>

#include "backend.hpp"
#include "bench.hpp"

namespace bench {

using namespace hasse;

namespace {

/// Kilobytes of this process: VmRSS now, VmHWM at most.
std::int64_t memory_of_process(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoll(line.substr(field.size() + 1));
  return 0;
}

template <class Engine>
class training_steps : public measurement {
 public:
  training_steps(const settings& how, const std::string& name, int batch)
      : before_((std::ofstream("/proc/self/clear_refs") << "5" << std::flush, memory_of_process("VmRSS"))),
        layers_(network_named(name)),
        backend_(options_of(how)),
        weights_(exported_weights(how.folder / (name + ".weights"), layers_)),
        network_(backend_, layers_, batch, weights_),
        descent_(weights_.layout, {.momentum = 0.9, .decay = 1e-4, .largest_norm = 0}) {
    const int classes = network_.output_shape().c;
    for (int n = 0; n < batch; ++n) labels_.push_back(n * 7 % classes);
    for (std::int64_t i = 0; i < batch * layers_.input.size(); ++i)
      network_.input()[i] = typename Engine::scalar(drawn(static_cast<std::uint32_t>(i)));
    for (double& loss : losses_) loss = step();
  }

  json visit(double milliseconds) override {
    json answer{{"ns", timed([&] { step(); }, milliseconds)}};
    if (std::exchange(first_, false))
      answer.update({{"losses", losses_},
                     {"megabytes", static_cast<double>(memory_of_process("VmHWM") - before_) / 1024},
                     {"arena_bytes", network_.arena_bytes()}});
    return answer;
  }

 private:
  double step() {
    network_.forward();
    const batch_loss result = softmax_cross_entropy(network_.output(), labels_.data(), network_.batch(), network_.output_shape().c,
                                                    0.0, network_.output_gradient());
    network_.backward();
    descent_.step(weights_.values.data(), network_.gradients(), 0.01);
    return result.loss;
  }

  std::int64_t before_;
  layer_list layers_;
  Engine backend_;
  parameters<float> weights_;
  training_network<Engine> network_;
  nesterov_descent<float> descent_;
  std::vector<int> labels_;
  std::array<double, 3> losses_{};
  bool first_ = true;
};

}  // namespace

std::unique_ptr<measurement> load_training(const settings& how, const std::string& name, int batch) {
  if (how.bf16) return std::make_unique<training_steps<cpu_bf16>>(how, name, batch);
  return std::make_unique<training_steps<cpu>>(how, name, batch);
}

}  // namespace bench
