// search/shared_session.hpp: workers that come, go and are killed train every candidate once, and the answer is that of what was trained.
#include <catch.hpp>

#include <csignal>
#include <filesystem>
#include <map>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/regularised_evolution.hpp>
#include <hasse/search/shared_session.hpp>

#include "code_domain.hpp"

using test::code_domain;
using candidate = code_domain::candidate;
namespace fs = std::filesystem;

namespace {

struct scratch {
  fs::path folder = fs::temp_directory_path() / ("hasse_shared_" + std::to_string(::getpid()));
  scratch() { fs::remove_all(folder); }
  ~scratch() { fs::remove_all(folder); }
};

struct lookup {
  const code_domain& domain;
  std::vector<std::size_t> numbers = {};
  std::function<void(candidate, std::size_t)> before = {};
  hasse::outcome evaluate(candidate x, std::size_t number) {
    numbers.push_back(number);
    if (before) before(x, number);
    if (x.index % 9 == 4) return {std::nullopt, "diverged"};
    return {domain.accuracy(x), "log of " + domain.text(x)};
  }
};

// What a policy of somebody's own may be: it knows nothing of others.
template <class Space>
struct hermit {
  using candidate = typename Space::candidate;
  hasse::random_search<Space> inner;
  std::optional<candidate> ask() { return inner.ask(); }
  void tell(const candidate& x, const hasse::outcome& result) { inner.tell(x, result); }
  void release(const candidate& x) { inner.release(x); }
  bool is_pruned(const candidate& x) const { return inner.is_pruned(x); }
  const std::vector<hasse::trained<candidate>>& done() const { return inner.done(); }
  const hasse::frontier<candidate>& boundary() const { return inner.boundary(); }
  std::optional<hasse::count_type> pruned() const { return inner.pruned(); }
  std::optional<hasse::count_type> living() const { return inner.living(); }
  double fraction() const { return inner.fraction(); }
  hasse::search_end end() const { return inner.end(); }
  std::uint64_t state_hash() const { return inner.state_hash(); }
};
static_assert(hasse::Policy<hermit<code_domain>, code_domain> && !hasse::TakesCandidates<hermit<code_domain>, code_domain>);
static_assert(hasse::TakesCandidates<hasse::partial_order_pruning<code_domain>, code_domain>);

template <class Make>
hasse::search_result<candidate> shared(const code_domain& domain, Make make, lookup& trainer, hasse::worker& me, const std::string& configuration = "c", std::size_t most = 0) {
  auto policy = make();
  return hasse::run_shared_search(domain, policy, make, trainer, me, {.configuration = configuration, .most = most});
}

}  // namespace

TEST_CASE("one worker searches as one that shares nothing, whoever went before", "[workers]") {
  const code_domain domain(3, {hasse::ticks{0}, hasse::ticks{130}});
  const auto same = [&](auto make) {
    const scratch place;
    auto policy = make();
    lookup alone{domain};
    const auto whole = hasse::run_search(domain, policy, alone, nullptr);
    REQUIRE(whole.done.size() > 10);
    const auto start = [&](std::size_t trainings) {  // ends in the middle of a training, like a kill
      hasse::worker me(place.folder);
      lookup trainer{domain};
      trainer.before = [&](candidate, std::size_t) {
        if (trainer.numbers.size() > trainings) throw std::runtime_error("killed");
      };
      return shared(domain, make, trainer, me);
    };
    CHECK_THROWS_WITH(start(0), "killed");
    CHECK_THROWS_WITH(start(7), "killed");
    const auto result = start(SIZE_MAX);
    CHECK(result.done == whole.done);
    CHECK(result.boundary.points() == whole.boundary.points());
    CHECK(result.pruned == whole.pruned);
    CHECK(result.living == whole.living);
    CHECK(result.end == whole.end);
    CHECK(result.replayed == 7);
    CHECK(result.own == whole.done.size() - 7);
    // A run that was begun by a process that shared it with nobody goes on, too.
    const fs::path mixed = place.folder / "mixed";
    {
      hasse::journal book(mixed / "journal");
      auto first = make();
      lookup trainer{domain};
      hasse::run_search(domain, first, trainer, &book, {.configuration = "c", .interrupted = [&] { return trainer.numbers.size() == 5; }});
    }
    hasse::worker me(mixed);
    lookup trainer{domain};
    const auto joined = shared(domain, make, trainer, me);
    CHECK(joined.done == whole.done);
    CHECK(trainer.numbers.front() == 5);
  };
  same([&] { return hasse::partial_order_pruning(domain, {.seed = 4}); });
  same([&] { return hasse::partial_order_pruning(domain, {.seed = 4, .list_up_to = 0}); });  // drawn, not listed
  same([&] { return hasse::regularised_evolution(domain, {.seed = 4, .population = 8, .tournament = 3, .stop = {.trainings = 25}}); });
  same([&] { return hermit<code_domain>{hasse::random_search(domain, {.seed = 4, .stop = {.trainings = 14}})}; });
}

TEST_CASE("workers that are killed at any instant lose nothing and train nothing twice", "[workers]") {
  const code_domain domain(3, {hasse::ticks{0}, hasse::ticks{220}});
  for (const bool knows_others : {true, false}) {
    const scratch place;
    const auto work = [&](std::uint64_t luck, auto make) {
      hasse::worker me(place.folder);
      hasse::random_source random(luck);
      lookup trainer{domain};
      trainer.before = [&](candidate, std::size_t) {
        if (random.uniform() < 0.2) ::raise(SIGKILL);  // between its claim and anything else
        std::this_thread::sleep_for(std::chrono::milliseconds(random.below(10)));
        if (random.uniform() < 0.1) ::raise(SIGKILL);  // in the middle
      };
      const auto result = shared(domain, make, trainer, me, "c", knows_others ? 0 : 20);
      return result.done.size();
    };
    const auto pop = [&] { return hasse::partial_order_pruning(domain, {.seed = 4}); };
    const auto own = [&] { return hermit<code_domain>{hasse::random_search(domain, {.seed = 4, .stop = {.trainings = 20}})}; };
    std::set<::pid_t> children;
    std::uint64_t begun = 0;
    const auto start = [&] {
      const std::uint64_t luck = 100 + ++begun;
      const ::pid_t child = ::fork();
      if (child == 0) {
        try {
          knows_others ? work(luck, pop) : work(luck, own);
          ::_exit(0);
        } catch (const std::exception& fault) {
          std::fprintf(stderr, "a worker: %s\n", fault.what());
          ::_exit(1);
        }
      }
      children.insert(child);
    };
    for (int i = 0; i < 4; ++i) start();
    hasse::random_source random(7);
    std::size_t kills = 0, ended = 0;
    while (!children.empty()) {
      int status = 0;
      const ::pid_t child = ::waitpid(-1, &status, WNOHANG);
      if (child > 0) {
        children.erase(child);
        REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
        if (WIFSIGNALED(status)) ++kills, start();
        else ++ended;
        continue;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      if (random.uniform() < 0.01) ::kill(*std::next(children.begin(), static_cast<std::ptrdiff_t>(random.below(children.size()))), SIGKILL);
      if (kills < 60 && random.uniform() < 0.002)
        for (const ::pid_t all : children) ::kill(all, SIGKILL);
    }
    CHECK(ended == 4);
    CHECK(kills > 5);

    std::map<std::string, int> times;
    std::set<std::uint64_t> numbers;
    for (const hasse::journal_record& record : hasse::replay_journal(place.folder / "journal"))
      if (record.operation == "trained") ++times[record.payload["candidate"].get<std::string>()], numbers.insert(record.payload["number"].get<std::uint64_t>());
    REQUIRE(numbers.size() == times.size());
    CHECK(*numbers.rbegin() + 1 == numbers.size());  // no gaps
    for (const auto& [text, count] : times) CHECK(count == 1);

    hasse::worker last(place.folder);
    lookup trainer{domain};
    if (!knows_others) {
      CHECK(shared(domain, own, trainer, last, "c", 20).done.size() == 20);
      CHECK(trainer.numbers.empty());
      continue;
    }
    auto policy = pop();
    const auto result = hasse::run_shared_search(domain, policy, pop, trainer, last, {.configuration = "c"});
    CHECK(trainer.numbers.empty());
    CHECK(result.done.size() == times.size());
    CHECK(*result.pruned + result.done.size() == static_cast<std::size_t>(domain.size()));
    for (const auto& claim : policy.certificates()) CHECK(hasse::certificate_fault(domain, claim, policy.done()).empty());
    hasse::frontier<candidate> of_all;  // the order holds here, so that nothing of the whole frontier may be missing
    domain.for_each([&](candidate x) {
      if (x.index % 9 != 4) of_all.add({x, domain.cost(x), domain.accuracy(x)});
    });
    REQUIRE(result.boundary.points().size() == of_all.points().size());
    for (std::size_t i = 0; i < of_all.points().size(); ++i) CHECK(result.boundary.points()[i].merit == of_all.points()[i].merit);
  }
}

TEST_CASE("a worker that was taken for lost leaves its training to the one that took over", "[workers]") {
  const scratch place;
  const code_domain domain(3, {hasse::ticks{0}, hasse::ticks{130}});
  const auto make = [&] { return hasse::random_search(domain, {.seed = 4, .stop = {.trainings = 6}}); };
  hasse::worker me(place.folder), other(place.folder);
  lookup trainer{domain};
  trainer.before = [&](candidate x, std::size_t number) {
    if (number != 2) return;
    REQUIRE(other.claims().make("training-00000002", 1, {{"candidate", domain.text(x)}}));
    other.book().append("trained", {{"number", 2}, {"term", 1}, {"candidate", domain.text(x)}, {"latency_ticks", domain.cost(x).count}, {"accuracy", 77.0}, {"note", "by the other"}});
  };
  const auto result = shared(domain, make, trainer, me);
  REQUIRE(result.done.size() == 6);
  CHECK(result.done[2].merit == 77.0);
  CHECK(std::count_if(me.book().records().begin(), me.book().records().end(), [](const auto& record) { return record.operation == "trained"; }) == 5);
  CHECK(result.own == 5);
}

TEST_CASE("workers of another configuration are refused in a sentence, and harm nobody", "[workers]") {
  const scratch place;
  code_domain domain(3, {hasse::ticks{0}, hasse::ticks{130}});
  const auto run = [&](std::uint64_t seed, const std::string& configuration, std::size_t trainings) {
    hasse::worker me(place.folder);
    lookup trainer{domain};
    return shared(domain, [&] { return hasse::random_search(domain, {.seed = seed, .stop = {.trainings = trainings}}); }, trainer, me, configuration);
  };
  CHECK(run(1, "one", 5).done.size() == 5);
  CHECK_THROWS_WITH(run(2, "two", 9), ContainsSubstring("has other configuration (\"one\", this worker has \"two\")"));
  for (auto& latency : domain.latencies) latency += hasse::ticks{1};
  CHECK_THROWS_WITH(run(1, "one", 9), ContainsSubstring("another cost") && ContainsSubstring("or choose another folder"));
  for (auto& latency : domain.latencies) latency = latency - hasse::ticks{1};
  const code_domain narrow(3, {hasse::ticks{0}, hasse::ticks{60}});
  {
    hasse::worker me(place.folder);
    lookup trainer{narrow};
    CHECK_THROWS_WITH(shared(narrow, [&] { return hasse::random_search(narrow, {.seed = 1}); }, trainer, me, "one"), ContainsSubstring("which this search does not"));
  }
  CHECK(run(1, "one", 9).done.size() == 9);  // a larger budget goes on
}
