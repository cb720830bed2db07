// What whoever claims a concept of this library must keep, as functions that name the first law that is broken.
// Used by tests, the library's and yours.
#pragma once

#include <hasse/laws/price.hpp>
#include <hasse/laws/task.hpp>
