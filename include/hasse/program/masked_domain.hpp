// A masked space as policies of search see it, which train its networks one by one: what costs within a window, and an order.
// Used by hasse_detect search; with it Partial Order Pruning, a model and random search go through the same networks as the search through masks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/price/price.hpp>
#include <hasse/search/coordinates.hpp>
#include <hasse/search/domain.hpp>
#include <hasse/supernet/masked_derive.hpp>
#include <hasse/supernet/masked_space.hpp>

namespace hasse {

/// Whether the network of one code is another with less in it: no block is wider, and every layer is skipped or is the same operation, no
/// kernel, expansion or rank of it larger. MACs, parameters and memory rise along this order.
inline bool precedes(const masked_space& space, std::span<const int> one, std::span<const int> other) {
  for (int block = 0; block < space.blocks(); ++block) {
    if (space.filters_of(one, block) > space.filters_of(other, block)) return false;
    for (int index = 0; index < static_cast<int>(space.block(block).layers.size()); ++index) {
      const layer_choice a = space.choice_of(one, block, index), b = space.choice_of(other, block, index);
      const bool skipped = space.layer_at(block, index).options[static_cast<std::size_t>(a.option)].operation == masked_operation::skip;
      if (!skipped && (a.option != b.option || a.kernel > b.kernel || a.width > b.width || a.rank > b.rank || a.squeeze > b.squeeze)) return false;
    }
  }
  return true;
}

/// Models Domain. Space and costs must outlive it. Sets of more than `most_counted` networks are not counted: size() is then that of the
/// whole space, window or not, and policies draw from it (give them list_up_to = most_counted).
template <PricesCodes Costs>
class masked_domain {
 public:
  using candidate = std::vector<int>;
  static constexpr std::size_t most_counted = 100'000, most_draws = 50'000;

  masked_domain(const masked_space& space, const Costs& costs, const price_unit& unit, const price_window& window)
      : space_(&space),
        costs_(&costs),
        unit_(unit),
        window_(window),
        per_unit_(unit == in_milliseconds ? ticks_per_millisecond : 1) {
    double all = 1;
    walk_counts([&](std::size_t options) { all *= static_cast<double>(options); });
    if (all <= static_cast<double>(most_counted))
      for_each([&](const candidate&) { ++size_; });
    else
      size_ = all < 1e37 ? static_cast<count_type>(all) : static_cast<count_type>(1e37);
  }

  count_type size() const { return size_; }
  template <class Visit>
  void for_each(Visit visit) const {
    candidate code(space_->decisions().size(), 0);
    from(0, -1, code, visit);
  }
  /// Uniform. Throws `error` where the window has so small a part of the space that draws do not find it.
  candidate sample(random_source& random) const {
    for (std::size_t draw = 0; draw < most_draws; ++draw)
      if (candidate code = space_->any_code(random); admits(code)) return code;
    throw error("of " + std::to_string(most_draws) + " networks that were drawn from the space none costs " + unit_.text(window_.least) + " to " +
                unit_.text(window_.most) + "; choose a wider window, or a target nearer to the middle of the space");
  }
  /// Another in one thing, where the window admits any; else the same.
  candidate mutate(const candidate& code, random_source& random) const {
    std::vector<candidate> near;
    for_each_change(*space_, code, [&](const candidate& changed) {
      if (admits(changed)) near.push_back(changed);
    });
    return near.empty() ? code : near[static_cast<std::size_t>(random.below(near.size()))];
  }
  /// Every block's width; of every layer, for each operation that it may take, how large it is, and 0 for the others. Of every block the share of
  /// layers that are there, and the sum of their sizes.
  coordinates coordinates_of(const candidate& code) const {
    coordinates place;
    for (int block = 0; block < space_->blocks(); ++block) {
      const masked_block& it = space_->block(block);
      const auto chosen = std::find(it.filters.begin(), it.filters.end(), space_->filters_of(code, block)) - it.filters.begin();
      if (it.filters.size() > 1) place.levels.push_back(static_cast<double>(chosen + 1) / static_cast<double>(it.filters.size()));
      double there = 0, sum = 0;
      for (int index = 0; index < static_cast<int>(it.layers.size()); ++index) {
        const layer_choice taken = space_->choice_of(code, block, index);
        const std::vector<masked_option>& options = space_->layer_at(block, index).options;
        for (std::size_t option = 0; option < options.size(); ++option) {
          const masked_option& each = options[option];
          if (each.operation == masked_operation::skip) continue;
          const bool is_taken = taken.option == static_cast<int>(option);
          const auto most = static_cast<double>(each.kernels.size() + each.widths.size() + each.ranks.size());
          const double level = is_taken ? (taken.kernel + taken.width + taken.rank + taken.squeeze + 1) / most : 0;
          there += is_taken, sum += level;
          if (space_->choices_of(block, index).size() > 1) place.levels.push_back(level);
        }
      }
      place.counts.push_back(there / static_cast<double>(it.layers.size())), place.counts.push_back(sum / static_cast<double>(it.layers.size()));
    }
    return place;
  }
  /// Each block of one or of the other; the one where eight tries stay outside the window.
  candidate cross(const candidate& one, const candidate& other, random_source& random) const {
    for (int attempt = 0; attempt < 8; ++attempt) {
      candidate child = one;
      for (int block = 0; block < space_->blocks(); ++block) {
        if (!random.below(2)) continue;
        const std::vector<int>& filters = space_->block(block).filters;
        space_->set_filters(child, block, static_cast<int>(std::find(filters.begin(), filters.end(), space_->filters_of(other, block)) - filters.begin()));
        for (int index = 0; index < static_cast<int>(space_->block(block).layers.size()); ++index) space_->set(child, block, index, space_->choice_of(other, block, index));
      }
      if (admits(child)) return child;
    }
    return one;
  }
  ticks cost(const candidate& code) const { return {std::llround(costs_->of(code) * per_unit_)}; }
  bool precedes(const candidate& one, const candidate& other) const { return hasse::precedes(*space_, one, other); }
  std::string text(const candidate& code) const { return space_->text(code); }
  candidate parse(std::string_view text) const {
    candidate code = space_->parse(text);
    if (!admits(code))
      throw error("the network " + space_->text(code) + " costs " + unit_.text(costs_->of(code)) + ", which is not within " +
                  unit_.text(window_.least) + " to " + unit_.text(window_.most) + "; name one that is");
    return code;
  }

 private:
  bool admits(const candidate& code) const {
    const double cost = costs_->of(code);
    return window_.least <= cost && cost <= window_.most;
  }
  template <class Visit>
  void walk_counts(Visit visit) const {
    for (int block = 0; block < space_->blocks(); ++block) {
      visit(space_->block(block).filters.size());
      for (int index = 0; index < static_cast<int>(space_->block(block).layers.size()); ++index) visit(space_->choices_of(block, index).size());
    }
  }
  /// All widths of a block (index -1), or all that a layer can be, and what comes behind it.
  template <class Visit>
  void from(int block, int index, candidate& code, Visit& visit) const {
    if (block == space_->blocks()) {
      if (admits(code)) visit(std::as_const(code));
      return;
    }
    const bool is_last = index + 1 == static_cast<int>(space_->block(block).layers.size());
    const auto go_on = [&] { is_last ? from(block + 1, -1, code, visit) : from(block, index + 1, code, visit); };
    if (index < 0) {
      for (int taken = 0; taken < static_cast<int>(space_->block(block).filters.size()); ++taken) space_->set_filters(code, block, taken), go_on();
      space_->set_filters(code, block, 0);
    } else {
      const std::vector<layer_choice> all = space_->choices_of(block, index);
      for (const layer_choice& each : all) space_->set(code, block, index, each), go_on();
      space_->set(code, block, index, all.front());
    }
  }

  const masked_space* space_;
  const Costs* costs_;
  price_unit unit_;
  price_window window_;
  double per_unit_;
  count_type size_ = 0;
};

}  // namespace hasse
