// 06: a network that a search found, in a program that only runs it: weights from a file, inference without allocation, ONNX.
// Start it with the weights of networks/ of a run over df-small, or without arguments to see it with untrained ones.
#include <algorithm>
#include <cstdio>

#include <hasse/kernel/cpu.hpp>
#include <hasse/network.hpp>
#include <hasse/result.hpp>
#include <hasse/space/spaces.hpp>

using namespace hasse;

// begin: type
using net = network<df_small, "[(16),(32),(64)]">;
// end: type

int main(int argc, char** argv) {
  try {
    const layer_list layers{.input = net::in, .items = {net::layers.begin(), net::layers.end()}};
    const char* file = argc > 1 ? argv[1] : "net_06.safetensors";
    if (argc < 2) {
      model untrained{.name = to_text(net::choice), .layers = layers, .weights = parameters<float>(layers)};
      random_source random(1);
      initialise(untrained.weights, layers, random);
      write_weights(file, untrained);
    }

    // begin: run
    cpu backend({.threads = 1});
    const parameters<float> weights = read_weights(file, net::layers);
    static_inference<net, cpu> ready(backend, weights);
    std::fill(ready.input(), ready.input() + net::in.size(), 0.5f);  // height x width x channels, normalised as in training
    ready.run();
    const auto best = std::max_element(ready.output(), ready.output() + net::out.size()) - ready.output();
    // end: run
    std::printf("class %td of %lld, %zu bytes of activations\n", best, static_cast<long long>(net::out.size()), net::arena_bytes());

    // begin: export
    write_onnx("net_06.onnx", {.name = to_text(net::choice), .layers = layers, .weights = weights}, {.metadata = {{"origin", "examples/06_result.cpp"}}});
    // end: export
    std::printf("written: net_06.onnx\n");
  } catch (const error& refused) {
    std::fprintf(stderr, "%s\n", refused.what());
    return 2;
  }
}
