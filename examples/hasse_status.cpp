// hasse_status: what becomes of a run that others work on.
#include <hasse/program/status.hpp>

int main(int argc, char** argv) { return hasse::status(argc, argv); }
