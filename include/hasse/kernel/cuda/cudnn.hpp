// Convolutions through the graph interface of cuDNN 9: a thin hold on its descriptors, and plans kept by the text of the problem.
// Used by kernel/cuda/library.hpp.
#pragma once

#include <cudnn.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cuda/language.hpp>
#include <hasse/kernel/cuda/programs/dense_problem.hpp>

namespace hasse::detail::gpu {

inline void require(cudnnStatus_t state, const std::string& tried) {
  if (state != CUDNN_STATUS_SUCCESS)
    throw error("cuDNN did not " + tried + " (" + cudnnGetErrorString(state) + "); the library that was found must be cuDNN 9");
}

/// A descriptor of cuDNN: attributes are set, then it is finalised.
class cudnn_descriptor {
 public:
  explicit cudnn_descriptor(cudnnBackendDescriptorType_t type) {
    require(cudnnBackendCreateDescriptor(type, &made_), "make a descriptor");
  }
  cudnn_descriptor(cudnn_descriptor&& other) noexcept : made_(std::exchange(other.made_, nullptr)) {}
  cudnn_descriptor& operator=(cudnn_descriptor&& other) noexcept {
    std::swap(made_, other.made_);
    return *this;
  }
  ~cudnn_descriptor() {
    if (made_) cudnnBackendDestroyDescriptor(made_);
  }

  template <class Value>
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::span<const Value> values) {
    require(cudnnBackendSetAttribute(made_, name, type, static_cast<std::int64_t>(values.size()), values.data()),
            "take an attribute");
    return *this;
  }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, std::span<const std::int64_t> values) {
    return set<std::int64_t>(name, CUDNN_TYPE_INT64, values);
  }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, std::int64_t value) { return one(name, CUDNN_TYPE_INT64, value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, bool value) { return one(name, CUDNN_TYPE_BOOLEAN, value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, float value) { return one(name, CUDNN_TYPE_FLOAT, value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, double value) { return one(name, CUDNN_TYPE_DOUBLE, value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnDataType_t value) { return one(name, CUDNN_TYPE_DATA_TYPE, value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnPointwiseMode_t value) {
    return one(name, CUDNN_TYPE_POINTWISE_MODE, value);
  }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnHandle_t value) { return one(name, CUDNN_TYPE_HANDLE, value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, const cudnn_descriptor& value) {
    return one(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value.made_);
  }

  cudnnStatus_t try_to_finalise() { return cudnnBackendFinalize(made_); }
  cudnn_descriptor& finalise(const char* what) {
    require(try_to_finalise(), std::string("accept ") + what);
    return *this;
  }

  std::int64_t number(cudnnBackendAttributeName_t name) const {
    std::int64_t value = 0, count = 0;
    require(cudnnBackendGetAttribute(made_, name, CUDNN_TYPE_INT64, 1, &count, &value), "tell an attribute");
    return value;
  }
  /// The descriptors of an attribute, at most `most` of them.
  std::vector<cudnn_descriptor> parts(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type, std::size_t most) const {
    std::vector<cudnn_descriptor> found;
    std::vector<cudnnBackendDescriptor_t> plain;
    for (std::size_t i = 0; i < most; ++i) plain.push_back(found.emplace_back(type).made_);
    std::int64_t count = 0;
    require(
        cudnnBackendGetAttribute(made_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(most), &count, plain.data()),
        "tell its engines");
    found.erase(found.begin() + std::min(static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(most)), found.end());
    return found;
  }
  /// How many values an attribute has, and the first of them.
  template <class Value>
  std::vector<Value> values(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t most) const {
    std::vector<Value> found(most);
    std::int64_t count = 0;
    require(cudnnBackendGetAttribute(made_, name, type, static_cast<std::int64_t>(most), &count, found.data()),
            "tell an attribute");
    found.resize(static_cast<std::size_t>(count));
    return found;
  }
  cudnnBackendDescriptor_t get() const { return made_; }

 private:
  template <class Value>
  cudnn_descriptor& one(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const Value& value) {
    return set(name, type, std::span<const Value>(&value, 1));
  }

  cudnnBackendDescriptor_t made_ = nullptr;
};

/// The tensors of a problem by the numbers that a plan knows them by. The virtual ones never reach memory.
enum cudnn_tensor : std::int64_t { tensor_source = 1, tensor_weights, tensor_output, tensor_bias, tensor_residual, tensor_virtual };

/// A way to compute a problem that is deterministic and as exact as was asked for.
struct cudnn_plan {
  cudnn_descriptor plan;
  std::size_t workspace = 0;
  std::string name;  ///< the library's: "cuDNN engine 67, knobs 2=5 13=0 18=0 25=0 27=7 28=1"
};

/// The graph of a problem: the convolution and what is fused behind it.
class cudnn_graph {
 public:
  explicit cudnn_graph(const dense_problem& problem) : problem_(problem) {
    const bool output = problem.result == product_result::output;
    const int passes = output ? problem.fused.bias + problem.fused.residual + (problem.fused.act != activation::none) : 0;
    int left = passes;
    std::int64_t last = tensor_output;
    const auto next = [&] {  // behind the last operation stands the output, between two a virtual tensor
      last = left-- == 0 ? std::int64_t{tensor_output} : tensor_virtual + left;
      return &tensor(last, problem.output(), last != tensor_output);
    };
    const cudnn_descriptor& source = tensor(tensor_source, problem.source());
    const cudnn_descriptor& weights = tensor(tensor_weights, problem.weights());
    const cudnn_descriptor* result = output ? next() : &tensor(tensor_output, problem.output());
    convolve(source, weights, *result);
    if (!output) return;
    if (problem.fused.residual) result = add(*result, tensor(tensor_residual, problem.output()), *next());
    if (problem.fused.bias) result = add(*result, tensor(tensor_bias, problem.bias()), *next());
    if (problem.fused.act != activation::none) activate(*result, *next());
  }

  /// The operations, to be made into a graph for a handle, or for a device that is only described.
  std::vector<cudnnBackendDescriptor_t> operations() const {
    std::vector<cudnnBackendDescriptor_t> plain;
    for (const cudnn_descriptor& each : operations_) plain.push_back(each.get());
    return plain;
  }

 private:
  static cudnnDataType_t storage(number_type type) {
    if (type == number_type::bfloat16) return CUDNN_DATA_BFLOAT16;
    return type == number_type::float16 ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT;
  }

  /// Virtual tensors are float whatever the activations are.
  cudnn_descriptor& tensor(std::int64_t id, const tensor_shape& shape, bool is_virtual = false) {
    const bool wide = is_virtual || (id == tensor_weights && problem_.widens);
    cudnn_descriptor& made = *tensors_.emplace_back(std::make_unique<cudnn_descriptor>(CUDNN_BACKEND_TENSOR_DESCRIPTOR));
    made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, wide ? CUDNN_DATA_FLOAT : storage(problem_.type))
        .set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const std::int64_t>(shape.dims))
        .set(CUDNN_ATTR_TENSOR_STRIDES, std::span<const std::int64_t>(shape.strides))
        .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16});
    if (is_virtual) made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
    return made.finalise("a tensor");
  }

  void convolve(const cudnn_descriptor& source, const cudnn_descriptor& weights, const cudnn_descriptor& output) {
    const layer& item = problem_.item;
    const std::array<std::int64_t, 2> stride{item.stride, item.stride}, before{item.pad_top, item.pad_left},
        behind{item.pad_bottom(), item.pad_right()}, dilation{1, 1};
    const auto mode = CUDNN_CROSS_CORRELATION;
    convolution_.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
        .set<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, std::span(&mode, 1))
        .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2})
        .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, std::span<const std::int64_t>(stride))
        .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, std::span<const std::int64_t>(before))
        .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, std::span<const std::int64_t>(behind))
        .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, std::span<const std::int64_t>(dilation))
        .finalise("a convolution");
    const float kept = problem_.adds ? 1.0f : 0.0f;
    switch (problem_.result) {
      case product_result::output:
        operations_.emplace_back(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, source)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, weights)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, output)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution_)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0f)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0f)
            .finalise("a convolution of these shapes");
        break;
      case product_result::source:
        operations_.emplace_back(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, source)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, weights)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, output)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution_)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0f)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, kept)
            .finalise("the data gradient of these shapes");
        break;
      case product_result::weights:
        operations_.emplace_back(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, source)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, weights)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, output)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution_)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1.0f)
            .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0.0f)
            .finalise("the weight gradient of these shapes");
        break;
    }
  }

  cudnn_descriptor& pointwise(cudnnPointwiseMode_t mode) {
    cudnn_descriptor& made = *tensors_.emplace_back(std::make_unique<cudnn_descriptor>(CUDNN_BACKEND_POINTWISE_DESCRIPTOR));
    return made.set(CUDNN_ATTR_POINTWISE_MODE, mode).set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
  }

  const cudnn_descriptor* add(const cudnn_descriptor& one, const cudnn_descriptor& other, const cudnn_descriptor& sum) {
    const cudnn_descriptor& mode = pointwise(CUDNN_POINTWISE_ADD).finalise("an addition");
    operations_.emplace_back(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, one)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, other)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, sum)
        .finalise("an addition of these shapes");
    return &sum;
  }

  void activate(const cudnn_descriptor& from, const cudnn_descriptor& to) {
    const activation act = problem_.fused.act;
    cudnn_descriptor& mode =
        pointwise(act == activation::sigmoid ? CUDNN_POINTWISE_SIGMOID_FWD
                                             : (act == activation::swish ? CUDNN_POINTWISE_SWISH_FWD : CUDNN_POINTWISE_RELU_FWD));
    if (act == activation::relu6) mode.set(CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, 6.0);
    mode.finalise("an activation");
    operations_.emplace_back(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, from)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to)
        .finalise("an activation of these shapes");
  }

  dense_problem problem_;
  std::vector<std::unique_ptr<cudnn_descriptor>> tensors_;  // descriptors refer to each other by address
  cudnn_descriptor convolution_{CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR};
  std::vector<cudnn_descriptor> operations_;
};

/// Where the tensors of a plan lie: numbers and pointers, made into what cuDNN takes.
class cudnn_operands {
 public:
  cudnn_operands(std::span<const std::int64_t> ids, std::span<void* const> pointers, void* workspace)
      : pack_(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR) {
    pack_.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
        .set<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, pointers)
        .set<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, std::span<void* const>(&workspace, 1))
        .finalise("operands");
  }
  void run(cudnnHandle_t handle, const cudnn_plan& plan) const {
    require(cudnnBackendExecute(handle, plan.plan.get(), pack_.get()), "run " + plan.name);
  }

 private:
  cudnn_descriptor pack_;
};

/// Makes plans for one device and keeps them by the text of the problem: for the device of a handle, or, to see what the library
/// would do, for one that a JSON text describes and that need not be there.
class cudnn_planner {
 public:
  explicit cudnn_planner(cudnnHandle_t handle) : handle_(handle) {}
  explicit cudnn_planner(const std::string& device) {
    device_.emplace(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR)
        .set<char>(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, std::span(device.data(), device.size()));
    device_->finalise("the description of a device");
  }

  /// Plans that fit, those that the library's heuristics rank first in front: at most `most`, and none where the caller has to run
  /// something else.
  std::vector<const cudnn_plan*> plans(const dense_problem& problem, std::size_t most) {
    known_plans& known = problems_[problem.key()];
    if (known.asked < most) {
      known.asked = most, known.ranked.clear();
      for_each_config(problem, [&](const cudnn_descriptor& config, const std::string& name) {
        if (const cudnn_plan* plan = made(known, config, name)) known.ranked.push_back(plan);
        return known.ranked.size() < most;
      });
    }
    return {known.ranked.begin(), known.ranked.begin() + static_cast<std::ptrdiff_t>(std::min(most, known.ranked.size()))};
  }

  /// The plan of that name; null where the library does not offer it.
  const cudnn_plan* plan(const dense_problem& problem, const std::string& wanted) {
    known_plans& known = problems_[problem.key()];
    if (const auto place = known.plans.find(wanted); place != known.plans.end()) return place->second ? &*place->second : nullptr;
    const cudnn_plan* found = nullptr;
    for_each_config(problem, [&](const cudnn_descriptor& config, const std::string& name) {
      if (name == wanted) found = made(known, config, name);
      return name != wanted;
    });
    return found;
  }

  /// A plan that needs more scratch memory is not taken.
  static constexpr std::int64_t most_workspace = std::int64_t{256} << 20;

 private:
  static constexpr std::size_t tried_engines = 64;

  /// What was made for one problem: null where the library's own suggestion did not work.
  struct known_plans {
    std::map<std::string, std::optional<cudnn_plan>> plans;
    std::vector<const cudnn_plan*> ranked;
    std::size_t asked = 0;
  };

  /// Calls `visit(config, name)` with each acceptable configuration of an engine, in the order of the heuristics, until it answers
  /// false.
  template <class Visit>
  void for_each_config(const dense_problem& problem, Visit&& visit) const {
    const cudnn_graph parts(problem);
    const std::vector<cudnnBackendDescriptor_t> operations = parts.operations();
    cudnn_descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set<cudnnBackendDescriptor_t>(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, operations);
    if (handle_) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle_);
    if (graph.try_to_finalise() != CUDNN_STATUS_SUCCESS) return;
    std::set<std::string> seen;
    for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK})
      for (const cudnn_descriptor& config : configs(graph, mode))
        if (acceptable(problem, config))
          if (const std::string name = name_of(config); seen.insert(name).second && !visit(config, name)) return;
  }

  std::vector<cudnn_descriptor> configs(const cudnn_descriptor& graph, cudnnBackendHeurMode_t mode) const {
    cudnn_descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
        .set<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, std::span(&mode, 1));
    if (device_) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *device_);
    if (heuristics.try_to_finalise() != CUDNN_STATUS_SUCCESS) return {};
    return heuristics.parts(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, tried_engines);
  }

  const cudnn_plan* made(known_plans& known, const cudnn_descriptor& config, const std::string& name) const {
    const auto [place, is_new] = known.plans.try_emplace(name);
    if (is_new) {
      cudnn_descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
      if (handle_) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle_);
      if (device_) plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *device_);
      if (plan.try_to_finalise() == CUDNN_STATUS_SUCCESS)
        if (const std::int64_t workspace = plan.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE); workspace <= most_workspace)
          place->second = cudnn_plan{std::move(plan), static_cast<std::size_t>(workspace), name};
    }
    return place->second ? &*place->second : nullptr;
  }

  static cudnn_descriptor engine_of(const cudnn_descriptor& config) {
    return std::move(config.parts(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1).front());
  }

  /// One seed, one result; and float means float unless tf32 was asked for.
  static bool acceptable(const dense_problem& problem, const cudnn_descriptor& config) {
    const auto notes = engine_of(config).values<cudnnBackendNumericalNote_t>(
        CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
    for (const cudnnBackendNumericalNote_t note : notes) {
      if (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC || note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION) return false;
      const bool rounds = note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE || note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
      if (problem.type == number_type::float32 && rounds) return false;
    }
    return true;
  }

  /// The engine and what it was set to: the same in every process that runs this version of the library.
  static std::string name_of(const cudnn_descriptor& config) {
    std::string name = "cuDNN engine " + std::to_string(engine_of(config).number(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
    const char* before = ", knobs ";
    for (const cudnn_descriptor& choice :
         config.parts(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS)) {
      const auto knob = choice.values<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1);
      name += std::exchange(before, " ") + std::to_string(static_cast<int>(knob.front())) + "=" +
              std::to_string(choice.number(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE));
    }
    return name;
  }

  cudnnHandle_t handle_ = nullptr;
  std::optional<cudnn_descriptor> device_;
  std::map<std::string, known_plans> problems_;
};

}  // namespace hasse::detail::gpu
