// The program hasse_boundary as a function: measures the device, searches a space, prints the frontier and writes a report.
// Used by a ten-line program of your own, which calls boundary<your_space>: examples/08_own_program.cpp.
#pragma once

#include <hasse/program/boundary_command_line.hpp>
#include <hasse/program/boundary_search.hpp>
