// The device that whole networks and trainings are tested on: a GPU where HASSE_TEST_ON_GPU is defined (the preset cuda does), else
// the processor that pretends to be one.
#pragma once

#if defined(HASSE_TEST_ON_GPU)
#include <hasse/kernel/cuda.hpp>

#include "mirror.hpp"

template <class Scalar>
using device_under_test = hasse::basic_cuda<Scalar, hasse::cuda_backend_stream>;
#else
#include <hasse/kernel/cuda/programs/backend.hpp>

#include "pretend_device.hpp"
#include "skip.hpp"

template <class Scalar>
using device_under_test = hasse::basic_cuda<Scalar, hasse::testing::pretend_device>;

inline bool has_device() { return true; }
#endif
