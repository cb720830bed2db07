// Latency on the GPU: what a table would say of it, and whole networks beside the sums of their pieces. On a machine without a GPU
// only the facts of a card that is described are looked at.
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/on_gpu.hpp>

#include <filesystem>

#include "catch.hpp"
#include "mirror.hpp"

namespace {

using namespace hasse;

const cuda_device described{.id = 0,
                            .name = "NVIDIA H100 80GB HBM3",
                            .memory = std::size_t{80} << 30,
                            .architecture = "9.0",
                            .driver = "13.0",
                            .runtime = "12.8",
                            .processors = 132,
                            .cache = std::size_t{50} << 20,
                            .bus = "00000000:1B:00.0"};

layer_list three_blocks() {
  layer_list layers{.input = {56, 56, 16}, .items = {}};
  layer_builder<layer_list> build{layers};
  value_id last = 0;
  for (const int width : {32, 64, 128}) last = build.conv_bn(last, width, 3, 2, activation::relu, {});
  build.linear(build.global_average_pool(last), 10);
  return layers;
}

}  // namespace

TEST_CASE("the facts of a card name all that decides how long a network takes") {
  const detail::gpu::card_monitor nothing_known(described.bus, "no library has this name");
  const device_facts hot = on_gpu{}.facts_of(described, nothing_known);
  CHECK(hot.name == "NVIDIA H100 80GB HBM3");
  CHECK(hot.features == "sm_90, hot, measured plans");
  CHECK(hot.backend == "cuda");
  CHECK_THAT(hot.library, ContainsSubstring("own kernels, CUDA 12.8, driver for CUDA 13.0"));
#if defined(HASSE_CUDNN)
  CHECK_THAT(hot.library, ContainsSubstring("cuDNN 9.") && ContainsSubstring(", cuBLASLt 1"));
#endif
  CHECK(hot.cores == 132);
  CHECK(hot.scalar == "float32");
  CHECK_THAT(hot.notes, ContainsSubstring("not known without libnvidia-ml.so.1"));
  const device_facts cold = on_gpu{.tf32 = true, .cold = true}.facts_of(described, nothing_known);
  CHECK(cold.features == "sm_90, tf32, cold, measured plans");
  CHECK_THAT(difference(hot, cold), ContainsSubstring("\"sm_90, hot, measured plans\" and is"));
  CHECK(on_gpu_bf16{}.facts_of(described, nothing_known).scalar == "bfloat16");
  CHECK(on_gpu_fp16{.plans = plan_policy::by_heuristics}.facts_of(described, nothing_known).features == "sm_90, hot, first plans");
}

TEST_CASE("whole networks on the GPU take about as long as their pieces, hot and cold") {
  if (!has_device()) {
    REQUIRE_THROWS_WITH(on_gpu{}.facts(), ContainsSubstring("no CUDA device answers"));
    return skip("no CUDA device answers");
  }
  const auto path = std::filesystem::temp_directory_path() / "hasse_test_latency_on_gpu.json";
  const protocol quick{.rounds = 3, .warm_up = 5, .samples = 10};
  measurement times[2];
  for (const bool cold : {false, true}) {
    std::filesystem::remove(path);
    const on_gpu_bf16 device{.cold = cold};
    layer_table table = layer_table::load_or_begin(path, device, quick);
    const ticks sum = table.latency_of(three_blocks());
    const measurement whole = times[cold ? 1 : 0] = table.measured_whole(three_blocks(), "three blocks");
    CHECK(whole.median > 1000);
    CHECK(std::abs(sum.count * 100 - whole.median) * 5 < whole.median);
  }
  CHECK(times[1].median > times[0].median);
  std::filesystem::remove(path);
}
