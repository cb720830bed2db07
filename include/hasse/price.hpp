// Prices: what a network costs, by MACs, memory, tables of layers or of others, or a price of your own; budgets; what uses a price.
#pragma once

#include <hasse/price/any_price.hpp>
#include <hasse/price/budget.hpp>
#include <hasse/price/foreign.hpp>
#include <hasse/price/layer_table.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/price/parts.hpp>
#include <hasse/price/piece.hpp>
#include <hasse/price/price.hpp>
#include <hasse/price/trees.hpp>
