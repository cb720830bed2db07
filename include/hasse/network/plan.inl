// The bodies of network/plan.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <hasse/network/plan.hpp>

namespace hasse {

HASSE_BODY training_plan plan_training(const layer_list& fused, int batch, std::size_t scalar_bytes,
                                   std::span<const backward_needs> needs, const training_options& options,
                                   std::span<const backward_stop> stops, std::span<const stretch> bodies) {
  using detail::at;
  const int count = static_cast<int>(fused.size());
  const auto ranges = detail::ranges_of<layer_list>(fused, nullptr, bodies);  // of layers alone: first and last are the layer
  const auto backward_of = [&](int index) { return 2 * count - 1 - index; };
  training_plan plan;
  plan.values.resize(at(count) + 1), plan.gradients.assign(at(count) + 1, training_plan::none);
  plan.saved.assign(at(count), training_plan::none), plan.adds.resize(at(count));

  std::vector<planned_buffer> values(at(count) + 1), gradients(at(count) + 1);
  std::vector<value_id> home(at(count) + 1);  // the value in whose buffer a gradient lies
  for (value_id value = 0; value <= count; ++value) {
    const std::size_t bytes = static_cast<std::size_t>(fused.shape_of(value).size()) * at(batch) * scalar_bytes;
    const detail::step_range made = value > 0 ? ranges[at(value - 1)] : detail::step_range{-1, -1};
    values[at(value)] = gradients[at(value)] = {.bytes = bytes, .first = made.first, .last = made.last};
    home[at(value)] = value;
  }
  std::vector<bool> is_output(at(count) + 1, false);
  for (int i = 0; i < fused.output_count(); ++i) is_output[at(fused.output(i))] = true;
  const auto wanted = [&](value_id value) {
    return !options.forward_only && (value > 0 || options.input_gradient || is_output[at(value)]);
  };

  // Values: last reader in the forward pass, first and last one in the backward pass.
  for (int i = 0; i < count; ++i) {
    const layer& item = fused.items[at(i)];
    const backward_operands reads = needs[at(i)].reads;
    const auto read = [&](value_id value, int forward, bool backward) {
      planned_buffer& mine = values[at(value)];
      mine.last = std::max(mine.last, ranges[at(forward)].last);
      if (!backward || options.forward_only) return;
      mine.again = backward_of(ranges[at(i)].last);
      if (mine.end < 0) mine.end = backward_of(ranges[at(i)].first);
    };
    read(item.input, i, reads.src);
    if (item.other != no_value) read(item.other, i, reads.other);
    read(i + 1, i, reads.dst);
  }
  for (const backward_stop& stop : stops)
    for (const value_id kept : {stop.first, stop.second})
      if (kept != no_value) {
        planned_buffer& mine = values[at(kept)];
        if (mine.end < 0) mine.again = backward_of(stop.layer);
        mine.again = std::min(mine.again, backward_of(stop.layer));
        mine.end = std::max(mine.end, backward_of(stop.layer));
      }
  for (value_id value = 0; value <= count; ++value)
    if (value == 0 || is_output[at(value)]) values[at(value)].end = 2 * count;
  std::vector<bool> lost(at(count) + 1, false);
  for (value_id value = 0; value <= count; ++value) {
    planned_buffer& mine = values[at(value)];
    if (value > 0 && !is_output[at(value)] && options.recompute == recompute::activations && mine.again > mine.last + 1) {
      const layer& item = fused.items[at(value - 1)];
      const auto is_there = [&](value_id from) { return !lost[at(from)] && values[at(from)].last >= mine.again; };
      lost[at(value)] = kind_facts_of(item.kind).elementwise && is_there(item.input) && (item.other == no_value || is_there(item.other));
    }
    if (!lost[at(value)]) mine = {.bytes = mine.bytes, .first = mine.first, .last = std::max(mine.last, mine.end)};
  }

  // Gradients.
  std::vector<bool> written = is_output, restored(at(count) + 1, false);
  for (value_id value = 0; value <= count; ++value)
    if (is_output[at(value)]) gradients[at(value)].first = backward_of(count);  // the caller, who writes it between forward and backward
  for (int i = options.forward_only ? -1 : count - 1; i >= 0; --i) {
    const layer& item = fused.items[at(i)];
    const backward_operands reads = needs[at(i)].reads;
    const auto restore = [&](value_id value, bool backward) {
      if (!backward || !lost[at(value)] || restored[at(value)]) return;
      plan.backward.push_back({value - 1, true});
      restored[at(value)] = true;
    };
    restore(item.input, reads.src);
    if (item.other != no_value) restore(item.other, reads.other);
    restore(i + 1, reads.dst);
    plan.backward.push_back({i, false});

    bool in_place = !ranges[at(i)].own && kind_facts_of(item.kind).in_place;
    const auto write = [&](value_id value, bool may_replace) {
      const bool before = written[at(value)];
      written[at(value)] = true;
      if (before || !wanted(value)) return before;
      gradients[at(value)].first = backward_of(ranges[at(i)].last);
      if (in_place && may_replace) home[at(value)] = home[at(i + 1)], in_place = false;
      return before;
    };
    plan.adds[at(i)].input = write(item.input, true);
    if (item.other != no_value) plan.adds[at(i)].other = write(item.other, item.adds_other());
  }

  std::vector<planned_buffer> buffers = values;
  for (int i = 0; i < count; ++i)
    if (needs[at(i)].saved_bytes > 0)
      buffers.push_back({.bytes = needs[at(i)].saved_bytes,
                         .first = ranges[at(i)].first,
                         .last = options.forward_only ? ranges[at(i)].last : backward_of(ranges[at(i)].first)});
  std::vector<std::size_t> own(at(count) + 1, 0);  // where among the buffers the gradient of a value is
  for (value_id value = count; value >= 0; --value) {
    if (!wanted(value)) continue;
    gradients[at(value)].last = value == 0 ? 2 * count : backward_of(ranges[at(value - 1)].first);
    if (home[at(value)] == value) {
      own[at(value)] = buffers.size();
      buffers.push_back(gradients[at(value)]);
    } else {
      buffers[own[at(home[at(value)])]].last = gradients[at(value)].last;
    }
  }
  for (const backward_stop& stop : stops)
    buffers.push_back({.bytes = stop.bytes, .first = backward_of(stop.layer), .last = backward_of(stop.layer)});
  plan.arena_bytes = place(buffers);
  plan.least_bytes = most_in_use(buffers);
  for (std::size_t i = 0; i < stops.size(); ++i) plan.stops.push_back(buffers[buffers.size() - stops.size() + i].offset);
  std::size_t next = 0;
  for (value_id value = 0; value <= count; ++value) plan.values[at(value)] = buffers[next++].offset;
  for (int i = 0; i < count; ++i)
    if (needs[at(i)].saved_bytes > 0) plan.saved[at(i)] = buffers[next++].offset;
  for (value_id value = 0; value <= count; ++value)
    if (wanted(value)) plan.gradients[at(value)] = buffers[own[at(home[at(value)])]].offset;
  return plan;
}

HASSE_BODY inference_plan<layer_list> plan_inference(const layer_list& folded, int batch, std::size_t scalar_bytes, std::span<const stretch> bodies) {
  return plan_inference<layer_list>(folded, batch, scalar_bytes, bodies);
}

}  // namespace hasse
