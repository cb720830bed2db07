// A search over a space in one call, with a trainer of any kind: nothing is kept but the journal.
// Used where networks are trained elsewhere; program/search.hpp is the same with trainings of this library, and hands networks over.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>

#include <hasse/core/error.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/search/session.hpp>
#include <hasse/search/space_domain.hpp>

namespace hasse {

namespace detail {
/// The first argument of a search that is not what stands there.
enum class search_fault : std::uint8_t { none, begins, evaluator, book, device, trainer, samples, folder };

/// What is given at a place; void where nothing is.
template <std::size_t At, class... Given>
using given_at = std::tuple_element_t<At, std::tuple<Given..., void, void, void, void, void>>;

/// Of each kind of search by what it begins with: `fault` of the arguments. Headers with more searches specialise it.
template <class Space, class... Given>
struct search_arguments {
  static constexpr search_fault fault = search_fault::begins;
};
template <class Space, std::convertible_to<std::span<const ticks>> Costs, class... Given>
struct search_arguments<Space, Costs, Given...> {
  using trainer = given_at<0, Given...>;
  static constexpr search_fault fault = !std::is_lvalue_reference_v<trainer> || !Evaluator<std::remove_reference_t<trainer>, space_domain<Space>> ? search_fault::evaluator
                                        : !std::convertible_to<given_at<1, Given...>, journal*>                                                  ? search_fault::book
                                                                                                                                                 : search_fault::none;
};

template <search_fault Fault, class... Given>
consteval bool check_search() {
  static_assert(Fault != search_fault::begins, "hasse: search<Space>(...) begins with the costs of its parts in ticks, as part_prices<Space>(price) makes them, with a latency_table of the same space or with a price, the last two in hasse/program/search.hpp; something else stands there (the arguments are named in this message)");
  static_assert(Fault != search_fault::evaluator, "hasse: search<Space>(costs, trainer, journal, parts...) needs an Evaluator behind the costs, and something else stands there (the arguments are named in this message); give a variable of a type with evaluate(candidate, ordinal), which gives an outcome");
  static_assert(Fault != search_fault::book, "hasse: search<Space>(costs, trainer, journal, parts...) needs a journal behind the trainer, and something else stands there (the arguments are named in this message); give its address, or nullptr for none");
  static_assert(Fault != search_fault::device, "hasse: search<Space>(table, device, train, test, folder, parts...) needs the table's device behind it, and something else stands there (the arguments are named in this message); give a DevicePolicy or a NetworkTimer, such as on_cpu");
  static_assert(Fault != search_fault::trainer, "hasse: a search that hands networks over needs what trains them before the test samples, and something else stands there (the arguments are named in this message); train_on(backend, data, recipe) makes it");
  static_assert(Fault != search_fault::samples, "hasse: a search that hands networks over needs test samples of its task behind what trains them, and something else stands there (the arguments are named in this message); give the set that nothing was trained on");
  static_assert(Fault != search_fault::folder, "hasse: a search that hands networks over needs a run_folder behind the test samples, and something else stands there (the arguments are named in this message); give a variable, run_folder folder(path, settings)");
  return true;
}
}  // namespace detail

/// Where the arguments make no search, the first wrong one is said.
template <class Space, class... Given>
  requires(detail::search_arguments<Space, Given&&...>::fault != detail::search_fault::none)
auto search(Given&&...) {
  static_assert(detail::check_search<detail::search_arguments<Space, Given&&...>::fault, Given...>());
}

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
