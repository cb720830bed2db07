// Memory planned ahead: who is alive when, and therefore where in one arena every tensor of a network lies.
// Used by inference, training and static networks; the plan of a fixed list is a constant.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/join.hpp>
#include <hasse/space/layer.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// A stretch of memory that is in use from step `first` to step `last`, both included, and perhaps once more later: what is in it
/// is lost in between. The planner fills in `offset`.
struct planned_buffer {
  std::size_t bytes = 0;
  int first = 0, last = 0;
  int again = 0, end = -1;  ///< the second time, from `again` to `end`; none while end < again
  std::size_t offset = unplaced;
  int next = -1;  ///< planner's own: the buffer that begins next in the arena

  static constexpr std::size_t unplaced = static_cast<std::size_t>(-1);
  constexpr bool used(int from, int to) const {
    return (first <= to && from <= last) || (again <= to && from <= end && again <= end);
  }
  constexpr bool meets(const planned_buffer& other) const {
    return used(other.first, other.last) || (other.again <= other.end && used(other.again, other.end));
  }
};

/// Gives every buffer an offset so that buffers in use at the same step do not overlap: largest first, each in the first gap
/// that holds it. Sizes are rounded up to whole cache lines. Returns the bytes of the arena. Quadratic in the number of buffers.
constexpr std::size_t place(std::span<planned_buffer> buffers) {
  planned_buffer* const all = buffers.data();
  const int count = static_cast<int>(buffers.size());
  std::size_t arena = 0;
  int head = -1;
  for (int i = 0; i < count; ++i) all[i].bytes = round_up(all[i].bytes, tensor_alignment), all[i].offset = planned_buffer::unplaced;
  for (int placed = 0; placed < count; ++placed) {
    int chosen = -1;
    for (int i = 0; i < count; ++i)
      if (all[i].offset == planned_buffer::unplaced && (chosen < 0 || all[i].bytes > all[chosen].bytes)) chosen = i;
    planned_buffer& mine = all[chosen];
    std::size_t offset = 0;
    for (int i = head; i >= 0; i = all[i].next) {
      const planned_buffer& taken = all[i];
      if (!taken.meets(mine)) continue;
      if (taken.offset >= offset + mine.bytes) break;
      if (taken.offset + taken.bytes > offset) offset = taken.offset + taken.bytes;
    }
    mine.offset = offset;
    int* link = &head;
    while (*link >= 0 && all[*link].offset < offset) link = &all[*link].next;
    mine.next = *link;
    *link = chosen;
    if (offset + mine.bytes > arena) arena = offset + mine.bytes;
  }
  return arena;
}

/// The most bytes in use at any one step: no plan can need less.
constexpr std::size_t most_in_use(std::span<const planned_buffer> buffers) {
  // Plain pointers: whole networks are planned in constant expressions, whose steps compilers count.
  const planned_buffer *const begin = buffers.data(), *const end = begin + buffers.size();
  std::size_t most = 0;
  const auto look_at = [&](int step) {
    std::size_t sum = 0;
    for (const planned_buffer* each = begin; each != end; ++each)
      if (each->used(step, step)) sum += each->bytes;
    if (sum > most) most = sum;
  };
  for (const planned_buffer* start = begin; start != end; ++start) {  // the maximum is reached where some buffer begins
    look_at(start->first);
    if (start->again <= start->end) look_at(start->again);
  }
  return most;
}

namespace detail {
/// The layers, first to last, that run as one step. `own`: in a body, which may use all their memory for the whole step.
struct step_range {
  int first = 0, last = 0;
  bool own = false;
};
/// Of every layer: alone, in a run, or in one of the stretches.
template <class List>
constexpr row<List, step_range> ranges_of(const List& list, const row<List, int>* runs, std::span<const stretch> bodies) {
  const int count = static_cast<int>(list.size());
  auto ranges = row_of<List, step_range>::make(at(count), {});
  for (int first = 0, length = 1; first < count; first += length) {
    length = runs ? (*runs)[at(first)] : 1;
    for (int i = first; i < first + length; ++i) ranges[at(i)] = {first, first + length - 1, false};
  }
  for (const stretch& each : bodies)
    for (int i = each.first; i < each.first + each.count; ++i) ranges[at(i)] = {each.first, each.first + each.count - 1, true};
  return ranges;
}
}  // namespace detail

/// Where the values of a folded list lie in the arena of an inference.
template <class List>
struct inference_plan {
  detail::row<List, std::size_t> offsets;  ///< of each value, in bytes
  detail::row<List, int> runs;             ///< joined_runs of the list
  std::size_t arena_bytes = 0;
  std::size_t least_bytes = 0;  ///< what is in use at the fullest step
};

/// Plans the inference of a folded list. A residual that nobody reads afterwards becomes the memory of the sum. The list's own
/// input and its outputs are kept for the whole run, so that a network can run again on what it was given. What a joined run reads lives until its
/// end, since the backend may read it while it writes the result; all memory of the stretches in `bodies` lives as long as they run.
template <class List>
constexpr inference_plan<List> plan_inference(const List& folded, int batch, std::size_t scalar_bytes, std::span<const stretch> bodies = {}) {
  using detail::at;
  const int count = static_cast<int>(folded.size());
  const auto runs = joined_runs(folded, bodies);
  const auto ranges = detail::ranges_of(folded, &runs, bodies);
  auto last = detail::row_of<List, int>::make(at(count) + 1, -1);
  for (int i = 0; i < count; ++i) {
    const layer& item = folded.data()[i];
    last[at(item.input)] = ranges[at(i)].last;
    if (item.other != no_value) last[at(item.other)] = ranges[at(i)].last;
  }
  last[0] = count;
  for (int i = 0; i < folded.output_count(); ++i) last[at(folded.output(i))] = count;

  auto buffers = detail::row_of<List, planned_buffer>::make(at(count) + 1, {});
  auto holder = detail::row_of<List, int>::make(at(count) + 1, 0);
  int used = 0;
  for (value_id value = 0; value <= count; ++value) {
    if (value > 0) {
      const layer& item = folded.data()[value - 1];
      const detail::step_range& step = ranges[at(value - 1)];
      const bool sums = !step.own && item.other > 0 && item.adds_other() && item.other != item.input &&
                        item.other != folded.data()[step.first].input && last[at(item.other)] == value - 1;
      if (sums) {
        holder[at(value)] = holder[at(item.other)];
        buffers[at(holder[at(value)])].last = last[at(value)];
        continue;
      }
    }
    holder[at(value)] = used;
    buffers[at(used++)] = {.bytes = static_cast<std::size_t>(folded.shape_of(value).size()) * at(batch) * scalar_bytes,
                           .first = value > 0 && ranges[at(value - 1)].own ? ranges[at(value - 1)].first : value - 1,
                           .last = last[at(value)]};
  }
  const std::span<planned_buffer> all(buffers.data(), at(used));
  inference_plan<List> plan{detail::row_of<List, std::size_t>::make(at(count) + 1, 0), runs, place(all), 0};
  plan.least_bytes = most_in_use(all);
  for (value_id value = 0; value <= count; ++value) plan.offsets[at(value)] = all[at(holder[at(value)])].offset;
  return plan;
}

/// The same of a list that is known at run time, compiled once.
HASSE_BODY inference_plan<layer_list> plan_inference(const layer_list& folded, int batch, std::size_t scalar_bytes, std::span<const stretch> bodies = {});

/// What is computed a second time in the backward pass instead of being kept from the forward pass.
enum class recompute : std::uint8_t {
  nothing,
  activations  ///< values of batch norms, activations and sums whose operands are kept anyway: one pass over each, for about half
               ///< the memory
};

struct training_options {
  bool input_gradient = false;  ///< the backward pass goes on to the network's input
  hasse::recompute recompute = hasse::recompute::nothing;
  bool forward_only = false;  ///< nothing is kept for a backward pass, and there is none: batch statistics are all that is wanted
};

/// A stop of the backward pass in front of the backward of `layer`, where others work on `bytes` of memory and still read two values.
struct backward_stop {
  int layer = 0;
  std::size_t bytes = 0;
  value_id first = no_value, second = no_value;
};

/// What a layer needs between forward and backward: memory of its own, and which of its operands.
struct backward_needs {
  std::size_t saved_bytes = 0;
  backward_operands reads{};
};

/// Where everything that a training step touches lies in its arena, and which gradients are added to instead of written.
struct training_plan {
  static constexpr std::size_t none = planned_buffer::unplaced;
  struct accumulation {
    bool input = false, other = false;
  };
  struct backward_step {
    int layer = 0;
    bool recomputes = false;  ///< its value is computed again; else its backward runs
  };
  std::vector<std::size_t> values;      ///< offset of each value
  std::vector<std::size_t> gradients;   ///< offset of each value's gradient, `none` where it is not wanted
  std::vector<std::size_t> saved;       ///< offset of what each layer keeps from forward to backward, `none` without
  std::vector<accumulation> adds;       ///< per layer: another reader of that value has written the gradient before
  std::vector<backward_step> backward;  ///< in this order
  std::vector<std::size_t> stops;       ///< offset of the memory of each stop
  std::size_t arena_bytes = 0, least_bytes = 0;
};

/// Plans the training of a fused list; `needs` has one entry per layer. A value lives until its last reader, forward or backward. A
/// gradient lives from the backward of the value's last reader to that of its producer (so it is whole at a stop in front of that one),
/// and is written over by the gradient that
/// comes of it where the producer works element by element. The network's input and outputs outlive the step, and the gradient of an
/// output is there from the end of the forward pass: the caller writes it, and who reads the value inside adds to it. All memory of the
/// stretches in `bodies` lives as long as they run, forward and backward: there are none where something is computed again or a pass stops.
HASSE_BODY training_plan plan_training(const layer_list& fused, int batch, std::size_t scalar_bytes,
                                   std::span<const backward_needs> needs, const training_options& options,
                                   std::span<const backward_stop> stops = {}, std::span<const stretch> bodies = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/network/plan.inl>
#endif
