// Refuses a CUDA source that is not compiled as C++20, because CMake can lose the flag without a word.
// Every header of kernel/cuda includes it first.
#pragma once

static_assert(__cplusplus >= 202002L,
              "hasse: this source is compiled below C++20; link the CMake target hasse::cuda, which passes -std=c++20 to nvcc");
