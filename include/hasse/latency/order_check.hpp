// The order as an instrument: which elementary moves a table calls faster although the order says slower, and their repair.
// Used by table. Spec of Partial Order Pruning, 2.3 and 5.5; what the choices mean: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/units.hpp>
#include <hasse/space/order.hpp>
#include <hasse/space/parts.hpp>

namespace hasse {

/// A step up in the order, as the parts that appear (sign > 0) and vanish (sign < 0).
struct elementary_move {
  struct term {
    part_id part = 0;
    int sign = 0;
  };
  std::vector<term> terms;
  std::string text;  ///< "stage 2: first block 32 -> 64 (after 16, before 64)"
  order_step step = order_step::widen;
};

/// A move that the table calls faster: by `size`, where repeated measurements of its parts differ by `noise` (nanoseconds).
struct order_violation {
  elementary_move move;
  std::int64_t size = 0, noise = 0;
  bool beyond_noise() const { return size > noise; }
};

namespace detail {
/// The id of a part, or -1.
template <class Space>
part_id find_part(part_key key) {
  const auto& keys = part_keys<Space>;
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? -1 : static_cast<part_id>(found - keys.begin());
}
/// visit(option, exit, shallower, deeper): every step from an option of a width that the head searches to the next, beside each choice of its
/// stage and of the widths next to it (-1: there is none).
template <class Space, class Visit>
void for_each_move_of_head(int which, Visit visit) {
  const auto options_of = [](int of) { return of < 0 || of >= static_cast<int>(Space::head_widths.size()) ? 0 : Space::head_widths[static_cast<std::size_t>(of)].width_count; };
  const auto fits = [](int shallower, int option, int deeper, int larger) {
    return is_usable<Space>(shallower, option) && is_usable<Space>(deeper, larger) &&
           may_follow(Space::head_widths[static_cast<std::size_t>(shallower)], option, Space::head_widths[static_cast<std::size_t>(deeper)], larger);
  };
  const int exits = Space::facts[static_cast<std::size_t>(Space::head_widths[static_cast<std::size_t>(which)].stage)].width_count;
  for (int option = 0; option + 1 < options_of(which); ++option) {
    if (!is_usable<Space>(which, option) || !is_usable<Space>(which, option + 1)) continue;
    for (int exit = 0; exit < exits; ++exit)
      for (int shallower = which > 0 ? 0 : -1; shallower < std::max(options_of(which - 1), 0); ++shallower) {
        if (shallower >= 0 && !fits(which - 1, shallower, which, option)) continue;
        const int deeps = options_of(which + 1);
        for (int deeper = deeps > 0 ? 0 : -1; deeper < deeps; ++deeper)
          if (deeper < 0 || fits(which, option + 1, which + 1, deeper)) visit(option, exit, shallower, deeper);
      }
  }
}
}  // namespace detail

/// Every elementary move of a space along an order, up to what surrounds it: widening a block by one option, between each pair of
/// neighbours, or a width that the head searches; and putting a narrower block in front of a stage, as far as the order takes such steps.
/// Duplicating a block adds a part and so cannot be a violation.
template <class Space, NamesSteps Order>
std::vector<elementary_move> elementary_moves(const Order& order) {
  std::vector<elementary_move> moves;
  const auto width = [](int stage, int option) {
    return std::to_string(Space::facts[static_cast<std::size_t>(stage)].widths[static_cast<std::size_t>(option)]);
  };
  const auto width_of_head = [](int which, int option) { return std::to_string(Space::head_widths[static_cast<std::size_t>(which)][option]); };
  const auto add = [&](const std::vector<elementary_move::term>& terms, std::string text, order_step step) {
    if (!order.takes(step)) return;
    elementary_move move{.terms = {}, .text = std::move(text), .step = step};
    for (const elementary_move::term& term : terms) {
      if (term.part < 0) return;
      const auto same =
          std::find_if(move.terms.begin(), move.terms.end(), [&](const auto& other) { return other.part == term.part; });
      if (same == move.terms.end())
        move.terms.push_back(term);
      else
        same->sign += term.sign;
    }
    std::erase_if(move.terms, [](const auto& term) { return term.sign == 0; });
    moves.push_back(std::move(move));
  };
  for (int stage = 0; stage < Space::stages; ++stage) {
    const stage_facts& own = Space::facts[static_cast<std::size_t>(stage)];
    for (const bool later : {false, true}) {
      if (later && own.most_depth < 2) continue;
      const int befores = later ? own.width_count : stage > 0 ? Space::facts[static_cast<std::size_t>(stage - 1)].width_count : 1;
      const part_kind kind = later ? part_kind::later_block : part_kind::first_block;
      const std::string name = "stage " + std::to_string(stage + 1) + ": " + (later ? "later" : "first") + " block ";
      for (int before = 0; before < befores; ++before) {
        const std::string after = later       ? " (after " + width(stage, before)
                                  : stage > 0 ? " (after " + width(stage - 1, before)
                                              : " (after the stem";
        for (int option = 0; option + 1 < own.width_count; ++option) {
          const part_id narrow = detail::find_part<Space>({kind, stage, before, option}),
                        wide = detail::find_part<Space>({kind, stage, before, option + 1});
          if (narrow < 0) continue;
          const std::string what = name + width(stage, option) + " -> " + width(stage, option + 1) + after;
          const auto widen = [&](std::vector<elementary_move::term> terms, part_kind next_kind, int next_stage, int next, const std::string& beside) {
            const part_id less = detail::find_part<Space>({next_kind, next_stage, option, next}),
                          more = detail::find_part<Space>({next_kind, next_stage, option + 1, next});
            terms.push_back({more, 1}), terms.push_back({less, -1});
            add(terms, what + ", before " + width(next_stage, next) + beside, order_step::widen);
          };
          if (own.most_depth >= (later ? 3 : 2))
            for (int next = option + 1; next < own.width_count; ++next) widen({{wide, 1}, {narrow, -1}}, part_kind::later_block, stage, next, ")");
          // Where the block is the last of its stage, the head sees it, and what it searches there may be any width.
          const int searched = detail::width_at<Space>(stage);
          for (int chosen = 0; chosen < (searched < 0 ? 1 : Space::head_widths[static_cast<std::size_t>(searched)].width_count); ++chosen) {
            if (searched >= 0 && !detail::is_usable<Space>(searched, chosen)) continue;
            std::vector<elementary_move::term> last{{wide, 1}, {narrow, -1}};
            for (std::size_t piece = 0; piece < detail::head_facts<Space>.size(); ++piece)
              if (const detail::piece_facts& facts = detail::head_facts<Space>[piece]; facts.exit == stage)
                for (const int sign : {1, -1}) last.push_back({detail::head_part<Space>(piece, option + (sign > 0), facts.width >= 0 ? chosen : 0), sign});
            const std::string beside = searched < 0 ? ")" : ", " + width_of_head(searched, chosen) + " in the head)";
            if (stage + 1 == Space::stages)
              add(last, what + ", before the head" + beside, order_step::widen);
            else
              for (int next = 0; next < Space::facts[static_cast<std::size_t>(stage + 1)].width_count; ++next)
                widen(last, part_kind::first_block, stage + 1, next, beside);
          }
        }
        if (later || own.most_depth < 2) continue;
        for (int option = 0; option < own.width_count; ++option)
          for (int front = 0; front < option; ++front)
            add({{detail::find_part<Space>({part_kind::first_block, stage, before, front}), 1},
                 {detail::find_part<Space>({part_kind::later_block, stage, front, option}), 1},
                 {detail::find_part<Space>({part_kind::first_block, stage, before, option}), -1}},
                name + width(stage, front) + " put before " + width(stage, option) + after + ")", order_step::put_before);
      }
    }
  }
  for (int which = 0; which < static_cast<int>(Space::head_widths.size()); ++which)
    detail::for_each_move_of_head<Space>(which, [&](int option, int exit, int shallower, int deeper) {
      const int stage = Space::head_widths[static_cast<std::size_t>(which)].stage;
      std::vector<elementary_move::term> terms;
      for (std::size_t piece = 0; piece < detail::head_facts<Space>.size(); ++piece)
        for (const int sign : {1, -1}) {
          const detail::piece_facts& facts = detail::head_facts<Space>[piece];
          const int own = option + (sign > 0);
          if (facts.width == which)
            terms.push_back({detail::head_part<Space>(piece, facts.exit >= 0 ? exit : facts.deep >= 0 ? deeper : 0, own), sign});
          else if (facts.deep == which)
            terms.push_back({detail::head_part<Space>(piece, own, facts.width >= 0 ? shallower : 0), sign});
        }
      add(terms, "head at stage " + std::to_string(stage + 1) + ": " + width_of_head(which, option) + " -> " + width_of_head(which, option + 1) + " (behind " + width(stage, exit) +
                     (shallower < 0 ? "" : ", above " + width_of_head(which - 1, shallower)) + (deeper < 0 ? "" : ", below " + width_of_head(which + 1, deeper)) + ")",
          order_step::widen);
    });
  return moves;
}

/// The moves that `latency` (one number per part) calls faster. Parts with a negative number have no latency: their moves are left
/// out.
template <class Number>
std::vector<order_violation> violations_of(std::span<const elementary_move> moves, std::span<const Number> latency,
                                           std::span<const std::int64_t> noise) {
  std::vector<order_violation> found;
  for (const elementary_move& move : moves) {
    std::int64_t gain = 0, floor = 0;
    bool known = true;
    for (const auto& [part, sign] : move.terms) {
      const auto at = static_cast<std::size_t>(part);
      known = known && latency[at] >= 0;
      gain += sign * static_cast<std::int64_t>(latency[at]), floor += noise[at];
    }
    if (known && gain < 0) found.push_back({move, -gain, floor});
  }
  std::stable_sort(found.begin(), found.end(), [](const order_violation& a, const order_violation& b) { return a.size > b.size; });
  return found;
}

/// Isotonic repair: the latencies nearest to the given ones of which no move is a violation, as whole ticks of at least one.
/// Nearest: least sum of change^2 / latency, so that a long row gives way before a short one. Negative numbers (no latency) stay.
/// Hildreth's method: project on one violated half-space after the other, and take back what was too much.
HASSE_BODY std::vector<std::int64_t> isotonic(std::span<const elementary_move> moves, std::span<const std::int64_t> latency);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/order_check.inl>
#endif
