#include <set>

#include <catch.hpp>

#include <cstdio>
#include <ctime>

#include <unistd.h>

#include <hasse/catalogue/shard.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/any_device.hpp>
#include <hasse/latency/together.hpp>

#include "../support/spaces.hpp"
#include "fake_device.hpp"
#include "restless_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {

using table = latency_table<small_space>;

/// Orders by the number of blocks and says nothing of steps.
struct nameless_steps {
  std::string_view name = "mine";
};

/// The file's JSON, changed and given a checksum that fits.
void rewrite(const std::filesystem::path& path, const std::function<void(json&)>& change) {
  json content = read_json(path);
  content.erase("checksum");
  change(content);
  content["checksum"] = detail::checksum_of(content);
  replace_file(path, json_text(content, 1) + '\n');
}

}  // namespace

TEST_CASE("every row is the part's own time, and sums are whole networks") {
  temporary_folder folder;
  fake_device device;
  double last = -1;
  const table measured = table::load_or_measure(folder / "latency.json", device, quick, [&](const progress_event& event) {
    CHECK(event.fraction >= last);
    last = event.fraction;
  });
  CHECK(last == 1);
  for (part_id part = 0; part < part_count<small_space>; ++part) {
    const latency_row& row = measured.rows()[static_cast<std::size_t>(part)];
    INFO(row.part);
    CHECK(row.p50 == true_cost(*device.world, part));
    CHECK(row.p10 == row.p50);
    CHECK(row.noise == 0);
    CHECK(row.contexts >= quick.contexts);
    CHECK(row.samples >= quick.contexts * quick.rounds * quick.samples);
    CHECK_THAT(row.implementation, ContainsSubstring("imagined"));
    CHECK(measured.ticks_per_part()[static_cast<std::size_t>(part)].count == (row.p50 + 50) / 100);
  }
  CHECK(measured.additivity().networks.size() == 12);
  CHECK(measured.additivity().worst_error() == 0);
  CHECK(measured.noise_floor() == 0);
  const auto choice = parse<small_space>("[(4,8),(16)]");
  CHECK(measured.estimate(choice) == latency_of(choice, measured.ticks_per_part()));
}

TEMPLATE_TEST_CASE("a head that reads several stages has a row for every piece and width, and sums are whole networks", "", two_taps, three_taps) {
  temporary_folder folder;
  fake_device device;
  const auto measured = latency_table<TestType>::load_or_measure(folder / "latency.json", device, quick);
  for (part_id part = 0; part < part_count<TestType>; ++part) {
    const latency_row& row = measured.rows()[static_cast<std::size_t>(part)];
    INFO(row.part);
    CHECK(row.p50 == true_cost<TestType>(*device.world, part));
  }
  CHECK(measured.additivity().networks.size() == 12);
  CHECK(measured.additivity().worst_error() == 0);
}

TEST_CASE("additivity is stated as it is") {
  additivity record;
  for (const std::int64_t sum : {90, 100, 101, 130}) record.networks.push_back({"n", sum, 100});
  CHECK(record.median_error() == Approx(0.055));
  CHECK(record.worst_error() == Approx(0.30));

  temporary_folder folder;
  fake_device device;  // every run costs 5 us more than its parts: no lap of a part sees it all
  device.world->on_start = [&] { device.world->now += 5000; };
  const table measured = table::load_or_measure(folder / "latency.json", device, quick);
  for (const additivity_pair& each : measured.additivity().networks) CHECK(each.sum == each.whole);  // the stem's lap carries it
}

TEST_CASE("disturbed runs and rounds are counted and change nothing") {
  temporary_folder folder;
  fake_device calm, noisy;
  noisy.world->on_start = [&world = *noisy.world] {
    if (world.runs % 4 == 0) world.now += 8'000'000;
    if (world.runs % 7 == 0) world.now += 70'000;
  };
  const table expected = table::load_or_measure(folder / "calm.json", calm, quick),
              found = table::load_or_measure(folder / "noisy.json", noisy, quick);
  rejections all;
  for (std::size_t part = 0; part < table::parts; ++part) {
    CHECK(found.rows()[part].p50 == expected.rows()[part].p50);
    all += found.rows()[part].rejected;
  }
  CHECK(all.quanta > 0);
  CHECK(all.disturbed > 0);
}

TEST_CASE("a loaded table is saved as the same bytes, and is not measured again") {
  temporary_folder folder;
  fake_device device;
  const auto path = folder / "latency.json";
  const table measured = table::load_or_measure(path, device, quick);
  const std::int64_t runs = device.world->runs;
  const table again = table::load_or_measure(path, device, quick);
  CHECK(device.world->runs == runs);
  CHECK(again.record() == measured.record());
  again.save(folder / "copy.json");
  CHECK(read_file(folder / "copy.json") == read_file(path));
  CHECK(table::load(path).record() == measured.record());
}

TEST_CASE("a killed measurement goes on and ends with the same table") {
  temporary_folder folder;
  fake_device calm;
  const table expected = table::load_or_measure(folder / "calm.json", calm, quick);
  struct killed {};
  for (const double share : {0.1, 0.5, 0.8, 0.99}) {
    const auto path = folder / ("killed" + std::to_string(share) + ".json");
    fake_device device;
    device.world->on_start = [&world = *device.world,
                              at = static_cast<std::int64_t>(share * static_cast<double>(calm.world->runs))] {
      if (world.runs == at) throw killed();
    };
    CHECK_THROWS_AS(table::load_or_measure(path, device, quick), killed);
    CHECK(std::filesystem::exists(path) == (share > 0.4));
    const std::int64_t before = device.world->runs;
    if (share > 0.4) CHECK_THAT(sentence_of([&] { table::load(path); }), ContainsSubstring("is not measured to its end"));
    const table resumed = table::load_or_measure(path, device, quick);
    if (share > 0.4) CHECK(device.world->runs - before < calm.world->runs);
    CHECK(std::equal(resumed.rows().begin(), resumed.rows().end(), expected.rows().begin(), expected.rows().end()));
    CHECK(resumed.additivity() == expected.additivity());
  }
}

TEST_CASE("a part that the backend refuses has a reason instead of a number") {
  temporary_folder folder;
  fake_device device;
  device.world->refuses = [](const layer& item) {
    return item.out.c == 16 ? "has sixteen channels, which this device cannot count" : "";
  };
  table measured = table::load_or_measure(folder / "latency.json", device, quick);
  const auto bad = parse<small_space>("[(4),(16)]"), good = parse<small_space>("[(4),(8)]");
  CHECK(measured.refusal(good).empty());
  CHECK_THAT(measured.refusal(bad), ContainsSubstring("which this device cannot count"));
  CHECK_THAT(sentence_of([&] { measured.estimate(bad); }), ContainsSubstring("[(4),(16)]") && ContainsSubstring("leave it out"));
  CHECK(counter<small_space>(measured.ticks_per_part(), {ticks{0}, table::unsupported - ticks{1}}).size() > 0);
  CHECK(latency_of(bad, measured.ticks_per_part()) >= table::unsupported);
  measured.apply(order_policy::isotonic, strict_order{});
  CHECK(latency_of(bad, measured.ticks_per_part()) >= table::unsupported);
  CHECK(table::load(folder / "latency.json").refusal(bad) == measured.refusal(bad));

  device.world->refuses = [](const layer&) { return "is refused"; };
  CHECK_THAT(sentence_of([&] { table::load_or_measure(folder / "none.json", device, quick); }),
             ContainsSubstring("cannot run any architecture"));
}

TEST_CASE("order violations are listed, repaired only on request, and never written") {
  temporary_folder folder;
  fake_device device;
  device.world->cost = [](const layer& item) {
    return macs_of(item) / 50 + (item.kernel == 1 && item.kind == layer_kind::convolution ? 40'000 : 1000);
  };
  const auto path = folder / "latency.json";
  table measured = table::load_or_measure(path, device, quick);
  const std::string bytes = read_file(path);
  REQUIRE(!measured.violations(strict_order{}).empty());
  CHECK(measured.repairs().empty());

  const architecture<small_space> projected = parse<small_space>("[(4,8),(8)]"), wider = parse<small_space>("[(8,8),(8)]");
  REQUIRE(precedes(projected, wider));
  measured.apply(order_policy::exclude, strict_order{});
  CHECK(measured.estimate(projected) > measured.estimate(wider));
  CHECK(measured.policy() == order_policy::exclude);
  CHECK(measured.repairs().empty());

  measured.apply(order_policy::isotonic, strict_order{});
  CHECK(!measured.repairs().empty());
  CHECK(measured.estimate(projected) <= measured.estimate(wider));
  for (const row_repair& each : measured.repairs())
    CHECK(measured.ticks_per_part()[static_cast<std::size_t>(each.part)] == each.repaired);
  measured.save(path);
  CHECK(read_file(path) == bytes);
  CHECK(sentence_of([&] { measured.require_order("strict"); }).empty());
  CHECK_THAT(sentence_of([&] { measured.require_order("embedding"); }), ContainsSubstring("was repaired along the strict order, and this search uses the embedding order"));
  measured.apply(order_policy::warn, strict_order{});
  CHECK(measured.repairs().empty());
  CHECK(sentence_of([&] { measured.require_order("embedding"); }).empty());
}

TEST_CASE("repair moves only rows that the order at hand compares") {
  temporary_folder folder;
  fake_device device;
  // A narrower block in front of a stage takes time off: a step of the embedding order and of no other.
  device.world->cost = [](const layer& item) {
    return item.kind == layer_kind::convolution && item.in.h != item.out.h ? 1000 + 4000 * item.out.c : std::int64_t{1000};
  };
  table measured = table::load_or_measure(folder / "latency.json", device, quick);
  const std::vector<ticks> rows(measured.ticks_per_part().begin(), measured.ticks_per_part().end());
  const auto changed = [&] { return !std::equal(rows.begin(), rows.end(), measured.ticks_per_part().begin()); };
  REQUIRE(measured.violations(strict_order{}).empty());
  const auto found = measured.violations(embedding_order{});
  REQUIRE(!found.empty());
  for (const order_violation& each : found) CHECK(each.move.step == order_step::put_before);
  CHECK(measured.violations(chosen_order("embedding")).size() == found.size());
  measured.apply(order_policy::isotonic, strict_order{});
  CHECK_FALSE(changed());
  CHECK(measured.repairs().empty());
  measured.apply(order_policy::isotonic, chosen_order("embedding"));
  CHECK(changed());
  CHECK(!measured.repairs().empty());
  CHECK_THAT(sentence_of([&] { measured.apply(order_policy::isotonic, nameless_steps{}); }), ContainsSubstring("the order 'mine' does not say of which steps it is made"));
  measured.apply(order_policy::exclude, nameless_steps{});
  CHECK(measured.policy() == order_policy::exclude);
  CHECK_FALSE(changed());
}

namespace {
/// What `run` writes to stderr.
template <class Run>
std::string warnings_of(Run&& run) {
  std::FILE* const file = std::tmpfile();
  const int kept = ::dup(2);
  std::fflush(stderr), ::dup2(::fileno(file), 2);
  run();
  std::fflush(stderr), ::dup2(kept, 2), ::close(kept);
  std::string text(static_cast<std::size_t>(std::ftell(file)), ' ');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}
}  // namespace

TEST_CASE("what was measured by code without optimisation is warned of, and no table of it is used by other code") {
  temporary_folder folder;
  fake_device slow, device;
  slow.told.compiler = "g++ 12, not optimised with assertions, avx2", device.told.compiler = "g++ 12, optimised, avx2";
  CHECK(warnings_of([&] { table::load_or_measure(folder / "fast.json", device, quick); }).empty());
  const std::string warning = warnings_of([&] {
    table::load_or_measure(folder / "latency.json", slow, quick);
    table::load_or_measure(folder / "again.json", slow, quick);
  });
  CHECK(warning == unoptimised_warning(slow.told) + '\n');  // once
  CHECK_THAT(warning, ContainsSubstring("compiled without optimisation (" + slow.told.compiler + ")"));
  CHECK_THAT(sentence_of([&] { table::load_or_measure(folder / "latency.json", device, quick); }),
             ContainsSubstring("the compiler was \"" + slow.told.compiler + "\" and is \"" + device.told.compiler + "\" here"));
}

TEST_CASE("the facts of a device name what measures and, where it differs, what its kernels were compiled with") {
  device_facts facts = host_facts();
  CHECK(facts.compiler == HASSE_BUILD_TEXT);
  CHECK_THAT(facts.compiler, ContainsSubstring("optimised"));
  add_build(facts, HASSE_BUILD_TEXT);
  CHECK(facts.compiler == HASSE_BUILD_TEXT);
  add_build(facts, "g++ 11, not optimised, baseline");
  CHECK(facts.compiler == HASSE_BUILD_TEXT "; g++ 11, not optimised, baseline");

  fake_device apart;
  apart.told.compiler = "g++ 11, not optimised, baseline";
  CHECK(any_device(apart).facts().compiler == apart.told.compiler + "; " HASSE_BUILD_TEXT);
}

TEST_CASE("a slow space is counted in coarser ticks") {
  temporary_folder folder;
  fake_device device;
  device.world->cost = [](const layer& item) { return item.kind == layer_kind::convolution ? std::int64_t{1'234'567} : 1000; };
  const table measured = table::load_or_measure(folder / "latency.json", device, quick);
  CHECK(measured.resolution() > 1);
  for (const ticks each : measured.ticks_per_part()) CHECK(each.count % measured.resolution() == 0);
  CHECK(table::load(folder / "latency.json").resolution() == measured.resolution());
}

TEST_CASE("a table is loaded for its own space, device, threads, library and rules only") {
  temporary_folder folder;
  fake_device device;
  const auto path = folder / "latency.json";
  table::load_or_measure(path, device, quick);
  const auto refusal = [&](const fake_device& on, const protocol& rules) {
    return sentence_of([&] { table::load_or_measure(path, on, rules); });
  };
  const std::string remedy = "name another path, or move the file away to measure again";
  CHECK(refusal(device, quick).empty());

  const auto with = [&](auto member, auto value) {
    fake_device other;
    other.told.*member = value;
    return refusal(other, quick);
  };
  CHECK_THAT(with(&device_facts::name, "real"), ContainsSubstring(path.string()) &&
                                                    ContainsSubstring("the device was \"imaginary\" and is \"real\" here") &&
                                                    ContainsSubstring(remedy));
  CHECK_THAT(with(&device_facts::threads, 2), ContainsSubstring("the number of threads was \"1\" and is \"2\" here"));
  CHECK_THAT(with(&device_facts::library, "fake 2"), ContainsSubstring("the library was"));
  CHECK_THAT(with(&device_facts::compiler, "other"), ContainsSubstring("the compiler was"));
  CHECK_THAT(with(&device_facts::scalar, "bfloat16"),
             ContainsSubstring("the type of activations was \"float32\" and is \"bfloat16\" here"));
  CHECK(with(&device_facts::notes, "another kernel").empty());
  protocol other = quick;
  other.samples = 6;
  CHECK_THAT(refusal(device, other), ContainsSubstring("another protocol") && ContainsSubstring(remedy));
  CHECK_THAT(sentence_of([&] { latency_table<other_space>::load_or_measure(path, device, quick); }),
             ContainsSubstring("another search space") && ContainsSubstring(remedy));
  CHECK_THAT(sentence_of([&] { latency_table<other_space>::load(path); }), ContainsSubstring("another search space"));
}

TEST_CASE("every damage to a table has its sentence") {
  temporary_folder folder;
  fake_device device;
  const auto original = folder / "latency.json", path = folder / "damaged.json";
  table::load_or_measure(original, device, quick);
  const std::string bytes = read_file(original);
  const auto after = [&](const std::function<void(json&)>& change) {
    replace_file(path, bytes);
    rewrite(path, change);
    return sentence_of([&] { table::load(path); });
  };
  CHECK(after([](json&) {}).empty());
  CHECK_THAT(after([](json& it) { it["rows"].erase(2); }),
             ContainsSubstring("lacks 1 of") && ContainsSubstring(row_names<small_space>()[2]));
  CHECK_THAT(after([](json& it) { it["rows"].push_back(it["rows"][1]); }), ContainsSubstring("has two rows for the part"));
  CHECK_THAT(after([](json& it) { it["rows"][1]["part"] = "stage 9"; }), ContainsSubstring("lacks 1 of"));
  CHECK_THAT(after([](json& it) {
               it["rows"].push_back(it["rows"][1]);
               it["rows"].back()["part"] = "stage 9";
             }),
             ContainsSubstring("parts that this space has not"));
  CHECK_THAT(after([](json& it) { it["rows"][1]["p50_ns"] = -5; }), ContainsSubstring("\"p50_ns\"") && ContainsSubstring("is -5"));
  CHECK_THAT(after([](json& it) { it["rows"][1]["p50_ns"] = 0; }), ContainsSubstring("is 0, not within"));
  CHECK_THAT(after([](json& it) { it["rows"][1]["p50_ns"] = nullptr; }),
             ContainsSubstring("must be a whole number"));  // how JSON spells NaN
  CHECK_THAT(after([](json& it) { it["rows"][1]["state"] = "guessed"; }), ContainsSubstring("unknown state"));
  CHECK_THAT(after([](json& it) { it["schema"] = 3; }), ContainsSubstring("schema 3"));
  CHECK_THAT(after([](json& it) { it["kind"] = "shopping list"; }), ContainsSubstring("is no latency table"));
  CHECK_THAT(after([](json& it) { it["extra"] = 1; }), ContainsSubstring("unknown key"));
  CHECK_THAT(after([](json& it) { it["device"].erase("library"); }), ContainsSubstring("lacks \"library\""));
  CHECK_THAT(after([](json& it) { it["rows"] = json::array(); }), ContainsSubstring("has no rows"));

  replace_file(path, bytes.substr(0, bytes.size() / 2));
  CHECK_THAT(sentence_of([&] { table::load(path); }), ContainsSubstring(path.string()) && ContainsSubstring("not JSON"));
  replace_file(path, "");
  CHECK(!sentence_of([&] { table::load(path); }).empty());
  random_source random(3);
  for (int trial = 0; trial < 200; ++trial) {
    std::string flipped = bytes;
    char& byte = flipped[random.below(flipped.size())];
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
    replace_file(path, flipped);
    std::optional<latency_record> read;
    const std::string sentence = sentence_of([&] { read = table::load(path).record(); });
    // What survives a flipped bit says the same: the bit was in the white space.
    if (read)
      CHECK(*read == table::load(original).record());
    else
      CHECK_THAT(sentence, ContainsSubstring(path.string()) && ContainsSubstring("; "));
  }
}

TEST_CASE("an interrupted table of another program is refused") {
  temporary_folder folder;
  fake_device device;
  const auto path = folder / "latency.json";
  struct killed {};
  device.world->on_start = [&world = *device.world] {
    if (world.runs == 1200) throw killed();
  };
  CHECK_THROWS_AS(table::load_or_measure(path, device, quick), killed);
  REQUIRE(std::filesystem::exists(path));
  rewrite(path, [](json& it) { it["rounds"][0].erase(1); });
  CHECK_THAT(sentence_of([&] { table::load_or_measure(path, device, quick); }), ContainsSubstring("another version"));
}

namespace {
template <int Epsilon, int Keep>
inline constexpr conv normed_conv{.out = 4, .norm = {.epsilon_millionths = Epsilon, .keep_percent = Keep}};
template <int Epsilon, int Keep>
using normed_space = search_space<input<3, 8, 8>, stem<normed_conv<Epsilon, Keep>>,
                                  stage<basic{.stride = 2}, widths<4>, depth<1, 1>>, head<global_average_pool, linear<10>>>;
}

TEST_CASE("what a network is measured in is said as it is") {
  device_facts facts;
  facts.features = "sm_90, tf32, hot, measured plans";
  CHECK(number_text(facts) == "tf32");
  facts.features = "sm_90, hot, measured plans";
  CHECK(number_text(facts) == "fp32");
  facts.scalar = "bfloat16";
  CHECK(number_text(facts) == "bf16");
  facts.scalar = "float16";
  CHECK(number_text(facts) == "fp16");
}

TEST_CASE("identities are made of every number of a layer, those of batch norm too") {
  layer item{.kind = layer_kind::convolution, .input = 0, .other = 1, .in = {2, 3, 4}, .out = {5, 6, 7}};
  std::set<std::string> texts{detail::numbers_of(item)};
  const auto changed = [&](auto change) {
    layer other = item;
    change(other);
    CHECK(texts.insert(detail::numbers_of(other)).second);
  };
  changed([](layer& it) { it.kind = layer_kind::linear; });
  changed([](layer& it) { it.input = 2; }), changed([](layer& it) { it.other = 2; });
  changed([](layer& it) { ++it.in.h; }), changed([](layer& it) { ++it.in.w; }), changed([](layer& it) { ++it.in.c; });
  changed([](layer& it) { ++it.out.h; }), changed([](layer& it) { ++it.out.w; }), changed([](layer& it) { ++it.out.c; });
  changed([](layer& it) { ++it.kernel; }), changed([](layer& it) { ++it.stride; }), changed([](layer& it) { ++it.groups; });
  changed([](layer& it) { ++it.pad_top; }), changed([](layer& it) { ++it.pad_left; }), changed([](layer& it) { it.bias = true; });
  changed([](layer& it) { it.act = activation::relu; });
  changed([](layer& it) { ++it.norm.epsilon_millionths; }), changed([](layer& it) { ++it.norm.keep_percent; });

  const std::string plain = space_identity<normed_space<10, 90>>();
  CHECK(plain != space_identity<normed_space<100, 90>>());
  CHECK(plain != space_identity<normed_space<10, 99>>());
}
