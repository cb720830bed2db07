#include <catch.hpp>

#include <sstream>

#include <hasse/search/exchange.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>

#include "code_domain.hpp"

using hasse::json;
using test::code_domain;

namespace {

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(hasse::parse_json(line, "the line"));
  return all;
}

// Everything that a policy without pruning asks for, answered in advance.
std::string answers(const code_domain& domain, std::uint64_t seed) {
  hasse::random_search policy(domain, {.seed = seed});
  std::string text;
  while (const auto x = policy.ask()) {
    text += hasse::json_text({{"tell", domain.text(*x)}, {"accuracy", domain.accuracy(*x)}}) + "\n";
    policy.tell(*x, {domain.accuracy(*x)});
  }
  return text;
}

}  // namespace

TEST_CASE("a candidate goes out, its score comes in, and the end is announced with the frontier", "[exchange]") {
  const code_domain domain(1, {hasse::ticks{0}, hasse::ticks{160}});
  std::istringstream in(answers(domain, 7));
  std::ostringstream out;
  hasse::random_search policy(domain, {.seed = 7});
  hasse::exchange(domain, policy, in, out);
  const auto lines = lines_of(out.str());
  const auto count = static_cast<std::size_t>(domain.size());
  REQUIRE(lines.size() == count + 1);
  const auto first = domain.parse(lines[0].at("ask").get<std::string>());
  CHECK(lines[0].at("latency_ticks") == domain.cost(first).count);
  CHECK(lines[0].at("latency_ms").get<double>() == Approx(hasse::to_milliseconds(domain.cost(first))));
  CHECK(lines.back().at("end") == "nothing lives");
  CHECK(lines.back().at("trained") == count);
  CHECK(lines.back().at("pruned") == 0);
  CHECK(lines.back().at("frontier").size() == policy.boundary().points().size());
}

namespace {
/// The same codes, counted in MACs.
struct counted_domain : code_domain {
  using code_domain::code_domain;
  hasse::price_scale scale() const { return {hasse::in_macs, 1000}; }
};
}  // namespace

TEST_CASE("costs that are no latency and merits that are no accuracy are called so on the lines", "[exchange]") {
  const counted_domain domain(1, {hasse::ticks{0}, hasse::ticks{160}});
  hasse::random_search policy(domain, {.seed = 7, .stop = {.trainings = 1}});
  const auto x = hasse::random_search(domain, {.seed = 7}).ask().value();
  std::istringstream in("{\"tell\":\"" + domain.text(x) + "\",\"accuracy\":1}\n{\"tell\":\"" + domain.text(x) + "\",\"merit\":0.5}\n");
  std::ostringstream out;
  hasse::exchange(domain, policy, in, out, 1, "mAP");
  const auto lines = lines_of(out.str());
  REQUIRE(lines.size() == 3);
  const auto cost = domain.cost(x).count;
  CHECK(lines[0] == json{{"ask", domain.text(x)}, {"cost", 1000.0 * static_cast<double>(cost)}, {"unit", "MACs"}, {"cost_ticks", cost}});
  CHECK(lines[1].at("error").get<std::string>().find("\"merit\": number or null") != std::string::npos);
  CHECK(lines[2].at("frontier") == json::array({{{"candidate", domain.text(x)}, {"merit", 0.5}, {"cost", 1000.0 * static_cast<double>(cost)}, {"unit", "MACs"}}}));
}

TEST_CASE("a wrong line is answered with a sentence and changes nothing", "[exchange]") {
  const code_domain domain;
  hasse::partial_order_pruning policy(domain, {.seed = 1, .stop = {.trainings = 1}});
  const auto x = hasse::partial_order_pruning(domain, {.seed = 1}).ask().value();
  const std::string tell = "{\"tell\":\"" + domain.text(x) + "\",\"accuracy\":";
  std::istringstream in("nonsense\n[1]\n{\"tell\":\"9|9|9\",\"accuracy\":1}\n" + tell + "\"good\"}\n" + tell + "1e999}\n" + tell + "1,\"loss\":2}\n{\"tell\":5,\"accuracy\":1}\n" +
                        "{\"release\":\"" + (x == domain.parse("1|1|1") ? "1|1|2" : "1|1|1") + "\"}\n" + std::string(100'000, 'x') + "\n\n" + tell + "null}\n");
  std::ostringstream out;
  hasse::exchange(domain, policy, in, out);
  const auto lines = lines_of(out.str());
  REQUIRE(lines.size() == 12);
  CHECK(lines[0].contains("ask"));
  for (const std::size_t i : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 10u}) CHECK(lines[i].contains("error"));
  CHECK_THAT(lines[3].at("error").get<std::string>(), ContainsSubstring("9|9|9"));
  CHECK_THAT(lines[9].at("error").get<std::string>(), ContainsSubstring("longer than"));
  CHECK(lines.back().at("end") == "budget of trainings spent");
  REQUIRE(policy.done().size() == 1);
  CHECK_FALSE(policy.done()[0].merit);
}

TEST_CASE("what was pruned while it waited is cancelled, and a closed stream ends the talk", "[exchange]") {
  const code_domain domain(2);
  hasse::partial_order_pruning policy(domain, {.seed = 3}), rehearsal(domain, {.seed = 3});
  std::vector<code_domain::candidate> asked;
  for (int i = 0; i < 300; ++i)
    if (const auto x = rehearsal.ask()) asked.push_back(*x);
  std::string text;  // the slowest and the fastest of those under way, told with accuracies that leave the rest behind
  const auto slow = *std::max_element(asked.begin(), asked.end(), [&](auto a, auto b) { return domain.cost(a) < domain.cost(b); });
  const auto fast = *std::min_element(asked.begin(), asked.end(), [&](auto a, auto b) { return domain.cost(a) < domain.cost(b); });
  text += hasse::json_text({{"tell", domain.text(slow)}, {"accuracy", 10}}) + "\n";
  text += hasse::json_text({{"tell", domain.text(fast)}, {"accuracy", 20}}) + "\n";
  std::istringstream in(text);
  std::ostringstream out;
  hasse::exchange(domain, policy, in, out, 300);
  std::size_t cancelled = 0;
  for (const json& line : lines_of(out.str()))
    if (line.contains("cancel")) {
      ++cancelled;
      CHECK(domain.precedes(domain.parse(line.at("cancel").get<std::string>()), slow));
    }
  CHECK(cancelled > 5);
  CHECK(policy.done().size() == 2);
  CHECK_FALSE(lines_of(out.str()).back().contains("end"));
}
