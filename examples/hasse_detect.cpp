// hasse_detect: trains a detector on pictures with boxes, judges it, and draws what it finds.
#include <hasse/program/detect_command_line.hpp>

int main(int argc, char** argv) { return hasse::detect(argc, argv); }
