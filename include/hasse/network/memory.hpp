// Memory planned ahead: who is alive when, and therefore where in one arena every tensor of a network lies.
// Used by inference, training and static networks; the plan of a fixed list is a constant.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <hasse/network/aligned.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/join.hpp>
#include <hasse/space/layer.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// A stretch of memory that is in use from step `first` to step `last`, both included. The planner fills in `offset`.
struct buffer {
  std::size_t bytes = 0;
  int first = 0, last = 0;
  std::size_t offset = unplaced;
  int next = -1;  ///< planner's own: the buffer that begins next in the arena

  static constexpr std::size_t unplaced = static_cast<std::size_t>(-1);
  constexpr bool meets(const buffer& other) const { return first <= other.last && other.first <= last; }
};

/// Gives every buffer an offset so that buffers in use at the same step do not overlap: largest first, each in the first gap
/// that holds it. Sizes are rounded up to whole cache lines. Returns the bytes of the arena. Quadratic in the number of buffers.
constexpr std::size_t place(std::span<buffer> buffers) {
  std::size_t arena = 0;
  int head = -1;
  for (buffer& each : buffers) each.bytes = round_up(each.bytes, tensor_alignment), each.offset = buffer::unplaced;
  for (std::size_t placed = 0; placed < buffers.size(); ++placed) {
    int chosen = -1;
    for (int i = 0; i < static_cast<int>(buffers.size()); ++i)
      if (buffers[detail::at(i)].offset == buffer::unplaced &&
          (chosen < 0 || buffers[detail::at(i)].bytes > buffers[detail::at(chosen)].bytes))
        chosen = i;
    buffer& mine = buffers[detail::at(chosen)];
    std::size_t offset = 0;
    for (int i = head; i >= 0; i = buffers[detail::at(i)].next) {
      const buffer& taken = buffers[detail::at(i)];
      if (!taken.meets(mine)) continue;
      if (taken.offset >= offset + mine.bytes) break;
      if (taken.offset + taken.bytes > offset) offset = taken.offset + taken.bytes;
    }
    mine.offset = offset;
    int* link = &head;
    while (*link >= 0 && buffers[detail::at(*link)].offset < offset) link = &buffers[detail::at(*link)].next;
    mine.next = *link;
    *link = chosen;
    if (offset + mine.bytes > arena) arena = offset + mine.bytes;
  }
  return arena;
}

/// The most bytes in use at any one step: no plan can need less.
constexpr std::size_t most_in_use(std::span<const buffer> buffers) {
  std::size_t most = 0;
  for (const buffer& start : buffers) {  // the maximum is reached where some buffer begins
    std::size_t sum = 0;
    for (const buffer& each : buffers)
      if (each.first <= start.first && start.first <= each.last) sum += each.bytes;
    if (sum > most) most = sum;
  }
  return most;
}

/// Where the values of a folded list lie in the arena of an inference.
template <class List>
struct inference_plan {
  detail::row<List, std::size_t> offsets;  ///< of each value, in bytes
  detail::row<List, int> runs;             ///< joined_runs of the list
  std::size_t arena_bytes = 0;
  std::size_t least_bytes = 0;  ///< what is in use at the fullest step
};

/// Plans the inference of a folded list. A residual that nobody reads afterwards becomes the memory of the sum. The list's own
/// input is kept for the whole run, so that a network can run again on what it was given. What a joined run reads lives until its
/// end, since the backend may read it while it writes the result.
template <class List>
constexpr inference_plan<List> plan_inference(const List& folded, int batch, std::size_t scalar_bytes) {
  using detail::at;
  const int count = static_cast<int>(folded.size());
  const auto runs = joined_runs(folded);
  auto last = detail::row_of<List, int>::make(at(count) + 1, -1);
  auto source = detail::row_of<List, value_id>::make(at(count), 0);  // of each layer's run
  for (int first = 0; first < count; first += runs[at(first)])
    for (int i = first; i < first + runs[at(first)]; ++i) {
      const layer& item = folded.data()[i];
      source[at(i)] = folded.data()[first].input;
      last[at(item.input)] = first + runs[at(first)] - 1;
      if (item.other != no_value) last[at(item.other)] = first + runs[at(first)] - 1;
    }
  last[0] = last[at(count)] = count;

  auto buffers = detail::row_of<List, buffer>::make(at(count) + 1, {});
  auto holder = detail::row_of<List, int>::make(at(count) + 1, 0);
  int used = 0;
  for (value_id value = 0; value <= count; ++value) {
    if (value > 0) {
      const layer& item = folded.data()[value - 1];
      const bool sums = item.other > 0 && item.kind != layer_kind::scale && item.other != item.input &&
                        item.other != source[at(value - 1)] && last[at(item.other)] == value - 1;
      if (sums) {
        holder[at(value)] = holder[at(item.other)];
        buffers[at(holder[at(value)])].last = last[at(value)];
        continue;
      }
    }
    holder[at(value)] = used;
    buffers[at(used++)] = {.bytes = static_cast<std::size_t>(folded.shape_of(value).size()) * at(batch) * scalar_bytes,
                           .first = value - 1,
                           .last = last[at(value)]};
  }
  const std::span<buffer> all(buffers.data(), at(used));
  inference_plan<List> plan{detail::row_of<List, std::size_t>::make(at(count) + 1, 0), runs, place(all), 0};
  plan.least_bytes = most_in_use(all);
  for (value_id value = 0; value <= count; ++value) plan.offsets[at(value)] = all[at(holder[at(value)])].offset;
  return plan;
}

/// Where everything that a training step touches lies in its arena, and which gradients are added to instead of written.
struct training_plan {
  static constexpr std::size_t none = buffer::unplaced;
  struct accumulation {
    bool input = false, other = false;
  };
  std::vector<std::size_t> values;     ///< offset of each value
  std::vector<std::size_t> gradients;  ///< offset of each value's gradient, `none` where it is not wanted
  std::vector<std::size_t> saved;      ///< offset of what each layer keeps from forward to backward, `none` without
  std::vector<accumulation> adds;      ///< per layer: another reader of that value has written the gradient before
  std::size_t arena_bytes = 0, least_bytes = 0;
};

/// Plans the training of a fused list; `saved_bytes` has one number per layer. Every value lives until the backward of its
/// producer; a gradient lives from the backward of the value's last reader to that of its producer. The network's input and
/// output outlive the step.
inline training_plan plan_training(const layer_list& fused, int batch, std::size_t scalar_bytes,
                                   std::span<const std::size_t> saved_bytes, bool input_gradient) {
  using detail::at;
  const int count = static_cast<int>(fused.size());
  const auto backward_of = [&](int index) { return 2 * count - 1 - index; };
  training_plan plan;
  plan.values.resize(at(count) + 1), plan.gradients.assign(at(count) + 1, training_plan::none);
  plan.saved.assign(at(count), training_plan::none), plan.adds.resize(at(count));

  std::vector<buffer> buffers;
  std::vector<std::size_t*> places;  // where the offset of each buffer goes
  const auto put = [&](std::size_t bytes, int first, int last, std::size_t& offset) {
    buffers.push_back({.bytes = bytes, .first = first, .last = last});
    places.push_back(&offset);
  };
  std::vector<int> last_reader(at(count) + 1, -1);
  last_reader[at(count)] = count;  // the caller, who writes the gradient of the output between forward and backward
  for (int i = count - 1; i >= 0; --i) {
    const layer& item = fused.items[at(i)];
    const auto claim = [&](value_id value) {
      const bool written = last_reader[at(value)] >= 0;
      if (!written) last_reader[at(value)] = i;
      return written;
    };
    plan.adds[at(i)].input = claim(item.input);
    if (item.other != no_value) plan.adds[at(i)].other = claim(item.other);
  }
  for (value_id value = 0; value <= count; ++value) {
    const std::size_t bytes = static_cast<std::size_t>(fused.shape_of(value).size()) * at(batch) * scalar_bytes;
    const bool outlives = value == 0 || value == count;
    put(bytes, value - 1, outlives ? 2 * count : backward_of(value - 1), plan.values[at(value)]);
    if (value > 0) {
      put(bytes, backward_of(last_reader[at(value)]), backward_of(value - 1), plan.gradients[at(value)]);
      if (saved_bytes[at(value - 1)] > 0)
        put(saved_bytes[at(value - 1)], value - 1, backward_of(value - 1), plan.saved[at(value - 1)]);
    } else if (input_gradient) {
      put(bytes, backward_of(last_reader[0]), 2 * count, plan.gradients[0]);
    }
  }
  plan.arena_bytes = place(buffers);
  plan.least_bytes = most_in_use(buffers);
  for (std::size_t i = 0; i < buffers.size(); ++i) *places[i] = buffers[i].offset;
  return plan;
}

}  // namespace hasse
