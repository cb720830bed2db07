// hasse_detect: trains a detector on pictures with boxes, searches one, judges it, and draws what it finds. What searches is compiled in a file of its own.
#include <hasse/program/detect_command_line.hpp>

void search_in_another_file(const hasse::detect_search_options& options);

int main(int argc, char** argv) { return hasse::detect(argc, argv, search_in_another_file); }
