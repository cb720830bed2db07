// Several whole networks measured in turns.
#include <catch.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/latency/together.hpp>

#include "fake_device.hpp"
#include "restless_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
using table = latency_table<small_space>;
}  // namespace

TEST_CASE("networks are compared in turns until their order is certain, at the speed of a table") {
  temporary_folder folder;
  const fake_device device = restless_device(5);
  const table measured = table::load_or_measure(folder / "latency.json", device, {.rounds = 12, .warm_up = 2, .samples = 5, .checked = 12, .error_percent = 0});
  const fake_world calm;
  std::vector<layer_list> networks;
  std::vector<double> truth;
  for (const char* text : {"[(4),(8)]", "[(8,8),(16,16)]", "[(4,8),(16)]"}) {
    networks.push_back(layers_of(parse<small_space>(text)));
    truth.push_back(0);
    for (const layer& item : fold_for_inference(networks.back()).layers) truth.back() += static_cast<double>(calm.cost(item));
  }
  const beat_record& beat = measured.record().beat;
  const std::vector<measurement> found = measure_together(networks, device, many_visits, {}, {layers_of(parse<small_space>(beat.network)), beat.quiet});
  for (std::size_t at = 0; at < 3; ++at) CHECK(static_cast<double>(found[at].median) == Approx(truth[at]).epsilon(0.06));  // the table's own scale
  CHECK(is_faster(found[0], found[1]));
  CHECK_FALSE(is_faster(found[1], found[0]));
  CHECK(found[0].samples < many_visits.rounds);  // certain early
  const std::vector<measurement> alike = measure_together({networks[0], networks[0]}, device, many_visits, {}, {layers_of(parse<small_space>(beat.network)), beat.quiet});
  CHECK_FALSE((is_faster(alike[0], alike[1]) && is_faster(alike[1], alike[0])));
}
