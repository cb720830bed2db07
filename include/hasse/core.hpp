// The words that every stage shares: errors, shapes, units, seeds, hashes, files and progress.
#pragma once

#include <hasse/core/bfloat16.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/fixed_string.hpp>
#include <hasse/core/float16.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/core/units.hpp>
