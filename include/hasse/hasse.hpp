// Everything but the command lines (program/boundary.hpp) and published networks (network/published.hpp), for a first try; what is
// built often includes the stages that it uses. Used by examples/02_boundary.cpp.
#pragma once

// First, so that a compiler's sentence about a space is not behind the list of headers that led to it.
#include <hasse/space.hpp>

#include <hasse/block.hpp>
#include <hasse/catalogue.hpp>
#include <hasse/catalogue/shard.hpp>
#include <hasse/core.hpp>
#include <hasse/data.hpp>
#include <hasse/file.hpp>
#include <hasse/kernel.hpp>
#include <hasse/latency.hpp>
#include <hasse/network.hpp>
#include <hasse/price.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/program/evaluator.hpp>
#include <hasse/program/on_command.hpp>
#include <hasse/program/search.hpp>
#include <hasse/result.hpp>
#include <hasse/search.hpp>
#include <hasse/space/count.hpp>
#include <hasse/supernet.hpp>
#include <hasse/task.hpp>
#include <hasse/train.hpp>
