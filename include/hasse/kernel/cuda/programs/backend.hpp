// The CUDA backend over any stream of programs: what makes layers into steps. Models Backend.
// Used by kernel/cuda.hpp with the streams of a GPU, and by the tests with the processor as the stream.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/kernel/choices.hpp>
#include <hasse/kernel/cuda/programs/accelerator.hpp>
#include <hasse/kernel/cuda/programs/dense_problem.hpp>
#include <hasse/kernel/cuda/programs/layers.hpp>
#include <hasse/kernel/cuda/programs/plan_choice.hpp>

namespace hasse {

/// Runs layers on a stream of its own, in its order and without waiting for it; operands are memory that the stream's programs can
/// reach. Steps of one backend share scratch memory. The backend outlives its steps, and what lies in its memory().
template <class Scalar, detail::gpu::ProgramStream Stream>
class basic_cuda {
  using launches = std::vector<detail::gpu::bound_launch<Stream>>;
  using lowering = detail::gpu::layer_launches<Scalar, Stream>;

 public:
  using scalar = Scalar;
  static constexpr const char* name = std::is_same_v<Scalar, float>      ? "cuda"
                                      : std::is_same_v<Scalar, bfloat16> ? "cuda bf16"
                                                                         : "cuda fp16";

  /// Takes what makes a stream: nothing, or its options.
  template <class... Options>
  requires std::constructible_from<Stream, Options...>
  explicit basic_cuda(Options&&... options) : stream_(std::forward<Options>(options)...) {}
  basic_cuda(const basic_cuda&) = delete;
  basic_cuda& operator=(const basic_cuda&) = delete;

  /// A folded layer. A batch norm that stands alone is dst = act(weights * src + bias), its statistics folded in.
  class inference_step {
   public:
    void run() {
      for (auto& each : launches_) each(*stream_);
    }

   private:
    friend basic_cuda;
    inference_step(Stream& stream, launches made) : stream_(&stream), launches_(std::move(made)) {}

    Stream* stream_;
    launches launches_;
  };

  /// A training-fused layer, forward and backward.
  class training_step {
   public:
    void forward() { run(launches_.forward); }
    void recompute() { run(launches_.again.empty() ? launches_.forward : launches_.again); }
    void backward() { run(launches_.backward); }

   private:
    friend basic_cuda;
    training_step(Stream& stream, typename lowering::training_launches made) : stream_(&stream), launches_(std::move(made)) {}
    void run(launches& passes) {
      for (auto& each : passes) each(*stream_);
    }

    Stream* stream_;
    typename lowering::training_launches launches_;
  };

  /// Of measured plans it says that they are: with the choices of another process, numbers are other ones.
  std::string identity() const {
    std::string text = name;
    if constexpr (requires { stream_.identity(); }) text += ", " + stream_.identity();
    return text + (joins_ ? ", joined layers" : "");
  }
  std::string supports(const layer& item) const {
    if (item.kind == layer_kind::max_pool && item.kernel > 15)
      return "has a window of more than 15x15, which backend " + std::string(name) + " does not pool";
    return detail::problem_of(item);
  }

  inference_step make_inference(const layer& item, int batch, const inference_operands<Scalar>& operands) {
    require(item, batch);
    return {stream_, lowering(stream_, item, batch).inference(operands)};
  }
  /// An inverted bottleneck or a Fused block as one kernel: where `join_layers` has asked for it, or where the stream's plans are
  /// measured and it is faster than its layers one by one, which writes the operands' `dst`. It saves memory traffic and launches, and uses no tensor cores.
  std::optional<inference_step> make_joined(std::span<const layer> run, int batch,
                                            std::span<const inference_operands<Scalar>> operands) {
    for (const layer& item : run) require(item, batch);
    auto made = detail::gpu::joined<Stream>(run, batch, operands);
    if (!made || (!joins_ && !pays(run, batch, operands, made))) return std::nullopt;
    return inference_step{stream_, {std::move(made)}};
  }
  /// Without asking a clock. Off until told otherwise.
  void join_layers(bool on) { joins_ = on; }

  training_step make_training(const layer& item, int batch, const training_operands<Scalar>& operands) {
    require(item, batch);
    return {stream_, lowering(stream_, item, batch).training(operands)};
  }
  std::size_t saved_bytes(const layer& item, int batch) const { return lowering::saved_bytes(item, batch); }
  backward_operands backward_reads(const layer& item) const { return lowering::backward_reads(item); }

  /// What was measured to run convolutions and linear layers fastest, for a table or a file to remember; where the stream has
  /// libraries.
  kernel_choices& choices() requires requires(Stream& stream) { stream.choices(); }
  { return stream_.choices(); }

  /// Where everything is queued: to copy, to wait, to measure.
  Stream& stream() { return stream_; }
  /// Where operands lie, if the stream's programs reach other memory than the processor does.
  accelerator<Scalar>* memory() requires detail::gpu::DeviceStream<Stream> {
    if (!memory_) memory_ = std::make_unique<detail::gpu::stream_accelerator<Scalar, Stream>>(stream_);
    return memory_.get();
  }

 private:
  void require(const layer& item, int batch) const {
    detail::require_runnable(name, item, batch, supports(item));
    detail::require_runnable(name, item, batch, detail::gpu::problem_of_size(item, batch));
  }

  /// Whether a joined kernel was measured to be faster than its layers, now or by whoever left the choice.
  bool pays(std::span<const layer> run, int batch, std::span<const inference_operands<Scalar>> operands,
            detail::gpu::bound_launch<Stream>& joined) {
    if constexpr (requires { stream_.libraries().timer(); }) {
      const detail::gpu::group_timer timer = stream_.libraries().timer();
      if (!timer) return false;
      std::string key = "joined on " + std::string(name) + ':';
      for (const layer& item : run) {
        detail::gpu::dense_problem part(detail::gpu::product_result::output, {}, item, batch);
        part.fused = {item.bias, item.other != no_value, item.act};
        key += ' ' + part.key() + ';';
      }
      const auto known = choices().find(key);
      if (known != choices().end() && (known->second == one_by_one || known->second == as_one)) return known->second == as_one;
      std::vector<inference_step> steps;
      for (std::size_t i = 0; i < run.size(); ++i) steps.push_back(make_inference(run[i], batch, operands[i]));
      const auto apart = [&] {
        for (inference_step& each : steps) each.run();
      };
      const std::function<void()> ways[] = {apart, [&] { joined(stream_); }};
      const std::size_t fastest = detail::gpu::fastest_run(ways, timer, key);
      choices()[key] = fastest == 0 ? one_by_one : as_one;
      return fastest == 1;
    }
    return false;
  }
  static constexpr const char* one_by_one = "one by one";
  static constexpr const char* as_one = "as one";

  Stream stream_;
  std::unique_ptr<accelerator<Scalar>> memory_;
  bool joins_ = false;
};

}  // namespace hasse
