// How many architectures precede at least one of several: dynamic programming over blocks, front to back.
// Used by count.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <hasse/core/units.hpp>
#include <hasse/space/order.hpp>

namespace hasse::detail {

/// Whether the bound on all stages together can be felt: where the stages' own depths imply it, blocks need not be counted.
template <class Space>
inline constexpr bool total_matters = [] {
  int least = 0, most = 0;
  for (const stage_facts& stage : Space::facts) least += stage.least_depth, most += stage.most_depth;
  return least < Space::least_blocks || most > Space::most_blocks;
}();

/// How many beginnings of architectures have which cost. Costs of real tables are small and dense, so that adding is indexing.
class cost_counts {
 public:
  void add(std::int64_t cost, count_type count) {
    if (cost >= dense_limit) {
      sparse_[cost] += count;
      return;
    }
    const auto at = static_cast<std::size_t>(cost);
    if (at >= dense_.size()) dense_.resize(at + 1);
    dense_[at] += count;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t at = 0; at < dense_.size(); ++at)
      if (dense_[at] > 0) visit(static_cast<std::int64_t>(at), dense_[at]);
    for (const auto& [cost, count] : sparse_) visit(cost, count);
  }
  std::size_t entries() const { return dense_.size() + 4 * sparse_.size(); }

 private:
  static constexpr std::int64_t dense_limit = 1 << 18;
  std::vector<count_type> dense_;
  std::map<std::int64_t, count_type> sparse_;
};

/// Counts unions of the sets below `tops` in an order that bounds stages. A beginning is known by its last width, its blocks and
/// the tops that it can still precede; a top whose rest is no more than another's is forgotten at the end of a stage.
/// Of the head the last width that it searches is known, too. `block(later, stage, before, own)`: what a block costs; `exit(stage, option,
/// shallower, own)`: what is settled of the head when a stage is left.
template <class Space, class BlockCost, class ExitCost>
class union_count {
 public:
  template <class Order>
  union_count(const std::vector<architecture<Space>>& tops, const Order& order, std::int64_t stem, BlockCost block, ExitCost exit)
      : tops_(static_cast<int>(tops.size())), stem_(stem), block_(block), exit_(exit) {
    for (auto& stage : starts_) stage.resize(tops.size());
    for (const architecture<Space>& top : tops) heads_.push_back(top.head);
    for (std::size_t top = 0; top < tops.size(); ++top) {
      std::size_t first = 0;
      for (std::size_t stage = 0; stage < starts_.size(); ++stage) {
        const std::span<const std::uint8_t> blocks(tops[top].options.data() + first, tops[top].depths[stage]);
        first += blocks.size();
        std::vector<std::uint8_t> bound;
        for (int depth = 0; depth <= Space::facts[stage].most_depth; ++depth) {
          bound.assign(static_cast<std::size_t>(depth), 0);
          const bool fits = depth >= std::max(1, Space::facts[stage].least_depth) && order.bound(blocks, bound);
          int node = fits ? 0 : -1;
          for (std::size_t at = bound.size(); fits && at-- > 0;) node = node_of(bound[at], node);
          starts_[stage][top].push_back(node);
        }
      }
    }
    compare();
  }

  /// How many architectures below at least one of `active` (ascending indices into tops) cost at least `least` and at most `most`.
  /// Nothing when that takes too much work or memory; the work of all calls counts.
  std::optional<count_type> operator()(const std::vector<int>& active, std::int64_t least, std::int64_t most) {
    std::map<boundary, cost_counts> here;
    here[{0, 0, 0, maximal_from(0, active)}].add(stem_, 1);
    for (int stage = 0; stage < Space::stages; ++stage) {
      here = after(stage, here, most);
      if (too_much_) return std::nullopt;
    }
    count_type sum = 0;
    for (const auto& [end, counts] : here) {
      if (total_matters<Space> && std::get<1>(end) < Space::least_blocks) continue;
      counts.for_each([&](std::int64_t cost, count_type count) {
        if (least <= cost && cost <= most) sum += count;
      });
    }
    return sum;
  }

 private:
  // A bound of the rest of a stage is a node: the widest option of the next block, and the node of what follows. Equal rests are
  // equal numbers, so that stages of different depth share their ends.
  struct rest {
    std::uint8_t first;
    int tail;
  };
  using alive = std::vector<std::pair<int, int>>;                // top, node
  using inside = std::tuple<int, int, int, alive>;               // last option, blocks until the end of the stage, last width of the head, tops
  using boundary = std::tuple<int, int, int, std::vector<int>>;  // last option, blocks, last width of the head, tops
  static constexpr std::size_t most_work = std::size_t{1} << 32, most_entries = std::size_t{1} << 25;

  int node_of(std::uint8_t first, int tail) {
    const auto [found, fresh] = ids_.try_emplace({first, tail}, static_cast<int>(nodes_.size()));
    if (fresh) nodes_.push_back({first, tail});
    return found->second;
  }

  bool below(int node, int other) const {
    for (; node > 0; node = nodes_[static_cast<std::size_t>(node)].tail, other = nodes_[static_cast<std::size_t>(other)].tail)
      if (nodes_[static_cast<std::size_t>(node)].first > nodes_[static_cast<std::size_t>(other)].first) return false;
    return true;
  }

  /// What the head searches at a stage: nothing, or no larger in a than in b.
  bool heads_below(int stage, std::size_t a, std::size_t b) const {
    const int width = width_at<Space>(stage);
    return width < 0 || heads_[a][static_cast<std::size_t>(width)] <= heads_[b][static_cast<std::size_t>(width)];
  }

  /// implied_[stage][a * tops + b]: from `stage` on, whatever precedes a precedes b.
  void compare() {
    const auto count = static_cast<std::size_t>(tops_);
    implied_.assign(starts_.size() + 1, std::vector<bool>(count * count, true));
    for (std::size_t stage = starts_.size(); stage-- > 0;)
      for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b < count; ++b) {
          bool holds = implied_[stage + 1][a * count + b] && heads_below(static_cast<int>(stage), a, b);
          for (std::size_t depth = 0; holds && depth < starts_[stage][a].size(); ++depth) {
            const int one = starts_[stage][a][depth], other = starts_[stage][b][depth];
            holds = one < 0 || (other >= 0 && below(one, other));
          }
          implied_[stage][a * count + b] = holds;
        }
  }

  bool implied(int stage, int a, int b) const {
    return implied_[static_cast<std::size_t>(stage)][static_cast<std::size_t>(a) * static_cast<std::size_t>(tops_) + static_cast<std::size_t>(b)];
  }

  /// Without members that another one `implies`; of equal ones the first stays.
  template <class Member, class Implies>
  static std::vector<Member> maximal(const std::vector<Member>& all, Implies implies) {
    std::vector<Member> kept;
    for (const Member& a : all)
      if (std::none_of(all.begin(), all.end(), [&](const Member& b) { return a != b && implies(a, b) && (b < a || !implies(b, a)); })) kept.push_back(a);
    return kept;
  }
  std::vector<int> maximal_from(int stage, const std::vector<int>& tops) const {
    return maximal(tops, [&](int a, int b) { return implied(stage, a, b); });
  }

  /// The tops that still stand after a block of `option` in `stage`.
  alive narrowed(int stage, const alive& from, int option) const {
    alive to;
    for (const auto& [top, node] : from)
      if (const rest& next = nodes_[static_cast<std::size_t>(node)]; option <= next.first) to.emplace_back(top, next.tail);
    return maximal(to, [&](const auto& a, const auto& b) {
      return below(a.second, b.second) && heads_below(stage, static_cast<std::size_t>(a.first), static_cast<std::size_t>(b.first)) && implied(stage + 1, a.first, b.first);
    });
  }

  void move(const cost_counts& from, std::int64_t shift, std::int64_t most, cost_counts& to) {
    from.for_each([&](std::int64_t cost, count_type count) {
      if (cost + shift <= most) to.add(cost + shift, count);
    });
    work_ += from.entries();
    too_much_ = too_much_ || work_ > most_work;
  }

  std::map<boundary, cost_counts> after(int stage, const std::map<boundary, cost_counts>& before, std::int64_t most) {
    const stage_facts& own = Space::facts[static_cast<std::size_t>(stage)];
    const auto& starts = starts_[static_cast<std::size_t>(stage)];
    std::vector<std::map<inside, cost_counts>> layers(static_cast<std::size_t>(own.most_depth));  // by blocks that follow in the stage
    for (const auto& [from, counts] : before) {
      const auto& [last, blocks, head, tops] = from;
      for (int depth = std::max(1, own.least_depth); depth <= own.most_depth; ++depth) {
        if (total_matters<Space> && blocks + depth > Space::most_blocks) break;
        alive begin;
        for (const int top : tops)
          if (const int node = starts[static_cast<std::size_t>(top)][static_cast<std::size_t>(depth)]; node >= 0) begin.emplace_back(top, node);
        for (int option = 0; option < own.width_count; ++option) {
          if (stage > 0 && !may_follow(Space::facts[static_cast<std::size_t>(stage - 1)], last, own, option)) continue;
          if (alive next = narrowed(stage, begin, option); !next.empty())
            move(counts, block_(false, stage, last, option), most,
                 layers[static_cast<std::size_t>(depth - 1)][{option, total_matters<Space> ? blocks + depth : 0, head, std::move(next)}]);
        }
        if (too_much_) return {};
      }
    }
    for (std::size_t left = layers.size(); left-- > 1;) {
      std::size_t entries = 0;
      for (const auto& [from, counts] : layers[left]) {
        const auto& [last, blocks, head, tops] = from;
        for (int option = last; option < own.width_count; ++option)
          if (alive next = narrowed(stage, tops, option); !next.empty())
            move(counts, block_(true, stage, last, option), most, layers[left - 1][{option, blocks, head, std::move(next)}]);
        if (too_much_) return {};
      }
      layers[left].clear();
      for (const auto& layer : layers)
        for (const auto& [state, counts] : layer) entries += counts.entries() + 16;
      if (entries > most_entries) return too_much_ = true, std::map<boundary, cost_counts>();
    }
    std::map<boundary, cost_counts> result;
    for (const auto& [from, counts] : layers[0]) {
      const int last = std::get<0>(from), blocks = std::get<1>(from), head = std::get<2>(from), width = width_at<Space>(stage);
      for_each_exit<Space>(stage, head, [&, &from = from, &counts = counts](int chosen) {
        std::vector<int> tops;
        for (const auto& [top, node] : std::get<3>(from))
          if (width < 0 || chosen <= heads_[static_cast<std::size_t>(top)][static_cast<std::size_t>(width)]) tops.push_back(top);
        if (!tops.empty()) move(counts, exit_(stage, last, head, chosen), most, result[{last, blocks, chosen, maximal_from(stage + 1, tops)}]);
      });
    }
    return result;
  }

  int tops_;
  std::int64_t stem_;
  BlockCost block_;
  ExitCost exit_;
  std::vector<rest> nodes_{{0, 0}};  // the first one: nothing follows
  std::map<std::pair<std::uint8_t, int>, int> ids_;
  std::array<std::vector<std::vector<int>>, static_cast<std::size_t>(Space::stages)> starts_;  // by stage, top, depth; -1: none precedes
  std::vector<decltype(architecture<Space>::head)> heads_;     // by top
  std::vector<std::vector<bool>> implied_;
  std::size_t work_ = 0;
  bool too_much_ = false;
};

}  // namespace hasse::detail
