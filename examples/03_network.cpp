// 03: an architecture as a network made at run time, and the same one as a type. Both give the same bits.
#include <cstdio>
#include <vector>

#include <hasse/catalogue/shard.hpp>
#include <hasse/network.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/space.hpp>

using namespace hasse;

// begin: type
using net = network<df_small, "[(32),(64),(64,128)]">;
static_assert(net::macs() == macs(parse<df_small>("[(32),(64),(64,128)]")));
static_assert(net::arena_bytes() < 200'000);  // all activations of one image; the plan is a constant
// end: type

int main(int argc, char** argv) {
  any_backend<float> backend = backend_of(device_argument(argc, argv));

  // begin: run
  const layer_list layers = layers_of(parse<df_small>("[(32),(64),(64,128)]"));
  parameters<float> weights(layers);
  random_source random(1);
  initialise(weights, layers, random);
  inference_network at_run_time(backend, layers, 1, weights);
  // end: run
  static_inference<net, any_backend<float>> at_compile_time(backend, weights);

  std::vector<float> image(net::in.size()), first(net::out.size()), second = first;
  for (float& pixel : image) pixel = static_cast<float>(random.normal());
  at_run_time.write_input(image), at_compile_time.write_input(image);
  at_run_time.run(), at_compile_time.run();
  at_run_time.read_output(first), at_compile_time.read_output(second);

  const bool equal = first == second;
  std::printf("%zu layers, folded to %zu; %zu bytes of activations; outputs %s\n", layers.size(), at_run_time.folded_layers().size(),
              at_run_time.arena_bytes(), equal ? "equal bit by bit" : "DIFFERENT");
  return equal ? 0 : 1;
}
