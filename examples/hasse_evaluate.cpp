// hasse_evaluate: a network that a program handed over, judged on the images of its run or on others.
#include <hasse/program/evaluate.hpp>

int main(int argc, char** argv) { return hasse::evaluate(argc, argv); }
