// Plans of cuDNN for a GPU that is only described, so that graphs, heuristics and filters are tested where there is none; and
// products as cuBLASLt takes them.
#include <hasse/kernel/cuda/cublas.hpp>
#include <hasse/kernel/cuda/cudnn.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "layer_fixture.hpp"
#include "skip.hpp"

namespace {

using namespace hasse;
using namespace hasse::detail::gpu;

/// An H100, as cuDNN 9 describes it to itself.
const std::string described_gpu =
    R"({"deviceVer":900,"driverVer":13000,"cudaDeviceId":0,"multiProcessorCount":132,"deviceName":"NVIDIA H100",)"
    R"("maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"warpSize":32,)"
    R"("smClockRateKHz":1980000,"memClockRateKHz":2619000,"l2CacheSize":52428800,"totalGlobalMem":85000000000,)"
    R"("maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":232448,"reservedSharedMemoryPerBlock":1024,)"
    R"("maxRegistersPerSM":65536,"pciDeviceId":0,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,)"
    R"("isTccDriver":0,"supportCoopLaunch":1})";

/// Other versions of the library may describe a device in other words; what they say of it is then seen on a device only.
bool describes_devices() {
  try {
    cudnn_planner planner(described_gpu);
    return true;
  } catch (const error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("cuDNN has a plan for every dense convolution and its gradients") {
  if (!describes_devices()) return skip("this cuDNN describes devices in other words");
  cudnn_planner planner(described_gpu);
  const layer items[] = {
      make_layer({32, 32, 64}, [](auto b) { b.convolution(0, 64, 3, 1); }),
      make_layer({56, 56, 64}, [](auto b) { b.convolution(0, 128, 3, 2); }),
      make_layer({56, 56, 64}, [](auto b) { b.convolution(0, 128, 3, 2, -1, 1, false, padding::same); }),
      make_layer({56, 56, 64}, [](auto b) { b.convolution(0, 128, 1, 2, 0); }),
      make_layer({28, 28, 64}, [](auto b) { b.convolution(0, 64, 3, 1, -1, 4); }),
      make_layer({64, 64, 3}, [](auto b) { b.convolution(0, 32, 7, 2); }),
  };
  for (const layer& item : items)
    for (const number_type type : {number_type::float32, number_type::tf32, number_type::bfloat16, number_type::float16})
      for (const product_result result : {product_result::output, product_result::source, product_result::weights}) {
        const dense_problem problem(result, type, item, 32);
        INFO(problem.key());
        const std::vector<const cudnn_plan*> first = planner.plans(problem, 1);
        REQUIRE(first.size() == 1);
        CHECK_THAT(first[0]->name, Catch::Matchers::StartsWith("cuDNN engine "));
        CHECK(first[0]->workspace <= static_cast<std::size_t>(cudnn_planner::most_workspace));
        CHECK(planner.plans(problem, 1) == first);
      }
}

TEST_CASE("cuDNN fuses bias, residual and ReLU behind a convolution") {
  if (!describes_devices()) return skip("this cuDNN describes devices in other words");
  cudnn_planner planner(described_gpu);
  const layer item = make_layer({28, 28, 64}, [](auto b) { b.convolution(0, 64, 3, 1); });
  for (const number_type type : {number_type::float32, number_type::tf32, number_type::bfloat16, number_type::float16})
    for (const bool residual : {false, true})
      for (const activation act : {activation::none, activation::relu}) {
        dense_problem problem(product_result::output, type, item, 8);
        problem.fused = {.bias = true, .residual = residual, .act = act};
        INFO(problem.key());
        CHECK(planner.plans(problem, 1).size() == 1);
      }
  dense_problem added(product_result::source, number_type::bfloat16, item, 8);
  added.adds = true;
  CHECK(planner.plans(added, 1).size() == 1);
}

TEST_CASE("the plans of cuDNN for a problem differ in their names, and a name finds its plan in another process") {
  if (!describes_devices()) return skip("this cuDNN describes devices in other words");
  const layer items[] = {
      make_layer({32, 32, 64}, [](auto b) { b.convolution(0, 64, 3, 1); }),
      make_layer({28, 28, 96}, [](auto b) { b.convolution(0, 96, 3, 2, -1, 96); }),
      make_layer({28, 28, 64}, [](auto b) { b.convolution(0, 128, 1); }),
  };
  for (const layer& item : items)
    for (const number_type type : {number_type::float32, number_type::bfloat16})
      for (const product_result result : {product_result::output, product_result::source, product_result::weights}) {
        const dense_problem problem(result, type, item, 16);
        INFO(problem.key());
        cudnn_planner planner(described_gpu), later(described_gpu);
        const cudnn_plan* const first = planner.plans(problem, 1).at(0);
        const std::vector<const cudnn_plan*> plans = planner.plans(problem, 8);
        CHECK(plans.size() > 1);
        CHECK(plans.size() <= 8);
        CHECK(plans.front() == first);
        if (type == number_type::bfloat16 && item.groups == 1) CHECK_THAT(first->name, ContainsSubstring(", knobs "));
        std::set<std::string> names;
        for (const cudnn_plan* plan : plans) {
          INFO(plan->name);
          CHECK(names.insert(plan->name).second);
          CHECK(plan->name.size() < 400);  // as long as a file of choices may have them
          CHECK(planner.plan(problem, plan->name) == plan);
          const cudnn_plan* const again = later.plan(problem, plan->name);
          REQUIRE(again);
          CHECK(again->name == plan->name);
          CHECK(again->workspace == plan->workspace);
        }
        CHECK_FALSE(later.plan(problem, "cuDNN engine 100000"));
        CHECK_FALSE(later.plan(problem, "own"));
      }
}

TEST_CASE("an algorithm of cuBLASLt is named by all that it is set to") {
  cublasLtMatmulAlgo_t algorithm{};
  const std::string before = name_of(algorithm);
  CHECK(before == "cuBLASLt 0, tile 0, stages 0, split 0, reduction 0, swizzle 0, option 0, inner 0, cluster 0");
  const auto set = [&](cublasLtMatmulAlgoConfigAttributes_t name, auto value) {
    REQUIRE(cublasLtMatmulAlgoConfigSetAttribute(&algorithm, name, &value, sizeof value) == CUBLAS_STATUS_SUCCESS);
  };
  set(CUBLASLT_ALGO_CONFIG_TILE_ID, std::uint32_t{20});
  set(CUBLASLT_ALGO_CONFIG_STAGES_ID, std::uint32_t{35});
  set(CUBLASLT_ALGO_CONFIG_SPLITK_NUM, std::int32_t{2});
  set(CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  set(CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, std::uint32_t{1});
  set(CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, std::uint32_t{3});
  set(CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, std::uint16_t{4});
  set(CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, std::uint16_t{5});
  CHECK(name_of(algorithm) == "cuBLASLt 0, tile 20, stages 35, split 2, reduction 2, swizzle 1, option 3, inner 4, cluster 5");
}

TEST_CASE("a product is described to cuBLASLt") {
  const layer item = make_layer({7, 7, 64}, [](auto b) { b.convolution(0, 128, 1); });
  for (const product_result result : {product_result::output, product_result::source, product_result::weights})
    for (const number_type type : {number_type::float32, number_type::tf32, number_type::bfloat16, number_type::float16}) {
      dense_problem problem(result, type, item, 4);
      problem.fused.bias = result == product_result::output;
      problem.widens = result == product_result::weights;
      const matrix_plan plan = described_product(problem);
      std::uint64_t rows = 0;
      std::size_t written = 0;
      REQUIRE(cublasLtMatrixLayoutGetAttribute(plan.left.get(), CUBLASLT_MATRIX_LAYOUT_ROWS, &rows, sizeof rows, &written) ==
              CUBLAS_STATUS_SUCCESS);
      CHECK(rows == 64);
      CHECK(plan.bias == problem.fused.bias);
    }
}
