// What the steps of the CPU backend share at run time: the engine, scratch memory, the number of threads.
// Used by kernel/cpu.hpp and the kernels that it chooses from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#if !defined(HASSE_WITHOUT_ONEDNN)
#include <hasse/kernel/cpu/bridge.hpp>
#endif

namespace hasse::detail {

/// Scratch memory that all steps of a backend share, because one runs at a time. It grows when steps are made, never when they run.
class scratch_memory {
 public:
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void reserve(std::size_t bytes);

 private:
  static constexpr std::align_val_t alignment{64};
  struct release {
    void operator()(std::byte* data) const { ::operator delete(data, alignment); }
  };
  std::unique_ptr<std::byte, release> data_;
  std::size_t size_ = 0;
};

/// Offsets of the pieces that one primitive needs in the scratch memory.
class scratch_layout {
 public:
  std::size_t take(std::size_t bytes) { return std::exchange(used_, used_ + (bytes + 63) / 64 * 64); }
  std::size_t size() const { return used_; }

 private:
  std::size_t used_ = 0;
};

/// What steps need from their backend at run time.
struct cpu_context {
  scratch_memory scratch;
  int threads = 1;
  simd_level level = simd_level::plain;

#if !defined(HASSE_WITHOUT_ONEDNN)
  dnnl::engine engine = onednn::made_by([] { return dnnl::engine(dnnl::engine::kind::cpu, 0); }, "an engine");
  dnnl::stream stream = onednn::made_by([this] { return dnnl::stream(engine); }, "a stream");

  void run(std::vector<onednn::bound_primitive>& primitives) {
    for (onednn::bound_primitive& primitive : primitives) primitive.run(stream, scratch.data());
  }
#endif
};

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/context.inl>
#endif
