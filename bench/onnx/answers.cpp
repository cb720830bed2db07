// hasse_answers FILE.onnx...: reads each, runs it on the numbers of FILE.input (channels x height x width) and writes FILE.answer. Says a line of
// JSON per file: what was read and how long an image takes, or why it was refused. bench/onnx/networks.py drives it beside ONNX Runtime.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/onnx/load.hpp>
#include <hasse/space/cost.hpp>

namespace {

using namespace hasse;

/// Channels first, as files of others have them, to channels last, or back.
std::vector<float> turned(std::span<const float> from, feature_shape shape, bool to_last) {
  std::vector<float> made(from.size());
  const auto pixels = static_cast<std::size_t>(shape.pixels()), channels = static_cast<std::size_t>(shape.c);
  for (std::size_t pixel = 0; pixel < pixels; ++pixel)
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t first = c * pixels + pixel, last = pixel * channels + c;
      made[to_last ? last : first] = from[to_last ? first : last];
    }
  return made;
}

json answered(const std::filesystem::path& path) {
  auto net = load_onnx(path);
  const layer_list& layers = net.source().network.layers;
  const cost needs = cost_of(layers);
  json said{{"name", path.stem().string()}, {"layers", layers.size()}, {"macs", needs.macs}, {"parameters", needs.parameters()}};
  const std::string bytes = read_file(std::filesystem::path(path).replace_extension(".input"));
  std::vector<float> planes(bytes.size() / sizeof(float));
  std::memcpy(planes.data(), bytes.data(), planes.size() * sizeof(float));
  const std::vector<float> pixels = turned(planes, net.input_shape(), true);
  const std::vector<float> answer = turned(net.run(pixels), net.output_shape(), false);
  replace_file(std::filesystem::path(path).replace_extension(".answer"), {reinterpret_cast<const char*>(answer.data()), answer.size() * sizeof(float)});
  std::vector<double> times;
  using clock = std::chrono::steady_clock;
  for (const auto begin = clock::now(); times.size() < 3 || (times.size() < 200 && clock::now() - begin < std::chrono::milliseconds(500));) {
    const auto start = clock::now();
    net.run(pixels);
    times.push_back(std::chrono::duration<double, std::milli>(clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  said["milliseconds"] = times[times.size() / 2];
  return said;
}

}  // namespace

int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    json said;
    try {
      said = answered(words[i]);
    } catch (const error& refused) {
      said = {{"name", std::filesystem::path(words[i]).stem().string()}, {"refused", refused.what()}};
    }
    std::printf("%s\n", json_text(said).c_str());
    std::fflush(stdout);
  }
}
