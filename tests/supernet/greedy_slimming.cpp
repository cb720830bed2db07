// Greedy slimming: one bin of one group per step, nested results, the same again after a kill at any point, refusals in a sentence.
#include <cmath>
#include <filesystem>
#include <limits>

#include <unistd.h>

#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/supernet/greedy_slimming.hpp>

#include "../support/catch.hpp"

using namespace hasse;
namespace fs = std::filesystem;

namespace {

struct scratch {
  fs::path folder = fs::temp_directory_path() / ("hasse_slimming_" + std::to_string(::getpid()));
  scratch() { fs::remove_all(folder); }
  ~scratch() { fs::remove_all(folder); }
};

/// Three convolutions in a row, so three groups: of 96, 48 and 240 channels, bins of 8, 8 and 16.
width_family chain(int classes = 10, int first = 96) {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  value_id value = 0;
  for (const int out : {first, 48, 240}) value = list.activate(list.batch_norm(list.convolution(value, out, 3)), activation::relu);
  list.linear(list.global_average_pool(value), classes);
  return width_family(layers);
}

/// A made-up error: each group hurts by what it is short of what it needs; channels beyond that are useless.
struct planted {
  std::vector<double> needs{60, 40, 100}, hurts{1, 2, 0.5};
  double operator()(const channel_configuration& it) const {
    double error = 0.1;
    for (std::size_t g = 0; g < it.size(); ++g) error += hurts[g] * std::pow(std::max(0.0, needs[g] - it[g]) / needs[g], 2) / 10;
    return error;
  }
};

double macs_of(const width_family& family, const channel_configuration& it) { return mac_price{}.of(family.layers_at(it)); }

/// What a function of the channels of the three convolutions says.
template <class Function>
struct price_by : exact_price {
  Function cost;
  explicit price_by(Function of) : cost(of) {}
  double of(const layer_list& layers) const {
    channel_configuration channels;
    for (const layer& item : layers)
      if (item.kind == layer_kind::convolution) channels.counts.push_back(item.out.c);
    return cost(channels);
  }
  price_unit unit() const { return {"coins", "coins"}; }
};
std::vector<double> shares(const width_family& family, const std::vector<double>& of) {
  std::vector<double> targets;
  for (const double share : of) targets.push_back(share * macs_of(family, family.full()));
  return targets;
}

}  // namespace

TEST_CASE("bins are those of the released lists", "[slimming]") {
  const int expected[][2] = {{1440, 120}, {864, 72},  {576, 48}, {480, 40}, {240, 16},   {144, 16},
                             {96, 8},     {1024, 88}, {512, 40}, {256, 24}, {2048, 168}, {8, 8}};
  for (const auto& [channels, bin] : expected) CHECK(slimming_bin(channels) == bin);
  static_assert(slimming_bin(1128) == 96);  // 1128, 1032, ..., 744: MobileNet v1 of 1.1 times the width
  CHECK(slimming_bin(96, 12, 8, 32) == 32);
  CHECK(slimming_bin(96, 12, 8, 3) == 24);
  CHECK(slimming_bin(64, 8, 2) == 8);
  CHECK(slimming_bin(4, 12, 1) == 1);
  CHECK(slimming_bin(64, 65'536, 65'536) == 65'536);  // their product is no int
  CHECK(slimming_bin(64, 12, 1'000'000, 4099) > 64);
}

TEST_CASE("a slimming takes one bin of one group per step, and its results are nested", "[slimming]") {
  const width_family family = chain();
  const planted error;
  const std::vector<double> targets = shares(family, {0.75, 0.5, 0.3, 0.3 - 1e-9, 0.1});
  const slimming_result made = greedy_slimming(family, targets, error, mac_price{});
  REQUIRE(made.complete);
  CHECK(made.start == family.full());
  CHECK(made.start_error == error(made.start));
  CHECK(made.start_cost == macs_of(family, made.start));

  channel_configuration now = made.start;
  double cost = made.start_cost;
  std::size_t next = 0;
  for (const slimming_step& step : made.steps) {
    const auto group = static_cast<std::size_t>(step.group);
    CHECK(step.step == static_cast<int>(&step - made.steps.data()) + 1);
    CHECK(step.from == now[group]);
    CHECK(step.to == step.from - slimming_bin(made.start[group]));
    CHECK(step.to >= slimming_bin(made.start[group]));
    for (const auto& tried : step.candidates) {  // each of them is what that removal gives, and none is better
      channel_configuration other = now;
      other.counts[static_cast<std::size_t>(tried.group)] -= slimming_bin(made.start[static_cast<std::size_t>(tried.group)]);
      CHECK(tried.error == error(other));
      CHECK((tried.error > step.error || (tried.error == step.error && tried.group >= step.group)));
    }
    now.counts[group] = step.to;
    CHECK(step.error == error(now));
    CHECK(step.cost == macs_of(family, now));
    CHECK(step.cost < cost);
    while (next < targets.size() && step.cost <= targets[next]) {
      REQUIRE(next < made.found.size());
      CHECK(made.found[next] == slimmed{targets[next], now, step.error, step.cost, step.step});
      ++next;
    }
    cost = step.cost;
  }
  REQUIRE(made.found.size() == targets.size());
  CHECK(next == targets.size());
  CHECK(made.found.back().step == made.steps.back().step);
  for (std::size_t i = 1; i < made.found.size(); ++i)
    for (std::size_t g = 0; g < now.size(); ++g) CHECK(made.found[i].configuration[g] <= made.found[i - 1].configuration[g]);
}

TEST_CASE("useless channels go first", "[slimming]") {
  const width_family family = chain();
  const planted error{{96, 48, 100}, {1, 1, 1}};  // only the last group has more than it needs: 240 to 112 in bins of 16
  const slimming_result made = greedy_slimming(family, shares(family, {0.2}), error, mac_price{});
  REQUIRE(made.steps.size() > 9);
  for (std::size_t i = 0; i < 8; ++i) CHECK(made.steps[i].group == 2);
  CHECK(made.steps[7].to == 112);
  CHECK(made.steps[7].error == made.start_error);
  CHECK(made.steps[8].error > made.start_error);
}

TEST_CASE("the first of equals is taken, and no group loses its last bin", "[slimming]") {
  const width_family family = chain();
  const auto flat = [](const channel_configuration&) { return 0.5; };
  const double smallest = macs_of(family, {{8, 8, 16}});
  const slimming_result made = greedy_slimming(family, {smallest}, flat, mac_price{});
  REQUIRE(made.steps.size() == 11 + 5 + 14);
  for (std::size_t i = 0; i < made.steps.size(); ++i) CHECK(made.steps[i].group == (i < 11 ? 0 : i < 16 ? 1 : 2));
  CHECK(made.found[0].configuration == channel_configuration{{8, 8, 16}});
  CHECK(made.steps[11].candidates.size() == 2);
  const width_family uneven = chain(10, 100);  // 100, 92, ..., 12: four channels would be half a bin
  CHECK(greedy_slimming(uneven, {smallest * 1.5}, flat, mac_price{}).found[0].configuration[0] == 12);
}

TEST_CASE("error per saved cost prefers what saves more", "[slimming]") {
  const width_family family = chain();
  // Removing from group 2 costs a little more error than from group 0, but saves 240 / 16 of the dearest layer.
  const auto error = [](const channel_configuration& it) {
    return 0.2 + 1e-4 * (96 - it[0]) / 8 + 1.1e-4 * (240 - it[2]) / 16 + 1e-2 * (48 - it[1]);
  };
  const price_by price([](const channel_configuration& it) { return it[0] + it[1] + 4.0 * it[2]; });
  const auto first = [&](slimming_criterion criterion) {
    return greedy_slimming(family, {1000}, error, price, {.criterion = criterion}).steps.front().group;
  };
  CHECK(first(slimming_criterion::error) == 0);
  CHECK(first(slimming_criterion::error_per_saved_cost) == 2);
}

TEST_CASE("what a grouped convolution reads keeps its parts", "[slimming]") {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id stem = list.convolution(0, 96, 3);
  list.linear(list.global_average_pool(list.convolution(stem, 60, 3, 1, 1, 12)), 4);
  const width_family family(layers);
  REQUIRE(family.groups()[0].parts == 12);
  const auto flat = [](const channel_configuration&) { return 0.0; };
  const slimming_result made =
      greedy_slimming(family, {0.5 * macs_of(family, family.full())}, flat, mac_price{});
  CHECK(made.found[0].configuration == channel_configuration{{24, 60}});
  CHECK(greedy_slimming(family, {1e5}, flat, mac_price{}, {.multiple = 4}).steps[0].to == 84);
}

TEST_CASE("costs of configurations are those of their networks", "[slimming]") {
  const width_family family = chain();
  const channel_configuration half = family.parse("0.5");
  CHECK(macs_of(family, half) == 8 * 8 * 9 * (3 * 48 + 48 * 24 + 24 * 120) + 120 * 10);
  const auto bytes = [&](const channel_configuration& it) { return memory_price{}.of(family.layers_at(it)); };
  CHECK(bytes(half) >= 4 * 8 * 8 * (24 + 120));
  CHECK(bytes(half) < bytes(family.full()));
  const double budget = 0.4 * bytes(family.full());
  const slimming_result made = greedy_slimming(family, {budget}, planted{}, memory_price{});
  CHECK(bytes(made.found[0].configuration) <= budget);
  CHECK(made.found[0].cost == bytes(made.found[0].configuration));
}

TEST_CASE("a target that all channels meet is met by them", "[slimming]") {
  const width_family family = chain();
  const slimming_result made = greedy_slimming(family, shares(family, {2, 1}), planted{}, mac_price{});
  CHECK(made.steps.empty());
  REQUIRE(made.found.size() == 2);
  CHECK(made.found[1].configuration == family.full());
  CHECK(made.found[0].step == 0);
}

TEST_CASE("progress rises to one", "[slimming]") {
  const width_family family = chain();
  std::vector<progress_event> heard;
  slimming_options options;
  options.progress = [&](const progress_event& event) { heard.push_back(event); };
  const slimming_result made = greedy_slimming(family, shares(family, {0.3}), planted{}, mac_price{}, options);
  std::size_t asked = 0;
  for (const slimming_step& step : made.steps) asked += step.candidates.size();
  REQUIRE(heard.size() == asked + 1);
  for (std::size_t i = 1; i < heard.size(); ++i) CHECK(heard[i].fraction >= heard[i - 1].fraction);
  CHECK(heard.front().fraction == 0);
  CHECK(heard[asked / 2].seconds_left >= 0);
  CHECK(heard.back().fraction == 1);
}

TEST_CASE("a slimming killed after any record goes on to the same end", "[slimming]") {
  const scratch place;
  const fs::path folder = place.folder / "run", file = folder / "main.jsonl";
  const width_family family = chain();
  const std::vector<double> targets = shares(family, {0.6, 0.2});
  for (const slimming_criterion criterion : {slimming_criterion::error, slimming_criterion::error_per_saved_cost}) {
    fs::remove_all(folder);
    const slimming_options options{.criterion = criterion, .configuration = "seed 3"};
    std::size_t calls = 0;
    const auto error = [&](const channel_configuration& it) { return ++calls, planted{}(it); };
    slimming_result whole;
    {
      journal book(folder);
      whole = greedy_slimming(family, targets, error, mac_price{}, options, &book);
      CHECK(whole.replayed == 0);
    }
    CHECK(greedy_slimming(family, targets, error, mac_price{}, options).steps == whole.steps);
    const std::string text = read_file(file);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    REQUIRE(lines == whole.steps.size() + 2);
    std::size_t end = 0;
    for (std::size_t kept = 0; kept <= lines; ++kept) {
      if (kept > 0) end = text.find('\n', end) + 1;
      replace_file(file, text.substr(0, end + std::min<std::size_t>(30, text.size() - end)));  // a torn line behind it
      calls = 0;
      journal book(folder);
      const slimming_result made = greedy_slimming(family, targets, error, mac_price{}, options, &book);
      REQUIRE(made.steps == whole.steps);
      REQUIRE(made.found == whole.found);
      REQUIRE(made.start_error == whole.start_error);
      REQUIRE(made.replayed == (kept < 2 ? 0 : kept - 2));
      REQUIRE(read_file(file) == text);
      if (kept == lines) CHECK(calls == 0);
    }
  }
}

TEST_CASE("an interrupted slimming goes on", "[slimming]") {
  const scratch place;
  const width_family family = chain();
  const std::vector<double> targets = shares(family, {0.6, 0.2});
  journal book(place.folder);
  std::size_t steps = 0;
  slimming_options options;
  options.interrupted = [&] { return steps++ == 4; };
  const slimming_result first = greedy_slimming(family, targets, planted{}, mac_price{}, options, &book);
  CHECK_FALSE(first.complete);
  CHECK(first.steps.size() == 4);
  const slimming_result second = greedy_slimming(family, targets, planted{}, mac_price{}, {}, &book);
  CHECK(second.complete);
  CHECK(second.replayed == 4);
  CHECK(second.steps == greedy_slimming(family, targets, planted{}, mac_price{}).steps);
}

TEST_CASE("a journal of another slimming is refused", "[slimming]") {
  const scratch place;
  const width_family family = chain();
  const std::vector<double> targets = shares(family, {0.6, 0.2});
  journal book(place.folder / "run");
  greedy_slimming(family, targets, planted{}, mac_price{}, {.configuration = "seed 3"}, &book);
  const auto refused = [&](const width_family& other, const std::vector<double>& to, const slimming_options& options,
                           const char* because) {
    CHECK_THROWS_WITH(greedy_slimming(other, to, planted{}, mac_price{}, options, &book), ContainsSubstring(because));
  };
  refused(chain(11), targets, {.configuration = "seed 3"}, "has other macs");
  refused(family, shares(family, {0.6}), {.configuration = "seed 3"}, "has other targets");
  refused(family, targets, {.configuration = "seed 4"}, "has other configuration: \"seed 3\", this run has \"seed 4\"");
  refused(family, targets, {.multiple = 16, .configuration = "seed 3"}, "has other bins");
  refused(family, targets, {.criterion = slimming_criterion::error_per_saved_cost, .configuration = "seed 3"},
          "has other criterion");
  CHECK(greedy_slimming(family, targets, planted{}, mac_price{}, {.configuration = "seed 3"}, &book).complete);

  // Steps that this slimming cannot have made.
  for (const auto& [key, value] : std::vector<std::pair<std::string, json>>{
           {"step", 2}, {"group", 3}, {"group", -1}, {"from", 88}, {"to", 0}, {"candidates", {1}}}) {
    const fs::path folder = place.folder / (key + json_text(value));
    journal wrong(folder);
    for (const journal_record& record : book.records()) {
      json payload = record.payload;
      if (record.sequence == 3) payload[key] = value;
      if (record.sequence <= 3) wrong.append(record.operation, payload);
    }
    CHECK_THROWS_AS(greedy_slimming(family, targets, planted{}, mac_price{}, {.configuration = "seed 3"}, &wrong), error);
  }
}

TEST_CASE("what cannot be slimmed is refused before any error is asked for", "[slimming]") {
  const width_family family = chain();
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const auto never = [](const channel_configuration&) -> double { throw std::logic_error("asked"); };
  const auto refused = [&](const std::vector<double>& targets, const char* because, const slimming_options& options = {}) {
    CHECK_THROWS_WITH(greedy_slimming(family, targets, never, mac_price{}, options), ContainsSubstring(because));
  };
  refused({}, "no target");
  refused({1e6, 1e6}, "target 2 of greedy slimming is 1000000 after 1000000; give finite numbers in descending order");
  refused({1e6, 2e6}, "descending");
  refused({none}, "target 1 of greedy slimming is nan");
  refused({1e7, 1e4}, "the last target is 10000, but the smallest configuration, 8,8,16, costs 124576;");
  refused({1e6}, "bins", {.bins = 0});
  refused({1e6}, "bins", {.multiple = 0});
  CHECK_THROWS_WITH(greedy_slimming(family, {1e6}, planted{}, price_by([](const channel_configuration&) { return none; })),
                    ContainsSubstring("the cost of the configuration 8,8,16 is no finite number"));
  CHECK_THROWS_WITH(greedy_slimming(
                        family, {1e6}, [](const channel_configuration&) { return none; }, mac_price{}),
                    ContainsSubstring("the error of the configuration 96,48,240"));
  std::size_t asked = 0;
  const price_by drifting([&](const channel_configuration&) { return asked++ == 0 ? 1.0 : 5.0; });
  CHECK_THROWS_WITH(greedy_slimming(family, {2}, planted{}, drifting), ContainsSubstring("no channels are left to take away"));
}

TEST_CASE("no uniform width costs more nearly the same", "[slimming]") {
  const width_family family = chain();
  const auto distance = [&](int width, double wanted) { return std::abs(mac_price{}.of(family.layers_at(family.at(width))) - wanted); };
  for (const double wanted : {0.0, 1e5, 123456.0, 1e6, 1e9}) {
    const int found = uniform_of_cost(family, wanted, mac_price{});
    for (int width = 1; width <= family.most(); width += 7) CHECK(distance(found, wanted) <= distance(width, wanted));
  }
}
