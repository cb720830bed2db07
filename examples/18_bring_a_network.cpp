// A network that was trained elsewhere: its ONNX file is read and run, with nothing of protobuf or ONNX Runtime.
// 18_bring_a_network model.onnx; docs/how-to/bring-a-network.md says what is read.
#include <algorithm>
#include <cstdio>
#include <vector>

#include <hasse/onnx/load.hpp>

int main(int argc, char** argv) try {
  auto net = hasse::load_onnx(argc > 1 ? argv[1] : "model.onnx");
  std::vector<float> pixels(net.input_size(), 0.5f);  // height x width x channels, normalised as in training
  const auto answer = net.run(pixels);
  const auto best = std::max_element(answer.begin(), answer.end());
  std::printf("%zu layers, %zu answers; the largest is number %td\n", net.source().network.layers.size(), answer.size(), best - answer.begin());
} catch (const hasse::error& problem) {
  std::fprintf(stderr, "%s\n", problem.what());
  return 2;
}
