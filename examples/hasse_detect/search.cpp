// What hasse_detect search compiles.
#include <hasse/program/detect_search.hpp>

void search_in_another_file(const hasse::detect_search_options& options);
void search_in_another_file(const hasse::detect_search_options& options) { hasse::search_detector(options); }
