// A photograph's file to class names: `image_classifier net("net.onnx"); net.classify("photo.jpg");`. It decodes, turns, fits and
// normalises as the network's file says and as training did.
// Used by programs of your own, which link hasse::programs and its kernels. Example: examples/19_classify.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/onnx/load.hpp>
#include <hasse/result/network_metadata.hpp>

namespace hasse {

/// What an image may show.
struct image_answer {
  std::string name;  ///< of the class; its number where the file names none
  double share = 0;  ///< softmax of the network's answers: all classes together 1
};

/// A network that tells classes apart, out of an ONNX file that hasse wrote, or any whose metadata say `mean` and `deviation`.
class image_classifier {
 public:
  /// Refuses a file that read_onnx refuses, has several outputs or a map, or does not say how its images were normalised.
  explicit image_classifier(const std::filesystem::path& path, int threads = 1) : network_(load_onnx(path, {.batch = 1, .threads = threads})) {
    const feature_shape in = network_.input_shape();
    if (network_.source().outputs.size() != 1 || network_.output_shape().pixels() != 1)
      throw file_error(path.string(), "does not answer with one number for each class", "give a network that tells classes apart, or run it by load_onnx");
    if (in.c != 1 && in.c != 3) throw file_error(path.string(), "reads " + std::to_string(in.c) + " channels, and images have 1 or 3", "run it by load_onnx");
    facts_ = image_facts_of(network_.source().metadata, in.c, path.string());
    const auto answers = static_cast<std::size_t>(network_.output_shape().c);
    if (facts_.classes.empty())
      for (std::size_t i = 0; i < answers; ++i) facts_.classes.push_back(std::to_string(i));
    if (facts_.classes.size() != answers)
      throw file_error(path.string(), "names " + std::to_string(facts_.classes.size()) + " classes and answers with " + std::to_string(answers) + " numbers",
                       detail::metadata_remedy);
  }

  /// The likeliest classes of the image in a JPEG, PNG, WebP or BMP file, the likeliest first; 0: all.
  std::vector<image_answer> classify(const std::filesystem::path& image, std::size_t most = 1) { return classify_bytes(read_file(image), image.string(), most); }

  /// The same of such a file's bytes; `where` names them in errors.
  std::vector<image_answer> classify_bytes(std::string_view bytes, const std::string& where, std::size_t most = 1) {
    const feature_shape in = network_.input_shape();
    const decoded_image& image = decoder_.decode(bytes, where);
    std::vector<std::uint8_t> fitted;
    image_fitter(in, facts_.fit).append(image.pixels, image.shape, fitted);
    const normalisation fed = facts_.fed();
    std::vector<float> values(fitted.size());
    for (std::size_t i = 0; i < fitted.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(in.c);
      values[i] = (static_cast<float>(fitted[i]) / 255.0f - fed.mean[c]) / fed.deviation[c];
    }
    const auto given = network_.run(values);
    const double largest = static_cast<double>(*std::max_element(given.begin(), given.end()));
    std::vector<image_answer> answers;
    double sum = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (!std::isfinite(given[i])) throw error("the network's answer to " + where + " is no number; train it again with a lower learning rate");
      sum += answers.emplace_back(image_answer{facts_.classes[i], std::exp(static_cast<double>(given[i]) - largest)}).share;
    }
    for (image_answer& each : answers) each.share /= sum;
    std::stable_sort(answers.begin(), answers.end(), [](const image_answer& left, const image_answer& right) { return left.share > right.share; });
    if (most > 0 && most < answers.size()) answers.resize(most);
    return answers;
  }

  const loaded_network& network() const { return network_; }
  /// Class names, normalisation, where the images were from.
  const image_facts& facts() const { return facts_; }

 private:
  loaded_network network_;
  image_facts facts_;
  image_decoder decoder_;
};

}  // namespace hasse
