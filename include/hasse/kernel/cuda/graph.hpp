// What a stream was given once, to be given again in one call: a forward pass or a training step without a launch per kernel.
// Used by programs on fixed shapes; kernels read and write the memory that they had when the graph was made.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <type_traits>
#include <utility>

#include <hasse/kernel/cuda/stream.hpp>

namespace hasse {

/// A captured sequence of launches. The stream outlives it, and so does the memory of its operands; the stream's scratch memory
/// must not grow meanwhile, so make all steps that share the stream first.
class cuda_graph {
 public:
  /// `queue()` puts everything on the stream, and does nothing else with the GPU. It is called twice: first to run, so that
  /// whatever a library does only once is done, then to be captured.
  template <class Queue>
  cuda_graph(cuda_stream& stream, Queue&& queue) : stream_(&stream) {
    queue();
    stream.wait();
    detail::gpu::require(cudaStreamBeginCapture(stream.handle(), cudaStreamCaptureModeThreadLocal), "begin to capture");
    try {
      queue();
    } catch (...) {
      end();
      throw;
    }
    const held_graph captured(end());
    cudaGraphExec_t made = nullptr;
    detail::gpu::require(captured ? cudaGraphInstantiate(&made, captured.get(), 0) : cudaErrorStreamCaptureInvalidated,
                         "make a graph of what was queued");
    graph_.reset(made);
  }

  /// Queues it all again.
  void replay() { detail::gpu::require(cudaGraphLaunch(graph_.get(), stream_->handle()), "take a graph"); }

 private:
  struct deleter {
    void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
    void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
  };
  using held_graph = std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, deleter>;

  cudaGraph_t end() {
    cudaGraph_t captured = nullptr;
    return cudaStreamEndCapture(stream_->handle(), &captured) == cudaSuccess ? captured : nullptr;
  }

  cuda_stream* stream_;
  std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, deleter> graph_;
};

}  // namespace hasse
