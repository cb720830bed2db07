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

#include <hasse/core/error.hpp>
#include <hasse/file/json.hpp>
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
};

struct tabular_benchmark {
  const table_format* format = nullptr;
  std::vector<tabular_network> networks;  ///< distinct ones, sorted by key
  std::size_t keys = 0;                   ///< in the file

  /// Largest FLOPs and median accuracy (of an even number: the mean of the middle two), over distinct networks.
  hypervolume_reference reference() const {
    std::vector<double> accuracy;
    std::int64_t most = 0;
    for (const tabular_network& n : networks) accuracy.push_back(n.accuracy), most = std::max(most, n.flops);
    std::sort(accuracy.begin(), accuracy.end());
    const std::size_t middle = accuracy.size() / 2;
    return {ticks{most}, accuracy.size() % 2 ? accuracy[middle] : (accuracy[middle - 1] + accuracy[middle]) / 2};
  }
};

namespace detail {
inline bool fits(const table_format& format, std::string_view key) {
  int layers = 0;
  for (const int count : format.stages) layers += count;
  return key.size() == static_cast<std::size_t>(layers) &&
         std::all_of(key.begin(), key.end(), [&](char digit) { return format.least <= digit && digit <= format.most; });
}

/// Moves absent layers to the end of their stage: ..01.. and ..10.. are one network.
inline std::string canonical_key(const table_format& format, std::string key) {
  if (!format.absent) return key;
  auto first = key.begin();
  for (const int count : format.stages) {
    std::stable_partition(first + 1, first + count, [](char digit) { return digit != '0'; });
    first += count;
  }
  return key;
}
}  // namespace detail

/// Reads a table; the format is recognised by its keys. Networks under several keys must have the same result under each.
/// `path` is only named in errors.
inline tabular_benchmark parse_benchmark(std::string_view text, const std::string& path) {
  const json table = parse_json(text, path, {.bytes = std::uintmax_t{64} << 20, .depth = 4, .values = std::size_t{1} << 20});
  const auto foreign = [&](const std::string& problem) {
    return file_error(path, problem, "give the JSON file of NAS-Bench-Macro or Channel-Bench-Macro");
  };
  if (!table.is_object() || table.empty()) throw foreign("is not a table of networks");
  tabular_benchmark result;
  for (const table_format& format : table_formats())
    if (detail::fits(format, table.begin().key())) result.format = &format;
  if (!result.format) throw foreign("has the key " + detail::in_quotes(table.begin().key()) + ", which no known table uses");

  const table_format& format = *result.format;
  std::unordered_map<std::string, std::size_t> known;
  for (const auto& [key, row] : table.items()) {
    if (!detail::fits(format, key)) throw foreign("has the key " + detail::in_quotes(key) + ", which is not one of " + std::string(format.name));
    const std::string place = "network " + key;
    tabular_network network{.key = detail::canonical_key(format, key),
                            .flops = require<std::int64_t>(row, "flops", path, place),
                            .accuracy = require<double>(row, std::string(format.accuracy), path, place)};
    if (network.flops <= 0) throw foreign(place + " has " + std::to_string(network.flops) + " FLOPs");
    if (!(network.accuracy >= 0 && network.accuracy <= 100)) throw foreign(place + " has an accuracy outside 0 to 100 percent");
    const auto [found, fresh] = known.try_emplace(network.key, result.networks.size());
    if (fresh) {
      result.networks.push_back(std::move(network));
    } else if (const tabular_network& same = result.networks[found->second]; same.flops != network.flops || same.accuracy != network.accuracy) {
      throw foreign(place + " is the network " + network.key + " but has another result");
    }
    ++result.keys;
  }
  std::sort(result.networks.begin(), result.networks.end(), [](const auto& one, const auto& other) { return one.key < other.key; });
  return result;
}

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
inline std::vector<std::string> moves_up(const table_format& format, std::size_t room, tabular_order order, const std::string& layers) {
  std::vector<std::string> above;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] < format.most) above.push_back(layers), ++above.back()[i];
  if (!format.absent || layers.size() == room) return above;
  const auto insert = [&](std::size_t at, char digit) { above.push_back(layers), above.back().insert(at, 1, digit); };
  switch (order) {
    case tabular_order::product: insert(layers.size(), '1'); break;
    case tabular_order::strict:
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (layers[i] != '0') insert(i + 1, layers[i]);
      break;
    case tabular_order::embedding:
      for (std::size_t i = 1; i <= layers.size(); ++i)
        for (char digit = '1'; digit <= format.most; ++digit) insert(i, digit);
  }
  return above;
}

/// The order of one stage, over all its keys: bit j of row i says whether key i precedes key j.
struct stage_order {
  std::vector<std::string> keys;
  std::array<std::uint32_t, 32> rows{};

  stage_order(const table_format& format, std::size_t room, tabular_order order) {
    std::string key(room, format.least);
    do {
      if (std::size_t end = std::min(key.find('0', 1), room); !format.absent || key.find_first_not_of('0', end) == key.npos) keys.push_back(key);
      std::size_t i = room;
      while (i > 0 && key[i - 1] == format.most) key[--i] = format.least;
      if (i > 0) ++key[i - 1];
      else break;
    } while (true);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      rows[i] |= 1u << i;
      std::string layers = keys[i];
      while (format.absent && layers.size() > 1 && layers.back() == '0') layers.pop_back();
      for (std::string above : moves_up(format, room, order, layers)) {
        above.resize(room, '0');
        rows[i] |= 1u << code(above);
      }
    }
    for (std::size_t through = 0; through < keys.size(); ++through)
      for (std::size_t i = 0; i < keys.size(); ++i)
        if (rows[i] >> through & 1u) rows[i] |= rows[through];
  }

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

  explicit tabular_domain(const tabular_benchmark& benchmark, tabular_order order = tabular_order::strict) : benchmark_(&benchmark) {
    for (const int room : benchmark.format->stages) stages_.emplace_back(*benchmark.format, static_cast<std::size_t>(room), order);
    codes_.resize(benchmark.networks.size());
    for (std::size_t n = 0; n < codes_.size(); ++n) {
      std::string_view key = benchmark.networks[n].key;
      for (std::size_t s = 0; s < stages_.size(); ++s) {
        const std::size_t room = stages_[s].keys[0].size();
        codes_[n][s] = static_cast<std::uint8_t>(stages_[s].code(key.substr(0, room)));
        key.remove_prefix(room);
      }
    }
  }

  count_type size() const { return codes_.size(); }
  candidate sample(random_source& random) const { return {static_cast<std::uint32_t>(random.below(codes_.size()))}; }
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t i = 0; i < codes_.size(); ++i) visit(candidate{i});
  }

  ticks latency(candidate x) const { return {network(x).flops}; }
  double accuracy(candidate x) const { return network(x).accuracy; }

  bool precedes(candidate x, candidate y) const {
    const auto &from = codes_[x.index], &to = codes_[y.index];
    for (std::size_t s = 0; s < stages_.size(); ++s)
      if (!(stages_[s].rows[from[s]] >> to[s] & 1u)) return false;
    return true;
  }

  /// Uniform over the networks of the table that differ in one digit of the canonical key; any network when there is none.
  candidate mutate(candidate x, random_source& random) const {
    std::vector<std::uint32_t> near;
    const std::string& key = network(x).key;
    for (std::size_t i = 0; i < key.size(); ++i)
      for (char digit = benchmark_->format->least; digit <= benchmark_->format->most; ++digit) {
        std::string other = key;
        other[i] = digit;
        if (const auto found = find(detail::canonical_key(*benchmark_->format, std::move(other))); found && *found != x) near.push_back(found->index);
      }
    std::sort(near.begin(), near.end());
    near.erase(std::unique(near.begin(), near.end()), near.end());
    return near.empty() ? sample(random) : candidate{near[static_cast<std::size_t>(random.below(near.size()))]};
  }

  std::string text(candidate x) const { return network(x).key; }
  /// Takes any key of the table, canonical or not.
  candidate parse(std::string_view text) const {
    if (detail::fits(*benchmark_->format, text))
      if (const auto found = find(detail::canonical_key(*benchmark_->format, std::string(text)))) return *found;
    throw error("the network " + detail::in_quotes(text) + " is not in the table; give one of its keys, such as " + benchmark_->networks[0].key);
  }

 private:
  const tabular_network& network(candidate x) const { return benchmark_->networks[x.index]; }

  std::optional<candidate> find(std::string_view canonical) const {
    const auto& all = benchmark_->networks;
    const auto found = std::lower_bound(all.begin(), all.end(), canonical, [](const tabular_network& n, std::string_view key) { return n.key < key; });
    if (found == all.end() || found->key != canonical) return std::nullopt;
    return candidate{static_cast<std::uint32_t>(found - all.begin())};
  }

  const tabular_benchmark* benchmark_;
  std::vector<detail::stage_order> stages_;
  std::vector<std::array<std::uint8_t, 8>> codes_;
};
static_assert(Domain<tabular_domain>);

}  // namespace hasse
