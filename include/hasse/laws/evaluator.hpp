// The laws of the concept Evaluator, for whoever claims it: a test of your own evaluator is one call.
// Used by tests; nothing that searches includes it.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/search/session.hpp>

namespace hasse {

/// "" when what `make()` makes keeps the laws of the concept Evaluator, else a sentence about the first that it breaks. `make` gives a
/// fresh evaluator each time, as after a kill, without what those before kept. It evaluates `trials` candidates three times each.
template <Domain Space, class Make>
  requires Evaluator<std::invoke_result_t<Make&>, Space>
std::string broken_law(Make make, const Space& domain, int trials = 3, std::uint64_t seed = 1) {
  using evaluator = std::invoke_result_t<Make&>;
  random_source random(seed);
  std::vector<typename Space::candidate> tried;
  for (int i = 0; i < trials; ++i) tried.push_back(domain.sample(random));
  evaluator first = make(), second = make();
  if constexpr (requires { { first.configuration() } -> std::convertible_to<std::string>; })
    if (std::string(first.configuration()).empty() || std::string(first.configuration()) != std::string(second.configuration()))
      return "configuration: it is empty, or two that were made alike say different things; say all that outcomes depend on";
  std::vector<outcome> found;
  for (std::size_t i = 0; i < tried.size(); ++i) {
    found.push_back(first.evaluate(tried[i], i));
    const outcome& result = found.back();
    const std::string who = domain.text(tried[i]);
    if (result.merit && !std::isfinite(*result.merit)) return "merit: that of " + who + " is no finite number; return an outcome without merit for a training that diverged";
    for (const char letter : result.note)
      if (letter == '\n') return "note: that of " + who + " has several lines; give one, for a line of the journal";
    if (!(first.evaluate(tried[i], i) == result)) return "evaluate: " + who + " has another outcome when it is evaluated again; after a kill the same is asked once more";
  }
  for (std::size_t i = tried.size(); i-- > 0;)  // in another order
    if (!(second.evaluate(tried[i], i) == found[i]))
      return "evaluate: the outcome of " + domain.text(tried[i]) + " depends on what was evaluated before; let the candidate and its ordinal decide";
  return "";
}

}  // namespace hasse
