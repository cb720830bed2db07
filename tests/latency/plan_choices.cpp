// Files of plans: what one process measured is known in the next, on the same device with the same libraries, and nowhere else.
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/plan_choices.hpp>
#include <hasse/latency/whole.hpp>

#include <hasse/kernel/cuda/programs/backend.hpp>

#include "../kernel/cuda/programs/plain_libraries.hpp"
#include "catch.hpp"
#include "fake_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
const kernel_choices chosen = {
    {"output bf16 32x56x56x64 to 32x28x28x128, 3x3 stride 2 pad 1,1,0,0 groups 1, bias, relu, packed once",
     "cuDNN engine 67, knobs 2=5 13=0 18=0 25=0 27=7 28=1"},
    {"source bf16 32x56x56x64 to 32x56x56x64, 3x3 stride 1 pad 1,1,1,1 groups 64, adds", "own"}};

device_facts a_gpu() {
  device_facts facts;
  facts.name = "NVIDIA H100", facts.features = "9.0, driver 13.0", facts.backend = "cuda bf16",
  facts.library = "cuDNN 9.19.0, cuBLASLt 13.1.0, own kernels", facts.scalar = scalar_name<bfloat16>;
  return facts;
}
/// The kernels of a GPU on the processor, whose libraries have two plans. The second is the faster one.
struct two_plans : plain_libraries {
  static inline int measured = 0;

  explicit two_plans(host_stream& stream) : plain_libraries(stream) {
    names = {"first", "second"};
    clock = [this](const std::function<void()>& run, int count) {
      const std::size_t before = log.names.size();
      run();
      const bool is_own = log.names.size() == before;
      const double each = is_own || log.names.back() == "first" ? 1e6 : 5e5;
      ++measured;
      return [=] { return count * each; };
    };
  }
};
struct programs_on_host {
  using backend = basic_cuda<float, dense_stream<host_stream, two_plans>>;
  device_facts facts() const {
    device_facts facts = host_facts();
    facts.backend = backend::name, facts.library = "plain loops";
    return facts;
  }
  backend make_backend() const { return backend(); }
  steady_stopwatch make_stopwatch(backend&) const { return {}; }
};
static_assert(DevicePolicy<programs_on_host>);
}  // namespace

TEST_CASE("a latency table keeps what its device chose, and the next process measures none of it", "[plan_choices]") {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  const value_id wide = build.conv_bn(build.conv_bn(0, 8, 3, 1, activation::relu, {}), 8, 3, 2, activation::relu6, {}, 8);
  build.linear(build.global_average_pool(wide), 10);
  const temporary_folder folder;
  const std::filesystem::path file = folder / "layers.json";
  two_plans::measured = 0;
  layer_table::load_or_begin(file, programs_on_host{}, quick).latency_of(layers);
  const int measured = two_plans::measured;
  CHECK(measured > 0);
  const kernel_choices kept = load_plan_choices(file, programs_on_host{}.facts());
  REQUIRE(kept.size() == 3);
  for (const auto& [problem, plan] : kept) CHECK(plan == "second");
  layer_list more = layers;
  const auto last = static_cast<value_id>(more.size());
  layer_builder<layer_list>{more}.concat(last, last);  // a piece that the table has not, and nothing to choose
  layer_table::load_or_begin(file, programs_on_host{}, quick).latency_of(more);
  CHECK(two_plans::measured == measured);
  // Nor does whoever measures a network beside the table, by its kernels.
  measure(layers, programs_on_host{}, quick, kept);
  CHECK(two_plans::measured == measured);
  measure(layers, programs_on_host{}, quick);
  CHECK(two_plans::measured > measured);
}

TEST_CASE("plans are kept in a file, and more join them", "[plan_choices]") {
  const temporary_folder folder;
  const std::filesystem::path file = folder / "plans.json";
  CHECK(load_plan_choices(file, a_gpu()).empty());
  save_plan_choices(file, a_gpu(), chosen);
  CHECK(load_plan_choices(file, a_gpu()) == chosen);
  const auto other = *chosen.begin();
  save_plan_choices(file, a_gpu(), {{"weights", "own"}, {other.first, "own"}});
  kernel_choices all = chosen;
  all["weights"] = "own", all[other.first] = "own";
  CHECK(load_plan_choices(file, a_gpu()) == all);
}

TEST_CASE("plans of another device or other libraries are refused, and not replaced", "[plan_choices]") {
  const temporary_folder folder;
  const std::filesystem::path file = folder / "plans.json";
  save_plan_choices(file, a_gpu(), chosen);
  device_facts card = a_gpu(), library = a_gpu();
  card.name = "NVIDIA L4", library.library = "cuDNN 9.20.0, cuBLASLt 13.1.0, own kernels";
  CHECK_THROWS_WITH(
      load_plan_choices(file, card),
      ContainsSubstring("has plans that were measured elsewhere: the device was \"NVIDIA H100\" and is \"NVIDIA L4\""));
  CHECK_THROWS_WITH(load_plan_choices(file, library), ContainsSubstring("the library was \"cuDNN 9.19.0"));
  CHECK_THROWS_AS(save_plan_choices(file, card, {}), file_error);
  CHECK(load_plan_choices(file, a_gpu()) == chosen);
}

TEST_CASE("damaged plans are refused", "[plan_choices]") {
  const temporary_folder folder;
  const std::filesystem::path file = folder / "plans.json";
  save_plan_choices(file, a_gpu(), chosen);
  std::string text = read_file(file, 1 << 20);
  text.replace(text.find("engine 67"), 9, "engine 68");
  replace_file(file, text);
  CHECK_THROWS_WITH(load_plan_choices(file, a_gpu()), ContainsSubstring("was changed after it was written"));
  replace_file(file, "{}");
  CHECK_THROWS_AS(load_plan_choices(file, a_gpu()), file_error);
}

TEST_CASE("the plans of a layer table are plans, and its latencies stay when more are kept", "[plan_choices]") {
  const temporary_folder folder;
  const std::filesystem::path file = folder / "layers.json";
  latency_row row;
  row.part = "a piece", row.implementation = "own", row.p50 = 5, row.p10 = 4, row.p90 = 6, row.samples = 3, row.contexts = 1;
  layer_record record{.device = a_gpu(), .rules = {}, .date = "then", .pieces = {{row.part, row}}, .wholes = {}, .kernels = chosen};
  replace_file(file, to_text(record));
  CHECK(load_plan_choices(file, a_gpu()) == chosen);
  save_plan_choices(file, a_gpu(), {{"weights", "own"}});
  record.kernels["weights"] = "own";
  CHECK(parse_layer_record(read_file(file, 1 << 20), "a file") == record);
}
