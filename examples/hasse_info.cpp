// hasse_info: the layers, shapes, multiply-accumulates and parameters of a network.
#include <hasse/program/info.hpp>

int main(int argc, char** argv) { return hasse::info(argc, argv); }
