// hasse_proxyless: the block of every layer, searched on the task and this machine at once.
#include <hasse/program/proxyless.hpp>

int main(int argc, char** argv) { return hasse::proxyless_search(argc, argv); }
