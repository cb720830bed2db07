// Blocks: a spec at an input shape, and blocks in a row.
#pragma once

#include <hasse/block/block.hpp>
#include <hasse/block/chain.hpp>
