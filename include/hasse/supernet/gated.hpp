// A supernet whose layers choose their block, as run-time values: blocks in a row, each with its candidates, and the plain network
// of every choice. Lowered from a gated_space, or built block by block where the widths are known at run time only.
// Used by train (the search works on it), latency (a row per candidate) and the presets of supernet/mbconv_space.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/hana/for_each.hpp>

#include <hasse/block/chain.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/network/check.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/gated_space.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// One of the blocks that a layer chooses from.
struct gated_candidate {
  std::string text;   ///< names it in its block: "k5e3"; no blanks, no bars
  layer_list layers;  ///< layers.input is the block's input; no layers at all: zero, the block is its shortcut

  bool is_zero() const { return layers.size() == 0; }
  feature_shape out() const { return layers.shape_of(static_cast<value_id>(layers.size())); }
  friend bool operator==(const gated_candidate&, const gated_candidate&) = default;
};

/// A place in the supernet. What is the same in every network is a block of one candidate.
struct gated_block {
  std::string name;  ///< "stage 2 block 3", "stem"
  int stage = -1;    ///< which searched stage, from 0; -1: none
  std::vector<gated_candidate> candidates;

  bool searched() const { return candidates.size() > 1; }
  int count() const { return static_cast<int>(candidates.size()); }
  friend bool operator==(const gated_block&, const gated_block&) = default;
};

/// Where a layer of a path comes from.
struct gated_origin {
  int block = 0, candidate = 0, layer = 0;
  friend bool operator==(const gated_origin&, const gated_origin&) = default;
};

/// The supernet. A choice is one candidate per block, front to back, 0 for those that are not searched.
struct gated_list {
  feature_shape input{};
  std::vector<gated_block> blocks;

  int size() const { return static_cast<int>(blocks.size()); }
  const gated_block& block(int index) const { return blocks[static_cast<std::size_t>(index)]; }
  const gated_candidate& candidate(int block_index, int index) const {
    return block(block_index).candidates[static_cast<std::size_t>(index)];
  }
  feature_shape in_of(int index) const { return block(index).candidates.front().layers.input; }
  feature_shape out_of(int index) const { return block(index).candidates.front().out(); }
  feature_shape output() const { return blocks.empty() ? input : out_of(size() - 1); }

  /// The blocks that are searched, front to back.
  std::vector<int> searched() const {
    std::vector<int> found;
    for (int at = 0; at < size(); ++at)
      if (block(at).searched()) found.push_back(at);
    return found;
  }

  /// A choice has a number for every block, a path for the searched ones alone.
  std::vector<int> path_of(std::span<const int> choice) const {
    check(choice);
    std::vector<int> path;
    for (const int at : searched()) path.push_back(choice[static_cast<std::size_t>(at)]);
    return path;
  }
  std::vector<int> choice_of(std::span<const int> path) const {
    std::vector<int> choice(blocks.size(), 0);
    std::size_t next = 0;
    for (const int at : searched()) choice[static_cast<std::size_t>(at)] = next < path.size() ? path[next++] : -1;
    check(choice);
    return choice;
  }

  /// Number of choices; as text "6^6 7^15 = 2.2e+17".
  double cardinality() const {
    double product = 1;
    for (const gated_block& each : blocks) product *= each.count();
    return product;
  }
  std::string cardinality_text() const {
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

  /// What a candidate costs for one image.
  cost cost_of(int block_index, int index) const { return hasse::cost_of(candidate(block_index, index).layers); }

  /// Throws `error` unless there is one index per block and each is one of its block's.
  void check(std::span<const int> choice) const {
    if (choice.size() != blocks.size())
      throw error("a choice of this supernet was given with " + std::to_string(choice.size()) + " numbers; it has " +
                  std::to_string(blocks.size()) + " blocks, so give one for each, 0 for those that are not searched");
    for (int at = 0; at < size(); ++at)
      if (const int index = choice[static_cast<std::size_t>(at)]; index < 0 || index >= block(at).count())
        throw error("candidate " + std::to_string(index) + " was chosen in " + block(at).name + ", which has " +
                    std::to_string(block(at).count()) + "; count them from 0");
  }

  /// The plain network of a choice. Zero blocks vanish.
  layer_list path(std::span<const int> choice) const {
    check(choice);
    layer_list list{.input = input, .items = {}};
    for (int at = 0; at < size(); ++at) {
      const layer_list& next = candidate(at, choice[static_cast<std::size_t>(at)]).layers;
      append_layers(list, next.items, next.outputs);
    }
    return list;
  }

  /// One entry per layer of the path.
  std::vector<gated_origin> origins(std::span<const int> choice) const {
    check(choice);
    std::vector<gated_origin> found;
    for (int at = 0; at < size(); ++at) {
      const int index = choice[static_cast<std::size_t>(at)], count = static_cast<int>(candidate(at, index).layers.size());
      for (int layer = 0; layer < count; ++layer) found.push_back({at, index, layer});
    }
    return found;
  }

  /// The one text form of a choice: the searched blocks' candidates, a bar where a stage begins: "k5e3 zero | k7e6 k3e3".
  std::string text(std::span<const int> choice) const {
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

  /// Reads what `text` writes; blanks may be more or fewer next to a bar.
  std::vector<int> parse(std::string_view text) const;

  /// Throws `error` unless the blocks fit: shapes from block to block, and candidates of a block among themselves.
  void check() const;
  void check_taps() const;  ///< the part of check() that is about outputs

  friend bool operator==(const gated_list&, const gated_list&) = default;
};

namespace detail {
/// A choice's words: candidates, and "|" for every bar.
inline std::vector<std::string_view> gated_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const bool blank = text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r';
    const std::size_t end = blank || text[at] == '|' ? at + 1 : std::min(text.find_first_of(" \t\n\r|", at), text.size());
    if (!blank) words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

inline std::string gated_shape_text(feature_shape it) {
  return std::to_string(it.c) + "x" + std::to_string(it.h) + "x" + std::to_string(it.w);
}
}  // namespace detail

inline std::vector<int> gated_list::parse(std::string_view text) const {
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

inline void gated_list::check() const {
  feature_shape before = input;
  for (const gated_block& each : blocks) {
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

inline void gated_list::check_taps() const {
  // A zero behind an output makes the output the zero's value, too: then the gradient there says nothing of the gate.
  std::string tapped;
  for (const gated_block& each : blocks) {
    const auto may_vanish = [](const gated_candidate& one) { return one.is_zero(); };
    if (each.searched() && !tapped.empty() && std::any_of(each.candidates.begin(), each.candidates.end(), may_vanish))
      throw error(each.name + " may be left out, and the output \"" + tapped +
                  "\" is what it reads: its gate could not be told from the output; offer no zero there, or put a fixed layer between");
    const layer_list& layers = each.candidates.front().layers;
    if (each.searched() || layers.size() > 0) tapped.clear();
    for (const named_value& output : layers.outputs)
      if (output.value == static_cast<value_id>(layers.size())) tapped = output.name;
  }
  // On the shortest path two outputs are one value if they are on any.
  std::vector<int> shortest;
  for (const gated_block& each : blocks) {
    const auto none = std::find_if(each.candidates.begin(), each.candidates.end(), [](const auto& one) { return one.is_zero(); });
    shortest.push_back(none == each.candidates.end() ? 0 : static_cast<int>(none - each.candidates.begin()));
  }
  check_outputs(path(shortest));
}

/// The word by which a choice names a spec: its text without stride 1 and without blanks. Overload it next to a spec of your own.
template <Spec Type>
std::string candidate_text(const Type& spec) {
  std::string word = spec.text();
  std::size_t at = 0;
  while ((at = word.find(" s1")) != std::string::npos && (at + 3 == word.size() || word[at + 3] == ' ')) word.erase(at, 3);
  while ((at = word.find(" + ")) != std::string::npos) word.replace(at, 3, "+");
  for (char& letter : word)
    if (letter == ' ' || letter == '|') letter = '-';
  return word;
}
/// "k5e3".
inline std::string candidate_text(const mbconv& spec) {
  return "k" + std::to_string(spec.kernel) +
         (spec.middle > 0 ? "m" + std::to_string(spec.middle) : "e" + std::to_string(spec.expand)) +
         (spec.se.percent > 0 ? "se" + std::to_string(spec.se.percent) : "");
}
inline std::string candidate_text(const zero&) { return "zero"; }

/// Builds a gated_list front to back; every shape follows from the blocks before. `finish` checks the whole.
class gated_builder {
 public:
  explicit gated_builder(feature_shape input) : list_{.input = input, .blocks = {}} {
    if (input.h < 1 || input.w < 1 || input.c < 1)
      throw error("a supernet was given images of " + detail::gated_shape_text(input) + "; every size must be at least 1");
  }

  /// What the next block reads.
  feature_shape shape() const { return list_.output(); }

  /// A block that is the same in every network.
  template <Spec Type>
  gated_builder& fixed(const std::string& name, const Type& spec) {
    gated_block block{.name = name, .stage = -1, .candidates = {}};
    block.candidates.push_back(lowered(spec, shape(), block.name));
    list_.blocks.push_back(std::move(block));
    return *this;
  }

  /// `shape.blocks` blocks that choose: `for_each_choice(offer)` calls offer(spec) for every candidate, with width and stride left
  /// alone. The first block has the stage's stride. Zero is offered to the blocks that have a shortcut: stride 1, equal channels.
  template <class ForEachChoice>
  gated_builder& stage(stage_shape form, ForEachChoice for_each_choice) {
    const std::string name = "stage " + std::to_string(stages_ + 1);
    if (form.out < 1 || form.blocks < 1 || form.blocks > 64 || form.stride < 1)
      throw error(name + " of a supernet was given " + std::to_string(form.out) + " channels, " + std::to_string(form.blocks) +
                  " blocks and stride " + std::to_string(form.stride) + "; give at least 1 of each and at most 64 blocks");
    for (int at = 0; at < form.blocks; ++at) {
      const feature_shape in = shape();
      const int stride = at == 0 ? form.stride : 1;
      gated_block block{.name = name + " block " + std::to_string(at + 1), .stage = stages_, .candidates = {}};
      for_each_choice([&]<StageSpec Type>(Type spec) {
        if (!detail::is_offered<Type>(in, form.out, stride)) return;
        const std::string word = candidate_text(spec);
        spec.out = form.out, spec.stride = stride;
        block.candidates.push_back(lowered(spec, in, block.name, word));
      });
      if (block.candidates.empty())
        throw error(block.name +
                    " has nothing to choose from; zero alone cannot change the size or the channels, so offer a block");
      list_.blocks.push_back(std::move(block));
    }
    ++stages_;
    return *this;
  }

  gated_list finish() const {
    list_.check();
    return list_;
  }

 private:
  template <Spec Type>
  static gated_candidate lowered(const Type& spec, feature_shape in, const std::string& place, const std::string& word = {}) {
    gated_candidate made{.text = word.empty() ? candidate_text(spec) : word, .layers = {.input = in, .items = {}}};
    refused_as(place + ", candidate " + made.text, [&] { return spec.lower(layer_builder<layer_list>{made.layers}, 0); });
    return made;
  }

  gated_list list_;
  int stages_ = 0;
};

/// The run-time form of a gated_space.
template <class Space>
gated_list gated_list_of() {
  gated_builder builder(Space::image);
  int parts = 0;
  const auto add_fixed = [&](const std::string& name, const auto& specs) {
    int at = 0;
    hana::for_each(specs, [&](const auto& spec) { builder.fixed(name + (++at > 1 ? " " + std::to_string(at) : ""), spec); });
  };
  add_fixed("stem", Space::stem_type::specs);
  hana::for_each(Space::body_types, [&](auto part) {
    using type = typename decltype(part)::type;
    if constexpr (type::role == space_role::mixed)
      builder.stage(type::shape, [](auto offer) { hana::for_each(type::choices::specs, offer); });
    else
      add_fixed("fixed layer" + (++parts > 1 ? " " + std::to_string(parts) : std::string()), type::specs);
  });
  builder.fixed("head", detail::piece_at<0>(typename Space::head_type::pieces{}));
  return builder.finish();
}

}  // namespace hasse
