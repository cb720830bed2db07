// Tables of trained networks as domains: every candidate's accuracy is known, so a search replays in milliseconds.
// Used by hasse_tabular and by tests. Reads NAS-Bench-Macro (Su et al., CVPR 2021) and Channel-Bench-Macro (Su et al., BCNet).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/file/json.hpp>
#include <hasse/search/coordinates.hpp>
#include <hasse/search/frontier.hpp>
#include <hasse/search/policy.hpp>

namespace hasse {

/// How the keys of a table read: one digit per layer, layers grouped into stages. Where digit 0 is the identity, every layer but a
/// stage's first may be absent, and absent layers are written last.
struct table_format {
  std::string_view name, accuracy, runs;  ///< the table's own words for the mean accuracy and the single runs
  std::vector<int> stages;                ///< layers per stage
  char least, most;                       ///< digits
  bool absent;                            ///< whether 0 leaves out a layer that is not the first of its stage
};

inline const std::array<table_format, 2>& table_formats() {
  static const std::array<table_format, 2> formats{table_format{"nas-bench-macro", "mean_acc", "test_acc", {2, 3, 3}, '0', '2', true},
                                                   table_format{"channel-bench-macro", "mean", "acc", {1, 1, 1, 1, 1, 1, 1}, '1', '4', false}};
  return formats;
}

/// One trained network under its canonical key.
struct tabular_network {
  std::string key;
  std::int64_t flops = 0;  ///< multiply-accumulates, exactly as the table says
  double accuracy = 0;     ///< mean over the runs, in percent
  double parameters = 0;   ///< 0 where the table does not say
  std::vector<double> runs = {};  ///< the accuracies of single trainings
};

struct tabular_benchmark {
  const table_format* format = nullptr;
  std::vector<tabular_network> networks;  ///< distinct ones, sorted by key
  std::size_t keys = 0;                   ///< in the file

  /// Largest FLOPs and median accuracy (of an even number: the mean of the middle two), over distinct networks.
  hypervolume_reference reference() const;
};

namespace detail {
HASSE_BODY bool fits(const table_format& format, std::string_view key);

/// Moves absent layers to the end of their stage: ..01.. and ..10.. are one network.
HASSE_BODY std::string canonical_key(const table_format& format, std::string key);
}  // namespace detail

/// Reads a table; the format is recognised by its keys. Networks under several keys must have the same result under each.
/// `path` is only named in errors.
HASSE_BODY tabular_benchmark parse_benchmark(std::string_view text, const std::string& path);

inline tabular_benchmark read_benchmark(const std::filesystem::path& path) {
  return parse_benchmark(read_file(path, std::uintmax_t{64} << 20), path.string());
}

/// How networks of a table compare; each is the product over stages of the reflexive-transitive closure of two kinds of move.
/// The first move of all three raises the option of one layer (identity < expansion 3, 3x3 < expansion 6, 5x5: each computes
/// whatever the one before it can, with weights set to zero; or a wider layer). The second lengthens a stage:
///   strict     by duplicating a layer beside itself, as in the paper ("same width"),
///   product    by a layer at the end, so that layers are compared position by position,
///   embedding  by any layer anywhere after the first: x can be embedded into y layer by layer.
/// Strict and product are parts of embedding. In tables without absent layers nothing lengthens, so all three are the same.
enum class tabular_order : std::uint8_t { strict, embedding, product };

constexpr std::string_view to_text(tabular_order order) {
  return order == tabular_order::strict ? "strict" : order == tabular_order::embedding ? "embedding" : "product";
}

namespace detail {
/// The layers of one stage that are there, as digits.
HASSE_BODY std::vector<std::string> moves_up(const table_format& format, std::size_t room, tabular_order order, const std::string& layers);

/// The order of one stage, over all its keys: bit j of row i says whether key i precedes key j.
struct stage_order {
  std::vector<std::string> keys;
  std::array<std::uint32_t, 32> rows{};

  stage_order(const table_format& format, std::size_t room, tabular_order order);

  std::size_t code(std::string_view key) const {
    return static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
  }
};
}  // namespace detail

/// The number of a network in its table.
struct tabular_candidate {
  std::uint32_t index = 0;
  friend bool operator==(const tabular_candidate&, const tabular_candidate&) = default;
};

/// A table as a domain; models `Domain`. The cost is FLOPs: one tick stands for one multiply-accumulate, so ties are exact.
/// `benchmark` must outlive it.
class tabular_domain {
 public:
  using candidate = tabular_candidate;

  explicit tabular_domain(const tabular_benchmark& benchmark, tabular_order order = tabular_order::strict);

  count_type size() const { return codes_.size(); }
  candidate sample(random_source& random) const { return {static_cast<std::uint32_t>(random.below(codes_.size()))}; }
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t i = 0; i < codes_.size(); ++i) visit(candidate{i});
  }

  ticks cost(candidate x) const { return {network(x).flops}; }
  double accuracy(candidate x) const { return network(x).accuracy; }
  /// Of single trainings, as far as the table has them.
  const std::vector<double>& runs(candidate x) const { return network(x).runs; }

  bool precedes(candidate x, candidate y) const;

  /// Uniform over the networks of the table that differ in one digit of the canonical key; any network when there is none.
  candidate mutate(candidate x, random_source& random) const;

  std::string text(candidate x) const { return network(x).key; }
  /// Levels are digits; a stage of several layers adds the share of those that are there and the sum of their levels.
  coordinates coordinates_of(candidate x) const;
  /// Each digit of x or of y; x where the table has no such network.
  candidate cross(candidate x, candidate y, random_source& random) const;

  /// Takes any key of the table, canonical or not.
  candidate parse(std::string_view text) const;

 private:
  const tabular_network& network(candidate x) const { return benchmark_->networks[x.index]; }

  std::optional<candidate> find(std::string_view canonical) const;

  const tabular_benchmark* benchmark_;
  std::vector<detail::stage_order> stages_;
  std::vector<std::array<std::uint8_t, 8>> codes_;
};
static_assert(Domain<tabular_domain>);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/search/tabular.inl>
#endif
