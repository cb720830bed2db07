// A stream of a GPU with scratch memory, and arrays on that GPU.
// Used by kernel/cuda.hpp; a program that keeps tensors on the GPU holds them in device_array.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cuda/device.hpp>
#include <hasse/kernel/cuda/graph.hpp>
#include <hasse/kernel/cuda/launch.hpp>
#include <hasse/kernel/memory.hpp>

namespace hasse {

/// Memory of the current GPU for `size` values, all bytes zero at first; 256-byte aligned. Moves, does not copy. Copies to and from
/// the host wait for everything that the GPU was given, on all streams, before and after.
template <class Item>
class device_array {
 public:
  device_array() = default;
  explicit device_array(std::size_t size) : device_array() {
    if (size == 0) return;
    void* memory = nullptr;
    detail::gpu::require(cudaMalloc(&memory, size * sizeof(Item)),
                         "give " + std::to_string(size * sizeof(Item)) + " bytes of memory");
    data_ = static_cast<Item*>(memory), size_ = size;
    detail::gpu::require(cudaGetDevice(&device_), "tell which device it is");
    detail::gpu::require(cudaMemset(memory, 0, size * sizeof(Item)), "clear memory");
    detail::gpu::require(cudaStreamSynchronize(cudaStreamLegacy), "clear memory");  // another thread's capture goes on
  }
  explicit device_array(std::span<const Item> values) : device_array(values.size()) { upload(values); }
  device_array(device_array&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), device_(other.device_) {}
  device_array& operator=(device_array&& other) noexcept {
    std::swap(data_, other.data_), std::swap(size_, other.size_), std::swap(device_, other.device_);
    return *this;
  }
  ~device_array() { cudaFree(data_); }

  Item* data() { return data_; }
  const Item* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// Copies all values.
  void upload(std::span<const Item> values) { copy(data_, values.data(), values.size(), cudaMemcpyHostToDevice); }
  void download(std::span<Item> values) const { copy(values.data(), data_, values.size(), cudaMemcpyDeviceToHost); }

 private:
  void copy(Item* to, const Item* from, std::size_t count, cudaMemcpyKind kind) const {
    if (count != size_)
      throw error("an array of " + std::to_string(size_) + " values on the GPU was to be copied as " + std::to_string(count) +
                  "; copy all of it");
    if (count == 0) return;
    detail::gpu::require(cudaSetDevice(device_), "become the current device");
    wait();
    detail::gpu::require(cudaMemcpy(to, from, count * sizeof(Item), kind), "copy memory");
    wait();
  }
  /// Streams of ours do not wait for the default one, on which memory is cleared and copied.
  static void wait() { detail::gpu::require(cudaDeviceSynchronize(), "finish what was queued"); }

  Item* data_ = nullptr;
  std::size_t size_ = 0;
  int device_ = 0;
};

/// How the plan of a convolution or linear layer is chosen among those that the libraries have for it, and the kernels of ours.
enum class plan_policy : std::uint8_t {
  by_heuristics,  ///< the library's first guess, and a kernel of ours for depthwise layers: the same in every process
  by_measurement  ///< each is timed when a step first asks for its shape, and the fastest is remembered in choices()
};

/// Which GPU, and how it multiplies.
struct cuda_options {
  int device = 0;
  bool tf32 = false;  ///< libraries round float operands to 10 bits of mantissa: several times faster, 1e-3 exact
  plan_policy plans = plan_policy::by_heuristics;
};

/// A stream of one GPU, which becomes the current one of the calling thread. Streams of one GPU belong to one thread: memory is
/// copied, and graphs are made, as if no other thread used it.
class cuda_stream {
 public:
  using memory = device_array<std::byte>;

  explicit cuda_stream(const cuda_options& options = {}) : device_(cuda_device_at(options.device).id) {
    use();
    // What is released is kept for the next network, by all streams of this process, and not handed back to the driver.
    std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
    detail::gpu::require(cudaDeviceGetDefaultMemPool(&pool_, device_), "tell its memory pool");
    detail::gpu::require(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &all), "keep its memory");
    detail::gpu::require(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "make a stream");
    const cuda_device card = cuda_device_at(options.device);
    identity_ = card.name + " (sm " + card.architecture + "), CUDA " + card.runtime + (options.tf32 ? ", tf32" : "") +
                (options.plans == plan_policy::by_measurement ? ", measured plans" : ", first plans");
  }
  cuda_stream(const cuda_stream&) = delete;
  cuda_stream& operator=(const cuda_stream&) = delete;
  ~cuda_stream() { cudaStreamDestroy(stream_); }

  /// What decides the bits besides programs and libraries.
  const std::string& identity() const { return identity_; }

  /// Makes its GPU the current one of the calling thread, as everything below does.
  void use() const { detail::gpu::require(cudaSetDevice(device_), "become the current device"); }

  template <class Program>
  void launch(const Program& program) {
    use();
    detail::gpu::require(detail::gpu::launch(program, stream_), "take a kernel");
  }
  /// Waits until all that was queued has run.
  void wait() {
    use();
    detail::gpu::require(cudaStreamSynchronize(stream_), "finish what was queued");
    posted_ = 0;
  }

  /// As device_memory says, in the order of the stream.
  std::byte* allocate(std::size_t bytes) {
    use();
    void* given = nullptr;
    if (cudaMallocAsync(&given, bytes, stream_) !=
        cudaSuccess) {  // releases that are still queued, and what the pool keeps, may do
      cudaGetLastError();
      trim();
      detail::gpu::require(cudaMallocAsync(&given, bytes, stream_), "give " + std::to_string(bytes) + " bytes of memory");
    }
    clear(given, bytes);
    return static_cast<std::byte*>(given);
  }
  void release(std::byte* given) noexcept { cudaFreeAsync(given, stream_); }
  void write(void* to, const void* from, std::size_t bytes) {
    use();
    const bool fits = bytes <= letterbox / 4;
    if (fits) from = posted(from, bytes);
    detail::gpu::require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "copy memory");
    if (!fits) wait();  // only then may `from` change, whatever memory it is
  }
  void read(void* to, const void* from, std::size_t bytes) {
    use();
    detail::gpu::require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "copy memory");
    wait();
  }
  void copy(void* to, const void* from, std::size_t bytes) {
    use();
    detail::gpu::require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_), "copy memory");
  }
  void clear(void* at, std::size_t bytes) {
    use();
    detail::gpu::require(cudaMemsetAsync(at, 0, bytes, stream_), "clear memory");
  }
  std::unique_ptr<recording> record(const std::function<void()>& queue) { return std::make_unique<recorded>(*this, queue); }

  /// Scratch memory of at least so many bytes. What was captured in a graph before it grew must be captured again: a recording
  /// knows.
  void reserve(std::size_t bytes) {
    if (bytes <= scratch_.size()) return;
    trim();
    device_array<std::byte> larger(std::max(bytes, std::size_t{1} << 20));  // where there is no room for both, all stays as it was
    scratch_ = std::move(larger);
    ++moves_;
  }
  std::byte* scratch() { return scratch_.data(); }

  int device() const { return device_; }
  cudaStream_t handle() const { return stream_; }

 private:
  struct host_deleter {
    void operator()(std::byte* memory) const { cudaFreeHost(memory); }
  };
  /// Bytes of the processor's memory that the GPU reads by itself: what is small goes there, and nobody waits for it.
  static constexpr std::size_t letterbox = std::size_t{1} << 20;

  /// A copy that stays until everything queued is done.
  const std::byte* posted(const void* from, std::size_t bytes) {
    if (!letters_) {
      void* made = nullptr;
      detail::gpu::require(cudaMallocHost(&made, letterbox), "share memory with the processor");
      letters_.reset(static_cast<std::byte*>(made));
    }
    if (posted_ + bytes > letterbox) wait();
    std::byte* const place = letters_.get() + posted_;
    std::memcpy(place, from, bytes);
    posted_ += (bytes + 63) / 64 * 64;
    return place;
  }

  /// Hands back what the pool keeps and nobody has: other allocations of this GPU cannot take it.
  void trim() {
    wait();
    detail::gpu::require(cudaMemPoolTrimTo(pool_, 0), "hand memory back");
  }

  class recorded final : public recording {
   public:
    recorded(cuda_stream& stream, const std::function<void()>& queue)
        : stream_(&stream), moves_(stream.moves_), graph_(stream.handle(), queue) {}
    bool holds() const override { return moves_ == stream_->moves_; }
    void replay() override {
      stream_->use();
      graph_.replay();
    }

   private:
    cuda_stream* stream_;
    std::uint64_t moves_;
    cuda_graph graph_;
  };

  int device_;
  std::string identity_;
  cudaMemPool_t pool_ = nullptr;
  cudaStream_t stream_ = nullptr;
  std::unique_ptr<std::byte, host_deleter> letters_;
  std::size_t posted_ = 0;
  device_array<std::byte> scratch_;
  std::uint64_t moves_ = 0;  // of the scratch memory
};

}  // namespace hasse
