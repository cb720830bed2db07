// Products of matrices through cuBLASLt, with bias and ReLU behind them where it has them: 1x1 convolutions and linear layers.
// Used by kernel/cuda/library.hpp.
#pragma once

#include <cublasLt.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cuda/language.hpp>
#include <hasse/kernel/cuda/programs/dense_problem.hpp>

namespace hasse::detail::gpu {

inline void require(cublasStatus_t state, const std::string& tried) {
  if (state != CUBLAS_STATUS_SUCCESS)
    throw error("cuBLASLt did not " + tried + " (" + cublasLtGetStatusString(state) +
                "); use the cpu backend, or another CUDA Toolkit");
}

template <class Handle, cublasStatus_t (*Destroy)(Handle)>
struct destroyed_by {
  void operator()(Handle handle) const { Destroy(handle); }
};
template <class Handle, cublasStatus_t (*Destroy)(Handle)>
using held = std::unique_ptr<std::remove_pointer_t<Handle>, destroyed_by<Handle, Destroy>>;

using held_product = held<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using held_layout = held<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using held_preference = held<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

/// A product that was chosen once: how, and how the three matrices lie.
struct matrix_plan {
  held_product product;
  held_layout left, right, result;
  cublasLtMatmulAlgo_t algorithm{};
  std::size_t workspace = 0;
  bool bias = false;
  std::string name;  ///< the library's: "cuBLASLt 66, tile 20, stages 35, ..."
};

/// The operands of one run. `added` is what beta multiplies, null for nothing: the residual, or the result itself.
struct matrix_operands {
  const void* left = nullptr;
  const void* right = nullptr;
  const void* added = nullptr;
  const void* bias = nullptr;
  void* result = nullptr;
};

/// Describes a product, without asking the library how it would be computed: that takes a device.
inline matrix_plan described_product(const dense_problem& of) {
  const matrix_problem shape(of);
  const cudaDataType_t stored =
      of.type == number_type::bfloat16 ? CUDA_R_16BF : (of.type == number_type::float16 ? CUDA_R_16F : CUDA_R_32F);
  const cudaDataType_t made = of.widens ? CUDA_R_32F : stored;
  matrix_plan plan;
  const auto set = [&plan](cublasLtMatmulDescAttributes_t name, auto value) {
    require(cublasLtMatmulDescSetAttribute(plan.product.get(), name, &value, sizeof value), "take an attribute");
  };
  const auto lying = [](held_layout& to, cudaDataType_t type, bool turned, std::int64_t rows, std::int64_t columns,
                        std::int64_t stride) {
    if (turned) std::swap(rows, columns);
    cublasLtMatrixLayout_t described = nullptr;
    require(
        cublasLtMatrixLayoutCreate(&described, type, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns), stride),
        "describe a matrix");
    to.reset(described);
  };
  cublasLtMatmulDesc_t product = nullptr;
  require(cublasLtMatmulDescCreate(&product, of.type == number_type::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F,
                                   CUDA_R_32F),
          "describe a product");
  plan.product.reset(product);
  set(CUBLASLT_MATMUL_DESC_TRANSA, shape.left_turned ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_TRANSB, shape.right_turned ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan.bias = of.fused.bias;
  const bool relu = of.fused.act == activation::relu;
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, plan.bias ? (relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                                               : (relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT));
  lying(plan.left, stored, shape.left_turned, shape.rows, shape.depth, shape.left_stride);
  lying(plan.right, stored, shape.right_turned, shape.depth, shape.columns, shape.right_stride);
  lying(plan.result, made, false, shape.rows, shape.columns, shape.result_stride);
  return plan;
}

/// An algorithm and what it was set to: the same in every process that runs this version of the library.
inline std::string name_of(const cublasLtMatmulAlgo_t& algorithm) {
  const auto setting = [&](cublasLtMatmulAlgoConfigAttributes_t name, auto value) {
    std::size_t written = 0;
    require(cublasLtMatmulAlgoConfigGetAttribute(&algorithm, name, &value, sizeof value, &written), "tell an algorithm");
    return std::to_string(value);
  };
  return "cuBLASLt " + setting(CUBLASLT_ALGO_CONFIG_ID, std::int32_t{}) + ", tile " +
         setting(CUBLASLT_ALGO_CONFIG_TILE_ID, std::uint32_t{}) + ", stages " +
         setting(CUBLASLT_ALGO_CONFIG_STAGES_ID, std::uint32_t{}) + ", split " +
         setting(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, std::int32_t{}) + ", reduction " +
         setting(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, std::uint32_t{}) + ", swizzle " +
         setting(CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, std::uint32_t{}) + ", option " +
         setting(CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, std::uint32_t{}) + ", inner " +
         setting(CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, std::uint16_t{}) + ", cluster " +
         setting(CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, std::uint16_t{});
}

/// Makes plans for the current device and keeps them by the text of the problem.
class matrix_planner {
 public:
  matrix_planner() {
    cublasLtHandle_t made = nullptr;
    require(cublasLtCreate(&made), "start");
    handle_.reset(made);
  }

  /// The algorithms that the library's heuristics rank first; none where it has none. They stay where they are.
  const std::vector<matrix_plan>& plans(const dense_problem& problem) {
    const auto [place, is_new] = plans_.try_emplace(problem.key());
    if (is_new) place->second = make(problem);
    return place->second;
  }

  void run(const matrix_plan& plan, const matrix_operands& at, void* workspace, cudaStream_t stream) {
    if (plan.bias)
      require(cublasLtMatmulDescSetAttribute(plan.product.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, &at.bias, sizeof at.bias),
              "take a bias");
    const float one = 1, kept = at.added ? 1 : 0;
    require(cublasLtMatmul(handle_.get(), plan.product.get(), &one, at.left, plan.left.get(), at.right, plan.right.get(), &kept,
                           at.added ? at.added : at.result, plan.result.get(), at.result, plan.result.get(), &plan.algorithm,
                           workspace, plan.workspace, stream),
            "multiply");
  }

  static constexpr std::size_t most_workspace = std::size_t{32} << 20;

 private:
  static constexpr int most_algorithms = 8;

  std::vector<matrix_plan> make(const dense_problem& problem) const {
    const matrix_plan asked = described_product(problem);
    cublasLtMatmulPreference_t made = nullptr;
    require(cublasLtMatmulPreferenceCreate(&made), "make a preference");
    const held_preference preference(made);
    const auto set = [made](cublasLtMatmulPreferenceAttributes_t name, auto value) {
      require(cublasLtMatmulPreferenceSetAttribute(made, name, &value, sizeof value), "take a preference");
    };
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most_workspace);
    // Sums that are added in place come in any order; all others give the same bits every time.
    set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE |
                      CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE});
    for (const auto name : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      set(name, std::uint32_t{64});  // as tensors are aligned in an arena
    std::array<cublasLtMatmulHeuristicResult_t, most_algorithms> found{};
    int count = 0;
    if (cublasLtMatmulAlgoGetHeuristic(handle_.get(), asked.product.get(), asked.left.get(), asked.right.get(), asked.result.get(),
                                       asked.result.get(), made, most_algorithms, found.data(), &count) != CUBLAS_STATUS_SUCCESS)
      return {};
    std::vector<matrix_plan> plans;
    for (int i = 0; i < count; ++i) {
      const cublasLtMatmulHeuristicResult_t& each = found[static_cast<std::size_t>(i)];
      if (each.state != CUBLAS_STATUS_SUCCESS) continue;
      matrix_plan& plan = plans.emplace_back(described_product(problem));
      plan.algorithm = each.algo, plan.workspace = each.workspaceSize, plan.name = name_of(each.algo);
    }
    return plans;
  }

  held<cublasLtHandle_t, cublasLtDestroy> handle_;
  std::map<std::string, std::vector<matrix_plan>> plans_;
};

}  // namespace hasse::detail::gpu
