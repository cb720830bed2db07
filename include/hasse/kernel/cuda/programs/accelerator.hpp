// The memory of a GPU and the programs of a training that are no layers, over any stream that has both.
// Used by programs/backend.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>

#include <hasse/core/error.hpp>
#include <hasse/core/float16.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/cuda/programs/augmentation.hpp>
#include <hasse/kernel/cuda/programs/descent.hpp>
#include <hasse/kernel/cuda/programs/loss.hpp>
#include <hasse/kernel/cuda/programs/slices.hpp>
#include <hasse/kernel/cuda/programs/totals.hpp>

namespace hasse::detail::gpu {

/// A stream with memory of its own, as device_memory describes it.
template <class Type>
concept DeviceStream = requires(Type& stream, const nesterov& program, std::byte* memory, std::size_t bytes,
                                const std::function<void()>& queue) {
  stream.launch(program);
  { stream.allocate(bytes) } -> std::same_as<std::byte*>;
  stream.release(memory);
  stream.write(memory, memory, bytes), stream.read(memory, memory, bytes), stream.copy(memory, memory, bytes);
  stream.clear(memory, bytes), stream.wait();
  { stream.record(queue) } -> std::same_as<std::unique_ptr<recording>>;
};

/// Launches the programs of a training on a stream, which outlives it.
template <class Scalar, DeviceStream Stream>
class stream_accelerator final : public accelerator<Scalar> {
 public:
  explicit stream_accelerator(Stream& stream) : stream_(&stream), sums_(this, 1 + dot_blocks) {}

  std::byte* allocate(std::size_t bytes) override { return stream_->allocate(bytes); }
  void release(std::byte* memory) noexcept override { stream_->release(memory); }
  void write(void* to, const void* from, std::size_t bytes) override { stream_->write(to, from, bytes); }
  void read(void* to, const void* from, std::size_t bytes) override { stream_->read(to, from, bytes); }
  void copy(void* to, const void* from, std::size_t bytes) override { stream_->copy(to, from, bytes); }
  void clear(void* at, std::size_t bytes) override { stream_->clear(at, bytes); }
  void wait() override { stream_->wait(); }
  std::unique_ptr<recording> record(const std::function<void()>& queue) override { return stream_->record(queue); }

  bool scales_loss() const override { return std::is_same_v<Scalar, float16>; }

  void softmax_cross_entropy(const loss_operands<Scalar>& at) override {
    clear(at.total, sizeof *at.total);
    stream_->launch(softmax_loss<Scalar>{.logits = at.logits,
                                         .labels = at.labels,
                                         .batch = at.batch,
                                         .classes = at.classes,
                                         .smoothing = static_cast<float>(at.smoothing),
                                         .gradient = at.gradient,
                                         .losses = at.losses,
                                         .correct = at.correct,
                                         .loss_scale = at.loss_scale});
    stream_->launch(totals(batch_total{at.losses, at.correct, at.total}, at.batch, at.batch));
  }

  void measure_gradient(const length_operands& at) override {
    const int count = counted(at.count), blocks = counted(length_partials(at.count));
    stream_->launch(totals(squares{at.gradients, at.partial}, count, static_cast<int>(length_block)));
    stream_->launch(totals(gradient_scale{at.partial, at.largest, at.step, {.on = at.scales_loss}}, blocks, blocks));
  }
  void descend(const descent_operands& at) override {
    stream_->launch(nesterov{.step = at.step,
                             .values = at.values,
                             .gradients = at.gradients,
                             .velocity = at.velocity,
                             .decay = at.decay,
                             .momentum = static_cast<float>(at.momentum),
                             .begin = counted(at.begin),
                             .end = counted(at.end)});
  }

  void augment(const batch_operands<Scalar>& at) override {
    stream_->launch(augmented_batch<Scalar>({at.height, at.width, at.channels}, at.batch, at.drawn, at.pixels, at.levels, at.to));
  }

  void gather(const slice_operands& at) override { move<slice_move::gather>(at, 0); }
  void add_slice(const slice_operands& at) override { move<slice_move::add>(at, 0); }
  void mix_slice(const slice_operands& at, float keep) override { move<slice_move::mix>(at, keep); }

  double dot(const Scalar* slope, const Scalar* values, const Scalar* without, std::size_t count) override {
    const int all = counted(count), each = ceil_divide(all, dot_blocks), blocks = ceil_divide(all, each);
    stream_->launch(totals(answered<Scalar>{slope, values, without, sums_.data() + 1}, all, each));
    stream_->launch(totals(summed_partials{sums_.data() + 1, sums_.data()}, blocks, blocks));
    double found = 0;
    read(&found, sums_.data(), sizeof found);
    return found;
  }

 private:
  static constexpr int dot_blocks = 1024;

  static int counted(std::size_t count) {
    if (count > static_cast<std::size_t>(std::numeric_limits<int>::max()) - length_block)
      throw error(std::to_string(count) +
                  " parameters or values were given to one kernel, which counts to 2147479551; use a smaller "
                  "network or batch");
    return static_cast<int>(count);
  }
  template <slice_move Move>
  void move(const slice_operands& at, float keep) {
    stream_->launch(moved_slice<Move>{at.rows, at.columns, at.row_count, at.column_count, at.row_length, at.full, at.narrow, keep});
  }

  Stream* stream_;
  backend_array<double> sums_;  // of dot: the total, then one per block
};

}  // namespace hasse::detail::gpu
