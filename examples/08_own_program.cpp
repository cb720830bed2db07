// 08: hasse_boundary for a space of your own: the same options, the same run folder, the same report.
#include <hasse/catalogue/shard.hpp>
#include <hasse/program/boundary.hpp>

using namespace hasse;

using space = search_space<input<3, 32, 32>,
                           stem<conv{.out = 16, .stride = 2}>,
                           stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>,
                           stage<bottleneck{.stride = 2}, widths<32, 64, 128>, depth<1, 2>>,
                           head<global_average_pool, linear<10>>>;

int main(int argc, char** argv) { return boundary<space>(argc, argv, {{{.name = "mine"}}}); }
