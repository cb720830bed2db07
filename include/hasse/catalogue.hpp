// The catalogue, light: entries, the table's declaration, and what reads it. A program also includes catalogue/shard.hpp once.
#pragma once

#include <hasse/catalogue/catalogue.hpp>
#include <hasse/catalogue/space_at.hpp>
