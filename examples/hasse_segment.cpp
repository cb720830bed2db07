// hasse_segment: trains a network that gives every pixel a class, judges it, and colours pictures by it.
#include <hasse/program/segment.hpp>

int main(int argc, char** argv) { return hasse::segment(argc, argv); }
