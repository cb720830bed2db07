// Which plan a dense layer takes: what a clock that is made up says is chosen, kept under the problem's text, and found again.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>

#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "layer_fixture.hpp"
#include "plain_libraries.hpp"

namespace {

/// Nanoseconds by what runs. It looks at the log of the libraries: where that did not grow, it was a kernel of ours.
struct made_up_clock {
  plain_log* log;
  std::map<std::string, double> nanoseconds;
  int groups = 0;

  group_timer timer() {
    return [this](const std::function<void()>& run, int count) {
      return [this, run, count] {
        const std::size_t before = log->names.size();
        run();
        ++groups;
        return count * nanoseconds.at(log->names.size() == before ? "own" : log->names.back());
      };
    };
  }
};

/// A backend whose libraries have some plans, and a clock for them and for our own kernel.
struct measured_backend {
  basic_cuda<float, dense_stream<host_stream, plain_libraries>> backend;
  plain_libraries& libraries = backend.stream().libraries();
  made_up_clock clock;

  explicit measured_backend(std::map<std::string, double> nanoseconds) : clock{&libraries.log, std::move(nanoseconds)} {
    libraries.names = {"slow", "quick", "broken", "last"};
    libraries.clock = clock.timer();
  }

  /// Which code infers a layer, after it has done so right.
  std::string inferred(const layer_use& use) {
    layer_fixture<float> found(use), expected(use);
    auto step = backend.make_inference(use.item, use.batch, found.inference());
    const std::size_t before = libraries.log.names.size();
    step.run();
    reference<float>().make_inference(use.item, use.batch, expected.inference()).run();
    for (std::size_t i = 0; i < expected.dst.size(); ++i) REQUIRE(found.dst[i] == Approx(expected.dst[i]).margin(1e-4));
    return libraries.log.names.size() == before ? "own" : libraries.log.names.back();
  }
};

const layer_use dense{.item = make_layer({6, 7, 16}, [](auto b) { b.convolution(0, 24, 3, 1, -1, 1, true); }), .batch = 2};
const layer_use depthwise{.item = make_layer({6, 7, 16}, [](auto b) { b.convolution(0, 16, 3, 1, -1, 16, true); }), .batch = 2};
const std::string dense_text = "output f32 2x6x7x16 to 2x6x7x24, 3x3 stride 1 pad 1,1,1,1 groups 1, bias, packed once";
const std::string depthwise_text = "output f32 2x6x7x16 to 2x6x7x16, 3x3 stride 1 pad 1,1,1,1 groups 16, bias, packed once";

}  // namespace

TEST_CASE("without a clock the library's first plan runs, and a kernel of ours for depthwise layers") {
  measured_backend plain({});
  plain.libraries.clock = {};
  CHECK(plain.inferred(dense) == "slow");
  CHECK(plain.inferred(depthwise) == "own");
  CHECK(plain.backend.choices().empty());
  plain.libraries.names = {};
  CHECK(plain.inferred(dense) == "own");
}

TEST_CASE("the plan that takes the least time runs, once measured for each shape") {
  measured_backend some({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 7e4}});
  CHECK(some.inferred(dense) == "quick");
  CHECK(some.inferred(depthwise) == "quick");
  CHECK(some.backend.choices() == kernel_choices{{dense_text, "quick"}, {depthwise_text, "quick"}});
  const int groups = some.clock.groups;
  CHECK(groups > 0);
  CHECK(some.inferred(dense) == "quick");
  CHECK(some.clock.groups == groups);
  layer_use other = dense;
  other.batch = 3;
  CHECK(some.inferred(other) == "quick");
  CHECK(some.clock.groups > groups);

  measured_backend ours({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 4e4}});
  CHECK(ours.inferred(dense) == "own");
  CHECK(ours.inferred(depthwise) == "own");
  CHECK(ours.backend.choices() == kernel_choices{{dense_text, "own"}, {depthwise_text, "own"}});
  CHECK(ours.inferred(dense) == "own");
}

TEST_CASE(
    "of plans that take the same time within 2 % the library's first one runs, and ours first where it was written for that") {
  measured_backend same({{"slow", 1.015e5}, {"quick", 1e5}, {"last", 1e5}, {"own", 1.01e5}});
  CHECK(same.inferred(dense) == "slow");
  CHECK(same.inferred(depthwise) == "own");
  measured_backend other({{"slow", 1.03e5}, {"quick", 1.01e5}, {"last", 1e5}, {"own", 1.03e5}});
  CHECK(other.inferred(dense) == "quick");
  CHECK(other.inferred(depthwise) == "quick");
}

TEST_CASE("a plan that was chosen in another process is found by its name, and an unknown one is measured again") {
  for (const std::string known : {"slow", "last", "own"}) {
    measured_backend later({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 7e4}});
    later.backend.choices() = {{dense_text, known}, {depthwise_text, known}};
    CHECK(later.inferred(dense) == known);
    CHECK(later.inferred(depthwise) == known);
    CHECK(later.clock.groups == 0);
  }
  measured_backend later({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 7e4}});
  later.backend.choices() = {{dense_text, "a plan of the future"}, {depthwise_text, ""}};
  CHECK(later.inferred(dense) == "quick");
  CHECK(later.inferred(depthwise) == "quick");
  CHECK(later.backend.choices() == kernel_choices{{dense_text, "quick"}, {depthwise_text, "quick"}});
}

TEST_CASE("a plan is chosen among those of the first problem that the library can do, and passes behind it are timed with it") {
  measured_backend some({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 7e4}});
  some.libraries.can = {.fuses_activation = false, .fuses_sums = false};
  layer_use use = dense;
  use.item.act = activation::hard_swish, use.residual = true;
  CHECK(some.inferred(use) == "quick");
  CHECK_THAT(some.backend.choices().begin()->first, Catch::Matchers::EndsWith("bias, residual, hard_swish, packed once"));
  CHECK_THAT(some.libraries.log.problems.back(), Catch::Matchers::EndsWith("groups 1"));
  use.in_place = true;
  CHECK(some.inferred(use) == "quick");
  some.libraries.can.has_anything = false;
  CHECK(some.inferred(depthwise) == "own");
  CHECK(some.backend.choices().size() == 1);  // there was nothing to measure
}

TEST_CASE("training measures the output and both gradients, and touches no operand") {
  measured_backend some({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 7e4}});
  for (const layer_use& use : {dense, depthwise}) {
    some.backend.choices().clear();
    layer_fixture<float> found(use), untouched(use);
    found.training(some.backend), untouched.training(some.backend);
    const auto same = [](const buffer<float>& left, const buffer<float>& right) {
      return std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0;
    };
    auto step = some.backend.make_training(use.item, use.batch, found.training(some.backend));
    REQUIRE(some.backend.choices().size() == 3);
    auto text = some.backend.choices().begin();
    for (const std::string result : {"output", "source", "weights"}) {
      CHECK_THAT(text->first, Catch::Matchers::StartsWith(result + " f32 "));
      CHECK((text++)->second == "quick");
    }
    CHECK((same(found.src, untouched.src) && same(found.dst, untouched.dst) && same(found.d_dst, untouched.d_dst)));
    CHECK((same(found.d_src, untouched.d_src) && same(found.weights, untouched.weights)));
    CHECK((same(found.d_weights, untouched.d_weights) && same(found.bias, untouched.bias)));
    some.libraries.log = {};
    const int groups = some.clock.groups;
    step.forward(), step.backward();
    CHECK(some.clock.groups == groups);
    CHECK(some.libraries.log.names == std::vector<std::string>(3, "quick"));
  }
}

TEST_CASE("the weight gradient of a depthwise layer is never rounded because that is faster") {
  for (const bool widens : {true, false})
    for (const layer_use& use : {dense, depthwise}) {
      basic_cuda<bfloat16, dense_stream<host_stream, plain_libraries>> backend;
      backend.stream().libraries().can = {.widens = widens, .measures = true};
      layer_fixture<bfloat16> found(use);
      backend.make_training(use.item, use.batch, found.training(backend));
      const auto last = std::prev(backend.choices().end());
      CHECK((last->first.substr(0, 8) == "weights ") == (widens || use.item.groups == 1));
    }
}

TEST_CASE("texts of problems are none of the processor's") {
  for (const layer_use& use : {dense, depthwise})
    for (const product_result result : {product_result::output, product_result::source, product_result::weights}) {
      const std::string key = dense_problem(result, number_type::bfloat16, use.item, 1).key();
      for (const layer_kind_facts& kind : layer_kinds) CHECK_THAT(key, !Catch::Matchers::StartsWith(std::string(kind.name)));
    }
}

namespace {

/// Runs with made-up times: the time of each group comes from `nanoseconds(run, group)`.
struct race {
  std::function<double(int run, int group)> nanoseconds;
  std::vector<int> groups{}, order{}, counts{};

  std::size_t winner(int size) {
    groups.assign(static_cast<std::size_t>(size), 0), counts = groups;
    int current = -1;
    std::vector<std::function<void()>> runs;
    for (int run = 0; run < size; ++run) runs.push_back([&current, run] { current = run; });
    const group_timer timer = [&](const std::function<void()>& run, int count) {
      return [this, &current, run, count] {
        run();
        const auto which = static_cast<std::size_t>(current);
        order.push_back(current), counts[which] = count;
        return count * nanoseconds(current, groups[which]++);
      };
    };
    return fastest_run(runs, timer, "a product");
  }
};

}  // namespace

TEST_CASE("the median of several groups decides, and hopeless runs are left after they warmed up") {
  // The first group warms up, the second says how many runs make a group.
  race noisy{
      [](int run, int group) { return group == 0 ? 1e6 : (run == 1 ? 1e5 : 1.2e5) * (run == 1 && group % 3 == 0 ? 20 : 1); }};
  CHECK(noisy.winner(3) == 1);
  CHECK(noisy.groups == std::vector<int>{9, 9, 9});
  CHECK(noisy.counts == std::vector<int>{4, 5, 4});  // half a millisecond
  const std::vector<int> turns(noisy.order.end() - 6, noisy.order.end());
  CHECK(turns == std::vector<int>{0, 1, 2, 0, 1, 2});

  race uneven{[](int run, int) { return run == 0 ? 4e5 : 1e5 + run; }};
  CHECK(uneven.winner(3) == 1);
  CHECK(uneven.groups == std::vector<int>{2, 9, 9});
  race tiny{[](int, int) { return 0.0; }};
  CHECK(tiny.winner(2) == 0);
  CHECK(tiny.counts == std::vector<int>{64, 64});
  race one{[](int, int) { return 1e9; }};
  CHECK(one.winner(1) == 0);
  CHECK(one.counts == std::vector<int>{1});
}

TEST_CASE("runs that fail are left out, whenever they do, and when all fail that is said") {
  for (const int when : {0, 1, 2, 8}) {
    race some{[when](int run, int group) {
      if (run == 0 && group == when) throw error("the plan does not run");
      return run == 0 ? 5e4 : 1e5;
    }};
    CHECK(some.winner(2) == 1);
  }
  race none{[](int, int) -> double { throw error("the GPU did not take a kernel"); }};
  CHECK_THROWS_WITH(none.winner(2),
                    "none of 2 ways to compute \"a product\" could be measured, the last because the GPU did not take a kernel");
}

TEST_CASE("layers are joined where one kernel takes less time than theirs, which is measured once") {
  const layer expand = make_layer({6, 7, 8}, [](auto b) { b.convolution(0, 16, 1, 1, -1, 1, true); }),
              window = make_layer({6, 7, 16}, [](auto b) { b.convolution(0, 16, 3, 1, -1, 16, true); }),
              project = make_layer({6, 7, 16}, [](auto b) { b.convolution(0, 8, 1, 1, -1, 1, true); });
  const layer run[] = {expand, window, project};
  std::vector<layer_fixture<float>> fixtures;
  for (const layer& item : run) fixtures.emplace_back(layer_use{.item = item, .batch = 1});
  std::vector<inference_operands<float>> operands;
  for (auto& each : fixtures) operands.push_back(each.inference());
  operands[1].src = operands[0].dst, operands[2].src = operands[1].dst;
  for (const double own : {7e4, 4e4}) {
    measured_backend some({{"slow", 9e4}, {"quick", 5e4}, {"last", 6e4}, {"own", 7e4}});
    for (std::size_t i = 0; i < 3; ++i) some.backend.make_inference(run[i], 1, operands[i]);  // each by "quick"
    some.clock.nanoseconds["own"] = own;
    CHECK(some.backend.make_joined(run, 1, operands).has_value() == (own < 5e4));
    const int groups = some.clock.groups;
    CHECK(some.backend.make_joined(run, 1, operands).has_value() == (own < 5e4));
    CHECK(some.clock.groups == groups);
    for (auto& [key, choice] : some.backend.choices())
      if (key.starts_with("joined on cuda:")) choice = "in a way that is no more";
    some.clock.nanoseconds["own"] = 4e4;
    CHECK(some.backend.make_joined(run, 1, operands));
    CHECK(some.clock.groups > groups);
  }
  measured_backend silent({});
  silent.libraries.clock = {};
  CHECK_FALSE(silent.backend.make_joined(run, 1, operands));
}
