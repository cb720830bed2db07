// 09: one training, every width: a slimmable network is trained, set to a width that it never saw, calibrated, judged, taken out.
#include <cstdio>

#include <hasse/data.hpp>
#include <hasse/network.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/supernet.hpp>

using namespace hasse;

// begin: groups
using net = fixed_network<input<3, 32, 32>, conv{.out = 16, .stride = 2}, basic{.out = 32, .stride = 2},
                          basic{.out = 32, .stride = 2}, global_average_pool{}, linear<10>{}>;
constexpr auto groups = channel_groups_of(net::layers);
static_assert(groups.size() == 5);  // the stem, and of each block its stream and its inside
// end: groups

int main(int argc, char** argv) {
  any_backend<float> backend = backend_of(device_argument(argc, argv));
  const auto images = open_data(
      "synthetic:0", {.wanted = {32, 32, 3}, .synthetic_train = 1000, .synthetic_validation = 200, .synthetic_test = 500});

  // begin: slimmable
  const width_family family({.input = net::in, .items = {net::layers.begin(), net::layers.end()}});
  const training_data data(images.train, images.validation);
  const recipe how{.epochs = 16, .batch = 20};
  slimmable_trainer training(backend, "net", family, sandwich{.least = 250, .most = 1000}, data, how, 1);
  training.run();

  slimmable network(backend, training.result(), data);
  for (const int width : {250, 370, 1000}) {  // in thousandths; 0.37 was in no list
    network.set_width(width);
    network.calibrate();
    std::printf("width %s: %.1f %%\n", width_text(width).c_str(), 100 * network.evaluate(images.test).score);
  }
  network.set(family.parse("0.5 3=24"));  // half of everything, but 24 channels in group 3
  network.calibrate();
  write_onnx("slim.onnx", network.extract(), {.metadata = metadata_of(images.train, data.scale)});
  // end: slimmable
  std::printf("written: slim.onnx, %lld multiply-accumulates of %lld\n",
              static_cast<long long>(cost_of(network.extract().layers).macs), static_cast<long long>(net::macs()));
}
