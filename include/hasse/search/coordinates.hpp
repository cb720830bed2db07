// Where a candidate lies in the order: the axes along which networks vary smoothly, for policies that learn from what was trained.
// Used by model_guided_search. A domain of your own may offer coordinates(x); without, they come from its order.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/search/domain.hpp>

namespace hasse {

/// Equally many numbers for every candidate of a domain.
struct coordinates {
  std::vector<double> levels = {};  ///< of every layer, 0 (absent or least) to 1 (largest)
  std::vector<double> counts = {};  ///< what adds layers up, such as the share of a stage's layers that are there; 0 to 1
  std::vector<double> sizes = {};   ///< positive, of any unit, such as parameters; the cost need not be among them
  friend bool operator==(const coordinates&, const coordinates&) = default;
};

/// What a domain may offer so that a model sees more of a candidate than the order says.
template <class Type>
concept HasCoordinates = HasCandidate<Type> && requires(const Type& domain, const typename Type::candidate& x) {
  { domain.coordinates_of(x) } -> std::same_as<coordinates>;
};

/// What a domain may offer so that two good candidates have children: each layer of x or of y, or x where the set has no such member.
template <class Type>
concept CrossesCandidates = HasCandidate<Type> && requires(const Type& domain, const typename Type::candidate& x, random_source& random) {
  { domain.cross(x, x, random) } -> std::same_as<typename Type::candidate>;
};

/// Coordinates in any domain: its own, or, of a uniform sample of landmarks, how many precede x and how many x precedes.
template <Domain Space>
class coordinate_system {
 public:
  using candidate = typename Space::candidate;
  static constexpr std::size_t landmarks = 256;

  /// `domain` must outlive it.
  explicit coordinate_system(const Space& domain) : domain_(&domain) {
    if constexpr (!HasCoordinates<Space>) {
      random_source random(landmarks);
      for (std::size_t i = 0; i < landmarks; ++i) landmarks_.push_back(domain.sample(random));
    }
  }

  coordinates operator()(const candidate& x) const {
    if constexpr (HasCoordinates<Space>) {
      return domain_->coordinates_of(x);
    } else {
      const auto share = [&](auto holds) { return static_cast<double>(std::count_if(landmarks_.begin(), landmarks_.end(), holds)) / static_cast<double>(landmarks); };
      return {.levels = {share([&](const candidate& y) { return domain_->precedes(y, x); }), 1 - share([&](const candidate& y) { return domain_->precedes(x, y); })}};
    }
  }

 private:
  const Space* domain_;
  std::vector<candidate> landmarks_;
};

}  // namespace hasse
