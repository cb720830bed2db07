// What a search has learned about merits, and what a training is worth: a Gaussian process on the coordinates of an order.
// Used by model_guided_search, which chooses what to ask the model about. Knows no space.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/units.hpp>
#include <hasse/search/coordinates.hpp>
#include <hasse/search/expected_improvement.hpp>
#include <hasse/search/gaussian_process.hpp>

namespace hasse {

/// A candidate as the model sees it.
struct model_point {
  coordinates place;
  ticks cost;
  std::vector<ticks> elsewhere = {};  ///< what it costs on further devices, equally many for all
};

struct search_model_options {
  std::uint64_t seed = 1;
  merit_scale scale = {};
  /// The share of the noise between trainings that is a network's own: 1, what was trained is what is judged; less where the mean over
  /// more trainings counts, so that lucky ones are not chased.
  double own_noise = 1;
  /// own_noise is a first guess, which counts as `guess_weight` repeated trainings do: these tell how far runs of one network are apart.
  bool learns_noise = false;
  static constexpr double guess_weight = 4;
};

/// Depends only on the options, the sample and what was told in which order.
class search_model {
 public:
  /// `sample`: uniform from all candidates, at least one. From it are the scale of costs, the dearest cost and, as the model sees them,
  /// the median merit: gains are measured from there on.
  HASSE_BODY search_model(search_model_options options, std::vector<model_point> sample);

  /// A training that failed counts as one of the worst merit so far.
  HASSE_BODY void tell(const model_point& trained, std::optional<double> merit);
  /// Another run of what was told as the `place`-th, from 0, those left out that failed before any success. Its merit is the mean then.
  HASSE_BODY void tell_again(std::size_t place, std::optional<double> merit);

  /// The hypervolume that each point is expected to add, in ticks times merit, when all `under_way` turn out as expected. Of several devices
  /// the sum of what it is expected to add to each, in shares of the hypervolume there now.
  HASSE_BODY std::vector<double> gains(std::span<const model_point> points, std::span<const model_point> under_way = {});

  /// The same of training once more what was told, in order: what it is expected to add that a lucky one is told from a good one. 0 of all
  /// where what was trained is what is judged (own_noise 1).
  HASSE_BODY std::vector<double> repeat_gains();

  /// What the merits of points will be: the middle, and one deviation below and above it.
  struct expectation {
    double low, middle, high;
  };
  /// The merits of what was told, as they are judged: of each, without the luck that does not repeat.
  HASSE_BODY std::vector<expectation> judged();

  /// The deviation of single runs around what the model expects, of networks of this merit. In it is what the coordinates do not say.
  HASSE_BODY double run_deviation(double merit);
  /// The part of it that does not repeat: how far runs of one network are apart.
  HASSE_BODY double luck_deviation(double merit);

  HASSE_BODY std::vector<expectation> expected(std::span<const model_point> points);

  /// What is left to be found among `points`, as 24 independent draws of their merits have it: a statement of a model, no proof.
  struct outlook {
    double low = 0, middle = 0;  ///< hypervolume now, as a share of what it would be if all were trained: the 10 % quantile, and the median; of the device that has least
    double chance = 1;           ///< that all of them together would add more than a hundredth
  };
  HASSE_BODY outlook look_ahead(std::span<const model_point> points);
  /// The hypervolume now, from the reference on, in ticks times merit; of several devices how many there are, as gains are shares.
  HASSE_BODY double area();

  /// Of so many trainings, how many there were when the scales were fitted last: at every one of the first ten, then at a third more each time.
  HASSE_BODY static std::size_t last_fit(std::size_t told);
  /// As of the last gains or expected.
  const process_scales& scales() const { return scales_; }

 private:
  HASSE_BODY void place(process_inputs& inputs, const model_point& point) const;
  HASSE_BODY process_inputs inputs_of(std::span<const model_point> points) const;
  HASSE_BODY void learn();
  HASSE_BODY std::pair<gaussian_process, staircases> believed(std::span<const model_point> under_way) const;
  double back(double standard) const { return middle_ + deviation_ * standard; }
  /// The deviation of a point's own merit, whose latent variance this is, on the merit scale.
  HASSE_BODY double own_deviation(double latent) const;
  HASSE_BODY void fit();
  /// The share of a run's noise that a row has.
  double noise_share(std::size_t row) const { return own_noise_ + luck_share(row); }
  /// The share of it that does not repeat.
  double luck_share(std::size_t row) const { return (1 - own_noise_) / static_cast<double>(runs_[row]); }
  /// What is known of the share that repeats, under the scales as they are.
  HASSE_BODY void learn_noise();
  HASSE_BODY process_inputs rows() const;
  HASSE_BODY std::vector<double> standardised() const;
  HASSE_BODY double reference(const gaussian_process& process) const;
  HASSE_BODY std::vector<double> judged_standard() const;

  search_model_options options_;
  std::vector<model_point> sample_;
  process_inputs sample_inputs_, told_inputs_;
  std::vector<double> dearest_;              // of each device
  struct range {
    double from = 0, to = 1;
  };
  std::vector<range> logs_;                  // of the cost and the sizes
  std::vector<range> spread_;                // of the linear features: mean, deviation
  struct telling {
    std::size_t row;
    std::optional<double> value;  // on the merit scale
  };
  std::vector<telling> tellings_;
  std::size_t learned_ = 0;                  // of them
  std::vector<double> told_;                 // of each row, on the merit scale: the mean over its runs, as far as it is learned
  std::vector<std::size_t> runs_;
  std::vector<std::vector<double>> costs_;   // of each row, on each device
  double middle_ = 0, deviation_ = 1;        // of told_ at the last fit
  double own_noise_ = 1;
  double apart_ = 0;                         // squares of how far runs of one network are from their mean, summed
  std::size_t again_ = 0;                    // runs behind the first of their network
  process_scales scales_;
  gaussian_process process_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/search/search_model.inl>
#endif
