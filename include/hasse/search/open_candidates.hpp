// The candidates that may still be asked for, in a random order that the seed fixes once and for all.
// Used by the policies of search, through their ledger. Skipping members of a random order leaves the rest in random order, so the next one is
// always uniform over what is left; and two policies with one seed see the same order, which makes them comparable seed by seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/search/domain.hpp>

namespace hasse {

template <Domain Space>
class open_candidates {
 public:
  using candidate = typename Space::candidate;
  struct entry {
    candidate value{};
    ticks cost{};
  };
  /// Draws in a row that were pruned or known before a set that is not listed counts as empty: by the rule of three, less than
  /// 3 in 100 000 of it lives then, with 95 % confidence.
  static constexpr std::size_t most_rejections = 100'000;

  open_candidates(const Space& domain, std::uint64_t seed, std::size_t list_up_to)
      : domain_(&domain), random_(derive(seed, 0x6f70656e)), listed_(static_cast<count_type>(domain.size()) <= list_up_to) {
    if (!listed_) return;
    list_.reserve(static_cast<std::size_t>(domain.size()));
    domain.for_each([&](const candidate& x) { list_.push_back({x, domain.cost(x)}); });
    shuffle(list_.begin(), list_.end(), random_);
  }

  bool listed() const { return listed_; }
  /// Listed ones that are neither closed nor dropped; those under way are among them.
  std::size_t living() const { return list_.size() - head_; }
  bool taken(const candidate& x) const { return marks_.contains(domain_->text(x)); }
  bool told(const candidate& x) const {
    const auto found = marks_.find(domain_->text(x));
    return found != marks_.end() && found->second.told;
  }

  /// The first open candidate, now under way. `pruned(x)` is asked of sets that are not listed; `drop_if` does it for listed ones.
  template <class Predicate>
  std::optional<candidate> next(Predicate pruned) {
    if (listed_) {
      for (std::size_t i = head_; i < list_.size(); ++i)
        if (take(list_[i].value)) return list_[i].value;
      return std::nullopt;
    }
    while (!returned_.empty()) {
      const auto [position, x] = *returned_.begin();
      returned_.erase(returned_.begin());
      if (!pruned(x) && take(x, position)) return x;
    }
    while (rejections_ < most_rejections) {
      const candidate x = domain_->sample(random_);
      const std::uint64_t position = ++draws_;
      const auto found = marks_.find(domain_->text(x));
      if (found != marks_.end() && !found->second.position) {
        found->second.position = position, rejections_ = 0;  // it was asked for here before a restart
      } else if (found != marks_.end() || pruned(x)) {
        ++rejections_;
      } else {
        take(x, position);
        rejections_ = 0;
        return x;
      }
    }
    return std::nullopt;
  }

  /// Puts x under way; false when it is so already or has been told.
  bool take(const candidate& x, std::optional<std::uint64_t> position = {}) {
    return marks_.try_emplace(domain_->text(x), mark{false, position}).second;
  }

  /// x is no longer under way and may be asked for again, at its old place in the order.
  void put_back(const candidate& x) {
    const auto found = marks_.find(domain_->text(x));
    if (found == marks_.end() || found->second.told) throw error("the candidate " + domain_->text(x) + " is not under way; release only what was asked for");
    if (found->second.position) returned_.emplace(*found->second.position, x);
    marks_.erase(found);
  }

  /// x has been told. False when x was not in the list (any more).
  bool close(const candidate& x) {
    mark& known = marks_[domain_->text(x)];
    if (known.told) throw error("the candidate " + domain_->text(x) + " has been told before; tell each candidate once");
    known.told = true;
    const auto found = std::find_if(list_.begin() + static_cast<std::ptrdiff_t>(head_), list_.end(), [&](const entry& e) { return e.value == x; });
    if (found == list_.end()) return false;
    if (found == list_.begin() + static_cast<std::ptrdiff_t>(head_)) ++head_;
    else list_.erase(found);
    return true;
  }

  /// Drops listed candidates for good and keeps the order of the rest.
  template <class Predicate>
  void drop_if(Predicate pruned) {
    list_.erase(std::remove_if(list_.begin() + static_cast<std::ptrdiff_t>(head_), list_.end(), pruned), list_.end());
  }

 private:
  struct mark {
    bool told = false;
    std::optional<std::uint64_t> position;  // the draw that gave it, for sets that are not listed
  };
  const Space* domain_;
  random_source random_;
  bool listed_;
  std::vector<entry> list_;
  std::size_t head_ = 0, rejections_ = 0;
  std::uint64_t draws_ = 0;
  std::map<std::uint64_t, candidate> returned_;
  std::unordered_map<std::string, mark> marks_;
};

}  // namespace hasse
