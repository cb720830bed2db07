// The bodies of supernet/gated.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/supernet/gated.hpp>

namespace hasse {

HASSE_BODY const gated_candidate& gated_list::candidate(int block_index, int index) const {
  return block(block_index).candidates[static_cast<std::size_t>(index)];
}

HASSE_BODY std::vector<int> gated_list::searched() const {
  std::vector<int> found;
  for (int at = 0; at < size(); ++at)
    if (block(at).searched()) found.push_back(at);
  return found;
}

HASSE_BODY std::vector<int> gated_list::path_of(std::span<const int> choice) const {
  check(choice);
  std::vector<int> path;
  for (const int at : searched()) path.push_back(choice[static_cast<std::size_t>(at)]);
  return path;
}

HASSE_BODY std::vector<int> gated_list::choice_of(std::span<const int> path) const {
  std::vector<int> choice(blocks.size(), 0);
  std::size_t next = 0;
  for (const int at : searched()) choice[static_cast<std::size_t>(at)] = next < path.size() ? path[next++] : -1;
  check(choice);
  return choice;
}

HASSE_BODY double gated_list::cardinality() const {
  double product = 1;
  for (const gated_block& each : blocks) product *= each.count();
  return product;
}

HASSE_BODY std::string gated_list::cardinality_text() const {
  std::map<int, int> powers;
  for (const gated_block& each : blocks)
    if (each.searched()) ++powers[each.count()];
  std::string text;
  for (const auto& [base, power] : powers)
    text += (text.empty() ? "" : " ") + std::to_string(base) + (power > 1 ? "^" + std::to_string(power) : "");
  char number[32];
  std::snprintf(number, sizeof number, cardinality() < 1e6 ? "%.0f" : "%.1e", cardinality());
  return text.empty() ? number : text + " = " + number;
}

HASSE_BODY void gated_list::check(std::span<const int> choice) const {
  if (choice.size() != blocks.size())
    throw error("a choice of this supernet was given with " + std::to_string(choice.size()) + " numbers; it has " +
                std::to_string(blocks.size()) + " blocks, so give one for each, 0 for those that are not searched");
  for (int at = 0; at < size(); ++at)
    if (const int index = choice[static_cast<std::size_t>(at)]; index < 0 || index >= block(at).count())
      throw error("candidate " + std::to_string(index) + " was chosen in " + block(at).name + ", which has " +
                  std::to_string(block(at).count()) + "; count them from 0");
}

HASSE_BODY layer_list gated_list::path(std::span<const int> choice) const {
  check(choice);
  layer_list list{.input = input, .items = {}};
  std::vector<value_id> given;
  const auto value_of = [&](int index) { return index < 0 ? value_id{0} : given[static_cast<std::size_t>(index)]; };
  for (int at = 0; at < size(); ++at) {
    const gated_candidate& next = candidate(at, choice[static_cast<std::size_t>(at)]);
    const value_id from = value_of(block(at).reads < 0 ? at - 1 : block(at).reads), second = block(at).joins < 0 ? no_value : value_of(block(at).joins);
    given.push_back(append_layers(list, next.layers.items, next.layers.outputs, from, second));
  }
  return list;
}

HASSE_BODY bool gated_list::is_read_later(int index) const {
  for (int later = index + 2; later < size(); ++later)
    if (block(later).reads == index || block(later).joins == index) return true;
  return false;
}

HASSE_BODY std::vector<gated_origin> gated_list::origins(std::span<const int> choice) const {
  check(choice);
  std::vector<gated_origin> found;
  for (int at = 0; at < size(); ++at) {
    const int index = choice[static_cast<std::size_t>(at)], count = static_cast<int>(candidate(at, index).layers.size());
    for (int layer = 0; layer < count; ++layer) found.push_back({at, index, layer});
  }
  return found;
}

HASSE_BODY std::string gated_list::text(std::span<const int> choice) const {
  check(choice);
  std::string all;
  int stage = -1;
  for (const int at : searched()) {
    if (!all.empty()) all += block(at).stage == stage ? " " : " | ";
    stage = block(at).stage;
    all += candidate(at, choice[static_cast<std::size_t>(at)]).text;
  }
  return all;
}

namespace detail {

HASSE_BODY std::vector<std::string_view> gated_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const bool blank = text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r';
    const std::size_t end = blank || text[at] == '|' ? at + 1 : std::min(text.find_first_of(" \t\n\r|", at), text.size());
    if (!blank) words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

HASSE_BODY std::string gated_shape_text(feature_shape it) {
  return std::to_string(it.c) + "x" + std::to_string(it.h) + "x" + std::to_string(it.w);
}

}  // namespace detail

HASSE_BODY std::vector<int> gated_list::parse(std::string_view text) const {
  const std::string given = "choice " + detail::in_quotes(text) + ": ";
  const std::vector<std::string_view> words = detail::gated_words(text);
  const std::vector<int> wanted = searched();
  std::vector<int> choice(blocks.size(), 0);
  std::size_t word = 0;
  for (std::size_t place = 0; place < wanted.size(); ++place) {
    const gated_block& here = block(wanted[place]);
    if (place > 0 && here.stage != block(wanted[place - 1]).stage) {
      if (word == words.size() || words[word] != "|")
        throw error(given + "a bar is missing before " + here.name +
                    "; write the blocks of a stage with blanks and stages with | between");
      ++word;
    }
    if (word == words.size() || words[word] == "|")
      throw error(given + "it ends before " + here.name + (word == words.size() ? "" : ", at a bar") +
                  "; name a candidate for each of the " + std::to_string(wanted.size()) + " searched blocks");
    std::string known;
    int index = 0;
    for (; index < here.count() && here.candidates[static_cast<std::size_t>(index)].text != words[word]; ++index)
      known += (index > 0 ? ", " : "") + here.candidates[static_cast<std::size_t>(index)].text;
    if (index == here.count())
      throw error(given + detail::in_quotes(words[word], 60) + " is no candidate of " + here.name + "; choose from " +
                  known);
    choice[static_cast<std::size_t>(wanted[place])] = index;
    ++word;
  }
  if (word < words.size())
    throw error(given + detail::in_quotes(words[word], 60) + " stands behind the last block; this supernet has " +
                std::to_string(wanted.size()) + " searched blocks");
  return choice;
}

HASSE_BODY void gated_list::check() const {
  feature_shape before = input;
  for (int at = 0; at < size(); ++at) {
    const gated_block& each = block(at);
    for (const int other : {each.reads, each.joins})
      if (other >= at || (other >= 0 && each.searched()))
        throw error(each.name + (other >= at ? " reads block " + std::to_string(other) + ", which does not stand before it; count the blocks from 0"
                                             : " has several candidates and reads another block than the one before; only blocks of one candidate do"));
    if (each.reads >= 0) before = out_of(each.reads);
    const feature_shape second = each.joins >= 0 ? out_of(each.joins) : feature_shape{};
    if (each.candidates.empty()) throw error(each.name + " has no candidate; give it one, or several to choose from");
    for (const gated_candidate& one : each.candidates) {
      const std::string name = each.name + ", candidate " + one.text;
      if (one.text.empty() || one.text.find_first_of(" \t\n\r|") != std::string::npos)
        throw error(each.name + " has a candidate named \"" + one.text + "\"; a name is one word without blanks and bars");
      for (const gated_candidate* other = each.candidates.data(); other != &one; ++other)
        if (other->text == one.text) throw error(name + ": two candidates have this name; give each its own");
      if (each.searched() && !one.layers.outputs.empty())
        throw error(name + " names the output \"" + one.layers.outputs.front().name +
                    "\"; outputs are the same in every network, so name it in a block of one candidate: the one behind this has its "
                    "value as input");
      if (one.layers.input != before)
        throw error(name + ": it reads " + detail::gated_shape_text(one.layers.input) + " where " +
                    detail::gated_shape_text(before) + " comes in; lower it on the shape of the block before");
      if (one.layers.second != second)
        throw error(name + ": its second value is " + detail::gated_shape_text(one.layers.second) + " where " + detail::gated_shape_text(second) +
                    " comes in; lower it on the shape of the block that it joins");
      for (const layer& item : one.layers)
        if (item.out.h < 1 || item.out.w < 1 || item.out.c < 1)
          throw error(name + ": a " + std::string(name_of(item.kind)) + " would write " + detail::gated_shape_text(item.out) +
                      ", which is nothing; give a larger input or fewer strides");
      if (one.out() != each.candidates.front().out())
        throw error(name + ": it writes " + detail::gated_shape_text(one.out()) + " where " + each.candidates.front().text +
                    " writes " + detail::gated_shape_text(each.candidates.front().out()) +
                    "; candidates of a block have one output shape, and zero only stands where it is that of the input");
    }
    before = each.candidates.front().out();
  }
  check_taps();
}

HASSE_BODY void gated_list::check_taps() const {
  // A zero behind an output makes the output the zero's value, too: then the gradient there says nothing of the gate.
  std::string tapped;
  for (int at = 0; at < size(); ++at) {
    const gated_block& each = block(at);
    const auto may_vanish = [](const gated_candidate& one) { return one.is_zero(); };
    if (each.searched() && !tapped.empty() && std::any_of(each.candidates.begin(), each.candidates.end(), may_vanish))
      throw error(each.name + " may be left out, and " + tapped +
                  " is what it reads: its gate could not be told from that; offer no zero there, or put a fixed layer between");
    const layer_list& layers = each.candidates.front().layers;
    if (each.searched() || layers.size() > 0) tapped.clear();
    for (const named_value& output : layers.outputs)
      if (output.value == static_cast<value_id>(layers.size())) tapped = "the output \"" + output.name + '"';
    if (is_read_later(at)) tapped = "a value that the head reads, too,";
  }
  // On the shortest path two outputs are one value if they are on any.
  std::vector<int> shortest;
  for (const gated_block& each : blocks) {
    const auto none = std::find_if(each.candidates.begin(), each.candidates.end(), [](const auto& one) { return one.is_zero(); });
    shortest.push_back(none == each.candidates.end() ? 0 : static_cast<int>(none - each.candidates.begin()));
  }
  check_outputs(path(shortest));
}

HASSE_BODY std::string candidate_text(const mbconv& spec) {
  return "k" + std::to_string(spec.kernel) +
         (spec.middle > 0 ? "m" + std::to_string(spec.middle) : "e" + std::to_string(spec.expand)) +
         (spec.se.percent > 0 ? "se" + std::to_string(spec.se.percent) : "");
}

HASSE_BODY gated_builder::gated_builder(feature_shape input) : list_{.input = input, .blocks = {}} {
  if (input.h < 1 || input.w < 1 || input.c < 1)
    throw error("a supernet was given images of " + detail::gated_shape_text(input) + "; every size must be at least 1");
}

HASSE_BODY int gated_builder::exit_of(const std::string& name, int stage) const {
  if (stage < 1 || stage > stages_)
    throw error(name + " of a supernet reads stage " + std::to_string(stage) + " of " + std::to_string(stages_) + "; count those before it from 1");
  return exits_[static_cast<std::size_t>(stage - 1)];
}

HASSE_BODY gated_list gated_builder::finish() const {
  list_.check();
  return list_;
}

}  // namespace hasse
