// A device whose time is computed: each layer takes as long as a function says, and the stopwatch reads that clock.
// Used by the latency tests, so that medians, rejections and sums are known beforehand.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <unistd.h>

#include <hasse/latency/device.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/latency/table.hpp>

namespace hasse::testing {

/// Nanoseconds since the device was made, and what a layer costs.
struct fake_world {
  std::int64_t now = 0, runs = 0;
  std::function<std::int64_t(const layer&)> cost = [](const layer& item) { return macs_of(item) / 50 + 1000; };
  std::function<std::string(const layer&)> refuses = [](const layer&) { return ""; };
  std::function<void()> on_start = [] {};  ///< called when a run begins: throws to play a kill, adds time to play the scheduler
};

class fake_backend {
 public:
  using scalar = float;
  static constexpr const char* name = "fake";
  std::string identity() const { return name; }
  struct inference_step {
    fake_world* world;
    layer item;
    void run() { world->now += world->cost(item); }
    std::string implementation() const { return "imagined"; }
  };
  struct training_step {
    void forward() {}
    void backward() {}
    void recompute() {}
  };

  explicit fake_backend(fake_world& world) : world_(&world) {}
  std::string supports(const layer& item) const { return world_->refuses(item); }
  inference_step make_inference(const layer& item, int, const inference_operands<float>&) { return {world_, item}; }
  training_step make_training(const layer&, int, const training_operands<float>&) { return {}; }
  std::size_t saved_bytes(const layer&, int) const { return 0; }
  backward_operands backward_reads(const layer&) const { return {}; }

 private:
  fake_world* world_;
};

class fake_stopwatch {
 public:
  explicit fake_stopwatch(fake_world& world) : world_(&world) {}
  void start() {
    ++world_->runs;
    marks_ = {world_->now};
    world_->on_start();
  }
  void lap() { marks_.push_back(world_->now); }
  std::int64_t nanoseconds(std::size_t lap) const { return marks_[lap + 1] - marks_[lap]; }

 private:
  fake_world* world_;
  std::vector<std::int64_t> marks_;
};

struct fake_device {
  std::shared_ptr<fake_world> world = std::make_shared<fake_world>();
  device_facts told{.name = "imaginary",
                    .features = "none",
                    .backend = "fake",
                    .library = "fake 1",
                    .compiler = "any",
                    .cores = 1,
                    .threads = 1,
                    .notes = ""};

  device_facts facts() const { return told; }
  fake_backend make_backend() const { return fake_backend(*world); }
  fake_stopwatch make_stopwatch(fake_backend&) const { return fake_stopwatch(*world); }
};
static_assert(DevicePolicy<fake_device>);

/// Answers only how long whole networks take.
struct asked_device {
  std::shared_ptr<fake_world> world = std::make_shared<fake_world>();
  device_facts facts() const { return {.name = "asked", .features = {}, .backend = "command", .library = "theirs", .compiler = {}, .notes = {}}; }
  timed_answer time(const layer_list& layers, const std::string&) const {
    ++world->runs;
    world->on_start();
    double nanoseconds = 0;
    for (const layer& item : fold_for_inference(layers).layers) {
      if (const std::string why = world->refuses(item); !why.empty()) return {{}, why};
      nanoseconds += static_cast<double>(world->cost(item));
    }
    return {{nanoseconds / 1e6, nanoseconds / 1e6 * 1.4, nanoseconds / 1e6}, {}};  // one sample was disturbed
  }
};
static_assert(NetworkTimer<asked_device>);

/// Small enough that a whole table takes milliseconds.
using small_space = search_space<input<3, 8, 8>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 3>>,
                                 stage<basic{.stride = 2}, widths<4, 8, 16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
/// Differs from it in one width.
using other_space = search_space<input<3, 8, 8>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 12>, depth<1, 3>>,
                                 stage<basic{.stride = 2}, widths<4, 8, 16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;

inline constexpr protocol quick{.rounds = 3, .warm_up = 2, .samples = 5, .contexts = 2, .checked = 12};

/// A path in a folder of this process that is removed at the end.
class temporary_folder {
 public:
  temporary_folder() : path_(std::filesystem::temp_directory_path() / ("hasse_latency_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The sentence of the error that `call` throws, or "" when it does not.
template <class Call>
std::string sentence_of(Call call) {
  try {
    call();
  } catch (const error& refusal) {
    return refusal.what();
  }
  return "";
}

}  // namespace hasse::testing
