// Static networks: constants, and the same bits as the run-time road.
#include <hasse/kernel/reference.hpp>
#include <hasse/network/static_network.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
using space =
    search_space<input<3, 16, 16>, stem<conv{.out = 8, .kernel = 3}>, stage<basic{.stride = 2}, widths<8, 16>, depth<1, 2>>,
                 stage<bottleneck{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<5>>>;
using net = network<space, "[(8,16),(16,32)]">;

static_assert(net::macs() == macs(parse<space>("[(8,16),(16,32)]")));
static_assert(net::parameter_count() == parameter_count(parse<space>("[(8,16),(16,32)]")));
static_assert(net::in == space::image && net::out == feature_shape{1, 1, 5});
static_assert(net::arena_bytes() >= net::plan<1, float>.least_bytes && net::arena_bytes<2>() <= 2 * net::arena_bytes());

using written =
    fixed_network<input<3, 16, 16>, conv{.out = 8}, basic{.out = 8, .stride = 2}, basic{.out = 16},
                  bottleneck{.out = 16, .stride = 2}, bottleneck{.out = 32}, sequence<global_average_pool, linear<5>>{}>;
static_assert(written::layers.size() == net::layers.size());

/// DF2 of the Partial Order Pruning paper: twenty blocks, planned within the compilers' default limits.
using deep =
    fixed_network<input<3, 224, 224>, conv{.out = 32, .stride = 2}, conv{.out = 64, .stride = 2}, basic{.out = 64, .stride = 2},
                  basic{.out = 64}, basic{.out = 128}, basic{.out = 128, .stride = 2}, basic{.out = 128}, basic{.out = 128},
                  basic{.out = 128}, basic{.out = 128}, basic{.out = 128}, basic{.out = 128}, basic{.out = 128}, basic{.out = 128},
                  basic{.out = 128}, basic{.out = 256}, basic{.out = 256, .stride = 2}, basic{.out = 256}, basic{.out = 256},
                  basic{.out = 256}, basic{.out = 256}, basic{.out = 512}, global_average_pool{}, linear<1000>{}>;
static_assert(deep::folded.layers.size() > 40 && deep::arena_bytes() == deep::plan<1, float>.least_bytes);

template <class Net>
void check_bits(std::uint64_t seed) {
  constexpr int batch = 2;
  reference<float> backend;
  const layer_list layers{Net::in, {Net::layers.begin(), Net::layers.end()}};
  const auto values = testing::random_parameters<float>(layers, seed);
  inference_network<reference<float>> dynamic(backend, layers, batch, values);
  static_inference<Net, reference<float>, batch> fixed(backend, values);
  CHECK(dynamic.arena_bytes() == fixed.arena_bytes());
  testing::fill(dynamic.input(), batch * layers.input.size(), seed),
      testing::fill(fixed.input(), batch * layers.input.size(), seed);
  dynamic.run(), fixed.run();
  for (std::int64_t k = 0; k < batch * Net::out.size(); ++k) REQUIRE(dynamic.output()[k] == fixed.output()[k]);
}
}  // namespace

TEST_CASE("a static network gives the bits of the run-time one") {
  check_bits<net>(1);
  check_bits<written>(2);
  const layer_list layers = layers_of(net::choice);
  CHECK(std::equal(layers.begin(), layers.end(), net::layers.begin(), net::layers.end()));
}

TEST_CASE("a chain of blocks is a static network too") {
  check_bits<static_network<
      chain<block<conv{.out = 8}, feature_shape{9, 7, 3}>, block<basic{.out = 12, .stride = 2}, feature_shape{9, 7, 8}>>>>(3);
}
