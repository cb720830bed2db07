// The devices that a program may be told to use, by name: cpu, cuda, cuda:1. Programs are compiled once for all of them.
// A library of hasse_add_kernels has the processor's, one of hasse_add_cuda_kernels the GPU's (cmake/hasse-kernels.cmake).
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include <hasse/core/error.hpp>
#include <hasse/core/limits.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/kernel/any_backend.hpp>
#include <hasse/latency/any_device.hpp>

namespace hasse {

/// A device by the name that a person gives it. It may not be there.
struct device_name {
  bool is_gpu = false;
  int index = 0;  ///< of the GPU
  std::string command{};  ///< that times whole networks somewhere: program/on_command.hpp; "": none

  friend bool operator==(const device_name&, const device_name&) = default;
};

inline std::string to_text(const device_name& name) {
  if (!name.command.empty()) return "command:" + name.command;
  if (!name.is_gpu) return "cpu";
  return name.index == 0 ? "cuda" : "cuda:" + std::to_string(name.index);
}

namespace detail {
/// Refuses a command that could never work.
inline void require_place_of_network(const std::string& command) {
  const bool file = command.find("{onnx}") != std::string::npos, folder = command.find("{folder}") != std::string::npos;
  if (file == folder)
    throw error("the command " + in_quotes(command, 200) + (file ? " says twice where networks go" : " does not say where the network goes") +
                "; write {onnx} there, or {folder} where it takes many files at once, for instance --device command:'python3 time_net.py {onnx} {threads}'");
}
}  // namespace detail

/// Reads "cpu", "cuda", which is the first GPU, "cuda:1", or "command:" and a line of the shell.
inline device_name parse_device(std::string_view text) {
  if (text == "cpu") return {};
  if (constexpr std::string_view before = "command:"; text.starts_with(before)) {
    device_name made{.command = std::string(text.substr(before.size()))};
    detail::require_place_of_network(made.command);
    return made;
  }
  if (text == "cuda") return {.is_gpu = true};
  constexpr std::string_view numbered = "cuda:";
  device_name made{.is_gpu = true};
  const char* const end = text.data() + text.size();
  if (text.starts_with(numbered) && text.size() > numbered.size() && text[numbered.size()] != '-')
    if (const auto [last, problem] = std::from_chars(text.data() + numbered.size(), end, made.index);
        problem == std::errc() && last == end)
      return made;
  throw error("there is no device " + detail::in_quotes(text, 40) +
              "; write cpu, cuda, cuda:1 for the second GPU, or command:'LINE {onnx}', for instance --device cpu");
}

// The processor's, compiled with the kernels where those stand apart.
namespace detail {
any_device processor_device(int threads);
any_backend<float> processor_backend(int threads);
std::string problem_of_processor_threads(int threads);
processor_limit usual_processor_threads();
}  // namespace detail

// The GPU's, where a library brings them. The first throws unless the GPU is there.
#if defined(HASSE_GPU_DEVICES)
namespace detail {
void require_gpu(int index);
any_device gpu_device(int index);
any_backend<float> gpu_backend(int index);
}  // namespace detail
#endif

/// Throws unless the device is there and this program was built for it.
inline void require_device(const device_name& name) {
  if (!name.is_gpu) return;
#if defined(HASSE_GPU_DEVICES)
  detail::require_gpu(name.index);
#else
  throw error(to_text(name) + " was asked for and this program was built without it, for lack of a CUDA Toolkit; use --device cpu");
#endif
}

namespace detail {
inline void refuse_command(const device_name& name, const char* what) {
  if (!name.command.empty()) throw error(to_text(name) + " answers how long whole networks take, and " + what);
}
}  // namespace detail

/// The device, to measure latencies on. `threads` are the processor's; a GPU has its own.
inline any_device device_of(const device_name& name, int threads = 1) {
  detail::refuse_command(name, "what is asked for here runs layers itself; use --device cpu or cuda");
  require_device(name);
#if defined(HASSE_GPU_DEVICES)
  if (name.is_gpu) return detail::gpu_device(name.index);
#endif
  return detail::processor_device(threads);
}

/// How many threads the processor works with where nothing else is said, and what keeps them from being as many as it has
/// processors; how many are too many here, as a sentence ("" when they are not).
inline processor_limit usual_threads() { return detail::usual_processor_threads(); }
inline std::string problem_of_threads(int threads) { return detail::problem_of_processor_threads(threads); }

/// A backend on it, to train and to judge with.
inline any_backend<float> backend_of(const device_name& name, int threads = 1) {
  detail::refuse_command(name, "trains nothing; train on cpu or cuda (--train-on)");
  require_device(name);
#if defined(HASSE_GPU_DEVICES)
  if (name.is_gpu) return detail::gpu_backend(name.index);
#endif
  return detail::processor_backend(threads);
}

/// For programs without other options: the device of `--device NAME`, the processor where nothing is said. What cannot be had ends
/// the program with one sentence and exit code 2.
inline device_name device_argument(int argc, char** argv) {
  try {
    if (argc == 1) return {};
    if (argc != 3 || std::string_view(argv[1]) != "--device")
      throw error("the arguments cannot be read; write --device cpu, --device cuda or --device cuda:1, or nothing");
    const device_name name = parse_device(argv[2]);
    require_device(name);
    return name;
  } catch (const error& refused) {
    std::fprintf(stderr, "%s\n", refused.what());
    std::exit(2);
  }
}

}  // namespace hasse

// The bodies: of the GPU in the one file that has them, of the processor there or in every file.
#if defined(HASSE_GPU_HERE)
#include <hasse/kernel/cuda.hpp>
#include <hasse/latency/on_gpu.hpp>

namespace hasse::detail {
void require_gpu(int index) { cuda_device_at(index); }
// Exact products of floats would leave the tensor cores idle; the usual frameworks round convolutions alike.
any_device gpu_device(int index) { return any_device(on_gpu{.device = index, .tf32 = true}); }
any_backend<float> gpu_backend(int index) {
  return any_backend<float>([index] { return cuda(cuda_options{.device = index, .tf32 = true}); });
}
}  // namespace hasse::detail
#elif defined(HASSE_PROCESSOR_HERE) || !defined(HASSE_PROCESSOR_APART)
#include <hasse/kernel/cpu/team.hpp>
#include <hasse/latency/on_cpu.hpp>

#if defined(HASSE_PROCESSOR_HERE)
#define HASSE_HERE
#else
#define HASSE_HERE inline
#endif
namespace hasse::detail {
HASSE_HERE any_device processor_device(int threads) { return any_device(on_cpu{.threads = threads}); }
HASSE_HERE any_backend<float> processor_backend(int threads) {
  return any_backend<float>([threads] { return cpu({.threads = threads}); });
}
HASSE_HERE std::string problem_of_processor_threads(int threads) { return problem_of_threads(threads); }
HASSE_HERE processor_limit usual_processor_threads() {
  processor_limit found = usable_processors();
  if (const int granted = granted_threads(found.processors); granted < found.processors)
    found = {granted, reason_for_fewer_threads(found.processors)};
  return found;
}
}  // namespace hasse::detail
#undef HASSE_HERE
#endif
