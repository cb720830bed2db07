// 17: the operation of every layer and the width of every block are searched: a space, what its codes cost, a search by rewards, the
// network.
#include <cstdio>

#include <hasse/data.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/network.hpp>
#include <hasse/price.hpp>
#include <hasse/supernet.hpp>
#include <hasse/train.hpp>

using namespace hasse;

int main() {
  cpu backend;
  const auto images = open_data(
      "synthetic:0", {.wanted = {32, 32, 3}, .synthetic_train = 400, .synthetic_validation = 200, .synthetic_test = 100});

  // begin: search
  const mobiledet_form form{.target = mobiledet_target::edgetpu,
                            .input = {32, 32, 3},
                            .multipliers = {500, 1000, 1500},
                            .filters = {16, 8, 8, 16, 16, 24, 32, 48},
                            .layers = {1, 1, 2, 1, 2, 1, 1}};
  const masked_space space(mobiledet_space(form, classifying(10)));
  const masked_costs costs(space, mac_price{});  // or what a device measured: layer_table_price
  const training_data data(images.train, images.validation);
  const masked_recipe how{.epochs = 4, .batch = 20, .target = 1.5e6};
  std::printf("%s\n", space.size_text().c_str());
  masked_search search(backend, "example", space, costs, data, how);
  const masked_outcome found = search.run();
  std::printf("likeliest: %s, %.0f multiply-accumulates\n", space.text(found.code).c_str(), found.cost);
  // end: search
  if (!found.note.empty()) std::printf("%s\n", found.note.c_str());

  trainer training(backend, "found", network_of(space, found.code), data, recipe{.epochs = 2, .batch = 20}, 1);
  std::printf("trained alone: %.1f %%\n", 100 * training.run().score);
}
