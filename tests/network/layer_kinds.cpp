// A kind of layer that is missing anywhere: every row of layer_kinds goes through all that kinds differ in.
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>
#include <hasse/space/cost.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;
using namespace hasse::testing;

TEST_CASE("every kind of layer is known everywhere", "[layers]") {
  const layer_list list = every_kind();
  CHECK_NOTHROW(check(list));
  CHECK_NOTHROW(channel_groups_of(list));
  const auto values = random_parameters<float>(list, 1);
  reference<float> readable;
  cpu fast;
  for (const layer_kind_facts& kind : layer_kinds) {
    INFO(kind.name);
    const auto found = std::find_if(list.begin(), list.end(), [&](const layer& each) { return each.kind == kind.kind; });
    REQUIRE(found != list.end());
    CHECK(name_of(kind.kind) == kind.name);
    CHECK((found->other != no_value) == kind.reads_two);
    CHECK((found->kernel > 1) == kind.has_window);
    if (kind.in_place) CHECK(found->in == found->out);
    CHECK((!kind.elementwise || kind.in_place));
    CHECK(readable.supports(*found) == "");
    CHECK(fast.supports(*found) == "");
    CHECK((macs_of(*found) > 0) == (kind.kind == layer_kind::convolution || kind.kind == layer_kind::linear || kind.kind == layer_kind::upsample));
  }

  inference_network<reference<float>> slow(readable, list, 1, values);
  inference_network<cpu> quick(fast, list, 1, values);
  fill(slow.input(), list.input.size(), 3), fill(quick.input(), list.input.size(), 3);
  slow.run(), quick.run();
  for (int i = 0; i < 5; ++i) CHECK(quick.output()[i] == Approx(slow.output()[i]).epsilon(1e-4));

  auto trained = values;
  training_network<reference<float>> training(readable, list, 2, trained);
  fill(training.input(), 2 * list.input.size(), 3);
  training.forward();
  fill(training.output_gradient(), 2 * 5, 4);
  training.backward();
  CHECK(std::any_of(training.gradients(), training.gradients() + trained.values.size(), [](float each) { return each != 0; }));
}
