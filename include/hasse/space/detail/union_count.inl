// The bodies of space/detail/union_count.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <hasse/space/detail/union_count.hpp>

namespace hasse::detail {

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

/// A beginning is known by its last width, its blocks, the last width of the head and the tops that it can still precede; a top whose rest is
/// no more than another's is forgotten at the end of a stage.
struct union_count::work {
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
    const auto [found, fresh] = ids.try_emplace({first, tail}, static_cast<int>(nodes.size()));
    if (fresh) nodes.push_back({first, tail});
    return found->second;
  }

  bool below(int node, int other) const {
    for (; node > 0; node = nodes[static_cast<std::size_t>(node)].tail, other = nodes[static_cast<std::size_t>(other)].tail)
      if (nodes[static_cast<std::size_t>(node)].first > nodes[static_cast<std::size_t>(other)].first) return false;
    return true;
  }

  /// What the head searches at a stage: nothing, or no larger in a than in b.
  bool heads_below(int stage, std::size_t a, std::size_t b) const {
    const int width = widths[static_cast<std::size_t>(stage)];
    return width < 0 || heads[a][static_cast<std::size_t>(width)] <= heads[b][static_cast<std::size_t>(width)];
  }

  /// implied_by[stage][a * tops + b]: from `stage` on, whatever precedes a precedes b.
  void compare() {
    const auto count = static_cast<std::size_t>(top_count);
    implied_by.assign(starts.size() + 1, std::vector<bool>(count * count, true));
    for (std::size_t stage = starts.size(); stage-- > 0;)
      for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b < count; ++b) {
          bool holds = implied_by[stage + 1][a * count + b] && heads_below(static_cast<int>(stage), a, b);
          for (std::size_t depth = 0; holds && depth < starts[stage][a].size(); ++depth) {
            const int one = starts[stage][a][depth], other = starts[stage][b][depth];
            holds = one < 0 || (other >= 0 && below(one, other));
          }
          implied_by[stage][a * count + b] = holds;
        }
  }

  bool implied(int stage, int a, int b) const {
    return implied_by[static_cast<std::size_t>(stage)][static_cast<std::size_t>(a) * static_cast<std::size_t>(top_count) + static_cast<std::size_t>(b)];
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
      if (const rest& next = nodes[static_cast<std::size_t>(node)]; option <= next.first) to.emplace_back(top, next.tail);
    return maximal(to, [&](const auto& a, const auto& b) {
      return below(a.second, b.second) && heads_below(stage, static_cast<std::size_t>(a.first), static_cast<std::size_t>(b.first)) && implied(stage + 1, a.first, b.first);
    });
  }

  void move(const cost_counts& from, std::int64_t shift, std::int64_t most, cost_counts& to) {
    from.for_each([&](std::int64_t cost, count_type count) {
      if (cost + shift <= most) to.add(cost + shift, count);
    });
    done += from.entries();
    too_much = too_much || done > most_work;
  }

  std::map<boundary, cost_counts> after(int stage, const std::map<boundary, cost_counts>& before, std::int64_t most) {
    const stage_facts& own = space.stages[static_cast<std::size_t>(stage)];
    const auto& begins = starts[static_cast<std::size_t>(stage)];
    std::vector<std::map<inside, cost_counts>> layers(static_cast<std::size_t>(own.most_depth));  // by blocks that follow in the stage
    for (const auto& [from, counts] : before) {
      const auto& [last, blocks, head, tops] = from;
      for (int depth = std::max(1, own.least_depth); depth <= own.most_depth; ++depth) {
        if (space.total_matters && blocks + depth > space.most_blocks) break;
        alive begin;
        for (const int top : tops)
          if (const int node = begins[static_cast<std::size_t>(top)][static_cast<std::size_t>(depth)]; node >= 0) begin.emplace_back(top, node);
        for (int option = 0; option < own.width_count; ++option) {
          if (stage > 0 && !may_follow(space.stages[static_cast<std::size_t>(stage - 1)], last, own, option)) continue;
          if (alive next = narrowed(stage, begin, option); !next.empty())
            move(counts, space.block_cost(false, stage, last, option), most,
                 layers[static_cast<std::size_t>(depth - 1)][{option, space.total_matters ? blocks + depth : 0, head, std::move(next)}]);
        }
        if (too_much) return {};
      }
    }
    for (std::size_t left = layers.size(); left-- > 1;) {
      std::size_t entries = 0;
      for (const auto& [from, counts] : layers[left]) {
        const auto& [last, blocks, head, tops] = from;
        for (int option = last; option < own.width_count; ++option)
          if (alive next = narrowed(stage, tops, option); !next.empty())
            move(counts, space.block_cost(true, stage, last, option), most, layers[left - 1][{option, blocks, head, std::move(next)}]);
        if (too_much) return {};
      }
      layers[left].clear();
      for (const auto& layer : layers)
        for (const auto& [state, counts] : layer) entries += counts.entries() + 16;
      if (entries > most_entries) return too_much = true, std::map<boundary, cost_counts>();
    }
    std::map<boundary, cost_counts> result;
    for (const auto& [from, counts] : layers[0]) {
      const int last = std::get<0>(from), blocks = std::get<1>(from), head = std::get<2>(from), width = widths[static_cast<std::size_t>(stage)];
      for (const int chosen : space.exits(stage, head)) {
        std::vector<int> tops;
        for (const auto& [top, node] : std::get<3>(from))
          if (width < 0 || chosen <= heads[static_cast<std::size_t>(top)][static_cast<std::size_t>(width)]) tops.push_back(top);
        if (!tops.empty()) move(counts, space.exit_cost(stage, last, head, chosen), most, result[{last, blocks, chosen, maximal_from(stage + 1, tops)}]);
      }
    }
    return result;
  }

  /// How many architectures below at least one of `active` (ascending indices into tops) cost at least `least` and at most `most`.
  /// Nothing when that takes too much work or memory; the work of all calls counts.
  std::optional<count_type> count(const std::vector<int>& active, std::int64_t least, std::int64_t most) {
    std::map<boundary, cost_counts> here;
    here[{0, 0, 0, maximal_from(0, active)}].add(space.stem, 1);
    for (int stage = 0; stage < static_cast<int>(space.stages.size()); ++stage) {
      here = after(stage, here, most);
      if (too_much) return std::nullopt;
    }
    count_type sum = 0;
    for (const auto& [end, counts] : here) {
      if (space.total_matters && std::get<1>(end) < space.least_blocks) continue;
      counts.for_each([&](std::int64_t cost, count_type count) {
        if (least <= cost && cost <= most) sum += count;
      });
    }
    return sum;
  }

  explicit work(const union_space& of) : space(of), starts(of.stages.size()) {
    for (int stage = 0; stage < static_cast<int>(starts.size()); ++stage) widths.push_back(space.width_at(stage));
  }

  const union_space& space;
  int top_count = 0;
  std::vector<int> widths;  // of the head, by stage
  std::vector<rest> nodes{{0, 0}};  // the first one: nothing follows
  std::map<std::pair<std::uint8_t, int>, int> ids;
  std::vector<std::vector<std::vector<int>>> starts;  // by stage, top, depth; -1: none precedes
  std::vector<std::vector<std::uint8_t>> heads;               // by top
  std::vector<std::vector<bool>> implied_by;
  std::size_t done = 0;
  bool too_much = false;
};

HASSE_BODY union_count::union_count(const union_space& space) : work_(new work(space)) {}
HASSE_BODY union_count::~union_count() = default;

HASSE_BODY void union_count::add_top(std::span<const std::uint8_t> head) {
  ++work_->top_count;
  work_->heads.emplace_back(head.begin(), head.end());
  for (auto& stage : work_->starts) stage.emplace_back();
}

HASSE_BODY void union_count::add_bound(int stage, const std::vector<std::uint8_t>* bound) {
  int node = bound ? 0 : -1;
  for (std::size_t at = bound ? bound->size() : 0; at-- > 0;) node = work_->node_of((*bound)[at], node);
  work_->starts[static_cast<std::size_t>(stage)].back().push_back(node);
}

HASSE_BODY std::optional<count_type> union_count::within(std::span<const window> of_tops) {
  work_->compare();
  std::vector<std::int64_t> ends;
  for (const window& each : of_tops) ends.push_back(each.first), ends.push_back(each.end);
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  count_type sum = 0;
  for (std::size_t at = 0; at + 1 < ends.size(); ++at) {
    std::vector<int> active;
    for (std::size_t top = 0; top < of_tops.size(); ++top)
      if (of_tops[top].first <= ends[at] && ends[at] < of_tops[top].end) active.push_back(static_cast<int>(top));
    if (active.empty()) continue;
    const auto found = work_->count(active, ends[at], ends[at + 1] - 1);
    if (!found) return std::nullopt;
    sum += *found;
  }
  return sum;
}

}  // namespace hasse::detail
