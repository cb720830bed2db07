// How many architectures lie in a window of costs, one of them drawn exactly uniformly, and how many precede a given one:
// dynamic programming over stages, never a list of architectures.
// Used by search (sampling, stopping, diagnostics) and by reports.
#pragma once

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/random.hpp>
#include <hasse/core/units.hpp>
#include <hasse/space/detail/union_count.hpp>
#include <hasse/space/order.hpp>

namespace hasse {

/// Decimal digits of a count.
HASSE_BODY std::string to_text(count_type value);

/// Uniform in [0, bound), exactly; bound > 0.
HASSE_BODY count_type below(random_source& random, count_type bound);

namespace detail {
/// Counts by integer cost: costs ascending, `up_to` cumulative, so that a window is two binary searches.
struct cost_histogram {
  std::vector<std::int64_t> costs;
  std::vector<count_type> up_to;

  count_type at_most(std::int64_t cost) const;
  count_type within(std::int64_t least, std::int64_t most) const { return most < least ? 0 : at_most(most) - at_most(least - 1); }
};

/// Collects shifted histograms. Costs above `limit` are dropped: no window reaches them.
class histogram_sum {
 public:
  explicit histogram_sum(std::int64_t limit);
  ~histogram_sum();
  void add(std::int64_t cost, count_type count);
  void add(std::int64_t shift, const cost_histogram& next);
  cost_histogram result() const;

 private:
  std::int64_t limit_;
  std::map<std::int64_t, count_type> slots_;
};
}  // namespace detail

/// Counts and samples the architectures of `Space` whose summed part costs lie in a window.
template <class Space>
class counter {
 public:
  /// Every architecture: all costs count as zero.
  counter() : counter(std::array<ticks, static_cast<std::size_t>(part_count<Space>)>{}, {}) {}

  /// `costs`: one per part (part_count<Space> of them), none negative.
  counter(std::span<const ticks> costs, cost_window window) {
    if (costs.size() != cost_.size())
      throw error("a counter of this space needs " + std::to_string(cost_.size()) + " part costs and got " + std::to_string(costs.size()) +
                  "; pass the ticks of a table of the same space");
    std::int64_t unit = 0;
    for (const ticks cost : costs) {
      if (cost.count < 0) throw error("a part costs less than nothing (" + std::to_string(cost.count) + " ticks); measure the table again, or look for the fault in the price");
      unit = std::gcd(unit, cost.count);
    }
    unit = std::max<std::int64_t>(unit, 1);
    std::ranges::transform(costs, cost_.begin(), [&](ticks cost) { return cost.count / unit; });
    unit_ = unit;
    least_ = rounded_up(window.least);
    most_ = window.most.count < 0 ? -1 : window.most.count / unit;
    for (int layer = 0; layer < detail::stem_layers<Space>; ++layer) stem_cost_ += cost_[static_cast<std::size_t>(layer)];
    count_completions();
  }

  /// How many architectures the window admits.
  count_type size() const {
    count_type sum = 0;
    for_each_start([&](state next, std::int64_t cost) { sum += completions(next).within(least_ - stem_cost_ - cost, most_ - stem_cost_ - cost); });
    return sum;
  }

  /// One of them, each with the same probability. Throws `error` when there is none.
  architecture<Space> sample(random_source& random) const {
    const count_type all = size();
    if (all == 0) throw error("no architecture of this space costs what lies in the window; widen the window");
    count_type draw = below(random, all);
    architecture<Space> choice;
    std::size_t blocks = 0;
    std::int64_t spent = stem_cost_;
    state here{};
    bool chosen = false;
    const auto choose = [&](state next, std::int64_t cost) {
      if (chosen) return;
      const count_type ways = completions(next).within(least_ - spent - cost, most_ - spent - cost);
      if (draw >= ways) {
        draw -= ways;
        return;
      }
      if (const int width = next.stage > here.stage ? detail::width_at<Space>(here.stage) : -1; width >= 0) choice.head[static_cast<std::size_t>(width)] = static_cast<std::uint8_t>(next.head);
      chosen = true, here = next, spent += cost;
      ++choice.depths[static_cast<std::size_t>(next.stage)];
      choice.options[blocks++] = static_cast<std::uint8_t>(next.option);
    };
    for_each_start(choose);
    while (chosen) {
      chosen = false;
      bool ended = false;
      for_each_end(here, [&](int head, std::int64_t cost) {
        if (ended) return;
        const count_type ways = least_ <= spent + cost && spent + cost <= most_ ? 1 : 0;
        if (draw >= ways) {
          draw -= ways;
          return;
        }
        ended = true;
        if (const int width = detail::width_at<Space>(here.stage); width >= 0) choice.head[static_cast<std::size_t>(width)] = static_cast<std::uint8_t>(head);
      });
      if (ended) break;
      for_each_move(here, choose);
    }
    return choice;
  }

  /// How many admitted architectures lie in at least one of the sets; nothing when that takes too much work.
  template <BoundsStages Order>
  std::optional<count_type> count_below(std::span<const down_set<architecture<Space>>> sets, const Order& order) const {
    const told here(*this);
    detail::union_count count(here);
    std::vector<detail::union_count::window> windows;
    std::vector<std::uint8_t> bound;
    for (const auto& [top, within] : sets) {
      const std::int64_t in = std::max(least_, rounded_up(within.least)), most = within.most.count < 0 ? -1 : within.most.count / unit_;
      const std::int64_t out = std::min({most_, most, INT64_MAX - 1}) + 1;
      if (in >= out) continue;
      windows.push_back({in, out});
      count.add_top(top.head);
      std::size_t first = 0;
      for (int stage = 0; stage < Space::stages; ++stage) {
        const stage_facts& facts = Space::facts[static_cast<std::size_t>(stage)];
        const std::span<const std::uint8_t> blocks(top.options.data() + first, top.depths[static_cast<std::size_t>(stage)]);
        first += blocks.size();
        for (int depth = 0; depth <= facts.most_depth; ++depth) {
          bound.assign(static_cast<std::size_t>(depth), 0);
          count.add_bound(stage, depth >= std::max(1, facts.least_depth) && order.bound(blocks, bound) ? &bound : nullptr);
        }
      }
    }
    return count.within(windows);
  }

  /// How many admitted architectures precede `top` in `order` and differ from it.
  template <BoundsStages Order = strict_order>
  count_type precedents(const architecture<Space>& top, const Order& order = {}) const {
    const down_set<architecture<Space>> below{top, {}};
    const auto found = count_below(std::span(&below, 1), order);
    if (!found) throw error("the window holds too many distinct costs to count what precedes " + to_text(top) + "; round the table to coarser ticks or narrow the window");
    std::int64_t own = 0;
    for_each_part(top, [&](part_id part) { own += cost_[static_cast<std::size_t>(part)]; });
    return *found - (least_ <= own && own <= most_ ? 1 : 0);
  }

 private:
  /// A block is placed; `in_stage` and `in_all` count blocks so far, as far as a bound can still depend on them. `head` was chosen of the
  /// width that the head searches at the last stage before that has one.
  struct state {
    int stage = 0, in_stage = 0, in_all = 0, option = 0, head = 0;
  };

  // Where total_depth alone bounds a stage, its own count matters only up to its least depth; where the stages' own depths
  // bound the total, the total does not matter at all. That keeps the tables small.
  static constexpr bool total_matters = detail::total_matters<Space>;
  static constexpr std::array<int, static_cast<std::size_t>(Space::stages)> stage_memory = [] {
    std::array<int, static_cast<std::size_t>(Space::stages)> memory{};
    int least = 0;
    for (const stage_facts& stage : Space::facts) least += stage.least_depth;
    for (std::size_t stage = 0; stage < memory.size(); ++stage) {
      const stage_facts& facts = Space::facts[stage];
      const bool total_bounds_it = total_matters && facts.most_depth >= Space::most_blocks - (least - facts.least_depth);
      memory[stage] = total_bounds_it ? facts.least_depth : facts.most_depth;
    }
    return memory;
  }();

  static constexpr state placed_block(int stage, int in_stage, int in_all, int option, int head) {
    return {stage, std::min(in_stage, stage_memory[static_cast<std::size_t>(stage)]), total_matters ? in_all : 0, option, head};
  }
  static constexpr bool may_grow(const state& here) {
    const auto stage = static_cast<std::size_t>(here.stage);
    const bool saturating = stage_memory[stage] < Space::facts[stage].most_depth;
    return (saturating || here.in_stage < Space::facts[stage].most_depth) && (!total_matters || here.in_all < Space::most_blocks);
  }
  static constexpr bool may_leave(const state& here) { return here.in_stage >= Space::facts[static_cast<std::size_t>(here.stage)].least_depth; }
  static constexpr bool may_end(const state& here) {
    return here.stage + 1 == Space::stages && may_leave(here) && (!total_matters || here.in_all >= Space::least_blocks);
  }

  /// In units, from below.
  std::int64_t rounded_up(ticks least) const { return least.count <= 0 ? 0 : (least.count - 1) / unit_ + 1; }

  std::int64_t block_cost(bool later, int stage, int before, int own) const {
    const int part = detail::block_ids<Space>[later][static_cast<std::size_t>(stage)][static_cast<std::size_t>(before)][static_cast<std::size_t>(own)];
    return cost_[static_cast<std::size_t>(part)];
  }
  /// Of all that is settled of the head when a stage is left.
  std::int64_t exit_cost(int stage, int option, int shallower, int own) const {
    std::int64_t sum = 0;
    detail::for_each_exit_part<Space>(stage, option, shallower, own, [&](part_id part) { sum += cost_[static_cast<std::size_t>(part)]; });
    return sum;
  }

  /// What counting unions asks.
  struct told final : detail::union_space {
    const counter& from;
    explicit told(const counter& all) : from(all) {
      this->stages = Space::facts, this->stem = all.stem_cost_;
      this->least_blocks = Space::least_blocks, this->most_blocks = Space::most_blocks, this->total_matters = counter::total_matters;
    }
    int width_at(int stage) const override { return detail::width_at<Space>(stage); }
    std::vector<int> exits(int stage, int shallower) const override {
      std::vector<int> all;
      detail::for_each_exit<Space>(stage, shallower, [&](int own) { all.push_back(own); });
      return all;
    }
    std::int64_t block_cost(bool later, int stage, int before, int own) const override { return from.block_cost(later, stage, before, own); }
    std::int64_t exit_cost(int stage, int option, int shallower, int own) const override { return from.exit_cost(stage, option, shallower, own); }
  };

  /// Calls visit(next state, cost of its block) for every first block.
  template <class Visit>
  void for_each_start(Visit visit) const {
    for (int option = 0; option < Space::facts[0].width_count; ++option) visit(placed_block(0, 1, 1, option, 0), block_cost(false, 0, 0, option));
  }

  /// The same for every block that may follow. `here` is a copy: a visitor may move on while others are still tried.
  template <class Visit>
  void for_each_move(const state here, Visit visit) const {
    const stage_facts& own = Space::facts[static_cast<std::size_t>(here.stage)];
    if (may_grow(here))
      for (int option = here.option; option < own.width_count; ++option)
        visit(placed_block(here.stage, here.in_stage + 1, here.in_all + 1, option, here.head), block_cost(true, here.stage, here.option, option));
    if (!may_leave(here) || here.stage + 1 == Space::stages || (total_matters && here.in_all == Space::most_blocks)) return;
    const stage_facts& after = Space::facts[static_cast<std::size_t>(here.stage + 1)];
    detail::for_each_exit<Space>(here.stage, here.head, [&](int head) {
      const std::int64_t exit = exit_cost(here.stage, here.option, here.head, head);
      for (int option = 0; option < after.width_count; ++option)
        if (detail::may_follow(own, here.option, after, option))
          visit(placed_block(here.stage + 1, 1, here.in_all + 1, option, head), exit + block_cost(false, here.stage + 1, here.option, option));
    });
  }
  /// Calls visit(what is chosen of the head, cost of what follows) for every way to end here.
  template <class Visit>
  void for_each_end(const state here, Visit visit) const {
    if (may_end(here)) detail::for_each_exit<Space>(here.stage, here.head, [&](int head) { visit(head, exit_cost(here.stage, here.option, here.head, head)); });
  }

  static std::array<int, 5> key(const state& at) { return {at.stage, at.in_stage, at.in_all, at.option, at.head}; }
  const detail::cost_histogram& completions(const state& at) const { return completions_.at(key(at)); }

  const detail::cost_histogram& complete(const state& here) {
    if (const auto found = completions_.find(key(here)); found != completions_.end()) return found->second;
    detail::histogram_sum sum(most_ - stem_cost_);
    for_each_end(here, [&](int, std::int64_t cost) { sum.add(cost, count_type{1}); });
    for_each_move(here, [&](state next, std::int64_t cost) { sum.add(cost, complete(next)); });
    detail::cost_histogram result = sum.result();
    if ((entries_ += result.costs.size()) > (std::size_t{1} << 26))
      throw error("the window holds too many distinct costs to count exactly; round the table to coarser ticks or narrow the window");
    return completions_.emplace(key(here), std::move(result)).first->second;
  }
  void count_completions() {
    for_each_start([&](state next, std::int64_t) { complete(next); });
  }

  std::array<std::int64_t, static_cast<std::size_t>(part_count<Space>)> cost_{};
  std::int64_t unit_ = 1, least_ = 0, most_ = 0, stem_cost_ = 0;
  std::map<std::array<int, 5>, detail::cost_histogram> completions_;
  std::size_t entries_ = 0;
};

/// Sum of the latencies of an architecture's parts.
template <class Space>
ticks latency_of(const architecture<Space>& choice, std::span<const ticks> latencies) {
  ticks sum;
  for_each_part(choice, [&](part_id part) { sum += latencies[static_cast<std::size_t>(part)]; });
  return sum;
}

/// Number of architectures of a space.
template <class Space>
count_type cardinality() {
  static const count_type size = counter<Space>().size();
  return size;
}

/// Calls `visit(architecture)` for every architecture, in a fixed order. For spaces of up to about 10^7.
template <class Space, class Visit>
void for_each_architecture(Visit visit) {
  architecture<Space> choice;
  const auto end = [&](auto& self, std::size_t which) -> void {
    if (which == choice.head.size()) return visit(std::as_const(choice));
    detail::for_each_exit<Space>(Space::head_widths[which].stage, which > 0 ? int{choice.head[which - 1]} : 0, [&](int own) {
      choice.head[which] = static_cast<std::uint8_t>(own);
      self(self, which + 1);
    });
  };
  const auto place = [&](auto& self, int stage, int blocks, int before) -> void {
    const stage_facts& own = Space::facts[static_cast<std::size_t>(stage)];
    std::uint8_t& depth = choice.depths[static_cast<std::size_t>(stage)];
    if (depth >= own.least_depth) {
      if (stage + 1 < Space::stages) self(self, stage + 1, blocks, before);
      else if (blocks >= Space::least_blocks) end(end, 0);
    }
    if (depth == own.most_depth || blocks == Space::most_blocks) return;
    ++depth;
    for (int option = 0; option < own.width_count; ++option) {
      const stage_facts& previous = Space::facts[static_cast<std::size_t>(depth > 1 || stage == 0 ? stage : stage - 1)];
      if (blocks > 0 && !detail::may_follow(previous, before, own, option)) continue;
      choice.options[static_cast<std::size_t>(blocks)] = static_cast<std::uint8_t>(option);
      self(self, stage, blocks + 1, option);
    }
    choice.options[static_cast<std::size_t>(blocks)] = 0;
    --depth;
  };
  place(place, 0, 0, 0);
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/space/count.inl>
#endif
