// 03: an architecture as a network made at run time, and the same one as a type. Both give the same bits.
#include <algorithm>
#include <cstdio>

#include <hasse/catalogue/shard.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/network.hpp>
#include <hasse/space.hpp>

using namespace hasse;

// begin: type
using net = network<df_small, "[(32),(64),(64,128)]">;
static_assert(net::macs() == macs(parse<df_small>("[(32),(64),(64,128)]")));
static_assert(net::arena_bytes() < 200'000);  // all activations of one image; the plan is a constant
// end: type

int main() {
  cpu backend({.threads = 1});

  // begin: run
  const layer_list layers = layers_of(parse<df_small>("[(32),(64),(64,128)]"));
  parameters<float> weights(layers);
  random_source random(1);
  initialise(weights, layers, random);
  inference_network<cpu> at_run_time(backend, layers, 1, weights);
  // end: run
  static_inference<net, cpu> at_compile_time(backend, weights);

  for (std::int64_t i = 0; i < net::in.size(); ++i) {
    const float pixel = static_cast<float>(random.normal());
    at_run_time.input()[i] = at_compile_time.input()[i] = pixel;
  }
  at_run_time.run();
  at_compile_time.run();

  const bool equal = std::equal(at_run_time.output(), at_run_time.output() + net::out.size(), at_compile_time.output());
  std::printf("%zu layers, folded to %zu; %zu bytes of activations; outputs %s\n", layers.size(), at_run_time.folded_layers().size(),
              at_run_time.arena_bytes(), equal ? "equal bit by bit" : "DIFFERENT");
  return equal ? 0 : 1;
}
