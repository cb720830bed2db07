// expect: hasse: at_classes<net, N> takes a network whose last layer with weights is a linear layer or a convolution
#include <hasse/network/at_input.hpp>

using namespace hasse;

using net = fixed_network<input<3, 8, 8>, conv{.out = 8}, bottleneck{.out = 8}>;
constexpr feature_shape out = at_classes<net, 37>::out;
