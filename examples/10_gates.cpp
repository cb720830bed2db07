// 10: the block of every layer is searched: a space as a type, its candidates' costs, a search with the cost in the loss, the
// network.
#include <cstdio>

#include <hasse/data.hpp>
#include <hasse/network.hpp>
#include <hasse/price.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/supernet.hpp>
#include <hasse/train.hpp>

using namespace hasse;

// begin: space
using blocks = choices<mbconv{.kernel = 3, .expand = 3}, mbconv{.kernel = 5, .expand = 6}, basic{}, zero{}>;
using space =
    gated_space<input<3, 32, 32>, stem<conv{.out = 8, .stride = 2}>,  //
                mixed_stage<blocks, stage_shape{.out = 16, .blocks = 2, .stride = 2}>,
                mixed_stage<blocks, stage_shape{.out = 32, .blocks = 2, .stride = 2}>, head<global_average_pool, linear<10>>>;
// end: space

int main(int argc, char** argv) {
  any_backend<float> backend = backend_of(device_argument(argc, argv));
  const auto images = open_data(
      "synthetic:0", {.wanted = {32, 32, 3}, .synthetic_train = 1000, .synthetic_validation = 400, .synthetic_test = 500});

  // begin: search
  const gated_list list = gated_list_of<space>();  // or of an mbconv_space, whose widths are known at run time only
  const gated_costs costs = gated_costs_of(list, mac_price{});
  const training_data data(images.train, images.validation);
  const gated_recipe how{.warmup_epochs = 2,
                         .epochs = 8,
                         .batch = 20,
                         .gates = {.rate = 0.05},
                         .period = 2,
                         .loss = absolute_latency{},
                         .target = 800e3};
  gated_search search(backend, "example", list, costs, data.with({.label_smoothing = 0.1}), how);  // as published
  const gated_outcome found = search.run();
  std::printf("likeliest: %s, %.0f multiply-accumulates\n", list.text(found.choice).c_str(), found.cost);
  const auto near = likeliest_within(costs, found.curve.back().probabilities, 0.95 * how.target, 1.05 * how.target);
  // end: search

  const layer_list layers = list.path(near ? list.choice_of(*near) : found.choice);
  trainer training(backend, "found", layers, data, recipe{.epochs = 4, .batch = 20}, 1);
  training.run();
  write_onnx("gates.onnx", training.result(), {.metadata = metadata_of(images.train, data.scale)});
  std::printf("written: gates.onnx, %lld multiply-accumulates\n", static_cast<long long>(cost_of(layers).macs));
}
