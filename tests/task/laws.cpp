// The shipped tasks keep the laws of a task, and each law catches a task that breaks it.
#include <hasse/laws/task.hpp>

#include <hasse/task/classification.hpp>
#include <hasse/task/super_resolution.hpp>
#include <hasse/train/training_data.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../train/edges.hpp"
#include "../train/problem.hpp"

using namespace hasse;

namespace {
/// The numbers of an answer should add up to the label.
struct adding_up : image_task {
  static constexpr metric measure{.name = "squared error", .larger_is_better = false};
  bool wrong_gradient = false, forgets = false, hides = false, counts_all = false;
  std::string text() const { return "adding up"; }
  void check(const image_set& set, const layer_list& layers) const { check_shape(set, layers.input); }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    double sum = 0;
    for (int n = 0; n < found[0].count; ++n) {
      double off = -wanted[static_cast<std::size_t>(n)];
      for (const Scalar each : found[0].of(n)) off += static_cast<double>(each);
      if (hides && !(off == off)) off = 0;
      sum += off * off / found[0].count;
      if (gradient.empty()) continue;
      for (Scalar& each : gradient[0].of(n).subspan(forgets ? 1 : 0)) each = static_cast<Scalar>((wrong_gradient ? 1 : 2) * off / found[0].count);
    }
    return {sum, counts_all ? found[0].count : 0};
  }
  mean_loss<adding_up> tally(const normalisation&) const { return mean_loss(*this); }
};

/// Judges by the mean of batches instead of samples.
struct by_batch : classification {
  struct tally_of_batches {
    double sum = 0;
    int batches = 0;
    template <class Scalar>
    void add(answers<Scalar> found, std::span<const int> labels) {
      classification::tally_type one;
      one.add(found, labels);
      sum += one.result().loss, ++batches;
    }
    evaluation result() const { return {0, sum / batches}; }
  };
  tally_of_batches tally(const normalisation&) const { return {}; }
};

/// Judges only the answers that are numbers.
struct looking_away : classification {
  struct tally_of_numbers : classification::tally_type {
    evaluation result() const {
      const evaluation found = tally_type::result();
      return {found.score, std::isfinite(found.loss) ? found.loss : 0};
    }
  };
  tally_of_numbers tally(const normalisation&) const { return {}; }
};
/// Two outputs of different size: the first number of each should be the label.
struct twice : image_task {
  static constexpr metric measure{.name = "squared error", .larger_is_better = false};
  std::string text() const { return "twice"; }
  void check(const image_set& set, const layer_list& layers) const { check_shape(set, layers.input); }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    double sum = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      for (int n = 0; n < found[i].count; ++n) {
        const double off = static_cast<double>(found[i].of(n)[0]) - wanted[static_cast<std::size_t>(n)];
        sum += off * off / found[i].count;
        if (gradient.empty()) continue;
        std::fill(gradient[i].of(n).begin(), gradient[i].of(n).end(), Scalar{});
        gradient[i].of(n)[0] = static_cast<Scalar>(2 * off / found[i].count);
      }
    return {sum};
  }
  mean_loss<twice> tally(const normalisation&) const { return mean_loss(*this); }
};
/// Targets that are more than a label: where the bright pixel of each image lies.
struct pointed {
  image_set images;
  std::string name = "pointed";
  std::vector<std::array<int, 2>> places;  ///< y, x

  std::size_t size() const { return places.size(); }
  feature_shape shape() const { return images.shape(); }
};
std::uint64_t identity_of(const pointed& set) {
  std::uint64_t identity = hasse::identity_of(set.images);
  for (const auto& [y, x] : set.places) identity = derive(identity, static_cast<std::uint64_t>(16 * y + x));
  return identity;
}
struct pointing {
  using samples = pointed;
  static constexpr metric measure{.name = "squared distance", .larger_is_better = false};

  template <class Scalar>
  class feed : public batch_feed<Scalar> {
   public:
    feed(accelerator<Scalar>* device, const pointed& set, const normalisation& scale, int batch, read_order order, std::uint64_t seed = 1, augmentation varied = {})
        : batch_feed<Scalar>(device, set.images, scale, batch, order, seed, varied), set_(&set) {}
    int next(Scalar* images) {
      const int count = batch_feed<Scalar>::next(images);
      wanted_.clear();
      for (const image_draw& drawn : this->draws()) {
        const auto [y, x] = set_->places[drawn.index];
        const int moved = x - drawn.right;
        wanted_.push_back({static_cast<float>(y - drawn.down), static_cast<float>(drawn.mirrored ? set_->images.width - 1 - moved : moved)});
      }
      wanted_.resize(static_cast<std::size_t>(this->batch()));
      return count;
    }
    std::span<const std::array<float, 2>> targets() const { return wanted_; }

   private:
    const pointed* set_;
    std::vector<std::array<float, 2>> wanted_;
  };

  std::string text() const { return "pointing"; }
  void check(const pointed& set, const layer_list& layers) const { check_shape(set.images, layers.input); }
  normalisation scale_of(const pointed&) const { return {.mean = {0.5f}, .deviation = {0.5f}}; }
  augmentation usual_augmentation(const pointed&) const { return {.pad = 2, .flip = true}; }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const std::array<float, 2>> wanted, slopes<Scalar> gradient) const {
    double sum = 0;
    for (int n = 0; n < found[0].count; ++n)
      for (std::size_t at = 0; at < found[0].of(n).size(); ++at) {
        const double off = static_cast<double>(found[0].of(n)[at]) - static_cast<double>(wanted[static_cast<std::size_t>(n)][at % 2]);
        sum += off * off / found[0].count;
        if (!gradient.empty()) gradient[0].of(n)[at] = static_cast<Scalar>(2 * off / found[0].count);
      }
    return {sum};
  }
  mean_loss<pointing> tally(const normalisation&) const { return mean_loss(*this); }
};
static_assert(Task<pointing>);

const image_set seven = problem::quadrants(7, 3);
}  // namespace

TEST_CASE("a task whose targets are more than a label knows how its images vary", "[task][laws]") {
  pointed set{.images = empty_images("dots", {8, 8, 1}, {}), .places = {}};
  random_source random(4);
  for (std::size_t i = 0; i < 40; ++i) {
    set.images.pixels.resize((i + 1) * 64), set.images.labels.push_back(0);
    set.places.push_back({2 + static_cast<int>(random.below(4)), 2 + static_cast<int>(random.below(4))});  // no shift loses it
    set.images.pixels[i * 64 + static_cast<std::size_t>(8 * set.places[i][0] + set.places[i][1])] = 255;
  }
  pointing::feed<float> feed(nullptr, set, pointing{}.scale_of(set), 8, read_order::training, 3, {.pad = 2, .flip = true});
  std::vector<float> images(8 * 64);
  for (int batch = 0; batch < 12; ++batch) {
    if (batch == 7) feed.seek({.epoch = 1, .batch = 4});
    REQUIRE(feed.next(images.data()) == 8);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto brightest = std::max_element(images.begin() + static_cast<std::ptrdiff_t>(64 * i), images.begin() + static_cast<std::ptrdiff_t>(64 * (i + 1))) - images.begin() - static_cast<std::ptrdiff_t>(64 * i);
      CHECK(feed.targets()[i][0] == static_cast<float>(brightest / 8));
      CHECK(feed.targets()[i][1] == static_cast<float>(brightest % 8));
    }
  }
  layer_list net{.input = set.shape(), .items = {}};
  layer_builder<layer_list> build{net};
  build.linear(build.global_average_pool(build.conv_bn(0, 4, 3, 1, activation::relu, {})), 2);
  CHECK(broken_law(pointing{}, set, net) == "");
  CHECK(training_data(pointing{}, set, set).identity == derive(identity_of(set), identity_of(set)));  // found where the type of the set is
}

TEST_CASE("shipped tasks keep the laws of a task", "[task][laws]") {
  classification smoothed;
  smoothed.label_smoothing = 0.1;
  CHECK(broken_law(classification{}, seven, problem::network()) == "");
  CHECK(broken_law(smoothed, seven, problem::network()) == "");
  CHECK(broken_law(super_resolution{}, problem::edges(7, 1, 16), problem::enlarging(problem::tiny, 8)) == "");
}

TEST_CASE("a task of one's own keeps them, and what breaks one is named", "[task][laws]") {
  adding_up task;
  CHECK(broken_law(task, seven, problem::network()) == "");
  task.wrong_gradient = true;
  CHECK_THAT(broken_law(task, seven, problem::network()), ContainsSubstring("gradient: it is not that of the loss"));
  task.wrong_gradient = false, task.forgets = true;
  CHECK_THAT(broken_law(task, seven, problem::network()), ContainsSubstring("write every element"));
  task.forgets = false, task.hides = true;
  CHECK_THAT(broken_law(task, seven, problem::network()), ContainsSubstring("divergence: answers that are no numbers have a finite loss"));
  task.hides = false, task.counts_all = true;
  CHECK_THAT(broken_law(task, seven, problem::network()), ContainsSubstring("divergence: answers that are no numbers count as right"));
  CHECK_THAT(broken_law(looking_away{}, seven, problem::network()), ContainsSubstring("tally: answers that are no numbers"));
  CHECK_THAT(broken_law(by_batch{}, seven, problem::network()), ContainsSubstring("add up samples, not batches"));
}

TEST_CASE("a task of several outputs keeps the laws, too", "[task][laws]") {
  layer_list two = problem::network();
  two.append_output("stem", 1);
  two.append_output("classes", static_cast<value_id>(two.size()));
  CHECK(broken_law(twice{}, seven, two) == "");
}

TEST_CASE("a metric says how its values read and which way is better", "[task]") {
  CHECK(classification::measure.text(0.9312) == "93.1 %");
  CHECK(super_resolution::measure.text(30.006) == "30.01 dB");
  constexpr metric error{.name = "error", .larger_is_better = false};
  CHECK(error.text(2) == "2.00");
  CHECK(error.merit(error.merit(3)) == 3);
  CHECK(error.merit(1) > error.merit(2));

  CHECK(classification::measure.best_merit() == 1);
  CHECK_FALSE(super_resolution::measure.best_merit());
  CHECK_FALSE(metric{.name = "share", .unit = "%", .factor = 100}.best_merit());  // a unit says nothing of it
  constexpr metric least{.name = "cars missed", .larger_is_better = false, .best = 2};
  CHECK(least.best_merit() == -2);
}
