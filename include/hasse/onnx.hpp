// The stage onnx: networks that others made, out of their files.
#pragma once

#include <hasse/onnx/graph.hpp>
#include <hasse/onnx/network.hpp>
#include <hasse/onnx/read.hpp>
