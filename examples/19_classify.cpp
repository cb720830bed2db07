// From a photograph to a class name, with a network that any of the programs has handed over: 19_classify NETWORK.onnx PHOTO.jpg...
#include <cstdio>

#include <hasse/program/image_classifier.hpp>

int main(int argc, char** argv) try {
  if (argc < 3) throw hasse::error("a network and photographs are needed; write 19_classify NETWORK.onnx PHOTO.jpg...");
  hasse::image_classifier net(argv[1]);
  for (int i = 2; i < argc; ++i)
    for (const auto& [name, share] : net.classify(argv[i], 3)) std::printf("%s: %s, %.1f %%\n", argv[i], name.c_str(), 100 * share);
} catch (const hasse::error& problem) {
  std::fprintf(stderr, "%s\n", problem.what());
  return 2;
}
