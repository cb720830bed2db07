// The bodies of search/tabular.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <hasse/search/tabular.hpp>

namespace hasse {

HASSE_BODY hypervolume_reference tabular_benchmark::reference() const {
  std::vector<double> accuracy;
  std::int64_t most = 0;
  for (const tabular_network& n : networks) accuracy.push_back(n.accuracy), most = std::max(most, n.flops);
  std::sort(accuracy.begin(), accuracy.end());
  const std::size_t middle = accuracy.size() / 2;
  return {ticks{most}, accuracy.size() % 2 ? accuracy[middle] : (accuracy[middle - 1] + accuracy[middle]) / 2};
}

namespace detail {

HASSE_BODY bool fits(const table_format& format, std::string_view key) {
  int layers = 0;
  for (const int count : format.stages) layers += count;
  return key.size() == static_cast<std::size_t>(layers) &&
         std::all_of(key.begin(), key.end(), [&](char digit) { return format.least <= digit && digit <= format.most; });
}

HASSE_BODY std::string canonical_key(const table_format& format, std::string key) {
  if (!format.absent) return key;
  auto first = key.begin();
  for (const int count : format.stages) {
    std::stable_partition(first + 1, first + count, [](char digit) { return digit != '0'; });
    first += count;
  }
  return key;
}

}  // namespace detail

HASSE_BODY tabular_benchmark parse_benchmark(std::string_view text, const std::string& path) {
  const json table = parse_json(text, path, {.bytes = std::uintmax_t{64} << 20, .depth = 4, .values = std::size_t{1} << 20});
  const auto foreign = [&](const std::string& problem) {
    return file_error(path, problem, "give the JSON file of NAS-Bench-Macro or Channel-Bench-Macro");
  };
  if (!table.is_object() || table.empty()) throw foreign("is not a table of networks");
  tabular_benchmark result;
  for (const table_format& format : table_formats())
    if (detail::fits(format, table.items().begin()->first)) result.format = &format;
  if (!result.format) throw foreign("has the key " + detail::in_quotes(table.items().begin()->first) + ", which no known table uses");

  const table_format& format = *result.format;
  std::unordered_map<std::string, std::size_t> known;
  for (const auto& [key, row] : table.items()) {
    if (!detail::fits(format, key)) throw foreign("has the key " + detail::in_quotes(key) + ", which is not one of " + std::string(format.name));
    const std::string place = "network " + key;
    tabular_network network{.key = detail::canonical_key(format, key),
                            .flops = require<std::int64_t>(row, "flops", path, place),
                            .accuracy = require<double>(row, std::string(format.accuracy), path, place),
                            .parameters = row.contains("params") ? require<double>(row, "params", path, place) : 0};
    if (row.contains(format.runs))
      for (const json& run : require_array(row, std::string(format.runs), path, place, 16)) {
        if (!run.is_number()) throw foreign(place + " has a run whose accuracy is no number");
        network.runs.push_back(run.get<double>());
      }
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

namespace detail {

HASSE_BODY std::vector<std::string> moves_up(const table_format& format, std::size_t room, tabular_order order, const std::string& layers) {
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

HASSE_BODY stage_order::stage_order(const table_format& format, std::size_t room, tabular_order order) {
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

}  // namespace detail

HASSE_BODY tabular_domain::tabular_domain(const tabular_benchmark& benchmark, tabular_order order) : benchmark_(&benchmark) {
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

HASSE_BODY bool tabular_domain::precedes(candidate x, candidate y) const {
  const auto &from = codes_[x.index], &to = codes_[y.index];
  for (std::size_t s = 0; s < stages_.size(); ++s)
    if (!(stages_[s].rows[from[s]] >> to[s] & 1u)) return false;
  return true;
}

HASSE_BODY tabular_domain::candidate tabular_domain::mutate(candidate x, random_source& random) const {
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

HASSE_BODY coordinates tabular_domain::coordinates_of(candidate x) const {
  const table_format& format = *benchmark_->format;
  coordinates place;
  const double most = format.most - format.least;
  for (const char digit : network(x).key) place.levels.push_back((digit - format.least) / most);
  auto first = place.levels.begin();
  for (const int room : format.stages) {
    if (const auto last = first + room; room > 1) {
      place.counts.push_back(static_cast<double>(std::count_if(first, last, [](double level) { return level > 0; })) / room);
      place.counts.push_back(std::accumulate(first, last, 0.0) / room);
    }
    first += room;
  }
  if (network(x).parameters > 0) place.sizes.push_back(network(x).parameters);
  return place;
}

HASSE_BODY tabular_domain::candidate tabular_domain::cross(candidate x, candidate y, random_source& random) const {
  std::string child = network(x).key;
  for (std::size_t i = 0; i < child.size(); ++i)
    if (random.below(2)) child[i] = network(y).key[i];
  return find(detail::canonical_key(*benchmark_->format, std::move(child))).value_or(x);
}

HASSE_BODY tabular_domain::candidate tabular_domain::parse(std::string_view text) const {
  if (detail::fits(*benchmark_->format, text))
    if (const auto found = find(detail::canonical_key(*benchmark_->format, std::string(text)))) return *found;
  throw error("the network " + detail::in_quotes(text) + " is not in the table; give one of its keys, such as " + benchmark_->networks[0].key);
}

HASSE_BODY std::optional<tabular_domain::candidate> tabular_domain::find(std::string_view canonical) const {
  const auto& all = benchmark_->networks;
  const auto found = std::lower_bound(all.begin(), all.end(), canonical, [](const tabular_network& n, std::string_view key) { return n.key < key; });
  if (found == all.end() || found->key != canonical) return std::nullopt;
  return candidate{static_cast<std::uint32_t>(found - all.begin())};
}

}  // namespace hasse
