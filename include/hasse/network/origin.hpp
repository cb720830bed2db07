// Where the layers of a network come from: which stretches of a fused list are blocks of a catalogue, whole and by themselves, so that an
// engine may run a body of its own in their place. Used by inference, training and static networks.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <hasse/catalogue/entry.hpp>
#include <hasse/kernel/body.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

namespace detail {
/// Whether the layers of a list are still those of the entry: whoever changed them changed no origin.
template <class List>
constexpr bool holds(const List& list, const stretch& from) {
  const std::span<const layer> own = from.origin->layers;
  if (from.count < 1 || own.size() != at(from.count) || from.first < 0 || at(from.first) + own.size() > list.size()) return false;
  value_id first = no_value, second = no_value;  // what it reads
  const auto agrees = [&](value_id mine, value_id here) {
    if (mine > 0 || mine == no_value) return here == (mine > 0 ? mine + from.first : no_value);
    value_id& read = mine == 0 ? first : second;
    if (read == no_value) read = here;
    return read == here;
  };
  for (std::size_t i = 0; i < own.size(); ++i) {
    layer here = list.data()[at(from.first) + i];
    if (!agrees(own[i].input, here.input) || !agrees(own[i].other, here.other)) return false;
    here.input = own[i].input, here.other = own[i].other;
    if (!(here == own[i])) return false;
  }
  return true;
}

/// The fused layers that are a stretch of the list, or none: where a layer of the stretch was joined to one of another, or somebody else
/// reads a value inside.
template <class List>
constexpr stretch fused_stretch(const List& list, const fused<List>& made, const stretch& from) {
  if (!holds(list, from)) return {};
  stretch found{from.origin, 0, 0};
  const auto is_inside = [&](int index) { return from.first <= index && index < from.first + from.count; };
  const int count = static_cast<int>(made.layers.size());
  for (int i = 0; i < count; ++i) {
    const fused_origin& origin = made.origins[at(i)];
    const int root = origin.weights >= 0 ? origin.weights : origin.norm;
    if (is_inside(root) != is_inside(origin.last) || (root < from.first && origin.last >= from.first + from.count)) return {};
    if (!is_inside(root)) continue;
    if (found.count == 0) found.first = i;
    ++found.count;
  }
  const auto is_hidden = [&](value_id value) { return value > found.first && value < found.first + found.count; };
  for (int i = found.first + found.count; i < count; ++i)
    if (is_hidden(made.layers.data()[i].input) || is_hidden(made.layers.data()[i].other)) return {};
  for (int i = 0; i < made.layers.output_count(); ++i)
    if (is_hidden(made.layers.output(i))) return {};
  return found;
}
}  // namespace detail

/// The body of a stretch's block for the engine with this mark (detail::body_mark_of) and this purpose; null: there is none.
constexpr const body* body_for(const void* mark, const stretch& of, fusion purpose) {
  if (of.count == 0) return nullptr;
  const own_bodies bodies = detail::bodies_on(mark, of.origin->bodies);
  return purpose == fusion::inference ? bodies.inference : bodies.training;
}
/// Whether the block of a stretch has a body for this engine, known by its type, and this purpose.
template <class Engine>
constexpr bool has_body(const stretch& of, fusion purpose) {
  return body_for(&detail::engine_mark<Engine>, of, purpose) != nullptr;
}

/// The stretches of a fused list for which `backend`, or the one that it holds, has a body, front to back.
template <class Engine>
std::vector<stretch> stretches_with_body(const Engine& backend, const layer_list& list, const fused<layer_list>& made, fusion purpose) {
  std::vector<stretch> found;
  for (const stretch& each : list.stretches)
    if (body_for(detail::body_mark_of(backend), each, purpose))
      if (const stretch here = detail::fused_stretch(list, made, each); here.count > 0) found.push_back(here);
  return found;
}

/// Which blocks of a network run as bodies: what an identity says of them; "" where none does.
template <class Engine>
std::string bodies_text(const Engine& backend, const layer_list& list) {
  std::string text;
  if (list.stretches.empty()) return text;
  for (const fusion purpose : {fusion::inference, fusion::training})
    for (const stretch& each : stretches_with_body(backend, list, purpose == fusion::inference ? fold_for_inference(list) : fuse_for_training(list), purpose))
      text += (purpose == fusion::inference ? "inference of " : "training of ") + each.origin->text() + " at layer " + std::to_string(each.first) + ';';
  return text;
}

}  // namespace hasse
