// A small space of depth and width codes with the strict order of the paper, for tests of the policies: every member is listed,
// its latency and accuracy are synthetic and rise along the order, and a test may bend the accuracies.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/search/domain.hpp>

namespace test {

/// Three stages with at least one block each; digits are widths 1 to 3, which never decrease from block to block.
class code_domain {
 public:
  using code = std::array<std::string, 3>;
  struct candidate {
    int index = 0;
    friend bool operator==(const candidate&, const candidate&) = default;
  };

  /// Latency and accuracy depend on `seed`; only codes within the window are members.
  explicit code_domain(std::uint64_t seed = 1, hasse::latency_window window = {}) {
    std::vector<code> all;
    const std::vector<std::string> first = stages(3), last = stages(2);
    for (const auto& a : first)
      for (const auto& b : first)
        for (const auto& c : last)
          if (a.back() <= b.front() && b.back() <= c.front()) all.push_back({a, b, c});
    hasse::random_source random(seed);
    std::array<double, 3> time{}, skill{};
    for (double& weight : time) weight = 0.5 + random.uniform();
    for (double& weight : skill) weight = 0.5 + random.uniform();
    for (const code& x : all) {
      double cost = 5, sum = 0;
      for (std::size_t s = 0; s < 3; ++s) {
        double volume = 0;
        for (const char digit : x[s]) cost += time[s] * (digit - '0') * (digit - '0'), volume += digit - '0';
        sum += skill[s] * std::log1p(volume);
      }
      const hasse::ticks latency{static_cast<std::int64_t>(cost * 10)};
      if (!window.contains(latency)) continue;
      codes.push_back(x), latencies.push_back(latency), accuracies.push_back(20 * sum);
    }
    above_.resize(codes.size() * codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
      for (std::size_t j = 0; j < codes.size(); ++j) above_[i * codes.size() + j] = strictly_fits(codes[i], codes[j]);
  }

  hasse::count_type size() const { return codes.size(); }
  candidate sample(hasse::random_source& random) const { return {static_cast<int>(random.below(codes.size()))}; }
  template <class Visit>
  void for_each(Visit visit) const {
    for (int i = 0; i < static_cast<int>(codes.size()); ++i) visit(candidate{i});
  }
  hasse::ticks cost(candidate x) const { return latencies[at(x)]; }
  double accuracy(candidate x) const { return accuracies[at(x)]; }
  bool precedes(candidate x, candidate y) const { return above_[at(x) * codes.size() + at(y)]; }
  /// The next or the previous member of the list.
  candidate mutate(candidate x, hasse::random_source& random) const {
    const int count = static_cast<int>(codes.size());
    return {(x.index + (random.below(2) ? 1 : count - 1)) % count};
  }
  std::string text(candidate x) const { return codes[at(x)][0] + "|" + codes[at(x)][1] + "|" + codes[at(x)][2]; }
  candidate parse(std::string_view wanted) const {
    for (int i = 0; i < static_cast<int>(codes.size()); ++i)
      if (text({i}) == wanted) return {i};
    throw hasse::error("the code " + std::string(wanted) + " is not admissible");
  }

  std::vector<code> codes;
  std::vector<hasse::ticks> latencies;
  std::vector<double> accuracies;

 protected:
  static std::size_t at(candidate x) { return static_cast<std::size_t>(x.index); }

 private:
  static std::vector<std::string> stages(std::size_t depth) {
    std::vector<std::string> all, last{""};
    for (std::size_t d = 0; d < depth; ++d) {
      std::vector<std::string> longer;
      for (const auto& start : last)
        for (char digit = start.empty() ? '1' : start.back(); digit <= '3'; ++digit) longer.push_back(start + digit);
      all.insert(all.end(), longer.begin(), longer.end());
      last = longer;
    }
    return all;
  }

  // Right-aligned comparison; additional leading blocks are at least as wide as the first one.
  static bool strictly_fits(const code& x, const code& y) {
    for (std::size_t s = 0; s < 3; ++s) {
      if (x[s].size() > y[s].size()) return false;
      const std::size_t more = y[s].size() - x[s].size();
      for (std::size_t j = 0; j < y[s].size(); ++j)
        if (x[s][j > more ? j - more : 0] > y[s][j]) return false;
    }
    return true;
  }

  std::vector<char> above_;
};
static_assert(hasse::Domain<code_domain>);

/// The same networks on a second device, where other stages are slow.
struct two_devices : code_domain {
  using code_domain::code_domain;
  std::vector<hasse::ticks> costs_elsewhere(candidate x) const {
    const auto& stages = codes[at(x)];
    std::int64_t cost = 10;
    for (const auto& stage : stages)
      for (const char digit : stage) cost += (&stage == &stages[2] ? 9 : 2) * (digit - '0');
    return {{cost}};
  }
};
static_assert(hasse::CostsElsewhere<two_devices>);

/// Asks and tells the domain's accuracies, at most `limit` times.
template <class Search>
void drive(Search& policy, const code_domain& domain, std::size_t limit = SIZE_MAX) {
  for (; limit > 0; --limit) {
    const auto x = policy.ask();
    if (!x) return;
    policy.tell(*x, {domain.accuracy(*x)});
  }
}

template <class Search>
std::vector<std::string> texts(const Search& policy, const code_domain& domain) {
  std::vector<std::string> all;
  for (const auto& t : policy.done()) all.push_back(domain.text(t.candidate));
  return all;
}

}  // namespace test
