// What measurements on the CPU backend share.
#pragma once

#include <span>

#include <hasse/kernel/cpu.hpp>
#include <hasse/network/parameters.hpp>

#include "bench.hpp"

namespace bench {

inline hasse::cpu_options options_of(const settings& how) { return {.threads = how.threads, .kernels = how.kernels}; }

/// The weights of an exported network.
hasse::parameters<float> exported_weights(const std::filesystem::path& path, const hasse::layer_list& layers);

/// What a stretch of layers has to do at least: two operations per multiply-accumulate; inputs, weights and result moved once.
struct work {
  std::int64_t operations = 0, bytes = 0;
};
work work_of(std::span<const hasse::layer> run, int batch);

/// Its layers in words.
std::string text_of(std::span<const hasse::layer> run);

}  // namespace bench
