// 04: a block of your own is one struct. It says which layers it is made of; cost, kernels, gradients, memory and export follow.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include <hasse/kernel/reference.hpp>
#include <hasse/network.hpp>
#include <hasse/space.hpp>

using namespace hasse;

// begin: block
/// Depthwise 3x3, then 1x1; a residual where the shapes allow it.
struct separable {
  int out = 0, stride = 1;
  friend constexpr bool operator==(const separable&, const separable&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int in = list.shape_of(from).c;
    const value_id spatial = list.conv_bn(from, in, 3, stride, activation::relu6, {}, in);  // groups = in: depthwise
    const value_id mixed = list.conv_bn(spatial, out, 1, 1, activation::none, {});
    return stride == 1 && in == out ? list.add(mixed, from) : mixed;
  }
  std::string text() const { return "separable s" + std::to_string(stride); }
};
static_assert(StageSpec<separable>);
// end: block
// begin: use
using space = search_space<input<3, 16, 16>, stem<conv{.out = 8}>, stage<separable{.stride = 2}, widths<8, 16>, depth<1, 3>>, head<global_average_pool, linear<4>>>;
using net = network<space, "[(8,8,16)]">;
// end: use
int main() {
  const layer_list layers{.input = net::in, .items = {net::layers.begin(), net::layers.end()}};
  parameters<double> weights(layers);
  random_source random(3);
  initialise(weights, layers, random);
  reference<double> backend;
  training_network<reference<double>> network(backend, layers, 2, weights);
  for (std::int64_t i = 0; i < 2 * net::in.size(); ++i) network.input()[i] = random.normal();
  const auto loss = [&] {  // half the sum of squares: its gradient is the output
    network.forward();
    return 0.5 * std::inner_product(network.output(), network.output() + 2 * net::out.size(), network.output(), 0.0);
  };
  loss();
  std::copy(network.output(), network.output() + 2 * net::out.size(), network.output_gradient());
  network.backward();
  double worst = 0;  // difference between backward and finite differences
  for (const parameter_tensor& tensor : weights.layout.trainable) {
    double& value = weights.of(tensor)[0];
    const double kept = value;
    const double above = (value = kept + 1e-6, loss()), below = (value = kept - 1e-6, loss());
    value = kept;
    worst = std::max(worst, std::abs((above - below) / 2e-6 - network.gradients()[tensor.offset]));
  }
  std::printf("%lld MACs; backward differs from differences by %.1e at most\n", static_cast<long long>(net::macs()), worst);
  return worst < 1e-5 ? 0 : 1;
}
