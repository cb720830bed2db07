// The bodies of supernet/masked_costs.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <numeric>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/price/any_price.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/masked_layers.hpp>

namespace hasse {

HASSE_BODY masked_costs masked_costs::by(std::function<double(std::span<const int>)> told) const {
  masked_costs made = *this;
  made.told_ = std::move(told);
  return made;
}

HASSE_BODY double masked_costs::of(std::span<const int> code) const {
  space_->check(code);
  if (told_) return told_(code);
  if (price_.gathering() != cost_gathering::sum) {
    std::vector<int> first(code.begin(), code.end());
    std::replace(first.begin(), first.end(), all_options, 0);
    return priced(network_of(*space_, first, squeezed_), "network " + space_->text(first));
  }
  double sum = rest_of(code);
  for_each_layer(code, [&](int block, int index, feature_shape in) { sum += layer_cost(code, block, index, in); });
  return sum;
}

HASSE_BODY void masked_costs::require_reachable(double target) const {
  const double least = of(cheapest()), most = of(dearest());
  if (target >= least && target <= most) return;
  std::ostringstream sentence;
  sentence << "a target of " << price_.unit().text(target) << " was given, and the networks of this space cost " << price_.unit().text(least)
           << " to " << price_.unit().text(most) << "; choose a target in between, or another space";
  throw error(sentence.str());
}

HASSE_BODY double masked_costs::priced(const layer_list& layers, const std::string& place) const {
  double cost = 0;
  try {
    if (layers.size() > 0) cost = price_.of(layers);
  } catch (const error& reason) {
    throw error(place + ": " + reason.what());
  }
  if (!std::isfinite(cost) || cost < 0)
    throw error(place + " was priced at " + std::to_string(cost) + "; a cost is a number from 0 up, look for the fault in its price");
  return cost;
}

HASSE_BODY double masked_costs::layer_cost(std::span<const int> code, int block, int index, feature_shape in) const {
  const layer_choice choice = space_->choice_of(code, block, index);
  const auto one = [&](const layer_choice& taken) {
    const std::vector<int> key{block, index, taken.option, taken.kernel, taken.width, taken.rank, taken.squeeze, in.c, space_->filters_of(code, block)};
    const auto known = layers_.find(key);
    if (known != layers_.end()) return known->second;
    std::vector<int> alone(code.begin(), code.end());
    space_->set(alone, block, index, taken);
    const double cost = priced(layer_alone(*space_, alone, block, index, in, squeezed_),
                               space_->block(block).name + " layer " + std::to_string(index + 1) + ", " + space_->word_of(block, index, taken));
    return layers_.emplace(key, cost).first->second;
  };
  const auto fits = [](int asked, int taken) { return asked == all_options || asked == taken; };
  if (choice.option != all_options && choice.kernel != all_options && choice.width != all_options && choice.rank != all_options &&
      choice.squeeze != all_options)
    return one(choice);
  // The mean over options of the means inside of them.
  std::map<int, std::pair<double, int>> sums;
  for (const layer_choice& each : space_->choices_of(block, index)) {
    if (!fits(choice.option, each.option)) continue;
    if (choice.option != all_options && !(fits(choice.kernel, each.kernel) && fits(choice.width, each.width) && fits(choice.rank, each.rank) &&
                                          fits(choice.squeeze, each.squeeze)))
      continue;
    auto& [sum, count] = sums[each.option];
    sum += one(each), ++count;
  }
  double mean = 0;
  for (const auto& [option, total] : sums) mean += total.first / total.second / static_cast<double>(sums.size());
  return mean;
}

HASSE_BODY double masked_costs::rest_of(std::span<const int> code) const {
  std::vector<int> key;
  for (int block = 0; block < space_->blocks(); ++block) key.push_back(space_->filters_of(code, block));
  const auto known = rests_.find(key);
  if (known != rests_.end()) return known->second;
  std::vector<int> first(code.begin(), code.end());
  for (std::size_t at = 0; at < first.size(); ++at)
    if (space_->decisions()[at].kind == decision_kind::operation) first[at] = 0;
  double cost = priced(network_of(*space_, first, squeezed_), "network " + space_->text(first));
  for_each_layer(first, [&](int block, int index, feature_shape in) { cost -= layer_cost(first, block, index, in); });
  return rests_.emplace(std::move(key), cost).first->second;
}

HASSE_BODY std::vector<int> masked_costs::extreme(bool dear) const {
  std::vector<int> code(space_->decisions().size(), 0);
  for (int block = 0; block < space_->blocks(); ++block)
    space_->set_filters(code, block, dear ? static_cast<int>(space_->block(block).filters.size()) - 1 : 0);
  for (int block = 0; block < space_->blocks(); ++block)
    for (int index = 0; index < static_cast<int>(space_->block(block).layers.size()); ++index) {
      double best = 0;
      std::vector<int> found;
      for (const layer_choice& each : space_->choices_of(block, index)) {
        space_->set(code, block, index, each);
        const double cost = of(code);
        if (found.empty() || (dear ? cost > best : cost < best)) best = cost, found = code;
      }
      code = found;
    }
  return code;
}

HASSE_BODY masked_regression::masked_regression(const masked_space& space, std::span<const std::vector<int>> codes, std::span<const double> costs, double ridge) : space_(&space) {
  if (codes.empty() || codes.size() != costs.size())
    throw error(std::to_string(costs.size()) + " costs were given for " + std::to_string(codes.size()) + " codes; give one cost for each of at least one code");
  if (!(ridge >= 0)) throw error("a regression with a ridge of " + std::to_string(ridge) + " was asked for; give a number of at least 0");
  std::vector<row> rows;
  for (const std::vector<int>& each : codes) rows.push_back(indicators_of(each));
  for (const double each : costs) constant_ += each / static_cast<double>(costs.size());
  solve(rows, costs, ridge);
}

HASSE_BODY double masked_regression::of(std::span<const int> code) const {
  double sum = constant_;
  for (const auto& [at, share] : indicators_of(code)) sum += share * weights_[at];
  return sum;
}

HASSE_BODY regression_quality masked_regression::quality(std::span<const std::vector<int>> codes, std::span<const double> costs) const {
  regression_quality made;
  double squares = 0, spread = 0;
  const double count = static_cast<double>(costs.size()), mean = std::accumulate(costs.begin(), costs.end(), 0.0) / count;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const double error_here = std::abs(of(codes[i]) - costs[i]);
    squares += error_here * error_here, spread += (costs[i] - mean) * (costs[i] - mean);
    made.mean_error += error_here / count, made.largest_error = std::max(made.largest_error, error_here);
  }
  made.r_squared = spread > 0 ? 1 - squares / spread : 0;
  return made;
}

HASSE_BODY masked_regression::row masked_regression::indicators_of(std::span<const int> code) const {
  space_->check(code);
  row made;
  std::size_t begin = 0, before = 0, widths_before = 1;
  for (int block = 0; block < space_->blocks(); ++block) {
    const std::vector<int>& filters = space_->block(block).filters;
    const auto width = static_cast<std::size_t>(std::find(filters.begin(), filters.end(), space_->filters_of(code, block)) - filters.begin());
    for (int index = 0; index < static_cast<int>(space_->block(block).layers.size()); ++index) {
      const std::vector<layer_choice> all = space_->choices_of(block, index);
      const std::size_t pair = index == 0 ? width * widths_before + before : width, pairs = filters.size() * (index == 0 ? widths_before : 1);
      if (pairs * all.size() > 1) {
        const std::vector<double> shares = shares_of(space_->choice_of(code, block, index), all);
        for (std::size_t i = 0; i < all.size(); ++i)
          if (shares[i] > 0) made.emplace_back(begin + pair * all.size() + i, shares[i]);
      }
      begin += pairs * all.size();
    }
    before = width, widths_before = filters.size();
  }
  return made;
}

HASSE_BODY std::size_t masked_regression::indicators_of(const masked_space& space) {
  std::size_t count = 0, widths_before = 1;
  for (int block = 0; block < space.blocks(); ++block) {
    const std::size_t widths = space.block(block).filters.size();
    for (int index = 0; index < static_cast<int>(space.block(block).layers.size()); ++index)
      count += widths * (index == 0 ? widths_before : 1) * space.choices_of(block, index).size();
    widths_before = widths;
  }
  return count;
}

HASSE_BODY std::vector<double> masked_regression::shares_of(const layer_choice& choice, const std::vector<layer_choice>& all) {
  const auto fits = [](int asked, int taken) { return asked == all_options || asked == taken; };
  std::vector<double> shares(all.size(), 0.0);
  std::map<int, double> inside;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool whole = choice.option == all_options;
    if (whole || (choice.option == all[i].option && fits(choice.kernel, all[i].kernel) && fits(choice.width, all[i].width) &&
                  fits(choice.rank, all[i].rank) && fits(choice.squeeze, all[i].squeeze)))
      shares[i] = 1, ++inside[all[i].option];
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    if (shares[i] > 0) shares[i] = 1 / (inside[all[i].option] * static_cast<double>(inside.size()));
  return shares;
}

HASSE_BODY void masked_regression::solve(const std::vector<row>& rows, std::span<const double> costs, double ridge) {
  const std::size_t size = indicators_of(*space_);
  weights_.assign(size, 0.0);
  double squares = 0;
  for (const row& each : rows)
    for (const auto& [at, share] : each) squares += share * share;
  const double pull = ridge * squares / static_cast<double>(std::max<std::size_t>(size, 1));
  const auto times = [](const row& of, const std::vector<double>& by) {
    double sum = 0;
    for (const auto& [at, share] : of) sum += share * by[at];
    return sum;
  };
  std::vector<double> residual(rows.size()), slope(size), direction(size, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) residual[i] = costs[i] - constant_;
  double before = 0, first = 0;
  for (int step = 0; step < 4000; ++step) {
    std::fill(slope.begin(), slope.end(), 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (const auto& [at, share] : rows[i]) slope[at] += share * residual[i];
    double length = 0;
    for (std::size_t at = 0; at < size; ++at) slope[at] -= pull * weights_[at], length += slope[at] * slope[at];
    if (step == 0) first = length;
    if (length <= 1e-26 * first || length == 0) return;
    double curve = 0;
    for (std::size_t at = 0; at < size; ++at) {
      direction[at] = slope[at] + (step > 0 ? length / before : 0) * direction[at];
      curve += pull * direction[at] * direction[at];
    }
    std::vector<double> moved(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) moved[i] = times(rows[i], direction), curve += moved[i] * moved[i];
    const double by = length / curve;
    for (std::size_t at = 0; at < size; ++at) weights_[at] += by * direction[at];
    for (std::size_t i = 0; i < rows.size(); ++i) residual[i] -= by * moved[i];
    before = length;
  }
}

}  // namespace hasse
