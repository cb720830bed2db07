// hasse_super_resolution: one network that doubles height and width, trained at many widths on a folder of images.
#include <hasse/program/super_resolution.hpp>

int main(int argc, char** argv) { return hasse::super_resolution_program(argc, argv); }
