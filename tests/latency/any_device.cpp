// A device behind any_device: the same tables as without.
#include <hasse/file/json.hpp>
#include <hasse/latency/any_device.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/on_cpu.hpp>
#include <hasse/latency/table.hpp>

#include "catch.hpp"
#include "fake_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
layer_list two_convolutions(int channels) {
  layer_list layers{.input = {16, 16, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  build.linear(build.global_average_pool(
                   build.conv_bn(build.conv_bn(0, 8, 3, 1, activation::relu, {}), channels, 3, 2, activation::relu, {})),
               4);
  return layers;
}
/// What a table's file says, but for when.
json content_of(const std::filesystem::path& path) {
  json content = read_json(path);
  content.erase("checksum"), content.erase("date");
  return content;
}
}  // namespace

TEST_CASE("tables are the same files behind any_device, and go on with or without", "[any_device]") {
  temporary_folder folder;
  const fake_device plain, other;
  const any_device any(other);
  CHECK(any.facts() == plain.facts());

  using table = latency_table<small_space>;
  table::load_or_measure(folder / "plain.json", plain, quick);
  table::load_or_measure(folder / "any.json", any, quick);
  CHECK(content_of(folder / "plain.json") == content_of(folder / "any.json"));
  CHECK(table::load_or_measure(folder / "plain.json", any, quick).rows().front().implementation == "imagined");

  layer_table::load_or_begin(folder / "layers.json", plain, quick).latency_of(two_convolutions(8));
  layer_table::load_or_begin(folder / "layers of any.json", any, quick).latency_of(two_convolutions(8));
  CHECK(content_of(folder / "layers.json") == content_of(folder / "layers of any.json"));
  layer_table on = layer_table::load_or_begin(folder / "layers.json", any, quick);
  CHECK(on.knows(two_convolutions(8)));
  on.latency_of(two_convolutions(24));
  CHECK(layer_table::load_or_begin(folder / "layers.json", plain, quick).knows(two_convolutions(24)));
}

TEST_CASE("a table of this processor keeps its kernels and codes behind any_device", "[any_device]") {
  temporary_folder folder;
  const any_device any(on_cpu{});
  const auto path = folder / "layers.json";
  layer_table table = layer_table::load_or_begin(path, any, quick);
  table.latency_of(two_convolutions(16));
  CHECK(table.record().device == on_cpu{}.facts());
  CHECK(table.record().kernels.size() > 1);
  for (const auto& [text, row] : table.record().pieces) CHECK(!row.implementation.empty());
  const auto kept = table.record().kernels;
  layer_table again = layer_table::load_or_begin(path, on_cpu{}, quick);
  CHECK(again.knows(two_convolutions(16)));
  CHECK(again.record().kernels == kept);
  CHECK_THROWS_WITH(layer_table::load_or_begin(path, any_device(on_cpu{.threads = 2}), quick),
                    ContainsSubstring("the number of threads"));
}

TEST_CASE("a clock is not made for the backend of another device", "[any_device]") {
  any_backend<float> backend = any_device(fake_device{}).make_backend();
  CHECK_THAT(sentence_of([&] { any_device(on_cpu{}).make_stopwatch(backend); }),
             ContainsSubstring("was asked for the backend fake of another"));
}
