// The shipped tasks keep the laws of a task, and each law catches a task that breaks it.
#include <hasse/laws/task.hpp>

#include <hasse/task/classification.hpp>
#include <hasse/task/super_resolution.hpp>
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
const image_set seven = problem::quadrants(7, 3);
}  // namespace

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
}
