// A device with memory and a queue of its own, whose time is computed: what a layer costs with warm and with cold caches, what
// clearing memory and what a replay cost. Used by the tests of what is measured by replays.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "fake_device.hpp"

namespace hasse::testing {

/// The clock of such a device, and what it was asked for.
struct fake_queue final : device_memory {
  struct fake_recording final : recording {
    explicit fake_recording(fake_queue& on) : queue(&on) {}
    bool holds() const override { return true; }
    void replay() override {
      queue->now += queue->gap;
      for (const auto& each : tape) each();
      ++queue->replays;
    }
    fake_queue* queue;
    std::vector<std::function<void()>> tape;
  };

  std::int64_t now = 0, gap = 0;  ///< nanoseconds; of a replay
  std::int64_t cold = 0;          ///< what a step costs more when its weights are in no cache
  double drift = 0;               ///< by how much of itself work takes longer per nanosecond since the beginning
  std::int64_t starts = 0, replays = 0, replays_timed = 0, most_steps = 0, flushed = 0;
  bool timing = false;
  std::function<std::int64_t(const layer&)> cost = [](const layer& item) { return macs_of(item) / 50 + 1000; };
  std::function<void()> on_start = [] {};
  std::function<bool()> disturbed = [] { return false; };
  std::vector<std::vector<float>> inputs;  ///< all that were written, in order

  void spend(std::int64_t time) {
    now += time + static_cast<std::int64_t>(static_cast<double>(time) * drift * static_cast<double>(now));
  }
  void queue(std::function<void()> work) {
    work();
    if (tape) tape->push_back(std::move(work));
  }

  std::byte* allocate(std::size_t bytes) override {
    auto* const made = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{256}));
    std::memset(made, 0, bytes);
    return made;
  }
  void release(std::byte* memory) noexcept override { ::operator delete (memory, std::align_val_t{256}); }
  void write(void* to, const void* from, std::size_t bytes) override {
    if (tape || timing) throw error("memory was written while a recording was made or timed");
    std::memcpy(to, from, bytes);
    if (watched == to)
      inputs.emplace_back(static_cast<const float*>(from), static_cast<const float*>(from) + bytes / sizeof(float));
  }
  void read(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void copy(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  /// At a byte per nanosecond; what the caches held is gone.
  void clear(void*, std::size_t bytes) override {
    queue([this, bytes] { spend(static_cast<std::int64_t>(bytes)), cached.clear(), flushed = static_cast<std::int64_t>(bytes); });
  }
  void wait() override {}
  std::unique_ptr<recording> record(const std::function<void()>& steps) override {
    auto made = std::make_unique<fake_recording>(*this);
    tape = &made->tape;
    steps();
    tape = nullptr;
    most_steps = std::max(most_steps, static_cast<std::int64_t>(made->tape.size()));
    return made;
  }

  std::vector<std::function<void()>>* tape = nullptr;
  std::set<const void*> cached;  // weights
  const void* watched = nullptr;
};

class fake_gpu_backend {
 public:
  using scalar = float;
  static constexpr const char* name = "fake gpu";
  std::string identity() const { return name; }
  struct inference_step {
    fake_queue* queue;
    layer item;
    const void* weights;
    void run() {
      queue->queue([queue = queue, item = item, weights = weights] {
        queue->spend(queue->cost(item) + (queue->cached.insert(weights).second ? queue->cold : 0));
      });
    }
  };
  struct training_step {
    void forward() {}
    void backward() {}
    void recompute() {}
  };

  explicit fake_gpu_backend(std::shared_ptr<fake_queue> queue) : queue_(std::move(queue)) {}
  std::string supports(const layer&) const { return ""; }
  /// A layer without weights is known by its output.
  inference_step make_inference(const layer& item, int, const inference_operands<float>& at) {
    return {queue_.get(), item, at.weights ? static_cast<const void*>(at.weights) : at.dst};
  }
  training_step make_training(const layer&, int, const training_operands<float>&) { return {}; }
  std::size_t saved_bytes(const layer&, int) const { return 0; }
  backward_operands backward_reads(const layer&) const { return {}; }
  device_memory* memory() { return queue_.get(); }

 private:
  std::shared_ptr<fake_queue> queue_;
};

class fake_gpu_stopwatch {
 public:
  fake_gpu_stopwatch(std::shared_ptr<fake_queue> queue, std::size_t flushes) : queue_(std::move(queue)), flushes_(flushes) {}
  void start() {
    ++queue_->starts, queue_->timing = true;
    marks_ = {queue_->now};
    queue_->on_start();
  }
  void lap() { marks_.push_back(queue_->now), queue_->replays_timed = queue_->replays; }
  std::int64_t nanoseconds(std::size_t lap) {
    queue_->timing = false;
    return marks_[lap + 1] - marks_[lap];
  }
  bool disturbed() { return queue_->disturbed(); }
  std::size_t flushed_bytes() const { return flushes_; }

 private:
  std::shared_ptr<fake_queue> queue_;
  std::size_t flushes_;
  std::vector<std::int64_t> marks_;
};

struct fake_gpu {
  std::size_t flushes = 0;
  std::shared_ptr<fake_queue> queue = std::make_shared<fake_queue>();

  device_facts facts() const {
    return {.name = "imaginary",
            .features = flushes > 0 ? "cold" : "hot",
            .backend = "fake gpu",
            .library = "fake 1",
            .compiler = "any",
            .cores = 1,
            .threads = 1,
            .notes = ""};
  }
  fake_gpu_backend make_backend() const { return fake_gpu_backend(queue); }
  fake_gpu_stopwatch make_stopwatch(fake_gpu_backend&) const { return {queue, flushes}; }
};
static_assert(DevicePolicy<fake_gpu>);

}  // namespace hasse::testing
