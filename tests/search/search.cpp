// A search in one call: its parts play roles in any order, a trainer of any kind answers, a killed one goes on.
#include <hasse/search/choices.hpp>
#include <hasse/search/search.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include <hasse/space/count.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
/// More blocks and wider ones are better, for a fee per block.
struct planted {
  int asked = 0, killed_at = -1;
  outcome evaluate(const architecture<two_stages>& x, std::size_t) {
    if (++asked == killed_at) throw 1;
    double merit = 0;
    for_each_block(x, [&](int stage, int, int option) { merit += (stage + 1) * (option + 1); });
    return {merit};
  }
};
/// Says what its outcomes depend on.
struct planted_by : planted {
  std::string seed;
  std::string configuration() const { return "seed " + seed; }
};
struct scratch {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hasse_search_" + std::to_string(::getpid()));
  scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { std::filesystem::remove_all(path); }
};
std::vector<ticks> prices() {
  std::vector<ticks> all;
  for (int part = 0; part < part_count<two_stages>; ++part) all.push_back({10 + part});
  return all;
}
}  // namespace

TEST_CASE("the parts of a search are found by their role, in any order", "[search]") {
  planted one, other, bare;
  const std::vector<ticks> latencies = prices();
  const auto first = search<two_stages>(latencies, one, nullptr, at_random{.seed = 3}, stop_rule{.trainings = 5}, embedding_order{});
  const auto second = search<two_stages>(latencies, other, nullptr, embedding_order{}, stop_rule{.trainings = 5}, at_random{.seed = 3});
  CHECK(first.done.size() == 5);
  CHECK(first.done == second.done);
  CHECK(first.end == search_end::trainings);
  CHECK(first.pruned == 0);
  const auto all = search<two_stages>(latencies, bare, nullptr, pruning{});  // everything else defaults: to the end
  CHECK(all.end == search_end::exhausted);
  CHECK(*all.pruned > 0);
  CHECK(all.done.size() + *all.pruned == cardinality<two_stages>());
  // The model is asked where nothing else is said.
  planted asked, told;
  const auto by_default = search<two_stages>(latencies, asked, nullptr, stop_rule{.trainings = 14});
  CHECK(by_default.done == search<two_stages>(latencies, told, nullptr, model_guided{}, stop_rule{.trainings = 14}).done);
  CHECK(by_default.done != search<two_stages>(latencies, told, nullptr, pruning{}, stop_rule{.trainings = 14}).done);
}

TEST_CASE("a search with a trainer of one's own goes on after a kill, and only under its own parts", "[search]") {
  const scratch folder;
  const std::vector<ticks> latencies = prices();
  planted whole, killed{.killed_at = 4}, again;
  const auto expected = search<two_stages>(latencies, whole, nullptr, stop_rule{.trainings = 8});
  {
    journal book(folder.path / "journal");
    CHECK_THROWS_AS(search<two_stages>(latencies, killed, &book, stop_rule{.trainings = 8}), int);
  }
  {
    journal book(folder.path / "journal");
    CHECK_THROWS_WITH(search<two_stages>(latencies, again, &book, stop_rule{.trainings = 8}, pruning{.margin = 2}), ContainsSubstring("another configuration"));
  }
  journal book(folder.path / "journal");
  const auto found = search<two_stages>(latencies, again, &book, stop_rule{.trainings = 8});
  CHECK(found.done == expected.done);
  CHECK(found.replayed == 3);
  CHECK(again.asked == 5);
  CHECK_THROWS_WITH(search<two_stages>(latencies, again, nullptr, latency_window{{1}, {2}}), ContainsSubstring("widen the window"));
}

TEST_CASE("a journal of other trainings is refused, and whatever listens to progress can be a part", "[search]") {
  const scratch folder;
  const std::vector<ticks> latencies = prices();
  planted_by one, other;
  one.seed = "1", other.seed = "2";
  int heard = 0;
  journal book(folder.path / "journal");
  search<two_stages>(latencies, one, &book, stop_rule{.trainings = 3}, [&](const progress_event&) { ++heard; });
  CHECK(heard >= 3);
  CHECK_THROWS_WITH(search<two_stages>(latencies, other, &book, stop_rule{.trainings = 3}), ContainsSubstring("seed 2"));
}

TEST_CASE("a search for several devices keeps what each costs in its journal, and a frontier of each", "[search]") {
  const scratch folder;
  std::vector<ticks> turned = prices();
  std::reverse(turned.begin(), turned.end());
  const further_devices more{{{.name = "phone", .parts = turned}}};
  planted one;
  journal book(folder.path / "journal");
  const auto found = search<two_stages>(prices(), one, &book, more, stop_rule{.trainings = 8});
  REQUIRE(found.elsewhere.size() == 1);
  frontier<architecture<two_stages>> own;
  for (const auto& each : found.done) own.add({each.candidate, latency_of<two_stages>(each.candidate, turned), *each.merit});
  CHECK(found.elsewhere[0].points() == own.points());
  CHECK(found.boundary.points() != own.points());
  for (const journal_record& record : book.records())
    if (record.operation == "trained") CHECK(record.payload["further_latency_ticks"].size() == 1);
  CHECK(search<two_stages>(prices(), one, &book, more, stop_rule{.trainings = 8}).replayed == 8);
  CHECK_THROWS_WITH(search<two_stages>(prices(), one, &book, stop_rule{.trainings = 8}), ContainsSubstring("also for phone"));
  ++turned[0].count;
  CHECK_THROWS_WITH(search<two_stages>(prices(), one, &book, further_devices{{{.name = "phone", .parts = turned}}}, stop_rule{.trainings = 8}), ContainsSubstring("further devices"));
}
