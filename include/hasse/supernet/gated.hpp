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
#include <hasse/core/apart.hpp>
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
  int reads = -1, joins = -1;  ///< of one candidate: another block than the one before, whose value it reads; a second one, with whose it joins that

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
  const gated_candidate& candidate(int block_index, int index) const;
  /// Whether a block behind the next one reads what a block gives.
  bool is_read_later(int index) const;
  feature_shape in_of(int index) const { return block(index).candidates.front().layers.input; }
  feature_shape out_of(int index) const { return block(index).candidates.front().out(); }
  feature_shape output() const { return blocks.empty() ? input : out_of(size() - 1); }

  /// The blocks that are searched, front to back.
  std::vector<int> searched() const;

  /// A choice has a number for every block, a path for the searched ones alone.
  std::vector<int> path_of(std::span<const int> choice) const;
  std::vector<int> choice_of(std::span<const int> path) const;

  /// Number of choices; as text "6^6 7^15 = 2.2e+17".
  double cardinality() const;
  std::string cardinality_text() const;

  /// What a candidate costs for one image.
  cost cost_of(int block_index, int index) const { return hasse::cost_of(candidate(block_index, index).layers); }

  /// Throws `error` unless there is one index per block and each is one of its block's.
  void check(std::span<const int> choice) const;

  /// The plain network of a choice. Zero blocks vanish.
  layer_list path(std::span<const int> choice) const;

  /// One entry per layer of the path.
  std::vector<gated_origin> origins(std::span<const int> choice) const;

  /// The one text form of a choice: the searched blocks' candidates, a bar where a stage begins: "k5e3 zero | k7e6 k3e3".
  std::string text(std::span<const int> choice) const;

  /// Reads what `text` writes; blanks may be more or fewer next to a bar.
  std::vector<int> parse(std::string_view text) const;

  /// Throws `error` unless the blocks fit: shapes from block to block, and candidates of a block among themselves.
  void check() const;
  void check_taps() const;  ///< the part of check() that is about outputs

  friend bool operator==(const gated_list&, const gated_list&) = default;
};

namespace detail {
/// A choice's words: candidates, and "|" for every bar.
HASSE_BODY std::vector<std::string_view> gated_words(std::string_view text);

HASSE_BODY std::string gated_shape_text(feature_shape it);
}  // namespace detail

/// The word by which a choice names a spec: its text without stride 1 and without blanks. Overload it next to a spec of your own.
template <HasText Type>
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
HASSE_BODY std::string candidate_text(const mbconv& spec);
inline std::string candidate_text(const zero&) { return "zero"; }

/// Builds a gated_list front to back; every shape follows from the blocks before. `finish` checks the whole.
class gated_builder {
 public:
  explicit gated_builder(feature_shape input);

  /// What the next block reads.
  feature_shape shape() const { return list_.output(); }

  /// A block that is the same in every network.
  template <Spec Type>
  gated_builder& fixed(const std::string& name, const Type& spec) {
    return add(name, lowered(spec, shape(), name));
  }
  /// The same, reading what a stage gives, counted from 1, instead of what the block before does.
  template <Spec Type>
  gated_builder& fixed_from(const std::string& name, const Type& spec, int stage) {
    const int from = exit_of(name, stage);
    return add(name, lowered(spec, list_.out_of(from), name), from);
  }
  /// A block that joins what the one before gives to what a stage gives.
  template <LowersTwo Type>
  gated_builder& joined(const std::string& name, const Type& spec, int stage) {
    const int with = exit_of(name, stage);
    gated_candidate made{.text = candidate_text(spec), .layers = {.input = shape(), .items = {}, .second = list_.out_of(with)}};
    refused_as(name + ", candidate " + made.text, [&] { return spec.lower(layer_builder<layer_list>{made.layers}, 0, second_input); });
    return add(name, std::move(made), -1, with);
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
    ++stages_, exits_.push_back(list_.size() - 1);
    return *this;
  }

  gated_list finish() const;

 private:
  template <Spec Type>
  static gated_candidate lowered(const Type& spec, feature_shape in, const std::string& place, const std::string& word = {}) {
    gated_candidate made{.text = word.empty() ? candidate_text(spec) : word, .layers = {.input = in, .items = {}}};
    refused_as(place + ", candidate " + made.text, [&] { return spec.lower(layer_builder<layer_list>{made.layers}, 0); });
    return made;
  }

  gated_builder& add(const std::string& name, gated_candidate made, int reads = -1, int joins = -1) {
    gated_block block{.name = name, .stage = -1, .candidates = {}, .reads = reads, .joins = joins};
    block.candidates.push_back(std::move(made));
    list_.blocks.push_back(std::move(block));
    return *this;
  }
  /// The last block of a stage.
  int exit_of(const std::string& name, int stage) const;

  gated_list list_;
  int stages_ = 0;
  std::vector<int> exits_;
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
  const auto add_piece = [&]<class Piece>(std::type_identity<Piece>, const std::string& name) {
    if constexpr (Piece::kind == detail::piece_kind::joins)
      builder.joined(name, typename Piece::spec_type{}, Piece::stage);
    else if constexpr (Piece::stage > 0)
      builder.fixed_from(name, typename Piece::spec_type{}, Piece::stage);
    else
      builder.fixed(name, typename Piece::spec_type{});
  };
  using pieces = typename Space::head_type::pieces;
  [&]<std::size_t... Piece>(std::index_sequence<Piece...>) {
    (add_piece(detail::piece_type_at<static_cast<int>(Piece)>(pieces{}), pieces::count > 1 ? "head " + std::to_string(Piece + 1) : std::string("head")), ...);
  }(std::make_index_sequence<static_cast<std::size_t>(pieces::count)>{});
  return builder.finish();
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/gated.inl>
#endif
