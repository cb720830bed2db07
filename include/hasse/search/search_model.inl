// The bodies of search/search_model.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/search/search_model.hpp>

namespace hasse {

namespace detail {
/// On every device.
inline std::vector<double> costs_of(const model_point& point) {
  std::vector<double> costs{static_cast<double>(point.cost.count)};
  for (const ticks each : point.elsewhere) costs.push_back(static_cast<double>(each.count));
  return costs;
}
/// The logarithms that the model sees of a point: of its costs and of its sizes.
inline std::vector<double> logs_of(const model_point& point) {
  std::vector<double> logs;
  for (const double cost : costs_of(point)) logs.push_back(std::log(std::max(cost, 1.0)));
  for (const double size : point.place.sizes) logs.push_back(std::log(std::max(size, 1e-300)));
  return logs;
}
inline std::vector<double> linear_of(const model_point& point) {
  std::vector<double> all = point.place.levels;
  const std::vector<double> logs = logs_of(point);
  all.insert(all.end(), logs.begin(), logs.end());
  return all;
}
inline constexpr std::size_t first_fit = 10, second_fit = 12, most_fitted = 250, twice_up_to = 60;
}  // namespace detail

HASSE_BODY search_model::search_model(search_model_options options, std::vector<model_point> sample) : options_(options), sample_(std::move(sample)), own_noise_(options.own_noise) {
  if (sample_.empty()) throw error("a model of a search needs at least one candidate as a sample");
  const std::size_t logs = detail::logs_of(sample_[0]).size(), linear = detail::linear_of(sample_[0]).size();
  logs_.assign(logs, {INFINITY, -INFINITY}), spread_.assign(linear, {0, 0});
  dearest_.assign(1 + sample_[0].elsewhere.size(), 0);
  for (const model_point& point : sample_) {
    const std::vector<double> costs = detail::costs_of(point);
    if (costs.size() != dearest_.size()) throw error("a candidate has costs on " + std::to_string(costs.size()) + " devices and another on " + std::to_string(dearest_.size()) + "; give all of them equally many");
    for (std::size_t device = 0; device < costs.size(); ++device) dearest_[device] = std::max(dearest_[device], costs[device]);
    const std::vector<double> values = detail::logs_of(point), features = detail::linear_of(point);
    for (std::size_t i = 0; i < logs; ++i) logs_[i] = {std::min(logs_[i].from, values[i]), std::max(logs_[i].to, values[i])};
    for (std::size_t i = 0; i < linear; ++i) spread_[i].from += features[i], spread_[i].to += features[i] * features[i];
  }
  for (range& each : logs_)
    if (!(each.to > each.from)) each.to = each.from + 1;
  const auto count = static_cast<double>(sample_.size());
  for (auto& [mean, deviation] : spread_) {
    mean /= count;
    const double variance = deviation / count - mean * mean;
    deviation = variance > 1e-12 ? std::sqrt(variance) : 1;
  }
  sample_inputs_ = inputs_of(sample_);
}

HASSE_BODY void search_model::place(process_inputs& inputs, const model_point& point) const {
  std::vector<double> smooth = point.place.levels, linear = detail::linear_of(point);
  smooth.insert(smooth.end(), point.place.counts.begin(), point.place.counts.end());
  const std::vector<double> logs = detail::logs_of(point);
  for (std::size_t i = 0; i < logs.size(); ++i) smooth.push_back((logs[i] - logs_[i].from) / (logs_[i].to - logs_[i].from));
  for (std::size_t i = 0; i < linear.size(); ++i) linear[i] = (linear[i] - spread_[i].from) / (spread_[i].to * std::sqrt(static_cast<double>(linear.size())));
  linear.push_back(1);
  inputs.append(smooth, linear);
}

HASSE_BODY process_inputs search_model::inputs_of(std::span<const model_point> points) const {
  process_inputs inputs;
  for (const model_point& point : points) place(inputs, point);
  return inputs;
}

HASSE_BODY void search_model::tell(const model_point& trained, std::optional<double> merit) {
  // A failure before any success says nothing yet.
  if (!merit && tellings_.empty()) return;
  place(told_inputs_, trained);
  costs_.push_back(detail::costs_of(trained));
  tellings_.push_back({costs_.size() - 1, merit ? std::optional(options_.scale.in(*merit)) : std::nullopt});
}

HASSE_BODY void search_model::tell_again(std::size_t place, std::optional<double> merit) {
  if (place >= costs_.size()) throw error("a model was told another run of a training that it was not told; tell the first run first");
  tellings_.push_back({place, merit ? std::optional(options_.scale.in(*merit)) : std::nullopt});
}

HASSE_BODY process_inputs search_model::rows() const {
  std::vector<std::size_t> all(told_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  process_inputs inputs = told_inputs_.at(all);
  if (std::any_of(runs_.begin(), runs_.end(), [](std::size_t runs) { return runs > 1; }))
    for (std::size_t row = 0; row < told_.size(); ++row) inputs.noise.push_back(noise_share(row));
  return inputs;
}

HASSE_BODY std::vector<double> search_model::standardised() const {
  std::vector<double> values;
  for (const double value : told_) values.push_back((value - middle_) / deviation_);
  return values;
}

HASSE_BODY void search_model::fit() {
  const std::size_t count = told_.size();
  middle_ = std::accumulate(told_.begin(), told_.end(), 0.0) / static_cast<double>(count);
  double squares = 0;
  for (const double value : told_) squares += (value - middle_) * (value - middle_);
  deviation_ = squares > 0 ? std::sqrt(squares / static_cast<double>(count)) : 1;
  process_inputs inputs = rows();
  std::vector<double> values = standardised();

  const process_scales prior = process_scales::prior_mean(inputs.smooth_columns);
  if (learned_ < detail::first_fit) {
    scales_ = prior;
  } else {
    process_inputs some = inputs;
    std::vector<double> some_values = values;
    if (count > detail::most_fitted) {
      random_source random(derive(options_.seed, count));
      std::vector<std::size_t> all(count);
      std::iota(all.begin(), all.end(), std::size_t{0});
      shuffle(all.begin(), all.end(), random);
      all.resize(detail::most_fitted);
      some = inputs.at(all), some_values.clear();
      for (const std::size_t row : all) some_values.push_back(values[row]);
    }
    process_scales found = most_likely_scales(some, some_values, scales_.lengths.empty() ? prior : scales_);
    if (count <= detail::twice_up_to) {
      process_scales other = most_likely_scales(some, some_values, prior);
      if (log_posterior(some, some_values, other) > log_posterior(some, some_values, found)) found = std::move(other);
    }
    scales_ = std::move(found);
  }
  learn_noise();
  process_ = gaussian_process(rows(), std::move(values), scales_);
}

// Runs of one network scatter by luck alone; all runs, around what the model expects, by luck and by what is the network's own.
HASSE_BODY void search_model::learn_noise() {
  if (!options_.learns_noise) return;
  const double all = std::exp(scales_.noise), guessed = search_model_options::guess_weight;
  const double luck = (guessed * (1 - options_.own_noise) * all + apart_ / (deviation_ * deviation_)) / (guessed + static_cast<double>(again_));
  own_noise_ = std::clamp(1 - luck / all, 0.0, 0.99);  // some luck is left, so that repeats are thought of
}

HASSE_BODY std::size_t search_model::last_fit(std::size_t told) {
  if (told < detail::second_fit) return std::min(told, detail::first_fit);
  std::size_t count = detail::second_fit;
  const auto next = [&] { return std::max(count + 3, count * 27 / 20); };
  while (next() <= told) count = next();
  return count;
}

// Fits at the numbers of trainings that last_fit says, however many were told since the last call: so a model that is told much at once
// is the same as one that was asked in between.
HASSE_BODY void search_model::learn() {
  if (tellings_.empty()) throw error("a model that was told nothing expects nothing; tell it a training first");
  const auto take = [&] {
    const auto& [row, value] = tellings_[learned_++];
    if (row == told_.size()) told_.push_back(value.value_or(told_.empty() ? 0 : *std::min_element(told_.begin(), told_.end()))), runs_.push_back(1);
    else if (value) {
      const double before = told_[row];
      told_[row] += (*value - before) / static_cast<double>(++runs_[row]);
      apart_ += (*value - before) * (*value - told_[row]), ++again_;
    }
  };
  while (learned_ < tellings_.size()) {
    if (learned_ + 1 < detail::first_fit) {
      while (learned_ < std::min(tellings_.size(), detail::first_fit - 1)) take();
      fit();
      continue;
    }
    const std::size_t rows_before = told_.size();
    take();
    if (learned_ == last_fit(learned_)) {
      fit();
    } else if (told_.size() > rows_before) {
      const std::size_t s = told_inputs_.smooth_columns, l = told_inputs_.linear_columns;
      process_.append(std::span(told_inputs_.smooth).subspan(rows_before * s, s), std::span(told_inputs_.linear).subspan(rows_before * l, l),
                      (told_.back() - middle_) / deviation_);
    } else {
      learn_noise();
      process_ = gaussian_process(rows(), standardised(), scales_);
    }
  }
}

HASSE_BODY double search_model::own_deviation(double latent) const {
  const double noise = std::exp(scales_.noise);
  return deviation_ * (latent + own_noise_ * noise) / std::sqrt(latent + noise);
}

HASSE_BODY double search_model::reference(const gaussian_process& process) const {
  std::vector<double> sample = process.means(sample_inputs_);
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
  std::nth_element(sample.begin(), middle, sample.end());
  return options_.scale.out(back(*middle));
}

// What each training is taken to be worth: what it gave, less the luck that does not repeat.
HASSE_BODY std::vector<double> search_model::judged_standard() const {
  std::vector<double> all = process_.values();
  const std::vector<double> weights = process_.weights();
  for (std::size_t i = 0; i < all.size(); ++i) all[i] -= luck_share(i) * std::exp(scales_.noise) * weights[i];
  return all;
}

// The process and the frontier, with what is under way as if it turned out as expected.
HASSE_BODY std::pair<gaussian_process, staircases> search_model::believed(std::span<const model_point> under_way) const {
  std::vector<std::pair<std::vector<double>, double>> front;
  const std::vector<double> own = judged_standard();
  for (std::size_t i = 0; i < own.size(); ++i) front.emplace_back(costs_[i], options_.scale.out(back(own[i])));

  gaussian_process process = process_;
  for (const model_point& point : under_way) {
    const process_inputs here = inputs_of(std::span(&point, 1));
    const double mean = process.means(here)[0];
    process.append(here.smooth, here.linear, mean);
    front.emplace_back(detail::costs_of(point), options_.scale.out(back(mean)));
  }

  staircases stairs(reference(process), dearest_);
  stairs.add(front);
  stairs.weigh();
  return {std::move(process), std::move(stairs)};
}

HASSE_BODY std::vector<search_model::expectation> search_model::judged() {
  learn();
  const std::vector<double> own = judged_standard(), precisions = process_.precisions();
  std::vector<expectation> all;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const double luck = luck_share(i) * std::exp(scales_.noise), deviation = std::sqrt(std::max(luck * (1 - luck * precisions[i]), 0.0));
    all.push_back({options_.scale.out(back(own[i] - deviation)), options_.scale.out(back(own[i])), options_.scale.out(back(own[i] + deviation))});
  }
  return all;
}

HASSE_BODY double search_model::run_deviation(double merit) {
  learn();
  const double seen = deviation_ * std::exp(0.5 * scales_.noise);
  return options_.scale.best ? std::max(*options_.scale.best - merit, 0.0) * seen : seen;
}

HASSE_BODY double search_model::luck_deviation(double merit) { return run_deviation(merit) * std::sqrt(1 - own_noise_); }

// What a network is worth is known up to a variance v, and is learned from runs that deviate from it by w: one more moves what it is taken to
// be worth by a deviation of v / sqrt(v + w). The frontier can only gain by that, as it takes the better of two.
HASSE_BODY std::vector<double> search_model::repeat_gains() {
  learn();
  std::vector<double> gains(told_.size(), 0);
  const double once = (1 - own_noise_) * std::exp(scales_.noise);
  if (!(once > 0)) return gains;
  const std::vector<double> own = judged_standard(), precisions = process_.precisions();
  const double least = reference(process_);
  const auto merit_of = [&](double standard) { return options_.scale.out(back(standard)); };
  const staircases all = believed({}).second;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const double luck = luck_share(i) * std::exp(scales_.noise), known = std::max(luck * (1 - luck * precisions[i]), 0.0), step = known / std::sqrt(known + once);
    if (!(step > 1e-9) || !all.reaches(costs_[i], merit_of(own[i] + 4 * step))) continue;
    std::vector<std::pair<std::vector<double>, double>> others;
    for (std::size_t j = 0; j < own.size(); ++j)
      if (j != i) others.emplace_back(costs_[j], merit_of(own[j]));
    staircases without(least, dearest_);
    without.add(others);
    without.weigh_as(all);
    const auto gain = [&](double deviation) { return without.expected_gain(options_.scale, costs_[i], back(own[i]), deviation_ * deviation); };
    gains[i] = std::max(gain(step) - gain(1e-6 * step), 0.0);
  }
  return gains;
}

HASSE_BODY std::vector<double> search_model::gains(std::span<const model_point> points, std::span<const model_point> under_way) {
  learn();
  const auto [process, stairs] = believed(under_way);
  const process_prediction ahead = process.predict(inputs_of(points));
  std::vector<double> gains(points.size());
  for (std::size_t i = 0; i < points.size(); ++i)
    gains[i] = stairs.expected_gain(options_.scale, detail::costs_of(points[i]), back(ahead.mean[i]), own_deviation(ahead.variance[i]));
  return gains;
}

HASSE_BODY search_model::outlook search_model::look_ahead(std::span<const model_point> points) {
  constexpr std::size_t draws = 24;
  learn();
  const auto [process, stairs] = believed({});
  const process_prediction ahead = process.predict(inputs_of(points));
  random_source random(derive(options_.seed, 0x6c6f6f6b + tellings_.size()));
  std::vector<double> shares;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    std::vector<std::pair<std::vector<double>, double>> drawn;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double merit = options_.scale.out(back(ahead.mean[i]) + own_deviation(ahead.variance[i]) * random.normal());
      if (std::vector<double> costs = detail::costs_of(points[i]); stairs.reaches(costs, merit, true)) drawn.emplace_back(std::move(costs), merit);
    }
    staircases then = stairs;
    then.add(drawn);
    shares.push_back(stairs.share_of(then));
  }
  std::sort(shares.begin(), shares.end());
  const auto behind = static_cast<double>(std::count_if(shares.begin(), shares.end(), [](double share) { return share < 1 / 1.01; }));
  return {.low = shares[draws / 10], .middle = (shares[draws / 2 - 1] + shares[draws / 2]) / 2, .chance = behind / draws};
}

HASSE_BODY double search_model::area() {
  learn();
  return believed({}).second.area();
}

HASSE_BODY std::vector<search_model::expectation> search_model::expected(std::span<const model_point> points) {
  learn();
  const process_prediction ahead = process_.predict(inputs_of(points));
  std::vector<expectation> all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double middle = middle_ + deviation_ * ahead.mean[i], deviation = deviation_ * std::sqrt(ahead.variance[i]);
    all.push_back({options_.scale.out(middle - deviation), options_.scale.out(middle), options_.scale.out(middle + deviation)});
  }
  return all;
}

}  // namespace hasse
