#include <catch.hpp>

#include <filesystem>
#include <limits>

#include <unistd.h>

#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/session.hpp>

#include "code_domain.hpp"

using test::code_domain;
using candidate = code_domain::candidate;
namespace fs = std::filesystem;

namespace {

struct scratch {
  fs::path folder = fs::temp_directory_path() / ("hasse_session_" + std::to_string(::getpid()));
  scratch() { fs::remove_all(folder); }
  ~scratch() { fs::remove_all(folder); }
};

// Fails one in nine, and counts its calls.
struct lookup {
  const code_domain& domain;
  std::size_t calls = 0;
  std::vector<std::size_t> ordinals = {};
  hasse::outcome evaluate(candidate x, std::size_t ordinal) {
    ++calls, ordinals.push_back(ordinal);
    if (x.index % 9 == 4) return {std::nullopt, "diverged"};
    return {domain.accuracy(x), "log of " + domain.text(x)};
  }
};
static_assert(hasse::Evaluator<lookup, code_domain>);

std::string line_prefix(const std::string& text, std::size_t lines, std::size_t torn) {
  std::size_t end = 0;
  for (; lines > 0; --lines) end = text.find('\n', end) + 1;
  return text.substr(0, std::min(text.size(), end + torn));
}

}  // namespace

TEST_CASE("a search killed after any record goes on to the same end", "[session]") {
  const scratch place;
  const code_domain domain(3, {hasse::ticks{0}, hasse::ticks{220}});
  const hasse::pruning_options options{.seed = 4};
  const fs::path folder = place.folder / "run", file = folder / "main.jsonl";
  hasse::search_result<candidate> whole;
  std::uint64_t state = 0;
  {
    hasse::journal book(folder);
    hasse::partial_order_pruning policy(domain, options);
    lookup trainer{domain};
    whole = hasse::run_search(domain, policy, trainer, &book, {.configuration = "seed 4"});
    state = policy.state_hash();
    CHECK(whole.end == hasse::search_end::exhausted);
    CHECK(whole.replayed == 0);
    CHECK(whole.failed > 0);
    CHECK(*whole.pruned + whole.done.size() == static_cast<std::size_t>(domain.size()));
    CHECK(*whole.settled_per_training() == Approx(*whole.pruned_per_training() + 1));
    CHECK(trainer.calls == whole.done.size());
  }
  const std::string text = hasse::read_file(file);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  REQUIRE(lines == whole.done.size() + 1);
  for (std::size_t kept = 0; kept <= lines; ++kept)
    for (const std::size_t torn : {std::size_t{0}, std::size_t{30}}) {
      hasse::replace_file(file, line_prefix(text, kept, torn));
      hasse::journal book(folder);
      hasse::partial_order_pruning policy(domain, options);
      lookup trainer{domain};
      const auto result = hasse::run_search(domain, policy, trainer, &book, {.configuration = "seed 4"});
      REQUIRE(result.done == whole.done);
      REQUIRE(result.pruned == whole.pruned);
      REQUIRE(result.boundary.points() == whole.boundary.points());
      REQUIRE(result.replayed == (kept ? kept - 1 : 0));
      REQUIRE(trainer.calls + result.replayed == whole.done.size());
      REQUIRE(policy.state_hash() == state);
      if (!trainer.ordinals.empty()) REQUIRE(trainer.ordinals.front() == result.replayed);
      REQUIRE(hasse::read_file(file) == text);
    }
}

TEST_CASE("an accuracy that is no number is refused before anything is written", "[session]") {
  const code_domain domain;
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    scratch place;
    struct {
      double answer;
      hasse::outcome evaluate(candidate, std::size_t) const { return {answer, ""}; }
    } trainer{wrong};
    for (int start = 0; start < 2; ++start) {  // a restart asks the evaluator again, and refuses again
      hasse::journal book(place.folder);
      hasse::random_search policy(domain, {.seed = 1, .stop = {.trainings = 3}});
      REQUIRE_THROWS_WITH(hasse::run_search(domain, policy, trainer, &book, {}), Catch::Contains("return an outcome without merit"));
      CHECK(policy.done().empty());
      CHECK(book.records().size() == 1);  // the configuration
    }
  }
}

TEST_CASE("the journal of another configuration is refused and stays as it was", "[session]") {
  const scratch place;
  code_domain domain(3);
  const auto run = [&](std::uint64_t seed, const std::string& configuration, std::size_t trainings) {
    hasse::journal book(place.folder);
    hasse::random_search policy(domain, {.seed = seed, .stop = {.trainings = trainings}});
    lookup trainer{domain};
    return hasse::run_search(domain, policy, trainer, &book, {.configuration = configuration});
  };
  CHECK(run(1, "one", 5).done.size() == 5);
  const std::string text = hasse::read_file(place.folder / "main.jsonl");
  const auto another = ContainsSubstring("another configuration");
  CHECK_THROWS_WITH(run(1, "two", 9), another && ContainsSubstring("says \"one\", this run \"two\"") && ContainsSubstring("choose another folder"));
  CHECK_THROWS_WITH(run(2, "one", 9), another && ContainsSubstring("where this search trains"));
  CHECK_THROWS_WITH(run(1, "one", 3), another && ContainsSubstring("where this search ends"));
  for (auto& latency : domain.latencies) latency += hasse::ticks{1};
  CHECK_THROWS_WITH(run(1, "one", 9), another && ContainsSubstring("another cost"));
  for (auto& latency : domain.latencies) latency = latency - hasse::ticks{1};
  CHECK(hasse::read_file(place.folder / "main.jsonl") == text);
  CHECK(run(1, "one", 9).done.size() == 9);  // a larger budget goes on
}

TEST_CASE("records of others are left alone, an interruption loses nothing, and progress is reported", "[session]") {
  const scratch place;
  const code_domain domain(3);
  std::vector<double> fractions;
  std::size_t allowed = 4;
  const auto run = [&] {
    hasse::journal book(place.folder);
    book.append("epoch", {{"loss", 1.5}});
    hasse::random_search policy(domain, {.stop = {.trainings = 10}});
    lookup trainer{domain};
    return hasse::run_search(domain, policy, trainer, &book,
                             {.configuration = "c", .progress = [&](const hasse::progress_event& e) { fractions.push_back(e.fraction); }, .interrupted = [&] { return allowed-- == 0; }});
  };
  const auto first = run();
  CHECK(first.done.size() == 4);
  CHECK(first.end == hasse::search_end::none);
  allowed = SIZE_MAX;
  const auto second = run();
  CHECK(second.replayed == 4);
  CHECK(second.done.size() == 10);
  CHECK(second.end == hasse::search_end::trainings);
  CHECK(std::equal(first.done.begin(), first.done.end(), second.done.begin()));
  REQUIRE(!fractions.empty());
  CHECK(fractions.back() == 1);
  CHECK(fractions.front() == 0);
  CHECK(fractions[2] == Approx(0.2));  // of the budget
  CHECK(std::is_sorted(fractions.begin(), fractions.end()));
}

TEST_CASE("a search needs no journal, and a used policy is refused", "[session]") {
  const code_domain domain(3, {hasse::ticks{0}, hasse::ticks{200}});
  hasse::partial_order_pruning policy(domain);
  lookup trainer{domain};
  CHECK(hasse::run_search(domain, policy, trainer, nullptr).end == hasse::search_end::exhausted);
  CHECK_THROWS_WITH(hasse::run_search(domain, policy, trainer, nullptr), ContainsSubstring("a fresh one"));
}
