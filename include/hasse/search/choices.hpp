// The parts of a search as values: how it proposes, by which order, when it stops. Each plays a role, so that a search takes them in
// any order and the rest default. Used by program/search.hpp; an own part is one more struct with a role: examples/12_own_policy.cpp.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/units.hpp>
#include <hasse/price/price.hpp>
#include <hasse/search/any_policy.hpp>
#include <hasse/search/model_guided_search.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/policy.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/regularised_evolution.hpp>
#include <hasse/search/space_domain.hpp>
#include <hasse/space/order.hpp>

namespace hasse {

/// What a part of a search is for.
namespace role {
struct proposing {};  ///< which candidate is trained next: a Proposer
struct stopping {};   ///< stop_rule
struct admitting {};  ///< price_window, or cost_window where milliseconds count
struct serving {};    ///< further_devices that the networks are for, too
struct finishing {};  ///< what the frontier's networks are trained by once more
struct naming {};     ///< how the space is called
struct handing {};    ///< what found networks are handed over as
struct watching {};   ///< progress_sink, or anything that can be one
}  // namespace role

/// How a search proposes, as a value: `on(domain, stop)` makes the Policy, `text()` says all that decides its sequence.
/// One that prunes by the order may have `excluding()`, the same for costs that contradict it; one that models merits `towards(best)`,
/// the same where the best possible merit is known.
template <class Type, class Space>
concept Proposer = Domain<Space> && requires(const Type& how, const Space& domain, const stop_rule& stop) {
  { how.on(domain, stop) } -> Policy<Space>;
  { how.text() } -> std::convertible_to<std::string>;
};

/// Partial Order Pruning.
struct pruning {
  using role = hasse::role::proposing;
  double margin = 0;     ///< prune only on differences in merit above this
  bool exclude = false;  ///< pairs that the costs contradict prune nothing
  std::uint64_t seed = 1;

  template <Domain Space>
  partial_order_pruning<Space> on(const Space& domain, const stop_rule& stop) const {
    return partial_order_pruning<Space>(domain, {.seed = seed, .margin = margin, .exclude = exclude, .stop = stop});
  }
  /// The same where the costs are not believed to keep the order.
  pruning excluding() const { return {.margin = margin, .exclude = true, .seed = seed}; }
  std::string text() const {
    return std::string("policy pop") + (exclude ? ", contradictions excluded" : "") + ", seed " + std::to_string(seed) + ", margin " + millionths_text(margin);
  }
};

/// Random search without replacement.
struct at_random {
  using role = hasse::role::proposing;
  std::uint64_t seed = 1;

  template <Domain Space>
  random_search<Space> on(const Space& domain, const stop_rule& stop) const {
    return random_search<Space>(domain, {.seed = seed, .stop = stop});
  }
  std::string text() const { return "policy random, seed " + std::to_string(seed); }
};

/// Regularised evolution over the frontier.
struct evolution {
  using role = hasse::role::proposing;
  std::size_t population = 50, tournament = 10;
  std::uint64_t seed = 1;

  template <Domain Space>
  regularised_evolution<Space> on(const Space& domain, const stop_rule& stop) const {
    return regularised_evolution<Space>(domain, {.seed = seed, .population = population, .tournament = tournament, .stop = stop});
  }
  std::string text() const {
    return "policy evolution, population " + std::to_string(population) + ", tournament " + std::to_string(tournament) + ", seed " + std::to_string(seed);
  }
};

/// Model-guided search: what is expected to add most to the frontier. The default of every search.
struct model_guided {
  using role = hasse::role::proposing;
  std::optional<double> best = {};  ///< the best merit that there can be, such as 1 for shares; a search of the library's trainings says it
  double own_noise = 1;             ///< as model_guided_options
  bool learns_noise = false, repeats = false;  ///< as model_guided_options
  std::size_t beginning = 10, candidates = 512, consider_all = 4096;
  double enough = 0;  ///< stops, like stop_rule, and decides nothing else: no part of text()
  double margin = 0;  ///< as of pruning, for what a report says that the order settles; decides nothing, either
  std::uint64_t seed = 1;

  template <Domain Space>
  model_guided_search<Space> on(const Space& domain, const stop_rule& stop) const {
    return model_guided_search<Space>(domain, {.seed = seed, .best = best, .own_noise = own_noise, .learns_noise = learns_noise, .repeats = repeats, .beginning = beginning, .candidates = candidates, .consider_all = consider_all, .enough = enough, .stop = stop});
  }
  /// The same for merits of which `known` is the best possible, unless another was given.
  model_guided towards(double known) const;
  std::string text() const;
};

/// What a whole network costs, in the unit of a search's price, and how far that may be off.
struct whole_price {
  double price = 0, noise = 0;
};
/// One more device that the networks of a search are for.
struct further_device {
  std::string name;
  std::vector<ticks> parts;  ///< what the parts of the space cost there, in the ticks of the search
  /// What whole networks cost there; empty: it cannot be asked. For searches that hand networks over.
  std::function<std::vector<whole_price>(const std::vector<layer_list>&)> of_wholes = {};
};
/// All of them besides the first, whose window counts: one set of trainings, and a frontier for each device.
struct further_devices {
  using role = hasse::role::serving;
  std::vector<further_device> all{};

  std::vector<std::vector<ticks>> parts() const {
    std::vector<std::vector<ticks>> costs;
    for (const further_device& each : all) costs.push_back(each.parts);
    return costs;
  }
  /// What the sequence of a search depends on.
  std::string text() const {
    std::string names;
    for (const further_device& each : all) names += ", also for " + each.name;
    return names;
  }
};

/// One of the proposers above, chosen at run time.
struct shipped_proposer {
  using role = hasse::role::proposing;
  std::variant<pruning, at_random, evolution, model_guided> one = model_guided{};

  template <Domain Space>
  any_policy<Space> on(const Space& domain, const stop_rule& stop) const {
    return std::visit([&](const auto& each) { return any_policy<Space>(each.on(domain, stop)); }, one);
  }
  shipped_proposer excluding() const;
  shipped_proposer towards(double known) const;
  std::string text() const {
    return std::visit([](const auto& each) { return each.text(); }, one);
  }
};

namespace detail {
/// By how much a network must be better so that what precedes the other counts as settled.
template <class Type>
double margin_of(const Type& proposer) {
  if constexpr (requires { { proposer.margin } -> std::convertible_to<double>; }) return proposer.margin;
  else return 0;
}
inline double margin_of(const shipped_proposer& proposer) {
  return std::visit([](const auto& each) { return margin_of(each); }, proposer.one);
}

template <class Type>
struct role_of {
  using type = void;
};
template <class Type>
  requires requires { typename Type::role; }
struct role_of<Type> {
  using type = typename Type::role;
};
template <>
struct role_of<stop_rule> {
  using type = role::stopping;
};
template <>
struct role_of<cost_window> {
  using type = role::admitting;
};
template <>
struct role_of<price_window> {
  using type = role::admitting;
};
template <std::invocable<const progress_event&> Type>
  requires(!requires { typename Type::role; })
struct role_of<Type> {
  using type = role::watching;
};
template <class Part>
struct role_of<std::optional<Part>> : role_of<Part> {};
template <class Role, class... Parts>
inline constexpr int players = (0 + ... + static_cast<int>(std::is_same_v<typename role_of<Parts>::type, Role>));

/// The part that plays the role; what is given first where none does.
template <class Role, class Default>
Default play(Default otherwise) {
  return otherwise;
}
template <class Role, class Default, class First, class... Rest>
auto play(Default otherwise, const First& first, const Rest&... rest) {
  if constexpr (std::is_same_v<typename role_of<First>::type, Role>)
    return first;
  else
    return play<Role>(std::move(otherwise), rest...);
}
/// A window as ticks of `scale`.
inline cost_window in_ticks(const cost_window& window, const price_scale& scale) {
  if (scale.unit != in_milliseconds)
    throw error("a latency_window was given to a search by " + std::string(scale.unit.name) + "; give price_window{least, most} in " + std::string(scale.unit.name));
  return window;
}
inline cost_window in_ticks(const price_window& window, const price_scale& scale) {
  if (!(window.least >= 0) || !(window.least <= window.most))
    throw error("a window from " + exact_text(window.least, 6) + " to " + exact_text(window.most, 6) + " was given; give the smaller number first, from 0 up");
  cost_window made;
  const double least = std::ceil(window.least / scale.per_tick - 1e-6), most = std::floor(window.most / scale.per_tick + 1e-6);
  if (least < 9e18) made.least = {static_cast<std::int64_t>(least)};
  if (least >= 9e18) made.least = made.most;
  if (most < 9e18) made.most = {static_cast<std::int64_t>(most)};
  return made;
}
/// The most that a window admits, where its unit is the price's.
inline double most_of(const price_window& window) { return window.most; }
inline double most_of(const cost_window&) { return std::numeric_limits<double>::infinity(); }

/// An order has no role of its own: it is what models OrderPolicy.
template <class Space, class Part>
inline constexpr bool is_order = OrderPolicy<Part, Space>;
template <class Space, class Default>
Default play_order(Default otherwise) {
  return otherwise;
}
template <class Space, class Default, class First, class... Rest>
auto play_order(Default otherwise, const First& first, const Rest&... rest) {
  if constexpr (is_order<Space, First>)
    return first;
  else
    return play_order<Space>(otherwise, rest...);
}
template <class... Parts>
using proposer_among = std::remove_cvref_t<decltype(play<role::proposing>(model_guided{}, std::declval<const Parts&>()...))>;
template <class Space, class... Parts>
using domain_by = space_domain<Space, std::remove_cvref_t<decltype(play_order<Space>(strict_order{}, std::declval<const Parts&>()...))>>;
template <class Space, class... Parts>
inline constexpr bool have_roles = (true && ... && (is_order<Space, Parts> || !std::is_void_v<typename role_of<Parts>::type>));
template <class Space, class... Parts>
inline constexpr bool play_once =
    players<role::proposing, Parts...> <= 1 && players<role::serving, Parts...> <= 1 && players<role::stopping, Parts...> <= 1 && players<role::admitting, Parts...> <= 1 && players<role::finishing, Parts...> <= 1 &&
    players<role::naming, Parts...> <= 1 && players<role::handing, Parts...> <= 1 && players<role::watching, Parts...> <= 1 && (0 + ... + static_cast<int>(is_order<Space, Parts>)) <= 1;

/// Whether they make a search. Where they do not, check_parts says why, and nothing else of the search is compiled: one fault, one sentence.
template <class Space, class... Parts>
constexpr bool are_parts() {
  if constexpr (!have_roles<Space, Parts...> || !play_once<Space, Parts...>)
    return false;
  else
    return Proposer<proposer_among<Parts...>, domain_by<Space, Parts...>>;
}
/// Of a proposer, then of what it makes, so that a compiler names the member that is missing there.
template <class How, class Space>
consteval bool check_proposer() {
  constexpr bool proposes = requires(const How& how, const Space& domain, const stop_rule& stop) {
    how.on(domain, stop);
    { how.text() } -> std::convertible_to<std::string>;
  };
  static_assert(proposes, "hasse: a part with the role proposing needs on(domain, stop), which makes a Policy, and text(), both const; the smallest one is at_random");
  if constexpr (proposes)
    static_assert(Policy<decltype(std::declval<const How&>().on(std::declval<const Space&>(), std::declval<const stop_rule&>())), Space>,
                  "hasse: what on(domain, stop) of a proposer makes is no Policy; derive it from policy_on_ledger, and give it ask(), which gives std::optional<candidate>");
  return true;
}
template <class Space, class... Parts>
consteval bool check_parts() {
  static_assert(have_roles<Space, Parts...>,
                "hasse: a part of a search has no role; give a proposer (pruning, at_random, evolution, model_guided, your own), a price_window, a stop_rule, an "
                "order of the space, further_devices, finishing, a space_name, handing_over or a progress_sink");
  static_assert(play_once<Space, Parts...>, "hasse: two parts of a search play one role; give each role at most once");
  if constexpr (have_roles<Space, Parts...> && play_once<Space, Parts...>) return check_proposer<proposer_among<Parts...>, domain_by<Space, Parts...>>();
  return true;
}
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/search/choices.inl>
#endif
