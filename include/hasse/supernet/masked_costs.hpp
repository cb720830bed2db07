// What the codes of a masked space cost: sums over layers that are priced once each, by any price, or a regression on measured codes.
// Used by the search through masks, which weighs it against quality, and to say what a space spans.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/price/any_price.hpp>
#include <hasse/supernet/masked_layers.hpp>

namespace hasse {

/// Costs by a price. Where that adds up, layers are priced alone, each once per shape, and what is averaged costs the mean of its options;
/// else whole networks are, with the first option of what is averaged; or by what else says what codes cost. The space must outlive it.
class masked_costs {
 public:
  explicit masked_costs(const masked_space& space, any_price price, rounding squeezed = rounding::to_8)
      : space_(&space), price_(std::move(price)), squeezed_(squeezed) {}

  /// Costs in the unit of the price as `told` has them, a regression for instance.
  masked_costs by(std::function<double(std::span<const int>)> told) const;

  const masked_space& space() const { return *space_; }
  const any_price& price() const { return price_; }

  double of(std::span<const int> code) const;

  /// Codes of the narrowest and the widest blocks, every layer as cheap, and as dear, as it gets.
  std::vector<int> cheapest() const { return extreme(false); }
  std::vector<int> dearest() const { return extreme(true); }
  /// Throws `error` where no network of the space can meet the target.
  void require_reachable(double target) const;

 private:
  double priced(const layer_list& layers, const std::string& place) const;

  /// `visit(block, layer, input)` for all layers; sides follow from strides, channels from the code.
  template <class Visit>
  void for_each_layer(std::span<const int> code, Visit&& visit) const {
    feature_shape shape = space_->design().input;
    for (int block = 0; block < space_->blocks(); ++block) {
      for (int index = 0; index < static_cast<int>(space_->block(block).layers.size()); ++index) {
        visit(block, index, shape);
        const masked_layer& layer = space_->layer_at(block, index);
        const auto side = [&](int from) {
          // Windows are odd, so that only the stride counts, whatever the padding.
          return space_->design().pad == padding::same ? same_output(from, layer.stride) : window_output(from, 3, layer.stride, 1);
        };
        shape = {side(shape.h), side(shape.w), space_->filters_of(code, block)};
      }
      if (space_->block(block).pooled) shape.h = shape.w = 1;
    }
  }

  double layer_cost(std::span<const int> code, int block, int index, feature_shape in) const;

  /// Pools and head, which depend on widths alone.
  double rest_of(std::span<const int> code) const;

  std::vector<int> extreme(bool dear) const;

  const masked_space* space_;
  any_price price_;
  rounding squeezed_;
  std::function<double(std::span<const int>)> told_;
  mutable std::map<std::vector<int>, double> layers_, rests_;
};

/// How well a regression says what it has not seen.
struct regression_quality {
  double r_squared = 0, mean_error = 0, largest_error = 0;  ///< errors are absolute, in the unit of the costs
};

/// Costs as a linear function of indicators (TuNAS): for the first layer of a block one per pair of widths and choice of the layer, for the
/// others one per width and choice, those of a layer with sum 1; and a constant. What was measured on whole networks makes it.
class masked_regression {
 public:
  /// Least squares with `ridge` times the mean square of the indicators against large weights; 0: the shortest of the exact solutions.
  masked_regression(const masked_space& space, std::span<const std::vector<int>> codes, std::span<const double> costs, double ridge = 1e-3);

  double of(std::span<const int> code) const;
  regression_quality quality(std::span<const std::vector<int>> codes, std::span<const double> costs) const;

  using row = std::vector<std::pair<std::size_t, double>>;
  /// Which indicators a code has, and how much of each: shares where it averages.
  row indicators_of(std::span<const int> code) const;
  /// How many there are.
  static std::size_t indicators_of(const masked_space& space);

 private:
  static std::vector<double> shares_of(const layer_choice& choice, const std::vector<layer_choice>& all);

  /// Conjugate gradients on the normal equations from zero: rows have one indicator a layer, and there may be more indicators than rows.
  void solve(const std::vector<row>& rows, std::span<const double> costs, double ridge);

  const masked_space* space_;
  double constant_ = 0;
  std::vector<double> weights_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/masked_costs.inl>
#endif
