// Tables of layers on a device whose time is computed: exact sums, each piece measured once, kills, refusals, damaged files.
#include <map>
#include <set>

#include <hasse/file/json.hpp>
#include <hasse/latency/any_device.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/network/channel_groups.hpp>

#include "../support/bodied.hpp"
#include "catch.hpp"
#include "fake_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
/// Inverted bottlenecks with and without squeeze-excite, a shape that comes twice, a concat.
layer_list mixed() {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  value_id value = build.conv_bn(0, 8, 3, 1, activation::relu, {});
  for (const bool excites : {false, false, true}) {
    const value_id from = value;
    value = build.conv_bn(value, 32, 1, 1, activation::relu6, {});
    value = build.conv_bn(value, 32, 3, 1, activation::relu6, {}, 32);
    if (excites) {
      const value_id squeezed = build.convolution(build.global_average_pool(value), 8, 1, 1, 0, 1, true);
      value = build.scale(value, build.activate(build.convolution(build.activate(squeezed, activation::relu), 32, 1, 1, 0, 1, true),
                                                activation::hard_sigmoid));
    }
    value = build.add(build.conv_bn(value, 8, 1, 1, activation::none, {}), from);
  }
  value = build.concat(value, build.convolution(value, 4, 3));
  build.linear(build.global_average_pool(value), 10);
  return layers;
}
const width_family& family() {
  static const width_family it(mixed());
  return it;
}
layer_list at(const char* configuration) { return family().layers_at(family().parse(configuration)); }

std::int64_t true_cost(const fake_world& world, const layer_list& layers) {
  std::int64_t sum = 0;
  for (const layer& item : fold_for_inference(layers).layers) sum += world.cost(item);
  return sum;
}

std::string text_of(const std::filesystem::path& path, const std::function<void(json&)>& change) {
  json content = read_json(path);
  content.erase("checksum");
  change(content);
  content["checksum"] = detail::checksum_of(content);
  return json_text(content, 1) + '\n';
}
}  // namespace

TEST_CASE("a piece is what the network may run as one step", "[layer_table]") {
  const auto pieces = detail::pieces_of(mixed());
  REQUIRE(pieces.size() == 8);  // convolution, three bottlenecks, convolution, concat, pool, linear
  CHECK(pieces[1].text == pieces[2].text);
  CHECK(pieces[1].text != pieces[3].text);
  CHECK(pieces[1].end - pieces[0].end == 3);
  CHECK(pieces[3].end - pieces[2].end == 7);
  CHECK_THAT(pieces[1].text, ContainsSubstring(" > ") && ContainsSubstring(", residual"));
  CHECK(static_cast<std::size_t>(pieces.back().end) == fold_for_inference(mixed()).layers.size());
}

TEST_CASE("sums are whole networks, and each piece is measured once", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  CHECK_FALSE(table.knows(mixed()));
  double last = -1;
  const ticks full = table.latency_of(mixed(), [&](const progress_event& event) {
    CHECK(event.fraction > last);
    last = event.fraction;
  });
  CHECK(last > 0.5);
  CHECK(full.count == (true_cost(*device.world, mixed()) + 50) / 100);
  CHECK(table.knows(mixed()));
  CHECK(table.record().pieces.size() == 7);
  const latency_row& twice = table.record().pieces.at(detail::pieces_of(mixed())[1].text);
  CHECK(twice.contexts == 2);
  CHECK(twice.implementation == "imagined + imagined + imagined");
  CHECK(twice.samples == 2 * quick.rounds * quick.samples);

  const std::int64_t runs = device.world->runs;
  CHECK(table.latency_of(mixed()) == full);
  CHECK(device.world->runs == runs);
  // A group that one piece and its neighbours have: the others keep their rows, also where the device has slowed down.
  const auto before = table.record().pieces;
  const layer_list narrow = at("1 1=16");
  const std::int64_t cost = true_cost(*device.world, narrow);
  CHECK(table.latency_of(narrow).count == (cost + 50) / 100);
  CHECK(device.world->runs > runs);
  for (const auto& [text, row] : before) CHECK(table.record().pieces.at(text) == row);
  CHECK(table.record().pieces.size() == before.size() + 1);
  device.world->cost = [](const layer&) { return std::int64_t{1'000'000}; };
  CHECK(table.latency_of(mixed()) == full);
}

TEST_CASE("shapes that take another time elsewhere still add up to what they took", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  device.world->on_start = [&world = *device.world] {
    world.cost = [calls = 0](const layer& item) mutable { return macs_of(item) / 50 + 1000 + 111 * ++calls; };
  };
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  const std::int64_t sum = table.latency_of(mixed()).count * 100, whole = table.measured_whole(mixed(), "mixed").median;
  CHECK(std::abs(sum - whole) <= 51);
}

TEST_CASE("what is measured while the device is slow is measured again", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  table.latency_of(mixed());
  const std::int64_t before = device.world->runs, per_network = before;
  device.world->cost = [&world = *device.world, until = before + per_network](const layer& item) {
    return fake_world().cost(item) * (world.runs <= until ? 3 : 2) / 2;  // half as long again, in the first measurement
  };
  const layer_list narrow = at("1 1=16");
  CHECK(table.latency_of(narrow).count == (true_cost(fake_world(), narrow) + 50) / 100);
  CHECK(device.world->runs == before + 2 * per_network);
}

TEST_CASE("a network that is measured whole while the device is slow is measured again", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  table.latency_of(mixed());
  const std::int64_t before = device.world->runs;
  device.world->cost = [&world = *device.world, until = 3 * before](const layer& item) {
    return fake_world().cost(item) * (world.runs <= until ? 3 : 2) / 2;  // half as long again: the network, then its pieces
  };
  CHECK(table.measured_whole(mixed(), "mixed").median == true_cost(fake_world(), mixed()));
  CHECK(device.world->runs == 5 * before);

  const layer_list narrow = at("0.5");  // no way out: as slow as it is
  table.latency_of(narrow);
  device.world->cost = [](const layer& item) { return fake_world().cost(item) * 3 / 2; };
  const std::int64_t slow = true_cost(*device.world, narrow);
  CHECK(table.measured_whole(narrow, "narrow").median == slow);
}

TEST_CASE("one quick round is enough for a layer that the scheduler hit in all others", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  const auto hit = [&world = *device.world](const layer& item) {  // the linear layer, in all rounds but one of three
    const bool calm = world.runs <= quick.warm_up + quick.samples;
    return fake_world().cost(item) + (item.kind == layer_kind::linear && !calm ? 8'000'000 : 0);
  };
  device.world->cost = hit;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  CHECK(table.latency_of(mixed()).count == (true_cost(fake_world(), mixed()) + 50) / 100);
}

TEST_CASE("a table goes on from its file, whenever it was killed", "[layer_table]") {
  temporary_folder folder;
  const std::vector<layer_list> asked = {at("1"), at("0.5"), at("1 0=4"), at("0.25")};
  struct killed {};
  fake_device calm;
  layer_table expected = layer_table::load_or_begin(folder / "calm.json", calm, quick);
  std::vector<ticks> sums;
  for (const layer_list& each : asked) sums.push_back(expected.latency_of(each));
  for (const int at : {1, 10, 30, 60, 80}) {
    const auto path = folder / ("killed" + std::to_string(at) + ".json");
    fake_device device;
    device.world->on_start = [&world = *device.world, at] {
      if (world.runs == at) throw killed();
    };
    std::size_t done = 0;
    const auto go = [&] {
      layer_table table = layer_table::load_or_begin(path, device, quick);
      for (std::size_t next = 0; next < asked.size(); ++next) {
        CHECK(table.knows(asked[next]) == (next < done));
        const ticks found = table.latency_of(asked[next]);
        CHECK(found == sums[next]);
        done = std::max(done, next + 1);
      }
      CHECK(table.record().pieces == expected.record().pieces);
    };
    CHECK_THROWS_AS(go(), killed);
    go();
    CHECK(done == asked.size());
  }
}

TEST_CASE("finalists are measured whole, once, and kept beside their sums", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  const auto path = folder / "layers.json";
  {
    layer_table table = layer_table::load_or_begin(path, device, quick);
    device.world->on_start = [&] { device.world->now += 100'000; };  // a run costs more than its layers: the first lap has it
    const measurement found = table.measured_whole(mixed(), "mixed at 1.0");
    CHECK(found.median == true_cost(*device.world, mixed()) + 100'000);
    device.world->on_start = [&] { device.world->now += 200'000; };
    table.measured_whole(at("0.5"), "mixed at 0.5");
    REQUIRE(table.additivity().networks.size() == 2);
  }
  const std::int64_t runs = device.world->runs;
  layer_table again = layer_table::load_or_begin(path, device, quick);
  CHECK(again.measured_whole(mixed(), "another name").median == true_cost(*device.world, mixed()) + 100'000);
  CHECK(device.world->runs == runs);
  std::set<std::string> names;
  for (const additivity_pair& each : again.additivity().networks) names.insert(each.network);
  CHECK(names == std::set<std::string>{"mixed at 1.0", "mixed at 0.5"});
  const double half = static_cast<double>(true_cost(*device.world, at("0.5")));  // its first layer is that of the full width
  CHECK(again.additivity().worst_error() == Approx(100'000 / (half + 200'000)));

  layer_table read = layer_table::load(path);
  CHECK(read.latency_of(mixed()) == again.latency_of(mixed()));
  CHECK(read.measured_whole(mixed(), "") == again.measured_whole(mixed(), ""));
  CHECK_THAT(sentence_of([&] { read.latency_of(at("0.25")); }),
             ContainsSubstring("knows no latency of convolution") && ContainsSubstring("load_or_begin"));
  CHECK_THAT(sentence_of([&] { read.measured_whole(at("0.5 0=7"), "n"); }), ContainsSubstring("the whole network n"));
}

TEST_CASE("a network with several outputs is measured whole and in pieces, and is another than without", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  layer_list several = mixed();
  several.outputs = {{"raw", 1}, {"wide", 6}, {"scores", static_cast<value_id>(several.size())}};
  table.latency_of(mixed());
  // What hands out a value before its batch norm runs that batch norm by itself: pieces that nobody else has.
  CHECK_FALSE(table.knows(several));
  CHECK(table.latency_of(several).count == (true_cost(*device.world, several) + 50) / 100);
  CHECK(table.latency_of(several) != table.latency_of(mixed()));
  CHECK(table.measured_whole(several, "several").median == true_cost(*device.world, several));
  CHECK(table.measured_whole(mixed(), "mixed").median == true_cost(*device.world, mixed()));
  // A value that is nowhere fused costs nothing to hand out, but the list has an identity of its own.
  layer_list named = mixed();
  named.append_output("scores", static_cast<value_id>(named.size()));
  CHECK(table.latency_of(named) == table.latency_of(mixed()));
  table.measured_whole(named, "named");
  CHECK(table.record().wholes.size() == 3);
  CHECK(measure(several, device, quick).median == true_cost(*device.world, several));
}

TEST_CASE("a layer table belongs to its device and rules, and its networks must be networks", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  const auto path = folder / "layers.json";
  layer_table table = layer_table::load_or_begin(path, device, quick);
  table.latency_of(mixed());
  const auto refusal = [&](const fake_device& on, const protocol& rules) {
    return sentence_of([&] { layer_table::load_or_begin(path, on, rules); });
  };
  CHECK(refusal(device, quick).empty());
  fake_device other;
  other.told.threads = 2;
  CHECK_THAT(refusal(other, quick), ContainsSubstring(path.string()) &&
                                        ContainsSubstring("the number of threads was \"1\" and is \"2\" here") &&
                                        ContainsSubstring("name another path, or move the file away to measure again"));
  other = {};
  other.told.library = "fake 2";
  CHECK_THAT(refusal(other, quick), ContainsSubstring("the library was"));
  other = {};
  other.told.name = "real";
  CHECK_THAT(refusal(other, quick), ContainsSubstring("the device was"));
  protocol rules = quick;
  rules.samples = 6;
  CHECK_THAT(refusal(device, rules), ContainsSubstring("another protocol"));
  rules.samples = 0;
  CHECK_THAT(refusal(device, rules), ContainsSubstring("samples = 0"));

  device.world->refuses = [](const layer& item) { return item.in.c == 5 ? "reads five channels" : ""; };
  const std::string bytes = read_file(path);
  CHECK_THAT(sentence_of([&] { table.latency_of(at("1 0=5")); }), ContainsSubstring("reads five channels"));
  CHECK(read_file(path) == bytes);
  layer_list broken = mixed();
  broken.items[3].input = 99;
  CHECK_THAT(sentence_of([&] { table.latency_of(broken); }), ContainsSubstring("reads value 99"));
  CHECK_THAT(sentence_of([&] { table.latency_of({}); }), ContainsSubstring("without layers"));
}

TEST_CASE("every damage to a layer table has its sentence", "[layer_table]") {
  temporary_folder folder;
  fake_device device;
  const auto original = folder / "layers.json", path = folder / "damaged.json";
  layer_table table = layer_table::load_or_begin(original, device, quick);
  table.measured_whole(mixed(), "mixed");
  const std::string bytes = read_file(original);
  CHECK(to_text(parse_layer_record(bytes, "it")) == bytes);
  CHECK(parse_layer_record(bytes, "it") == table.record());
  const auto after = [&](const std::function<void(json&)>& change) {
    replace_file(path, text_of(original, change));
    return sentence_of([&] { layer_table::load(path); });
  };
  CHECK(after([](json&) {}).empty());
  CHECK_THAT(after([](json& it) { it["pieces"].push_back(it["pieces"][1]); }), ContainsSubstring("has two rows for the piece"));
  CHECK_THAT(after([](json& it) { it["networks"].push_back(it["networks"][0]); }), ContainsSubstring("twice"));
  CHECK_THAT(after([](json& it) { it["pieces"][1]["p50_ns"] = 0; }), ContainsSubstring("is 0, not within"));
  CHECK_THAT(after([](json& it) { it["pieces"][1]["p50_ns"] = 1.5; }), ContainsSubstring("must be a whole number"));
  CHECK_THAT(after([](json& it) { it["pieces"][1]["state"] = "unsupported", it["pieces"][1]["reason"] = "none"; }),
             ContainsSubstring("has a piece without a latency"));
  CHECK_THAT(after([](json& it) { it["networks"][0]["whole_ns"] = -1; }), ContainsSubstring("is -1, not within"));
  CHECK_THAT(after([](json& it) { it["kind"] = "hasse latency table"; }), ContainsSubstring("is no layer table"));
  CHECK_THAT(after([](json& it) { it["schema"] = 3; }), ContainsSubstring("layer table of schema 3"));
  CHECK_THAT(after([](json& it) { it["extra"] = 1; }), ContainsSubstring("unknown key"));
  CHECK_THAT(after([](json& it) { it["kernels"]["a"] = 1; }), ContainsSubstring("no name of a kernel"));
  CHECK_THAT(after([](json& it) { it["device"].erase("library"); }), ContainsSubstring("lacks \"library\""));
  CHECK_THAT(after([](json& it) { it.erase("networks"); }), ContainsSubstring("networks"));

  replace_file(path, bytes.substr(0, bytes.size() / 2));
  CHECK_THAT(sentence_of([&] { layer_table::load(path); }), ContainsSubstring(path.string()) && ContainsSubstring("not JSON"));
  random_source random(3);
  for (int trial = 0; trial < 300; ++trial) {
    std::string flipped = bytes;
    char& byte = flipped[random.below(flipped.size())];
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
    layer_record read;
    const std::string sentence = sentence_of([&] { read = parse_layer_record(flipped, "damaged"); });
    // What survives a flipped bit says the same: the bit was in the white space.
    if (sentence.empty())
      CHECK(read == table.record());
    else
      CHECK_THAT(sentence, ContainsSubstring("damaged") && ContainsSubstring("; "));
  }
}

TEST_CASE("layers are priced by what whole networks take where a device answers nothing else") {
  temporary_folder folder;
  asked_device device;
  device.world->cost = [](const layer& item) { return macs_of(item) / 7 + parameters_of(item) + 2000; };
  const auto drawn = [](std::uint64_t seed, int count) {
    random_source random(seed);
    std::vector<layer_list> lists;
    for (int i = 0; i < count; ++i) {
      layer_list layers{.input = {16, 16, 3}, .items = {}};
      layer_builder<layer_list> build{layers};
      value_id value = 0;
      for (int block = 0; block < 4; ++block) value = build.conv_bn(value, 4 + static_cast<int>(random.below(40)), block % 2 ? 1 : 3, 1 + block / 2, activation::relu, {});
      build.linear(build.global_average_pool(value), 10);
      lists.push_back(layers);
    }
    return lists;
  };
  const auto path = folder / "asked.json";
  struct killed {};
  const auto begun = [&] { return layer_table::load_or_begin(path, device, [&] { return drawn(1, 40); }); };
  device.world->on_start = [&world = *device.world] {
    if (world.runs == 25) throw killed();
  };
  CHECK_THROWS_AS(begun().latency_of(drawn(2, 1)[0]), killed);
  {
    layer_table table = begun();
    std::vector<double> errors;
    for (const layer_list& layers : drawn(3, 20))
      errors.push_back(std::abs(to_milliseconds(table.latency_of(layers)) / device.time(layers, "").milliseconds[0] - 1));
    CHECK(*std::max_element(errors.begin(), errors.end()) < 0.03);
    CHECK(device.world->runs == 2 + 40 + 1 + 20);  // two before all others; the question that was killed is asked again, no other
    CHECK(table.additivity().networks.size() == 10);  // a fourth tells how far sums are off
    CHECK(table.additivity().median_error() < 0.02);
    CHECK_THAT(table.record().pieces.begin()->second.implementation, ContainsSubstring("estimated from 30 whole networks"));
    const layer_list one = drawn(4, 1)[0];
    CHECK(static_cast<double>(table.measured_whole(one, "one").median) / 1e6 == Approx(device.time(one, "").milliseconds[0]).epsilon(1e-4));
  }
  // Asked before: the same again costs no question.
  const std::int64_t before = device.world->runs;
  CHECK(begun().latency_of(drawn(5, 1)[0]).count > 0);
  CHECK(device.world->runs == before);

  device.world->refuses = [](const layer&) { return "is on fire"; };
  CHECK_THAT(sentence_of([&] { layer_table::load_or_begin(folder / "none.json", device, [&] { return drawn(1, 6); }).latency_of(drawn(2, 1)[0]); }),
             ContainsSubstring("6 of 6 networks could not be timed on asked, for instance: is on fire; mend the command, and remove"));
}

namespace {
/// The device of the engine with bodies; its stopwatch reads the imagined clock.
struct bodied_device {
  std::shared_ptr<std::int64_t> clock = std::make_shared<std::int64_t>(0);
  struct stopwatch {
    std::shared_ptr<std::int64_t> clock;
    std::vector<std::int64_t> marks{};
    void start() { marks = {*clock}; }
    void lap() { marks.push_back(*clock); }
    std::int64_t nanoseconds(std::size_t lap) const { return marks[lap + 1] - marks[lap]; }
  };
  device_facts facts() const { return {.name = "imaginary", .features = {}, .backend = "bodied", .library = "own", .compiler = {}, .notes = {}}; }
  bodied make_backend() const {
    bodied made;
    made.clock = clock;
    return made;
  }
  stopwatch make_stopwatch(bodied&) const { return {clock}; }
};
static_assert(DevicePolicy<bodied_device>);
}  // namespace

TEST_CASE("what runs as a body is one row of a table of layers, and layers without one keep theirs", "[layer_table]") {
  const temporary_folder folder;
  const layer_list layers = layers_of(parse<bodied_space>("[(4,8),(8,16)]"));
  layer_list nameless = layers;
  nameless.stretches.clear();
  layer_table table = layer_table::load_or_begin(folder / "bodies.json", any_device(bodied_device{}), quick);
  const latency_row* row = nullptr;
  const std::int64_t with = table.latency_of(layers).count;
  for (const char* block : {"basic s2 4>4 @16x16", "basic s1 4>8 @8x8", "lateral + tap maps 6>6 @4x4 with 8 @8x8"}) {
    INFO(block);
    REQUIRE(table.record().pieces.contains(std::string("body of ") + block));
    row = &table.record().pieces.at(std::string("body of ") + block);
    CHECK(row->p50 == 100);
    CHECK(row->implementation == "body");
  }
  const auto pieces = static_cast<std::int64_t>(detail::pieces_of(nameless).size());
  const std::int64_t left = static_cast<std::int64_t>(detail::pieces_of(layers, stretches_with_body(bodied{}, layers, fold_for_inference(layers), fusion::inference)).size()) - 3;
  CHECK(with == (left * 1000 + 3 * 100) / 100);
  CHECK(!table.knows(nameless));
  CHECK(table.latency_of(nameless).count == pieces * 1000 / 100);
  CHECK(table.latency_of(layers).count == with);
  CHECK(table.measured_whole(layers, "with bodies").median == with * 100);
  CHECK(table.measured_whole(nameless, "layer by layer").median == pieces * 1000);
  const layer_table read = layer_table::load(folder / "bodies.json");  // without the device: what it has a row for is a body
  CHECK(read.knows(layers));
  CHECK(read.knows(nameless));
  CHECK(layer_table(layer_table::load(folder / "bodies.json")).latency_of(layers).count == with);
}

TEST_CASE("the table of a space says whose bodies its rows are of, and is none of a device without them", "[layer_table]") {
  const temporary_folder folder;
  const any_device device{bodied_device{}};
  const auto table = latency_table<bodied_space>::load_or_measure(folder / "space.json", device, quick);
  CHECK_THAT(table.record().device.library, ContainsSubstring("own, bodies of 7 blocks ("));
  for (const latency_row& row : table.rows()) {
    INFO(row.part);
    const bool carried = row.part.find("basic") != std::string::npos || row.part.find("lateral + tap") != std::string::npos;
    CHECK((row.implementation == "body") == carried);
    if (carried) CHECK(row.p50 == 100);
  }
  CHECK(latency_table<bodied_space>::load_or_measure(folder / "space.json", bodied_device{}, quick).rows().size() == table.rows().size());
  fake_device plain;
  plain.told = bodied_device{}.facts();
  CHECK_THROWS_WITH(latency_table<bodied_space>::load_or_measure(folder / "space.json", plain, quick), ContainsSubstring("the library was") && ContainsSubstring("and is \"own\" here"));
}
