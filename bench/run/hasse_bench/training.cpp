// Training steps: forward, loss, backward, descent, as train/trainer.hpp makes them. Each waits for its loss.
#include <fstream>

#include <hasse/network.hpp>
#include <hasse/task/classification.hpp>
#include <hasse/task/bound_loss.hpp>
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

template <class Scalar>
class training_steps : public measurement {
 public:
  training_steps(const settings& how, const std::string& name, int batch)
      : before_((std::ofstream("/proc/self/clear_refs") << "5" << std::flush, memory_of_process("VmRSS"))),
        layers_(network_named(name)),
        backend_(backend_of<Scalar>(how)),
        weights_(exported_weights(how.folder / (name + ".weights"), layers_)),
        network_(backend_, layers_, batch, weights_),
        descent_(weights_.layout, {.momentum = 0.9, .decay = 1e-4, .largest_norm = 0}, backend_.memory()),
        outputs_(network_outputs<Scalar>::of(network_)),
        loss_(classification{}, network_.device(), batch, outputs_.shapes) {
    for (int n = 0; n < batch; ++n) labels_.push_back(n * 7 % network_.output_shape().c);
    loss_.scale_by(descent_.loss_scale());
    const std::vector<Scalar> images = drawn_values<Scalar>(batch * layers_.input.size());
    copy_in<Scalar>(backend_.memory(), network_.input(), images);
    for (double& loss : losses_) loss = step();
  }

  json visit(double milliseconds) override {
    json answer{{"ns", timed([&] { step(); }, milliseconds)}};
    if (std::exchange(first_, false)) {
      answer.update({{"losses", losses_}, {"arena_bytes", network_.arena_bytes()}});
      if (network_.device()) answer["timing"] = "wall clock of steps, each of which waits for its loss";
      if (!network_.device()) answer["megabytes"] = static_cast<double>(memory_of_process("VmHWM") - before_) / 1024;
    }
    return answer;
  }

 private:
  /// As a trainer makes them: recorded where a device can, its descent queued behind.
  double step() {
    loss_.expect(labels_);
    sequence_.run(network_.device(), [this] {
      network_.forward();
      loss_.queue(outputs_);
      network_.backward();
    });
    const double loss = loss_.result().loss;
    descent_.step(network_.trainable(), network_.gradients(), 0.01);
    return loss;
  }

  std::int64_t before_;
  layer_list layers_;
  any_backend<Scalar> backend_;
  parameters<float> weights_;
  training_network<any_backend<Scalar>> network_;
  nesterov_descent<float> descent_;
  network_outputs<Scalar> outputs_;
  bound_loss<classification, Scalar> loss_;
  repeated sequence_;
  std::vector<int> labels_;
  std::array<double, 3> losses_{};
  bool first_ = true;
};

}  // namespace

std::unique_ptr<measurement> load_training(const settings& how, const std::string& name, int batch) {
  return with_scalar(how, [&](auto zero) -> std::unique_ptr<measurement> {
    return std::make_unique<training_steps<decltype(zero)>>(how, name, batch);
  });
}

}  // namespace bench
