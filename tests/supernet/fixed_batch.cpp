// supernet/fixed_batch.hpp: the same batch every time, with its own statistics, judged by the task.
#include <hasse/supernet/fixed_batch.hpp>

#include <vector>

#include <hasse/kernel/reference.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>

#include "../support/catch.hpp"
#include "../train/problem.hpp"

using namespace hasse;

namespace {
const image_set images = problem::quadrants(48, 2);
const width_family family(problem::network(16));

/// A task that knows no quality: the mean loss is all there is.
struct only_loss : image_task {
  using tally_type = mean_loss<only_loss>;
  static constexpr metric measure{.name = "loss", .unit = "", .factor = 1, .decimals = 3, .larger_is_better = false};
  std::string text() const { return "only loss"; }
  void check(const image_set& set, const layer_list& layers) const { check_shape(set, layers.input); }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    return classification{}.loss(found, wanted, gradient);
  }
  mean_loss<only_loss> tally(const normalisation&) const { return mean_loss<only_loss>(*this); }
};
/// A task whose metric is a share, of which the loss says nothing.
struct by_share : only_loss {
  static constexpr metric measure{.name = "half", .unit = "%", .factor = 100, .decimals = 1};
  struct tally_type : mean_loss<only_loss> {
    evaluation result() const { return {mean_loss<only_loss>::result().loss / 2, 0}; }
  };
  tally_type tally(const normalisation&) const { return {mean_loss<only_loss>(*this)}; }
};
}  // namespace

TEST_CASE("a fixed batch scores a configuration as the narrow network would, by the batch's statistics", "[slimming]") {
  reference<double> backend;
  const normalisation scale = measure(images);
  const auto shared = first_slimmable_weights<double>(family.layers(), 0, 3);
  fixed_batch error_of(backend, classification{}, family, shared, images, scale, 32, 9);
  fixed_batch loss_of(backend, only_loss{}, family, shared, images, scale, 32, 9);
  fixed_batch share_of(backend, by_share{}, family, shared, images, scale, 32, 9);
  CHECK(error_of.count() == 32);
  CHECK(fixed_batch(backend, classification{}, family, shared, images, scale, 1000, 9).count() == 48);

  std::vector<double> losses;
  for (const int width : {1000, 250, 500, 1000}) {
    const channel_configuration at = family.at(width);
    parameters<double> values(cut_out(family.layers(), family.groups(), shared, at));
    training_network<reference<double>> network(backend, family.layers_at(at), 32, values);
    batch_reader reader(images, scale, 32, read_order::training, 9);
    std::vector<float> pixels(32 * images.image_bytes());
    std::vector<int> labels(32);
    reader.next(pixels.data(), labels.data());
    std::copy(pixels.begin(), pixels.end(), network.input());
    network.forward();
    const batch_loss found = softmax_cross_entropy(network.output(), labels.data(), 32, 4, 0.0, static_cast<double*>(nullptr));
    CHECK(error_of(at) == 1 - static_cast<double>(found.correct) / 32);
    losses.push_back(loss_of(at));
    CHECK(losses.back() == Approx(found.loss).epsilon(1e-9));
    CHECK(share_of(at) == Approx(1 - found.loss / 2).epsilon(1e-9));
  }
  CHECK(losses[0] == losses[3]);
  CHECK(losses[0] != losses[1]);
}
