// A search over a space in one call, with a trainer of any kind: nothing is kept but the journal.
// Used where networks are trained elsewhere; program/search.hpp is the same with trainings of this library, and hands networks over.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include <hasse/core/error.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/search/session.hpp>
#include <hasse/search/space_domain.hpp>

namespace hasse {

/// Searches `Space`, whose parts cost that many ticks, with any Evaluator: latencies of a table, or part_prices of any price. `book` (null: none) keeps what was trained, so that a killed
/// search goes on with the same remaining sequence. `parts`, in any order, each at most once: a proposer (default: model_guided{}), a
/// cost_window in those ticks, a stop_rule, an order of the space (default: strict), further_devices, a progress_sink.
template <class Space, class Trainer, class... Parts>
  requires Evaluator<Trainer, space_domain<Space>>
search_result<architecture<Space>> search(std::span<const ticks> costs, Trainer& trainer, journal* book, const Parts&... parts) {
  static_assert(detail::check_parts<Space, Parts...>());
  static_assert(detail::players<role::finishing, Parts...> + detail::players<role::naming, Parts...> + detail::players<role::handing, Parts...> == 0,
                "hasse: finishing, space_name or handing_over were given to a search that hands no networks over; leave them out, or use program/search.hpp");
  if constexpr (!detail::are_parts<Space, Parts...>()) {
    return {};
  } else {
    const auto order = detail::play_order<Space>(strict_order{}, parts...);
    const auto proposer = detail::play<role::proposing>(model_guided{}, parts...);
    const auto further = detail::play<role::serving>(further_devices{}, parts...);
    const space_domain<Space, std::remove_cvref_t<decltype(order)>> domain(costs, detail::play<role::admitting>(cost_window{}, parts...), order, {}, further.parts());
    if (domain.size() == 0) throw error("no architecture of this space costs what the window admits; widen the window");
    std::string configuration = proposer.text() + ", order " + std::string(order.name) + further.text();
    if constexpr (requires { { trainer.configuration() } -> std::convertible_to<std::string>; })
      configuration += ", " + std::string(trainer.configuration());
    auto policy = proposer.on(domain, detail::play<role::stopping>(stop_rule{}, parts...));
    return run_search(domain, policy, trainer, book,
                      {.configuration = configuration, .progress = detail::play<role::watching>(progress_sink{}, parts...)});
  }
}

}  // namespace hasse
