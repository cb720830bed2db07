// What a detector's latency is made of: the published MobileDets at 320x320, with 90 classes and 2034 anchors, part by part. A worker of
// parts.py, which asks line by line; it exports each network first, so that another library can run beside it.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/random.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/result/detector_onnx.hpp>
#include <hasse/task/detection.hpp>

namespace {

using namespace hasse;
constexpr int classes = 90;

parameters<float> drawn_weights(const layer_list& layers) {
  parameters<float> weights(layers);
  random_source random(1);
  initialise(weights, layers, random);
  return weights;
}

class measured_detector {
 public:
  measured_detector(const std::string& backbone, const std::filesystem::path& folder, int threads)
      : backend_(backend_of(parse_device("cpu"), threads)),
        layers_(named_network("ssdlite_" + backbone)),
        backbone_layers_(backbone_of(named_network(backbone, {.input = layers_.input}), std::vector<int>{16, 32})) {
    parameters<float> weights = drawn_weights(layers_);
    detection{}.initialise(weights, layers_);
    const std::filesystem::path file = folder / (backbone + ".onnx");
    if (!file_exists(file)) replace_file(file, raw_detector_onnx({"ssdlite_" + backbone, layers_, weights}));
    whole_ = std::make_unique<network>(backend_, layers_, 1, weights);
    backbone_ = std::make_unique<network>(backend_, backbone_layers_, 1, drawn_weights(backbone_layers_));
    std::vector<float> image(static_cast<std::size_t>(layers_.input.size()));
    random_source random(2);
    for (float& value : image) value = static_cast<float>(2 * random.uniform() - 1);
    whole_->write_input(image), backbone_->write_input(image);

    std::vector<feature_shape> maps;
    for (int output = 0; output < layers_.output_count(); ++output) {
      const feature_shape shape = layers_.output_shape(output);
      if (output % 2 == 0) maps.push_back(shape);
      // Answers as of a trained detector: most columns are small, some dozens are not.
      std::vector<float>& own = answers_.emplace_back(static_cast<std::size_t>(shape.size()));
      for (float& value : own) value = static_cast<float>(output % 2 == 0 ? random.normal() : 1.5 * random.normal() - 6);
    }
    for (std::size_t i = 0; i < answers_.size(); ++i) found_.push_back({answers_[i].data(), 1, layers_.output_shape(static_cast<int>(i))});
    const std::vector<box> anchors = anchors_of(published_anchors(), layers_.input, maps);
    for (const double score : {1e-8, 0.01, 0.3})
      finders_.emplace_back(anchors, layers_.input, classes, score_rule::sigmoid, suppression_rule{.score = score});
  }

  /// "whole", "backbone", "decoding" (scores above 0.3, as for pictures), "decoding_0.01", or "decoding_all".
  void run(const std::string& part) {
    if (part == "whole") return whole_->run();
    if (part == "backbone") return backbone_->run();
    finders_.at(part == "decoding_all" ? 0 : part == "decoding_0.01" ? 1 : 2).find<float>(found_, 0, objects_);
  }

 private:
  using network = inference_network<any_backend<float>>;
  any_backend<float> backend_;
  layer_list layers_, backbone_layers_;
  std::unique_ptr<network> whole_, backbone_;
  std::vector<std::vector<float>> answers_;
  std::vector<tensor_batch<const float>> found_;
  std::vector<object_finder> finders_;
  std::vector<detected_object> objects_;
};

/// Of the clock on the wall; or the processor's time of this thread alone, which counts nothing while others run.
std::int64_t nanoseconds(bool own) {
  timespec now{};
  clock_gettime(own ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw error("usage: bench_detectors FOLDER BACKBONE THREADS; then a line PART MILLISECONDS wall|own on standard input for each visit");
  std::filesystem::create_directories(argv[1]);
  measured_detector detector(argv[2], argv[1], std::stoi(argv[3]));
  std::printf("ready\n");
  std::fflush(stdout);
  using clock = std::chrono::steady_clock;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string part, clock_name;
    double milliseconds = 0;
    words >> part >> milliseconds >> clock_name;
    const bool own = clock_name == "own";
    detector.run(part);
    const auto end = clock::now() + std::chrono::duration<double, std::milli>(milliseconds);
    std::string answer;
    for (int runs = 0; runs < 3 || clock::now() < end; ++runs) {
      const std::int64_t begin = nanoseconds(own);
      detector.run(part);
      answer += std::to_string(nanoseconds(own) - begin) + ' ';
    }
    std::puts(answer.c_str());
    std::fflush(stdout);
  }
} catch (const std::exception& problem) {
  std::fprintf(stderr, "bench_detectors: %s\n", problem.what());
  return 2;
}
