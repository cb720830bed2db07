// hasse_slim: one network at many widths, and the channels that it can do without.
#include <hasse/program/slim_networks.hpp>

int main(int argc, char** argv) { return hasse::slim(argc, argv, hasse::find_slim_network); }
