// What a stream was given once, to be given again in one call: a forward pass or a training step without a launch per kernel.
// Used by kernel/cuda/stream.hpp to record; kernels read and write the memory that they had when the graph was made.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <type_traits>
#include <utility>

#include <hasse/kernel/cuda/device.hpp>

namespace hasse {

/// A captured sequence of launches. The stream outlives it, and so does the memory of its operands.
class cuda_graph {
 public:
  /// `queue()` puts everything on the stream, and does nothing else with the GPU. It is called twice: first to run, so that
  /// whatever a library does only once is done, then to be captured.
  template <class Queue>
  cuda_graph(cudaStream_t stream, Queue&& queue) : stream_(stream) {
    queue();
    detail::gpu::require(cudaStreamSynchronize(stream), "finish what was queued");
    detail::gpu::require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "begin to capture");
    try {
      queue();
    } catch (...) {
      held_graph dropped(end());
      throw;
    }
    const held_graph captured(end());
    cudaGraphExec_t made = nullptr;
    detail::gpu::require(captured ? cudaGraphInstantiate(&made, captured.get(), 0) : cudaErrorStreamCaptureInvalidated,
                         "make a graph of what was queued");
    graph_.reset(made);
  }

  /// Queues it all again.
  void replay() { detail::gpu::require(cudaGraphLaunch(graph_.get(), stream_), "take a graph"); }

 private:
  struct deleter {
    void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
    void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
  };
  using held_graph = std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, deleter>;

  cudaGraph_t end() {
    cudaGraph_t captured = nullptr;
    return cudaStreamEndCapture(stream_, &captured) == cudaSuccess ? captured : nullptr;
  }

  cudaStream_t stream_;
  std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, deleter> graph_;
};

}  // namespace hasse
