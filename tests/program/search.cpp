// program/search.hpp: a folder keeps a search, whatever is changed between two starts.
#include <hasse/catalogue/shard.hpp>
#include <hasse/data.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/laws/evaluator.hpp>
#include <hasse/price/layer_table.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/program/evaluator.hpp>
#include <hasse/program/search.hpp>

#include <set>

#include "../latency/fake_device.hpp"
#include "../support/catch.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {

struct setting {
  temporary_folder home;
  splits images = open_data("synthetic:0.2", {.wanted = small_space::image, .synthetic_train = 60, .synthetic_validation = 40, .synthetic_test = 40});
  fake_device device;
  latency_table<small_space> table = latency_table<small_space>::load_or_measure(home / "latency.json", device, quick);
  cpu backend{{.threads = 1}};

  explicit setting(std::function<std::int64_t(const layer&)> cost = {}) {
    if (!cost) return;
    device.world->cost = std::move(cost);
    table = latency_table<small_space>::load_or_measure(home / "other.json", device, quick);
  }

  search_answer run(const std::filesystem::path& place, std::size_t trainings, recipe how = {.epochs = 1, .batch = 20}, std::optional<recipe> finish = {}, cpu* trains = nullptr) {
    cpu& on = trains ? *trains : backend;
    run_folder folder(place, {{"test", "search"}});
    const auto train = train_on(on, images, how, {.folder = folder.checkpoints()});
    std::optional<finishing> again;
    if (finish) again.emplace(finishing{.how = *finish});
    return search<small_space>(table, device, train, images.test, folder, pruning{}, stop_rule{.trainings = trainings}, again);
  }
};

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

}  // namespace

TEST_CASE("a search goes on, refuses other trainings, and leaves nothing of a kill behind", "[program]") {
  setting it;
  const auto run = it.home / "run";
  const search_answer first = it.run(run, 3);
  REQUIRE(first.report.networks.size() == 3);
  REQUIRE_THROWS_WITH(it.run(run, 3, {.epochs = 2, .batch = 20}), ContainsSubstring("holds trainings with other recipe"));
  REQUIRE_THROWS_WITH(it.run(run, 3, {.epochs = 1, .batch = 20, .seed = 2}), ContainsSubstring("holds trainings with other seed"));
  cpu two{{.threads = 2}};
  REQUIRE_THROWS_WITH(it.run(run, 3, {.epochs = 1, .batch = 20}, {}, &two),
                      ContainsSubstring("holds trainings with other backend (\"cpu, 1 thread, ") && ContainsSubstring("start with the settings"));
  append_line(run / "checkpoints" / "[(4),(4)].safetensors.part17", "half of a file");

  const search_answer more = it.run(run, 6);
  REQUIRE(more.report.networks.size() == 6);
  for (std::size_t i = 0; i < 3; ++i) REQUIRE(more.report.networks[i].score == first.report.networks[i].score);
  REQUIRE(names_in(run / "checkpoints").size() == more.finalists.size());  // the weights of the frontier and nothing else
}

TEST_CASE("a search by a model goes on with the same networks, and its report says what it expects", "[program]") {
  setting it;
  std::size_t settled = 0;
  const auto names = [&](const char* place, std::size_t trainings) {
    run_folder folder(it.home / place, {{"test", "model"}});
    const auto train = train_on(it.backend, it.images, {.epochs = 1, .batch = 20}, {.folder = folder.checkpoints()});
    const search_answer answer = search<small_space>(it.table, it.device, train, it.images.test, folder, stop_rule{.trainings = trainings}, shipped_proposer{model_guided{.beginning = 2}});
    std::vector<std::string> all;
    for (const report_network& each : answer.report.networks) all.push_back(each.name);
    REQUIRE(answer.report.forecast);
    const report_forecast& forecast = *answer.report.forecast;
    CHECK((forecast.surely_found <= forecast.found && forecast.found <= 1));
    CHECK(!forecast.frontier.empty());
    // Accuracies are shares, and the model was told so: it expects none above 1.
    for (const auto& list : {forecast.frontier, forecast.next})
      for (const report_expectation& each : list) CHECK((each.low < each.middle && each.middle < each.high && each.high < 1));
    for (const report_expectation& each : forecast.next) CHECK(std::find(all.begin(), all.end(), each.name) == all.end());
    REQUIRE(forecast.looks.size() == trainings - 1);  // from the second on: ten are fitted each time
    CHECK(forecast.looks.back().trained == static_cast<double>(trainings));
    CHECK(forecast.looks.back().surely_found <= forecast.looks.back().found);

    // What it trained settles others by the order, as Partial Order Pruning tells it.
    CHECK(!answer.report.prunes);
    REQUIRE(answer.report.pruning.size() == trainings);
    CHECK(answer.report.pruning.back().pruned == static_cast<double>(answer.report.certificates.size()));
    const auto found = [&](const std::string& name) { return std::find(all.begin(), all.end(), name) - all.begin(); };
    for (const report_certificate& claim : answer.report.certificates) {
      CHECK(static_cast<std::size_t>(found(claim.pruned)) == all.size());
      const report_network &above = answer.report.networks.at(static_cast<std::size_t>(found(claim.above))), &instead = answer.report.networks.at(static_cast<std::size_t>(found(claim.instead)));
      CHECK(instead.score >= above.score);
      CHECK(precedes(parse<small_space>(claim.pruned), parse<small_space>(claim.above)));
    }
    settled += answer.report.certificates.size();
    return all;
  };
  const auto whole = names("whole", 5);
  CHECK(names("parts", 3) == std::vector(whole.begin(), whole.begin() + 3));
  CHECK(names("parts", 5) == whole);
  CHECK(settled > 0);
}

namespace {
/// Trains every network twice.
template <Domain Space>
struct twice : policy_on_ledger<Space> {
  using candidate = typename Space::candidate;
  twice(const Space& domain, const stop_rule& stop) : policy_on_ledger<Space>(domain, 1, stop) { this->books().repeats = true; }
  std::optional<candidate> ask() {
    return this->books().ask([&]() -> std::optional<candidate> {
      if (this->done().size() % 2 == 1 && this->books().repeat(this->done().back().candidate)) return this->done().back().candidate;
      return this->books().open.next([](const candidate&) { return false; });
    });
  }
};
struct everything_twice {
  using role = hasse::role::proposing;
  std::string text() const { return "everything twice"; }
  template <Domain Space>
  twice<Space> on(const Space& domain, const stop_rule& stop) const {
    return {domain, stop};
  }
};
}  // namespace

TEST_CASE("a search that repeats trainings shows every network once, with all its runs", "[program]") {
  setting it;
  run_folder folder(it.home / "repeats", {{"test", "repeats"}});
  const auto train = train_on(it.backend, it.images, {.epochs = 1, .batch = 20}, {.folder = folder.checkpoints()});
  for (const std::size_t trainings : {std::size_t{5}, std::size_t{6}}) {  // the second goes on
    const search_answer answer = search<small_space>(it.table, it.device, train, it.images.test, folder, stop_rule{.trainings = trainings}, everything_twice{});
    std::set<std::string> names;
    std::size_t differ = 0;
    for (const report_network& each : answer.report.networks) {
      CHECK(names.insert(each.name).second);
      CHECK((each.runs.size() == 2 || trainings == 5));
      CHECK(each.score == *std::max_element(each.runs.begin(), each.runs.end()));
      differ += each.runs.front() != each.runs.back();
    }
    CHECK(names.size() == 3);
    CHECK(differ > 0);  // each run has first weights of its own
    CHECK(answer.report.pruning.size() == 3);
  }
}

TEST_CASE("where a search repeats trainings, what networks are worth decides, and all runs are told", "[program]") {
  setting it;
  const shipped_proposer how{model_guided{.own_noise = 1.0 / 3, .learns_noise = true, .repeats = true, .beginning = 6}};
  const auto run = [&](const char* place, std::size_t trainings) {
    run_folder folder(it.home / place, {{"test", place}});
    const auto train = train_on(it.backend, it.images, {.epochs = 1, .batch = 20}, {.folder = folder.checkpoints()});
    search_answer answer = search<small_space>(it.table, it.device, train, it.images.test, folder, stop_rule{.trainings = trainings}, how);
    CHECK(names_in(folder.checkpoints()).size() >= answer.finalists.size());
    return answer;
  };
  run("parts", 9), run("parts", 17);
  const search_answer parts = run("parts", 24), whole = run("whole", 24);
  CHECK(frontier_json(parts.report) == frontier_json(whole.report));
  const report_data& report = whole.report;
  CHECK(report.judges);
  std::size_t runs = 0, moved = 0;
  frontier<std::string> worth;
  for (const report_network& each : report.networks) {
    runs += each.runs.size();
    moved += each.score != each.kept_score;
    CHECK((each.score_low <= each.score && each.score <= each.score_high));
    CHECK(each.kept_score == *std::max_element(each.runs.begin(), each.runs.end()));
    worth.add({each.name, it.table.estimate(parse<small_space>(each.name)), each.score});
  }
  CHECK(runs == 24);
  CHECK(moved > 0);
  REQUIRE(report.networks.size() < 24);
  CHECK(report.forecast->repeats == static_cast<double>(24 - report.networks.size()));
  CHECK((report.forecast->luck_deviation > 0 && report.forecast->luck_deviation <= report.forecast->run_deviation));
  REQUIRE(whole.finalists.size() == worth.points().size());
  for (std::size_t i = 0; i < whole.finalists.size(); ++i) CHECK((whole.finalists[i].architecture == worth.points()[i].candidate && whole.finalists[i].score == worth.points()[i].merit));
}

TEST_CASE("one search serves several devices, each by its own frontier", "[program]") {
  setting it;
  fake_device deep;  // where every layer takes the same
  deep.told.name = "deep";
  deep.world->cost = [](const layer& item) { return item.kind == layer_kind::convolution ? 30'000 : 1000; };
  const auto deep_table = latency_table<small_space>::load_or_measure(it.home / "deep.json", deep, quick);
  const auto run = [&](const char* place, std::size_t trainings, const further_devices& others, const shipped_proposer& how) {
    run_folder folder(it.home / place, {{"test", place}});
    const auto train = train_on(it.backend, it.images, {.epochs = 1, .batch = 20}, {.folder = folder.checkpoints()});
    return search<small_space>(it.table, it.device, train, it.images.test, folder, stop_rule{.trainings = trainings}, how, others);
  };
  const further_devices both{{also_for(deep_table, deep)}};
  for (const shipped_proposer& how : {shipped_proposer{pruning{}}, shipped_proposer{model_guided{.beginning = 2}}}) {
    const bool prunes = how.one.index() == 0;
    const char* const place = prunes ? "pop" : "model";
    run(place, 4, both, how);
    const search_answer answer = run(place, 9, both, how);  // goes on
    const report_data& report = answer.report;
    REQUIRE(report.devices == std::vector<std::string>{"imaginary", "deep"});
    std::set<std::string> on_some;
    for (std::size_t device = 0; device < 2; ++device) {
      // Its frontier is that of the trained networks by what they cost there, and it is measured there.
      frontier<std::string> own;
      for (const report_network& each : report.networks) {
        const ticks cost = (device == 0 ? it.table : deep_table).estimate(parse<small_space>(each.name));
        CHECK(each.places.at(device).cost == Approx(to_milliseconds(cost)));
        own.add({each.name, cost, each.score});
      }
      const report_data one = detail::on_device(report, device);
      std::vector<std::string> shown;
      for (const std::size_t i : detail::frontier_order(one)) {
        shown.push_back(one.networks[i].name);
        CHECK(std::isfinite(one.networks[i].whole_cost));
      }
      for (const report_network& each : one.networks)
        if (!each.beaten_by.empty()) shown.push_back(each.name);
      for (const auto& point : own.points()) {
        CHECK(std::find(shown.begin(), shown.end(), point.candidate) != shown.end());
        on_some.insert(point.candidate);
      }
      CHECK(shown.size() == own.points().size());
    }
    REQUIRE(answer.finalists.size() == on_some.size());
    for (const finalist& each : answer.finalists) CHECK((on_some.contains(each.architecture) && each.elsewhere.size() == 1 && each.elsewhere[0].whole > 0));
    CHECK(names_in(it.home / place / "checkpoints").size() == on_some.size());  // what serves either device keeps its weights
    CHECK(answer.cheapest_reaching(0, 1)->whole_on(1) <= answer.cheapest_reaching(0)->whole_on(1));
    CHECK(report.forecast.has_value() != prunes);
    if (!prunes) CHECK((report.forecast->elsewhere.size() == 1 && !report.forecast->elsewhere[0].empty() && report.forecast->next[0].elsewhere.size() == 1));

    // A certificate for every device.
    REQUIRE(report.certificates.size() == 2 * static_cast<std::size_t>(report.pruning.back().pruned));
    for (std::size_t i = 0; i < report.certificates.size(); ++i) {
      const report_certificate& claim = report.certificates[i];
      CHECK(claim.device == i % 2);
      const auto cost = [&](const std::string& name) { return (i % 2 ? deep_table : it.table).estimate(parse<small_space>(name)); };
      CHECK(cost(claim.instead) <= cost(claim.pruned));
    }
    CHECK_THROWS_WITH(run(place, 9, {}, how), ContainsSubstring("also for deep"));
  }
  // By its table alone a device is served, and not measured.
  const search_answer told = run("told", 3, {{also_for(deep_table)}}, {});
  for (const finalist& each : told.finalists) CHECK((each.elsewhere[0].whole == each.elsewhere[0].sum && each.whole != each.sum));
  for (const report_network& each : told.report.networks) CHECK_FALSE(std::isfinite(each.places[1].whole_cost));
  further_device other = also_for(deep_table);
  other.parts[0] = {other.parts[0].count + 1};
  CHECK_THROWS_WITH(run("told", 4, {{other}}, {}), ContainsSubstring("on further devices"));
  other.parts.pop_back();
  CHECK_THROWS_WITH(run("short", 3, {{other}}, {}), ContainsSubstring("give one for each"));
  fake_device picky = deep;
  picky.world = std::make_shared<fake_world>();
  picky.world->refuses = [](const layer& item) { return item.out.c == 8 ? "too wide" : ""; };
  const auto picky_table = latency_table<small_space>::load_or_measure(it.home / "picky.json", picky, quick);
  CHECK_THROWS_WITH(also_for(picky_table), ContainsSubstring("deep cannot run") && ContainsSubstring("too wide") && ContainsSubstring("name it first"));
}

TEST_CASE("finalists are trained again by the recipe that is asked for, and a divergence there is no end", "[program]") {
  setting it;
  const auto run = it.home / "run";
  const recipe how{.epochs = 1, .batch = 20}, longer{.epochs = 2, .batch = 20}, longest{.epochs = 3, .batch = 20};
  const auto answers = [&](const recipe& finish) {
    std::vector<double> all;
    for (const finalist& each : it.run(run, 3, how, finish).finalists) all.push_back(each.score), all.push_back(each.test_score);
    return all;
  };
  const auto begin = answers(longer), other = answers(longest);
  REQUIRE(answers(longer) == begin);
  REQUIRE(answers(longest) == other);

  const search_answer wild = it.run(run, 3, how, recipe{.epochs = 2, .batch = 20, .learning_rate = 1e30});
  REQUIRE(wild.report.warnings.size() == wild.finalists.size());
  REQUIRE_THAT(wild.report.warnings[0], ContainsSubstring("diverged; it is handed over as the search trained it"));
  for (const report_network& network : wild.report.networks) REQUIRE_FALSE(std::isfinite(network.finished_score));
  const search_answer good = it.run(run, 3, how, longer);
  REQUIRE_THAT(frontier_table(good.report), ContainsSubstring("longer"));
}

TEST_CASE("a search takes any price whose pieces add up, and its window in the price's unit", "[program]") {
  setting it;
  const auto train = train_on(it.backend, it.images, recipe{.epochs = 1, .batch = 20});
  const auto run = [&](const char* name, const auto& price, const auto&... parts) {
    run_folder folder(it.home / name, {{"test", name}});
    return search<small_space>(price, train, it.images.test, folder, stop_rule{.trainings = 3}, parts...);
  };
  const auto all_of = [](const search_answer& answer) {
    std::vector<std::string> names;
    for (const report_network& each : answer.report.networks) names.push_back(each.name);
    return names;
  };
  std::string doing;
  const search_answer counted = run("macs", mac_price{}, price_window{.least = 50'000, .most = 100'000}, [&](const progress_event& event) { doing = event.doing; });
  CHECK(doing == "pricing " + std::to_string(counted.finalists.size()) + (counted.finalists.size() == 1 ? " finalist" : " finalists"));
  REQUIRE(counted.report.networks.size() == 3);
  CHECK(counted.report.price == in_macs);
  for (const report_network& each : counted.report.networks) {
    CHECK(std::abs(each.cost - each.macs) < 0.001 * each.macs);  // to the nearest ticks of the parts, which are those of the window
    CHECK((each.cost >= 50'000 && each.cost <= 100'000));
  }
  for (const finalist& each : counted.finalists) CHECK(each.whole == static_cast<double>(each.costs.macs));
  CHECK(counted.best_within(1e5) != nullptr);
  CHECK(counted.best_within(1e4) == nullptr);

  layer_table measured = layer_table::load_or_begin(it.home / "layers.json", it.device, quick);
  const search_answer timed = run("layers", layer_table_price(measured));
  CHECK(timed.report.price == in_milliseconds);
  CHECK(file_exists(it.home / "layers" / "networks" / (timed.finalists[0].architecture + ".onnx")));
  CHECK(all_of(run("layers", layer_table_price(measured))) == all_of(timed));  // goes on, with nothing left to train
  CHECK_THROWS_WITH(run("layers", mac_price{}), ContainsSubstring("price in MACs"));

  CHECK_THROWS_WITH(run("memory", memory_price{}), ContainsSubstring("of bytes the largest counts"));
  CHECK_THROWS_WITH(run("ticks", mac_price{}, latency_window{{0}, {9}}), ContainsSubstring("give price_window{least, most} in MACs"));
  CHECK_THROWS_WITH(run("window", mac_price{}, price_window{.least = 2, .most = 1}), ContainsSubstring("a window from 2 to 1"));
  CHECK_THROWS_WITH(run("none", mac_price{}, price_window{.least = 1e9}), ContainsSubstring("widen the window"));
  const space_domain<small_space> domain(it.table.ticks_per_part(), {});
  CHECK(broken_law([&] { return evaluate_by<small_space>(train); }, domain, 2) == "");
}

TEST_CASE("a summary says what was pruned, or that it was not counted", "[program]") {
  search_result<architecture<small_space>> found;
  found.done.resize(10), found.pruned = 22, found.living = count_type{1} << 70;
  REQUIRE(detail::pruned_text(found) == "22 pruned, 1180591620717411303424 left, 2.20 pruned per training, 3.20 settled per training");
  found.pruned.reset(), found.living.reset();
  REQUIRE(detail::pruned_text(found) == "pruned: not counted");
}

TEST_CASE("a search warns, repairs or excludes where the table contradicts its order", "[program]") {
  // Projections are slow here, so that widening a block to the width of its successor makes a network faster.
  setting it([](const layer& item) { return macs_of(item) / 50 + (item.kernel == 1 && item.kind == layer_kind::convolution ? 40'000 : 1000); });
  REQUIRE(!it.table.violations(strict_order{}).empty());
  const auto inversions = [&] {
    std::size_t count = 0;
    const space_domain<small_space> domain(it.table.ticks_per_part(), {});
    domain.for_each([&](const auto& x) { domain.for_each([&](const auto& y) { count += domain.precedes(x, y) && domain.cost(x) > domain.cost(y); }); });
    return count;
  };
  std::map<order_policy, double> pruned;
  for (const order_policy policy : {order_policy::warn, order_policy::isotonic, order_policy::exclude}) {
    it.table.apply(policy, strict_order{});
    REQUIRE((inversions() == 0) == (policy == order_policy::isotonic));
    const search_answer answer = it.run(it.home / std::string(to_text(policy)), 25);
    REQUIRE(!answer.report.pruning.empty());
    pruned[policy] = answer.report.pruning.back().pruned;
    for (const report_certificate& claim : answer.report.certificates) {
      const auto x = parse<small_space>(claim.pruned), above = parse<small_space>(claim.above);
      if (policy == order_policy::exclude) REQUIRE(it.table.estimate(x) <= it.table.estimate(above));
    }
  }
  REQUIRE(pruned[order_policy::exclude] < pruned[order_policy::warn]);
  // What was begun under one choice does not go on under another.
  it.table.apply(order_policy::warn, strict_order{});
  REQUIRE_THROWS_WITH(it.run(it.home / "exclude", 26), ContainsSubstring("contradictions excluded"));
  REQUIRE_THROWS_AS(it.run(it.home / "isotonic", 26), error);
  it.table.apply(order_policy::isotonic, embedding_order{});
  REQUIRE_THROWS_WITH(it.run(it.home / "new", 3), ContainsSubstring("was repaired along the embedding order, and this search uses the strict order"));
}

TEST_CASE("a finalist that a better one beats as a whole network is no part of the frontier") {
  search_answer answer;
  for (const char* name : {"small", "middle", "large"}) {
    answer.finalists.push_back({.architecture = name});
    answer.report.networks.push_back({.name = name, .cost = 1, .score = 0.5, .on_frontier = true});
  }
  answer.finalists[0].whole = 2.0, answer.finalists[1].whole = 3.5, answer.finalists[2].whole = 3.0;
  detail::mark_beaten(answer, {{2.0, 0.1}, {3.5, 0.1}, {3.0, 0.1}}, {0, 1, 2});
  CHECK(answer.report.networks[0].beaten_by.empty());
  CHECK(answer.report.networks[1].beaten_by == "large");
  CHECK_FALSE(answer.report.networks[1].on_frontier);
  CHECK(answer.report.networks[2].on_frontier);
  REQUIRE(answer.report.warnings.size() == 1);
  CHECK_THAT(answer.report.warnings[0], ContainsSubstring("middle is beaten by large, which costs 3 ms instead of 3.5 ms"));
  const json file = frontier_json(answer.report);
  CHECK(file["frontier"].size() == 2);
  REQUIRE(file["beaten"].size() == 1);
  CHECK(file["beaten"][0]["architecture"] == "middle");
  CHECK(file["beaten"][0]["beaten_by"] == "large");
  // Within what is uncertain nobody is beaten.
  search_answer close = answer;
  for (report_network& each : close.report.networks) each.beaten_by.clear(), each.on_frontier = true;
  detail::mark_beaten(close, {{2.0, 0.1}, {3.5, 0.3}, {3.0, 0.3}}, {0, 1, 2});
  CHECK(close.report.networks[1].beaten_by.empty());
}
