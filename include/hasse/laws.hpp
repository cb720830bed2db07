// What whoever claims a concept of this library must keep, as functions that name the first law that is broken.
// Used by tests, the library's and yours.
#pragma once

#include <hasse/laws/device.hpp>
#include <hasse/laws/domain.hpp>
#include <hasse/laws/evaluator.hpp>
#include <hasse/laws/order.hpp>
#include <hasse/laws/policy.hpp>
#include <hasse/laws/price.hpp>
#include <hasse/laws/task.hpp>
