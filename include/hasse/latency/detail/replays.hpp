// Timing on a device that steps are only queued on: recordings of the beginnings of a network, whose differences are its parts.
// Used by probe. The why: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/network/inference.hpp>

namespace hasse::detail {

/// Random values between -1 and 1 for `size` places.
template <class Scalar>
std::vector<Scalar> timing_input(std::int64_t size, random_source& random) {
  std::vector<Scalar> values(static_cast<std::size_t>(size));
  for (Scalar& value : values) value = static_cast<Scalar>(2 * random.uniform() - 1);
  return values;
}

/// Times the steps up to each of `ends`, and so what each part takes longer than the one before. A recording holds so many copies
/// of a beginning that one replay is long beside the gap before it. With bytes to flush, these are written before each copy, and a
/// beginning without steps tells what to take off.
template <Backend Engine, Stopwatch Watch>
class timed_replays {
  using scalar = typename Engine::scalar;
  struct beginning {
    int end;
    std::int64_t copies;
    std::unique_ptr<recording> replays;
    std::int64_t time = 0;  // of one copy, in the latest run
  };

 public:
  timed_replays(inference_network<Engine>& network, std::span<const int> ends, Watch& watch, std::uint64_t seed)
      : network_(&network), watch_(&watch), flushed_(network.memory(), flushed_bytes(watch)) {
    random_source random(seed);
    for (auto& values : inputs_) values = timing_input<scalar>(network.batch() * network.input_shape().size(), random);
    for (auto& step : network.steps()) step.run();  // scratch memory grows now or never
    if (flushed_.size() > 0) beginnings_.push_back(recorded(0));
    for (const int end : ends) beginnings_.push_back(recorded(end));
  }

  /// One run, with the next input: forth and back over all beginnings, so that a drift of the clock hits them alike. Returns the
  /// time that it took; laps may be negative, their sum is the time of the whole network.
  std::int64_t operator()(std::vector<std::int64_t>& laps) {
    network_->write_input(inputs_[next_input_++ % inputs_.size()]);
    std::vector<beginning*> way;
    for (beginning& each : beginnings_) way.push_back(&each), each.time = 0;
    for (std::size_t back = beginnings_.size(); back-- > 0;) way.push_back(&beginnings_[back]);
    way.front()->replays->replay();  // the device has work while the first replay that counts is on its way
    watch_->start();
    for (beginning* each : way) each->replays->replay(), watch_->lap();
    std::int64_t spent = 0;
    for (std::size_t turn = 0; turn < way.size(); ++turn) {
      const std::int64_t lap = watch_->nanoseconds(turn);
      spent += lap, way[turn]->time += lap;
    }
    for (beginning& each : beginnings_) each.time = (each.time + each.copies) / (2 * each.copies);
    const std::size_t first = beginnings_.size() - laps.size();
    std::int64_t before = first > 0 ? beginnings_.front().time : 0;
    for (std::size_t lap = 0; lap < laps.size(); ++lap) {
      const std::int64_t time = beginnings_[first + lap].time;
      laps[lap] = time - std::exchange(before, time);
    }
    return spent;
  }

 private:
  static constexpr std::int64_t shortest_replay = 200'000, most_copies = 64;  // nanoseconds

  beginning recorded(int end) {
    beginning made{.end = end, .copies = 1, .replays = recorded(end, 1)};
    made.replays->replay();
    watch_->start();
    made.replays->replay(), watch_->lap();
    const std::int64_t time = std::max<std::int64_t>(1, watch_->nanoseconds(0));
    made.copies = std::clamp<std::int64_t>((shortest_replay + time - 1) / time, 1, most_copies);
    if (made.copies > 1) made.replays = recorded(end, made.copies);
    return made;
  }
  std::unique_ptr<recording> recorded(int end, std::int64_t copies) {
    return network_->memory()->record([&] {
      for (std::int64_t copy = 0; copy < copies; ++copy) {
        if (flushed_.size() > 0) network_->memory()->clear(flushed_.data(), flushed_.size());
        for (auto& step : std::span(network_->steps()).first(static_cast<std::size_t>(end))) step.run();
      }
    });
  }

  inference_network<Engine>* network_;
  Watch* watch_;
  std::array<std::vector<scalar>, 4> inputs_;
  std::size_t next_input_ = 0;
  backend_array<std::byte> flushed_;
  std::vector<beginning> beginnings_;
};

}  // namespace hasse::detail
