// The device policies of this processor: networks are measured with either type of activations, and tables keep them apart.
#include <filesystem>
#include <fstream>
#include <string>

#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/on_cpu.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/latency/whole.hpp>

#include "../support/bf16.hpp"
#include "catch.hpp"
#include "fake_device.hpp"

using namespace hasse;
using namespace hasse::testing;

TEST_CASE("a network is measured on this processor with float and bfloat16 activations") {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  build.linear(build.global_average_pool(build.conv_bn(0, 16, 3, 1, activation::relu, {})), 4);
  CHECK(measure(layers, on_cpu{}, quick).median > 0);
  if (testing::bf16_is_refused()) return;
  CHECK(measure(layers, on_cpu_bf16{}, quick).median > 0);
}

TEST_CASE("what takes processors away from a measurement, or lets threads spin, is said in a sentence") {
  const device_facts one{.name = "a processor", .features = {}, .backend = "cpu", .library = {}, .compiler = {}, .threads = 1, .notes = {}};
  device_facts two = one, elsewhere = one;
  two.threads = 2, elsewhere.backend = "command time {onnx}";
  const processor_limit all{.processors = 4}, bound{.processors = 1, .reason = "this process is bound to 1 processor"},
      half{.processors = 1, .reason = "the quota of its control group is 0.5 processors", .quota = 0.5};
  CHECK(measuring_caution(one, all, "").empty());
  CHECK(measuring_caution(one, bound, "active").empty());
  CHECK(measuring_caution(two, all, "PASSIVE").empty());
  CHECK(measuring_caution(elsewhere, half, "").empty());
  CHECK_THAT(measuring_caution(one, half, "passive"), ContainsSubstring("note: the quota of its control group is 0.5 processors, so that the system stops this process for a part of each period"));
  CHECK_THAT(measuring_caution(two, bound, "passive"), ContainsSubstring("note: this process is bound to 1 processor, and 2 threads are measured, which wait for one another"));
  for (const char* spins : {"", "active", "passive?"})
    CHECK_THAT(measuring_caution(two, all, spins), ContainsSubstring("start this program with OMP_WAIT_POLICY=passive"));
}

TEST_CASE("a processor is named as Linux tells of x86 and of boards with an Arm") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "hasse_processors";
  std::filesystem::create_directories(folder);
  const std::string processor = (folder / "cpuinfo").string(), board = (folder / "model").string();
  const auto described = [&](const std::string& text, const std::string& name) {
    std::ofstream(processor) << text;
    std::ofstream(board) << name;
    device_facts facts;
    detail::describe_processor(facts, processor.c_str(), board.c_str());
    return facts.name + "; " + facts.features;
  };
  CHECK(described("processor\t: 0\ncpu family\t: 25\nmodel\t\t: 33\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2 fma\n", "") ==
        "AMD EPYC (family 25 model 33); avx avx2 fma");
  const std::string arm = "processor\t: 0\nFeatures\t: fp asimd crc32 asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n";
  CHECK(described(arm, std::string("Raspberry Pi 4 Model B Rev 1.4\0", 31)) ==
        "Raspberry Pi 4 Model B Rev 1.4 (Arm implementer 0x41 part 0xd08); asimd asimddp");
  CHECK(described(arm, "") == "unknown processor (Arm implementer 0x41 part 0xd08); asimd asimddp");
  CHECK(described("", "") == "unknown processor; ");
}

TEST_CASE("a table of layers adds up to networks on this processor") {
  temporary_folder folder;
  layer_list layers{.input = {32, 32, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  value_id value = build.conv_bn(0, 16, 3, 1, activation::relu, {});
  for (int block = 0; block < 2; ++block) {
    const value_id wide = build.conv_bn(value, 96, 1, 1, activation::relu6, {});
    const value_id deep = build.conv_bn(wide, 96, 3, 1, activation::relu6, {}, 96);
    value = build.add(build.conv_bn(deep, 16, 1, 1, activation::none, {}), value);
  }
  build.linear(build.global_average_pool(value), 10);
  const auto path = folder / "layers.json";
  const auto sum = [&] { return layer_table::load_or_begin(path, on_cpu{}, quick).latency_of(layers); };
  const ticks first = sum();
  CHECK(first.count > 0);
  CHECK(sum() == first);
  layer_table table = layer_table::load_or_begin(path, on_cpu{}, quick);
  CHECK(table.measured_whole(layers, "two bottlenecks").median > 0);
  CHECK(table.record().kernels.size() > 2);
  for (const auto& [text, row] : table.record().pieces) CHECK(!row.implementation.empty());
  // How near the sum is depends on who else uses this processor, so it is tested on devices of known costs (layer_table.cpp). Here:
  // what is reported is what was measured.
  const additivity kept = table.additivity();
  REQUIRE(kept.networks.size() == 1);
  CHECK(ticks{(kept.networks[0].sum + 50) / 100} == first);
  CHECK(kept.networks[0].whole == table.measured_whole(layers, "two bottlenecks").median);
  CHECK(kept.worst_error() == Approx(std::abs(static_cast<double>(kept.networks[0].sum) / static_cast<double>(kept.networks[0].whole) - 1)));
  CHECK_THROWS_WITH(layer_table::load_or_begin(path, on_cpu{.threads = 2}, quick), ContainsSubstring("the number of threads"));
  CHECK_THROWS_WITH(layer_table::load_or_begin(path, on_cpu{.kernels = kernel_policy::library}, quick),
                    ContainsSubstring("kernels by measurement\" and is"));
}

TEST_CASE("a table of bfloat16 says so and is none of float") {
  if (testing::bf16_is_refused()) return;
  temporary_folder folder;
  const auto path = folder / "latency.json";
  using table = latency_table<small_space>;
  table::load_or_measure(path, on_cpu_bf16{}, quick);
  const table loaded = table::load(path);
  CHECK(loaded.record().device.scalar == "bfloat16");
  CHECK(loaded.record().device.backend == "cpu bf16");
  CHECK_THAT(to_text(loaded.record()), ContainsSubstring("batch 1; bfloat16; NHWC"));
  CHECK_THROWS_WITH(table::load_or_measure(path, on_cpu{}, quick),
                    ContainsSubstring("the backend was \"cpu bf16\" and is \"cpu\" here"));
}

TEST_CASE("a table says which type its activations had, whatever it is") {
  for (const char* type : {scalar_name<float>, scalar_name<double>, scalar_name<bfloat16>, scalar_name<float16>}) {
    temporary_folder folder;
    const auto path = folder / "latency.json";
    fake_device device;
    device.told.scalar = type;
    latency_table<small_space>::load_or_measure(path, device, quick);
    CHECK(latency_table<small_space>::load(path).record().device.scalar == type);
  }
}

TEST_CASE("a table in a unit that nobody knows is refused") {
  temporary_folder folder;
  const auto path = folder / "latency.json";
  fake_device device;
  device.told.scalar = "int4";
  latency_table<small_space>::load_or_measure(path, device, quick);
  CHECK_THROWS_WITH(latency_table<small_space>::load(path), ContainsSubstring("the unknown unit") && ContainsSubstring("int4"));
}
