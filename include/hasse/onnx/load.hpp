// A network out of an ONNX file, ready to run on the processor: `auto net = load_onnx("model.onnx"); net.run(pixels);`
// Used by programs of your own, which link hasse::programs and its kernels. Example: examples/18_bring_a_network.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/onnx/read.hpp>

namespace hasse {

/// How a loaded network runs.
struct onnx_running {
  int batch = 1, threads = 1;
  onnx_reading reading{};
};

/// A network and what it runs on. Nothing is allocated while it runs.
class loaded_network {
 public:
  loaded_network(onnx_network source, const onnx_running& how)
      : source_(std::move(source)),
        backend_(std::make_unique<cpu>(cpu_options{.threads = how.threads})),
        network_(std::make_unique<inference_network<cpu>>(*backend_, source_.network.layers, how.batch, source_.network.weights)) {
    source_.network.weights = {};  // the network has its own
    for (int i = 0; i < network_->output_count(); ++i)
      answers_.emplace_back(static_cast<std::size_t>(network_->batch()) * static_cast<std::size_t>(network_->output_shape(i).size()));
  }

  /// Images behind each other, each height x width x channels, normalised as the network was trained. Gives the first output, which
  /// is good until the next call.
  std::span<const float> run(std::span<const float> pixels) {
    network_->write_input(pixels);
    network_->run();
    for (int i = 0; i < network_->output_count(); ++i) network_->read_output(i, answers_[static_cast<std::size_t>(i)]);
    return answers_[0];
  }

  /// What the last run gave under the name that the output has in the file; height x width x channels of each image.
  std::span<const float> output(std::string_view name) const {
    for (std::size_t i = 0; i < source_.outputs.size(); ++i)
      if (source_.outputs[i] == name) return answers_[i];
    std::string known;
    for (const std::string& each : source_.outputs) known += (known.empty() ? "" : ", ") + detail::in_quotes(each);
    throw error("the network has no output " + detail::in_quotes(name) + "; it has " + known);
  }

  /// Of one image.
  feature_shape input_shape() const { return network_->input_shape(); }
  feature_shape output_shape(int index = 0) const { return network_->output_shape(index); }
  /// How many numbers run() reads.
  std::size_t input_size() const { return static_cast<std::size_t>(network_->batch()) * static_cast<std::size_t>(input_shape().size()); }
  /// Layers, names of nodes and outputs, metadata.
  const onnx_network& source() const { return source_; }

 private:
  onnx_network source_;
  std::unique_ptr<cpu> backend_;
  std::unique_ptr<inference_network<cpu>> network_;
  std::vector<std::vector<float>> answers_;
};

/// Reads a file and makes it ready. Refused as read_onnx refuses it.
inline loaded_network load_onnx(const std::filesystem::path& path, const onnx_running& how = {}) {
  return {read_onnx(path, how.reading), how};
}

}  // namespace hasse
