// Static networks: constants, and the same bits as the run-time road.
#include <hasse/kernel/reference.hpp>
#include <hasse/network/at_input.hpp>
#include <hasse/network/narrowed.hpp>
#include <hasse/network/static_network.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"
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
  const layer_list layers = layer_list_of(Net::layers);
  const auto values = testing::random_parameters<float>(layers, seed);
  inference_network<reference<float>> dynamic(backend, layers, batch, values);
  static_inference<Net, reference<float>, batch> fixed(backend, values);
  CHECK(dynamic.arena_bytes() == fixed.arena_bytes());
  testing::fill(dynamic.input(), batch * layers.input.size(), seed),
      testing::fill(fixed.input(), batch * layers.input.size(), seed);
  dynamic.run(), fixed.run();
  for (int i = 0; i < layers.output_count(); ++i)
    for (std::int64_t k = 0; k < batch * layers.output_shape(i).size(); ++k) REQUIRE(dynamic.output(i)[k] == fixed.output(i)[k]);
}

/// A head with two outputs.
struct boxes_and_scores {
  friend constexpr bool operator==(const boxes_and_scores&, const boxes_and_scores&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    list.output("boxes", list.convolution(from, 4, 1, 1, 0, 1, true));
    return list.output("scores", list.linear(list.global_average_pool(from), 5));
  }
  std::string text() const { return "boxes_and_scores"; }
};
using detector_space =
    search_space<input<3, 16, 16>, stem<conv{.out = 8, .kernel = 3}, tap<"c2">{}>,
                 stage<basic{.stride = 2}, widths<8, 16>, depth<1, 2>>, head<tap<"c3">, boxes_and_scores>>;
using detector = network<detector_space, "[(8,16)]">;
using written_detector = fixed_network<input<3, 16, 16>, conv{.out = 8}, tap<"c2">{}, basic{.out = 8, .stride = 2}, basic{.out = 16},
                                       tap<"c3">{}, boxes_and_scores{}>;
static_assert(detector::layers.output_count() == 4 && detector::layers.output_name(2) == "boxes");
static_assert(detector::layers.output_shape(1) == feature_shape{8, 8, 16} && detector::out == feature_shape{16, 16, 8});
static_assert(detector::arena_bytes() > net::arena_bytes());

struct several {
  static constexpr auto layers = testing::several_outputs<fixed_layers<32>>();
};
}  // namespace

TEST_CASE("a static network gives the bits of the run-time one") {
  check_bits<net>(1);
  check_bits<written>(2);
  const layer_list layers = layers_of(net::choice);
  CHECK(std::equal(layers.begin(), layers.end(), net::layers.begin(), net::layers.end()));
}

TEST_CASE("a static network refuses parameters that are not finite") {
  const layer_list layers = layers_of(net::choice);
  auto values = testing::random_parameters<float>(layers, 1);
  reference<float> backend;
  static_inference<net, reference<float>> ready(backend, values);
  values.of(values.layout.statistics.back()).front() = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(ready.load(values), Catch::Matchers::Contains("the parameters hold inf in " + values.layout.statistics.back().name));
}

TEST_CASE("a static network with several outputs gives the bits of the run-time one") {
  check_bits<detector>(4);
  check_bits<written_detector>(5);
  check_bits<static_network<several>>(6);
  const layer_list layers = layers_of(detector::choice);
  CHECK(layers == layer_list_of(detector::layers));
  CHECK(layers == layer_list_of(written_detector::layers));
  CHECK(layers == layer_list_of(at_input<detector, input<3, 16, 16>>::layers));
  CHECK(cost_of(layers).peak_elements <= cost_of(detector::choice).peak_elements);
  CHECK(cost_of(detector::choice).kept_elements == 16 * 16 * 8 + 8 * 8 * 16 + 8 * 8 * 4 + 5);
  const layer_list head = layers_of(catalogue<detector_space>::at(catalogue<detector_space>::size - 1));
  CHECK(head.outputs == std::vector<named_value>{{"c3", 0}, {"boxes", 1}, {"scores", 3}});
  CHECK_NOTHROW(check(head));

  reference<float> backend;
  static_inference<detector, reference<float>> ready(backend, parameters<float>(std::span<const layer>(layers)));
  std::vector<float> boxes(8 * 8 * 4);
  CHECK_NOTHROW(ready.read_output(2, boxes));
  CHECK_THROWS_WITH(ready.output(4), Catch::Matchers::Contains("output 4 was asked for of a network that has 4 outputs, \"c2\", \"c3\""));
}

TEST_CASE("a narrowed type keeps its outputs") {
  constexpr auto groups = channel_groups_of(written_detector::layers);
  STATIC_REQUIRE(groups.size() == 3);  // what two blocks have inside, and what the first gives; outputs hold the rest
  using slim = narrowed<written_detector, 4, 4, 8>;
  STATIC_REQUIRE(slim::layers.output_shape(1) == written_detector::layers.output_shape(1));
  STATIC_REQUIRE(slim::macs() < written_detector::macs());
  check_bits<slim>(7);
}

TEST_CASE("a chain of blocks is a static network too") {
  check_bits<static_network<
      chain<block<conv{.out = 8}, feature_shape{9, 7, 3}>, block<basic{.out = 12, .stride = 2}, feature_shape{9, 7, 8}>>>>(3);
}

TEST_CASE("a head that stands last reads the specs before it", "[static]") {
  using net = fixed_network<input<3, 16, 16>, conv{.out = 8}, basic{.out = 16, .stride = 2}, conv{.out = 12},
                            head<fixed_layer<conv{.out = 6, .kernel = 1}>, with_stage<1, testing::lateral>, tap<"fine">, from_stage<2>, global_average_pool, linear<5>, tap<"classes">>{}>;
  layer_list wanted{.input = {16, 16, 3}, .items = {}};
  layer_builder<layer_list> list{wanted};
  const value_id first = conv{.out = 8}.lower(list, 0), second = basic{.out = 16, .stride = 2}.lower(list, first);
  const value_id narrow = conv{.out = 6, .kernel = 1}.lower(list, conv{.out = 12}.lower(list, second));
  list.output("fine", testing::lateral{}.lower(list, narrow, first));
  list.output("classes", list.linear(list.global_average_pool(second), 5));
  CHECK(layer_list_of(net::layers) == wanted);
  CHECK(net::costs == cost_of(wanted));
  using larger = at_input<net, input<3, 24, 24>>;
  CHECK(larger::layers.output_shape(0) == feature_shape{24, 24, 6});
  CHECK(larger::layers.output_shape(1) == feature_shape{1, 1, 5});
}
