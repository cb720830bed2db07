// How the CPU backend chooses among its codes, and that it remembers.
#include "catch.hpp"
#include "layer_fixture.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/cpu/choice.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/layer_list.hpp>

using namespace hasse;

namespace {
/// A folded depthwise layer on memory of its own.
struct bound_layer {
  layer item = make_layer({9, 9, 24}, [](auto& build) { build.convolution(0, 24, 3, 1, 1, 24, true); });
  buffer<float> src = random_values<float>(9 * 9 * 24, 1), weights = random_values<float>(24 * 9, 2),
                bias = random_values<float>(24, 3), dst = buffer<float>(9 * 9 * 24);
  inference_operands<float> operands{src.data(), nullptr, dst.data(), weights.data(), bias.data()};
};

std::string implementation_with(cpu& backend) {
  bound_layer layer;
  return backend.make_inference(layer.item, 1, layer.operands).implementation();
}
}  // namespace

TEST_CASE("own kernels are taken by rule, and not where the library was asked for", "[kernel]") {
  cpu by_rule, library({.kernels = kernel_policy::library});
  CHECK(implementation_with(by_rule) == "depthwise 3x3 " + std::string(name_of(best_simd_level())));
  CHECK(implementation_with(library) != implementation_with(by_rule));
  CHECK(by_rule.choices().empty());
}

TEST_CASE("a measured choice is remembered and used again", "[kernel]") {
  cpu first({.kernels = kernel_policy::by_measurement});
  const std::string chosen = implementation_with(first);
  REQUIRE(first.choices().size() == 1);
  const auto [layer, name] = *first.choices().begin();
  CHECK(layer == "convolution 3x3 stride 1 pad 1 groups 24, 9x9x24 to 9x9x24, bias; batch 1, 1 thread");
  CHECK((name == chosen || name == "library"));

  for (const std::string told : {"library", "depthwise 3x3 avx512"}) {
    if (told != "library" && best_simd_level() != simd_level::avx512) continue;
    cpu next({.kernels = kernel_policy::by_measurement, .choices = {{layer, told}}});
    CHECK((implementation_with(next) == told || told == "library"));
    CHECK(next.choices().at(layer) == told);
  }
}

TEST_CASE("a remembered kernel that this program has not is measured anew", "[kernel]") {
  bound_layer layer;
  cpu first({.kernels = kernel_policy::by_measurement});
  implementation_with(first);
  const std::string key = first.choices().begin()->first;
  cpu next({.kernels = kernel_policy::by_measurement, .choices = {{key, "a kernel of the future"}}});
  implementation_with(next);
  CHECK(next.choices().at(key) != "a kernel of the future");
}

TEST_CASE("a remembered choice about joined layers that this program has not is measured anew", "[kernel]") {
  layer_list list{.input = {14, 14, 16}, .items = {}};
  layer_builder<layer_list> build{list};
  const value_id wide = build.convolution(0, 96, 1, 1, 0, 1, true), deep = build.convolution(wide, 96, 3, 1, 1, 96, true);
  build.convolution(deep, 16, 1, 1, 0, 1, true);
  for (layer& item : list.items) item.act = activation::relu6;
  list.items.back().act = activation::none;
  std::vector<buffer<float>> memory{random_values<float>(14 * 14 * 16, 1)};
  std::vector<inference_operands<float>> operands;
  for (const layer& item : list) {
    memory.push_back(random_values<float>(static_cast<std::size_t>(parameters_of(item)), 2));
    const float* const weights = memory.back().data();
    memory.push_back(random_values<float>(static_cast<std::size_t>(item.out.c), 3));
    const float* const bias = memory.back().data();
    memory.emplace_back(static_cast<std::size_t>(item.out.size()));
    operands.push_back({.src = operands.empty() ? memory.front().data() : operands.back().dst, .dst = memory.back().data(), .weights = weights, .bias = bias});
  }
  cpu first({.kernels = kernel_policy::by_measurement});
  first.make_joined(list.items, 1, operands);
  const auto joined = std::find_if(first.choices().begin(), first.choices().end(), [](const auto& each) { return each.first.find(" > ") != each.first.npos; });
  REQUIRE(joined != first.choices().end());
  for (const std::string& told : {std::string("separate"), std::string("a kernel of the future")}) {
    cpu next({.kernels = kernel_policy::by_measurement, .choices = {{joined->first, told}}});
    CHECK((!next.make_joined(list.items, 1, operands) || told != "separate"));
    CHECK((next.choices().at(joined->first) == told) == (told == "separate"));
  }
}

namespace {
/// The clock of a machine that takes 1 to 2.4 times as long, for some milliseconds at a time.
class restless_clock {
 public:
  explicit restless_clock(std::uint64_t seed) : random_(seed) {}

  /// How long work takes of so many nanoseconds, after what other layers do.
  double run(double nanoseconds) {
    spend(400'000);
    return spend(nanoseconds);
  }
  double seconds() const { return now_ * 1e-9; }

 private:
  double spend(double work) {
    const double begin = now_;
    while (true) {
      if (work * slowness_ <= until_ - now_) return now_ += work * slowness_, now_ - begin;
      work -= (until_ - now_) / slowness_, now_ = until_;
      until_ += 2e6 * (0.2 + 3 * random_.uniform()), slowness_ = random_.uniform() < 0.5 ? 1 : 1 + 1.4 * random_.uniform();
    }
  }

  random_source random_;
  double now_ = 0, until_ = 0, slowness_ = 1;
};
}  // namespace

TEST_CASE("on a restless machine a code replaces the usual one beyond the noise alone, whatever the seed", "[kernel]") {
  struct race {
    std::vector<double> times;
    std::size_t usual, chosen;
  };
  const race races[] = {{{1, 0.85}, 0, 1},         {{1, 0.995}, 0, 0},     {{1, 1.005}, 1, 1}, {{0.85, 1}, 1, 0},
                        {{1, 1.3, 0.8, 2}, 1, 2},  {{1, 0.8, 0.8}, 0, 1},  {{1, 1, 1, 1, 1}, 2, 2}, {{3}, 0, 0}};
  for (const race& each : races)
    for (const double nanoseconds : {20'000.0, 300'000.0})
      for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        restless_clock clock(seed);
        CAPTURE(each.times, nanoseconds, seed);
        CHECK(detail::fastest_beyond_noise(
                  each.times.size(), each.usual, [&](std::size_t code) { return clock.run(nanoseconds * each.times[code]); },
                  [&] { return clock.seconds() > 0.06 * static_cast<double>(each.times.size()); }) == each.chosen);
      }
}

TEST_CASE("the identity of a backend tells apart whatever gives other bits", "[kernel]") {
  std::set<std::string> texts{cpu().identity()};
  for (const cpu_options& options : std::vector<cpu_options>{{.threads = 2}, {.threads = 3}, {.kernels = kernel_policy::library}, {.kernels = kernel_policy::by_measurement}})
    CHECK(texts.insert(cpu(options).identity()).second);
  if (best_simd_level() != simd_level::plain && has_simd_level(simd_level::plain)) CHECK(texts.insert(cpu({.simd = simd_level::plain}).identity()).second);
  CHECK_THAT(cpu({.threads = 2}).identity(), ContainsSubstring("cpu, 2 threads, oneDNN "));
  CHECK(cpu({.threads = 2}).identity() == cpu({.threads = 2}).identity());
}

TEST_CASE("measuring does not touch the operands", "[kernel]") {
  bound_layer layer;
  const auto before = layer.src;
  cpu backend({.kernels = kernel_policy::by_measurement});
  std::fill(layer.dst.begin(), layer.dst.end(), 42.0f);
  backend.make_inference(layer.item, 1, layer.operands);
  CHECK(layer.src == before);
  CHECK(std::all_of(layer.dst.begin(), layer.dst.end(), [](float value) { return value == 42.0f; }));
}

TEST_CASE("instructions that the processor lacks are refused in a sentence", "[kernel]") {
  if (best_simd_level() == simd_level::avx512 && has_simd_level(simd_level::plain)) {
    CHECK_NOTHROW(cpu({.simd = simd_level::plain}));
  } else {
    const simd_level other = best_simd_level() == simd_level::avx512 ? simd_level::plain : simd_level::avx512;
    CHECK_THROWS_WITH(cpu({.simd = other}), ContainsSubstring("were asked for; this program on this processor runs"));
  }
}
