// The processor as a device with memory of its own, which only its programs may touch: who looks into it from outside is stopped by
// the machine, as a real device would stop it. Used by tests of what runs on a GPU.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include <hasse/kernel/cuda/programs/layers.hpp>
#include <hasse/kernel/memory.hpp>

namespace hasse::testing {

/// A stream of programs whose memory is closed between them.
class pretend_device {
 public:
  /// What steps keep for themselves is not guarded: it is filled by programs alone.
  using memory = std::vector<std::byte>;

  pretend_device() {
    void* const room = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) throw std::bad_alloc();
    room_ = static_cast<std::byte*>(room);
  }
  pretend_device(const pretend_device&) = delete;
  pretend_device& operator=(const pretend_device&) = delete;
  ~pretend_device() { munmap(room_, size); }

  template <class Program>
  void launch(const Program& program) {
    ++launches;
    queue([this, program] {
      const opened open(*this);
      detail::gpu::run_on_host(program);
    });
  }
  void reserve(std::size_t bytes) {
    if (scratch_bytes_ >= bytes) return;
    if (scratch_) release(scratch_);
    scratch_ = allocate(bytes), scratch_bytes_ = bytes;
    ++moves_;
  }
  std::byte* scratch() { return scratch_; }

  std::byte* allocate(std::size_t bytes) {
    const std::size_t begin = end_;
    end_ += (bytes + 4095) / 4096 * 4096;
    if (end_ > size) throw std::bad_alloc();
    held_[begin] = end_ - begin;
    const opened open(*this);
    std::memset(room_ + begin, 0, bytes);
    return room_ + begin;
  }
  void release(std::byte* at) noexcept { held_.erase(static_cast<std::size_t>(at - room_)); }
  void write(void* to, const void* from, std::size_t bytes) {
    require_outside_recording();
    const opened open(*this);
    std::memcpy(to, from, bytes);
  }
  void read(void* to, const void* from, std::size_t bytes) {
    require_outside_recording();
    const opened open(*this);
    std::memcpy(to, from, bytes);
  }
  void copy(void* to, const void* from, std::size_t bytes) {
    queue([this, to, from, bytes] {
      const opened open(*this);
      std::memcpy(to, from, bytes);
    });
  }
  void clear(void* at, std::size_t bytes) {
    queue([this, at, bytes] {
      const opened open(*this);
      std::memset(at, 0, bytes);
    });
  }
  void wait() { require_outside_recording(); }
  std::unique_ptr<recording> record(const std::function<void()>& queue) {
    auto made = std::make_unique<tape>(*this);
    tape_ = &made->steps;
    const auto stop = [this](void*) { tape_ = nullptr; };
    const std::unique_ptr<void, decltype(stop)> stopped(this, stop);
    queue();
    ++recordings;
    return made;
  }

  /// Arrays that were not given back, without the scratch memory.
  std::size_t held() const { return held_.size() - (scratch_ ? 1 : 0); }
  int launches = 0, recordings = 0, replays = 0;

 private:
  static constexpr std::size_t size = std::size_t{1} << 30;

  class tape final : public recording {
   public:
    explicit tape(pretend_device& on) : on_(&on), moves_(on.moves_) {}
    bool holds() const override { return moves_ == on_->moves_; }
    void replay() override {
      ++on_->replays;
      for (const auto& step : steps) step();
    }
    std::vector<std::function<void()>> steps;

   private:
    pretend_device* on_;
    std::uint64_t moves_;
  };
  /// All that is held, and nothing that was given back.
  struct opened {
    explicit opened(pretend_device& device) : of(&device) {
      for (const auto& [begin, bytes] : of->held_) mprotect(of->room_ + begin, bytes, PROT_READ | PROT_WRITE);
    }
    ~opened() { mprotect(of->room_, of->end_, PROT_NONE); }
    pretend_device* of;
  };
  template <class Run>
  void queue(const Run& run) {
    run();
    if (tape_) tape_->push_back(run);
  }
  void require_outside_recording() const {
    if (tape_) throw error("memory was copied while a recording was made");
  }

  std::byte* room_ = nullptr;
  std::size_t end_ = 4096;  // places are never used twice
  std::map<std::size_t, std::size_t> held_;
  std::byte* scratch_ = nullptr;
  std::size_t scratch_bytes_ = 0;
  std::uint64_t moves_ = 0;
  std::vector<std::function<void()>>* tape_ = nullptr;
};

}  // namespace hasse::testing
