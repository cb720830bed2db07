// What measurements on any backend share: the backend that the settings ask for, and what a stretch of layers has to do.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/float16.hpp>
#include <hasse/kernel/any_backend.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/network/parameters.hpp>

#include "bench.hpp"

namespace bench {

inline hasse::cpu_options options_of(const settings& how) { return {.threads = how.threads, .kernels = how.kernels}; }

/// The backend of the settings; throws where this machine, or this program, has none. `joins`: a GPU's runs several layers as one
/// kernel where it can.
template <class Scalar>
hasse::any_backend<Scalar> backend_of(const settings& how, bool joins = false);

/// What it runs on.
hasse::device_facts facts_of(const settings& how);

/// A plan of a library for one pass of a convolution, on operands of its own.
struct library_plan {
  std::string name;
  std::function<void()> run;
};
/// Those that the libraries of the backend rank first; none where it has no libraries.
template <class Scalar>
std::vector<library_plan> library_plans(const settings& how, hasse::any_backend<Scalar>& backend, const hasse::layer& item,
                                        pass which);

/// Calls `body(scalar)` with a value of the type that the settings store activations in.
template <class Body>
decltype(auto) with_scalar(const settings& how, Body&& body) {
  if (how.numbers == number::bf16) return body(hasse::bfloat16());
  if (how.numbers == number::fp16) return body(hasse::float16());
  return body(float());
}

/// The weights of an exported network.
hasse::parameters<float> exported_weights(const std::filesystem::path& path, const hasse::layer_list& layers);

/// `count` numbers as every contestant draws them.
template <class Scalar>
std::vector<Scalar> drawn_values(std::int64_t count) {
  std::vector<Scalar> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = Scalar(drawn(static_cast<std::uint32_t>(i)));
  return values;
}

/// What a stretch of layers has to do at least: two operations per multiply-accumulate; inputs, weights and result moved once.
struct work {
  std::int64_t operations = 0, bytes = 0;
};
work work_of(std::span<const hasse::layer> run, int batch);

/// Its layers in words.
std::string text_of(std::span<const hasse::layer> run);

}  // namespace bench
