// 11: a task of your own. How many dots are in a picture: one number, squared error. Nothing of it is in the library.
#include <cstdio>
#include <string>

#include <hasse/hasse.hpp>

using namespace hasse;

// begin: task
/// The network answers with one number, and the label of an image is what it should be.
struct counting : image_task {
  static constexpr metric measure{.name = "squared error", .larger_is_better = false};
  std::string text() const { return "counting"; }
  void check(const image_set& set, const layer_list& layers) const {
    check_shape(set, layers.input);
    if (layers.output_shape(only_output(layers)).size() != 1) throw error("a network that counts answers with one number; give it one output");
  }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    double sum = 0;
    for (int n = 0; n < found[0].count; ++n) {
      const double off = static_cast<double>(found[0].of(n)[0]) - wanted[static_cast<std::size_t>(n)];
      sum += off * off / found[0].count;
      if (!gradient.empty()) gradient[0].of(n)[0] = static_cast<Scalar>(2 * off / found[0].count);
    }
    return {sum};
  }
  mean_loss<counting> tally(const normalisation&) const { return mean_loss(*this); }
};
static_assert(Task<counting>);
// end: task

/// Pictures of up to four bright dots.
image_set dots(std::size_t count, std::uint64_t seed) {
  image_set set = empty_images("dots", {12, 12, 1}, {});
  random_source random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    set.pixels.resize((i + 1) * set.image_bytes());
    const auto dots = static_cast<std::uint16_t>(random.below(5));
    for (int dot = 0; dot < dots; ++dot)  // each in a quarter of its own
      set.pixels[i * set.image_bytes() + static_cast<std::size_t>(12 * (6 * (dot / 2) + random.below(6)) + 6 * (dot % 2) + random.below(6))] = 255;
    set.labels.push_back(dots);
  }
  return set;
}

int main(int argc, char** argv) {
  any_backend<float> backend = backend_of(device_argument(argc, argv));
  const image_set train = dots(2000, 1), validation = dots(200, 2);
  layer_list net{.input = train.shape(), .items = {}};
  layer_builder<layer_list> build{net};
  build.linear(build.global_average_pool(build.conv_bn(0, 8, 3, 1, activation::relu, {})), 1);
  // begin: train
  const training_data data(counting{}, train, validation);
  trainer training(backend, "counter", net, data, {.epochs = 6, .batch = 20, .learning_rate = 0.02}, 1);
  const training_outcome outcome = training.run();
  std::printf("%s of the last epoch: %s\n", std::string(counting::measure.name).c_str(), counting::measure.text(outcome.score).c_str());
  // end: train
  std::printf("%s\n", outcome.score < 0.5 ? "it has learned to count" : "it has not learned to count");  // who always says 2 is off by 2
}
