// ask/tell as lines of JSON, so that any engine or trainer, in any language, drives the same space with the same policies.
// Used by programs; the other side reads and writes one object per line.
#pragma once

#include <algorithm>
#include <istream>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/price/price.hpp>
#include <hasse/search/policy.hpp>

namespace hasse {

namespace detail {
/// Exact up to 2^64; above, the nearest number that JSON readers know.
inline json json_of(count_type count) { return count <= UINT64_MAX ? json(static_cast<std::uint64_t>(count)) : json(static_cast<double>(count)); }

/// What a candidate costs, as lines say it: a latency in milliseconds and ticks, else in the unit of the domain's price.
template <class Space>
void add_cost(json& line, const Space& domain, ticks cost, bool with_ticks) {
  price_scale scale;
  if constexpr (requires { domain.scale(); }) scale = domain.scale();
  const bool is_latency = scale.unit == in_milliseconds;
  line[is_latency ? "latency_ms" : "cost"] = scale.of(cost);
  if (!is_latency) line["unit"] = scale.unit.name;
  if (with_ticks) line[is_latency ? "latency_ticks" : "cost_ticks"] = cost.count;
}
}  // namespace detail

/// Speaks on `out` and `in` until the search ends or `in` does, keeping up to `parallel` candidates under way:
///   out {"ask": text, "latency_ms": number, "latency_ticks": integer}       train this
///   in  {"tell": text, "accuracy": number or null}                          null: diverged; candidates never asked for are welcome
///   in  {"release": text}                                                   will not be trained now; may be asked again
///   out {"cancel": text}                                                    under way, but pruned meanwhile; it counts as released
///   out {"error": sentence}                                                 the last line changed nothing
///   out {"end": reason, "trained": n, "pruned": n or null, "frontier": [{"candidate", "latency_ms", "accuracy"}, ...]}
/// Where the price of the domain is no latency, "cost", "unit" and "cost_ticks" stand for "latency_ms" and "latency_ticks"; where
/// `metric` is no accuracy, "merit" stands for it: larger is better.
template <Domain Space, Policy<Space> Search>
void exchange(const Space& domain, Search& policy, std::istream& in, std::ostream& out, std::size_t parallel = 1,
              std::string_view metric = "accuracy") {
  using candidate = typename Space::candidate;
  constexpr std::size_t longest_line = std::size_t{1} << 16;
  const std::string merit = metric == "accuracy" ? "accuracy" : "merit";
  std::vector<candidate> under_way;
  const auto say = [&](const json& line) { out << json_text(line) << '\n' << std::flush; };
  const auto forget = [&](const candidate& x) { return std::erase(under_way, x) > 0; };

  const auto hear = [&](const std::string& line) {
    const json message = parse_json(line, "the line", {.bytes = longest_line, .depth = 4, .values = 64});
    if (message.is_object() && message.contains("release")) {
      allow_only(message, {"release"}, "the line");
      const candidate x = domain.parse(require<std::string>(message, "release", "the line"));
      policy.release(x);
      forget(x);
      return;
    }
    if (!message.is_object() || !message.contains("tell") || !message.contains(merit))
      throw error("the line says neither tell nor release; send {\"tell\": candidate, \"" + merit + "\": number or null}");
    allow_only(message, {"tell", merit}, "the line");
    const candidate x = domain.parse(require<std::string>(message, "tell", "the line"));
    policy.tell(x, {maybe<double>(message, merit, "the line")});
    forget(x);
    for (const candidate& other : std::vector(under_way))
      if (policy.is_pruned(other)) policy.release(other), forget(other), say({{"cancel", domain.text(other)}});
  };

  std::string line(longest_line, '\0');
  for (;;) {
    while (under_way.size() < std::max<std::size_t>(parallel, 1)) {
      const auto x = policy.ask();
      if (!x) break;
      under_way.push_back(*x);
      json asked{{"ask", domain.text(*x)}};
      detail::add_cost(asked, domain, domain.cost(*x), true);
      say(asked);
    }
    if (under_way.empty()) break;
    in.getline(line.data(), static_cast<std::streamsize>(longest_line));
    if (in.fail() && !in.eof() && in.gcount() + 1 >= static_cast<std::streamsize>(longest_line)) {
      in.clear();
      in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      say({{"error", "the line is longer than " + std::to_string(longest_line) + " bytes; send one object per line"}});
      continue;
    }
    if (!in) return;
    try {
      hear(line.c_str());
    } catch (const error& refusal) {
      say({{"error", refusal.what()}});
    }
  }

  json points = json::array();
  for (const auto& p : policy.boundary().points()) {
    json point{{"candidate", domain.text(p.candidate)}, {merit, p.merit}};
    detail::add_cost(point, domain, p.cost, false);
    points.push_back(std::move(point));
  }
  const std::optional<count_type> pruned = policy.pruned();
  say({{"end", to_text(policy.end())},
       {"trained", policy.done().size()},
       {"pruned", pruned ? detail::json_of(*pruned) : json(nullptr)},
       {"frontier", std::move(points)}});
}

}  // namespace hasse
