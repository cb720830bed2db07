// The kernel stage: what runs one layer.
// Backends need libraries of their own: kernel/reference.hpp Eigen, kernel/cpu.hpp oneDNN. Include the one you use.
#pragma once

#include <hasse/kernel/any_backend.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/choices.hpp>
#include <hasse/kernel/memory.hpp>
