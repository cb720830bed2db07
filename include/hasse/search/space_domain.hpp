// A search space and what its parts cost as the admissible set of a search: what the paper of Partial Order Pruning calls S-hat.
// Used by every search over a `search_space`; policies see only the concept Domain.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/price/price.hpp>
#include <hasse/search/coordinates.hpp>
#include <hasse/search/domain.hpp>
#include <hasse/space/count.hpp>
#include <hasse/space/order.hpp>

namespace hasse {

/// The architectures of `Space` whose cost lies in `window`, under `Order`. `costs`: one per part of the space, in ticks of `scale`;
/// `elsewhere`: the same on further devices that the search is for, if any. The window is of the first.
template <class Space, class Order = strict_order>
  requires OrderPolicy<Order, Space>
class space_domain {
 public:
  using candidate = architecture<Space>;

  space_domain(std::span<const ticks> costs, cost_window window, Order order = {}, price_scale scale = {}, std::vector<std::vector<ticks>> elsewhere = {})
      : costs_(costs.begin(), costs.end()), elsewhere_(std::move(elsewhere)), window_(window), order_(order), scale_(scale), counter_(costs, window), size_(counter_.size()) {
    for (const std::vector<ticks>& each : elsewhere_)
      if (each.size() != costs_.size())
        throw error("a further device has " + std::to_string(each.size()) + " costs, and this space has " + std::to_string(costs_.size()) + " parts; give one for each");
  }

  count_type size() const { return size_; }
  cost_window window() const { return window_; }
  const price_scale& scale() const { return scale_; }
  candidate sample(random_source& random) const { return counter_.sample(random); }
  ticks cost(const candidate& choice) const { return latency_of<Space>(choice, costs_); }
  std::vector<ticks> costs_elsewhere(const candidate& choice) const {
    std::vector<ticks> all;
    for (const std::vector<ticks>& costs : elsewhere_) all.push_back(latency_of<Space>(choice, costs));
    return all;
  }
  bool precedes(const candidate& x, const candidate& y) const { return order_.signature(x).below(order_.signature(y)); }
  std::string text(const candidate& choice) const { return to_text(choice); }

  /// How many admissible architectures lie in at least one of the sets, without listing them; where the order offers how.
  std::optional<count_type> count_below(std::span<const down_set<candidate>> sets) const
    requires BoundsStages<Order>
  {
    return counter_.count_below(sets, order_);
  }

  /// Throws `error` when the text is no architecture of the space or its cost lies outside the window.
  candidate parse(std::string_view text) const {
    const candidate choice = hasse::parse<Space>(text);
    if (const ticks own = cost(choice); !window_.contains(own))
      throw error("architecture " + to_text(choice) + " costs " + scale_.text(own) + ", outside the window of " + scale_.text(window_.least) + " to " +
                  scale_.text(window_.most) + "; widen the window");
    return choice;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for_each_architecture<Space>([&](const candidate& choice) {
      if (window_.contains(cost(choice))) visit(choice);
    });
  }

  /// The width option of every block, stages aligned at their ends, as the embedding order compares them, and of every width that the head
  /// searches: no coordinate falls along it. Of every stage the share of its blocks that are there, and the sum of their levels.
  coordinates coordinates_of(const candidate& choice) const {
    coordinates place;
    std::array<std::size_t, static_cast<std::size_t>(Space::stages)> first{};
    std::size_t places = 0;
    for (std::size_t stage = 0; stage < first.size(); ++stage) {
      first[stage] = places + room(stage) - choice.depths[stage];
      places += room(stage);
    }
    place.levels.assign(places, 0), place.counts.assign(2 * first.size(), 0);
    for_each_block(choice, [&](int number, int position, int option) {
      const auto stage = static_cast<std::size_t>(number);
      const double level = (option + 1.0) / Space::facts[stage].width_count;
      place.levels[first[stage] + static_cast<std::size_t>(position)] = level;
      place.counts[2 * stage] += 1.0 / static_cast<double>(room(stage)), place.counts[2 * stage + 1] += level / static_cast<double>(room(stage));
    });
    for (std::size_t which = 0; which < choice.head.size(); ++which) place.levels.push_back((choice.head[which] + 1.0) / Space::head_widths[which].width_count);
    return place;
  }

  /// Each stage, and each width of the head, of x or of y; x when eight tries stay outside the set.
  candidate cross(const candidate& x, const candidate& y, random_source& random) const {
    const auto of_x = blocks_of(x), of_y = blocks_of(y);
    for (int attempt = 0; attempt < 8; ++attempt) {
      auto blocks = of_x;
      for (std::size_t stage = 0; stage < blocks.size(); ++stage)
        if (random.below(2)) blocks[stage] = of_y[stage];
      auto head = x.head;
      for (std::size_t which = 0; which < head.size(); ++which)
        if (random.below(2)) head[which] = y.head[which];
      if (const auto choice = build(blocks, head); choice && window_.contains(cost(*choice))) return *choice;
    }
    return x;
  }

  /// One block wider, narrower, added or removed, or another width of the head; a uniform sample when sixty-four tries stay outside the set.
  candidate mutate(const candidate& from, random_source& random) const {
    for (int attempt = 0; attempt < 64; ++attempt) {
      stage_blocks blocks = blocks_of(from);
      auto head = from.head;
      const std::size_t stage = random.below(blocks.size() + head.size());
      if (stage >= blocks.size()) {
        const std::size_t which = stage - blocks.size();
        head[which] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(Space::head_widths[which].width_count)));
        if (const auto choice = build(blocks, head); choice && *choice != from && window_.contains(cost(*choice))) return *choice;
        continue;
      }
      auto& own = blocks[stage];
      const auto place = static_cast<std::ptrdiff_t>(random.below(own.size()));
      switch (random.below(3)) {
        case 0: own[static_cast<std::size_t>(place)] = static_cast<int>(random.below(static_cast<std::uint64_t>(Space::facts[stage].width_count))); break;
        case 1: own.insert(own.begin() + place, own[static_cast<std::size_t>(place)]); break;
        default: own.erase(own.begin() + place);
      }
      if (const auto choice = build(blocks, head); choice && *choice != from && window_.contains(cost(*choice))) return *choice;
    }
    return sample(random);
  }

 private:
  using stage_blocks = std::array<std::vector<int>, static_cast<std::size_t>(Space::stages)>;

  /// The most blocks that a stage can have.
  static constexpr std::size_t room(std::size_t stage) {
    return static_cast<std::size_t>(std::min<int>(Space::facts[stage].most_depth, Space::most_blocks));
  }
  static stage_blocks blocks_of(const candidate& choice) {
    stage_blocks blocks;
    for_each_block(choice, [&](int stage, int, int option) { blocks[static_cast<std::size_t>(stage)].push_back(option); });
    return blocks;
  }

  /// The architecture with these options, if the space has it: its text decides, so that the rules stand in one place.
  static std::optional<candidate> build(const stage_blocks& blocks, const decltype(candidate::head)& head) {
    std::string text = "[";
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
      text += stage > 0 ? ",(" : "(";
      for (std::size_t block = 0; block < blocks[stage].size(); ++block)
        text += (block > 0 ? "," : "") + std::to_string(Space::facts[stage].widths[static_cast<std::size_t>(blocks[stage][block])]);
      text += ")";
    }
    text += "]";
    for (std::size_t which = 0; which < head.size(); ++which) text += (which > 0 ? "," : "+(") + std::to_string(Space::head_widths[which][head[which]]);
    if (!head.empty()) text += ")";
    const auto parsed = try_parse<Space>(text);
    return parsed.fault == architecture_fault::none ? std::optional<candidate>(parsed.value) : std::nullopt;
  }

  std::vector<ticks> costs_;
  std::vector<std::vector<ticks>> elsewhere_;
  cost_window window_;
  [[no_unique_address]] Order order_;
  price_scale scale_;
  counter<Space> counter_;
  count_type size_;
};

}  // namespace hasse
