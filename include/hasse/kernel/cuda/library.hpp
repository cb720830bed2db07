// Dense layers through cuDNN and cuBLASLt on a stream of the GPU.
// Used by kernel/cuda.hpp where cuDNN was found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <hasse/kernel/cuda/cublas.hpp>
#include <hasse/kernel/cuda/cudnn.hpp>
#include <hasse/kernel/cuda/programs/dense_layers.hpp>
#include <hasse/kernel/cuda/stream.hpp>
#include <hasse/kernel/cuda/timing.hpp>

namespace hasse {

namespace detail::gpu {

/// Products of matrices go to cuBLASLt first, all else, and products that cuBLASLt has no algorithm for, to cuDNN. Plans stay where
/// they are as long as this does, whatever binds them.
class cuda_libraries {
 public:
  cuda_libraries(cuda_stream& stream, const cuda_options& options = {})
      : stream_(&stream),
        tf32_(options.tf32),
        measures_(options.plans == plan_policy::by_measurement),
        handle_(made_handle(stream.handle())),
        convolutions_(handle_.get()) {}

  /// "cuDNN 9.19.0, cuBLASLt 13.1.0, own kernels".
  static std::string versions() {
    const auto version = [](std::size_t number) {
      return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
    };
    return "cuDNN " + version(cudnnGetVersion()) + ", cuBLASLt " + version(cublasLtGetVersion()) + ", own kernels";
  }

  number_type float_type() const { return tf32_ ? number_type::tf32 : number_type::float32; }
  group_timer timer() const { return measures_ ? group_timer(event_timer(*stream_)) : group_timer(); }

  std::vector<std::unique_ptr<dense_plan>> plans(const dense_problem& problem, std::size_t most) {
    stream_->use();
    std::vector<std::unique_ptr<dense_plan>> found;
    if (is_matrix_product(problem))
      for (const matrix_plan& plan : matrices_.plans(problem))
        if (found.size() < most) found.push_back(std::make_unique<bound_matrix>(*this, plan, problem));
    if (graph_has(problem.fused.act) && found.size() < most)
      for (const cudnn_plan* plan : convolutions_.plans(problem, std::min(most - found.size(), most_graphs)))
        found.push_back(std::make_unique<bound_graph>(*this, *plan));
    return found;
  }

  std::unique_ptr<dense_plan> plan(const dense_problem& problem, const std::string& name) {
    stream_->use();
    if (is_matrix_product(problem))
      for (const matrix_plan& plan : matrices_.plans(problem))
        if (plan.name == name) return std::make_unique<bound_matrix>(*this, plan, problem);
    if (graph_has(problem.fused.act))
      if (const cudnn_plan* plan = convolutions_.plan(problem, name)) return std::make_unique<bound_graph>(*this, *plan);
    return nullptr;
  }

 private:
  static constexpr std::size_t most_graphs = 8;

  static bool is_matrix_product(const dense_problem& problem) { return problem.is_matrix() && matrix_has(problem.fused.act); }

  struct bound_matrix : dense_plan {
    bound_matrix(cuda_libraries& libraries, const matrix_plan& plan, const dense_problem& problem)
        : libraries_(&libraries), plan_(&plan), result_(problem.result), adds_(problem.adds) {}
    const std::string& name() const override { return plan_->name; }
    std::size_t workspace() const override { return plan_->workspace; }
    void run(const dense_operands& at, std::byte* workspace) override {
      matrix_operands given{.bias = at.bias};
      switch (result_) {
        case product_result::output:
          given.left = at.weights, given.right = at.source, given.added = at.residual, given.result = at.output;
          break;
        case product_result::source:
          given.left = at.weights, given.right = at.output, given.added = adds_ ? at.source : nullptr, given.result = at.source;
          break;
        case product_result::weights:
          given.left = at.source, given.right = at.output, given.result = at.weights;
          break;
      }
      libraries_->stream_->use();
      libraries_->matrices_.run(*plan_, given, workspace, libraries_->stream_->handle());
    }

   private:
    cuda_libraries* libraries_;
    const matrix_plan* plan_;
    product_result result_;
    bool adds_;
  };

  struct bound_graph : dense_plan {
    bound_graph(cuda_libraries& libraries, const cudnn_plan& plan) : libraries_(&libraries), plan_(&plan) {}
    const std::string& name() const override { return plan_->name; }
    std::size_t workspace() const override { return plan_->workspace; }
    void run(const dense_operands& at, std::byte* workspace) override {
      if (!given_ || at_ != at || workspace_ != workspace) {  // memory has moved
        std::vector<std::int64_t> ids{tensor_source, tensor_weights, tensor_output};
        std::vector<void*> pointers{at.source, at.weights, at.output};
        if (at.bias) ids.push_back(tensor_bias), pointers.push_back(at.bias);
        if (at.residual) ids.push_back(tensor_residual), pointers.push_back(at.residual);
        given_.emplace(ids, pointers, workspace);
        at_ = at, workspace_ = workspace;
      }
      libraries_->stream_->use();
      given_->run(libraries_->handle_.get(), *plan_);
    }

   private:
    cuda_libraries* libraries_;
    const cudnn_plan* plan_;
    dense_operands at_;
    std::byte* workspace_ = nullptr;
    std::optional<cudnn_operands> given_;
  };

  struct handle_deleter {
    void operator()(cudnnHandle_t handle) const { cudnnDestroy(handle); }
  };
  using held_handle = std::unique_ptr<std::remove_pointer_t<cudnnHandle_t>, handle_deleter>;

  static held_handle made_handle(cudaStream_t stream) {
    cudnnHandle_t made = nullptr;
    require(cudnnCreate(&made), "start");
    held_handle holder(made);
    require(cudnnSetStream(made, stream), "take a stream");
    return holder;
  }

  cuda_stream* stream_;
  bool tf32_, measures_;
  held_handle handle_;
  cudnn_planner convolutions_;
  matrix_planner matrices_;
};

static_assert(DenseLibraries<cuda_libraries>);

}  // namespace detail::gpu

/// What runs behind the CUDA backend, for the record of a measurement: "cuDNN 9.19.0, cuBLASLt 13.1.0, own kernels".
inline std::string cuda_library() { return detail::gpu::cuda_libraries::versions(); }

/// A stream whose dense layers run through the libraries.
using cuda_library_stream = detail::gpu::dense_stream<cuda_stream, detail::gpu::cuda_libraries>;

}  // namespace hasse
