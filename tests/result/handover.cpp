// A found network leaves as a C++ header and as weights: the header is the one this test includes, the weights come back bit-equal.
#include <fstream>

#include <unistd.h>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/named.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/weights.hpp>

#include "../support/catch.hpp"
#include "found.hpp"
#include "found_narrow.hpp"

using namespace hasse;

namespace {
const found_network wanted{.name = "found_net",
                           .type = network_type("hasse::df_small", "[(16),(32),(64)]"),
                           .headers = {"hasse/space/spaces.hpp"},
                           .weights_file = "net.safetensors",
                           .facts = {"71.25 % on the validation images,\n0.1234 ms on this device"}};
}  // namespace

TEST_CASE("the header is C++ that means the network") {
  CHECK(cpp_header_text(wanted) == read_file(HASSE_SOURCE_DIR "/tests/result/found.hpp"));
  STATIC_REQUIRE(found_net::out == feature_shape{1, 1, 10});
  CHECK_THAT(cpp_header_text({.type = "hasse::fixed_network<hasse::input<3, 8, 8>>", .headers = {"my_space.hpp"}}),
             ContainsSubstring("#include \"my_space.hpp\"") && ContainsSubstring("using net = hasse::fixed_network<hasse::input<3, 8, 8>>;"));
  CHECK_THROWS_AS(cpp_header_text({.name = "my net", .type = "int"}), error);
  CHECK_THROWS_AS(network_type("hasse::df_small", "[(16)\"; evil"), error);
  CHECK_THAT(cpp_header_text({.type = "int", .facts = {"ends in a backslash\\"}}), !ContainsSubstring("\\"));
}

TEST_CASE("the header of a slimmed network is C++ that means the network") {
  const width_family family(named_network("resnet20"));
  const channel_configuration found = family.parse("0.5 0=5 1=11");
  CHECK(cpp_header_text({.name = "slim_net", .type = narrowed_type(published_type_text("resnet20"), found), .facts = {"0.5 0=5 1=11"}}) ==
        read_file(HASSE_SOURCE_DIR "/tests/result/found_narrow.hpp"));
  STATIC_REQUIRE(slim_net::out == feature_shape{1, 1, 10});
  CHECK(slim_net::macs() == cost_of(family.layers_at(found)).macs);
  CHECK(layer_list{slim_net::layers.input, {slim_net::layers.begin(), slim_net::layers.end()}} == family.layers_at(found));
  CHECK_THROWS_WITH(narrowed_type("", found), ContainsSubstring("has no C++ type"));
  CHECK_THROWS_WITH(narrowed_type("hasse::resnet20", {{8, 0}}), ContainsSubstring("at least 1"));
}

TEST_CASE("weights come back for their own network only") {
  const auto path = std::filesystem::temp_directory_path() / ("hasse_weights_" + std::to_string(::getpid()));
  const layer_list layers{found_net::layers.input, {found_net::layers.begin(), found_net::layers.end()}};
  model network{"[(16),(32),(64)]", layers, parameters<float>(layers.items)};
  random_source random(1);
  initialise<float>(network.weights, layers.items, random);
  for (float& value : network.weights.statistics) value += 0.25f;
  write_weights(path, network, {{"seed", "1"}});

  const parameters<float> back = read_weights(path, found_net::layers);
  CHECK(back == network.weights);
  reference<float> backend;
  static_inference<found_net, reference<float>> ready(backend, back);
  std::fill(ready.input(), ready.input() + found_net::in.size(), 0.5f);
  ready.run();
  CHECK(std::isfinite(ready.output()[9]));

  using other = hasse::network<df_small, "[(16),(32),(128)]">;
  CHECK_THROWS_WITH(read_weights(path, other::layers), ContainsSubstring("check that it belongs to this network"));
  std::string damaged = read_file(path);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  std::ofstream(path, std::ios::binary) << damaged;
  CHECK_THROWS_WITH(read_weights(path, found_net::layers), ContainsSubstring("is damaged"));
  std::filesystem::remove(path);
}
