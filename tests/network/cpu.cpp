// Whole networks on the CPU backend against the reference, bits of static networks, and steps that allocate nothing.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include <dnnl.h>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/static_network.hpp>
#include <hasse/network/training.hpp>
#include <hasse/supernet/slimmable.hpp>

#include "../support/catch.hpp"
#include "every_family.hpp"
#include "networks.hpp"

// Sees every allocation of this thread, oneDNN's included. A sanitizer brings its own allocator.
#if !defined(__SANITIZE_ADDRESS__)
#define HASSE_SEES_ALLOCATIONS 1
namespace {
thread_local long allocations = 0;
thread_local std::size_t largest_allocation = 0;
void note(std::size_t size) { ++allocations, largest_allocation = std::max(largest_allocation, size); }
}  // namespace
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t size) noexcept { return note(size), __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) noexcept { return note(count * size), __libc_calloc(count, size); }
void* realloc(void* memory, std::size_t size) noexcept { return note(size), __libc_realloc(memory, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return note(size), __libc_memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  note(size);
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
}
#endif

using namespace hasse;

namespace {
/// Agreement to 1e-4 of the largest element, or of `scale` where that is larger.
template <class Left, class Right>
void require_close(const Left* given, const Right* expected, std::size_t count, const char* what, double scale = 0.1) {
  double largest = scale;
  for (std::size_t k = 0; k < count; ++k) largest = std::max(largest, std::abs(static_cast<double>(expected[k])));
  for (std::size_t k = 0; k < count; ++k) {
    INFO(what << " " << k << ": " << given[k] << " given, " << expected[k] << " expected, largest " << largest);
    REQUIRE(std::abs(static_cast<double>(given[k]) - static_cast<double>(expected[k])) <= 1e-4 * largest);
  }
}

template <class Backend>
void step(training_network<Backend>& net, std::uint64_t seed) {
  testing::fill(net.input(), net.batch() * net.input_shape().size(), seed);
  net.forward();
  testing::fill_output_gradients(net, seed + 1);
  net.backward();
}

void check_training(const layer_list& layers, int batch, std::uint64_t seed) {
  INFO("seed " << seed << ", batch " << batch);
  cpu fast;
  reference<double> exact;
  auto values = testing::random_parameters<double>(layers, seed);
  auto fast_values = parameters<float>(values);
  training_network<cpu> given(fast, layers, batch, fast_values, {.input_gradient = true});
  training_network<reference<double>> expected(exact, layers, batch, values, {.input_gradient = true});
  step(given, seed), step(expected, seed);
  for (int i = 0; i < layers.output_count(); ++i)
    require_close(given.output(i), expected.output(i), static_cast<std::size_t>(batch * expected.output_shape(i).size()), "output");
  require_close(given.input_gradient(), expected.input_gradient(), static_cast<std::size_t>(batch * layers.input.size()),
                "input gradient");
  double largest = 0;
  for (std::size_t k = 0; k < values.values.size(); ++k) largest = std::max(largest, std::abs(expected.gradients()[k]));
  for (const parameter_tensor& tensor : values.layout.trainable) {
    // The gradient of a bias before a batch norm is zero, left over from terms that are not.
    const double scale = tensor.role == parameter_role::bias ? std::max(largest, 0.1) : 0.1;
    require_close(given.gradients() + tensor.offset, expected.gradients() + tensor.offset, tensor.size, tensor.name.c_str(), scale);
  }
  for (const parameter_tensor& tensor : values.layout.statistics)
    require_close(fast_values.of(tensor).data(), values.of(tensor).data(), tensor.size, tensor.name.c_str());
}

void check_inference(const layer_list& layers, int batch, std::uint64_t seed) {
  INFO("seed " << seed << ", batch " << batch);
  cpu fast;
  reference<double> exact;
  const auto values = testing::random_parameters<double>(layers, seed);
  inference_network<cpu> given(fast, layers, batch, parameters<float>(values));
  inference_network<reference<double>> expected(exact, layers, batch, values);
  testing::fill(given.input(), batch * layers.input.size(), seed),
      testing::fill(expected.input(), batch * layers.input.size(), seed);
  given.run(), expected.run();
  for (int i = 0; i < layers.output_count(); ++i)
    require_close(given.output(i), expected.output(i), static_cast<std::size_t>(batch * expected.output_shape(i).size()), "output");
}
}  // namespace

TEST_CASE("the cpu backend trains and runs networks as the reference does") {
  for (const int batch : {1, 7}) {
    check_inference(testing::small_residual<layer_list>(), batch, 1);
    check_inference(testing::small_residual<layer_list>(activation::hard_swish), batch, 2);
    check_inference(testing::odd_shapes<layer_list>(), batch, 3);
    check_training(testing::odd_shapes<layer_list>(), batch, 4);
    check_inference(testing::mobile_blocks(), batch, 9);
    check_training(testing::mobile_blocks(), batch, 9);
    check_inference(testing::joined_branches<layer_list>(), batch, 10);
    check_training(testing::joined_branches<layer_list>(), batch, 10);
    check_inference(testing::several_outputs<layer_list>(), batch, 11);
    check_training(testing::several_outputs<layer_list>(), batch, 11);
  }
  check_inference(testing::twice_read(), 3, 8);
  check_training(testing::twice_read(), 3, 8);
  check_training(testing::small_residual<layer_list>(), 7, 5);
  check_training(testing::small_residual<layer_list>(activation::hard_swish), 7, 6);
  random_source random(21);
  for (std::uint64_t round = 0; round < 15; ++round) {
    layer_list layers = testing::random_network(random, 12);
    if (round % 3 == 2) layers = testing::with_outputs(std::move(layers), random);
    check_inference(layers, 3, 300 + round);
    check_training(layers, 3, 300 + round);
  }
}

TEST_CASE("the cpu backend trains and runs every block of a catalogue as the reference does") {
  const auto check = [](const layer_list& layers, const std::string& name, std::uint64_t number) {
    INFO(name);
    check_inference(layers, 1 + static_cast<int>(number % 3), 500 + number);
    check_training(layers, 2 + static_cast<int>(number % 3), 500 + number);
  };
  testing::for_each_block_of<testing::every_family<13, 11>>(check);
  testing::for_each_block_of<testing::every_family<18, 9>>(check);
}

TEST_CASE("published networks compute the same with any number of threads") {
  struct {
    const char* name;
    int side, batch;
  } const uses[] = {{"mobilenet_v2", 224, 1},      {"mobilenet_v2_cifar", 32, 1},
                    {"mobilenet_v3_large", 96, 1}, {"efficientnet_b0", 64, 2},
                    {"mnasnet_a1", 65, 3},         {"proxyless_cpu", 64, 1},
                    {"mobiledet_gpu", 64, 1},      {"resnet18", 65, 1},
                    {"resnet20", 32, 5},           {"df1", 64, 4}};
  for (const auto& use : uses) {
    const layer_list layers = named_network(use.name, {.input = {use.side, use.side, 3}});
    const auto values = testing::random_parameters<float>(layers, 3);
    const auto output = [&](int threads) {
      cpu backend({.threads = threads});
      inference_network<cpu> net(backend, layers, use.batch, values);
      testing::fill(net.input(), use.batch * layers.input.size(), 4);
      net.run();
      return std::vector<float>(net.output(), net.output() + use.batch * net.output_shape().size());
    };
    const std::vector<float> expected = output(1);
    for (const int threads : {2, 5, 8, 16, 64}) {
      INFO(use.name << ", " << threads << " threads");
      require_close(output(threads).data(), expected.data(), expected.size(), "output");
    }
  }
}

TEST_CASE("a static network gives the bits of the run-time one on the cpu backend") {
  using net = fixed_network<input<3, 17, 15>, conv{.out = 16}, basic{.out = 16, .stride = 2}, bottleneck{.out = 32, .stride = 2},
                            basic{.out = 32}, global_average_pool{}, linear<10>{}>;
  cpu backend;
  const layer_list layers{net::in, {net::layers.begin(), net::layers.end()}};
  const auto values = testing::random_parameters<float>(layers, 8);
  inference_network<cpu> dynamic(backend, layers, 1, values);
  static_inference<net, cpu> fixed(backend, values);
  testing::fill(dynamic.input(), layers.input.size(), 9), testing::fill(fixed.input(), layers.input.size(), 9);
  dynamic.run(), fixed.run();
  for (int k = 0; k < 10; ++k) REQUIRE(dynamic.output()[k] == fixed.output()[k]);
}

#ifdef HASSE_SEES_ALLOCATIONS
namespace {
/// A backend whose steps do nothing: what is left is the network's own doing.
struct idle {
  using scalar = float;
  static constexpr const char* name = "idle";
  std::string identity() const { return name; }
  struct step {
    void run() {}
    void forward() {}
    void backward() {}
    void recompute() {}
  };
  std::string supports(const layer&) const { return ""; }
  step make_inference(const layer&, int, const inference_operands<float>&) { return {}; }
  step make_training(const layer&, int, const training_operands<float>&) { return {}; }
  std::size_t saved_bytes(const layer&, int) const { return 64; }
  backward_operands backward_reads(const layer&) const { return {}; }
};

template <class Engine>
void run_without_tensors(Engine& backend, long most_allocations, std::size_t most_bytes) {
  const layer_list layers = testing::small_residual<layer_list>();
  auto values = testing::random_parameters<float>(layers, 1);
  training_network<Engine> training(backend, layers, 4, values);
  inference_network<Engine> inference(backend, layers, 2, values);
  step(training, 1);
  inference.run();
  allocations = 0, largest_allocation = 0;
  for (std::uint64_t round = 0; round < 3; ++round) {
    step(training, round);
    inference.run();
  }
  const long made = allocations;
  const std::size_t largest = largest_allocation;
  CHECK(made <= most_allocations);
  CHECK(largest <= most_bytes);
  void* volatile seen = std::malloc(1000);  // the hook is there
  CHECK((allocations > made && largest_allocation >= 1000));
  std::free(seen);
  const aligned_vector<float> aligned(1000);
  CHECK(largest_allocation >= 4000);
}
}  // namespace

namespace {
/// Bytes of the largest piece that oneDNN takes by itself while a primitive runs. Its arguments lie in a map with nodes of 32 and
/// 104 bytes; below AVX-512 some products are multiplied as matrices, each in a workspace that no attribute gives to the caller.
std::size_t librarys_own() {
  const auto has = [](dnnl_cpu_isa_t level) {
    return (static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & static_cast<unsigned>(level)) == static_cast<unsigned>(level);
  };
  return has(dnnl_cpu_isa_avx512_core) ? 256 : has(dnnl_cpu_isa_avx) ? 16640 : 57408;
}
}  // namespace

TEST_CASE("after the first step a network allocates nothing, and oneDNN only its list of arguments") {
  idle nothing;
  run_without_tensors(nothing, 0, 0);
  for (const int threads : {1, 2}) {
    cpu backend({.threads = threads});
    run_without_tensors(backend, 2000, librarys_own());
  }
}

TEST_CASE("a width that was visited before is visited again without allocating tensors") {
  for (const int threads : {1, 2}) {
    cpu backend({.threads = threads});
    const layer_list layers = testing::mobile_blocks();
    parameters<float> values(slimmable_layout(layers, 2));
    slimmable_network<cpu> network(backend, layers, 4, values);
    const channel_configuration widths[] = {network.full(), uniform_width(layers, network.groups(), 500),
                                            uniform_width(layers, network.groups(), 370)};
    const auto visit_all = [&] {
      for (int i = 0; i < 3; ++i) {
        network.select(widths[i], i % 2);
        network.forward();
        std::fill_n(network.output_gradient(), 4 * network.output_shape().size(), 1.0f);
        network.backward();
      }
    };
    visit_all();
    allocations = 0, largest_allocation = 0;
    for (int round = 0; round < 3; ++round) visit_all();
    const std::size_t largest = largest_allocation;
    CHECK(allocations <= 9 * 2000);
    CHECK(largest <= librarys_own());
  }
}
#endif
